/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions that cost much: they leave the loop, and have an end. */
#include "unit/server/op/jobs.h"
#include "unit/unit.h"

#include <pthread.h>
#include <stdlib.h>

#define LONG ((size_t)390 * 1024)
#define ROOM ((size_t)450 * 1024)
#define KEPT ((size_t)4 * 1024) /* while it waits for a worker: a small request, decoded */

/* Ten items {pk: p, sk: 0..9, d: "xxx..."}. */
static struct engine *open_long(void)
{
    static struct answer answer;
    struct engine *engine = open_engine(NULL);
    char *request = malloc(ROOM);
    char *value = malloc(LONG + 1);

    memset(value, 'x', LONG);
    value[LONG] = '\0';
    run_step(engine, 0, &create_without_stream, true);
    for (int i = 0; i < 10; i++) {
        snprintf(request, ROOM,
                 "{\"TableName\":\"test\",\"Item\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"N\":\"%d\"},\"d\":{\"S\":\"%s\"}}}",
                 i, value);
        run_job(&answer, engine, OPERATION_PutItem, request, true, JOB_ARENA_MAX);
        assert_int_equal(answer.rc, STATOR_OK);
    }
    free(value);
    free(request);
    return engine;
}

/* "contains(d, :n) OR contains(d, :n) ...", none of which holds. */
static const char *condition(int count)
{
    static char text[8192];
    size_t len = 0;

    for (int i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%scontains(d, :n)", i == 0 ? "" : " OR ");
    return text;
}

#define VALUES "\"ExpressionAttributeValues\":{\":n\":{\"S\":\"xxxxxxxy\"}}"

static void run_condition(struct answer *answer, struct engine *engine, int count)
{
    char request[16384];

    snprintf(request, sizeof(request),
             "{\"TableName\":\"test\",\"Key\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"N\":\"1\"}},\"ConditionExpression\":\"%"
             "s\"," VALUES "}",
             condition(count));
    run_job(answer, engine, OPERATION_DeleteItem, request, false, JOB_ARENA_MAX);
}

static void conditions(void **state)
{
    static struct answer answer;
    struct engine *engine = open_long();

    (void)state;
    run_condition(&answer, engine, 60);
    assert_true(answer.went_to_worker);
    assert_true(answer.kept_bytes < KEPT); /* not the parsed condition, nor the item it is tested on */
    assert_int_equal(answer.rc, STATOR_CONDITIONAL_CHECK_FAILED);
    run_condition(&answer, engine, 120);
    assert_int_equal(answer.rc, STATOR_VALIDATION);
    assert_non_null(strstr(answer.text, EXPR_SPENT_TEXT));
    engine_close(engine);
}

/* The budget is the whole transaction's, and so is the error. */
static void transactions(void **state)
{
    static struct answer answer;
    static char request[1 << 17];
    struct engine *engine = open_long();
    size_t len = (size_t)snprintf(request, sizeof(request), "{\"TransactItems\":[");

    (void)state;
    for (int i = 0; i < 10; i++)
        len += (size_t)snprintf(
            request + len, sizeof(request) - len,
            "%s{\"ConditionCheck\":{\"TableName\":\"test\",\"Key\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"N\":"
            "\"%d\"}},\"ConditionExpression\":\"NOT (%s)\"," VALUES "}}",
            i == 0 ? "" : ",", i, condition(20));
    snprintf(request + len, sizeof(request) - len, "]}");
    run_job(&answer, engine, OPERATION_TransactWriteItems, request, false, JOB_ARENA_MAX);
    assert_true(answer.went_to_worker);
    assert_true(answer.kept_bytes < 10 * KEPT);
    assert_int_equal(answer.rc, STATOR_VALIDATION);
    assert_non_null(strstr(answer.text, EXPR_SPENT_TEXT));
    engine_close(engine);
}

/* A page ends before its megabyte when its filter costs much, and the pages together have seen every item. */
static void pages(void **state)
{
    static struct answer answer;
    struct engine *engine = open_long();
    char request[16384], start[128] = "";
    int scanned = 0, rounds = 0;

    (void)state;
    do {
        const char *count, *last;

        snprintf(request, sizeof(request), "{\"TableName\":\"test\",\"FilterExpression\":\"%s\"," VALUES "%s}",
                 condition(30), start);
        run_job(&answer, engine, OPERATION_Scan, request, false, JOB_ARENA_MAX);
        assert_int_equal(answer.rc, STATOR_OK);
        count = strstr(answer.text, "\"ScannedCount\":");
        last = strstr(answer.text, "\"sk\":{\"N\":\"");
        assert_non_null(count);
        assert_true(atoi(count + 15) <= 2);
        assert_true(answer.went_to_worker || atoi(count + 15) == 0);
        scanned += atoi(count + 15);
        rounds++;
        start[0] = '\0';
        if (last != NULL)
            snprintf(start, sizeof(start), ",\"ExclusiveStartKey\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"N\":\"%d\"}}",
                     atoi(last + 11));
    } while (start[0] != '\0');
    assert_int_equal(scanned, 10);
    assert_true(rounds >= 5);
    engine_close(engine);
}

/* An item that takes long to parse is updated on a worker. */
static void updates(void **state)
{
    static struct answer answer;
    struct engine *engine = open_long();

    (void)state;
    run_job(&answer, engine, OPERATION_UpdateItem,
            "{\"TableName\":\"test\",\"Key\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"N\":\"1\"}},\"UpdateExpression\":\"REMOVE "
            "d\"}",
            false, JOB_ARENA_MAX);
    assert_true(answer.went_to_worker);
    assert_int_equal(answer.rc, STATOR_OK);
    run_job(&answer, engine, OPERATION_UpdateItem,
            "{\"TableName\":\"test\",\"Key\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"N\":\"1\"}},\"UpdateExpression\":\"REMOVE "
            "d\"}",
            false, JOB_ARENA_MAX);
    assert_false(answer.went_to_worker);
    engine_close(engine);
}

/* Of a transaction no more is read than it may answer. */
static void transactions_that_read(void **state)
{
    static struct answer answer;
    static char request[4096];
    struct engine *engine = open_long();
    size_t len = (size_t)snprintf(request, sizeof(request), "{\"TransactItems\":[");
    char *put = malloc(ROOM);
    size_t at;

    (void)state;
    at = (size_t)snprintf(
        put, ROOM, "{\"TableName\":\"test\",\"Item\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"N\":\"10\"},\"d\":{\"S\":\"");
    memset(put + at, 'x', LONG);
    memcpy(put + at + LONG, "\"}}}", 5);
    run_job(&answer, engine, OPERATION_PutItem, put, true, JOB_ARENA_MAX);
    assert_int_equal(answer.rc, STATOR_OK);
    free(put);
    for (int i = 0; i < 11; i++)
        len +=
            (size_t)snprintf(request + len, sizeof(request) - len,
                             "%s{\"Get\":{\"TableName\":\"test\",\"Key\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"N\":\"%d\"}},"
                             "\"ProjectionExpression\":\"sk\"}}",
                             i == 0 ? "" : ",", i);
    snprintf(request + len, sizeof(request) - len, "]}");
    run_job(&answer, engine, OPERATION_TransactGetItems, request, false, JOB_ARENA_MAX);
    assert_true(answer.went_to_worker);
    assert_int_equal(answer.rc, STATOR_VALIDATION);
    assert_non_null(strstr(answer.text, "cannot exceed 4 MB"));
    engine_close(engine);
}

/* What is long is copied, or parsed for a projection, on a worker. */
static void reads(void **state)
{
    static const struct {
        enum operation operation;
        const char *request;
        bool worker;
    } cases[] = {
        {OPERATION_GetItem, "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}},'ProjectionExpression':'sk'}",
         true},
        {OPERATION_BatchGetItem,
         "{'RequestItems':{'test':{'ProjectionExpression':'sk','Keys':[{'pk':{'S':'p'},'sk':{'N':'1'}}]}}}", true},
        {OPERATION_TransactGetItems,
         "{'TransactItems':[{'Get':{'TableName':'test','ProjectionExpression':'sk','Key':{'pk':{'S':'p'},'sk':{'N':'1'}"
         "}}}]}",
         true},
        {OPERATION_Query,
         "{'TableName':'test','Limit':1,'ProjectionExpression':'sk','KeyConditionExpression':'pk = :p',"
         "'ExpressionAttributeValues':{':p':{'S':'p'}}}",
         true},
        {OPERATION_GetItem, "{'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'99'}},'ProjectionExpression':'sk'}",
         false},
    };
    static struct answer answer;
    struct engine *engine = open_long();
    char request[512];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        run_job(&answer, engine, cases[i].operation, quoted(request, sizeof(request), cases[i].request), false,
                JOB_ARENA_MAX);
        assert_int_equal(answer.rc, STATOR_OK);
        assert_int_equal(answer.went_to_worker, cases[i].worker);
        assert_true(!cases[i].worker || strstr(answer.text, "\"sk\":{\"N\":") != NULL);
    }
    engine_close(engine);
}

