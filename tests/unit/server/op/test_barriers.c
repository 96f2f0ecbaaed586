/* SPDX-License-Identifier: Apache-2.0 */
/* What is dropped is erased when no writer keeps it any more: not while anyone holds a latch. */
#include "format/keycodec.h"
#include "unit/server/op/jobs.h"
#include "unit/unit.h"

#include <pthread.h>
#include <unistd.h>

#define HELD_US    200000
#define PATIENCE_S 30

struct entry {
    uint32_t shard;
    uint8_t key[256];
    size_t len;
};

/* Any entry of the index of that id. */
static void find_entry(struct engine *engine, uint32_t id, struct entry *out)
{
    struct buf lower, upper;

    buf_init(&lower, 64);
    buf_init(&upper, 64);
    key_append_prefix(&lower, id, 0);
    key_append_prefix(&upper, id + 1, 0);
    out->len = 0;
    for (uint32_t shard = 0; shard < store_shards(engine->db.store); shard++) {
        struct store_iterator *it = store_iterator_open(engine->db.store, STORE_SHARD(shard), buf_bytes(&lower),
                                                        buf_bytes(&upper), NULL, STORE_ANY);

        store_iterator_seek_first(it);
        if (store_iterator_valid(it)) {
            out->shard = shard;
            out->len = store_iterator_key(it).len;
            memcpy(out->key, store_iterator_key(it).at, out->len);
        }
        store_iterator_close(it);
    }
    buf_deinit(&lower);
    buf_deinit(&upper);
    assert_int_not_equal(out->len, 0);
}

static bool is_there(struct engine *engine, const struct entry *entry)
{
    struct store_pinned pinned;
    bool there;

    assert_int_equal(store_get(engine->db.store, STORE_SHARD(entry->shard), bytes_of(entry->key, entry->len), STORE_ANY,
                               NULL, &pinned, NULL),
                     STATOR_OK);
    there = bytes_present(pinned.value);
    store_release(&pinned);
    return there;
}

struct writer {
    struct engine *engine;
    const struct entry *entry;
    _Atomic bool holds;
    bool saw_it; /* when it was about to end */
};

static void *hold_latch(void *context)
{
    struct writer *writer = context;

    latch_take(writer->engine->db.latches, LATCH_COUNT - 1);
    atomic_store(&writer->holds, true);
    usleep(HELD_US);
    writer->saw_it = is_there(writer->engine, writer->entry);
    latch_release(writer->engine->db.latches, LATCH_COUNT - 1);
    return NULL;
}

static void erasing_waits_for_writers(void **state)
{
    static const struct {
        struct step step;
        bool of_index;
    } drops[] = {
        {{"UpdateTable", "{'TableName':'test','GlobalSecondaryIndexUpdates':[{'Delete':{'IndexName':'gsi'}}]}", "~gsi"},
         true},
        {{"DeleteTable", "{'TableName':'test'}", "~DELETING"}, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(drops); i++) {
        struct engine *engine = open_engine(NULL);
        struct writer writer = {.engine = engine};
        struct entry entry;
        struct table *table;
        pthread_t thread;

        fill(engine);
        table = catalog_find(engine->db.catalog, BYTES(""), BYTES("test"));
        find_entry(engine, drops[i].of_index ? table->indexes[1].state->id : table->base.state->id, &entry);
        table_release(table);
        writer.entry = &entry;
        assert_int_equal(pthread_create(&thread, NULL, hold_latch, &writer), 0);
        while (!atomic_load(&writer.holds))
            usleep(100);
        run_step(engine, i, &drops[i].step, true);
        pthread_join(thread, NULL);
        assert_true(writer.saw_it);
        for (int ms = 0; is_there(engine, &entry); ms++) {
            assert_true(ms < PATIENCE_S * 1000);
            usleep(1000);
        }
        engine_close(engine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(erasing_waits_for_writers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
