/* SPDX-License-Identifier: Apache-2.0 */
/* Before the n-th call of the store another request changes or deletes a table, for n = 1, 2, 3 ... until a request makes
 * no more calls. The linker leads the store's functions here (--wrap). An answer that borrowed from a table's older
 * version is found by AddressSanitizer. */
#include "unit/server/op/jobs.h"
#include "unit/server/store/wrapped.h"
#include "unit/unit.h"

static _Thread_local struct { /* of the thread that runs jobs: background tasks go on */
    struct engine *engine;    /* NULL: nothing is to happen */
    const struct step *step;
    int left;     /* calls until it happens */
    bool deletes; /* it waits for latches, so it cannot happen where the request may hold some */
} meanwhile;

static void happen(bool latched)
{
    static struct answer answer;
    struct engine *engine = meanwhile.engine;
    char request[1024];

    if (engine == NULL || (latched && meanwhile.deletes) || --meanwhile.left != 0)
        return;
    meanwhile.engine = NULL;
    run_job(&answer, engine, operation_named(meanwhile.step->operation),
            quoted(request, sizeof(request), meanwhile.step->request), true, JOB_ARENA_MAX);
    assert_int_equal(answer.rc, STATOR_OK);
}

enum stator_rc __wrap_store_get(struct store *store, uint32_t family, struct bytes key, enum store_tier tier,
                                const struct store_snapshot *snapshot, struct store_pinned *out,
                                struct stator_error *err)
{
    happen(true);
    return __real_store_get(store, family, key, tier, snapshot, out, err);
}

struct store_batch *__wrap_store_batch_new(struct store *store)
{
    happen(false);
    return __real_store_batch_new(store);
}

/* Two tables: "test", and "other" with one item {pk: o, a: text}. */
static struct engine *open_two(void)
{
    static const struct step steps[] = {
        {"CreateTable",
         "{'TableName':'other','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':[{'AttributeName':'pk',"
         "'AttributeType':'S'}],'KeySchema':[{'AttributeName':'pk','KeyType':'HASH'}]}",
         "~CREATING"},
        {"PutItem", "{'TableName':'other','Item':{'pk':{'S':'o'},'a':{'S':'text'}}}", "{}"},
    };
    struct engine *engine = open_engine(NULL);

    fill(engine);
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        run_step(engine, i, &steps[i], true);
    return engine;
}

/* BatchExecuteStatement's first statement fails inside the write: "a" is a string. */
static const struct step requests[] = {
    {"PutItem", "{'TableName':'other','Item':{'pk':{'S':'n'}},'ReturnConsumedCapacity':'TOTAL'}", NULL},
    {"UpdateItem",
     "{'TableName':'other','Key':{'pk':{'S':'o'}},'UpdateExpression':'SET b = a','ReturnValues':'ALL_NEW',"
     "'ReturnConsumedCapacity':'TOTAL'}",
     NULL},
    {"DeleteItem", "{'TableName':'other','Key':{'pk':{'S':'o'}},'ReturnConsumedCapacity':'TOTAL'}", NULL},
    {"BatchWriteItem",
     "{'RequestItems':{'other':[{'PutRequest':{'Item':{'pk':{'S':'n'}}}}],'test':[{'DeleteRequest':{'Key':{'pk':"
     "{'S':'p'},'sk':{'N':'0'}}}}]},'ReturnConsumedCapacity':'INDEXES'}",
     NULL},
    {"BatchGetItem",
     "{'RequestItems':{'other':{'Keys':[{'pk':{'S':'o'}}]},'test':{'Keys':[{'pk':{'S':'p'},'sk':{'N':'1'}}]}},"
     "'ReturnConsumedCapacity':'TOTAL'}",
     NULL},
    {"BatchExecuteStatement",
     "{'Statements':[{'Statement':'UPDATE other SET a=a+1 WHERE pk=\\u0027o\\u0027'},{'Statement':'UPDATE test SET "
     "g=\\u0027y\\u0027 WHERE pk=\\u0027p\\u0027 AND "
     "sk=1'},{'Statement':'UPDATE test SET g=\\u0027z\\u0027 WHERE pk=\\u0027p\\u0027 AND sk=2'}],"
     "'ReturnConsumedCapacity':'TOTAL'}",
     NULL},
    {"BatchExecuteStatement",
     "{'Statements':[{'Statement':'SELECT * FROM other WHERE pk=\\u0027o\\u0027'},{'Statement':'SELECT * FROM test "
     "WHERE pk=\\u0027p\\u0027 AND sk=1'}],'ReturnConsumedCapacity':'TOTAL'}",
     NULL},
    {"TransactWriteItems",
     "{'TransactItems':[{'Put':{'TableName':'other','Item':{'pk':{'S':'n'}}}},{'Delete':{'TableName':'test','Key':"
     "{'pk':{'S':'p'},'sk':{'N':'0'}}}}],'ReturnConsumedCapacity':'INDEXES'}",
     NULL},
    {"TransactGetItems",
     "{'TransactItems':[{'Get':{'TableName':'other','Key':{'pk':{'S':'o'}}}},{'Get':{'TableName':'test','Key':{'pk':"
     "{'S':'p'},'sk':{'N':'0'}}}}],'ReturnConsumedCapacity':'TOTAL'}",
     NULL},
    {"ExecuteTransaction",
     "{'TransactStatements':[{'Statement':'UPDATE other SET b=1 WHERE pk=\\u0027o\\u0027'},{'Statement':'DELETE FROM "
     "test WHERE pk=\\u0027p\\u0027 AND sk=0'}],'ReturnConsumedCapacity':'TOTAL'}",
     NULL},
    {"ExecuteStatement", "{'Statement':'SELECT * FROM other','ReturnConsumedCapacity':'TOTAL'}", NULL},
    {"Query",
     "{'TableName':'other','KeyConditionExpression':'pk=:p','ExpressionAttributeValues':{':p':{'S':'o'}},"
     "'ReturnConsumedCapacity':'TOTAL'}",
     NULL},
    {"Scan", "{'TableName':'other','ReturnConsumedCapacity':'TOTAL'}", NULL},
    {"GetItem", "{'TableName':'other','Key':{'pk':{'S':'o'}},'ReturnConsumedCapacity':'TOTAL'}", NULL},
};

