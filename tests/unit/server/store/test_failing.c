/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that fails while a directory is opened: the start says so, and the next one finds what was there. */
#include "unit/unit.h"

#include <errno.h>
#include <limits.h>
#include <rocksdb/c.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "store/store.h"
#include "store/synced.h"
#include "unit/server/store/crashed.h"
#include "unit/server/store/descriptor.h"
#include "unit/server/store/temporary.h"

static atomic_bool log_fails;     /* whatever is written to a log */
static atomic_bool notes_fail;    /* whatever is written to STATOR-SYNCED, */
static atomic_int notes_before;   /* but for the first so many */
static atomic_bool claims_fail;   /* whatever is written to STATOR-LOCK */
static atomic_bool writes_halves; /* of whatever is written at an offset */

/* Both are seen by the engine's shared library, too. */
__attribute__((visibility("default"))) ssize_t write(int fd, const void *data, size_t len)
{
    if (log_fails && descriptor_is_of(fd, ".log")) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_write, fd, data, len);
}

__attribute__((visibility("default"))) ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
    if (claims_fail && descriptor_is_of(fd, "STATOR-LOCK")) {
        errno = EIO;
        return -1;
    }
    if (notes_fail && descriptor_is_of(fd, SYNCED_NAME) && --notes_before < 0) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_pwrite64, fd, data, writes_halves ? (len + 1) / 2 : len, offset);
}

static struct store *open_it(const char *dir, struct stator_error *err)
{
    struct store *store;

    (void)!store_open(&store, &(struct store_options){.dir = dir, .shards = 2}, err);
    return store;
}

static struct store *must_open(const char *dir)
{
    struct stator_error err = {0};
    struct store *store = open_it(dir, &err);

    if (store == NULL)
        fail_msg("%s", err.message);
    return store;
}

