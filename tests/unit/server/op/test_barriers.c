/* SPDX-License-Identifier: Apache-2.0 */
/* What is dropped is erased when no writer keeps it any more: not while anyone holds a latch. */
#include "unit/server/op/jobs.h"
#include "unit/unit.h"

#include <pthread.h>
#include <unistd.h>

#define HELD_US    200000
#define PATIENCE_S 30

struct writer {
    struct engine *engine;
    const struct stored_entry *entry;
    _Atomic bool holds;
    bool saw_it; /* when it was about to end */
};

static void *hold_latch(void *context)
{
    struct writer *writer = context;

    latch_take(writer->engine->db.latches, LATCH_COUNT - 1);
    atomic_store(&writer->holds, true);
    usleep(HELD_US);
    writer->saw_it = stored_entry_exists(writer->engine, writer->entry);
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
        struct stored_entry entry;
        struct table *table;
        pthread_t thread;

        fill(engine);
        table = catalog_find(engine->db.catalog, BYTES(""), BYTES("test"));
        stored_entry_find(engine, drops[i].of_index ? table->indexes[1].state->id : table->base.state->id, &entry);
        table_release(table);
        writer.entry = &entry;
        assert_int_equal(pthread_create(&thread, NULL, hold_latch, &writer), 0);
        while (!atomic_load(&writer.holds))
            usleep(100);
        run_step(engine, i, &drops[i].step, true);
        pthread_join(thread, NULL);
        assert_true(writer.saw_it);
        for (int ms = 0; stored_entry_exists(engine, &entry); ms++) {
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
