/* SPDX-License-Identifier: Apache-2.0 */
/* Reads that may not wait for the disk, on tables that are not in the cache. */
#include "unit/unit.h"

#include "store/nowait.h"
#include "store/store.h"
#include "unit/server/store/temporary.h"

#define KEYS  4000
#define SHARD STORE_SHARD(0)
#define NONE  ((struct bytes){0})

struct fixture {
    char dir[64];
    struct store_options options;
    struct store *store;
};

static struct bytes key_of(char out[16], int number)
{
    snprintf(out, 16, "k%05d", number % 100000);
    return bytes_of(out, 6);
}

static void put_keys(struct fixture *f, int first, int step)
{
    struct store_batch *batch = store_batch_new(f->store);
    uint8_t value[400];
    char key[16];

    for (int i = first; i < KEYS; i += step) {
        memset(value, i, sizeof(value));
        store_batch_clear(batch);
        store_batch_put(batch, SHARD, key_of(key, i), bytes_of(value, sizeof(value)));
        assert_int_equal(store_write(f->store, batch, true, NULL), STATOR_OK);
    }
    store_batch_free(batch);
}

/* Every second key is in tables of which no block is cached; every hundredth of the others is in a memtable. */
static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    temporary_make(f->dir);
    f->options =
        (struct store_options){.dir = f->dir, .shards = 1, .durability = STORE_PROCESS, .memtable_bytes = 128 << 10};
    assert_int_equal(store_open(&f->store, &f->options, NULL), STATOR_OK);
    put_keys(f, 0, 2);
    store_close(f->store);
    f->options.memtable_bytes = 0;
    assert_int_equal(store_open(&f->store, &f->options, NULL), STATOR_OK);
    put_keys(f, 1, 100);
    nowait_set_cold(true); /* the files have just been written: the system has them all in memory */
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    nowait_set_cold(false);
    store_close(f->store);
    temporary_remove(f->dir);
    free(f);
    return 0;
}

static enum stator_rc get(struct fixture *f, int number, enum store_tier tier, const struct store_snapshot *snapshot,
                          bool *found)
{
    char key[16];
    struct store_pinned pinned;
    enum stator_rc rc = store_get(f->store, SHARD, key_of(key, number), tier, snapshot, &pinned, NULL);

    *found = bytes_present(pinned.value);
    if (*found)
        assert_int_equal(pinned.value.at[399], (uint8_t)number);
    store_release(&pinned);
    return rc;
}

static void a_miss_is_told_and_can_be_read_elsewhere(void **state)
{
    struct fixture *f = *state;
    struct store_snapshot *snapshot = store_snapshot_take(f->store);
    bool found;

    assert_int_equal(get(f, 0, STORE_CACHED, NULL, &found), STATOR_AGAIN);
    assert_false(found);
    assert_int_equal(get(f, 0, STORE_CACHED, snapshot, &found), STATOR_AGAIN);
    assert_int_equal(get(f, 0, STORE_ANY, snapshot, &found), STATOR_OK);
    assert_true(found);
    assert_int_equal(get(f, 0, STORE_CACHED, snapshot, &found), STATOR_OK); /* cached now */
    assert_true(found);
    assert_int_equal(get(f, 101, STORE_CACHED, NULL, &found), STATOR_OK); /* in a memtable */
    assert_true(found);
    store_snapshot_drop(f->store, snapshot);
}

/* What the system has in memory is no miss, and is in the engine's cache from then on. */
static void the_system_has_it(void **state)
{
#if NOWAIT
    struct fixture *f = *state;
    bool found;

    nowait_set_cold(false);
    if (get(f, 0, STORE_CACHED, NULL, &found) == STATOR_AGAIN)
        skip(); /* a file system that cannot say so */
    assert_true(found);
    nowait_set_cold(true);
    assert_int_equal(get(f, 0, STORE_CACHED, NULL, &found), STATOR_OK);
    assert_true(found);
#else
    (void)state;
    skip();
#endif
}

static int number_at(struct store_iterator *it)
{
    char text[8] = "";

    assert_int_equal(store_iterator_key(it).len, 6);
    memcpy(text, store_iterator_key(it).at, 6);
    return atoi(text + 1);
}

/* The key after number, in either direction; -1 past the end. */
static int after(int number, int step)
{
    for (number += step; number >= 0 && number < KEYS; number += step) {
        if (number % 2 == 0 || number % 100 == 1)
            return number;
    }
    return -1;
}

/* Walks in the cached tier from number on, until it ends or misses: it must skip nothing that is on the disk to show
 * what is in a memtable. On a miss reads the key it stopped at and goes on. Returns how often it missed. */
