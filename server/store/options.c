/* SPDX-License-Identifier: Apache-2.0 */
/* Every setting of the engine, with its reason. */
#include "store/rocks.h"

#include <stdlib.h>
#include <sys/resource.h>

#define WAL_BYTES_MIN      ((uint64_t)32 << 20)  /* a restart after a crash replays at most about this much ... */
#define WAL_BYTES_MAX      ((uint64_t)256 << 20) /* ... or, with many families, this */
#define MEMTABLE_BYTES_MIN ((uint64_t)64 << 10)  /* the engine's */
#define LEVEL_BYTES        ((uint64_t)32 << 20)  /* of level 1 */
#define LOG_LEVEL_NOTHING  6                     /* one past the highest */

/* Settings without a setter in the C API.
 * avoid_flush_during_recovery: a restart keeps its WAL and fills memtables, instead of a table file for each family.
 * fail_if_options_file_error: see LOG_LEVEL_NOTHING.
 * allow_fallocate: space that the engine takes beforehand, 4 MiB for each log and 16 for a table, is not there for what a full
 * disk must still take; log_ahead.c does for the log what it is good for.
 * max_bgerror_resume_count: after a failed write or sync this store is read-only until it is opened anew; nothing is
 * retried behind its back. */
#define OPTIONS_BY_NAME                                                                                                \
    "fail_if_options_file_error=false;allow_fallocate=false;max_bgerror_resume_count=0;avoid_flush_during_recovery="
#define LOOKING_BY_NAME "verify_sst_unique_id_in_manifest=false" /* rescue_files.cc puts others in the place of some */

static void set_tables(rocksdb_options_t *o, size_t cache_bytes, bool looking)
{
    rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
    rocksdb_lru_cache_options_t *cache_options = rocksdb_lru_cache_options_create();
    rocksdb_cache_t *cache;

    /* One cache for all families. Four parts: a block with a 400 KB item still fits into one comfortably. */
    rocksdb_lru_cache_options_set_capacity(cache_options, cache_bytes);
    rocksdb_lru_cache_options_set_num_shard_bits(cache_options, 2);
    cache = rocksdb_cache_create_lru_opts(cache_options);
    rocksdb_block_based_options_set_block_cache(table, cache);
    /* Indexes and filters live in the cache, so that its size bounds what open files take; and in pieces of 4 KB, or with a
     * million items a read that finds them gone loads 200 KB of them for one item (a GetItem took 160 us instead of 57). */
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1);
    rocksdb_block_based_options_set_index_type(table, rocksdb_block_based_table_index_type_two_level_index_search);
    rocksdb_block_based_options_set_partition_filters(table, 1);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(table, 1);
    /* A table with damage in its index or its filters opens only if these are not read at once. */
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(table, !looking);
    /* A put reads the old item first: most are absent, and a filter says so without a block. */
    if (!looking)
        rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(10));
    rocksdb_options_set_block_based_table_factory(o, table);

    rocksdb_cache_destroy(cache); /* the table options hold it */
    rocksdb_lru_cache_options_destroy(cache_options);
    rocksdb_block_based_options_destroy(table);
}

/* LZ4 at every level, the last included. zstd would take less disk there, but with a cache of a few MiB most cold reads
 * decompress a block of that level, several times slower than LZ4 does; and reads are what this store is for. */
static void set_levels(rocksdb_options_t *o, size_t memtable_bytes, const struct rocks_situation *situation)
{
    const uint64_t full = rocks_memory_bytes(memtable_bytes, situation->families);
    const uint64_t base = LEVEL_BYTES * situation->memory_bytes / full;

    rocksdb_options_set_compression(o, rocksdb_lz4_compression);
    rocksdb_options_set_bottommost_compression(o, rocksdb_lz4_compression);
    rocksdb_options_set_level_compaction_dynamic_level_bytes(o, 1);
    /* Level 1 is about as large as what four flushes bring; files grow with the level, so that 256 open ones go far. */
    rocksdb_options_set_max_bytes_for_level_base(
        o, base); /* a small disk's are small, so that a compaction needs little */
    rocksdb_options_set_target_file_size_base(o, base / 2);
    rocksdb_options_set_target_file_size_multiplier(o, 2);
    /* Where writes would be slowed down they are held back (write.c), but those that make space; nothing stops these. */
    rocksdb_options_set_level0_stop_writes_trigger(o, 1000);
}

uint64_t rocks_memory_bytes(size_t memtable_bytes, uint32_t families)
{
    uint64_t bytes = (uint64_t)memtable_bytes * families * 2;

    if (bytes < WAL_BYTES_MIN)
        return WAL_BYTES_MIN;
    return bytes > WAL_BYTES_MAX ? WAL_BYTES_MAX : bytes;
}

/* Tables kept open: at most a quarter of what the process may open, the rest is for connections. A flush that cannot
 * open its file would make the store read-only. */
static int open_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
        limit.rlim_cur / 4 >= STORE_OPEN_FILES_MAX)
        return STORE_OPEN_FILES_MAX;
    return (int)(limit.rlim_cur / 4);
}

