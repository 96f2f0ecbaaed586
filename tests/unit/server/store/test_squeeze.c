/* SPDX-License-Identifier: Apache-2.0 */
/* Merges of few files, on a disk that fails them at each place: what is there stays there, by a start after a crash, too. */
#include "store/squeeze.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit/server/store/crashed.h"
#include "unit/server/store/descriptor.h"
#include "unit/server/store/temporary.h"
#include "unit/unit.h"

#define SHARD      STORE_SHARD(0)
#define KEYS       400
#define ITEM_BYTES 2000

static _Atomic(const char *) fails; /* the syncs of the files with that in their names ... */
static atomic_int error;            /* ... with this; they are done, though */

static int sync_with(long call, int fd)
{
    const char *part = fails;

    syscall(call, fd);
    if (part == NULL || !descriptor_is_of(fd, part))
        return 0;
    errno = error;
    return -1;
}

/* Both are seen by the engine's shared library, too. */
__attribute__((visibility("default"))) int fdatasync(int fd)
{
    return sync_with(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
    return sync_with(SYS_fsync, fd);
}

struct fixture {
    char dir[64], crashed[64];
    struct store *store;
    struct stator_error err;
};

static void open_it(struct fixture *f, const char *dir)
{
    const struct store_options options = {
        .dir = dir, .shards = 1, .durability = STORE_FULL, .memtable_bytes = (size_t)16 << 20};

    if (store_open(&f->store, &options, &f->err) != STATOR_OK)
        fail_msg("%s", f->err.message);
}

static void key_of(char out[16], int number)
{
    snprintf(out, 16, "%06d", number);
}

static void flush(struct fixture *f)
{
    if (rocks_flush(f->store, &f->err) != STATOR_OK)
        fail_msg("%s", f->err.message);
}

/* Every third is deleted, by a table of its own. */
static bool stays(int number)
{
    return number % 3 != 0;
}

static void fill(struct fixture *f)
{
    struct store_batch *batch = store_batch_new(f->store);
    char key[16], value[ITEM_BYTES];

    memset(value, 'v', sizeof(value));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < KEYS; i++) {
            key_of(key, i);
            memcpy(value + 17, key, sizeof(key));
            if (round == 0)
                store_batch_put(batch, SHARD, bytes_of_string(key), bytes_of(value, sizeof(value)));
            else if (!stays(i))
                store_batch_delete(batch, SHARD, bytes_of_string(key));
        }
        assert_int_equal(store_write(f->store, batch, true, &f->err), STATOR_OK);
        store_batch_clear(batch);
        flush(f);
    }
    store_batch_free(batch);
}

static void assert_all_there(struct fixture *f)
{
    for (int i = 0; i < KEYS; i++) {
        struct store_pinned pinned;
        char key[16];

        key_of(key, i);
        if (store_get(f->store, SHARD, bytes_of_string(key), STORE_ANY, NULL, &pinned, &f->err) != STATOR_OK)
            fail_msg("%s: %s", key, f->err.message);
        assert_int_equal(bytes_present(pinned.value), stays(i));
        store_release(&pinned);
    }
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    fails = NULL;
    temporary_make(f->dir);
    temporary_make(f->crashed);
    open_it(f, f->dir);
    fill(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    fails = NULL;
    store_close(f->store);
    temporary_remove(f->dir);
    temporary_remove(f->crashed);
    free(f);
    return 0;
}

static enum stator_rc put(struct fixture *f)
{
    struct store_batch *batch = store_batch_new(f->store);
    enum stator_rc rc;

    store_batch_put(batch, SHARD, BYTES("after"), BYTES("value"));
    rc = store_write(f->store, batch, true, &f->err);
    store_batch_free(batch);
    return rc;
}

static enum store_reclaimed squeeze_all(struct fixture *f)
{
    return squeeze(f->store, SHARD, (struct bytes){NULL, 0}, (struct bytes){NULL, 0}, true);
}

static size_t tables_in(const char *dir)
{
    DIR *open = opendir(dir);
    const struct dirent *entry;
    size_t count = 0;

    while ((entry = readdir(open)) != NULL)
        count += strstr(entry->d_name, ".sst") != NULL;
    closedir(open);
    return count;
}

static size_t tables_of(struct fixture *f)
{
    const rocksdb_livefiles_t *live = rocksdb_livefiles(f->store->db);
    const size_t count = (size_t)rocksdb_livefiles_count(live);

    rocksdb_livefiles_destroy(live);
    return count;
}

/* Another thread of the engine may be about to delete them. */
static void assert_no_others(struct fixture *f)
{
    for (int tries = 0; tries < 500 && tables_in(f->dir) != tables_of(f); tries++)
        usleep(10000);
    assert_int_equal(tables_in(f->dir), tables_of(f));
}

/* As a kill would leave it. */
static void assert_survives_a_crash(struct fixture *f)
{
    struct fixture after = {.dir = ""};

    copy_files(f->dir, f->crashed);
    open_it(&after, f->crashed);
    assert_all_there(&after);
    store_close(after.store);
}

static void what_is_merged_goes(void **state)
{
    struct fixture *f = *state;
    const uint64_t before = store_range_bytes(f->store, SHARD, bytes_of_string("0"), bytes_of_string("9"));

    assert_int_equal(squeeze_all(f), STORE_RECLAIM_DONE);
    assert_true(store_range_bytes(f->store, SHARD, bytes_of_string("0"), bytes_of_string("9")) < before);
    assert_no_others(f);
    assert_all_there(f);
    assert_int_equal(squeeze_all(f), STORE_RECLAIM_NOTHING);
    assert_survives_a_crash(f);
}

/* Nothing has changed, and the next one is done. */
static void a_table_fails(void **state)
{
    struct fixture *f = *state;

    fails = ".sst";
    error = ENOSPC;
    assert_int_equal(squeeze_all(f), STORE_RECLAIM_NO_SPACE);
    fails = NULL;
    assert_false(store_read_only(f->store) || store_starved(f->store));
    assert_survives_a_crash(f);
    assert_int_equal(squeeze_all(f), STORE_RECLAIM_DONE);
    assert_all_there(f);
}

/* The manifest may name what was written, or not. */
static void a_manifest_fails(void **state)
{
    struct fixture *f = *state;

    fails = "MANIFEST";
    error = EIO;
    assert_int_equal(squeeze_all(f), STORE_RECLAIM_STOPPED);
    fails = NULL;
    assert_false(store_revive(f->store));
    assert_int_equal(put(f), STATOR_INTERNAL_SERVER_ERROR);
    assert_true(store_broken(f->store));
    assert_survives_a_crash(f);
    assert_all_there(f);
}

/* Once it has space again it goes on, and what nobody needs is deleted. */
static void a_manifest_has_no_space(void **state)
{
    struct fixture *f = *state;

    fails = "MANIFEST";
    error = ENOSPC;
    assert_int_equal(squeeze_all(f), STORE_RECLAIM_STOPPED);
    assert_int_equal(put(f), STATOR_INTERNAL_SERVER_ERROR);
    assert_true(store_starved(f->store));
    assert_false(store_revive(f->store));
    fails = NULL;
    assert_survives_a_crash(f);
    assert_true(store_revive(f->store));
    assert_int_equal(put(f), STATOR_OK);
    assert_no_others(f);
    assert_int_equal(squeeze_all(f), STORE_RECLAIM_DONE);
    assert_no_others(f);
    assert_all_there(f);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        ONE(what_is_merged_goes),
        ONE(a_table_fails),
        ONE(a_manifest_fails),
        ONE(a_manifest_has_no_space),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
