/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "seed/seed.h"
#include "unit/server/op/jobs.h"
#include "unit/server/store/temporary.h"

#define ITEMS 60 /* more than two batches */

static char folder[64], data[64];

static void write_file(const char *name, const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void write_items(const char *name)
{
    char text[ITEMS * 32] = "";
    size_t len = 0;

    for (int i = 0; i < ITEMS; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "{\"a\":\"k%02d\",\"n\":%d}\n", i, i);
    write_file(name, text);
}

static const char template[] =
    "Resources:\n  test:\n    Type: AWS::DynamoDB::Table\n    Properties:\n"
    "      AttributeDefinitions: [{AttributeName: a, AttributeType: S}]\n"
    "      KeySchema: [{AttributeName: a, KeyType: HASH}]\n      BillingMode: PAY_PER_REQUEST\n"
    "      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}\n";

static int set_up(void **state)
{
    (void)state;
    return temporary_make(folder) != NULL && temporary_make(data) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    temporary_remove(folder);
    temporary_remove(data);
    return 0;
}

static enum stator_rc apply(struct engine *engine, bool (*stopping)(void), struct stator_error *err)
{
    const struct seed_options options = {.dir = folder, .stopping = stopping};

    memset(err, 0, sizeof(*err));
    return seed_apply(engine, &options, err);
}

static void apply_well(struct engine *engine)
{
    struct stator_error err;

    if (apply(engine, NULL, &err) != STATOR_OK)
        fail_msg("%s", err.message);
}

static void run(struct engine *engine, const char *operation, const char *request, const char *answer)
{
    const struct step step = {operation, request, answer};

    run_step(engine, 0, &step, true);
}

static void assert_whole(struct engine *engine)
{
    char count[32];

    snprintf(count, sizeof(count), "~'Count':%d,", ITEMS);
    run(engine, "Scan", "{'TableName':'test','Select':'COUNT'}", count);
    run(engine, "DescribeTimeToLive", "{'TableName':'test'}",
        "{'TimeToLiveDescription':{'TimeToLiveStatus':'ENABLED','AttributeName':'ttl'}}");
}

static void once(void **state)
{
    struct engine *engine = open_engine(data);

    (void)state;
    write_file("tables.yaml", template);
    write_items("test.jsonl");
    apply_well(engine);
    assert_whole(engine);
    run(engine, "DeleteItem", "{'TableName':'test','Key':{'a':{'S':'k07'}}}", "{}");
    engine_close(engine);
    engine = open_engine(data);
    apply_well(engine);
    run(engine, "GetItem", "{'TableName':'test','Key':{'a':{'S':'k07'}}}", "{}");
    write_file("test.jsonl", "{\"a\":\"k07\",\"n\":8}"); /* changed: applied again */
    apply_well(engine);
    run(engine, "GetItem", "{'TableName':'test','Key':{'a':{'S':'k07'}}}", "{'Item':{'a':{'S':'k07'},'n':{'N':'8'}}}");
    run(engine, "DeleteTable", "{'TableName':'test'}", "~'test'");
    apply_well(engine);
    run(engine, "ListTables", "{}", "{'TableNames':[]}");
    engine_close(engine);
}

static unsigned asked, stop_after;

static bool stop_then(void)
{
    return asked++ >= stop_after;
}

/* Ended at each place where it may be, as by a crash, and begun again: all is there. */
static void goes_on(void **state)
{
    struct stator_error err;
    enum stator_rc rc;

    (void)state;
    write_file("tables.yaml", template);
    write_items("1-test.jsonl");
    stop_after = 0;
    do {
        struct engine *engine = open_engine(data);

        asked = 0;
        rc = apply(engine, stop_then, &err);
        if (rc != STATOR_OK)
            assert_non_null(strstr(err.message, "asked to stop"));
        engine_close(engine);
        engine = open_engine(data);
        apply_well(engine);
        assert_whole(engine);
        engine_close(engine);
        temporary_remove(data);
        assert_int_equal(mkdir(data, 0700), 0);
        stop_after++;
    } while (rc != STATOR_OK);
    assert_true(stop_after > 8);
}

/* A table of the user's own is left as it is, and a stop does not make it one of ours. */
static void tables_before(void **state)
{
    struct engine *engine = open_engine(NULL);
    struct stator_error err;

    (void)state;
    write_file("tables.yaml", template);
    run(engine, "CreateTable",
        "{'TableName':'test','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':[{'AttributeName':'a',"
        "'AttributeType':'S'}],'KeySchema':[{'AttributeName':'a','KeyType':'HASH'}]}",
        "~'test'");
    stop_after = 2;
    asked = 0;
    assert_int_not_equal(apply(engine, stop_then, &err), STATOR_OK);
    apply_well(engine);
    run(engine, "DescribeTimeToLive", "{'TableName':'test'}",
        "{'TimeToLiveDescription':{'TimeToLiveStatus':'DISABLED'}}");
    write_file("other.json",
               "\n{\"TableName\":\"test\",\"BillingMode\":\"PAY_PER_REQUEST\",\"AttributeDefinitions\":[{"
               "\"AttributeName\":\"a\",\"AttributeType\":\"N\"}],\"KeySchema\":[{\"AttributeName\":\"a\",\"KeyType\":"
               "\"HASH\"}]}");
    assert_int_equal(apply(engine, NULL, &err), STATOR_VALIDATION);
    assert_non_null(strstr(err.message, "/other.json:2: test: there is a table of that name with another key"));
    engine_close(engine);
}

#define ON_DEMAND(name, definitions)                                                                                   \
    "{\"TableName\":\"" name "\",\"BillingMode\":\"PAY_PER_REQUEST\",\"AttributeDefinitions\":[" definitions           \
    "],\"KeySchema\":[{\"AttributeName\":\"a\",\"KeyType\":\"HASH\"}]"

/* What a file made before it failed is made anew of the mended file. */
static void mended(void **state)
{
    struct engine *engine = open_engine(NULL);
    struct stator_error err;

    (void)state;
    write_file("t.json", "[" ON_DEMAND("test", "{\"AttributeName\":\"a\",\"AttributeType\":\"S\"}") "},\n" ON_DEMAND(
                             "other", "") "}]");
    assert_int_not_equal(apply(engine, NULL, &err), STATOR_OK);
    assert_non_null(strstr(err.message, "/t.json:2: other: "));
    run(engine, "ListTables", "{}", "{'TableNames':[]}");
    write_file("t.json", ON_DEMAND("test", "{\"AttributeName\":\"a\",\"AttributeType\":\"N\"}") "}");
    apply_well(engine);
    run(engine, "DescribeTable", "{'TableName':'test'}", "~'AttributeType':'N'");
    engine_close(engine);
}

/* Items of a table with a throughput are not held up, and it is enforced afterwards. */
static void throughput(void **state)
{
    const struct engine_options options = {
        .durability = STORE_NONE, .shards = 4, .ttl_interval_ms = 10, .enforce_throughput = true};
    struct stator_error err;
    struct engine *engine;

    (void)state;
    write_file("t.json", "{\"TableName\":\"test\",\"ProvisionedThroughput\":{\"ReadCapacityUnits\":1,"
                         "\"WriteCapacityUnits\":1},\"AttributeDefinitions\":[{\"AttributeName\":\"a\","
                         "\"AttributeType\":\"S\"}],\"KeySchema\":[{\"AttributeName\":\"a\",\"KeyType\":\"HASH\"}]}");
    {
        char text[20000] = "";
        size_t len = 0;

        for (int i = 0; i < 700; i++) /* more than it may burst */
            len += (size_t)snprintf(text + len, sizeof(text) - len, "{\"a\":\"k%d\"}\n", i);
        write_file("test.ndjson", text);
    }
    assert_int_equal(engine_open(&engine, &options, &err), STATOR_OK);
    apply_well(engine);
    run(engine, "Scan", "{'TableName':'test','Select':'COUNT'}", "~'Count':700,");
    engine_close(engine);
}

static void faults(void **state)
{
    static const struct {
        const char *name, *text, *message; /* its end */
    } cases[] = {
        {"test.jsonl", "{\"a\":\"x\"}\n\n{\"a\":\n", "/test.jsonl:3: this is no JSON (column 6)"},
        {"test.jsonl", "{\"a\":\"x\"}\n{\"b\":\"x\"}\n",
         "/test.jsonl:2: One or more parameter values were invalid: Missing the key a in the item"},
        {"test.jsonl", "{\"b\":\"x\"}\n{\"a\"", /* the first of two */
         "/test.jsonl:1: One or more parameter values were invalid: Missing the key a in the item"},
        {"test.jsonl", "{\"a\":1}\n",
         "/test.jsonl:1: One or more parameter values were invalid: Type mismatch for key a expected: S actual: N"},
        {"none.jsonl", "", "/none.jsonl: there is no table 'none'"},
        {"2-.jsonl", "", "/2-.jsonl: there is no table '2-'"},
        {"a b.jsonl", "{\"a\":\"x\"}\n", "/a b.jsonl: there is no table 'a b'"},
        {"z.json", "[{\"TableName\":\"a\"},\n{\"TableName\":\"b\"}]", "/z.json:1: a: "},
        {"z.yml", "a: [", "/z.yml:"},
    };
    struct stator_error err;

    (void)state;
    write_file("tables.yaml", template);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct engine *engine = open_engine(NULL);
        char path[128];

        write_file(cases[i].name, cases[i].text);
        assert_int_not_equal(apply(engine, NULL, &err), STATOR_OK);
        if (strstr(err.message, cases[i].message) == NULL)
            fail_msg("%s\nhas no\n%s", err.message, cases[i].message);
        snprintf(path, sizeof(path), "%s/%s", folder, cases[i].name);
        assert_int_equal(unlink(path), 0);
        apply_well(engine); /* once it is mended */
        engine_close(engine);
    }
}

static void no_folder(void **state)
{
    struct engine *engine = open_engine(NULL);
    const struct seed_options options = {.dir = "/nonexistent/init"};
    struct stator_error err;

    (void)state;
    assert_int_not_equal(seed_apply(engine, &options, &err), STATOR_OK);
    assert_string_equal(err.message, "/nonexistent/init: No such file or directory");
    apply_well(engine); /* an empty one */
    engine_close(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tables_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(throughput, set_up, tear_down),
        cmocka_unit_test_setup_teardown(faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_folder, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
