/* SPDX-License-Identifier: Apache-2.0 */
/* report: what an operator sees of the data: sizes, the store, syncs, how far background work is behind. */
#include <stdio.h>
#include <stdlib.h>

#include "clock/clock.h"
#include "op/meter.h"
#include "task/reclaim.h"
#include "watch/exposition.h"
#include "json/writer.h"

#define NS_IN_S      ((uint64_t)1000000000)
#define SLOW_SYNC_NS (ENGINE_SLOW_SYNC_S * NS_IN_S)

enum engine_health engine_health(struct engine *engine)
{
    if (store_broken(engine->db.store))
        return ENGINE_READ_ONLY;
    if (store_damaged_reads(engine->db.store) != 0)
        return ENGINE_DAMAGED;
    if (store_full(engine->db.store) || store_starved(engine->db.store))
        return ENGINE_DISK_FULL;
    return durability_sync_ns(engine->db.durability) >= SLOW_SYNC_NS ? ENGINE_SYNC_SLOW : ENGINE_WELL;
}

uint32_t engine_sync_s(struct engine *engine)
{
    return (uint32_t)(durability_sync_ns(engine->db.durability) / NS_IN_S);
}

void engine_note_thread(struct engine *engine)
{
    store_note_thread(engine->db.store);
}

/* --- Tables ------------------------------------------------------------------------------------------------------- */

/* A gauge of a table; false: it has none. */
typedef bool table_gauge(struct engine *engine, const struct table *table, double *out);

static bool items_of(struct engine *engine, const struct table *table, double *out)
{
    (void)engine;
    *out = (double)atomic_load(&table->base.state->item_count);
    return true;
}

static bool bytes_of_table(struct engine *engine, const struct table *table, double *out)
{
    (void)engine;
    *out = (double)atomic_load(&table->base.state->size_bytes);
    return true;
}

static bool ttl_lag_of(struct engine *engine, const struct table *table, double *out)
{
    uint64_t done_s = atomic_load(&table->state->ttl_done_s), now_ms = clock_ms();

    (void)engine;
    *out = now_ms > done_s * 1000 ? (double)(now_ms - done_s * 1000) / 1e3 : 0;
    return done_s != 0 && table->extras->ttl.status == TimeToLiveStatus_ENABLED;
}

static bool ttl_deleted_of(struct engine *engine, const struct table *table, double *out)
{
    uint64_t deleted = atomic_load(&table->state->ttl_deleted);

    (void)engine;
    *out = (double)deleted;
    return deleted != 0 || table->extras->ttl.status == TimeToLiveStatus_ENABLED;
}

static bool stream_lag_of(struct engine *engine, const struct table *table, double *out)
{
    struct stream *stream = table->extras->stream != 0 ? streams_find(engine->db.streams, table->extras->stream) : NULL;

    if (stream == NULL)
        return false;
    *out = (double)stream_lag_ms(stream, stream_now_ms()) / 1e3;
    stream_release(stream);
    return true;
}

static void tell_gauge(struct buf *out, const char *name, struct bytes table, struct bytes namespace_, double value)
{
    const struct exposition_label labels[] = {{"table", table}, {"namespace", namespace_}};

    exposition_number(out, name, (struct exposition_labels){labels, 2}, value);
}

struct table_family {
    const char *name, *type, *help;
    table_gauge *gauge;
};

static void tell_family(struct buf *out, struct engine *engine, const struct meters_tables *tables,
                        const struct table_family *family)
{
    exposition_family(out, family->name, family->type, family->help);
    for (size_t i = 0; i < tables->count; i++) {
        double value;

        if (family->gauge(engine, tables->at[i], &value))
            tell_gauge(out, family->name, tables->at[i]->name, tables->at[i]->namespace_, value);
    }
    if (tables->others.count != 0 && family->gauge == items_of)
        tell_gauge(out, family->name, BYTES("(other)"), BYTES(""), (double)tables->others.items);
    if (tables->others.count != 0 && family->gauge == bytes_of_table)
        tell_gauge(out, family->name, BYTES("(other)"), BYTES(""), (double)tables->others.bytes);
}

