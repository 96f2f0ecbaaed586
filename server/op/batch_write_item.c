/* SPDX-License-Identifier: Apache-2.0 */
/* The requests of a batch are writes of their own that have nothing to do with each other; that they are stored with
 * one write of the store makes them cheap and is no promise. */
#include "op/batch.h"
#include "op/throttle.h"
#include "plan/attribute.h"
#include "plan/key.h"

#define REQUESTS_MAX 25

#define BODY_ON_LOOP ((size_t)64 * 1024) /* a longer request is written on a worker */

struct writing {
    struct engine *engine;
    struct job *job;
    struct batch *batch;
    struct write *writes; /* of all tables, in the request's order */
    struct write_result *results;
    struct item *keys;
    size_t *table_of; /* of each write: its place in the batch */
    size_t count;
    const struct WriteRequest **requests; /* of each write */
    struct BatchWriteItemRequestMap unprocessed;
};

static const struct item *key_source(const struct WriteRequest *request)
{
    return request->PutRequest != NULL ? &request->PutRequest->Item : &request->DeleteRequest->Key;
}

static size_t count_requests(const struct BatchWriteItemRequestMap *tables)
{
    size_t count = 0;

    for (size_t i = 0; i < tables->count; i++)
        count += tables->at[i].value.count;
    return count;
}

/* Everything that needs no table, in the service's order. */
static enum stator_rc check(const struct BatchWriteItemRequestMap *tables, enum value_layer layer,
                            struct stator_error *err)
{
    for (size_t i = 0; i < tables->count; i++) {
        const struct WriteRequests *requests = &tables->at[i].value;

        for (size_t k = 0; k < requests->count; k++)
            if ((requests->at[k].PutRequest != NULL) == (requests->at[k].DeleteRequest != NULL))
                return stator_fail(err, STATOR_VALIDATION,
                                   "Supplied AttributeValue has more than one datatypes set, must contain exactly one "
                                   "of the supported datatypes");
        for (size_t k = 0; k < requests->count; k++) {
            STATOR_TRY(attribute_check_item(key_source(&requests->at[k]), layer, err));
            if (item_size(key_source(&requests->at[k])) > ITEM_BYTES_MAX)
                return stator_fail(err, STATOR_VALIDATION, "Item size has exceeded the maximum allowed size");
        }
    }
    if (count_requests(tables) > REQUESTS_MAX)
        return stator_fail(err, STATOR_VALIDATION, "Too many items requested for the BatchWriteItem call");
    return STATOR_OK;
}

/* The service words a batch's missing or mistyped key of a put as it words that of a delete. */
static enum stator_rc check_put(const struct table *table, const struct item *item, struct stator_error *err)
{
    enum stator_rc rc = key_check_item(table, item, err);

    if (rc != STATOR_OK &&
        (strstr(err->message, "Missing the key") != NULL || strstr(err->message, "Type mismatch for key") != NULL))
        return stator_fail(err, STATOR_VALIDATION, "The provided key element does not match the schema");
    return rc;
}

static enum stator_rc check_key(const struct table *table, const struct WriteRequest *request, struct stator_error *err)
{
    if (request->PutRequest != NULL)
        return check_put(table, &request->PutRequest->Item, err);
    return key_check(table, &request->DeleteRequest->Key, err);
}

/* A table may be named twice, by its name and its ARN: an item's key is compared with all earlier ones of its table. */
static enum stator_rc check_distinct(const struct writing *w, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (w->writes[k].table->base.state == w->writes[i].table->base.state && item_equal(&w->keys[k], &w->keys[i]))
            return stator_fail(&w->job->error, STATOR_VALIDATION, "Provided list of item keys contains duplicates");
    return STATOR_OK;
}

static enum stator_rc add_write(struct writing *w, size_t table_index, const struct WriteRequest *request)
{
    const struct table *table = w->batch->tables[table_index].table;
    size_t i = w->count++;

