/* SPDX-License-Identifier: Apache-2.0 */
#include "op/request.h"

#include <math.h>

#include "format/keycodec.h"
#include "op/throttle.h"
#include "plan/attribute.h"
#include "plan/index.h"

/* --- Members --------------------------------------------------------------------------------------------------------
 */

/* "{A, B}" of those given. */
static void append_given(struct buf *out, const struct request_member *members, size_t count)
{
    const char *separator = "";

    buf_append_byte(out, '{');
    for (size_t i = 0; i < count; i++) {
        if (!members[i].given)
            continue;
        buf_printf(out, "%s%s", separator, members[i].name);
        separator = ", ";
    }
    buf_append_byte(out, '}');
}

static bool any_given(const struct request_member *members, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (members[i].given)
            return true;
    return false;
}

static enum stator_rc fail_mixed(const struct request_members *members, struct stator_error *err)
{
    struct buf text;
    enum stator_rc rc;

    buf_init(&text, STATOR_ERROR_MESSAGE_MAX);
    buf_append_literal(&text, "Non-expression parameters: ");
    append_given(&text, members->legacy, members->legacy_count);
    buf_append_literal(&text, " Expression parameters: ");
    append_given(&text, members->expressions, members->expression_count);
    rc = stator_fail(err, STATOR_VALIDATION,
                     "Can not use both expression and non-expression parameters in the same request: %.*s",
                     BYTES_ARG(buf_bytes(&text)));
    buf_deinit(&text);
    return rc;
}

#define NO_EXPRESSION "ExpressionAttributeValues can only be specified when using expressions"

/* "ConditionExpression is null", "UpdateExpression and ConditionExpression are null". */
static enum stator_rc fail_no_expression(const struct request_members *members, struct wording_voice voice,
                                         struct stator_error *err)
{
    const struct request_member *expressions = members->expressions;
    size_t count = members->expression_count;
    struct buf text;
    enum stator_rc rc;

    if (voice.envelope)
        return stator_fail(err, STATOR_VALIDATION, NO_EXPRESSION);
    if (count > 1 && strcmp(expressions[0].name, "ProjectionExpression") == 0) { /* takes no values */
        expressions++;
        count--;
    }
    buf_init(&text, STATOR_ERROR_MESSAGE_MAX);
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s%s", i == 0 ? "" : " and ", expressions[i].name);
    rc = stator_fail(err, STATOR_VALIDATION, NO_EXPRESSION ": %.*s %s null", BYTES_ARG(buf_bytes(&text)),
                     count > 1 ? "are" : "is");
    buf_deinit(&text);
    return rc;
}

enum stator_rc request_check_members(const struct request_members *members, struct wording_voice voice,
                                     struct stator_error *err)
{
    if (any_given(members->expressions, members->expression_count)) {
        if (any_given(members->legacy, members->legacy_count))
            return fail_mixed(members, err);
        return STATOR_OK;
    }
    if (members->names->set)
        return stator_fail(err, STATOR_VALIDATION,
                           "ExpressionAttributeNames can only be specified when using expressions");
    if (members->values == NULL || !members->values->set)
        return STATOR_OK;
    return fail_no_expression(members, voice, err);
}

static enum stator_rc make_placeholders(struct placeholders *out, const struct ExpressionAttributeNameMap *names,
                                        const struct item *values, enum value_layer layer, struct arena *arena,
                                        struct stator_error *err)
{
    *out = (struct placeholders){.names_set = names->set, .name_count = names->count, .values = values, .layer = layer};
    out->names = ARENA_ARRAY(arena, struct placeholder_name, names->count);
    out->values_used = ARENA_ARRAY(arena, bool, values == NULL ? 0 : values->count);
    if (out->names == NULL || out->values_used == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < names->count; i++) {
        out->names[i].key = names->at[i].key;
        out->names[i].name = names->at[i].value;
    }
    return STATOR_OK;
}

static enum stator_rc parse_condition(const struct expr **out, struct bytes text, enum expr_language language,
                                      struct placeholders *placeholders, struct job *job)
{
    if (!bytes_present(text))
        return STATOR_OK;
    return expr_parse_condition(out, text, language, placeholders, &job->arena, &job->error);
}

enum stator_rc request_parse(struct expressions *e, const struct ExpressionAttributeNameMap *names,
                             const struct item *values, enum value_layer layer, struct job *job)
{
    bool given = bytes_present(e->update_text) || bytes_present(e->condition_text) ||
                 bytes_present(e->key_condition_text) || bytes_present(e->filter_text) ||
                 bytes_present(e->projection_text);
    struct placeholders placeholders;

    if (!given)
        return STATOR_OK;
    STATOR_TRY(make_placeholders(&placeholders, names, values, layer, &job->arena, &job->error));
    STATOR_TRY(expr_check_placeholders(&placeholders, given, &job->error));
    if (values != NULL)
        STATOR_TRY(attribute_check_values(values, layer, &job->error));
    if (bytes_present(e->update_text))
        STATOR_TRY(expr_parse_update(&e->update, e->update_text, &placeholders, &job->arena, &job->error));
    STATOR_TRY(parse_condition(&e->condition, e->condition_text, EXPR_LANGUAGE_CONDITION, &placeholders, job));
    STATOR_TRY(
        parse_condition(&e->key_condition, e->key_condition_text, EXPR_LANGUAGE_KEY_CONDITION, &placeholders, job));
    STATOR_TRY(parse_condition(&e->filter, e->filter_text, EXPR_LANGUAGE_FILTER, &placeholders, job));
    if (bytes_present(e->projection_text))
        STATOR_TRY(expr_parse_projection(&e->projection, e->projection_text, &placeholders, &job->arena, &job->error));
    return expr_check_unused(&placeholders, &job->error);
}

