/* SPDX-License-Identifier: Apache-2.0 */
/* Point reads, snapshots, iterators. */
#include "store/rocks.h"

#include <stdlib.h>

#include "store/nowait.h"

#define TIER_MEMORY 3 /* kMemtableTier: memtables alone */

/* What STORE_SCAN reads at once, in files. Items of a megabyte take 300 reads without it, half of a scan's time. */
#define SCAN_AHEAD_BYTES ((size_t)128 * 1024)

/* Past this many entries store_approximate_bytes stops counting memtables one by one. */
#define APPROXIMATE_ENTRIES_MAX 4096

struct store_iterator {
    struct store *store;
    rocksdb_iterator_t *iterator;
    rocksdb_readoptions_t *options; /* points to the bounds below; outlives the iterator */
    bool nowait, gave_up;           /* its moves do not wait; one of them gave up */
    char bounds[];                  /* lower, then upper */
};

/* Whether a read of the tier uses nowait.h. In memory no file is slow. */
static bool is_nowait(const struct store *store, enum store_tier tier)
{
    return NOWAIT && tier == STORE_CACHED && store->dir != NULL;
}

/* The engine's own tier for what nowait.h cannot do. */
static bool is_tiered(const struct store *store, enum store_tier tier)
{
    return !NOWAIT && tier == STORE_CACHED && store->dir != NULL;
}

/* NULL: the newest state. */
static const struct store_snapshot *snapshot_of(const struct store *store, const struct store_snapshot *asked)
{
    return asked == NULL && store_frozen(store) ? &store->frozen.view : asked;
}

static rocksdb_readoptions_t *options_of(const struct store *store, enum store_tier tier,
                                         const struct store_snapshot *asked)
{
    const struct store_snapshot *snapshot = snapshot_of(store, asked);

    if (is_tiered(store, tier))
        return snapshot != NULL ? snapshot->read_cached : store->read_cached;
    return snapshot != NULL ? snapshot->read_any : store->read_any;
}

static enum stator_rc not_in_memory(struct stator_error *err)
{
    return stator_fail(err, STATOR_AGAIN, "not in memory");
}

enum stator_rc store_get(struct store *store, uint32_t family, struct bytes key, enum store_tier tier,
                         const struct store_snapshot *snapshot, struct store_pinned *out, struct stator_error *err)
{
    const bool nowait = is_nowait(store, tier);
    char *why = NULL;
    rocksdb_pinnableslice_t *slice;

    if (nowait)
        nowait_begin();
    slice = rocksdb_get_pinned_cf(store->db, options_of(store, tier, snapshot), family_of(store, family), chars(key),
                                  key.len, &why);
    *out = (struct store_pinned){.slice = slice};
    if (nowait && nowait_end()) {
        rocksdb_free(why);
        store_release(out);
        return not_in_memory(err);
    }
    if (why != NULL)
        return fault_of_read(store, err, why);
    if (slice != NULL) {
        const char *at = rocksdb_pinnableslice_value(slice, &out->value.len);

        out->value.at = (const uint8_t *)(at != NULL ? at : "");
        /* For a table that is not open RocksDB says in the cached tier that the key may be there: found, and empty. */
        if (is_tiered(store, tier) && out->value.len == 0) {
            store_release(out);
            return not_in_memory(err);
        }
    }
    return STATOR_OK;
}

void store_release(struct store_pinned *pinned)
{
    if (pinned->slice != NULL)
        rocksdb_pinnableslice_destroy(pinned->slice);
    *pinned = (struct store_pinned){.slice = NULL};
}

enum stator_rc store_counter(struct store *store, struct bytes counter_key, int64_t *out, struct stator_error *err)
{
    enum stator_rc rc = STATOR_OK;
    struct store_pinned pinned;

    *out = 0;
    STATOR_TRY(store_get(store, STORE_COUNTERS, counter_key, STORE_ANY, NULL, &pinned, err));
    if (bytes_present(pinned.value) && !counter_decode(out, pinned.value))
        rc = stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "The store is damaged: a counter of %zu bytes.",
                         pinned.value.len);
    store_release(&pinned);
    return rc;
}

struct store_snapshot *store_snapshot_take(struct store *store)
{
    struct store_snapshot *snapshot = malloc(sizeof(*snapshot));

