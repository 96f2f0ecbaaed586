/* SPDX-License-Identifier: Apache-2.0 */
#include "op/request.h"
#include "plan/attribute.h"
#include "plan/key.h"
#include "plan/legacy.h"

/* Everything that needs no table, in the service's order. */
static enum stator_rc check(const struct UpdateItemInput *in, struct wording_voice voice, struct stator_error *err)
{
    const struct request_member legacy[] = {
        {"AttributeUpdates", in->AttributeUpdates.set},
        {"Expected", in->Expected.set},
        {"ConditionalOperator", in->ConditionalOperator.value != 0},
    };
    const struct request_member expressions[] = {
        {"UpdateExpression", bytes_present(in->UpdateExpression)},
        {"ConditionExpression", bytes_present(in->ConditionExpression)},
    };

    const struct request_members members = {
        legacy, expressions, 3, 2, &in->ExpressionAttributeNames, &in->ExpressionAttributeValues};

    STATOR_TRY(request_check_members(&members, voice, err));
    return attribute_check_item(&in->Key, voice.layer, err);
}

static enum stator_rc check_table(const struct table *table, struct item_write *item_write, struct job *job)
{
    const struct write *write = &item_write->write;

    STATOR_TRY(key_check(table, write->key, &job->error));
    if (write->update != NULL)
        STATOR_TRY(key_check_update(table, write->update, &job->error));
    return key_check_paths(table, NULL, write->condition, &job->error);
}

/* What ReturnValues asks for; count 0 leaves Attributes out. */
static enum stator_rc returned(struct item *out, const struct item_write *done, struct job *job)
{
    const struct UpdateItemInput *in = job->input;
    const struct write_result *result = &done->result;
    const struct update *update = done->write.update;
    struct item nothing = {0};

    *out = nothing;
    switch (in->ReturnValues.value) {
    case ReturnValue_ALL_OLD:
        if (result->existed)
            *out = stored_item_answer(&result->old);
        return STATOR_OK;
    case ReturnValue_ALL_NEW:
        *out = result->new_item;
        return STATOR_OK;
    case ReturnValue_UPDATED_OLD:
    case ReturnValue_UPDATED_NEW:
        if (update == NULL)
            return STATOR_OK;
        STATOR_TRY(update_touched(
            out, update, in->ReturnValues.value == ReturnValue_UPDATED_NEW ? &result->new_item : &result->old_item,
            &job->arena, &job->error));
        out->set = out->count != 0;
        return STATOR_OK;
    default:
        return STATOR_OK;
    }
}

static enum stator_rc answer(struct engine *engine, struct job *job, const struct item_write *done)
{
    const struct UpdateItemInput *in = job->input;
    struct UpdateItemOutput *out = ARENA_NEW(&job->arena, struct UpdateItemOutput);

    if (out == NULL)
        return stator_fail_memory(&job->error);
    STATOR_TRY(returned(&out->Attributes, done, job));
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
    const struct UpdateItemInput *in = job->input;

    STATOR_TRY(check(in, voice, &job->error));
    STATOR_TRY(legacy_updates(&out->update, &in->AttributeUpdates, voice.layer, &job->arena, &job->error));
    STATOR_TRY(legacy_expected(&out->condition, &in->Expected, &in->ConditionalOperator, voice.layer, &job->arena,
                               &job->error));
    return request_parse(out, &in->ExpressionAttributeNames, &in->ExpressionAttributeValues, voice.layer, job);
}

enum stator_rc op_update_item(struct engine *engine, struct job *job)
{
    const struct UpdateItemInput *in = job->input;
    struct expressions expressions = {
        .update_text = in->UpdateExpression,
        .condition_text = in->ConditionExpression,
    };
    struct item_write *item_write = ARENA_NEW(&job->arena, struct item_write);

    if (item_write == NULL)
        return stator_fail_memory(&job->error);
    STATOR_TRY(wording_refuse(engine, job, read_request(&expressions, wording_voice(engine, job), job)));
    item_write->write = (struct write){.kind = WRITE_UPDATE,
                                       .key = &in->Key,
                                       .update = expressions.update,
                                       .condition = expressions.condition,
                                       .flat = engine->options.wording == WORDING_CLASSIC};
    item_write->table_name = in->TableName;
    item_write->check = check_table;
    item_write->answer = answer;
    STATOR_TRY(request_write(item_write, engine, job));
    if (item_write->result.condition_failed)
        return request_condition_failed(job, &in->ReturnValuesOnConditionCheckFailure, &item_write->result);
    return STATOR_OK;
}
