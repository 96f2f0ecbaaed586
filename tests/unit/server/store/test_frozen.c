/* SPDX-License-Identifier: Apache-2.0 */
/* What is read after a sync has failed: what the one before has covered, and nothing else. */
#include "store/store.h"

#include <pthread.h>

#include "unit/server/store/failing_sync.h"
#include "unit/server/store/temporary.h"
#include "unit/unit.h"

static struct stator_error last; /* of put */

static struct store *open_store(const char *dir)
{
    const struct store_options options = {.dir = dir, .shards = 1, .durability = STORE_FULL};
    struct stator_error err = {0};
    struct store *store;

    if (store_open(&store, &options, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    return store;
}

static enum stator_rc put(struct store *store, const char *key, const char *value)
{
    struct store_batch *batch = store_batch_new(store);
    enum stator_rc rc;

    last.message[0] = '\0';
    store_batch_put(batch, STORE_SHARD(0), bytes_of_string(key), bytes_of_string(value));
    rc = store_write(store, batch, true, &last);
    store_batch_free(batch);
    return rc;
}

/* value NULL: there must be none. */
static void assert_value(struct store *store, const struct store_snapshot *snapshot, const char *key, const char *value)
{
    static const enum store_tier tiers[] = {STORE_ANY, STORE_CACHED};

    for (size_t i = 0; i < COUNT_OF(tiers); i++) {
        struct store_pinned pinned;

        assert_int_equal(store_get(store, STORE_SHARD(0), bytes_of_string(key), tiers[i], snapshot, &pinned, NULL),
                         STATOR_OK);
        assert_int_equal(bytes_present(pinned.value), value != NULL);
        assert_true(value == NULL || bytes_equal_string(pinned.value, value));
        store_release(&pinned);
    }
}

/* "key=value;" of all. */
static void assert_all(struct store *store, const struct store_snapshot *snapshot, const char *expected)
{
    struct store_iterator *it =
        store_iterator_open(store, STORE_SHARD(0), (struct bytes){0}, (struct bytes){0}, snapshot, STORE_ANY);
    char text[256];
    size_t len = 0;

    text[0] = '\0';
    for (store_iterator_seek_first(it); store_iterator_valid(it); store_iterator_next(it))
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%.*s=%.*s;", BYTES_ARG(store_iterator_key(it)),
                                BYTES_ARG(store_iterator_value(it)));
    assert_int_equal(store_iterator_status(it, NULL), STATOR_OK);
    store_iterator_close(it);
    assert_string_equal(text, expected);
}

static void shows_what_was_synced(void **state)
{
    char dir[64];
    struct store_snapshot *before, *after;
    struct store *store;

    (void)state;
    assert_non_null(temporary_make(dir));
    store = open_store(dir);
    assert_int_equal(put(store, "a", "1"), STATOR_OK);
    assert_int_equal(put(store, "b", "1"), STATOR_OK);
    assert_int_equal(store_sync(store, NULL), STATOR_OK);
    assert_int_equal(put(store, "a", "2"), STATOR_OK);
    assert_int_equal(store_sync(store, NULL), STATOR_OK);
    assert_int_equal(put(store, "a", "3"), STATOR_OK);
    assert_int_equal(put(store, "c", "3"), STATOR_OK);
    before = store_snapshot_take(store);
    assert_false(store_frozen(store));
    assert_value(store, NULL, "a", "3");
    syncs_fail = true;
    assert_int_equal(store_sync(store, NULL), STATOR_INTERNAL_SERVER_ERROR);
    assert_true(store_frozen(store) && store_read_only(store));
    after = store_snapshot_take(store);
    syncs_fail = false;
    assert_int_equal(store_sync(store, NULL), STATOR_INTERNAL_SERVER_ERROR);
    for (int i = 0; i < 2; i++) {
        const struct store_snapshot *snapshot = i == 0 ? NULL : after;

        assert_value(store, snapshot, "a", "2");
        assert_value(store, snapshot, "b", "1");
        assert_value(store, snapshot, "c", NULL);
        assert_all(store, snapshot, "a=2;b=1;");
    }
    assert_all(store, before, "a=3;b=1;c=3;"); /* whoever has it says that it waits */
    assert_int_equal(put(store, "d", "4"), STATOR_INTERNAL_SERVER_ERROR);
    assert_non_null(
        strstr(last.message, "nothing was written")); /* the engine was not asked: that would not be known */
    assert_value(store, NULL, "d", NULL);
    store_snapshot_drop(store, before);
    store_snapshot_drop(store, after);
    store_close(store);
    temporary_remove(dir);
}

/* Of a directory that is opened all is on the disk. */
static void shows_what_was_there(void **state)
{
    char dir[64];
    struct store *store;

    (void)state;
    assert_non_null(temporary_make(dir));
    store = open_store(dir);
    assert_int_equal(put(store, "a", "1"), STATOR_OK);
    assert_int_equal(store_sync(store, NULL), STATOR_OK);
    store_close(store);
    store = open_store(dir);
    assert_int_equal(put(store, "a", "2"), STATOR_OK);
    syncs_fail = true;
    assert_int_equal(store_sync(store, NULL), STATOR_INTERNAL_SERVER_ERROR);
    syncs_fail = false;
    assert_all(store, NULL, "a=1;");
    assert_int_equal(put(store, "b", "1"), STATOR_INTERNAL_SERVER_ERROR);
    store_close(store);
    temporary_remove(dir);
}

/* --- Two at once -------------------------------------------------------------------------------------------------- */

static atomic_bool writes_fail;

/* Seen by the engine's shared library, too. */
__attribute__((visibility("default"))) ssize_t write(int fd, const void *data, size_t len)
{
    if (atomic_load(&writes_fail) && fd > STDERR_FILENO) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_write, fd, data, len);
}

