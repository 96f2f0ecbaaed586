/* SPDX-License-Identifier: Apache-2.0 */
/* The requests of a batch are writes of their own that have nothing to do with each other; that many are stored with one
 * write of the store makes them cheap and is no promise. A part that is stored stays so: what is left then may be
 * unprocessed, and a batch that must wait between two parts remembers how far it is. */
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
    struct write_series series;           /* of the writes */
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

/* *kept counts those that stay; the others come back as unprocessed. */
static void keep(struct writing *w, size_t i, size_t *kept)
{
    w->writes[*kept] = w->writes[i];
    w->keys[*kept] = w->keys[i];
    w->requests[*kept] = w->requests[i];
    w->table_of[(*kept)++] = w->table_of[i];
}

/* Keeps the writes that are let in; the others are unprocessed. When none is left, that is an error: the last refusal. */
static enum stator_rc keep_admitted(struct writing *w)
{
    struct arena *arena = &w->job->arena;
    struct promised *promised = ARENA_ARRAY(arena, struct promised, w->batch->count);
    size_t kept = 0;

    if (promised == NULL)
        return stator_fail_memory(&w->job->error);
    for (size_t i = 0; i < w->batch->count; i++) {
        promised[i].index_units = ARENA_ARRAY(arena, double, w->batch->tables[i].table->index_count);
        if (promised[i].index_units == NULL)
            return stator_fail_memory(&w->job->error);
    }
    for (size_t i = 0; i < w->count; i++) {
        enum stator_rc rc = admit(w, i, &promised[w->table_of[i]]);

        if (rc == STATOR_NO_MEMORY)
            return rc;
        if (rc == STATOR_OK)
            keep(w, i, &kept);
    }
    if (kept == 0)
        return w->job->error.rc;
    w->count = kept;
    throttle_forgive(w->job);
    return STATOR_OK;
}

static void charge(struct writing *w, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        throttle_charge_write(w->engine, w->job, w->writes[i].table, w->writes[i].key,
                              request_write_units(&w->results[i]), w->results[i].index_units);
}

/* --- The answer, after the first `done` writes --- */

static void count_units(struct writing *w, size_t done)
{
    for (size_t i = 0; i < w->batch->count; i++) {
        struct batch_table *table = &w->batch->tables[i];

        table->units = 0;
        for (size_t k = 0; k < table->table->index_count; k++)
            table->index_units[k] = 0;
    }
    for (size_t i = 0; i < done; i++) {
        struct batch_table *table = &w->batch->tables[w->table_of[i]];

        table->units += request_write_units(&w->results[i]);
        for (size_t k = 0; k < table->table->index_count; k++)
            table->index_units[k] += w->results[i].index_units[k];
    }
}

static enum stator_rc add_metrics(struct writing *w, size_t done, struct BatchWriteItemOutput *out)
{
    const struct BatchWriteItemInput *in = w->job->input;
    size_t tables = in->RequestItems.count;
    struct ItemCollectionMetrics *all = ARENA_ARRAY(&w->job->arena, struct ItemCollectionMetrics, done);
    struct ItemCollectionMetricsPerTable_entry *entries =
        ARENA_ARRAY(&w->job->arena, struct ItemCollectionMetricsPerTable_entry, tables);

