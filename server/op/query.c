/* SPDX-License-Identifier: Apache-2.0 */
#include "op/read_page.h"
#include "plan/legacy.h"

/* Everything that needs no table, in the service's order. */
static enum stator_rc check(struct read_page_input *page, const struct QueryInput *in, const struct engine *engine,
                            struct job *job)
{
    const struct wording_voice voice = wording_voice(engine, job);
    const bool newer = engine->options.wording == WORDING_CURRENT;
    const struct request_member legacy[] = {
        {"AttributesToGet", in->AttributesToGet.set},
        {"QueryFilter", in->QueryFilter.set},
        {"ConditionalOperator", in->ConditionalOperator.value != 0},
        {"KeyConditions", in->KeyConditions.set && bytes_present(in->KeyConditionExpression)},
    };
    const struct request_member expressions[] = {
        {"ProjectionExpression", bytes_present(in->ProjectionExpression)},
        {"FilterExpression", bytes_present(in->FilterExpression)},
        {"KeyConditionExpression", bytes_present(in->KeyConditionExpression)},
    };
    const struct request_members members = {
        legacy, expressions, 4, 3, &in->ExpressionAttributeNames, &in->ExpressionAttributeValues};
    struct expressions *e = &page->expressions;

    STATOR_TRY(request_check_members(&members, voice, &job->error));
    STATOR_TRY(
        legacy_filter(&e->filter, &in->QueryFilter, &in->ConditionalOperator, voice.layer, &job->arena, &job->error));
    STATOR_TRY(legacy_attributes_to_get(&e->projection, &in->AttributesToGet, &job->arena, &job->error));
    STATOR_TRY(read_page_check_start_key(&in->ExclusiveStartKey, voice.layer, &job->error));
    STATOR_TRY(read_page_check_select(page, newer || in->Select.value == Select_SPECIFIC_ATTRIBUTES, &job->error));
    if (!in->KeyConditions.set && !bytes_present(in->KeyConditionExpression))
        return stator_fail(&job->error, STATOR_VALIDATION,
                           "Either the KeyConditions or KeyConditionExpression parameter must be specified in the "
                           "request.");
    STATOR_TRY(request_parse(e, &in->ExpressionAttributeNames, &in->ExpressionAttributeValues, voice.layer, job));
    return legacy_key_conditions(&e->key_condition, &in->KeyConditions, voice.layer, &job->arena, &job->error);
}

static enum stator_rc open_query(struct read_page *progress, struct engine *engine, struct job *job)
{
    const struct QueryInput *in = job->input;

    progress->in = (struct read_page_input){
        .table_name = in->TableName,
        .index_name = in->IndexName,
        .select = in->Select,
        .capacity = in->ReturnConsumedCapacity,
        .consistent = in->ConsistentRead == API_TRUE,
        .limit = in->Limit,
        .attributes_to_get = in->AttributesToGet.set,
        .filter_member = in->QueryFilter.set ? "QueryFilter" : "Filter Expression",
        .expressions =
            {
                .key_condition_text = in->KeyConditionExpression,
                .filter_text = in->FilterExpression,
                .projection_text = in->ProjectionExpression,
            },
    };
    STATOR_TRY(check(&progress->in, in, engine, job));
    STATOR_TRY(read_page_open(progress, engine, job));
    progress->last_page = plan_query_finds_one(&progress->request);
    progress->request.forward = in->ScanIndexForward != API_FALSE;
    STATOR_TRY(plan_query(&progress->request, &engine->db.ring, progress->in.expressions.key_condition,
                          &in->ExclusiveStartKey, &job->arena, &job->error));
    return read_page_check_index(progress, true, job);
}

enum stator_rc op_query(struct engine *engine, struct job *job)
{
    struct read_page *progress = job->progress;

    if (progress == NULL) {
        progress = ARENA_NEW(&job->arena, struct read_page);
        if (progress == NULL)
            return stator_fail_memory(&job->error);
        STATOR_TRY(open_query(progress, engine, job));
    }
    return read_page_step(progress, engine, job);
}
