/* SPDX-License-Identifier: Apache-2.0 */
#include "op/transaction_answer.h"

#include "json/writer.h"

/* --- Capacity ----------------------------------------------------------------------------------------------------- */

static void tell(struct Capacity *capacity, enum transaction_cost cost)
{
    if (cost == TRANSACTION_READS)
        capacity->ReadCapacityUnits = capacity->CapacityUnits;
    else
        capacity->WriteCapacityUnits = capacity->CapacityUnits;
}

static void tell_indexes(struct SecondaryIndexesCapacityMap *map, enum transaction_cost cost, struct arena *arena)
{
    struct SecondaryIndexesCapacityMap_entry *entries =
        ARENA_ARRAY(arena, struct SecondaryIndexesCapacityMap_entry, map->count);

    if (!map->set || entries == NULL)
        return;
    for (size_t i = 0; i < map->count; i++) {
        entries[i] = map->at[i];
        tell(&entries[i].value, cost);
    }
    map->at = entries;
}

/* request_capacity's answer, with its units told as reads or as writes. */
static void capacity_of_table(struct ConsumedCapacity *out, const struct batch_table *table,
                              const struct api_enum *wanted, enum transaction_cost cost, struct arena *arena)
{
    const struct ConsumedCapacity *plain =
        request_capacity(wanted, table->table, table->units, table->index_units, arena);
    struct Capacity *own = ARENA_NEW(arena, struct Capacity);

    if (plain == NULL || own == NULL)
        return;
    *out = *plain;
    if (cost == TRANSACTION_READS)
        out->ReadCapacityUnits = out->CapacityUnits;
    else
        out->WriteCapacityUnits = out->CapacityUnits;
    if (plain->Table != NULL) {
        *own = *plain->Table;
        tell(own, cost);
        out->Table = own;
    }
    tell_indexes(&out->LocalSecondaryIndexes, cost, arena);
    tell_indexes(&out->GlobalSecondaryIndexes, cost, arena);
}

struct ConsumedCapacityMultiple transaction_capacity(const struct batch *batch, const struct api_enum *wanted,
                                                     enum transaction_cost cost, struct arena *arena)
{
    struct ConsumedCapacity *list = ARENA_ARRAY(arena, struct ConsumedCapacity, batch->count);

    if (list == NULL ||
        (wanted->value != ReturnConsumedCapacity_TOTAL && wanted->value != ReturnConsumedCapacity_INDEXES))
        return (struct ConsumedCapacityMultiple){0};
    for (size_t i = 0; i < batch->count; i++)
        capacity_of_table(&list[i], &batch->tables[i], wanted, cost, arena);
    return (struct ConsumedCapacityMultiple)API_LIST(list, batch->count);
}

/* --- Item collections --------------------------------------------------------------------------------------------- */

/* Those of one table. */
static struct ItemCollectionMetricsMultiple metrics_of_table(const struct transaction *t, size_t table,
                                                             const size_t *table_of)
{
    struct ItemCollectionMetrics *list = ARENA_ARRAY(&t->job->arena, struct ItemCollectionMetrics, t->count);
    size_t count = 0;

    for (size_t i = 0; list != NULL && i < t->count; i++) {
        const struct write *write = &t->actions[i].write;
        const struct ItemCollectionMetrics *one;

        if (table_of[i] != table || write->kind == WRITE_CHECK)
            continue;
        one = request_collection_metrics(t->metrics_wanted, t->engine, write->table, write->key, &t->job->arena);
        if (one != NULL)
            list[count++] = *one;
    }
    return (struct ItemCollectionMetricsMultiple)API_LIST(list, count);
}

struct ItemCollectionMetricsPerTable transaction_metrics(const struct transaction *t, const struct batch *batch,
                                                         const size_t *table_of)
{
    struct ItemCollectionMetricsPerTable out = {0};
    struct ItemCollectionMetricsPerTable_entry *entries;

    if (t->metrics_wanted == NULL || t->metrics_wanted->value != ReturnItemCollectionMetrics_SIZE)
        return out;
    entries = ARENA_ARRAY(&t->job->arena, struct ItemCollectionMetricsPerTable_entry, batch->count);
    for (size_t i = 0; entries != NULL && i < batch->count; i++) {
        struct ItemCollectionMetricsMultiple list = metrics_of_table(t, i, table_of);

        if (list.count == 0)
            continue;
        entries[out.count].key = batch->tables[i].table->name;
        entries[out.count++].value = list;
    }
    out.at = entries;
    out.set = out.count != 0;
    return out;
}