static void tell_tables(struct buf *out, struct engine *engine, const struct meters_tables *tables)
{
    static const struct table_family families[] = {
        {"stator_table_items", "gauge", "Items of a table.", items_of},
        {"stator_table_size_bytes", "gauge", "Their sizes by DynamoDB's rules, without indexes.", bytes_of_table},
        {"stator_ttl_lag_seconds", "gauge",
         "Age of the moment up to which all items past their time to live are known to be deleted.", ttl_lag_of},
        {"stator_ttl_deleted_items_total", "counter", "Items deleted because their time to live was over.",
         ttl_deleted_of},
        {"stator_stream_lag_seconds", "gauge",
         "Age of the oldest stream record that no reader has got; 0: all are read.", stream_lag_of},
    };

    exposition_gauge(out, "stator_tables", "Tables there are.", tables->count + tables->others.count);
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        tell_family(out, engine, tables, &families[i]);
}

/* --- The store ---------------------------------------------------------------------------------------------------- */

static void family_name(char out[16], uint32_t family)
{
    if (family == STORE_CATALOG || family == STORE_COUNTERS)
        snprintf(out, 16, "%s", family == STORE_CATALOG ? "catalog" : "counters");
    else
        snprintf(out, 16, "%u", family - STORE_SHARD_FIRST);
}

static void tell_shard_gauge(struct buf *out, const struct store_family_stats *stats, uint32_t count, const char *name,
                             const char *help, size_t offset)
{
    exposition_family(out, name, "gauge", help);
    for (uint32_t i = 0; i < count; i++) {
        char text[16];
        struct exposition_label label = {.name = "shard"};

        family_name(text, i);
        label.value = bytes_of_string(text);
        exposition_integer(out, name, (struct exposition_labels){&label, 1},
                           *(const uint64_t *)(const void *)((const char *)&stats[i] + offset));
    }
}

static void tell_levels(struct buf *out, const struct store_family_stats *stats, uint32_t count)
{
    exposition_family(out, "stator_store_level_files", "gauge", "Table files of all shards by level; 0: as flushed.");
    for (int level = 0; level < STORE_LEVELS; level++) {
        const char text[] = {(char)('0' + level)};
        const struct exposition_label label = {"level", bytes_of(text, 1)};
        uint64_t files = 0;

        for (uint32_t i = 0; i < count; i++)
            files += stats[i].level_files[level];
        exposition_integer(out, "stator_store_level_files", (struct exposition_labels){&label, 1}, files);
    }
}

