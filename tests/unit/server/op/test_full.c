/* SPDX-License-Identifier: Apache-2.0 */
/* What is dropped while the disk is full is erased, which makes space. What cannot be done is told. */
#include "unit/server/op/jobs.h"
#include "unit/server/store/temporary.h"
#include "unit/unit.h"
#include "watch/log.h"

#include <sys/statvfs.h>

#define DISK_BLOCKS ((fsblkcnt_t)1 << 24)
#define PATIENCE_S  10 /* background work that failed is tried again each second */

static _Atomic fsblkcnt_t free_blocks = DISK_BLOCKS;

int statvfs(const char *path, struct statvfs *out)
{
    fsblkcnt_t count = free_blocks;

    (void)path;
    *out = (struct statvfs){.f_frsize = 4096, .f_blocks = DISK_BLOCKS, .f_bfree = count, .f_bavail = count};
    return 0;
}

static _Atomic int failures; /* that the log tells of */

void __wrap_log_write(enum log_level level, const char *message, const struct log_field *fields, size_t count);

void __wrap_log_write(enum log_level level, const char *message, const struct log_field *fields, size_t count)
{
    if (count > 1 && level == LOG_LEVEL_ERROR &&
        strcmp(message, "background work on a table failed and will be tried again") == 0 &&
        bytes_equal_string(fields[1].text, "test"))
        failures++;
}

/* A disk that takes nothing but what makes space. */
static void fill_disk(struct engine *engine)
{
    static const struct step refused = {"PutItem", "{'TableName':'test','Item':{'pk':{'S':'q'},'sk':{'N':'1'}}}",
                                        "~is full: nothing was written"};

    while (!store_full(engine->db.store))
        free_blocks -= free_blocks / 8;
    run_step(engine, 0, &refused, true);
}

static void await_erased(struct engine *engine, const struct stored_entry *entry)
{
    for (int ms = 0; stored_entry_exists(engine, entry); ms++) {
        assert_true(ms < PATIENCE_S * 1000);
        usleep(1000);
    }
}

static void dropping_makes_space(void **state)
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
        struct stored_entry entry;
        struct engine *engine;
        struct table *table;
        char dir[64];

        assert_non_null(temporary_make(dir));
        engine = open_engine(dir);
        fill_with(engine, &create_without_stream);
        table = catalog_find(engine->db.catalog, BYTES(""), BYTES("test"));
        stored_entry_find(engine, drops[i].of_index ? table->indexes[1].state->id : table->base.state->id, &entry);
        table_release(table);
        fill_disk(engine);
        run_step(engine, i, &drops[i].step, true);
        await_erased(engine, &entry);
        free_blocks = DISK_BLOCKS;
        engine_close(engine);
        temporary_remove(dir);
    }
}

/* Not even what makes space can be stored. */
static void what_cannot_be_trimmed_is_told(void **state)
{
    struct engine_options options = {
        .durability = STORE_NONE, .shards = 4, .stream_retention_s = 1, .ttl_interval_ms = 10};
    struct stored_entry record;
    struct stator_error err;
    struct engine *engine;
    struct table *table;
    char dir[64];

    (void)state;
    assert_non_null(temporary_make(dir));
    options.data_dir = dir;
    assert_int_equal(engine_open(&engine, &options, &err), STATOR_OK);
    fill(engine);
    table = catalog_find(engine->db.catalog, BYTES(""), BYTES("test"));
    stored_entry_find(engine, table->extras->stream, &record);
    table_release(table);
    free_blocks = 16;
    fill_disk(engine);
    failures = 0;
    for (int ms = 0; failures == 0; ms++) {
        assert_true(ms < PATIENCE_S * 1000);
        usleep(1000);
    }
    assert_true(stored_entry_exists(engine, &record));
    free_blocks = DISK_BLOCKS;
    await_erased(engine, &record);
    engine_close(engine);
    temporary_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dropping_makes_space),
        cmocka_unit_test(what_cannot_be_trimmed_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