/* --- Cancellation ------------------------------------------------------------------------------------------------- */

static struct bytes code_of(enum stator_rc rc)
{
    switch (rc) {
    case STATOR_OK:
        return BYTES("None");
    case STATOR_CONDITIONAL_CHECK_FAILED:
        return BYTES("ConditionalCheckFailed");
    case STATOR_DUPLICATE_ITEM:
        return BYTES("DuplicateItem");
    case STATOR_TRANSACTION_CONFLICT:
        return BYTES("TransactionConflict");
    case STATOR_PROVISIONED_THROUGHPUT_EXCEEDED:
        return BYTES("ProvisionedThroughputExceeded");
    case STATOR_THROUGHPUT_THROTTLED:
        return BYTES("ThrottlingError");
    case STATOR_RESOURCE_NOT_FOUND:
        return BYTES("ResourceNotFound");
    default:
        return BYTES("ValidationError");
    }
}

static const char *text_of(const struct stator_error *reason, enum stator_rc rc)
{
    return rc == STATOR_DUPLICATE_ITEM ? "Duplicate primary key exists in table" : reason->message;
}

/* What a failed condition is called is the action's to say. */
static enum stator_rc rc_of(const struct transaction_action *action, const struct stator_error *reason)
{
    return reason->rc == STATOR_CONDITIONAL_CHECK_FAILED ? action->failure : reason->rc;
}

static void write_reason(struct json_writer *writer, const struct transaction_action *action,
                         const struct stator_error *reason, const struct write_result *result)
{
    enum stator_rc rc = rc_of(action, reason);

    json_object_begin(writer);
    json_key(writer, BYTES("Code"));
    json_string(writer, code_of(rc));
    if (action->return_old && reason->rc == STATOR_CONDITIONAL_CHECK_FAILED && result != NULL && result->existed) {
        struct item old = stored_item_answer(&result->old);

        json_key(writer, BYTES("Item"));
        item_write(writer->buf, &old);
        writer->comma = true;
    }
    if (rc != STATOR_OK) {
        json_key(writer, BYTES("Message"));
        json_string(writer, bytes_of_string(text_of(reason, rc)));
    }
    json_object_end(writer);
}

/* Takes what was written into the arena. */
static struct bytes finished(struct buf *buf, struct arena *arena)
{
    struct bytes out = buf->failed ? (struct bytes){0} : arena_copy(arena, buf_bytes(buf));

    buf_deinit(buf);
    return out;
}

static struct bytes write_reasons(const struct transaction *t, const struct stator_error *reasons,
                                  const struct write_result *results)
{
    struct json_writer writer;
    struct buf buf;

    buf_init_with(&buf, JOB_ANSWER_MAX, t->job->arena.allocator);
    writer = json_writer_of(&buf);
    json_array_begin(&writer);
    for (size_t i = 0; i < t->count; i++)
        write_reason(&writer, &t->actions[i], &reasons[i], results == NULL ? NULL : &results[i]);
    json_array_end(&writer);
    return finished(&buf, &t->job->arena);
}

static struct bytes write_text(const struct transaction *t, const struct stator_error *reasons)
{
    struct buf buf;

    buf_init(&buf, (size_t)64 * t->count + 256);
    buf_append_literal(&buf, "Transaction cancelled, please refer cancellation reasons for specific reasons [");
    for (size_t i = 0; i < t->count; i++) {
        if (i != 0)
            buf_append_literal(&buf, ", ");
        buf_append_bytes(&buf, code_of(rc_of(&t->actions[i], &reasons[i])));
    }
    buf_append_byte(&buf, ']');
    return finished(&buf, &t->job->arena);
}

enum stator_rc transaction_cancelled(const struct transaction *t, const struct stator_error *reasons,
                                     const struct write_result *results)
{
    struct bytes list = write_reasons(t, reasons, results), text = write_text(t, reasons);

    if (!bytes_present(list)) /* the items are too long, or there is no room for them: without */
        list = write_reasons(t, reasons, NULL);
    if (!bytes_present(list) || !bytes_present(text))
        return stator_fail_memory(&t->job->error);
    t->job->error_reasons = list;
    t->job->error_text = text;
    return stator_fail(&t->job->error, STATOR_TRANSACTION_CANCELED, "Transaction cancelled");
}