    if (all == NULL || entries == NULL)
        return stator_fail_memory(&w->job->error);
    for (size_t i = 0, k = 0; i < tables; i++) {
        struct ItemCollectionMetrics *list = &all[k];
        size_t count = 0;

        for (; k < done && w->table_of[k] == i; k++) {
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

static bool is_done(const struct writing *w, size_t done, const struct WriteRequest *request)
{
    for (size_t i = 0; i < done; i++)
        if (w->requests[i] == request)
            return true;
    return false;
}

/* What throttling has refused, and what is left of the writes. */
static enum stator_rc add_unprocessed(struct writing *w, size_t done, struct BatchWriteItemRequestMap *out)
{
    const struct BatchWriteItemRequestMap *asked = &((const struct BatchWriteItemInput *)w->job->input)->RequestItems;
    struct WriteRequest *left = ARENA_ARRAY(&w->job->arena, struct WriteRequest, count_requests(asked));
    struct BatchWriteItemRequestMap_entry *entries =
        ARENA_ARRAY(&w->job->arena, struct BatchWriteItemRequestMap_entry, asked->count);

    if (left == NULL || entries == NULL)
        return stator_fail_memory(&w->job->error);
    for (size_t i = 0; i < asked->count; i++) {
        const struct WriteRequests *requests = &asked->at[i].value;
        size_t count = 0;

        for (size_t k = 0; k < requests->count; k++)
            if (!is_done(w, done, &requests->at[k]))
                left[count++] = requests->at[k];
        if (count == 0)
            continue;
        entries[out->count].key = asked->at[i].key;
        entries[out->count++].value = (struct WriteRequests)API_LIST(left, count);
        left += count;
    }
    out->at = entries;
    out->set = true;
    return STATOR_OK;
}

static enum stator_rc answer(struct writing *w, size_t done)
{
    const struct BatchWriteItemInput *in = w->job->input;
    struct BatchWriteItemOutput *out = ARENA_NEW(&w->job->arena, struct BatchWriteItemOutput);

    if (out == NULL)
        return stator_fail_memory(&w->job->error);
    count_units(w, done);
    STATOR_TRY(add_metrics(w, done, out));
    STATOR_TRY(add_unprocessed(w, done, &out->UnprocessedItems));
    out->ConsumedCapacity = batch_capacity(w->batch, &in->ReturnConsumedCapacity, &w->job->arena);
    w->job->output = out;
    return w->job->arena.failed ? stator_fail_memory(&w->job->error) : STATOR_OK;
}

/* Called before the last part is stored: it is not whose answer there is no memory for. */
static enum stator_rc before_last(void *context, struct stator_error *err)
{
    struct writing *w = context;

    (void)err;
    return answer(w, w->count);
}

/* --- Writing --- */

static enum stator_rc write_part(struct writing *w, bool *stale)
{
    struct job *job = w->job;
    size_t from = w->series.done;
    enum stator_rc rc = table_write_part(&w->engine->db, &w->series, request_wait(job), &job->arena, &job->error);

    *stale = rc == STATOR_OK && w->results[from].stale;
    job->latch = w->results[from].busy;
    for (size_t i = from; i < w->count; i++)
        write_result_release(&w->results[i]);
    charge(w, from, w->series.done);
    return rc;
}

static void let_last_answer(struct writing *w)
{
    w->writes[w->count - 1].before_commit = before_last;
    w->writes[w->count - 1].context = w;
}

/* Items that are in a transaction under way, where contention is refused, are unprocessed; the others are tried again. */
static enum stator_rc leave_conflicts(struct writing *w)
{
    size_t done = w->series.done, kept = done;

    for (size_t i = done; i < w->count; i++) {
        if (!w->results[i].in_transaction)
            keep(w, i, &kept);
        w->results[i].in_transaction = false;
    }
    w->count = w->series.count = kept;
    if (kept == done)
        return answer(w, done);
    let_last_answer(w);
    return STATOR_OK;
}

/* *stale: a table's version has been superseded meanwhile, and nothing is done. Later that leaves the rest unprocessed. */
static enum stator_rc write_parts(struct writing *w, bool *stale)
{
    enum stator_rc rc = STATOR_OK;

    *stale = false;
    while (rc == STATOR_OK && !*stale && w->series.done < w->count) {
        rc = write_part(w, stale);
        if (rc == STATOR_TRANSACTION_CONFLICT)
            rc = leave_conflicts(w);
    }
    if (rc == STATOR_AGAIN && w->series.done != 0)
        w->job->progress = w;
    if (*stale && w->series.done != 0) {
        *stale = false;
        return answer(w, w->series.done);
    }
    return rc;
}

/* On versions of the tables as they are now. */
static enum stator_rc write_anew(struct writing *w, bool *stale)
{
    STATOR_TRY(make_writes(w));
    if (throttle_is_on(w->engine))
        STATOR_TRY(keep_admitted(w));
    let_last_answer(w);
    w->series = (struct write_series){.writes = w->writes, .results = w->results, .count = w->count};
    return write_parts(w, stale);
}

static enum stator_rc begin(struct engine *engine, struct job *job)
{
    const struct BatchWriteItemInput *in = job->input;
    struct bytes *names = ARENA_ARRAY(&job->arena, struct bytes, in->RequestItems.count);
    struct writing *w = ARENA_NEW(&job->arena, struct writing);
    bool stale = false;
    enum stator_rc rc;

    if (names == NULL || w == NULL)
        return stator_fail_memory(&job->error);
    *w = (struct writing){.engine = engine, .job = job};
    for (size_t i = 0; i < in->RequestItems.count; i++)
        names[i] = in->RequestItems.at[i].key;
    do {
        rc = batch_open(&w->batch, engine, job, names, in->RequestItems.count);
        if (rc == STATOR_OK)
            rc = write_anew(w, &stale);
    } while (rc == STATOR_OK && stale);
    return rc;
}

enum stator_rc op_batch_write_item(struct engine *engine, struct job *job)
{
    const struct BatchWriteItemInput *in = job->input;
    bool stale;

    if (job->progress != NULL)
        return write_parts(job->progress, &stale);
    STATOR_TRY(check(&in->RequestItems, wording_voice(engine, job).layer, &job->error));
    if ((job->body.len > BODY_ON_LOOP || throttle_is_on(engine)) && !job->on_worker)
        return STATOR_AGAIN;
    return begin(engine, job);
}
