/* SPDX-License-Identifier: Apache-2.0 */
/* Space comes back: what is deleted leaves the files, step by step, and what is not stays. */
#include "unit/unit.h"

#include <stdatomic.h>
#include <sys/statvfs.h>

#include "store/store.h"
#include "unit/server/store/temporary.h"

#define KEYS        3000
#define VALUE_BYTES 2000
#define SHARD       STORE_SHARD(0)

struct fixture {
    char dir[64];
    struct store *store;
    struct store_batch *batch;
};

static _Atomic uint64_t free_bytes, disk_bytes; /* that statvfs tells; 0: the truth */
static _Atomic uint64_t inodes;                 /* likewise, free ones */

int __real_statvfs(const char *path, struct statvfs *out);
int __wrap_statvfs(const char *path, struct statvfs *out);
int __wrap_statvfs(const char *path, struct statvfs *out)
{
    int failed = __real_statvfs(path, out);

    if (free_bytes != 0)
        out->f_bavail = free_bytes / out->f_frsize; /* and what is free for root alone */
    out->f_favail = inodes != 0 ? inodes : 1000;
    if (disk_bytes != 0)
        out->f_blocks = disk_bytes / out->f_frsize;
    return failed;
}

static void reopen(struct fixture *f, enum store_durability durability)
{
    const struct store_options options = {
        .dir = f->dir, .shards = 2, .durability = durability, .memtable_bytes = (size_t)256 << 10};

    store_close(f->store);
    assert_int_equal(store_open(&f->store, &options, NULL), STATOR_OK);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (f == NULL || temporary_make(f->dir) == NULL)
        return -1;
    reopen(
        f,
        STORE_PROCESS); /* STORE_FULL has a snapshot as of its last sync, and the engine rewrites files when that goes */
    f->batch = store_batch_new(f->store);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    free_bytes = disk_bytes = inodes = 0;
    store_batch_free(f->batch);
    store_close(f->store);
    temporary_remove(f->dir);
    free(f);
    return 0;
}

/* Until the engine has nothing under way that changes which files there are. */
static void settle(struct fixture *f)
{
    int quiet = 0;

    while (quiet < 5) {
        struct store_stats stats;

        usleep(2000);
        store_stats(f->store, &stats);
        quiet = stats.flushes == 0 && stats.compactions == 0 ? quiet + 1 : 0;
    }
}

/* Of a table with that letter. */
static struct bytes key_of(char out[16], char table, int number)
{
    snprintf(out, 16, "%c%05d", table, number % 100000);
    return bytes_of(out, 6);
}

static bool frees; /* what write_some writes */

static void write_some(struct fixture *f, char table, int count)
{
    static uint32_t random = 1;
    uint8_t value[VALUE_BYTES];
    char key[16];

    for (int i = 0; i < count; i++) {
        for (size_t k = 0; k < sizeof(value); k++)
            value[k] = (uint8_t)((random = random * 1103515245 + 12345) >> 16); /* nothing to compress */
        store_batch_clear(f->batch);
        store_batch_put(f->batch, SHARD, key_of(key, table, i), bytes_of(value, sizeof(value)));
        if (frees)
            store_batch_frees(f->batch, STORE_FREES_LATER);
        assert_int_equal(store_write(f->store, f->batch, true, NULL), STATOR_OK);
    }
}

static void fill(struct fixture *f, char table)
{
    write_some(f, table, KEYS);
}

static void delete_range(struct fixture *f, char table)
{
    const char first[] = {table}, end[] = {(char)(table + 1)};

    store_batch_clear(f->batch);
    store_batch_delete_range(f->batch, SHARD, bytes_of(first, 1), bytes_of(end, 1));
    assert_int_equal(store_write(f->store, f->batch, true, NULL), STATOR_OK);
}

static void delete_each(struct fixture *f, char table, int step)
{
    char key[16];

    for (int i = 0; i < KEYS; i += step) {
        store_batch_clear(f->batch);
        store_batch_delete(f->batch, SHARD, key_of(key, table, i));
        assert_int_equal(store_write(f->store, f->batch, true, NULL), STATOR_OK);
    }
}

static int keys_of(struct fixture *f, char table)
{
    const char first[] = {table}, end[] = {(char)(table + 1)};
    struct store_iterator *it =
        store_iterator_open(f->store, SHARD, bytes_of(first, 1), bytes_of(end, 1), NULL, STORE_ANY);
    int count = 0;

    for (store_iterator_seek_first(it); store_iterator_valid(it); store_iterator_next(it))
        count++;
    assert_int_equal(store_iterator_status(it, NULL), STATOR_OK);
    store_iterator_close(it);
    return count;
}

