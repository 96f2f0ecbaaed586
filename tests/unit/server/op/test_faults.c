/* SPDX-License-Identifier: Apache-2.0 */
/* The n-th call of the store fails, for n = 1, 2, 3 ... until a request needs no more calls. The linker leads the
 * store's functions here (--wrap). */
#include "unit/server/op/jobs.h"
#include "unit/unit.h"

static _Thread_local struct { /* of the thread that runs jobs: background tasks go on */
    bool armed;
    int left; /* calls until the one that fails; 0 afterwards */
    bool met;
} fault;

static bool fails(void)
{
    if (!fault.armed || fault.left == 0 || --fault.left != 0)
        return false;
    fault.met = true;
    return true;
}

static enum stator_rc refuse(struct stator_error *err)
{
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "The store failed, as the test wants.");
}

#define WRAP(type, name, parameters, arguments, failure)                                                               \
    type __real_store_##name parameters;                                                                               \
    type __wrap_store_##name parameters;                                                                               \
    type __wrap_store_##name parameters                                                                                \
    {                                                                                                                  \
        return fails() ? (failure) : __real_store_##name arguments;                                                    \
    }

WRAP(enum stator_rc, get,
     (struct store * store, uint32_t family, struct bytes key, enum store_tier tier,
      const struct store_snapshot *snapshot, struct store_pinned *out, struct stator_error *err),
     (store, family, key, tier, snapshot, out, err), (*out = (struct store_pinned){{0}, NULL}, refuse(err)))
WRAP(enum stator_rc, write, (struct store * store, struct store_batch *batch, bool may_wait, struct stator_error *err),
     (store, batch, may_wait, err), refuse(err))
WRAP(enum stator_rc, sync, (struct store * store, struct stator_error *err), (store, err), refuse(err))
WRAP(enum stator_rc, counter, (struct store * store, struct bytes key, int64_t *out, struct stator_error *err),
     (store, key, out, err), (*out = 0, refuse(err)))
WRAP(enum stator_rc, iterator_status, (const struct store_iterator *iterator, struct stator_error *err),
     (iterator, err), refuse(err))
WRAP(struct store_batch *, batch_new, (struct store * store), (store), NULL)
WRAP(struct store_snapshot *, snapshot_take, (struct store * store), (store), NULL)
WRAP(struct store_iterator *, iterator_open,
     (struct store * store, uint32_t family, struct bytes lower, struct bytes upper,
      const struct store_snapshot *snapshot, enum store_tier tier),
     (store, family, lower, upper, snapshot, tier), NULL)
WRAP(struct store_iterator *, iterator_open_brief,
     (struct store * store, uint32_t family, struct bytes lower, struct bytes upper,
      const struct store_snapshot *snapshot, enum store_tier tier, uint32_t passed_max),
     (store, family, lower, upper, snapshot, tier, passed_max), NULL)

struct case_ {
    struct step step;
    int calls_least;
    bool in_parts; /* a batch: what was done before the failure stays done and the rest is given back */
};

static void run_case(struct engine *engine, const struct case_ *c, bool on_worker)
{
    static struct answer before, after, answer;
    const struct step *step = &c->step;
    char request[4096];
    int n = 0;

    contents(&before, engine);
    do {
        n++;
        fault.left = n;
        fault.met = false;
        fault.armed = true;
        run_job(&answer, engine, operation_named(step->operation), quoted(request, sizeof(request), step->request),
                on_worker, JOB_ARENA_MAX);
        fault.armed = false;
        audit(engine);
        if (!fault.met)
            break;
        if (c->in_parts && answer.rc == STATOR_OK)
            continue;
        if (!is_fault(&answer))
            fail_msg("%s, call %d fails: %s", step->operation, n, answer.text);
        contents(&after, engine);
        if (!c->in_parts && strcmp(before.text, after.text) != 0)
            fail_msg("%s, call %d fails and the table is changed", step->operation, n);
    } while (true);
    if (!is_expected(answer.text, step->answer))
        fail_msg("%s:\n%s\nis not\n%s", step->operation, answer.text, step->answer);
    if (n <= c->calls_least)
        fail_msg("%s makes %d calls of the store only", step->operation, n - 1);
}

#define P1 "'Key':{'pk':{'S':'p'},'sk':{'N':'1'}}"

