/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "op/transaction.h"
#include "plan/attribute.h"
#include "plan/key.h"

#define IDENTITY_MAX ((size_t)64 * 1024 * 1024) /* a request of 16 MB written canonically */

/* One action, whichever it is. */
struct given {
    enum write_kind kind;
    struct bytes table_name, update, condition;
    const struct item *key; /* of a put the whole item */
    const struct ExpressionAttributeNameMap *names;
    const struct item *values;
    const struct api_enum *return_item;
};

#define GIVEN(kind_, action, key_member, update_)                                                                      \
    (struct given)                                                                                                     \
    {                                                                                                                  \
        .kind = (kind_), .table_name = (action)->TableName, .update = (update_),                                       \
        .condition = (action)->ConditionExpression, .key = &(action)->key_member,                                      \
        .names = &(action)->ExpressionAttributeNames, .values = &(action)->ExpressionAttributeValues,                  \
        .return_item = &(action)->ReturnValuesOnConditionCheckFailure                                                  \
    }

static struct given given_of(const struct TransactWriteItem *item)
{
    const struct bytes none = {0};

    if (item->Put != NULL)
        return GIVEN(WRITE_PUT, item->Put, Item, none);
    if (item->Update != NULL)
        return GIVEN(WRITE_UPDATE, item->Update, Key, item->Update->UpdateExpression);
    if (item->Delete != NULL)
        return GIVEN(WRITE_DELETE, item->Delete, Key, none);
    return GIVEN(WRITE_CHECK, item->ConditionCheck, Key, none);
}

/* --- Checking ----------------------------------------------------------------------------------------------------- */

static enum stator_rc check_kind(const struct TransactWriteItem *item, enum wording wording, struct stator_error *err)
{
    int count = (item->Put != NULL) + (item->Update != NULL) + (item->Delete != NULL) + (item->ConditionCheck != NULL);

    if (count > 1)
        return stator_fail(err, STATOR_VALIDATION,
                           "TransactItems can only contain one of Check, Put, Update or Delete");
    if (count == 1)
        return STATOR_OK;
    if (wording == WORDING_CLASSIC)
        return stator_fail(err, STATOR_VALIDATION,
                           "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request");
    return stator_fail(err, STATOR_VALIDATION,
                       "1 validation error detected: Value '' at 'transactItems' failed to satisfy constraint: "
                       "TransactWriteRequest should contain Delete or Put or Update or ConditionCheck");
}

static enum stator_rc check_members(const struct given *given, struct wording_voice voice, struct stator_error *err)
{
    const struct request_member update[] = {
        {"UpdateExpression", bytes_present(given->update)},
        {"ConditionExpression", bytes_present(given->condition)},
    };
    const bool is_update = given->kind == WRITE_UPDATE;
    const struct request_members members = {
        NULL, is_update ? update : &update[1], 0, is_update ? 2 : 1, given->names, given->values};

    return request_check_members(&members, voice, err);
}

/* What a newer service refuses before the transaction runs; the older one only measures finished items. */
static enum stator_rc check_update_size(const struct update *update, struct wording_voice voice,
                                        struct stator_error *err)
{
    if (update == NULL || voice.layer == VALUE_LAYER_OLDER || update->statement_bytes <= ITEM_BYTES_MAX)
        return STATOR_OK;
    return stator_fail(err, STATOR_VALIDATION, "Item size to update has exceeded the maximum allowed size");
}

/* Everything that needs no table; of several faults the first action's is told. */
static enum stator_rc read_action(struct transaction_action *out, const struct TransactWriteItem *item,
                                  struct wording_voice voice, struct job *job)
{
    const struct given given = given_of(item);
    struct expressions expressions = {.update_text = given.update, .condition_text = given.condition};

    STATOR_TRY(check_members(&given, voice, &job->error));
    STATOR_TRY(attribute_check_item(given.key, voice.layer, &job->error));
    STATOR_TRY(request_parse(&expressions, given.names, given.values, voice.layer, job));
    if (given.kind == WRITE_PUT && item_size(given.key) > ITEM_BYTES_MAX)
        return stator_fail(&job->error, STATOR_VALIDATION, "Item size has exceeded the maximum allowed size");
    STATOR_TRY(check_update_size(expressions.update, voice, &job->error));
    *out = (struct transaction_action){
        .table_name = given.table_name,
        .write = {.kind = given.kind,
                  .key = given.key,
                  .item = given.kind == WRITE_PUT ? given.key : NULL,
                  .update = expressions.update,
                  .condition = expressions.condition,
                  .flat = true},
        .failure = STATOR_CONDITIONAL_CHECK_FAILED,
        .return_old = given.return_item->value == ReturnValuesOnConditionCheckFailure_ALL_OLD,
    };
    return STATOR_OK;
}

static enum stator_rc plan(struct transaction *t, size_t i, const struct table *table, struct stator_error *err)
{
    const struct write *write = &t->actions[i].write;

