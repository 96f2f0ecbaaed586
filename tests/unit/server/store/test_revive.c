/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that another program fills, and that has space again: nothing acknowledged is lost, and writes go on without a restart. */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "store/rocks.h"
#include "store/synced.h"
#include "unit/server/store/crashed.h"
#include "unit/server/store/descriptor.h"
#include "unit/server/store/temporary.h"

#define SHARD STORE_SHARD(0)

static atomic_bool log_is_full, tables_are_full, manifest_is_full;
static _Atomic off_t largest_begin; /* that was allocated to a new log */
static atomic_bool log_has_no_more; /* of the disk, than what is allocated to it */
static atomic_bool spare_is_lost;   /* nor does the spare become a log */
static atomic_int error;            /* that they meet */
static atomic_int log_takes;        /* so many bytes before */

static bool fails(int fd)
{
    return (log_is_full && descriptor_is_of(fd, ".log")) || (tables_are_full && descriptor_is_of(fd, ".sst")) ||
           (manifest_is_full && descriptor_is_of(fd, "MANIFEST"));
}

static atomic_bool counts_unspaced;
static atomic_int log_writes, unspaced; /* writes of logs, and those of them beyond what is allocated */

static void count_unspaced(int fd, size_t len)
{
    struct stat info;

    if (!counts_unspaced || !descriptor_is_of(fd, ".log") || fstat(fd, &info) != 0)
        return;
    log_writes++;
    unspaced += lseek(fd, 0, SEEK_CUR) + (off_t)len > info.st_blocks * 512;
}

/* What is had already can be written. Not all file systems give it again. */
__attribute__((visibility("default"))) int fallocate(int fd, int mode, off_t offset, off_t len)
{
    if (offset == 0 && len > largest_begin && descriptor_is_of(fd, ".log"))
        largest_begin = len;
    if (!log_has_no_more && !spare_is_lost)
        return (int)syscall(SYS_fallocate, fd, mode, offset, len);
    errno = error;
    return -1;
}

/* All are seen by the engine's shared library, too. */
__attribute__((visibility("default"))) ssize_t write(int fd, const void *data, size_t len)
{
    const size_t part = (size_t)atomic_exchange(&log_takes, 0);

    count_unspaced(fd, len);
    if (!fails(fd))
        return syscall(SYS_write, fd, data, len);
    if (part != 0)
        return syscall(SYS_write, fd, data, part < len ? part : len);
    errno = error;
    return -1;
}

__attribute__((visibility("default"))) ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
    if (!fails(fd))
        return syscall(SYS_pwrite64, fd, data, len, offset);
    errno = error;
    return -1;
}

__attribute__((visibility("default"))) int rename(const char *from, const char *to)
{
    if (!spare_is_lost || strstr(from, "SPARE") == NULL)
        return (int)syscall(SYS_rename, from, to);
    errno = error;
    return -1;
}

struct fixture {
    char dir[64];
    struct store *store;
    struct stator_error err;
};

static void open_with(struct fixture *f, enum store_durability durability, size_t memtable_bytes)
{
    const struct store_options options = {
        .dir = f->dir, .shards = 2, .durability = durability, .memtable_bytes = memtable_bytes};

    if (store_open(&f->store, &options, &f->err) != STATOR_OK)
        fail_msg("%s", f->err.message);
}

static void open_it(struct fixture *f, enum store_durability durability)
{
    open_with(f, durability, (size_t)64 << 10);
}

/* No table is made of what a log of some MiB has. */
static void open_large(struct fixture *f, enum store_durability durability)
{
    open_with(f, durability, (size_t)16 << 20);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    temporary_make(f->dir);
    error = ENOSPC;
    *state = f;
    return 0;
}

static void has_space(void)
{
    log_is_full = tables_are_full = manifest_is_full = log_has_no_more = spare_is_lost = false;
    log_takes = 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    has_space();
    store_close(f->store);
    temporary_remove(f->dir);
    free(f);
    return 0;
}