static int walk(struct fixture *f, int number, int step)
{
    int misses = 0;

    while (number >= 0) {
        char key[16];
        bool found;
        struct store_iterator *it = store_iterator_open(f->store, SHARD, NONE, NONE, NULL, STORE_CACHED);

        if (step > 0)
            store_iterator_seek(it, key_of(key, number));
        else
            store_iterator_seek_back(it, key_of(key, number));
        while (store_iterator_valid(it)) {
            assert_int_equal(number_at(it), number);
            assert_int_equal(store_iterator_value(it).at[399], (uint8_t)number);
            number = after(number, step);
            if (step > 0)
                store_iterator_next(it);
            else
                store_iterator_previous(it);
        }
        if (number >= 0) {
            struct stator_error err = {0};

            if (store_iterator_status(it, &err) != STATOR_AGAIN)
                fail_msg("at %d: %d %s", number, (int)err.rc, err.message);
            misses++;
            store_iterator_close(it);
            it = store_iterator_open(f->store, SHARD, NONE, NONE, NULL, STORE_ANY);
            if (step > 0)
                store_iterator_seek(it, key_of(key, number));
            else
                store_iterator_seek_back(it, key_of(key, number));
            assert_true(store_iterator_valid(it));
            assert_int_equal(number_at(it), number);
            assert_int_equal(get(f, number, STORE_ANY, NULL, &found), STATOR_OK);
            assert_true(found);
        } else {
            assert_int_equal(store_iterator_status(it, NULL), STATOR_OK);
        }
        store_iterator_close(it);
    }
    return misses;
}

static void an_iterator_stops_at_a_miss_forward(void **state)
{
    assert_true(walk(*state, 0, 1) > 10);
    assert_int_equal(walk(*state, 0, 1), 0); /* all is cached */
}

static void an_iterator_stops_at_a_miss_backward(void **state)
{
    assert_true(walk(*state, KEYS - 2, -1) > 10);
    assert_int_equal(walk(*state, KEYS - 2, -1), 0);
}

static void sizes_include_files(void **state)
{
    struct fixture *f = *state;
    uint64_t all = store_approximate_bytes(f->store, SHARD, BYTES("k"), BYTES("l"));

    assert_in_range(all, 20000, 1000000); /* values of one byte repeated: compressed */
}

/* At start-up 16 tables are opened: of a key in another one the engine says in the cached tier that it is there and
 * empty. */
static void a_table_that_is_not_open_is_a_miss(void **state)
{
    struct fixture *f = *state;
    const uint32_t shards = 30;
    struct store_options options = {.shards = shards, .durability = STORE_NONE};
    char dir[64], key[16];
    int misses = 0;

    (void)f;
    options.dir = temporary_make(dir);
    for (int round = 0; round < 2; round++) { /* closing without a WAL writes all memtables into tables */
        struct store *store;

        assert_int_equal(store_open(&store, &options, NULL), STATOR_OK);
        for (uint32_t i = 0; i < shards && round == 0; i++) {
            struct store_batch *batch = store_batch_new(store);

            store_batch_put(batch, STORE_SHARD(i), key_of(key, 1), BYTES("value"));
            assert_int_equal(store_write(store, batch, true, NULL), STATOR_OK);
            store_batch_free(batch);
        }
        for (uint32_t i = 0; i < shards && round == 1; i++) {
            struct store_pinned pinned;
            enum stator_rc rc = store_get(store, STORE_SHARD(i), key_of(key, 1), STORE_CACHED, NULL, &pinned, NULL);

            if (rc == STATOR_AGAIN) {
                misses++;
                rc = store_get(store, STORE_SHARD(i), key_of(key, 1), STORE_ANY, NULL, &pinned, NULL);
            }
            assert_int_equal(rc, STATOR_OK);
            assert_bytes_are(pinned.value, "value");
            store_release(&pinned);
            rc = store_get(store, STORE_SHARD(i), key_of(key, 2), STORE_CACHED, NULL, &pinned, NULL);
            assert_false(rc == STATOR_OK && bytes_present(pinned.value));
            store_release(&pinned);
        }
        store_close(store);
    }
    assert_true(misses > 10);
    temporary_remove(dir);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        ONE(a_miss_is_told_and_can_be_read_elsewhere), ONE(the_system_has_it),
        ONE(an_iterator_stops_at_a_miss_forward),      ONE(an_iterator_stops_at_a_miss_backward),
        ONE(a_table_that_is_not_open_is_a_miss),       ONE(sizes_include_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
