/* SPDX-License-Identifier: Apache-2.0 */
#include "op/batch.h"
#include "op/throttle.h"
#include "plan/attribute.h"
#include "plan/key.h"
#include "plan/legacy.h"
#include "table/read.h"

#define KEYS_MAX     100
#define KEYS_ON_LOOP 10 /* more are read on a worker */
#define ANSWER_BYTES_MAX                                                                                               \
    ((size_t)16 * 1024 * 1024)                     /* of items; what is over it is unprocessed, as the service has it */
#define ANSWER_JSON_MAX ((size_t)64 * 1024 * 1024) /* likewise of their JSON, which may be much longer */

struct reading {
    struct engine *engine;
    struct job *job;
    struct batch *batch;
    struct BatchGetItemOutput *out;
    struct BatchGetResponseMap_entry *responses;
    struct BatchGetRequestMap_entry *unprocessed;
    size_t answer_bytes, answer_json;
    size_t done, throttled; /* keys */
};

/* What one table's request asks for mixes with what another's does, too. */
static enum stator_rc check_mixed(const struct BatchGetRequestMap *requests, struct wording_voice voice,
                                  struct stator_error *err)
{
    static const struct ExpressionAttributeNameMap no_names;
    struct request_member legacy = {"AttributesToGet", false}, expression = {"ProjectionExpression", false};
    const struct request_members members = {&legacy, &expression, 1, 1, &no_names, NULL};

    for (size_t i = 0; i < requests->count; i++) {
        legacy.given |= requests->at[i].value.AttributesToGet.set;
        expression.given |= bytes_present(requests->at[i].value.ProjectionExpression);
    }
    return request_check_members(&members, voice, err);
}

/* Everything that needs no table, in the service's order. Gives each table's projection. */
static enum stator_rc check(struct projection **projections, const struct BatchGetRequestMap *requests,
                            struct wording_voice voice, struct job *job)
{
    size_t total = 0;

    STATOR_TRY(check_mixed(requests, voice, &job->error));
    for (size_t i = 0; i < requests->count; i++) {
        const struct KeysAndAttributes *request = &requests->at[i].value;
        const struct request_member legacy[] = {{"AttributesToGet", request->AttributesToGet.set}};
        const struct request_member expression[] = {
            {"ProjectionExpression", bytes_present(request->ProjectionExpression)}};
        const struct request_members members = {legacy, expression, 1, 1, &request->ExpressionAttributeNames, NULL};
        struct expressions expressions = {.projection_text = request->ProjectionExpression};

        STATOR_TRY(request_check_members(&members, voice, &job->error));
        STATOR_TRY(
            legacy_attributes_to_get(&expressions.projection, &request->AttributesToGet, &job->arena, &job->error));
        STATOR_TRY(request_parse(&expressions, &request->ExpressionAttributeNames, NULL, voice.layer, job));
        projections[i] = expressions.projection;
        for (size_t k = 0; k < request->Keys.count; k++)
            STATOR_TRY(attribute_check_item(&request->Keys.at[k], voice.layer, &job->error));
        STATOR_TRY(batch_check_distinct(request->Keys.at, request->Keys.count, &job->error));
        total += request->Keys.count;
    }
    if (total > KEYS_MAX)
        return stator_fail(&job->error, STATOR_VALIDATION, "Too many items requested for the BatchGetItem call");
    if (total > KEYS_ON_LOOP && !job->on_worker)
        return STATOR_AGAIN;
    return STATOR_OK;
}

static enum stator_rc check_keys(const struct table *table, const struct KeysAndAttributes *request,
                                 const struct projection *projection, struct stator_error *err)
{
    for (size_t k = 0; k < request->Keys.count; k++)
        STATOR_TRY(key_check(table, &request->Keys.at[k], err));
    return key_check_paths(table, projection, NULL, err);
}

/* The item as it is answered: its own JSON, or the projection of it. Copied: the store's memory goes with the next key.
 */
static enum stator_rc shape_item(struct item *out, const struct read_result *read, const struct projection *projection,
                                 struct job *job)
{
    struct item_source_stored source;
    struct stored_item copy;
    struct bytes bytes = arena_copy(&job->arena, read->pinned.value);

    if (!bytes_present(bytes) || !stored_item_open(&copy, bytes))
        return stator_fail_memory(&job->error);
    *out = stored_item_answer(&copy);
    if (projection == NULL)
        return STATOR_OK;
    if (!item_source_stored_init(&source, &copy, &job->arena))
        return stator_fail_memory(&job->error);
    STATOR_TRY(projection_apply(out, projection, &source.source, &job->arena, &job->error));
    out->set = true;
    return STATOR_OK;
}

/* What is throttled is unprocessed like what is over the answer's size. */
static bool is_throttled(struct reading *r, const struct throttle_use *use)
{
    bool throttled = throttle_admit(r->engine, r->job, use) != STATOR_OK;

    r->throttled += throttled;
    return throttled;
}

/* Counts and charges an item that is answered, or is not there. */
static void take_read(struct reading *r, struct batch_table *table, const struct throttle_use *use,
                      const struct read_result *read, bool consistent)
{
    double units = request_read_units(read->exists ? read->item.size_bytes : 0, consistent);

    r->done++;
    table->units += units;
    throttle_charge(r->engine, r->job, use, units);
    if (!read->exists)
        return;
    r->answer_bytes += read->item.size_bytes;
    r->answer_json += stored_item_answer_bytes(&read->item);
}