static enum stator_rc put_bytes(struct fixture *f, const char *key, size_t bytes)
{
    struct store_batch *batch = store_batch_new(f->store);
    char *value = calloc(1, bytes);
    enum stator_rc rc;

    f->err.message[0] = '\0';
    store_batch_put(batch, SHARD, bytes_of_string(key), bytes_of(value, bytes));
    rc = store_write(f->store, batch, true, &f->err);
    store_batch_free(batch);
    free(value);
    return rc;
}

static enum stator_rc put(struct fixture *f, const char *key)
{
    return put_bytes(f, key, 10);
}

static bool has(struct fixture *f, const char *key)
{
    struct store_pinned pinned;
    bool there;

    assert_int_equal(store_get(f->store, SHARD, bytes_of_string(key), STORE_ANY, NULL, &pinned, NULL), STATOR_OK);
    there = bytes_present(pinned.value);
    store_release(&pinned);
    return there;
}

static void assert_starved(struct fixture *f)
{
    assert_true(store_read_only(f->store) && store_starved(f->store));
    assert_int_equal(put(f, "refused"), STATOR_INTERNAL_SERVER_ERROR);
    assert_non_null(strstr(f->err.message, "is full: nothing was written. Writes are taken again when there is space"));
}

/* What was there before is there, and all that is written from now on, by a start after a crash, too. */
static void assert_revived(struct fixture *f, enum store_durability durability)
{
    assert_false(store_read_only(f->store) || store_starved(f->store) || store_frozen(f->store));
    assert_int_equal(put(f, "after"), STATOR_OK);
    assert_int_equal(store_sync(f->store, &f->err), STATOR_OK);
    for (int i = 0; i < 2; i++) {
        assert_true(has(f, "before") && has(f, "after") && !has(f, "refused"));
        store_close(f->store);
        open_it(f, durability);
    }
}

/* Enough is written that tables are made of it, and a new log is begun. */
static void fill_memory(struct fixture *f)
{
    char key[16];

    for (int i = 0; i < 2000 && !store_starved(f->store); i++) {
        snprintf(key, sizeof(key), "%06d", i);
        if (put_bytes(f, key, (size_t)60 << 10) != STATOR_OK)
            usleep(1000);
    }
    assert_true(store_starved(f->store));
}

/* It may have to wait for a flush that has failed. */
static void until_revived(struct fixture *f)
{
    for (int tries = 0; tries < 500 && !store_revive(f->store); tries++)
        usleep(10000);
    assert_false(store_read_only(f->store) || store_starved(f->store));
}

static void has_no_space(struct fixture *f, enum store_durability durability, atomic_bool *what)
{
    open_it(f, durability);
    assert_int_equal(put(f, "before"), STATOR_OK);
    assert_int_equal(store_sync(f->store, &f->err), STATOR_OK);
    *what = true;
    fill_memory(f);
    (void)put(f, "refused");
    assert_starved(f);
    assert_true(has(f, "before"));
    assert_false(store_revive(f->store));
    has_space();
    until_revived(f);
    assert_false(store_revive(f->store));
    assert_revived(f, durability);
}

static void a_table_has_no_space(void **state)
{
    has_no_space(*state, STORE_FULL, &tables_are_full);
}

static void a_table_has_no_space_in_process(void **state)
{
    has_no_space(*state, STORE_PROCESS, &tables_are_full);
}

static void a_manifest_has_no_space(void **state)
{
    has_no_space(*state, STORE_FULL, &manifest_is_full);
}

/* The disk has space, and then it has none again: however often a revival fails, the next one ends. All families have something
 * to be flushed. */