static uint64_t files_bytes(struct fixture *f)
{
    struct store_family_stats stats;

    store_family_stats(f->store, SHARD, &stats);
    return stats.table_bytes;
}

static void compact_all(struct fixture *f)
{
    struct store_sweep sweep = {.family = 0};
    int steps = 0;

    buf_init(&sweep.from, STORE_SWEEP_KEY_MAX);
    while (store_compact_step(f->store, &sweep) == STORE_RECLAIM_DONE)
        assert_true(steps++ < 100);
    assert_int_equal(sweep.family, STORE_SHARD(2));
    settle(f);
    buf_deinit(&sweep.from);
}

static void deleted_here_and_there(void **state)
{
    struct fixture *f = *state;
    uint64_t before, dead = 0;
    int steps = 0;

    fill(f, 'a');
    compact_all(f);
    before = files_bytes(f);
    assert_int_equal(store_dead_bytes(f->store), 0);
    assert_int_equal(store_reclaim_step(f->store, &dead), STORE_RECLAIM_NOTHING);
    delete_each(f, 'a', 10);
    assert_in_range(store_dead_bytes(f->store), before / 12, before / 8);
    assert_in_range(files_bytes(f), before, before * 5 / 4);
    while (store_reclaim_step(f->store, &dead) == STORE_RECLAIM_DONE) {
        assert_true(dead > before / 16);
        assert_true(steps++ < 100);
    }
    assert_true(steps > 0);
    assert_in_range(files_bytes(f), before * 8 / 10, before * 92 / 100);
    assert_int_equal(store_dead_bytes(f->store), 0);
    assert_int_equal(keys_of(f, 'a'), KEYS - KEYS / 10);
}

static void deleted_before_a_start(void **state)
{
    struct fixture *f = *state;
    uint64_t before, dead;

    fill(f, 'a');
    compact_all(f);
    delete_each(f, 'a', 5);
    before = files_bytes(f);
    reopen(f, STORE_FULL);
    store_batch_free(f->batch);
    f->batch = store_batch_new(f->store);
    assert_in_range(store_dead_bytes(f->store), before / 8, before / 3);
    while (store_reclaim_step(f->store, &dead) == STORE_RECLAIM_DONE)
        continue;
    assert_in_range(files_bytes(f), before * 7 / 10, before * 88 / 100);
}

/* One in fifty is not worth a compaction. */
static void deleted_a_little(void **state)
{
    struct fixture *f = *state;
    uint64_t dead;

    fill(f, 'a');
    compact_all(f);
    delete_each(f, 'a', 50);
    assert_true(store_dead_bytes(f->store) > 0);
    assert_int_equal(store_reclaim_step(f->store, &dead), STORE_RECLAIM_NOTHING);
}

static void a_range_that_is_gone(void **state)
{
    struct fixture *f = *state;
    uint64_t before, one;

    fill(f, 'a');
    fill(f, 'b');
    fill(f, 'c');
    compact_all(f);
    before = files_bytes(f);
    one = before / 3;
    delete_range(f, 'b');
    assert_true(files_bytes(f) >= before);
    assert_int_equal(store_drop_files(f->store, SHARD, BYTES("b"), BYTES("c"), NULL), STATOR_OK);
    delete_range(f, 'b');
    assert_int_equal(store_compact_range(f->store, SHARD, BYTES("b"), BYTES("c")), STORE_RECLAIM_DONE);
    assert_in_range(files_bytes(f), 2 * one - one / 10, 2 * one + one / 10);
    assert_int_equal(store_compact_range(f->store, SHARD, BYTES("b"), BYTES("c")), STORE_RECLAIM_NOTHING);
    assert_int_equal(keys_of(f, 'a') + keys_of(f, 'b') + keys_of(f, 'c'), 2 * KEYS);
    reopen(f, STORE_FULL);
    assert_int_equal(keys_of(f, 'a') + keys_of(f, 'b') + keys_of(f, 'c'), 2 * KEYS);
}