/* --- Answers for which there is no room --------------------------------------------------------------------------- */

static void *refuse_long(void *block, size_t len, void *user)
{
    (void)user;
    return len > 64 * 1024 ? NULL : realloc(block, len);
}

static void *allocate_short(size_t len, void *user)
{
    return refuse_long(NULL, len, user);
}

static void release_block(void *block, void *user)
{
    (void)user;
    free(block);
}

static enum stator_rc run_without_room(struct engine *engine, enum operation operation, const char *request)
{
    static const struct stator_allocator memory = {allocate_short, refuse_long, release_block, NULL};
    struct job job = {.operation = operation, .on_worker = true};
    char text[512];

    job.body = bytes_of_string(quoted(text, sizeof(text), request));
    arena_init(&job.arena, JOB_ARENA_MAX);
    arena_init(&job.notes, JOB_NOTES_MAX);
    buf_init_with(&job.answer, JOB_ANSWER_MAX, &memory);
    assert_int_equal(op_run(engine, &job), OP_DONE);
    assert_false(job.answer.failed);
    assert_true(job.rc != STATOR_OK || job.answer.len > LONG);
    assert_int_equal(job.answer.at[job.answer.len - 1], '}');
    arena_deinit(&job.arena);
    arena_deinit(&job.notes);
    buf_deinit(&job.answer);
    return job.rc;
}