/* On a disk too small for all of them memtables are smaller. */
static size_t one_memtable_bytes(size_t memtable_bytes, const struct rocks_situation *situation)
{
    const uint64_t full = rocks_memory_bytes(memtable_bytes, situation->families);
    const uint64_t bytes = memtable_bytes * situation->memory_bytes / full;

    return bytes < MEMTABLE_BYTES_MIN ? MEMTABLE_BYTES_MIN : bytes;
}

static void set_memory(rocksdb_options_t *o, size_t memtable_bytes, const struct rocks_situation *situation)
{
    rocksdb_options_set_write_buffer_size(o, one_memtable_bytes(memtable_bytes, situation));
    rocksdb_options_set_max_write_buffer_number(o, 2);
    /* However many families: past it the fullest is flushed early. */
    rocksdb_options_set_db_write_buffer_size(o, (size_t)situation->memory_bytes);
    /* A family that is written seldom keeps its part of the WAL alive; past this it is flushed. */
    rocksdb_options_set_max_total_wal_size(o, situation->memory_bytes);
    rocksdb_options_set_max_open_files(o, open_files());
    rocksdb_options_set_table_cache_numshardbits(o, 2);
}

static void set_housekeeping(rocksdb_options_t *o)
{
    rocksdb_options_set_max_background_jobs(o, 2); /* one thread flushes, one compacts */
    rocksdb_options_set_max_file_opening_threads(o, 1);
    rocksdb_options_set_skip_stats_update_on_db_open(o, 1);
    rocksdb_options_set_stats_dump_period_sec(o, 0);
    rocksdb_options_set_stats_persist_period_sec(o, 0);
    /* Debian's library has assertions on: on a full disk its second line of log aborts the process. At this level there
     * is none. It also has no name, so the engine cannot write its OPTIONS file (it does for each family it makes,
     * parses what it wrote and compares): opening a new directory of 4 shards takes 7 ms instead of 15, a memory store
     * 2 instead of 8. All options are in this file; nothing reads the other. */
    rocksdb_options_set_info_log_level(o, LOG_LEVEL_NOTHING);
    rocksdb_options_set_keep_log_file_num(o, 1);
    /* Table files go to the disk as they are written, not in one burst that the WAL's sync would wait behind. */
    rocksdb_options_set_bytes_per_sync(o, (uint64_t)1 << 20);
}

/* Table files may be missing. Of logs the engine is shown the records that can be read (rescue_files.cc): its own way of
 * passing over the others (kSkipAnyCorruptedRecords) never ends on some torn ends. */
static void set_looking(rocksdb_options_t *o)
{
    rocksdb_options_set_paranoid_checks(o, 0);
}

enum stator_rc rocks_options_init(struct rocks_options *out, const struct store_options *options,
                                  const struct rocks_situation *situation, struct stator_error *err)
{
    const char *by_name = situation->looking             ? LOOKING_BY_NAME
                          : situation->flush_on_recovery ? OPTIONS_BY_NAME "false"
                                                         : OPTIONS_BY_NAME "true";
    rocksdb_options_t *base = rocksdb_options_create();
    char *why = NULL;

    stator_assert(situation->memory_bytes != 0);
    set_memory(base, options->memtable_bytes, situation);
    set_housekeeping(base);
    set_levels(base, options->memtable_bytes, situation);
    set_tables(base, options->cache_bytes, situation->looking);
    if (situation->looking)
        set_looking(base);
    else
        rocksdb_options_set_create_if_missing(base, 1);
    /* In full durability an answer waits for the sync anyway, so the syncer also hands the log's bytes to the system: a
     * write on a loop is then a copy (6.6 us instead of 9.5 with 64 requests under way, a third more writes). write.c:
     * log_is_buffered. */
    rocksdb_options_set_manual_wal_flush(base, options->durability == STORE_FULL && options->dir != NULL);
    if (situation->env != NULL)
        rocksdb_options_set_env(base, situation->env);
    /* Without a WAL the families must be flushed together, or a crash would leave half of a batch. */
    rocksdb_options_set_atomic_flush(base, options->durability == STORE_NONE && options->dir != NULL);

    out->all = rocksdb_options_create();
    rocksdb_get_options_from_string(base, by_name, out->all, &why);
    rocksdb_options_destroy(base);
    if (why != NULL) {
        enum stator_rc rc =
            stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "The storage engine refused an option: %s", why);

        rocksdb_free(why);
        rocksdb_options_destroy(out->all);
        out->all = NULL;
        return rc;
    }
    out->counters = rocksdb_options_create_copy(out->all);
    rocksdb_options_set_merge_operator(out->counters, counter_merge_operator());
    return STATOR_OK;
}

void rocks_options_deinit(struct rocks_options *options)
{
    if (options->all != NULL)
        rocksdb_options_destroy(options->all);
    if (options->counters != NULL)
        rocksdb_options_destroy(options->counters);
}
