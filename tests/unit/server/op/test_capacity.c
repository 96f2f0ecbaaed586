/* SPDX-License-Identifier: Apache-2.0 */
/* The units of items that are as large as so many units, or one byte larger. */
#include "unit/server/op/jobs.h"
#include "unit/unit.h"

#define AROUND_BYTES 8 /* pk, p, sk, 1 (2 bytes) and the d before what it is filled with */
#define KEY          "'Key':{'pk':{'S':'p'},'sk':{'N':'1'}}"
#define TOTAL        "'ReturnConsumedCapacity':'TOTAL'"
#define FIND         "'TableName':'test','KeyConditionExpression':'pk = :p','ExpressionAttributeValues':{':p':{'S':'p'}}," TOTAL

/* Fails the test unless the answer has the units. */
static void expect(struct engine *engine, const char *operation, const char *request, double units, size_t bytes)
{
    static struct answer answer;
    char expected[64], text[64];

    run_job(&answer, engine, operation_named(operation), request, true, JOB_ARENA_MAX);
    snprintf(expected, sizeof(expected), "\"CapacityUnits\":%.1f", units);
    assert_int_equal(answer.rc, STATOR_OK);
    if (strstr(answer.text, expected) == NULL)
        fail_msg("%s of %zu bytes: %s is not in ...%s", operation, bytes, quoted(text, sizeof(text), expected),
                 strstr(answer.text, "\"ConsumedCapacity\""));
}

static void put(struct engine *engine, size_t bytes, double units)
{
    static char request[16384], filling[9000];

    memset(filling, 'x', bytes - AROUND_BYTES);
    filling[bytes - AROUND_BYTES] = '\0';
    snprintf(request, sizeof(request),
             "{\"TransactItems\":[{\"Put\":{\"TableName\":\"test\",\"Item\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"N\":\"1\"},"
             "\"d\":{\"S\":\"%s\"}}}}],\"ReturnConsumedCapacity\":\"TOTAL\"}",
             filling);
    expect(engine, "TransactWriteItems", request, 2 * units, bytes);
    snprintf(request, sizeof(request),
             "{\"TableName\":\"test\",\"Item\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"N\":\"1\"},\"d\":{\"S\":\"%s\"}},"
             "\"ReturnConsumedCapacity\":\"TOTAL\"}",
             filling);
    expect(engine, "PutItem", request, units, bytes);
}

static void units_of_an_item(void **state)
{
    /* read: strongly consistent, one item; write: likewise not of a transaction */
    static const struct {
        size_t bytes;
        double read, write;
    } items[] = {
        {1023, 1, 1}, {1024, 1, 1}, {1025, 1, 2}, {4095, 1, 4}, {4096, 1, 4}, {4097, 2, 5}, {8192, 2, 8}, {8193, 3, 9},
    };
    static const struct {
        const char *operation, *request;
        double factor;
    } reads[] = {
        {"GetItem", "{'TableName':'test'," KEY "," TOTAL "}", 0.5},
        {"GetItem", "{'TableName':'test','ConsistentRead':true," KEY "," TOTAL "}", 1},
        {"TransactGetItems", "{'TransactItems':[{'Get':{'TableName':'test'," KEY "}}]," TOTAL "}", 2},
        {"BatchGetItem", "{'RequestItems':{'test':{'Keys':[{'pk':{'S':'p'},'sk':{'N':'1'}}]}}," TOTAL "}", 0.5},
        {"Query", "{" FIND "}", 0.5},
        {"Query", "{'ConsistentRead':true," FIND "}", 1},
        {"Scan", "{'TableName':'test'," TOTAL "}", 0.5},
    };
    struct engine *engine = open_engine(NULL);

    (void)state;
    run_step(engine, 0, &create_without_stream, true);
    for (size_t i = 0; i < COUNT_OF(items); i++) {
        put(engine, items[i].bytes, items[i].write);
        for (size_t k = 0; k < COUNT_OF(reads); k++) {
            char request[512];

            expect(engine, reads[k].operation, quoted(request, sizeof(request), reads[k].request),
                   items[i].read * reads[k].factor, items[i].bytes);
        }
    }
    engine_close(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_of_an_item),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