/* An iterator that was opened before keeps its files; who opens one later sees less, and no harm. */
static void readers_of_a_range_that_is_gone(void **state)
{
    struct fixture *f = *state;
    struct store_iterator *it;
    struct store_snapshot *snapshot;
    uint64_t moment;
    int count = 0;

    fill(f, 'a');
    compact_all(f);
    it = store_iterator_open(f->store, SHARD, BYTES("a"), BYTES("b"), NULL, STORE_ANY);
    store_iterator_seek_first(it);
    snapshot = store_snapshot_take(f->store);
    delete_range(f, 'a');
    moment = store_moment(f->store);
    assert_int_equal(store_sync(f->store, NULL), STATOR_OK);
    assert_true(store_is_looked_at(f->store, moment));
    store_snapshot_drop(f->store, snapshot);
    assert_false(store_is_looked_at(f->store, moment));
    snapshot = store_snapshot_take(f->store); /* a later one does not count */
    assert_false(store_is_looked_at(f->store, moment));
    assert_int_equal(store_drop_files(f->store, SHARD, BYTES("a"), BYTES("b"), NULL), STATOR_OK);
    for (; store_iterator_valid(it); store_iterator_next(it))
        count++;
    assert_int_equal(count, KEYS);
    assert_int_equal(store_iterator_status(it, NULL), STATOR_OK);
    store_iterator_close(it);
    store_snapshot_drop(f->store, snapshot);
}

/* What the range's owner was told of must not be less durable than the files' being gone. */
static void a_drop_is_durable_without_a_log(void **state)
{
    static const uint8_t large[100000];
    struct fixture *f = *state;

    reopen(f, STORE_NONE);
    store_batch_free(f->batch);
    f->batch = store_batch_new(f->store);
    fill(f, 'a');
    compact_all(f);
    delete_range(f, 'a');
    store_batch_clear(f->batch);
    store_batch_put(f->batch, STORE_CATALOG, BYTES("dropped"), bytes_of(large, sizeof(large)));
    assert_int_equal(store_write(f->store, f->batch, true, NULL), STATOR_OK);
    assert_int_equal(store_drop_files(f->store, SHARD, BYTES("a"), BYTES("b"), NULL), STATOR_OK);
    for (uint32_t family = 0; family < STORE_SHARD(2); family++) {
        struct store_family_stats stats;

        store_family_stats(f->store, family, &stats);
        assert_true(stats.memory_bytes < sizeof(large));
    }
}

static void a_stop_ends_it(void **state)
{
    struct fixture *f = *state;
    struct store_sweep sweep = {.family = 0};
    uint64_t dead;

    fill(f, 'a');
    delete_each(f, 'a', 2);
    buf_init(&sweep.from, STORE_SWEEP_KEY_MAX);
    store_reclaim_stop(f->store);
    assert_int_equal(store_reclaim_step(f->store, &dead), STORE_RECLAIM_STOPPED);
    assert_int_equal(store_compact_step(f->store, &sweep), STORE_RECLAIM_STOPPED);
    assert_false(store_is_reclaiming(f->store));
    buf_deinit(&sweep.from);
}

/* --- A full disk -------------------------------------------------------------------------------------------------- */

#define RESERVE ((uint64_t)96 << 20) /* three times the least that memtables may have */

static void the_reserve_is_for_what_makes_space(void **state)
{
    static const struct {
        uint64_t free, inodes;
        enum store_frees least; /* that is taken */
    } cases[] = {{RESERVE + 4096, 64, STORE_FREES_NOTHING},   {RESERVE - 4096, 64, STORE_FREES_LATER},
                 {RESERVE / 2 + 4096, 64, STORE_FREES_LATER}, {RESERVE / 2 - 4096, 64, STORE_FREES_NOW},
                 {RESERVE / 4 + 4096, 64, STORE_FREES_NOW},   {RESERVE / 4 - 4096, 64, STORE_FREES_NOW + 1},
                 {RESERVE * 2, 63, STORE_FREES_LATER},        {RESERVE * 2, 31, STORE_FREES_NOW},
                 {RESERVE * 2, 15, STORE_FREES_NOW + 1},      {RESERVE * 2, 64, STORE_FREES_NOTHING}};
    static const uint8_t large[4 << 20];
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        free_bytes = cases[i].free;
        inodes = cases[i].inodes;
        assert_int_equal(store_full(f->store), cases[i].least != STORE_FREES_NOTHING);
        for (enum store_frees frees_now = STORE_FREES_NOTHING; frees_now <= STORE_FREES_NOW; frees_now++) {
            store_batch_clear(f->batch);
            store_batch_delete(f->batch, SHARD, BYTES("k"));
            store_batch_frees(f->batch, frees_now);
            assert_int_equal(store_write(f->store, f->batch, true, NULL) == STATOR_OK, frees_now >= cases[i].least);
        }
    }
    free_bytes = RESERVE + sizeof(large); /* what a large write needs itself does not count as kept */
    store_batch_clear(f->batch);
    store_batch_put(f->batch, SHARD, BYTES("k"), bytes_of(large, sizeof(large)));
    assert_int_equal(store_write(f->store, f->batch, true, NULL), STATOR_INTERNAL_SERVER_ERROR);
    free_bytes = RESERVE + 3 * sizeof(large);
    assert_int_equal(store_write(f->store, f->batch, true, NULL), STATOR_OK);
}