/* --- Capacity ----------------------------------------------------------------------------------------------------- */

static struct Capacity *capacity_of(double units, struct arena *arena)
{
    struct Capacity *capacity = ARENA_NEW(arena, struct Capacity);

    if (capacity != NULL)
        capacity->CapacityUnits = API_DOUBLE(units);
    return capacity;
}

static void add_index_arm(struct SecondaryIndexesCapacityMap *map, struct SecondaryIndexesCapacityMap_entry *entries,
                          const struct index *index, double units)
{
    size_t i = map->count++;

    map->at = entries;
    map->set = true;
    entries[i].key = index->name;
    entries[i].value.CapacityUnits = API_DOUBLE(units);
}

const struct ConsumedCapacity *request_capacity(const struct api_enum *wanted, const struct table *table,
                                                double table_units, const uint32_t *index_units, struct arena *arena)
{
    struct SecondaryIndexesCapacityMap_entry *local, *global;
    struct ConsumedCapacity *out;
    double total = table_units;

    if (wanted->value != ReturnConsumedCapacity_TOTAL && wanted->value != ReturnConsumedCapacity_INDEXES)
        return NULL;
    out = ARENA_NEW(arena, struct ConsumedCapacity);
    local = ARENA_ARRAY(arena, struct SecondaryIndexesCapacityMap_entry, table->index_count);
    global = ARENA_ARRAY(arena, struct SecondaryIndexesCapacityMap_entry, table->index_count);
    if (out == NULL || local == NULL || global == NULL)
        return NULL;
    for (size_t i = 0; i < table->index_count; i++) {
        double units = index_units == NULL ? 0 : index_units[i];

        total += units;
        if (units == 0 || wanted->value != ReturnConsumedCapacity_INDEXES)
            continue;
        if (table->indexes[i].kind == INDEX_LOCAL)
            add_index_arm(&out->LocalSecondaryIndexes, local, &table->indexes[i], units);
        else
            add_index_arm(&out->GlobalSecondaryIndexes, global, &table->indexes[i], units);
    }
    out->TableName = table->name;
    out->CapacityUnits = API_DOUBLE(total);
    if (wanted->value == ReturnConsumedCapacity_INDEXES)
        out->Table = capacity_of(table_units, arena);
    return out;
}

double request_write_units(const struct write_result *result)
{
    size_t larger = result->old_bytes > result->new_bytes ? result->old_bytes : result->new_bytes;

    return larger == 0 ? 1 : ceil((double)larger / 1024);
}

const struct ConsumedCapacity *request_write_capacity(const struct api_enum *wanted, const struct table *table,
                                                      const struct write_result *result, struct arena *arena)
{
    return request_capacity(wanted, table, request_write_units(result), result->index_units, arena);
}

const struct ConsumedCapacity *request_read_capacity(const struct api_enum *wanted, const struct table *table,
                                                     const struct index *index, double table_units, double index_units,
                                                     struct arena *arena)
{
    struct SecondaryIndexesCapacityMap_entry *entry;
    struct ConsumedCapacity *out;

    if (wanted->value != ReturnConsumedCapacity_TOTAL && wanted->value != ReturnConsumedCapacity_INDEXES)
        return NULL;
    out = ARENA_NEW(arena, struct ConsumedCapacity);
    entry = ARENA_NEW(arena, struct SecondaryIndexesCapacityMap_entry);
    if (out == NULL || entry == NULL)
        return NULL;
    out->TableName = table->name;
    out->CapacityUnits = API_DOUBLE(table_units + index_units);
    if (wanted->value == ReturnConsumedCapacity_TOTAL)
        return out;
    out->Table = capacity_of(table_units, arena);
    if (index->kind == INDEX_LOCAL)
        add_index_arm(&out->LocalSecondaryIndexes, entry, index, index_units);
    else if (index->kind == INDEX_GLOBAL)
        add_index_arm(&out->GlobalSecondaryIndexes, entry, index, index_units);
    return out;
}

double request_read_units(size_t bytes, bool consistent)
{
    double units = bytes == 0 ? 1 : ceil((double)bytes / 4096);

    return consistent ? units : units / 2;
}

/* --- Item collections --------------------------------------------------------------------------------------------- */

