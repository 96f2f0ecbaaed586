/* SPDX-License-Identifier: Apache-2.0 */
/* What --enforce-throughput lets in, by a clock that the test moves: bursts, debts, what a request is charged with. */
#include "unit/server/op/jobs.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

static char clock_path[] = "/tmp/stator-throttle-XXXXXX";

static void set_clock(int seconds)
{
    FILE *file = fopen(clock_path, "w");

    assert_non_null(file);
    fprintf(file, "%d", seconds);
    fclose(file);
}

static struct engine *open_enforcing(void)
{
    const struct engine_options options = {.durability = STORE_NONE,
                                           .shards = 4,
                                           .ttl_interval_ms = 10,
                                           .enforce_throughput = true,
                                           .clock_file = clock_path};
    struct stator_error err = {0};
    struct engine *engine;

    set_clock(0);
    if (engine_open(&engine, &options, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    return engine;
}

static void must(struct engine *engine, const char *operation, const char *request)
{
    static struct answer answer;
    static char text[1 << 16];

    run_job(&answer, engine, operation_named(operation), quoted(text, sizeof(text), request), true, JOB_ARENA_MAX);
    if (answer.rc != STATOR_OK)
        fail_msg("%s %s: %s", operation, request, answer.text);
}

static bool is_let_in(struct engine *engine, const char *operation, const char *request)
{
    static struct answer answer;
    static char text[1 << 16];

    run_job(&answer, engine, operation_named(operation), quoted(text, sizeof(text), request), true, JOB_ARENA_MAX);
    if (answer.rc != STATOR_OK && answer.rc != STATOR_PROVISIONED_THROUGHPUT_EXCEEDED)
        fail_msg("%s %s: %s", operation, request, answer.text);
    return answer.rc == STATOR_OK;
}

static void make_table(struct engine *engine, int read_units, int write_units)
{
    char text[512];

    snprintf(text, sizeof(text),
             "{'TableName':'test','ProvisionedThroughput':{'ReadCapacityUnits':%d,'WriteCapacityUnits':%d},"
             "'AttributeDefinitions':[{'AttributeName':'pk','AttributeType':'S'}],"
             "'KeySchema':[{'AttributeName':'pk','KeyType':'HASH'}]}",
             read_units, write_units);
    must(engine, "CreateTable", text);
}

/* An item of just under so many kilobytes: as many write units, and a fourth as many read units. */
static bool put(struct engine *engine, int kilobytes)
{
    static char text[1 << 16];
    int fill = kilobytes * 1024 - 100;

    snprintf(text, sizeof(text), "{'TableName':'test','Item':{'pk':{'S':'k'},'fill':{'S':'%0*d'}}}", fill, 0);
    return is_let_in(engine, "PutItem", text);
}

static bool get(struct engine *engine, bool consistent)
{
    return is_let_in(engine, "GetItem",
                     consistent ? "{'TableName':'test','Key':{'pk':{'S':'k'}},'ConsistentRead':true}"
                                : "{'TableName':'test','Key':{'pk':{'S':'k'}}}");
}

/* Until it is refused. */
static int count_puts(struct engine *engine, int kilobytes)
{
    int count = 0;

    while (count < 2000 && put(engine, kilobytes))
        count++;
    return count;
}

static void keeps_300_seconds_worth(void **state)
{
    struct engine *engine = open_enforcing();

    (void)state;
    make_table(engine, 1, 1);
    assert_in_range(count_puts(engine, 10), 30, 36); /* of 10 units each; what flows in meanwhile on a slow machine */
    set_clock(3600);
    assert_in_range(count_puts(engine, 10), 30, 36);
    engine_close(engine);
}

static void a_clock_put_back_refuses_nobody(void **state)
{
    struct engine *engine = open_enforcing();

    (void)state;
    make_table(engine, 1, 100);
    assert_true(put(engine, 1));
    set_clock(-3600);
    for (int i = 0; i < 10; i++)
        assert_true(put(engine, 1));
    engine_close(engine);
}

/* At 1 unit a second 80 that are missing take 80 s; at 1000 none of them is missing for longer than a moment. */
static void a_raised_throughput_pays_debts(void **state)
{
    struct engine *engine = open_enforcing();

    (void)state;
    make_table(engine, 1, 1);
    while (put(engine, 40))
        ;
    assert_false(put(engine, 1));
    must(engine, "UpdateTable",
         "{'TableName':'test','ProvisionedThroughput':{'ReadCapacityUnits':1,'WriteCapacityUnits':1000}}");
    set_clock(1); /* the table changes at once in memory */
    for (int tries = 0; !put(engine, 1); tries++) {
        assert_true(tries < 1000);
        usleep(1000);
    }
    engine_close(engine);
}

/* 9 KB are 3 units of 4 KB, half of that when eventually consistent: 100 and 200 such reads of 300 units. */
static void reads_are_charged_by_4_kilobytes(void **state)
{
    struct engine *engine = open_enforcing();
    int count;

    (void)state;
    make_table(engine, 1, 1000);
    assert_true(put(engine, 9));
    for (count = 0; count < 1000 && get(engine, true); count++)
        ;
    assert_in_range(count, 100, 103);
    set_clock(3600);
    for (count = 0; count < 1000 && get(engine, false); count++)
        ;
    assert_in_range(count, 200, 206);
    engine_close(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_300_seconds_worth),
        cmocka_unit_test(a_clock_put_back_refuses_nobody),
        cmocka_unit_test(a_raised_throughput_pays_debts),
        cmocka_unit_test(reads_are_charged_by_4_kilobytes),
    };
    int file = mkstemp(clock_path), failed;

    close(file);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(clock_path);
    return failed;
}
