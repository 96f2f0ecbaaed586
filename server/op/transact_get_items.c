/* SPDX-License-Identifier: Apache-2.0 */
#include "op/transaction.h"
#include "plan/attribute.h"
#include "plan/key.h"

/* Everything that needs no table; of several faults the first action's is told. */
static enum stator_rc read_action(struct transaction_action *out, const struct Get *get, struct wording_voice voice,
                                  struct job *job)
{
    const struct request_member expression[] = {{"ProjectionExpression", bytes_present(get->ProjectionExpression)}};
    const struct request_members members = {NULL, expression, 0, 1, &get->ExpressionAttributeNames, NULL};
    struct expressions expressions = {.projection_text = get->ProjectionExpression};

    STATOR_TRY(request_check_members(&members, voice, &job->error));
    STATOR_TRY(attribute_check_item(&get->Key, voice.layer, &job->error));
    STATOR_TRY(request_parse(&expressions, &get->ExpressionAttributeNames, NULL, voice.layer, job));
    *out = (struct transaction_action){
        .table_name = get->TableName,
        .write = {.kind = WRITE_CHECK, .key = &get->Key},
        .projection = expressions.projection,
    };
    return STATOR_OK;
}

static enum stator_rc plan(struct transaction *t, size_t i, const struct table *table, struct stator_error *err)
{
    STATOR_TRY(key_check(table, t->actions[i].write.key, err));
    return key_check_paths(table, t->actions[i].projection, NULL, err);
}

static enum stator_rc answer(struct transaction *t, struct stator_error *err)
{
    struct TransactGetItemsOutput *out = ARENA_NEW(&t->job->arena, struct TransactGetItemsOutput);

    if (out == NULL)
        return stator_fail_memory(err);
    out->ConsumedCapacity = t->capacity;
    out->Responses = (struct ItemResponseList)API_LIST(t->responses, t->count);
    t->job->output = out;
    return STATOR_OK;
}

enum stator_rc op_transact_get_items(struct engine *engine, struct job *job)
{
    const struct TransactGetItemsInput *in = job->input;
    struct wording_voice voice = wording_voice(engine, job);
    struct transaction t = {
        .engine = engine,
        .job = job,
        .count = in->TransactItems.count,
        .plan = plan,
        .answer = answer,
        .capacity_wanted = &in->ReturnConsumedCapacity,
    };

    if (transaction_is_long(&t))
        return STATOR_AGAIN;
    t.actions = ARENA_ARRAY(&job->arena, struct transaction_action, t.count);
    if (t.actions == NULL)
        return stator_fail_memory(&job->error);
    for (size_t i = 0; i < t.count; i++)
        STATOR_TRY(read_action(&t.actions[i], in->TransactItems.at[i].Get, voice, job));
    return transaction_read(&t);
}
