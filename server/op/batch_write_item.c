/* SPDX-License-Identifier: Apache-2.0 */
/* Each request of a batch is a write of its own: one that meets an error after others have been done is given back as
 * unprocessed, with all after it. */
#include "op/batch.h"
#include "plan/attribute.h"
#include "plan/key.h"

#define REQUESTS_MAX 25

struct writing {
    struct engine *engine;
    struct job *job;
    struct batch *batch;
    struct BatchWriteItemOutput *out;
    struct BatchWriteItemRequestMap_entry *unprocessed;
    struct ItemCollectionMetricsPerTable_entry *metrics;
    size_t done; /* writes that are stored */
    bool stopped;
};

static const struct item *key_source(const struct WriteRequest *request)
{
    return request->PutRequest != NULL ? &request->PutRequest->Item : &request->DeleteRequest->Key;
}

/* Everything that needs no table, in the service's order. */
static enum stator_rc check(const struct BatchWriteItemRequestMap *tables, enum value_layer layer,
                            struct stator_error *err)
{
    size_t total = 0;

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
        total += requests->count;
    }
    if (total > REQUESTS_MAX)
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

static enum stator_rc check_table(const struct table *table, const struct WriteRequests *requests, struct job *job)
{
    struct item *keys = ARENA_ARRAY(&job->arena, struct item, requests->count);

    if (keys == NULL)
        return stator_fail_memory(&job->error);
    for (size_t k = 0; k < requests->count; k++) {
        const struct WriteRequest *request = &requests->at[k];

        if (request->PutRequest != NULL)
            STATOR_TRY(check_put(table, &request->PutRequest->Item, &job->error));
        else
            STATOR_TRY(key_check(table, &request->DeleteRequest->Key, &job->error));
        keys[k] = key_of_item(table, key_source(request), &job->arena);
        if (keys[k].count == 0)
            return stator_fail_memory(&job->error);
    }
    return batch_check_distinct(keys, requests->count, &job->error);
}

static void count_units(struct batch_table *table, const struct write_result *result)
{
    table->units += request_write_units(result);
    for (size_t i = 0; i < table->table->index_count; i++)
        table->index_units[i] += result->index_units[i];
}

/* Goes over to the table's newest version; what was counted for an index goes with the index. */
static enum stator_rc renew_table(struct writing *w, size_t i)
{
    const struct BatchWriteItemInput *in = w->job->input;
    struct batch_table *entry = &w->batch->tables[i];
    struct table *old = entry->table, *fresh;
    uint32_t *units;
    enum stator_rc rc;

    STATOR_TRY(op_table(&fresh, w->engine, w->job, in->RequestItems.at[i].key, OP_DATA));
    units = ARENA_ARRAY(&w->job->arena, uint32_t, fresh->index_count);
    for (size_t k = 0; units != NULL && k < fresh->index_count; k++)
        for (size_t o = 0; o < old->index_count; o++)
            if (old->indexes[o].state == fresh->indexes[k].state)
                units[k] = entry->index_units[o];
    rc = units == NULL ? stator_fail_memory(&w->job->error) : check_table(fresh, &in->RequestItems.at[i].value, w->job);
    if (rc != STATOR_OK) {
        table_release(fresh);
        return rc;
    }
    entry->table = fresh;
    entry->index_units = units;
    table_release(old);
    return STATOR_OK;
}

/* On a version that is superseded the table is looked up anew. */
static enum stator_rc write_one(struct writing *w, size_t i, const struct WriteRequest *request)
{
    struct batch_table *table = &w->batch->tables[i];
    struct write_result result;
    enum stator_rc rc;

    do {
        struct write write = {
            .kind = request->PutRequest != NULL ? WRITE_PUT : WRITE_DELETE,
            .table = table->table,
            .key = key_source(request),
            .item = request->PutRequest != NULL ? &request->PutRequest->Item : NULL,
        };

        rc = table_write(&w->engine->db, &write, true, &result, &w->job->arena, &w->job->error);
        write_result_release(&result);
        if (rc == STATOR_OK && result.stale)
            STATOR_TRY(renew_table(w, i));
    } while (rc == STATOR_OK && result.stale);
    if (rc != STATOR_OK)
        return rc;
    count_units(table, &result);
    w->job->wait.epoch = result.epoch > w->job->wait.epoch ? result.epoch : w->job->wait.epoch;
    return STATOR_OK;
}