    if (snapshot == NULL)
        return NULL;
    snapshot->borrowed = store_frozen(store);
    snapshot->snapshot = snapshot->borrowed ? store->frozen.view.snapshot : rocksdb_create_snapshot(store->db);
    snapshot->read_any = rocksdb_readoptions_create();
    snapshot->read_cached = rocksdb_readoptions_create();
    rocksdb_readoptions_set_snapshot(snapshot->read_any, snapshot->snapshot);
    rocksdb_readoptions_set_snapshot(snapshot->read_cached, snapshot->snapshot);
    if (store->dir != NULL)
        rocksdb_readoptions_set_read_tier(snapshot->read_cached, ROCKS_TIER_CACHED);
    return snapshot;
}

void store_snapshot_drop(struct store *store, struct store_snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    rocksdb_readoptions_destroy(snapshot->read_any);
    rocksdb_readoptions_destroy(snapshot->read_cached);
    if (!snapshot->borrowed)
        rocksdb_release_snapshot(store->db, snapshot->snapshot);
    free(snapshot);
}

static struct store_iterator *open_with_tier(struct store *store, uint32_t family, struct bytes lower,
                                             struct bytes upper, const struct store_snapshot *snapshot, int engine_tier,
                                             bool scan, uint32_t passed_max)
{
    struct store_iterator *it = malloc(sizeof(*it) + lower.len + upper.len);

    if (it == NULL)
        return NULL;
    *it = (struct store_iterator){.store = store, .options = rocksdb_readoptions_create()};
    /* RocksDB 7.8's merging iterator drops the status of a table it cannot read (or may not, in the cached tier) when
     * it comes from the one before it in the same level: it would skip that table's keys in silence. It does so only
     * when it looks for range deletions. See store_batch_delete_range for why it need not. */
    rocksdb_readoptions_set_ignore_range_deletions(it->options, 1);
    if (bytes_present(lower)) {
        memcpy(it->bounds, lower.at, lower.len);
        rocksdb_readoptions_set_iterate_lower_bound(it->options, it->bounds, lower.len);
    }
    if (bytes_present(upper)) {
        memcpy(it->bounds + lower.len, upper.at, upper.len);
        rocksdb_readoptions_set_iterate_upper_bound(it->options, it->bounds + lower.len, upper.len);
    }
    snapshot = snapshot_of(store, snapshot);
    if (snapshot != NULL)
        rocksdb_readoptions_set_snapshot(it->options, snapshot->snapshot);
    if (engine_tier != 0)
        rocksdb_readoptions_set_read_tier(it->options, engine_tier);
    rocksdb_readoptions_set_max_skippable_internal_keys(it->options, passed_max);
    if (scan) {
        rocksdb_readoptions_set_readahead_size(it->options, SCAN_AHEAD_BYTES);
        rocksdb_readoptions_set_fill_cache(it->options, 0);
    }
    it->iterator = rocksdb_create_iterator_cf(store->db, it->options, family_of(store, family));
    return it;
}

struct store_iterator *store_iterator_open_brief(struct store *store, uint32_t family, struct bytes lower,
                                                 struct bytes upper, const struct store_snapshot *snapshot,
                                                 enum store_tier tier, uint32_t passed_max)
{
    struct store_iterator *it;
    const bool nowait = is_nowait(store, tier);

    if (nowait)
        nowait_begin();
    it = open_with_tier(store, family, lower, upper, snapshot, is_tiered(store, tier) ? ROCKS_TIER_CACHED : 0,
                        tier == STORE_SCAN, passed_max);
    if (it != NULL && nowait)
        it->nowait = true;
    if (nowait && nowait_end() && it != NULL)
        it->gave_up = true;
    return it;
}

struct store_iterator *store_iterator_open(struct store *store, uint32_t family, struct bytes lower, struct bytes upper,
                                           const struct store_snapshot *snapshot, enum store_tier tier)
{
    return store_iterator_open_brief(store, family, lower, upper, snapshot, tier,
                                     tier == STORE_CACHED ? STORE_PASSED_MAX : 0);
}

void store_iterator_close(struct store_iterator *iterator)
{
    if (iterator == NULL)
        return;
    rocksdb_iter_destroy(iterator->iterator);
    rocksdb_readoptions_destroy(iterator->options);
    free(iterator);
}

