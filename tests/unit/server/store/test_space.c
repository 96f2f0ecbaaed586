/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that says that it is full, and then that it is not. */
#include "store/rocks.h"

#include <stdatomic.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "unit/server/store/temporary.h"
#include "unit/unit.h"

#define LARGE ((size_t)300 * 1024) /* the free space is looked at again after fewer bytes */

#define BLOCK_BYTES 4096

static atomic_bool full;
static _Atomic uint64_t disk_blocks = 1 << 24, free_blocks = 1 << 23; /* when it is not */
static atomic_int looks;

int statvfs(const char *path, struct statvfs *out)
{
    (void)path;
    looks++;
    *out = (struct statvfs){.f_frsize = BLOCK_BYTES, .f_blocks = disk_blocks};
    out->f_bfree = out->f_bavail = full ? 16 : free_blocks;
    return 0;
}

static enum stator_rc put(struct store *store, const char *key, size_t bytes, struct stator_error *err)
{
    struct store_batch *batch = store_batch_new(store);
    char *value = calloc(1, bytes);
    enum stator_rc rc;

    store_batch_put(batch, STORE_SHARD(0), bytes_of_string(key), bytes_of(value, bytes));
    rc = store_write(store, batch, true, err);
    store_batch_free(batch);
    free(value);
    return rc;
}

static bool has(struct store *store, const char *key)
{
    struct store_pinned pinned;
    bool there;

    assert_int_equal(store_get(store, STORE_SHARD(0), bytes_of_string(key), STORE_ANY, NULL, &pinned, NULL), STATOR_OK);
    there = bytes_present(pinned.value);
    store_release(&pinned);
    return there;
}

static void writes_are_refused_while_it_is_full(void **state)
{
    struct stator_error err = {0};
    struct store_options options = {.shards = 1, .durability = STORE_FULL};
    struct store *store;
    char dir[64];

    (void)state;
    assert_non_null(temporary_make(dir));
    options.dir = dir;
    assert_int_equal(store_open(&store, &options, &err), STATOR_OK);
    assert_int_equal(put(store, "before", 10, &err), STATOR_OK);
    full = true;
    assert_true(store_full(store));
    assert_int_equal(put(store, "small", 10, &err), STATOR_INTERNAL_SERVER_ERROR);
    assert_non_null(strstr(err.message, "is full: nothing was written"));
    assert_int_equal(put(store, "large", LARGE, &err), STATOR_INTERNAL_SERVER_ERROR);
    assert_true(has(store, "before") && !has(store, "small") && !has(store, "large"));
    assert_false(store_read_only(store));
    full = false;
    assert_int_equal(put(store, "after", 10, &err), STATOR_OK);
    assert_false(store_full(store));
    full = true; /* nobody asks but the writes themselves */
    assert_int_equal(put(store, "unseen", LARGE, &err), STATOR_INTERNAL_SERVER_ERROR);
    assert_true(has(store, "after") && !has(store, "unseen"));
    full = false;
    assert_int_equal(store_sync(store, &err), STATOR_OK);
    store_close(store);
    temporary_remove(dir);
}

static struct store *open_store(const char *dir)
{
    const struct store_options options = {.dir = dir, .shards = 1, .durability = STORE_PROCESS};
    struct stator_error err = {0};
    struct store *store;

    if (store_open(&store, &options, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    return store;
}

/* A look is a call of the system: small writes share one. */
static _Atomic uint64_t stopped_ms; /* what the clock says while it stands; 0: it goes */

int clock_gettime(clockid_t clock, struct timespec *out)
{
    if (clock != CLOCK_MONOTONIC || stopped_ms == 0)
        return (int)syscall(SYS_clock_gettime, clock, out);
    *out = (struct timespec){.tv_sec = (time_t)(stopped_ms / 1000), .tv_nsec = (long)(stopped_ms % 1000) * 1000000};
    return 0;
}

static uint64_t now_ms(void)
{
    struct timespec now;

    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void the_disk_is_looked_at_now_and_then(void **state)
{
    const size_t large = (size_t)128 << 10;
    struct store *store;
    char dir[64];

    (void)state;
    assert_non_null(temporary_make(dir));
    store = open_store(dir);
    for (int round = 0; round < 3; round++) {
        stopped_ms = now_ms();
        assert_int_equal(put(store, "large", LARGE, NULL), STATOR_OK);
        looks = 0;
        for (int i = 0; i < 100; i++)
            assert_int_equal(put(store, "small", 10, NULL), STATOR_OK);
        assert_int_equal(looks, 0);
        assert_int_equal(put(store, "half", large, NULL), STATOR_OK);
        assert_int_equal(put(store, "half", large, NULL), STATOR_OK);
        assert_int_equal(looks, 1);
        stopped_ms += 10;
        assert_int_equal(put(store, "small", 10, NULL), STATOR_OK);
        assert_int_equal(put(store, "small", 10, NULL), STATOR_OK);
        assert_int_equal(looks, 2);
        stopped_ms = 0;
    }
    store_close(store);
    temporary_remove(dir);
}

/* Of a small disk an eighth is kept free. */
static void a_small_disk_keeps_a_part_free(void **state)
{
    const uint64_t blocks = ((uint64_t)48 << 20) / BLOCK_BYTES; /* so that an eighth can be halved and cut in three */
    struct store *store;
    char dir[64];

    (void)state;
    assert_non_null(temporary_make(dir));
    disk_blocks = free_blocks = blocks;
    store = open_store(dir);
    free_blocks = blocks / 8;
    assert_false(store_full(store));
    free_blocks = blocks / 8 - 1;
    assert_true(store_full(store));
    free_blocks = blocks;
    store_close(store);
    temporary_remove(dir);
    disk_blocks = 1 << 24;
    free_blocks = 1 << 23;
}

/* Of what is kept free, what gets space back may use half while the disk is full, and nothing before. */
static void who_may_use_what_is_kept_free(void **state)
{
    enum { RESERVE = 1000, READS = 300 }; /* blocks */
    static const struct {
        enum space_use use;
        uint64_t free_blocks;
        bool has_room;
    } cases[] = {
        {SPACE_FOR_COMPACTION, RESERVE + READS, true},
        {SPACE_FOR_COMPACTION, RESERVE + READS - 1, false},
        {SPACE_FOR_RECLAIM, RESERVE + READS, true},
        {SPACE_FOR_RECLAIM, RESERVE + READS - 1, false},
        {SPACE_FOR_RECLAIM, RESERVE, false},
        {SPACE_FOR_RECLAIM, RESERVE - 1, true},
        {SPACE_FOR_RECLAIM, RESERVE / 2 + READS, true},
        {SPACE_FOR_RECLAIM, RESERVE / 2 + READS - 1, false},
        {SPACE_FOR_FLUSHED, RESERVE, true},
        {SPACE_FOR_FLUSHED, RESERVE / 2 + READS - 1, false},
    };
    struct store store = {.dir = (char[]){"any"}, .reserve_bytes = RESERVE * BLOCK_BYTES};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        free_blocks = cases[i].free_blocks;
        if (space_has_room(&store, READS * BLOCK_BYTES, cases[i].use) != cases[i].has_room)
            fail_msg("case %zu", i);
    }
    free_blocks = 1 << 23;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_are_refused_while_it_is_full),
        cmocka_unit_test(the_disk_is_looked_at_now_and_then),
        cmocka_unit_test(a_small_disk_keeps_a_part_free),
        cmocka_unit_test(who_may_use_what_is_kept_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