static void every_call_may_fail(void **state)
{
    static const struct case_ cases[] = {
        {{"GetItem", "{'TableName':'test'," P1 "}", "~'sk':{'N':'1'}"}, 1, false},
        {{"PutItem", "{'TableName':'test','Item':{'pk':{'S':'p'},'sk':{'N':'9'},'g':{'S':'x'}}}", "{}"}, 3, false},
        {{"UpdateItem",
          "{'TableName':'test'," P1 ",'UpdateExpression':'SET g = :g','ExpressionAttributeValues':{':g':{'S':'y'}},"
          "'ReturnValues':'UPDATED_NEW'}",
          "{'Attributes':{'g':{'S':'y'}}}"},
         3,
         false},
        {{"DeleteItem", "{'TableName':'test'," P1 "}", "{}"}, 3, false},
        {{"Query",
          "{'TableName':'test','KeyConditionExpression':'pk = :p','ExpressionAttributeValues':{':p':{'S':'p'}}}",
          "~'Count':5,"},
         2,
         false},
        {{"Query",
          "{'TableName':'test','IndexName':'lsi','Select':'ALL_ATTRIBUTES','KeyConditionExpression':'pk = :p',"
          "'ExpressionAttributeValues':{':p':{'S':'p'}}}",
          "~'Count':4,"},
         1 + 1 + 4 + 1,
         false},
        {{"Scan", "{'TableName':'test'}", "~'Count':5,"}, 4 * 2, false},
        {{"BatchGetItem",
          "{'RequestItems':{'test':{'Keys':[{'pk':{'S':'p'},'sk':{'N':'0'}},{'pk':{'S':'p'},'sk':{'N':'2'}}]}}}",
          "~'UnprocessedKeys':{}"},
         2,
         false},
        {{"BatchWriteItem",
          "{'RequestItems':{'test':[{'DeleteRequest':{'Key':{'pk':{'S':'p'},'sk':{'N':'0'}}}},"
          "{'DeleteRequest':{'Key':{'pk':{'S':'p'},'sk':{'N':'2'}}}}]}}",
          "{'UnprocessedItems':{}}"},
         4,
         true},
        {{"ExecuteStatement",
          "{'Statement':'INSERT INTO test VALUE {\\u0027pk\\u0027:?, \\u0027sk\\u0027:1, \\u0027g\\u0027:?}',"
          "'Parameters':[{'S':'i'},{'S':'x'}]}",
          "{'Items':[]}"},
         3,
         false},
        {{"ExecuteStatement",
          "{'Statement':'UPDATE test SET g=? WHERE pk=? AND sk=4 AND a IS MISSING','Parameters':[{'S':'w'},{'S':'p'}]}",
          "{'Items':[]}"},
         3,
         false},
        {{"ExecuteStatement",
          "{'Statement':'SELECT sk FROM test WHERE pk=? AND sk IN [3, 4]','Parameters':[{'S':'p'}]}",
          "{'Items':[{'sk':{'N':'3'}},{'sk':{'N':'4'}}]}"},
         4,
         false},
        {{"ExecuteStatement", "{'Statement':'SELECT sk FROM test WHERE sk = 3'}", "~'Items':[{"}, 4 * 2, false},
        {{"ExecuteStatement", "{'Statement':'DELETE FROM test WHERE pk=? AND sk=4','Parameters':[{'S':'p'}]}",
          "{'Items':[]}"},
         3,
         false},
        {{"ExecuteTransaction",
          "{'ClientRequestToken':'statements','TransactStatements':["
          "{'Statement':'DELETE FROM test WHERE pk=? AND sk=9','Parameters':[{'S':'p'}]},"
          "{'Statement':'EXISTS(SELECT * FROM test WHERE pk=? AND sk=3 AND a IS MISSING)','Parameters':[{'S':'p'}]}]}",
          "{'Responses':[]}"},
         5,
         false},
        {{"TransactGetItems",
          "{'TransactItems':[{'Get':{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}}}},"
          "{'Get':{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'3'}}}}]}",
          "~'sk':{'N':'3'}"},
         3,
         false},
        {{"TransactWriteItems",
          "{'ClientRequestToken':'token','TransactItems':["
          "{'Put':{'TableName':'test','Item':{'pk':{'S':'t'},'sk':{'N':'1'},'g':{'S':'x'}}}},"
          "{'Delete':{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'3'}}}}]}",
          "{}"},
         5,
         false},
    };

    (void)state;
    for (int on_worker = 0; on_worker < 2; on_worker++) {
        struct engine *engine = open_engine(NULL);

        fill(engine);
        for (size_t c = 0; c < COUNT_OF(cases); c++)
            run_case(engine, &cases[c], on_worker != 0);
        engine_close(engine);
    }
}

