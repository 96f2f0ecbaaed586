/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator wants to know of the engine, by its properties.
 *
 * How many blocks were found in the cache the engine counts for each thread anyway (its statistics would count it for all
 * of them together, at a price for each read), so each thread tells, now and then, what it has added.
 */
#include "store/rocks.h"

#include <stdio.h>
#include <stdlib.h>

/* What this thread has told already. With several stores in a process, of all of them. */
static _Thread_local uint64_t told_hits, told_misses;

void store_note_thread(struct store *store)
{
    rocksdb_perfcontext_t *context = rocksdb_perfcontext_create(); /* this thread's */
    uint64_t hits = rocksdb_perfcontext_metric(context, rocksdb_block_cache_hit_count);
    uint64_t misses = rocksdb_perfcontext_metric(context, rocksdb_block_read_count);

    rocksdb_perfcontext_destroy(context);
    atomic_fetch_add_explicit(&store->cache_hits, hits - told_hits, memory_order_relaxed);
    atomic_fetch_add_explicit(&store->cache_misses, misses - told_misses, memory_order_relaxed);
    told_hits = hits;
    told_misses = misses;
}

uint64_t stats_property(struct store *store, rocksdb_column_family_handle_t *family, const char *name)
{
    uint64_t value = 0;

    return rocksdb_property_int_cf(store->db, family, name, &value) == 0 ? value : 0;
}

void store_family_stats(struct store *store, uint32_t family, struct store_family_stats *out)
{
    rocksdb_column_family_handle_t *handle = family_of(store, family);

    out->table_bytes = stats_property(store, handle, "rocksdb.live-sst-files-size");
    out->memory_bytes = stats_property(store, handle, "rocksdb.cur-size-all-mem-tables");
    out->keys = stats_property(store, handle, "rocksdb.estimate-num-keys");
    out->waiting_bytes = stats_property(store, handle, "rocksdb.estimate-pending-compaction-bytes");
    for (int level = 0; level < STORE_LEVELS; level++) {
        char name[40], *value;

        snprintf(name, sizeof(name), "rocksdb.num-files-at-level%d", level);
        value = rocksdb_property_value_cf(store->db, handle, name);
        out->level_files[level] = value != NULL ? strtoull(value, NULL, 10) : 0;
        rocksdb_free(value);
    }
}

void store_stats(struct store *store, struct store_stats *out)
{
    *out = (struct store_stats){
        .cache_bytes = stats_property(store, store->format, "rocksdb.block-cache-usage"),
        .cache_bytes_max = stats_property(store, store->format, "rocksdb.block-cache-capacity"),
        .cache_hits = atomic_load_explicit(&store->cache_hits, memory_order_relaxed),
        .cache_misses = atomic_load_explicit(&store->cache_misses, memory_order_relaxed),
        .stalls = atomic_load_explicit(&store->stalls, memory_order_relaxed),
        .stall_ns = atomic_load_explicit(&store->stall_ns, memory_order_relaxed),
        .slowed_bytes_s = stats_property(store, store->format, "rocksdb.actual-delayed-write-rate"),
        .flushes = stats_property(store, store->format, "rocksdb.num-running-flushes"),
        .compactions = stats_property(store, store->format, "rocksdb.num-running-compactions"),
        .stopped = stats_property(store, store->format, "rocksdb.is-write-stopped") != 0,
        .full = store_full(store),
    };
    if (store->dir != NULL && !space_of(store->dir, &out->free_bytes, &out->disk_bytes))
        out->free_bytes = out->disk_bytes = 0;
}