static void tell_shards(struct buf *out, struct store *store)
{
    uint32_t count = STORE_SHARD_FIRST + store_shards(store);
    struct store_family_stats *stats = calloc(count, sizeof(*stats));

    if (stats == NULL) {
        out->failed = true;
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        store_family_stats(store, i, &stats[i]);
    tell_shard_gauge(out, stats, count, "stator_shard_files_bytes",
                     "Table files of a shard of the store; catalog and counters are such, too.",
                     offsetof(struct store_family_stats, table_bytes));
    tell_shard_gauge(out, stats, count, "stator_shard_memory_bytes", "What of a shard is not yet in a table file.",
                     offsetof(struct store_family_stats, memory_bytes));
    tell_shard_gauge(out, stats, count, "stator_shard_keys",
                     "Keys of a shard (items, index entries, stream records), estimated.",
                     offsetof(struct store_family_stats, keys));
    tell_shard_gauge(out, stats, count, "stator_shard_compaction_pending_bytes",
                     "What compactions of a shard have yet to rewrite, estimated.",
                     offsetof(struct store_family_stats, waiting_bytes));
    tell_levels(out, stats, count);
    free(stats);
}

static void tell_store(struct buf *out, struct store *store)
{
    struct store_stats stats;

    store_stats(store, &stats);
    exposition_counter(out, "stator_store_cache_hits_total", "Blocks that reads found in the store's cache.",
                       stats.cache_hits);
    exposition_counter(out, "stator_store_cache_misses_total", "Blocks that reads had to read from files.",
                       stats.cache_misses);
    exposition_gauge(out, "stator_store_cache_bytes", "Size of what is in the store's cache.", stats.cache_bytes);
    exposition_gauge(out, "stator_store_cache_max_bytes", "Size that the cache may have.", stats.cache_bytes_max);
    exposition_counter(out, "stator_store_stalled_writes_total",
                       "Writes that the store held up because flushes or compactions did not keep up.", stats.stalls);
    exposition_family(out, "stator_store_stall_seconds_total", "counter", "How long writes waited for that.");
    exposition_seconds(out, "stator_store_stall_seconds_total", EXPOSITION_NO_LABELS, stats.stall_ns);
    exposition_gauge(out, "stator_store_writes_stopped", "1 while the store holds up all writes.", stats.stopped);
    exposition_gauge(out, "stator_store_writes_slowed_bytes_per_second",
                     "The rate to which the store holds writes down; 0: it does not.", stats.slowed_bytes_s);
    exposition_gauge(out, "stator_store_flushes", "Flushes under way.", stats.flushes);
    exposition_gauge(out, "stator_store_compactions", "Compactions under way.", stats.compactions);
    exposition_gauge(out, "stator_store_read_only",
                     "1 after a failed write or sync, until the server is started again, or has space again.",
                     store_read_only(store));
    exposition_counter(out, "stator_store_damaged_reads_total",
                       "Reads and compactions that met what is damaged on the disk.", store_damaged_reads(store));
    exposition_gauge(out, "stator_store_disk_full", "1 while writes are refused for lack of space.", stats.full);
    exposition_gauge(out, "stator_store_reclaimable_bytes",
                     "What is deleted and still in table files, estimated; background work gets it back.",
                     store_dead_bytes(store));
    exposition_gauge(out, "stator_store_reclaiming", "1 while files are rewritten to get space back.",
                     store_is_reclaiming(store));
    exposition_gauge(out, "stator_store_disk_free_bytes", "Free space of the data directory's disk; 0 in memory.",
                     stats.free_bytes);
    exposition_gauge(out, "stator_store_disk_size_bytes", "Size of that disk; 0 in memory.", stats.disk_bytes);
}

static void tell_syncs(struct buf *out, const struct durability *durability)
{
    struct durability_stats stats;

    durability_stats(durability, &stats);
    exposition_counter(out, "stator_wal_syncs_total", "Syncs of the log: each serves all answers that wait.",
                       histogram_total(&stats.times));
    exposition_family(out, "stator_wal_sync_duration_seconds", "histogram", "How long a sync took.");
    exposition_histogram(out, "stator_wal_sync_duration_seconds", EXPOSITION_NO_LABELS, HISTOGRAM_TIMES, &stats.times);
    exposition_family(out, "stator_wal_sync_under_way_seconds", "gauge",
                      "For how long the sync under way has lasted; 0: there is none.");
    exposition_seconds(out, "stator_wal_sync_under_way_seconds", EXPOSITION_NO_LABELS, durability_sync_ns(durability));
    exposition_family(out, "stator_wal_sync_group_size", "histogram", "Answers that waited for one sync.");
    exposition_histogram(out, "stator_wal_sync_group_size", EXPOSITION_NO_LABELS, HISTOGRAM_SIZES, &stats.groups);
}

void engine_tell_metrics(struct engine *engine, const struct metrics *metrics, struct buf *out)
{
    struct meters_tables tables;

    if (!meters_tables(&tables, engine)) {
        out->failed = true;
        return;
    }
    metrics_write(metrics, out, tables.metrics, tables.count);
    tell_tables(out, engine, &tables);
    meters_tables_release(&tables);
    tell_syncs(out, engine->db.durability);
    tell_store(out, engine->db.store);
    tell_shards(out, engine->db.store);
}

/* --- Status ------------------------------------------------------------------------------------------------------- */

struct totals {
    int64_t tables, items, bytes;
};

static void add_table(void *context, struct table *table)
{
    struct totals *totals = context;

    totals->tables++;
    totals->items += atomic_load(&table->base.state->item_count);
    totals->bytes += atomic_load(&table->base.state->size_bytes);
}

static void tell_number(struct json_writer *writer, struct bytes key, uint64_t value)
{
    json_key(writer, key);
    json_integer(writer, (int64_t)value);
}

static uint64_t files_bytes(struct store *store)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < STORE_SHARD_FIRST + store_shards(store); i++) {
        struct store_family_stats family;

        store_family_stats(store, i, &family);
        bytes += family.table_bytes;
    }
    return bytes;
}