static void *sync_it(void *store)
{
    return (void *)(intptr_t)store_sync(store, NULL);
}

/* A sync is under way and will succeed when a write fails, and another sync with it. */
static void shows_what_is_being_synced(void **state)
{
    const size_t large = (size_t)2 << 20; /* goes to the file at once */
    char dir[64], *value = calloc(1, large);
    pthread_t first, second;
    struct store *store;
    void *rc;

    (void)state;
    memset(value, 'v', large - 1);
    assert_non_null(temporary_make(dir));
    store = open_store(dir);
    assert_int_equal(put(store, "a", "1"), STATOR_OK);
    assert_int_equal(store_sync(store, NULL), STATOR_OK);
    assert_int_equal(put(store, "a", "2"), STATOR_OK);
    syncs_wait = true;
    assert_int_equal(pthread_create(&first, NULL, sync_it, store), 0);
    while (syncs_waiting == 0)
        usleep(1000);
    writes_fail = true;
    assert_int_equal(put(store, "b", value), STATOR_INTERNAL_SERVER_ERROR);
    writes_fail = false;
    assert_int_equal(pthread_create(&second, NULL, sync_it, store), 0);
    usleep(50 * 1000);
    syncs_wait = false;
    pthread_join(first, &rc);
    assert_int_equal((intptr_t)rc, STATOR_OK);
    pthread_join(second, &rc);
    assert_int_equal((intptr_t)rc, STATOR_INTERNAL_SERVER_ERROR);
    assert_true(store_frozen(store));
    assert_all(store, NULL, "a=2;");
    store_close(store);
    temporary_remove(dir);
    free(value);
}

/* What is written while a sync is under way is not what it covers. */
static void shows_nothing_of_a_later_write(void **state)
{
    char dir[64];
    struct store *store;
    pthread_t thread;
    void *rc;

    (void)state;
    assert_non_null(temporary_make(dir));
    store = open_store(dir);
    assert_int_equal(put(store, "a", "1"), STATOR_OK);
    syncs_wait = true;
    assert_int_equal(pthread_create(&thread, NULL, sync_it, store), 0);
    while (syncs_waiting == 0)
        usleep(1000);
    assert_int_equal(put(store, "a", "2"), STATOR_OK);
    assert_int_equal(put(store, "b", "2"), STATOR_OK);
    syncs_wait = false;
    pthread_join(thread, &rc);
    assert_int_equal((intptr_t)rc, STATOR_OK);
    assert_all(store, NULL, "a=2;b=2;");
    syncs_fail = true;
    assert_int_equal(store_sync(store, NULL), STATOR_INTERNAL_SERVER_ERROR);
    syncs_fail = false;
    assert_all(store, NULL, "a=1;");
    store_close(store);
    temporary_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_was_synced),
        cmocka_unit_test(shows_what_was_there),
        cmocka_unit_test(shows_what_is_being_synced),
        cmocka_unit_test(shows_nothing_of_a_later_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