static void a_revival_fails_again_and_again(void **state)
{
    struct fixture *f = *state;
    struct store_batch *batch;

    open_it(f, STORE_PROCESS);
    assert_int_equal(put(f, "before"), STATOR_OK);
    tables_are_full = true;
    batch = store_batch_new(f->store);
    for (int i = 0; i < 2000 && !store_starved(f->store); i++) {
        char key[16], value[20000] = "";

        snprintf(key, sizeof(key), "%06d", i);
        store_batch_clear(batch);
        store_batch_put(batch, STORE_SHARD(0), bytes_of_string(key), bytes_of(value, sizeof(value)));
        store_batch_put(batch, STORE_SHARD(1), bytes_of_string(key), bytes_of(value, sizeof(value)));
        store_batch_put(batch, STORE_CATALOG, bytes_of_string(key), bytes_of(value, sizeof(value)));
        (void)!store_write(f->store, batch, true, &f->err);
    }
    store_batch_free(batch);
    (void)put(f, "refused");
    for (const time_t end = time(NULL) + 3; time(NULL) < end;) { /* the first find the flush before not over */
        assert_false(store_revive(f->store));
        assert_true(store_starved(f->store));
        usleep(100);
    }
    has_space();
    until_revived(f);
    assert_revived(f, STORE_PROCESS);
}

/* What was written before is synced, and read, while nothing is taken. */
static void what_was_written_before(void **state)
{
    struct fixture *f = *state;

    open_it(f, STORE_FULL);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(put(f, "before"), STATOR_OK);
        tables_are_full = true;
        fill_memory(f);
        (void)put(f, "refused");
        assert_starved(f);
        assert_int_equal(store_sync(f->store, &f->err), STATOR_OK);
        assert_false(store_frozen(f->store));
        assert_true(has(f, "before") && has(f, "000000"));
        has_space();
        until_revived(f);
    }
    assert_revived(f, STORE_FULL);
}

/* A flush ends with its tables, as before. */
static void a_flush_waits_after_a_revival(void **state)
{
    struct fixture *f = *state;
    struct store_family_stats stats;
    char key[16];

    open_large(f, STORE_FULL);
    tables_are_full = true;
    fill_memory(f);
    (void)put(f, "refused");
    has_space();
    until_revived(f);
    for (int i = 0; i < 150; i++) {
        snprintf(key, sizeof(key), "%06d", i);
        assert_int_equal(put_bytes(f, key, (size_t)60 << 10), STATOR_OK);
    }
    assert_int_equal(store_sync(f->store, &f->err), STATOR_OK);
    assert_true(store_shorten_log(f->store));
    store_family_stats(f->store, SHARD, &stats);
    assert_true(stats.memory_bytes < 10000);
}

/* Neither the next log can be made, nor a table of what is in memory. */
static void a_next_log_has_no_space(void **state)
{
    has_no_space(*state, STORE_FULL, &spare_is_lost);
}

static void a_next_log_has_no_space_in_process(void **state)
{
    has_no_space(*state, STORE_PROCESS, &spare_is_lost);
}

/* The next log can be made of what is spare, whatever else has no space; what Debian's library could not try a second time
 * it does not. */
static void a_next_log_has_no_space_after_a_range_was_deleted(void **state)
{
    struct fixture *f = *state;
    struct store_batch *batch;
    char before[256], now[256];
    int written = 0;

    open_large(f, STORE_FULL);
    assert_int_equal(put(f, "before"), STATOR_OK);
    batch = store_batch_new(f->store);
    store_batch_delete_range(batch, SHARD, BYTES("x"), BYTES("y"));
    assert_int_equal(store_write(f->store, batch, true, &f->err), STATOR_OK);
    store_batch_free(batch);
    assert_int_equal(store_sync(f->store, &f->err), STATOR_OK);
    find_log(f->dir, before);
    log_has_no_more = true;
    assert_int_equal(rocks_flush(f->store, &f->err), STATOR_OK);
    find_log(f->dir, now);
    assert_string_not_equal(before, now);
    assert_false(store_starved(f->store));
    while (put_bytes(f, "more", 20000) == STATOR_OK)
        written++;
    assert_int_equal(written, 0); /* there is no spare for the log after that */
    assert_non_null(strstr(f->err.message, "is full: nothing was written. Writes are taken again when there is"));
    assert_int_equal(rocks_flush(f->store, &f->err), STATOR_INTERNAL_SERVER_ERROR);
    assert_int_equal(store_sync(f->store, &f->err), STATOR_OK);
    has_space();
    assert_false(store_read_only(f->store) || store_revive(f->store));
    for (int i = 0; i < 20; i++) { /* one behind the other, whatever a sync has written ahead */
        assert_int_equal(put(f, "more"), STATOR_OK);
        assert_int_equal(store_sync(f->store, &f->err), STATOR_OK);
    }
    assert_revived(f, STORE_FULL);
}