void engine_tell_compaction(struct engine *engine, struct json_writer *writer)
{
    static const char *const states[] = {[RECLAIM_NONE] = "none",
                                         [RECLAIM_RUNNING] = "running",
                                         [RECLAIM_DONE] = "done",
                                         [RECLAIM_NO_SPACE] = "no room",
                                         [RECLAIM_DAMAGED] = "damaged"};
    struct reclaim_state state;

    reclaim_tell(engine->reclaim, &state);
    json_key(writer, BYTES("compaction"));
    json_string(writer, bytes_of_string(states[state.compaction]));
    tell_number(writer, BYTES("compaction_left_bytes"), state.left_bytes);
    tell_number(writer, BYTES("files_bytes"), files_bytes(engine->db.store));
    tell_number(writer, BYTES("reclaimable_bytes"), store_dead_bytes(engine->db.store));
    json_key(writer, BYTES("reclaiming"));
    json_bool(writer, state.working);
}

uint32_t engine_data_format(void)
{
    return STORE_FORMAT;
}

void engine_tell_status(struct engine *engine, struct json_writer *writer)
{
    static const char *const durability[] = {"full", "process", "none"};
    struct totals totals = {0};
    struct durability_stats syncs;
    struct store_stats store;

    catalog_each(engine->db.catalog, add_table, &totals);
    durability_stats(engine->db.durability, &syncs);
    store_stats(engine->db.store, &store);
    tell_number(writer, BYTES("data_format"), engine_data_format());
    json_key(writer, BYTES("data_dir"));
    if (engine->options.data_dir != NULL)
        json_string(writer, bytes_of_string(engine->options.data_dir));
    else
        json_null(writer);
    json_key(writer, BYTES("durability"));
    json_string(writer, bytes_of_string(durability[engine->options.durability]));
    tell_number(writer, BYTES("shards"), store_shards(engine->db.store));
    tell_number(writer, BYTES("tables"), (uint64_t)totals.tables);
    tell_number(writer, BYTES("items"), (uint64_t)totals.items);
    tell_number(writer, BYTES("data_bytes"), (uint64_t)totals.bytes);
    engine_tell_compaction(engine, writer);
    tell_number(writer, BYTES("damaged_reads"), store_damaged_reads(engine->db.store));
    tell_number(writer, BYTES("sync_under_way_s"), engine_sync_s(engine));
    if (store.disk_bytes != 0)
        tell_number(writer, BYTES("disk_free_bytes"), store.free_bytes);
    tell_number(writer, BYTES("cache_hits"), store.cache_hits);
    tell_number(writer, BYTES("cache_misses"), store.cache_misses);
    tell_number(writer, BYTES("stalled_writes"), store.stalls);
    tell_number(writer, BYTES("syncs"), histogram_total(&syncs.times));
    tell_number(writer, BYTES("synced_answers"), syncs.groups.sum);
}