#define KEY_OF_ONE "'TableName':'test','Key':{'pk':{'S':'p'},'sk':{'N':'1'}}"

/* What cannot be answered is not done, and may be asked for again. */
static void answers_without_room(void **state)
{
    static const struct {
        enum operation operation;
        const char *request;
    } cases[] = {
        {OPERATION_GetItem, "{" KEY_OF_ONE "}"},
        {OPERATION_UpdateItem, "{" KEY_OF_ONE ",'ReturnValues':'ALL_OLD','UpdateExpression':'SET x = sk'}"},
        {OPERATION_DeleteItem, "{" KEY_OF_ONE ",'ReturnValues':'ALL_OLD'}"},
        {OPERATION_DeleteItem, "{" KEY_OF_ONE ",'ConditionExpression':'attribute_not_exists(pk)',"
                               "'ReturnValuesOnConditionCheckFailure':'ALL_OLD'}"},
    };
    static struct answer answer;
    struct engine *engine = open_long();
    char request[512];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(run_without_room(engine, cases[i].operation, cases[i].request), STATOR_THROTTLING);
    run_job(&answer, engine, OPERATION_GetItem,
            quoted(request, sizeof(request), "{" KEY_OF_ONE ",'ProjectionExpression':'sk,x'}"), true, JOB_ARENA_MAX);
    assert_string_equal(answer.text, "{\"Item\":{\"sk\":{\"N\":\"1\"}}}");
    engine_close(engine);
}

#define BATCH 10

/* Ten puts of long items, from the first on or from the last. */
static char *long_batch(bool backwards)
{
    char *request = malloc(BATCH * ROOM), *value = malloc(LONG + 1);
    size_t len = (size_t)sprintf(request, "{\"ReturnConsumedCapacity\":\"TOTAL\",\"RequestItems\":{\"test\":[");

    memset(value, 'y', LONG);
    value[LONG] = '\0';
    for (int i = 0; i < BATCH; i++)
        len += (size_t)sprintf(request + len,
                               "%s{\"PutRequest\":{\"Item\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"N\":\"%d\"},\"g\":{\"S\":"
                               "\"g\"},\"d\":{\"S\":\"%"
                               "s\"}}}}",
                               i == 0 ? "" : ",", backwards ? BATCH - 1 - i : i, value);
    strcpy(request + len, "]}}");
    free(value);
    return request;
}

#define ROUNDS 10

static void *put_batches(void *context)
{
    struct engine *engine = context;
    struct answer *answer = malloc(sizeof(*answer));
    char *request = long_batch(true);
    intptr_t bad = 0;

    for (int i = 0; i < ROUNDS; i++) {
        run_job(answer, engine, OPERATION_BatchWriteItem, request, i % 2 == 0, JOB_ARENA_MAX);
        bad += answer->rc != STATOR_OK || strstr(answer->text, "\"UnprocessedItems\":{}") == NULL;
    }
    free(request);
    free(answer);
    return (void *)bad;
}

/* Batches of the same items meet each other between their parts, and go on where they were. */
static void batches_in_parts(void **state)
{
    static struct answer answer;
    struct engine *engine = open_engine(NULL);
    char *request = long_batch(false);
    pthread_t thread;
    void *bad;

    (void)state;
    run_step(engine, 0, &create, true);
    assert_int_equal(pthread_create(&thread, NULL, put_batches, engine), 0);
    for (int i = 0; i < ROUNDS; i++) {
        run_job(&answer, engine, OPERATION_BatchWriteItem, request, i % 2 == 0, JOB_ARENA_MAX);
        assert_int_equal(answer.rc, STATOR_OK);
        assert_true(is_expected(answer.text, "~'UnprocessedItems':{}"));
        if (!is_expected(answer.text, "~'CapacityUnits':39"))
            fail_msg("%s", answer.text);
    }
    pthread_join(thread, &bad);
    assert_null(bad);
    audit(engine);
    free(request);
    engine_close(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions),
        cmocka_unit_test(transactions),
        cmocka_unit_test(pages),
        cmocka_unit_test(updates),
        cmocka_unit_test(reads),
        cmocka_unit_test(transactions_that_read),
        cmocka_unit_test(answers_without_room),
        cmocka_unit_test(batches_in_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