/* Its end is met before a write, which is refused, and nothing more happens. */
static void a_log_has_no_more_space(void **state)
{
    static const enum store_durability durabilities[] = {STORE_FULL, STORE_PROCESS};
    struct fixture *f = *state;
    char key[16];

    for (size_t i = 0; i < COUNT_OF(durabilities); i++) {
        int taken = 0;

        open_large(f, durabilities[i]);
        assert_int_equal(put(f, "before"), STATOR_OK);
        log_has_no_more = true;
        do
            snprintf(key, sizeof(key), "%zu-%d", i, taken++);
        while (put_bytes(f, key, 20000) == STATOR_OK);
        assert_in_range(taken, 10, (2 << 20) / 20000);
        assert_non_null(strstr(f->err.message, "is full: nothing was written. Writes are taken again when there is"));
        assert_false(store_read_only(f->store) || has(f, key));
        assert_int_equal(store_sync(f->store, &f->err), STATOR_OK);
        has_space();
        assert_int_equal(put_bytes(f, key, 20000), STATOR_OK);
        assert_true(has(f, "0-0") && has(f, key));
        assert_revived(f, durabilities[i]);
        if (i == 0)
            store_close(f->store);
    }
}

static void a_start_without_space_for_a_log(void **state)
{
    struct fixture *f = *state;

    open_it(f, STORE_FULL);
    assert_int_equal(put(f, "before"), STATOR_OK);
    store_close(f->store);
    log_has_no_more = true;
    open_it(f, STORE_FULL);
    assert_true(has(f, "before"));
    assert_int_equal(put(f, "refused"), STATOR_INTERNAL_SERVER_ERROR);
    assert_false(store_read_only(f->store));
    has_space();
    assert_revived(f, STORE_FULL);
}

/* A new log has room for what is on its way, and not for all that was ever written. */
static void logs_begin_small(void **state)
{
    static const size_t sizes[] = {(size_t)20 << 10, (size_t)300 << 10}; /* the large ones are written alone */
    struct fixture *f = *state;
    char key[16];

    for (int durability = STORE_FULL; durability <= STORE_PROCESS; durability++) {
        store_close(f->store);
        open_it(f, (enum store_durability)durability);
        largest_begin = 0;
        for (int i = 0; i < 460; i++) {
            snprintf(key, sizeof(key), "%06d", i);
            assert_int_equal(put_bytes(f, key, sizes[i / 400]), STATOR_OK);
            if (durability == STORE_FULL) /* else nobody needs one */
                assert_int_equal(store_sync(f->store, &f->err), STATOR_OK);
        }
        assert_in_range(largest_begin, 1 << 20, 3 << 20);
    }
}

/* Nothing is written to a log that had no space before: small ones and large ones, marks between them, and what the engine adds to
 * each. The log is allocated by the page, so what is missing in one write shows after many. */