/* One key. *over: the answer is full, or the table's throughput used up, so the key is unprocessed. */
static enum stator_rc read_one(struct reading *r, size_t i, const struct item *key, const struct projection *projection,
                               struct item *out, bool *over)
{
    const struct BatchGetItemInput *in = r->job->input;
    bool consistent = in->RequestItems.at[i].value.ConsistentRead == API_TRUE;
    struct batch_table *table = &r->batch->tables[i];
    struct throttle_use use = throttle_use_of_item(r->engine, table->table, CAPACITY_READ, key);
    struct read_result read;
    enum stator_rc rc;

    *over = is_throttled(r, &use);
    if (*over)
        return STATOR_OK;
    rc = table_get_paid(&r->engine->db, table->table, key, NULL, r->job->on_worker, &r->job->budget, &read,
                        &r->job->error);
    if (rc == STATOR_OK && read.exists &&
        (r->answer_bytes + read.item.size_bytes > ANSWER_BYTES_MAX ||
         r->answer_json + stored_item_answer_bytes(&read.item) > ANSWER_JSON_MAX)) {
        *over = true;
    } else if (rc == STATOR_OK && read.exists &&
               !expr_budget_allows(&r->job->budget,
                                   expr_answer_cost(stored_item_answer_bytes(&read.item), projection != NULL))) {
        rc = STATOR_AGAIN;
    } else if (rc == STATOR_OK) {
        rc = read.exists ? shape_item(out, &read, projection, r->job) : STATOR_OK;
        *over = rc == STATOR_NO_MEMORY && r->done != 0;
        if (rc == STATOR_OK)
            take_read(r, table, &use, &read, consistent);
    }
    if (*over && rc == STATOR_NO_MEMORY) { /* what finds no room is unprocessed, too */
        r->job->arena.failed = false;
        *out = (struct item){0};
        rc = STATOR_OK;
    }
    store_release(&read.pinned);
    return rc;
}

static enum stator_rc read_table(struct reading *r, size_t i, const struct projection *projection)
{
    const struct BatchGetItemInput *in = r->job->input;
    const struct KeysAndAttributes *request = &in->RequestItems.at[i].value;
    struct item *items = ARENA_ARRAY(&r->job->arena, struct item, request->Keys.count);
    struct item *left = ARENA_ARRAY(&r->job->arena, struct item, request->Keys.count);
    size_t found = 0, left_count = 0;

    if (items == NULL || left == NULL)
        return stator_fail_memory(&r->job->error);
    for (size_t k = 0; k < request->Keys.count; k++) {
        bool over = false;

        STATOR_TRY(read_one(r, i, &request->Keys.at[k], projection, &items[found], &over));
        if (over)
            left[left_count++] = request->Keys.at[k];
        found += items[found].set;
    }
    r->responses[i].key = in->RequestItems.at[i].key;
    r->responses[i].value = (struct ItemList)API_LIST(items, found);
    if (left_count != 0) {
        struct BatchGetRequestMap_entry *entry = &r->unprocessed[r->out->UnprocessedKeys.count++];

        *entry = in->RequestItems.at[i];
        entry->value.Keys = (struct KeyList)API_LIST(left, left_count);
    }
    return STATOR_OK;
}

static enum stator_rc read_all(struct reading *r, struct projection **projections)
{
    const struct BatchGetItemInput *in = r->job->input;
    size_t count = in->RequestItems.count;

    r->out = ARENA_NEW(&r->job->arena, struct BatchGetItemOutput);
    r->responses = ARENA_ARRAY(&r->job->arena, struct BatchGetResponseMap_entry, count);
    r->unprocessed = ARENA_ARRAY(&r->job->arena, struct BatchGetRequestMap_entry, count);
    if (r->out == NULL || r->responses == NULL || r->unprocessed == NULL)
        return stator_fail_memory(&r->job->error);
    for (size_t i = 0; i < count; i++)
        STATOR_TRY(
            check_keys(r->batch->tables[i].table, &in->RequestItems.at[i].value, projections[i], &r->job->error));
    for (size_t i = 0; i < count; i++)
        STATOR_TRY(read_table(r, i, projections[i]));
    if (r->throttled != 0 && r->done == 0)
        return r->job->error.rc;
    throttle_forgive(r->job);
    r->out->Responses = (struct BatchGetResponseMap)API_LIST(r->responses, count);
    r->out->UnprocessedKeys.at = r->unprocessed;
    r->out->UnprocessedKeys.set = true;
    r->out->ConsumedCapacity = batch_capacity(r->batch, &in->ReturnConsumedCapacity, &r->job->arena);
    r->job->output = r->out;
    return STATOR_OK;
}

enum stator_rc op_batch_get_item(struct engine *engine, struct job *job)
{
    const struct BatchGetItemInput *in = job->input;
    const struct BatchGetRequestMap *requests = &in->RequestItems;
    struct projection **projections = ARENA_ARRAY(&job->arena, struct projection *, requests->count);
    struct bytes *names = ARENA_ARRAY(&job->arena, struct bytes, requests->count);
    struct reading reading = {.engine = engine, .job = job};

    if (projections == NULL || names == NULL)
        return stator_fail_memory(&job->error);
    for (size_t i = 0; i < requests->count; i++)
        names[i] = requests->at[i].key;
    STATOR_TRY(check(projections, requests, wording_voice(engine, job), job));
    if (throttle_is_on(engine) && job->budget.later) /* what is charged is not begun again */
        return STATOR_AGAIN;
    STATOR_TRY(batch_open(&reading.batch, engine, job, names, requests->count));
    return read_all(&reading, projections);
}
