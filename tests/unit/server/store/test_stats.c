/* SPDX-License-Identifier: Apache-2.0 */
/* What the store tells of itself. */
#include "unit/unit.h"

#include "store/store.h"
#include "unit/server/store/temporary.h"

#define KEYS  2000
#define SHARD STORE_SHARD(0)

static void put_keys(struct store *store)
{
    struct store_batch *batch = store_batch_new(store);
    uint8_t value[1000];
    uint32_t random = 1;
    char key[16];

    for (int i = 0; i < KEYS; i++) {
        for (size_t k = 0; k < sizeof(value); k++)
            value[k] = (uint8_t)((random = random * 1103515245 + 12345) >> 16); /* nothing to compress */
        snprintf(key, sizeof(key), "k%05d", i % 100000);
        store_batch_clear(batch);
        store_batch_put(batch, SHARD, bytes_of(key, 6), bytes_of(value, sizeof(value)));
        assert_int_equal(store_write(store, batch, true, NULL), STATOR_OK);
    }
    store_batch_free(batch);
}

static void read_key(struct store *store, int number)
{
    struct store_pinned pinned;
    char key[16];

    snprintf(key, sizeof(key), "k%05d", number % 100000);
    assert_int_equal(store_get(store, SHARD, bytes_of(key, 6), STORE_ANY, NULL, &pinned, NULL), STATOR_OK);
    assert_int_equal(pinned.value.len, 1000);
    store_release(&pinned);
}

static void on_disk(void **state)
{
    char dir[64];
    struct store_options options = {
        .dir = temporary_make(dir), .shards = 1, .durability = STORE_PROCESS, .memtable_bytes = (size_t)256 << 10};
    struct store_family_stats family = {0};
    struct store_stats before, after;
    uint64_t files = 0;
    struct store *store;

    (void)state;
    assert_int_equal(store_open(&store, &options, NULL), STATOR_OK);
    put_keys(store);
    store_family_stats(store, SHARD, &family); /* a memtable is flushed before the next but one is begun */
    for (int i = 0; i < STORE_LEVELS; i++)
        files += family.level_files[i];
    assert_true(files >= 1);
    assert_true(family.table_bytes > 100000);
    assert_true(family.memory_bytes > 0);
    assert_true(family.keys > KEYS / 2 && family.keys < KEYS * 2);
    store_note_thread(store);
    store_stats(store, &before);
    for (int i = 0; i < 10; i++)
        read_key(store, 0);
    store_stats(store, &after);
    assert_int_equal(after.cache_hits, before.cache_hits); /* not yet told */
    store_note_thread(store);
    store_note_thread(store); /* nothing is told twice */
    store_stats(store, &after);
    assert_true(after.cache_hits > before.cache_hits);
    assert_true(after.cache_hits < before.cache_hits + 100);
    assert_true(after.cache_misses <= before.cache_misses + 10);
    assert_true(after.cache_bytes > 0 && after.cache_bytes_max == (size_t)8 << 20);
    assert_true(after.disk_bytes >= after.free_bytes && after.free_bytes > 0);
    assert_false(after.full || store_full(store));
    store_close(store);
    temporary_remove(dir);
}

static void in_memory(void **state)
{
    struct store_options options = {.shards = 2};
    struct store_family_stats family;
    struct store_stats stats;
    struct store *store;

    (void)state;
    assert_int_equal(store_open(&store, &options, NULL), STATOR_OK);
    store_stats(store, &stats);
    store_family_stats(store, STORE_SHARD(1), &family);
    assert_int_equal(stats.free_bytes, 0);
    assert_int_equal(stats.stalls, 0);
    assert_false(stats.stopped || stats.full || store_full(store));
    assert_int_equal(family.table_bytes, 0);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(on_disk), cmocka_unit_test(in_memory)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