static void no_room_to_compact(void **state)
{
    struct fixture *f = *state;
    uint64_t dead;

    fill(f, 'a');
    compact_all(f);
    delete_each(f, 'a', 10);
    free_bytes = RESERVE / 4 + 4096; /* above the floor, but for what a file takes */
    assert_int_equal(store_reclaim_step(f->store, &dead), STORE_RECLAIM_NO_SPACE);
    free_bytes = RESERVE - 4096; /* full, and there is room within the reserve */
    assert_int_equal(store_reclaim_step(f->store, &dead), STORE_RECLAIM_DONE);
}

/* Files that have nothing else go without space. */
static void a_range_goes_from_a_full_disk(void **state)
{
    struct fixture *f = *state;
    uint64_t before;

    fill(f, 'a');
    compact_all(f);
    fill(f, 'b');
    before = files_bytes(f);
    delete_range(f, 'a');
    free_bytes = 4096;
    assert_int_equal(store_drop_files(f->store, SHARD, BYTES("a"), BYTES("b"), NULL), STATOR_OK);
    assert_true(files_bytes(f) < before - before / 4);
    assert_int_equal(store_compact_range(f->store, SHARD, BYTES("b"), BYTES("c")), STORE_RECLAIM_NO_SPACE);
    free_bytes = 0;
    assert_int_equal(keys_of(f, 'b'), KEYS);
}

static uint64_t files_as_flushed(struct fixture *f)
{
    struct store_family_stats stats;

    store_family_stats(f->store, SHARD, &stats);
    return stats.level_files[0];
}

/* Nor does it take what is kept free. */
static void a_compaction_without_room_costs_no_write(void **state)
{
    struct fixture *f = *state;
    int waited = 0;

    free_bytes = RESERVE / 2 + 65536;
    frees = true;
    while (files_as_flushed(f) < 24) /* it is due from four on, and from twenty on the engine would slow writes down */
        write_some(f, 'a', 100);
    usleep(100 * 1000);
    assert_true(files_as_flushed(f) >= 24);
    write_some(f, 'a', 100);
    frees = false;
    free_bytes = RESERVE / 4;
    assert_int_equal(store_compact_range(f->store, SHARD, BYTES("a"), BYTES("b")), STORE_RECLAIM_NO_SPACE);
    assert_false(store_read_only(f->store));
    free_bytes = RESERVE; /* half of it is for what was flushed */
    while (files_as_flushed(f) >= 4) {
        assert_true(waited++ < 1000);
        usleep(10 * 1000);
    }
    assert_int_equal(keys_of(f, 'a'), 100);
}

#define SMALL_DISK    ((uint64_t)24 << 20)
#define SMALL_RESERVE (SMALL_DISK / 8)

/* Filled as far as a few passes bring it, so that something is in all levels, and there is no more room than a full disk has. */
static void fill_a_small_disk(struct fixture *f)
{
    const struct store_options options = {
        .dir = f->dir, .shards = 2, .durability = STORE_PROCESS, .memtable_bytes = (size_t)4 << 20};

    store_close(f->store);
    disk_bytes = free_bytes = SMALL_DISK;
    assert_int_equal(store_open(&f->store, &options, NULL), STATOR_OK);
    store_batch_free(f->batch);
    f->batch = store_batch_new(f->store);
    fill(f, 'a');
    settle(f);
    compact_all(f);
    frees = true;
    free_bytes = SMALL_RESERVE * 2 / 3; /* from now on the engine finds no room for what is flushed */
    write_some(f, 'a', KEYS / 4);
    frees = false;
}

static void delete_for_space(struct fixture *f, int step)
{
    char key[16];

    for (int i = 0; i < KEYS; i++) {
        if (i % step == step - 1)
            continue;
        store_batch_clear(f->batch);
        store_batch_delete(f->batch, SHARD, key_of(key, 'a', i));
        store_batch_frees(f->batch, STORE_FREES_LATER);
        assert_int_equal(store_write(f->store, f->batch, true, NULL), STATOR_OK);
    }
}