static void all_that_is_written_had_space(void **state)
{
    static const size_t sizes[] = {1, 7, 150, 3000, 33000, 70000, 300000, 1100000};
    struct fixture *f = *state;

    for (int durability = STORE_FULL; durability <= STORE_PROCESS; durability++) {
        store_close(f->store);
        open_large(f, (enum store_durability)durability);
        log_writes = unspaced = 0;
        counts_unspaced = true;
        for (int i = 0; i < 4000; i++) {
            assert_int_equal(put_bytes(f, "key",
                                       sizes[i % 600 == 0  ? 7
                                             : i % 60 == 0 ? 4 + i / 60 % 3
                                                           : i % 4]),
                             STATOR_OK);
            if (i % 60 == 0 && durability == STORE_PROCESS) /* nothing waits in a buffer */
                assert_int_equal(atomic_load(&f->store->log_room.on_way), 0);
            if (i % 3 == 0)
                assert_int_equal(store_sync(f->store, &f->err), STATOR_OK);
        }
        counts_unspaced = false;
        assert_true(log_writes > 1000);
        assert_int_equal(unspaced, 0);
        assert_int_equal(store_sync(f->store, &f->err), STATOR_OK);
        assert_int_equal(atomic_load(&f->store->log_room.on_way), 0);
    }
}

/* The engine forgets what it could not write. */
static void a_log_has_no_space(void **state)
{
    static const enum store_durability durabilities[] = {STORE_FULL, STORE_PROCESS};
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(durabilities); i++) {
        open_it(f, durabilities[i]);
        assert_int_equal(put(f, "before"), STATOR_OK);
        assert_int_equal(store_sync(f->store, &f->err), STATOR_OK);
        log_is_full = true;
        log_takes = 20;
        if (put(f, "lost") == STATOR_OK)
            assert_int_equal(store_sync(f->store, &f->err), STATOR_INTERNAL_SERVER_ERROR);
        assert_non_null(strstr(f->err.message, "is not known until a restart"));
        has_space();
        assert_true(store_broken(f->store) && store_read_only(f->store));
        assert_false(store_revive(f->store));
        assert_true(has(f, "before"));
        store_close(f->store);
        open_it(f, durabilities[i]);
        assert_true(has(f, "before"));
        assert_int_equal(put(f, "after"), STATOR_OK);
        if (i == 0)
            store_close(f->store);
    }
}

static void another_failure_is_for_ever(void **state)
{
    struct fixture *f = *state;

    open_it(f, STORE_FULL);
    assert_int_equal(put(f, "before"), STATOR_OK);
    assert_int_equal(store_sync(f->store, &f->err), STATOR_OK);
    error = EIO;
    log_is_full = true;
    assert_int_equal(put(f, "meanwhile"), STATOR_OK);
    assert_int_equal(store_sync(f->store, &f->err), STATOR_INTERNAL_SERVER_ERROR);
    assert_non_null(strstr(f->err.message, "is not known until a restart"));
    has_space();
    assert_int_equal(store_sync(f->store, &f->err),
                     STATOR_INTERNAL_SERVER_ERROR); /* nor does a later one say that it is there */
    assert_false(store_starved(f->store) || store_revive(f->store));
    assert_true(store_read_only(f->store) && store_frozen(f->store) && !has(f, "meanwhile"));
    assert_int_equal(put(f, "refused"), STATOR_INTERNAL_SERVER_ERROR);
    assert_non_null(strstr(f->err.message, "Restart the server to write again"));
    store_close(f->store);
    open_it(f, STORE_FULL);
    assert_true(has(f, "before"));
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        ONE(a_table_has_no_space),
        ONE(a_table_has_no_space_in_process),
        ONE(a_manifest_has_no_space),
        ONE(a_revival_fails_again_and_again),
        ONE(what_was_written_before),
        ONE(a_start_without_space_for_a_log),
        ONE(logs_begin_small),
        ONE(a_flush_waits_after_a_revival),
        ONE(a_next_log_has_no_space),
        ONE(a_next_log_has_no_space_in_process),
        ONE(a_next_log_has_no_space_after_a_range_was_deleted),
        ONE(a_log_has_no_more_space),
        ONE(all_that_is_written_had_space),
        ONE(a_log_has_no_space),
        ONE(another_failure_is_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