    if (write->kind == WRITE_PUT)
        STATOR_TRY(key_check_item(table, write->item, err));
    else
        STATOR_TRY(key_check(table, write->key, err));
    if (write->update != NULL)
        STATOR_TRY(key_check_update(table, write->update, err));
    return key_check_paths(table, NULL, write->condition, err);
}

/* --- Identity ----------------------------------------------------------------------------------------------------- */

static void append_text(struct buf *buf, struct bytes text)
{
    buf_append_byte(buf, bytes_present(text));
    buf_append_be32(buf, (uint32_t)text.len);
    buf_append_bytes(buf, text);
}

static int by_key(const void *left, const void *right)
{
    const struct ExpressionAttributeNameMap_entry *a = left, *b = right;

    return bytes_compare(a->key, b->key);
}

/* A map's order means nothing: some SDKs send the same request with another one. */
static void append_names(struct buf *buf, const struct ExpressionAttributeNameMap *names, struct arena *arena)
{
    struct ExpressionAttributeNameMap_entry *sorted =
        ARENA_ARRAY(arena, struct ExpressionAttributeNameMap_entry, names->count);

    if (sorted == NULL)
        return;
    if (names->count != 0) {
        memcpy(sorted, names->at, names->count * sizeof(*sorted));
        qsort(sorted, names->count, sizeof(*sorted), by_key);
    }
    buf_append_be32(buf, (uint32_t)names->count);
    for (size_t i = 0; i < names->count; i++) {
        append_text(buf, sorted[i].key);
        append_text(buf, sorted[i].value);
    }
}

/* Items and values are canonical: sorted, and numbers in one form. */
static void append_given(struct buf *buf, const struct given *given, struct arena *arena)
{
    buf_append_byte(buf, (uint8_t)given->kind);
    append_text(buf, given->table_name);
    append_text(buf, given->update);
    append_text(buf, given->condition);
    item_write(buf, given->key);
    append_names(buf, given->names, arena);
    item_write(buf, given->values);
    buf_append_byte(buf, (uint8_t)given->return_item->value);
}

static enum stator_rc make_identity(struct transaction *t, const struct TransactWriteItemsInput *in)
{
    struct buf buf;

    if (!bytes_present(t->token))
        return STATOR_OK;
    buf_init(&buf, IDENTITY_MAX);
    buf_append_literal(&buf, "TransactWriteItems");
    buf_append_byte(&buf, (uint8_t)in->ReturnConsumedCapacity.value);
    buf_append_byte(&buf, (uint8_t)in->ReturnItemCollectionMetrics.value);
    for (size_t i = 0; i < t->count; i++) {
        const struct given given = given_of(&in->TransactItems.at[i]);

        append_given(&buf, &given, &t->job->arena);
    }
    if (!buf.failed)
        t->identity = arena_copy(&t->job->arena, buf_bytes(&buf));
    buf_deinit(&buf);
    return bytes_present(t->identity) && !t->job->arena.failed ? STATOR_OK : stator_fail_memory(&t->job->error);
}

/* --- The operation ------------------------------------------------------------------------------------------------ */

static enum stator_rc answer(struct transaction *t, struct stator_error *err)
{
    struct TransactWriteItemsOutput *out = ARENA_NEW(&t->job->arena, struct TransactWriteItemsOutput);

    if (out == NULL)
        return stator_fail_memory(err);
    out->ConsumedCapacity = t->capacity;
    out->ItemCollectionMetrics = t->metrics;
    t->job->output = out;
    return STATOR_OK;
}

static enum stator_rc read_actions(struct transaction *t, const struct TransactWriteItemsInput *in)
{
    struct wording_voice voice = wording_voice(t->engine, t->job);

    for (size_t i = 0; i < t->count; i++) {
        STATOR_TRY(check_kind(&in->TransactItems.at[i], t->engine->options.wording, &t->job->error));
        STATOR_TRY(read_action(&t->actions[i], &in->TransactItems.at[i], voice, t->job));
    }
    return STATOR_OK;
}

enum stator_rc op_transact_write_items(struct engine *engine, struct job *job)
{
    const struct TransactWriteItemsInput *in = job->input;
    struct transaction t = {
        .engine = engine,
        .job = job,
        .count = in->TransactItems.count,
        .plan = plan,
        .answer = answer,
        .token = in->ClientRequestToken,
        .capacity_wanted = &in->ReturnConsumedCapacity,
        .metrics_wanted = &in->ReturnItemCollectionMetrics,
    };

    if (transaction_is_long(&t))
        return STATOR_AGAIN;
    t.actions = ARENA_ARRAY(&job->arena, struct transaction_action, t.count);
    if (t.actions == NULL)
        return stator_fail_memory(&job->error);
    STATOR_TRY(read_actions(&t, in));
    STATOR_TRY(make_identity(&t, in));
    return transaction_write(&t);
}
