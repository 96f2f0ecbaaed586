/* SPDX-License-Identifier: Apache-2.0 */
#include "op/read_page.h"
#include "plan/legacy.h"

#define BEYOND_SEGMENTS "The Segment parameter is zero-based and must be less than parameter TotalSegments"

/* `newer`: as the service checks a Scan since September 2026. */
static enum stator_rc check_segments(const struct ScanInput *in, bool newer, struct stator_error *err)
{
    if (in->Segment.set && !in->TotalSegments.set)
        return stator_fail(err, STATOR_VALIDATION,
                           "The TotalSegments parameter is required but was not present in the request when Segment "
                           "parameter is present");
    if (in->TotalSegments.set && !in->Segment.set)
        return stator_fail(err, STATOR_VALIDATION,
                           "The Segment parameter is required but was not present in the request when parameter "
                           "TotalSegments is present");
    if (!in->TotalSegments.set || in->Segment.value < in->TotalSegments.value)
        return STATOR_OK;
    if (newer)
        return stator_fail(err, STATOR_VALIDATION, BEYOND_SEGMENTS);
    return stator_fail(err, STATOR_VALIDATION, BEYOND_SEGMENTS ": Segment: %lld is not less than TotalSegments: %lld",
                       (long long)in->Segment.value, (long long)in->TotalSegments.value);
}

/* Everything that needs no table, in the service's order. */
static enum stator_rc check(struct read_page_input *page, const struct ScanInput *in, const struct engine *engine,
                            struct job *job)
{
    const struct wording_voice voice = wording_voice(engine, job);
    const bool newer = engine->options.wording == WORDING_CURRENT;
    const struct request_member legacy[] = {
        {"AttributesToGet", in->AttributesToGet.set},
        {"ScanFilter", in->ScanFilter.set},
        {"ConditionalOperator", in->ConditionalOperator.value != 0},
    };
    const struct request_member expressions[] = {
        {"ProjectionExpression", bytes_present(in->ProjectionExpression)},
        {"FilterExpression", bytes_present(in->FilterExpression)},
    };
    const struct request_members members = {
        legacy, expressions, 3, 2, &in->ExpressionAttributeNames, &in->ExpressionAttributeValues};
    struct expressions *e = &page->expressions;

    STATOR_TRY(request_check_members(&members, voice, &job->error));
    STATOR_TRY(legacy_attributes_to_get(&e->projection, &in->AttributesToGet, &job->arena, &job->error));
    STATOR_TRY(
        legacy_filter(&e->filter, &in->ScanFilter, &in->ConditionalOperator, voice.layer, &job->arena, &job->error));
    STATOR_TRY(read_page_check_start_key(&in->ExclusiveStartKey, voice.layer, &job->error));
    STATOR_TRY(check_segments(in, newer, &job->error));
    STATOR_TRY(read_page_check_select(page, newer && in->Select.value == Select_SPECIFIC_ATTRIBUTES, &job->error));
    return request_parse(e, &in->ExpressionAttributeNames, &in->ExpressionAttributeValues, voice.layer, job);
}

static enum stator_rc open_scan(struct read_page *progress, struct engine *engine, struct job *job)
{
    const struct ScanInput *in = job->input;

    progress->in = (struct read_page_input){
        .table_name = in->TableName,
        .index_name = in->IndexName,
        .select = in->Select,
        .capacity = in->ReturnConsumedCapacity,
        .consistent = in->ConsistentRead == API_TRUE,
        .limit = in->Limit,
        .attributes_to_get = in->AttributesToGet.set,
        .expressions =
            {
                .filter_text = in->FilterExpression,
                .projection_text = in->ProjectionExpression,
            },
    };
    STATOR_TRY(check(&progress->in, in, engine, job));
    STATOR_TRY(read_page_open(progress, engine, job));
    progress->request.start_in_brief = engine->options.wording == WORDING_CURRENT;
    STATOR_TRY(plan_scan(&progress->request, &engine->db.ring, in->Segment.set ? (uint32_t)in->Segment.value : 0,
                         in->TotalSegments.set ? (uint32_t)in->TotalSegments.value : 1, &in->ExclusiveStartKey,
                         &job->arena, &job->error));
    return read_page_check_index(progress, false, job);
}

enum stator_rc op_scan(struct engine *engine, struct job *job)
{
    struct read_page *progress = job->progress;

    if (progress == NULL) {
        progress = ARENA_NEW(&job->arena, struct read_page);
        if (progress == NULL)
            return stator_fail_memory(&job->error);
        STATOR_TRY(open_scan(progress, engine, job));
    }
    return read_page_step(progress, engine, job);
}