    STATOR_TRY(check_key(table, request, &w->job->error));
    w->keys[i] = key_of_item(table, key_source(request), &w->job->arena);
    if (w->keys[i].count == 0)
        return stator_fail_memory(&w->job->error);
    w->table_of[i] = table_index;
    w->requests[i] = request;
    w->writes[i] = (struct write){
        .kind = request->PutRequest != NULL ? WRITE_PUT : WRITE_DELETE,
        .table = table,
        .key = key_source(request),
        .budget = &w->job->budget,
        .item = request->PutRequest != NULL ? &request->PutRequest->Item : NULL,
    };
    return check_distinct(w, i);
}

/* The writes on the tables' versions that the batch holds. */
static enum stator_rc make_writes(struct writing *w)
{
    const struct BatchWriteItemInput *in = w->job->input;
    size_t count = count_requests(&in->RequestItems);

    w->count = 0;
    w->writes = ARENA_ARRAY(&w->job->arena, struct write, count);
    w->results = ARENA_ARRAY(&w->job->arena, struct write_result, count);
    w->keys = ARENA_ARRAY(&w->job->arena, struct item, count);
    w->table_of = ARENA_ARRAY(&w->job->arena, size_t, count);
    w->requests = ARENA_ARRAY(&w->job->arena, const struct WriteRequest *, count);
    if (w->writes == NULL || w->results == NULL || w->keys == NULL || w->table_of == NULL || w->requests == NULL)
        return stator_fail_memory(&w->job->error);
    for (size_t i = 0; i < in->RequestItems.count; i++)
        for (size_t k = 0; k < in->RequestItems.at[i].value.count; k++)
            STATOR_TRY(add_write(w, i, &in->RequestItems.at[i].value.at[k]));
    return STATOR_OK;
}

/* --- Throttling --- */

/* What the writes let in so far will take of one table, as far as it can be known before: the new item's units, and as
 * much of each global index that it has all keys for. */
struct promised {
    double units;
    double *index_units;
};

/* Units of each index that the write will surely change. */
static uint32_t *expected_index_units(const struct writing *w, size_t i, uint32_t units)
{
    const struct table *table = w->writes[i].table;
    uint32_t *out = ARENA_ARRAY(&w->job->arena, uint32_t, table->index_count);

    for (size_t k = 0; out != NULL && w->writes[i].kind == WRITE_PUT && k < table->index_count; k++) {
        const struct key_schema *key = &table->indexes[k].key;
        bool keys = true;

        for (uint32_t p = 0; p < key->hash_count; p++)
            keys = keys && item_find(w->writes[i].item, key->hash[p].name) != NULL;
        for (uint32_t p = 0; p < key->range_count; p++)
            keys = keys && item_find(w->writes[i].item, key->range[p].name) != NULL;
        if (keys)
            out[k] = units;
    }
    return out;
}

static enum stator_rc admit(struct writing *w, size_t i, struct promised *promised)
{
    const struct write *write = &w->writes[i];
    struct throttle_use use = throttle_use_of_item(w->engine, write->table, CAPACITY_WRITE, write->key);
    const struct write_result fresh = {.new_bytes = write->kind == WRITE_PUT ? item_size(write->item) : 0};
    double units = request_write_units(&fresh);
    uint32_t *index_units = expected_index_units(w, i, (uint32_t)units);

    if (index_units == NULL)
        return stator_fail_memory(&w->job->error);
    use.reserved = promised->units;
    STATOR_TRY(throttle_admit(w->engine, w->job, &use));
    STATOR_TRY(throttle_admit_indexes(w->engine, w->job, write->table, index_units, promised->index_units));
    promised->units += units;
    for (size_t k = 0; k < write->table->index_count; k++)
        promised->index_units[k] += index_units[k];
    return STATOR_OK;
}

/* The writes of a table follow each other, and so do their entries here. */
static void add_unprocessed(struct writing *w, size_t i, struct BatchWriteItemRequestMap_entry *entries,
                            struct WriteRequest *requests)
{
    const struct BatchWriteItemInput *in = w->job->input;
    struct bytes name = in->RequestItems.at[w->table_of[i]].key;
    struct BatchWriteItemRequestMap *out = &w->unprocessed;

