/* SPDX-License-Identifier: Apache-2.0 */
#include "op/engine.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "clock/clock.h"
#include "op/meter.h"
#include "op/throttle.h"
#include "task/reclaim.h"
#include "task/tasks.h"
#include "watch/log.h"

static enum stator_rc open_streams(struct engine *engine, struct stator_error *err)
{
    const struct engine_options *options = &engine->options;
    struct streams_options streams = STREAMS_DEFAULTS;

    streams.lanes = options->stream_shards;
    if (options->stream_shard_s != 0)
        streams.shard_s = options->stream_shard_s;
    if (options->stream_shard_records != 0)
        streams.shard_records = options->stream_shard_records;
    if (options->stream_retention_s != 0)
        streams.retention_s = options->stream_retention_s;
    return streams_open(&engine->db.streams, engine->db.store, engine->db.durability, &streams, err);
}

static void tell_of_start(const struct store *store)
{
    if (store_left_out(store)[0] != '\0')
        LOG_LINE(LOG_LEVEL_WARN, "a log cannot be read to its end, as after a power cut: what is behind is left out",
                 LOG_STRING("log", store_left_out(store)));
    if (store_upgraded_from(store) != 0)
        LOG_LINE(LOG_LEVEL_INFO, "the data directory is of a newer format now: an older server refuses it",
                 LOG_NUMBER("from", store_upgraded_from(store)), LOG_NUMBER("to", STORE_FORMAT));
}

static enum stator_rc open_database(struct engine *engine, struct stator_error *err)
{
    const struct engine_options *options = &engine->options;
    const struct store_options store = {
        .dir = options->data_dir,
        .shards = options->shards,
        .durability = options->durability,
        .layout = RING_LAYOUT,
        .program = options->program,
        .cache_bytes = (size_t)options->cache_mib << 20,
    };
    struct database *db = &engine->db;

    STATOR_TRY(store_open(&db->store, &store, err));
    tell_of_start(db->store);
    STATOR_TRY(ring_init(&db->ring, store_shards(db->store), err));
    db->latches = latch_table_new();
    if (db->latches == NULL)
        return stator_fail_memory(err);
    STATOR_TRY(tokens_init(&db->tokens, err));
    if (options->refuse_conflicts) {
        db->running = running_new();
        if (db->running == NULL)
            return stator_fail_memory(err);
    }
    STATOR_TRY(durability_start(&db->durability, db->store, options->durability, err));
    STATOR_TRY(open_streams(engine, err));
    return catalog_open(&db->catalog, db->store, err);
}

enum stator_rc engine_open(struct engine **out, const struct engine_options *options, struct stator_error *err)
{
    struct engine *engine = calloc(1, sizeof(*engine));
    struct tasks_options tasks;
    enum stator_rc rc;

    *out = NULL;
    if (engine == NULL)
        return stator_fail_memory(err);
    engine->options = *options;
    tasks = (struct tasks_options){.db = &engine->db, .ttl_interval_ms = options->ttl_interval_ms};
    rc = clock_follow(options->clock_file, err);
    engine->meters = meters_new(options->metrics_tables);
    if (rc == STATOR_OK && engine->meters == NULL)
        rc = stator_fail_memory(err);
    if (rc == STATOR_OK && options->enforce_throughput) {
        engine->partitions = calloc(THROTTLE_PARTITIONS, sizeof(*engine->partitions));
        rc = engine->partitions != NULL ? STATOR_OK : stator_fail_memory(err);
    }
    if (rc == STATOR_OK)
        rc = open_database(engine, err);
    if (rc == STATOR_OK)
        rc = tasks_start(&engine->tasks, &tasks, err);
    if (rc == STATOR_OK)
        rc = reclaim_start(&engine->reclaim, engine->db.store, err);
    if (rc != STATOR_OK) {
        engine_close(engine);
        return rc;
    }
    *out = engine;
    return STATOR_OK;
}

void engine_close(struct engine *engine)
{
    if (engine == NULL)
        return;
    reclaim_stop(engine->reclaim);
    tasks_stop(engine->tasks);
    durability_stop(engine->db.durability);
    catalog_close(engine->db.catalog);
    running_free(engine->db.running);
    tokens_deinit(&engine->db.tokens);
    streams_close(engine->db.streams);
    latch_table_free(engine->db.latches);
    ring_deinit(&engine->db.ring);
    store_close(engine->db.store);
    meters_free(engine->meters);
    free(engine->partitions);
    free(engine);
}

void engine_close_within(struct engine *engine, uint32_t ms)
{
    store_close_within(engine->db.store, ms);
}

void engine_compact(struct engine *engine)
{
    reclaim_compact(engine->reclaim);
}