static bool add_metrics(struct writing *w, size_t i)
{
    const struct BatchWriteItemInput *in = w->job->input;
    const struct WriteRequests *requests = &in->RequestItems.at[i].value;
    struct ItemCollectionMetrics *list = ARENA_ARRAY(&w->job->arena, struct ItemCollectionMetrics, requests->count);
    size_t count = 0;

    for (size_t k = 0; list != NULL && k < requests->count; k++) {
        const struct ItemCollectionMetrics *one =
            request_collection_metrics(&in->ReturnItemCollectionMetrics, w->engine, w->batch->tables[i].table,
                                       key_source(&requests->at[k]), &w->job->arena);

        if (one != NULL)
            list[count++] = *one;
    }
    if (count != 0) {
        w->metrics[w->out->ItemCollectionMetrics.count].key = in->RequestItems.at[i].key;
        w->metrics[w->out->ItemCollectionMetrics.count++].value =
            (struct ItemCollectionMetricsMultiple)API_LIST(list, count);
        w->out->ItemCollectionMetrics.at = w->metrics;
        w->out->ItemCollectionMetrics.set = true;
    }
    return list != NULL;
}

static enum stator_rc write_table(struct writing *w, size_t i)
{
    const struct BatchWriteItemInput *in = w->job->input;
    const struct WriteRequests *requests = &in->RequestItems.at[i].value;
    size_t k = 0;

    for (; k < requests->count && !w->stopped; k++) {
        enum stator_rc rc = write_one(w, i, &requests->at[k]);

        if (rc != STATOR_OK && w->done == 0)
            return rc;
        w->stopped = rc != STATOR_OK;
        w->done += rc == STATOR_OK;
        if (w->stopped)
            break;
    }
    if (k < requests->count) {
        struct BatchWriteItemRequestMap_entry *entry = &w->unprocessed[w->out->UnprocessedItems.count++];

        entry->key = in->RequestItems.at[i].key;
        entry->value = (struct WriteRequests)API_LIST(&requests->at[k], requests->count - k);
    }
    return add_metrics(w, i) ? STATOR_OK : stator_fail_memory(&w->job->error);
}

static enum stator_rc write_all(struct writing *w)
{
    const struct BatchWriteItemInput *in = w->job->input;
    size_t count = in->RequestItems.count;

    w->out = ARENA_NEW(&w->job->arena, struct BatchWriteItemOutput);
    w->unprocessed = ARENA_ARRAY(&w->job->arena, struct BatchWriteItemRequestMap_entry, count);
    w->metrics = ARENA_ARRAY(&w->job->arena, struct ItemCollectionMetricsPerTable_entry, count);
    if (w->out == NULL || w->unprocessed == NULL || w->metrics == NULL)
        return stator_fail_memory(&w->job->error);
    for (size_t i = 0; i < count; i++)
        STATOR_TRY(check_table(w->batch->tables[i].table, &in->RequestItems.at[i].value, w->job));
    for (size_t i = 0; i < count; i++)
        STATOR_TRY(write_table(w, i));
    w->out->UnprocessedItems.at = w->unprocessed;
    w->out->UnprocessedItems.set = true;
    w->out->ConsumedCapacity = batch_capacity(w->batch, &in->ReturnConsumedCapacity, &w->job->arena);
    w->job->output = w->out;
    return STATOR_OK;
}

enum stator_rc op_batch_write_item(struct engine *engine, struct job *job)
{
    const struct BatchWriteItemInput *in = job->input;
    struct bytes *names = ARENA_ARRAY(&job->arena, struct bytes, in->RequestItems.count);
    struct writing writing = {.engine = engine, .job = job};

    if (names == NULL)
        return stator_fail_memory(&job->error);
    for (size_t i = 0; i < in->RequestItems.count; i++)
        names[i] = in->RequestItems.at[i].key;
    STATOR_TRY(check(&in->RequestItems, wording_voice(engine, job).layer, &job->error));
    if (!job->on_worker)
        return STATOR_AGAIN; /* many writes, each of which may wait, and none of which may be done twice */
    STATOR_TRY(batch_open(&writing.batch, engine, job, names, in->RequestItems.count));
    return write_all(&writing);
}