    if (out->count == 0 || entries[out->count - 1].key.at != name.at) {
        entries[out->count].key = name;
        entries[out->count++].value = (struct WriteRequests)API_LIST(requests, 0);
    }
    *requests = *w->requests[i];
    entries[out->count - 1].value.count++;
    out->at = entries;
}

/* Keeps the writes that are let in; the others are unprocessed. When none is left, that is an error: the last refusal. */
static enum stator_rc keep_admitted(struct writing *w)
{
    struct arena *arena = &w->job->arena;
    struct promised *promised = ARENA_ARRAY(arena, struct promised, w->batch->count);
    struct WriteRequest *refused = ARENA_ARRAY(arena, struct WriteRequest, w->count);
    struct BatchWriteItemRequestMap_entry *entries =
        ARENA_ARRAY(arena, struct BatchWriteItemRequestMap_entry, w->batch->count);
    size_t kept = 0, refused_count = 0;

    if (promised == NULL || refused == NULL || entries == NULL)
        return stator_fail_memory(&w->job->error);
    for (size_t i = 0; i < w->batch->count; i++) {
        promised[i].index_units = ARENA_ARRAY(arena, double, w->batch->tables[i].table->index_count);
        if (promised[i].index_units == NULL)
            return stator_fail_memory(&w->job->error);
    }
    w->unprocessed = (struct BatchWriteItemRequestMap){0};
    for (size_t i = 0; i < w->count; i++) {
        enum stator_rc rc = admit(w, i, &promised[w->table_of[i]]);

        if (rc == STATOR_NO_MEMORY)
            return rc;
        if (rc != STATOR_OK) {
            add_unprocessed(w, i, entries, &refused[refused_count++]);
            continue;
        }
        w->writes[kept] = w->writes[i];
        w->keys[kept] = w->keys[i];
        w->table_of[kept++] = w->table_of[i];
    }
    if (kept == 0)
        return w->job->error.rc;
    w->count = kept;
    throttle_forgive(w->job);
    return STATOR_OK;
}

static void charge(struct writing *w)
{
    for (size_t i = 0; i < w->count; i++)
        throttle_charge_write(w->engine, w->job, w->writes[i].table, w->writes[i].key,
                              request_write_units(&w->results[i]), w->results[i].index_units);
}

/* --- Writing --- */

static void count_units(struct writing *w)
{
    for (size_t i = 0; i < w->count; i++) {
        struct batch_table *table = &w->batch->tables[w->table_of[i]];

        table->units += request_write_units(&w->results[i]);
        for (size_t k = 0; k < table->table->index_count; k++)
            table->index_units[k] += w->results[i].index_units[k];
    }
}

static enum stator_rc add_metrics(struct writing *w, struct BatchWriteItemOutput *out)
{
    const struct BatchWriteItemInput *in = w->job->input;
    size_t tables = in->RequestItems.count;
    struct ItemCollectionMetrics *all = ARENA_ARRAY(&w->job->arena, struct ItemCollectionMetrics, w->count);
    struct ItemCollectionMetricsPerTable_entry *entries =
        ARENA_ARRAY(&w->job->arena, struct ItemCollectionMetricsPerTable_entry, tables);

    if (all == NULL || entries == NULL)
        return stator_fail_memory(&w->job->error);
    for (size_t i = 0, k = 0; i < tables; i++) {
        struct ItemCollectionMetrics *list = &all[k];
        size_t count = 0;

        for (; k < w->count && w->table_of[k] == i; k++) {
            const struct ItemCollectionMetrics *one = request_collection_metrics(
                &in->ReturnItemCollectionMetrics, w->engine, w->writes[k].table, w->writes[k].key, &w->job->arena);

            if (one != NULL)
                list[count++] = *one;
        }
        if (count == 0)
            continue;
        entries[out->ItemCollectionMetrics.count].key = in->RequestItems.at[i].key;
        entries[out->ItemCollectionMetrics.count++].value = (struct ItemCollectionMetricsMultiple)API_LIST(list, count);
        out->ItemCollectionMetrics.at = entries;
        out->ItemCollectionMetrics.set = true;
    }
    return STATOR_OK;
}