static void put(struct store *store, const char *key, bool sync)
{
    struct store_batch *batch = store_batch_new(store);

    store_batch_put(batch, STORE_SHARD(0), bytes_of_string(key), BYTES("value"));
    assert_int_equal(store_write(store, batch, true, NULL), STATOR_OK);
    if (sync)
        assert_int_equal(store_sync(store, NULL), STATOR_OK);
    store_batch_free(batch);
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

static int setup(void **state)
{
    char *dir = calloc(1, 64);

    temporary_make(dir);
    *state = dir;
    return 0;
}

static int teardown(void **state)
{
    log_fails = notes_fail = claims_fail = writes_halves = false;
    notes_before = 0;
    temporary_remove(*state);
    free(*state);
    return 0;
}

/* The engine waited for itself: see files.cc. */
static void a_write_behind_a_torn_end_fails(void **state)
{
    const char *dir = *state;
    struct store *store = must_open(dir);
    uint8_t *bytes = malloc(FILE_MAX);
    struct stator_error err;
    char log[256];
    size_t len;

    put(store, "first", true);
    put(store, "second", false);
    store_close(store);
    find_log(dir, log);
    len = read_file(log, bytes);
    while (len != 0 && bytes[len - 1] == 0) /* the zeros that a log has ahead */
        len--;
    bytes[len - 1] ^= 1;
    write_bytes(dir, strrchr(log, '/') + 1, bytes_of(bytes, len));
    free(bytes);
    forget_synced(dir); /* so that it is no damage, whatever was synced of it */
    log_fails = true;
    assert_null(open_it(dir, &err));
    assert_non_null(strstr(err.message, "Input/output error"));
    log_fails = false;
    store = must_open(dir);
    assert_true(has(store, "first"));
    store_close(store);
}

/* What the directory must have cannot be noted. */
static void the_note_of_a_start_fails(void **state)
{
    const char *dir = *state;
    struct stator_error err;

    for (int start = 0; start < 10; start++) { /* so many logs become tables */
        struct store *store = must_open(dir);

        put(store, "key", true);
        store_close(store);
    }
    notes_fail = true;
    assert_null(open_it(dir, &err));
    notes_fail = false;
    store_close(must_open(dir));
}

/* No log is deleted whose line stays. */
static void a_log_is_not_struck_out_without_a_word(void **state)
{
    const char *dir = *state;
    struct synced_file line = {.number = 7, .bytes = 100};
    struct synced_list lines = {.state = SYNCED_SOUND, .count = 1, .files = &line}, kept;
    struct synced *synced;

    assert_int_equal(synced_open(&synced, dir, &lines, false, NULL), STATOR_OK);
    assert_int_equal(synced_start(synced, dir, NULL), STATOR_OK);
    synced_close(synced);
    assert_int_equal(synced_open(&synced, dir, &lines, false, NULL), STATOR_OK);
    notes_fail = true;
    assert_int_not_equal(synced_start(synced, dir, NULL), STATOR_OK);
    assert_int_equal(synced_strike(synced, 7), ENOSPC);
    notes_fail = false;
    assert_int_equal(synced_strike(synced, 7), 0);
    synced_close(synced);
    assert_int_equal(synced_read(&kept, dir, NULL), STATOR_OK);
    assert_null(synced_find(&kept, 7));
    synced_list_deinit(&kept);
}

/* As one that was made by a server that knew format 1 alone. */
static void make_format_1(const char *dir)
{
    const uint8_t record[] = {0, 0, 0, 1, 0, 0, 0, 2};
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_writeoptions_t *how = rocksdb_writeoptions_create();
    rocksdb_column_family_handle_t *handles[16];
    const rocksdb_options_t *each[16];
    char path[128], *why = NULL, **names;
    rocksdb_t *db;
    size_t count;

    names = rocksdb_list_column_families(options, dir, &count, &why);
    assert_null(why);
    for (size_t i = 0; i < count; i++)
        each[i] = options;
    db = rocksdb_open_column_families(options, dir, (int)count, (const char *const *)names, each, handles, &why);
    assert_null(why);
    rocksdb_put_cf(db, how, handles[0], "format", 6, (const char *)record, sizeof(record), &why);
    assert_null(why);
    for (size_t i = 0; i < count; i++)
        rocksdb_column_family_handle_destroy(handles[i]);
    rocksdb_close(db);
    rocksdb_list_column_families_destroy(names, count);
    rocksdb_writeoptions_destroy(how);
    rocksdb_options_destroy(options);
    write_bytes(dir, "STATOR-LOCK", BYTES("A Stator database. Its server holds a lock on this file.\n"));
    snprintf(path, sizeof(path), "%s/" SYNCED_NAME, dir);
    assert_int_equal(remove(path), 0);
}

/* Nothing says that a directory has lines before they are there: else it would be damaged without them. */
static void an_upgrade_fails(void **state)
{
    const char *dir = *state;
    struct store *store = must_open(dir);
    char copy[64];
    int before = 0;

    put(store, "key", true);
    store_close(store);
    make_format_1(dir);
    for (bool failed = true; failed; before++) {
        struct stator_error err;

        temporary_make(copy);
        copy_files(dir, copy);
        notes_before = before;
        notes_fail = true;
        store = open_it(copy, &err);
        notes_fail = false;
        failed = store == NULL;
        store_close(store);
        store = must_open(copy);
        assert_true(has(store, "key"));
        store_close(store);
        temporary_remove(copy);
    }
    assert_true(before > 2); /* the text alone, and the lines */
}

/* A directory is complete when it says whose it is, or one of which that is all that is left would be taken for a new one. */
static void a_claim_fails(void **state)
{
    const char *dir = *state;
    struct stator_error err;
    char path[128];

    claims_fail = true;
    assert_null(open_it(dir, &err));
    claims_fail = false;
    snprintf(path, sizeof(path), "%s/STATOR-INCOMPLETE", dir);
    assert_int_equal(access(path, F_OK), 0);
    store_close(must_open(dir));
    assert_int_not_equal(access(path, F_OK), 0);
}

static void half_of_a_write_is_no_failure(void **state)
{
    struct store *store;

    writes_halves = true;
    store = must_open(*state);
    put(store, "key", true);
    store_close(store);
    store = must_open(*state);
    assert_true(has(store, "key"));
    store_close(store);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        ONE(a_write_behind_a_torn_end_fails),
        ONE(the_note_of_a_start_fails),
        ONE(a_log_is_not_struck_out_without_a_word),
        ONE(an_upgrade_fails),
        ONE(a_claim_fails),
        ONE(half_of_a_write_is_no_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