void engine_hurry(struct engine *engine)
{
    atomic_store(&engine->hurried, true);
    store_hurry(engine->db.store);
}

bool engine_is_hurried(const struct engine *engine)
{
    return atomic_load_explicit(&engine->hurried, memory_order_relaxed);
}

struct durability *engine_durability(struct engine *engine)
{
    return engine->db.durability;
}

uint32_t engine_shards(const struct engine *engine)
{
    return store_shards(engine->db.store);
}

struct bytes op_region(const struct job *job)
{
    return job->region.len != 0 ? job->region : BYTES("us-east-1");
}

struct bytes op_namespace(const struct engine *engine, struct job *job)
{
    bool by_region = engine->options.isolate_by_region, by_key = engine->options.isolate_by_access_key;
    uint8_t *both;

    if (!by_key)
        return by_region ? op_region(job) : BYTES("");
    if (!by_region)
        return job->access_key;
    both = arena_alloc(&job->arena, job->region.len + 1 + job->access_key.len);
    if (both == NULL)
        return (struct bytes){NULL, 0};
    memcpy(both, job->region.at, job->region.len);
    both[job->region.len] = '/';
    memcpy(both + job->region.len + 1, job->access_key.at, job->access_key.len);
    return bytes_of(both, job->region.len + 1 + job->access_key.len);
}

struct bytes op_table_name(struct bytes name)
{
    static const char resource[] = ":table/";
    const uint8_t *found;

    if (!bytes_starts_with(name, BYTES("arn:")))
        return name;
    found = memmem(name.at, name.len, resource, sizeof(resource) - 1);
    if (found == NULL)
        return name;
    found += sizeof(resource) - 1;
    return bytes_of(found, (size_t)(name.at + name.len - found));
}

/* The part of an ARN between its n-th colon and the next one. */
static struct bytes arn_part(struct bytes arn, unsigned n)
{
    size_t begin = 0, end;

    while (begin < arn.len && n != 0)
        n -= arn.at[begin++] == ':';
    for (end = begin; end < arn.len && arn.at[end] != ':'; end++)
        continue;
    return bytes_of(arn.at + begin, end - begin);
}

bool op_is_elsewhere(const struct engine *engine, const struct job *job, struct bytes arn)
{
    return engine->options.isolate_by_region && bytes_starts_with(arn, BYTES("arn:")) &&
           !bytes_equal(arn_part(arn, 3), op_region(job));
}

bool op_is_of_others(const struct engine *engine, struct bytes arn)
{
    return engine->options.isolate_by_region && bytes_starts_with(arn, BYTES("arn:")) &&
           !bytes_equal(arn_part(arn, 4), BYTES(OP_ACCOUNT));
}

enum stator_rc op_check_arn(const struct engine *engine, struct job *job, struct bytes name)
{
    if (op_is_elsewhere(engine, job, name))
        return stator_fail(&job->error, STATOR_VALIDATION, "1 validation error detected: Invalid AWS region in '%.*s'",
                           BYTES_ARG(name));
    if (op_is_of_others(engine, name))
        return stator_fail(&job->error, STATOR_ACCESS_DENIED, "Access is denied");
    return STATOR_OK;
}

static enum stator_rc not_found(struct job *job, struct bytes name, enum op_plane plane)
{
    if (plane == OP_DATA)
        return stator_fail(&job->error, STATOR_RESOURCE_NOT_FOUND, "Requested resource not found");
    return stator_fail(&job->error, STATOR_RESOURCE_NOT_FOUND, "Requested resource not found: Table: %.*s not found",
                       BYTES_ARG(name));
}

static void release_table(void *table)
{
    table_release(table);
}

enum stator_rc op_table(struct table **out, struct engine *engine, struct job *job, struct bytes table_name,
                        enum op_plane plane)
{
    struct bytes namespace_ = op_namespace(engine, job);
    struct bytes name = op_table_name(table_name);

    *out = NULL;
    if (!bytes_present(namespace_))
        return stator_fail_memory(&job->error);
    STATOR_TRY(op_check_arn(engine, job, table_name));
    *out = catalog_find(engine->db.catalog, namespace_, name);
    if (*out == NULL)
        return not_found(job, name, plane);
    if (!job_defer(job, release_table, *out)) {
        table_release(*out);
        return stator_fail_memory(&job->error);
    }
    if (plane == OP_DATA && ((*out)->status == TableStatus_CREATING || (*out)->status == TableStatus_DELETING))
        return not_found(job, name, plane);
    job->table_name = name;
    return meter_use(engine, job, *out) != NULL ? STATOR_OK : stator_fail_memory(&job->error);
}

double op_now(void)
{
    return (double)clock_ms() / 1e3;
}