/* Called before anything is stored: a batch is not done whose answer there is no memory for. */
static enum stator_rc make_answer(void *context, struct stator_error *err)
{
    struct writing *w = context;
    const struct BatchWriteItemInput *in = w->job->input;
    struct BatchWriteItemOutput *out = ARENA_NEW(&w->job->arena, struct BatchWriteItemOutput);

    if (out == NULL)
        return stator_fail_memory(err);
    count_units(w);
    STATOR_TRY(add_metrics(w, out));
    out->UnprocessedItems = w->unprocessed;
    out->UnprocessedItems.set = true;
    out->ConsumedCapacity = batch_capacity(w->batch, &in->ReturnConsumedCapacity, &w->job->arena);
    w->job->output = out;
    return w->job->arena.failed ? stator_fail_memory(err) : STATOR_OK;
}

/* An item is in a transaction under way, and contention is refused: nothing was done, and all may be sent again. */
static enum stator_rc leave_unprocessed(struct writing *w)
{
    const struct BatchWriteItemInput *in = w->job->input;
    struct BatchWriteItemOutput *out = ARENA_NEW(&w->job->arena, struct BatchWriteItemOutput);

    if (out == NULL)
        return stator_fail_memory(&w->job->error);
    out->UnprocessedItems = in->RequestItems;
    out->ConsumedCapacity = batch_capacity(w->batch, &in->ReturnConsumedCapacity, &w->job->arena);
    w->job->output = out;
    return STATOR_OK;
}

/* On versions of the tables as they are now. *stale: one of them has been superseded meanwhile, and nothing is done. */
static enum stator_rc write_once(struct writing *w, bool *stale)
{
    struct write *last;
    enum stator_rc rc;

    STATOR_TRY(make_writes(w));
    if (throttle_is_on(w->engine))
        STATOR_TRY(keep_admitted(w));
    last = &w->writes[w->count - 1];
    last->before_commit = make_answer;
    last->context = w;
    rc = table_write_many(&w->engine->db, w->writes, w->count, request_wait(w->job), w->results, &w->job->arena,
                          &w->job->error);
    *stale = rc == STATOR_OK && w->results[0].stale;
    w->job->latch = w->results[0].busy;
    w->job->wait.epoch = w->results[0].epoch;
    if (rc == STATOR_OK && !*stale)
        charge(w);
    for (size_t i = 0; i < w->count; i++)
        write_result_release(&w->results[i]);
    return rc == STATOR_TRANSACTION_CONFLICT ? leave_unprocessed(w) : rc;
}

enum stator_rc op_batch_write_item(struct engine *engine, struct job *job)
{
    const struct BatchWriteItemInput *in = job->input;
    struct bytes *names = ARENA_ARRAY(&job->arena, struct bytes, in->RequestItems.count);
    struct writing writing = {.engine = engine, .job = job};
    bool stale = false;
    enum stator_rc rc;

    if (names == NULL)
        return stator_fail_memory(&job->error);
    for (size_t i = 0; i < in->RequestItems.count; i++)
        names[i] = in->RequestItems.at[i].key;
    STATOR_TRY(check(&in->RequestItems, wording_voice(engine, job).layer, &job->error));
    if ((job->body.len > BODY_ON_LOOP || throttle_is_on(engine)) && !job->on_worker)
        return STATOR_AGAIN;
    do {
        rc = batch_open(&writing.batch, engine, job, names, in->RequestItems.count);
        if (rc == STATOR_OK)
            rc = write_once(&writing, &stale);
    } while (rc == STATOR_OK && stale);
    return rc;
}
