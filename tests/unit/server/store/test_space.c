/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that says that it is full, and then that it is not. */
#include "store/store.h"

#include <stdatomic.h>
#include <sys/statvfs.h>

#include "unit/server/store/temporary.h"
#include "unit/unit.h"

#define LARGE ((size_t)300 * 1024) /* the free space is looked at again after fewer bytes */

static atomic_bool full;

int statvfs(const char *path, struct statvfs *out)
{
    (void)path;
    *out = (struct statvfs){.f_frsize = 4096, .f_blocks = 1 << 24};
    out->f_bfree = out->f_bavail = full ? 16 : 1 << 23;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_are_refused_while_it_is_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