/* Bytes that the collection's items and local index entries take in its shard, roughly. */
static uint64_t collection_bytes(struct engine *engine, const struct table *table, const struct item *key)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i <= table->index_count; i++) {
        const struct index *index = i == 0 ? &table->base : &table->indexes[i - 1];
        struct location where;
        struct buf first, end;

        if (index->kind == INDEX_GLOBAL)
            continue;
        buf_init(&first, KEY_BYTES_MAX);
        buf_init(&end, KEY_BYTES_MAX);
        if (index_hash_prefix(&first, &where, &engine->db.ring, index, key)) {
            buf_append_bytes(&end, buf_bytes(&first));
            if (key_successor(&end))
                bytes += store_approximate_bytes(engine->db.store, STORE_SHARD(where.shard), buf_bytes(&first),
                                                 buf_bytes(&end));
        }
        buf_deinit(&first);
        buf_deinit(&end);
    }
    return bytes;
}

const struct ItemCollectionMetrics *request_collection_metrics(const struct api_enum *wanted, struct engine *engine,
                                                               const struct table *table, const struct item *key,
                                                               struct arena *arena)
{
    const struct key_attribute *hash = &table->base.key.hash[0];
    struct ItemCollectionMetrics *out;
    struct api_double *range;
    struct attribute *attribute;
    double gigabytes;

    if (wanted->value != ReturnItemCollectionMetrics_SIZE || table->index_count == 0 ||
        table->indexes[0].kind != INDEX_LOCAL)
        return NULL;
    out = ARENA_NEW(arena, struct ItemCollectionMetrics);
    range = ARENA_ARRAY(arena, struct api_double, 2);
    attribute = ARENA_NEW(arena, struct attribute);
    if (out == NULL || range == NULL || attribute == NULL)
        return NULL;
    gigabytes = floor((double)collection_bytes(engine, table, key) / (1024.0 * 1024 * 1024));
    range[0] = API_DOUBLE(gigabytes);
    range[1] = API_DOUBLE(gigabytes + 1);
    *attribute = (struct attribute){hash->name, *item_find(key, hash->name)};
    out->ItemCollectionKey = (struct item){.attributes = attribute, .count = 1, .set = true};
    out->SizeEstimateRangeGB.at = range;
    out->SizeEstimateRangeGB.count = 2;
    out->SizeEstimateRangeGB.set = true;
    return out;
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

static void release_result(void *result)
{
    write_result_release(result);
}

static enum stator_rc make_answer(void *context, struct stator_error *err)
{
    const struct item_write *item_write = context;

    STATOR_TRY(throttle_admit_indexes(item_write->engine, item_write->job, item_write->table,
                                      item_write->result.index_units, NULL));
    STATOR_TRY(item_write->answer(item_write->engine, item_write->job, item_write));
    return item_write->job->arena.failed ? stator_fail_memory(err) : op_encode(item_write->job);
}

/* A write whose condition failed has read the item, and is charged like one that is done. */
static void charge(struct item_write *item_write)
{
    const struct write_result *result = &item_write->result;

    throttle_charge_write(item_write->engine, item_write->job, item_write->table, item_write->write.key,
                          request_write_units(result), result->condition_failed ? NULL : result->index_units);
}

static enum stator_rc try_write(struct item_write *item_write, struct engine *engine, struct job *job)
{
    struct throttle_use use;

    STATOR_TRY(item_write->check(item_write->table, item_write, job));
    use = throttle_use_of_item(engine, item_write->table, CAPACITY_WRITE, item_write->write.key);
    STATOR_TRY(throttle_admit(engine, job, &use));
    return table_write(&engine->db, &item_write->write, request_wait(job), &item_write->result, &job->arena,
                       &job->error);
}

enum stator_rc request_write(struct item_write *item_write, struct engine *engine, struct job *job)
{
    enum stator_rc rc;

    if (!job_defer(job, release_result, &item_write->result))
        return stator_fail_memory(&job->error);
    item_write->engine = engine;
    item_write->job = job;
    item_write->write.before_commit = make_answer;
    item_write->write.context = item_write;
    item_write->write.budget = &job->budget;
    do {
        STATOR_TRY(op_table(&item_write->table, engine, job, item_write->table_name, OP_DATA));
        item_write->write.table = item_write->table;
        write_result_release(&item_write->result);
        item_write->result = (struct write_result){0};
        buf_reset(&job->answer);
        job->encoded = false;
        rc = try_write(item_write, engine, job);
        job->latch = item_write->result.busy;
    } while (rc == STATOR_OK && item_write->result.stale);
    if (rc == STATOR_OK)
        charge(item_write);
    return rc;
}

enum stator_rc request_condition_failed(struct job *job, const struct api_enum *return_item,
                                        const struct write_result *result)
{
    if (return_item->value == ReturnValuesOnConditionCheckFailure_ALL_OLD && result->existed)
        job->error_item = stored_item_answer(&result->old);
    return stator_fail(&job->error, STATOR_CONDITIONAL_CHECK_FAILED, "The conditional request failed");
}