/* Each step fits, though none of it is given back while it is taken. */
static void come_back(struct fixture *f)
{
    enum store_reclaimed done;
    uint64_t dead;
    int steps = 0;

    while ((done = store_reclaim_step(f->store, &dead)) == STORE_RECLAIM_DONE)
        assert_true(steps++ < 1000);
    assert_int_equal(done, STORE_RECLAIM_NOTHING);
    settle(f);
}

static void a_full_disk_is_left_by_deletions(void **state)
{
    struct fixture *f = *state;
    uint64_t before;

    fill_a_small_disk(f);
    before = files_bytes(f);
    delete_for_space(f, KEYS);
    come_back(f);
    assert_true(files_bytes(f) < before / 10);
    assert_int_equal(keys_of(f, 'a'), 1);
}

static void a_full_disk_is_left_by_some_deletions(void **state)
{
    struct fixture *f = *state;
    uint64_t before;

    fill_a_small_disk(f);
    before = files_bytes(f);
    delete_for_space(f, 2);
    come_back(f);
    assert_true(files_bytes(f) < before * 2 / 3);
    assert_int_equal(keys_of(f, 'a'), KEYS / 2);
    reopen(f, STORE_FULL);
    assert_int_equal(keys_of(f, 'a'), KEYS / 2);
}

/* Of everything, what there is room for. */
static void a_full_disk_is_compacted_as_far_as_it_goes(void **state)
{
    struct fixture *f = *state;
    uint64_t before;

    fill_a_small_disk(f); /* a fourth was written twice */
    before = files_bytes(f);
    compact_all(f);
    assert_true(files_bytes(f) < before * 9 / 10);
    assert_int_equal(keys_of(f, 'a'), KEYS);
}

static void memtables_fit_a_small_disk(void **state)
{
    struct fixture *f = *state;
    const struct store_options options = {.dir = f->dir, .shards = 2, .durability = STORE_PROCESS};
    struct store_family_stats stats;
    uint64_t most = 0;

    store_close(f->store);
    disk_bytes = free_bytes = (uint64_t)48 << 20;
    assert_int_equal(store_open(&f->store, &options, NULL), STATOR_OK);
    store_batch_free(f->batch);
    f->batch = store_batch_new(f->store);
    for (int i = 0; i < 60; i++) {
        write_some(f, 'a', 50);
        store_family_stats(f->store, SHARD, &stats);
        most = stats.memory_bytes > most ? stats.memory_bytes : most;
    }
    assert_true(most <= disk_bytes / 16); /* as much as even deletions leave free */
}

static void the_log_goes(void **state)
{
    struct fixture *f = *state;
    const struct store_options options = {.dir = f->dir, .shards = 2, .durability = STORE_FULL};
    struct store_family_stats stats;

    store_close(f->store); /* memtables of 4 MiB */
    assert_int_equal(store_open(&f->store, &options, NULL), STATOR_OK);
    store_batch_free(f->batch);
    f->batch = store_batch_new(f->store);
    assert_false(store_shorten_log(f->store)); /* it is short */
    fill(f, 'a');
    fill(f, 'b');
    assert_int_equal(store_sync(f->store, NULL), STATOR_OK);
    free_bytes = 1 << 20; /* no room for the tables */
    assert_false(store_shorten_log(f->store));
    free_bytes = RESERVE - 4096;
    assert_true(store_shorten_log(f->store));
    store_family_stats(f->store, SHARD, &stats);
    assert_true(stats.memory_bytes < 4096);
    free_bytes = 0; /* or a compaction is tried for ever */
    settle(f);      /* it deletes them behind the flush */
    assert_false(store_shorten_log(f->store));
}

/* Space that is allocated ahead is none that a flush gives back: or it would be tried over and over. */
static void a_new_log_is_short_on_a_small_disk(void **state)
{
    struct fixture *f = *state;
    const struct store_options options = {.dir = f->dir, .shards = 2, .durability = STORE_FULL};

    for (disk_bytes = (uint64_t)16 << 20; disk_bytes <= (uint64_t)512 << 20; disk_bytes *= 2) {
        store_close(f->store);
        assert_int_equal(store_open(&f->store, &options, NULL), STATOR_OK);
        assert_false(store_shorten_log(f->store));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(deleted_here_and_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deleted_a_little, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deleted_before_a_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_range_that_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(readers_of_a_range_that_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_drop_is_durable_without_a_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stop_ends_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_reserve_is_for_what_makes_space, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_room_to_compact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_range_goes_from_a_full_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_compaction_without_room_costs_no_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_is_left_by_deletions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_is_left_by_some_deletions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_is_compacted_as_far_as_it_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memtables_fit_a_small_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_log_is_short_on_a_small_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_log_goes, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
