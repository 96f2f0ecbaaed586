/* SPDX-License-Identifier: Apache-2.0 */
#include "op/request.h"
#include "plan/attribute.h"
#include "plan/key.h"
#include "plan/legacy.h"

/* Everything that needs no table, in the service's order. */
static enum stator_rc check(const struct DeleteItemInput *in, struct wording_voice voice, struct stator_error *err)
{
    const struct request_member legacy[] = {
        {"Expected", in->Expected.set},
        {"ConditionalOperator", in->ConditionalOperator.value != 0},
    };
    const struct request_member expressions[] = {{"ConditionExpression", bytes_present(in->ConditionExpression)}};

    const struct request_members members = {
        legacy, expressions, 2, 1, &in->ExpressionAttributeNames, &in->ExpressionAttributeValues};

    STATOR_TRY(request_check_members(&members, voice, err));
    STATOR_TRY(attribute_check_item(&in->Key, voice.layer, err));
    if (in->ReturnValues.value != ReturnValue_ABSENT && in->ReturnValues.value != ReturnValue_NONE &&
        in->ReturnValues.value != ReturnValue_ALL_OLD)
        return stator_fail(err, STATOR_VALIDATION, "ReturnValues can only be ALL_OLD or NONE");
    return STATOR_OK;
}

static enum stator_rc check_table(const struct table *table, struct item_write *item_write, struct job *job)
{
    STATOR_TRY(key_check(table, item_write->write.key, &job->error));
    return key_check_paths(table, NULL, item_write->write.condition, &job->error);
}

static enum stator_rc answer(struct engine *engine, struct job *job, const struct item_write *done)
{
    const struct DeleteItemInput *in = job->input;
    struct DeleteItemOutput *out = ARENA_NEW(&job->arena, struct DeleteItemOutput);

    if (out == NULL)
        return stator_fail_memory(&job->error);
    if (in->ReturnValues.value == ReturnValue_ALL_OLD && done->result.existed)
        out->Attributes = stored_item_answer(&done->result.old);
    out->ConsumedCapacity =
        request_write_capacity(&in->ReturnConsumedCapacity, done->table, &done->result, &job->arena);
    out->ItemCollectionMetrics =
        request_collection_metrics(&in->ReturnItemCollectionMetrics, engine, done->table, &in->Key, &job->arena);
    job->output = out;
    return STATOR_OK;
}

/* Checks and understands all that needs no table. */
static enum stator_rc read_request(struct expressions *out, struct wording_voice voice, struct job *job)
{
    const struct DeleteItemInput *in = job->input;

    STATOR_TRY(check(in, voice, &job->error));
    STATOR_TRY(legacy_expected(&out->condition, &in->Expected, &in->ConditionalOperator, voice.layer, &job->arena,
                               &job->error));
    return request_parse(out, &in->ExpressionAttributeNames, &in->ExpressionAttributeValues, voice.layer, job);
}

enum stator_rc op_delete_item(struct engine *engine, struct job *job)
{
    const struct DeleteItemInput *in = job->input;
    struct expressions expressions = {.condition_text = in->ConditionExpression};
    struct item_write *item_write = ARENA_NEW(&job->arena, struct item_write);

    if (item_write == NULL)
        return stator_fail_memory(&job->error);
    STATOR_TRY(wording_refuse(engine, job, read_request(&expressions, wording_voice(engine, job), job)));
    item_write->write = (struct write){.kind = WRITE_DELETE, .key = &in->Key, .condition = expressions.condition};
    item_write->table_name = in->TableName;
    item_write->check = check_table;
    item_write->answer = answer;
    STATOR_TRY(request_write(item_write, engine, job));
    if (item_write->result.condition_failed)
        return request_condition_failed(job, &in->ReturnValuesOnConditionCheckFailure, &item_write->result);
    return STATOR_OK;
}
