/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <pthread.h>
#include <unistd.h>

#include "op/meter.h"
#include "unit/server/op/jobs.h"

static struct engine *open_with(uint32_t tables)
{
    const struct engine_options options = {
        .durability = STORE_NONE, .shards = 1, .ttl_interval_ms = 10, .metrics_tables = tables};
    struct stator_error err;
    struct engine *engine;

    assert_int_equal(engine_open(&engine, &options, &err), STATOR_OK);
    return engine;
}

static void run(struct engine *engine, const char *operation, const char *request)
{
    static struct answer answer;
    char body[1024];

    run_job(&answer, engine, operation_named(operation), quoted(body, sizeof(body), request), true, JOB_ARENA_MAX);
    if (answer.rc != STATOR_OK)
        fail_msg("%s", answer.text);
}

static void create_table(struct engine *engine, const char *name)
{
    char request[512];

    snprintf(request, sizeof(request),
             "{'TableName':'%s','BillingMode':'PAY_PER_REQUEST','KeySchema':[{'AttributeName':'pk','KeyType':'HASH'}],"
             "'AttributeDefinitions':[{'AttributeName':'pk','AttributeType':'S'}]}",
             name);
    run(engine, "CreateTable", request);
}

static struct table *find(struct engine *engine, const char *name)
{
    struct table *table = catalog_find(engine->db.catalog, BYTES(""), bytes_of_string(name));

    assert_non_null(table);
    return table;
}

static uint32_t use(struct engine *engine, const char *name)
{
    struct table *table = find(engine, name);
    uint32_t meter = meter_give(engine->meters, table);

    assert_int_equal(meter_give(engine->meters, table), meter);
    table_release(table);
    return meter;
}

static void places(void **state)
{
    struct engine *engine = open_with(2);
    struct meters_tables tables;
    uint32_t a, b;

    (void)state;
    create_table(engine, "aaa");
    create_table(engine, "bbb");
    create_table(engine, "ccc");
    a = use(engine, "aaa");
    b = use(engine, "bbb");
    assert_int_equal(METER_PLACE(a), METER_TABLE_FIRST); /* from its creation on */
    assert_int_equal(METER_PLACE(b), METER_TABLE_FIRST + 1);
    assert_int_equal(use(engine, "ccc"), METER_OTHER);
    assert_true(meters_tables(&tables, engine));
    assert_int_equal(tables.count, 2);
    assert_int_equal(tables.others.count, 1);
    meters_tables_release(&tables);

    run(engine, "DeleteTable", "{'TableName':'aaa'}");
    assert_true(meters_tables(&tables, engine)); /* there is room for ccc, once nobody holds aaa any more */
    for (int i = 0; i < 1000 && tables.others.count != 0; i++) {
        meters_tables_release(&tables);
        usleep(10000);
        assert_true(meters_tables(&tables, engine));
    }
    assert_int_equal(tables.others.count, 0);
    meters_tables_release(&tables);
    assert_int_equal(use(engine, "ccc"), METER_OF(METER_TABLE_FIRST, 1));
    assert_int_equal(use(engine, "bbb"), b);
    engine_close(engine);
}

static void fewer_places_than_tables(void **state)
{
    struct engine *engine = open_with(2);
    struct meters_tables tables;

    (void)state;
    create_table(engine, "aaa");
    create_table(engine, "bbb");
    assert_true(meters_tables(&tables, engine));
    assert_int_equal(tables.count, 2);
    meters_tables_release(&tables);
    engine_close(engine);
    engine = open_with(1);
    create_table(engine, "aaa");
    create_table(engine, "bbb");
    assert_true(meters_tables(&tables, engine));
    assert_int_equal(tables.count, 1);
    assert_int_equal(tables.others.count, 1);
    meters_tables_release(&tables);
    assert_int_equal(METER_PLACE(use(engine, "aaa")), METER_TABLE_FIRST); /* who came first has it */
    assert_int_equal(use(engine, "bbb"), METER_OTHER);
    engine_close(engine);
}

static void uses_of_a_job(void **state)
{
    struct engine *engine = open_with(5);
    struct job job = {.state = JOB_DECODED};
    struct table *a, *b;

    (void)state;
    create_table(engine, "aaa");
    create_table(engine, "bbb");
    a = find(engine, "aaa");
    b = find(engine, "bbb");
    arena_init(&job.arena, 1 << 16);
    arena_init(&job.notes, JOB_NOTES_MAX);
    assert_ptr_equal(meter_use(engine, &job, a), &job.use);
    assert_ptr_equal(meter_use(engine, &job, a), &job.use);
    assert_null(job.use.next);
    assert_ptr_not_equal(meter_use(engine, &job, b), &job.use);
    assert_ptr_equal(meter_use(engine, &job, b), job.use.next);
    assert_ptr_equal(meter_use(engine, &job, a), &job.use);
    assert_null(job.use.next->next);
    table_release(a);
    table_release(b);
    arena_deinit(&job.arena);
    arena_deinit(&job.notes);
    engine_close(engine);
}

#define THREADS 4

struct asker {
    struct engine *engine;
    struct table *table;
    uint32_t meter;
};

static void *ask(void *context)
{
    struct asker *asker = context;
    struct meters_tables tables;

    asker->meter = meter_give(asker->engine->meters, asker->table);
    assert_true(meters_tables(&tables, asker->engine));
    meters_tables_release(&tables);
    return NULL;
}

static void threads(void **state)
{
    struct engine *engine = open_with(3);
    struct asker askers[THREADS];
    pthread_t ids[THREADS];
    struct table *table;

    (void)state;
    create_table(engine, "aaa");
    table = find(engine, "aaa");
    for (int i = 0; i < THREADS; i++) {
        askers[i] = (struct asker){engine, table, 0};
        assert_int_equal(pthread_create(&ids[i], NULL, ask, &askers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(ids[i], NULL);
        assert_int_equal(askers[i].meter, METER_OF(METER_TABLE_FIRST, 0));
    }
    table_release(table);
    engine_close(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(places), cmocka_unit_test(fewer_places_than_tables),
                                       cmocka_unit_test(uses_of_a_job), cmocka_unit_test(threads)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