/* What there is of tables and of time to live, as text. */
static void tables_text(struct answer *out, struct engine *engine)
{
    run_job(out, engine, OPERATION_DescribeTimeToLive, "{\"TableName\":\"test\"}", true, JOB_ARENA_MAX);
    if (out->rc == STATOR_OK)
        return;
    assert_int_equal(out->rc, STATOR_RESOURCE_NOT_FOUND);
    run_job(out, engine, OPERATION_ListTables, "{}", true, JOB_ARENA_MAX);
    assert_int_equal(out->rc, STATOR_OK);
}

/* A change of tables whose store call fails is none; the same request later makes it. */
static void changes_of_tables(void **state)
{
    static const struct step changes[] = {
        {"DeleteTable", "{'TableName':'test'}", "~'TableStatus':'DELETING'"},
        {"UpdateTable", "{'TableName':'test','StreamSpecification':{'StreamEnabled':false}}",
         "~'StreamSpecification':{'StreamEnabled':false}"},
        {"UpdateTimeToLive", "{'TableName':'test','TimeToLiveSpecification':{'Enabled':true,'AttributeName':'e'}}",
         "{'TimeToLiveSpecification':{'AttributeName':'e','Enabled':true}}"},
    };
    static struct answer before, after, answer;

    (void)state;
    for (size_t c = 0; c <= COUNT_OF(changes); c++) {
        const struct step *step = c < COUNT_OF(changes) ? &changes[c] : &create;
        char request[4096];
        int n = 0;

        quoted(request, sizeof(request), step->request);
        do {
            struct engine *engine = open_engine(NULL);

            n++;
            if (step != &create)
                fill(engine);
            tables_text(&before, engine);
            fault.left = n;
            fault.met = false;
            fault.armed = true;
            run_job(&answer, engine, operation_named(step->operation), request, true, JOB_ARENA_MAX);
            fault.armed = false;
            if (answer.rc != STATOR_OK) {
                assert_true(fault.met);
                assert_true(is_fault(&answer));
                tables_text(&after, engine);
                if (strcmp(before.text, after.text) != 0)
                    fail_msg("%s, call %d fails: %s becomes %s", step->operation, n, before.text, after.text);
                run_job(&answer, engine, operation_named(step->operation), request, true, JOB_ARENA_MAX);
            }
            if (!is_expected(answer.text, step->answer))
                fail_msg("%s after call %d: %s", step->operation, n, answer.text);
            engine_close(engine);
        } while (fault.met);
        assert_true(n > 1);
    }
}

/* A change of what is kept around a table likewise. */
static void changes_of_settings(void **state)
{
    static const struct step change = {
        "TagResource",
        "{'ResourceArn':'arn:aws:dynamodb:us-east-1:000000000000:table/test','Tags':[{'Key':'k','Value':'v'}]}", ""};
    static const char look[] = "{\"ResourceArn\":\"arn:aws:dynamodb:us-east-1:000000000000:table/test\"}";
    struct engine *engine = open_engine(NULL);
    static struct answer answer;
    char request[4096];
    int n = 0;

    (void)state;
    fill(engine);
    quoted(request, sizeof(request), change.request);
    do {
        n++;
        fault.left = n;
        fault.met = false;
        fault.armed = true;
        run_job(&answer, engine, operation_named(change.operation), request, true, JOB_ARENA_MAX);
        fault.armed = false;
        if (answer.rc != STATOR_OK) {
            assert_true(fault.met);
            assert_true(is_fault(&answer));
            run_job(&answer, engine, OPERATION_ListTagsOfResource, look, false, JOB_ARENA_MAX);
            assert_string_equal(answer.text, "{\"Tags\":[]}");
        }
    } while (fault.met);
    assert_true(n > 1);
    run_job(&answer, engine, OPERATION_ListTagsOfResource, look, false, JOB_ARENA_MAX);
    assert_string_equal(answer.text, "{\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}");
    engine_close(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_may_fail),
        cmocka_unit_test(changes_of_tables),
        cmocka_unit_test(changes_of_settings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