static void move_begin(const struct store_iterator *iterator)
{
    if (iterator->nowait)
        nowait_begin();
}

static void move_end(struct store_iterator *iterator)
{
    if (iterator->nowait && nowait_end())
        iterator->gave_up = true;
}

void store_iterator_seek(struct store_iterator *iterator, struct bytes key)
{
    move_begin(iterator);
    rocksdb_iter_seek(iterator->iterator, chars(key), key.len);
    move_end(iterator);
}

void store_iterator_seek_back(struct store_iterator *iterator, struct bytes key)
{
    move_begin(iterator);
    rocksdb_iter_seek_for_prev(iterator->iterator, chars(key), key.len);
    move_end(iterator);
}

void store_iterator_seek_first(struct store_iterator *iterator)
{
    move_begin(iterator);
    rocksdb_iter_seek_to_first(iterator->iterator);
    move_end(iterator);
}

void store_iterator_seek_last(struct store_iterator *iterator)
{
    move_begin(iterator);
    rocksdb_iter_seek_to_last(iterator->iterator);
    move_end(iterator);
}

void store_iterator_next(struct store_iterator *iterator)
{
    stator_assert(store_iterator_valid(iterator));
    move_begin(iterator);
    rocksdb_iter_next(iterator->iterator);
    move_end(iterator);
}

void store_iterator_previous(struct store_iterator *iterator)
{
    stator_assert(store_iterator_valid(iterator));
    move_begin(iterator);
    rocksdb_iter_prev(iterator->iterator);
    move_end(iterator);
}

bool store_iterator_valid(const struct store_iterator *iterator)
{
    return !iterator->gave_up && rocksdb_iter_valid(iterator->iterator) != 0;
}

struct bytes store_iterator_key(const struct store_iterator *iterator)
{
    size_t len;
    const char *at = rocksdb_iter_key(iterator->iterator, &len);

    return bytes_of(at, len);
}

struct bytes store_iterator_value(const struct store_iterator *iterator)
{
    size_t len;
    const char *at = rocksdb_iter_value(iterator->iterator, &len);

    return bytes_of(at != NULL ? at : "", len);
}

enum stator_rc store_iterator_status(const struct store_iterator *iterator, struct stator_error *err)
{
    char *why = NULL;

    if (iterator->gave_up)
        return not_in_memory(err);
    rocksdb_iter_get_error(iterator->iterator, &why);
    return why != NULL ? fault_of_read(iterator->store, err, why) : STATOR_OK;
}

/* Bytes of the range's entries in memtables, one by one up to a limit; past it, of all the family's memtables. */
static uint64_t memtable_bytes(struct store *store, uint32_t family, struct bytes first, struct bytes end)
{
    struct store_iterator *it =
        open_with_tier(store, family, first, end, NULL, TIER_MEMORY, false, APPROXIMATE_ENTRIES_MAX);
    uint64_t bytes = 0, entries = 0;
    bool all;

    if (it == NULL)
        return 0;
    for (store_iterator_seek_first(it); store_iterator_valid(it) && entries < APPROXIMATE_ENTRIES_MAX; entries++) {
        bytes += store_iterator_key(it).len + store_iterator_value(it).len;
        store_iterator_next(it);
    }
    all = entries == APPROXIMATE_ENTRIES_MAX || store_iterator_status(it, NULL) != STATOR_OK;
    store_iterator_close(it);
    if (all)
        rocksdb_property_int_cf(store->db, family_of(store, family), "rocksdb.cur-size-all-mem-tables", &bytes);
    return bytes;
}

uint64_t store_range_bytes(struct store *store, uint32_t family, struct bytes first, struct bytes end)
{
    const char *start_at = chars(first), *end_at = chars(end);
    uint64_t bytes = 0;
    char *why = NULL;

    if (bytes_compare(first, end) >= 0)
        return 0;
    rocksdb_approximate_sizes_cf(store->db, family_of(store, family), 1, &start_at, &first.len, &end_at, &end.len,
                                 &bytes, &why);
    rocksdb_free(why); /* an unreadable index: nothing */
    return bytes;
}

uint64_t store_approximate_bytes(struct store *store, uint32_t family, struct bytes first, struct bytes end)
{
    if (bytes_compare(first, end) >= 0)
        return 0;
    return store_range_bytes(store, family, first, end) + memtable_bytes(store, family, first, end);
}