static const struct step changes[] = {
    {"TagResource",
     "{'ResourceArn':'arn:aws:dynamodb:us-east-1:000000000000:table/other','Tags':[{'Key':'k','Value':'v'}]}", NULL},
    {"DeleteTable", "{'TableName':'other'}", NULL},
};

/* False when the request has ended before the n-th call. */
static bool run_with(struct engine *engine, const struct step *step, const struct step *change, int n, bool on_worker,
                     size_t arena_max, enum stator_rc *rc, bool *no_memory)
{
    static struct answer answer;
    char request[2048];
    bool met;

    meanwhile.step = change;
    meanwhile.left = n;
    meanwhile.deletes = change != &changes[0];
    meanwhile.engine = engine;
    run_job(&answer, engine, operation_named(step->operation), quoted(request, sizeof(request), step->request),
            on_worker, arena_max);
    met = meanwhile.engine == NULL;
    meanwhile.engine = NULL;
    *rc = answer.rc;
    *no_memory = is_memory_error(&answer);
    if (strstr(answer.text, "\"TableName\":\"") != NULL && strstr(answer.text, "\"TableName\":\"other\"") == NULL &&
        strstr(answer.text, "\"TableName\":\"test\"") == NULL)
        fail_msg("%s, %s before call %d: %s", step->operation, change->operation, n, answer.text);
    return met;
}

static bool run_alone(const struct step *step, const struct step *change, int n, bool on_worker, enum stator_rc *rc)
{
    struct engine *engine = open_two();
    bool no_memory, met = run_with(engine, step, change, n, on_worker, JOB_ARENA_MAX, rc, &no_memory);

    audit(engine);
    engine_close(engine);
    return met;
}

static void tables_change_under_requests(void **state)
{
    (void)state;
    for (size_t r = 0; r < COUNT_OF(requests); r++)
        for (size_t c = 0; c < COUNT_OF(changes); c++)
            for (int on_worker = 0; on_worker < 2; on_worker++) {
                enum stator_rc rc;
                int n = 1;

                while (run_alone(&requests[r], &changes[c], n, on_worker != 0, &rc)) {
                    if (rc == STATOR_INTERNAL_SERVER_ERROR || (c == 0 && rc != STATOR_OK))
                        fail_msg("%s, %s before call %d ends with %d", requests[r].operation, changes[c].operation, n,
                                 rc);
                    n++;
                }
            }
}

/* A request that begins anew on the table's new version, and has no memory for it at some point. */
static void begun_anew_without_memory(void **state)
{
    struct engine *engine = open_two();

    (void)state;
    for (size_t r = 0; r < COUNT_OF(requests); r++) {
        size_t arena_max = 256;
        bool no_memory = true;
        enum stator_rc rc;

        for (; no_memory; arena_max += 8)
            run_with(engine, &requests[r], &changes[0], 1, true, arena_max, &rc, &no_memory);
        assert_true(arena_max > 300);
    }
    audit(engine);
    engine_close(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_change_under_requests),
        cmocka_unit_test(begun_anew_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
