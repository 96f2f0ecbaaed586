/* SPDX-License-Identifier: Apache-2.0 */
/* A sequence of requests to an engine in memory, each run as http runs it: on a loop first, then on a worker. Whatever is
 * asked, an answer is JSON with the members of its operation's output and no others, or an error that errors.def knows and
 * that is no fault of ours; at the end counters and indexes of every table are what its items call for.
 *
 * An input is bytes of which fuzz_requests.h makes requests. FUZZ_SHOW=1 prints them and their answers. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz/fuzz_requests.h"
#include "json/reader.h"
#include "op/engine.h"
#include "unit/server/database.h"

#define REQUESTS_MAX 24
#define INPUTS_MAX   256 /* of one engine */
#define STEPS_MAX    100000
#define ROOM         ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The engine outlives an input, and its threads allocate: looking for leaks after each would take most of the time. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static struct engine *engine;
static uint32_t inputs;
static bool show;

static void check(bool holds, const char *what, struct bytes text)
{
    if (holds)
        return;
    fprintf(stderr, "%s: %.*s\n", what, BYTES_ARG(text));
    abort();
}

/* --- One request ------------------------------------------------------------------------------------------------- */

struct checking {
    struct json_reader reader;
    struct bytes text;
    struct source *source;
};

static void check_value(struct checking *c, enum json_token token, uint8_t kind, const struct shape *shape);

static const struct member *member_named(const struct shape *shape, struct bytes name)
{
    for (size_t i = 0; i < shape->count; i++)
        if (bytes_equal(shape->members[i].name, name))
            return &shape->members[i];
    return NULL;
}

/* What a later request may ask for again. */
static void remember(char *into, size_t size, struct bytes text)
{
    if (text.len >= size)
        return;
    memcpy(into, text.at, text.len);
    into[text.len] = '\0';
}

static void remember_member(struct checking *c, struct bytes name)
{
    if (bytes_equal_string(name, "ShardIterator") || bytes_equal_string(name, "NextShardIterator"))
        remember(c->source->iterator, sizeof(c->source->iterator), c->reader.text);
    else if (bytes_equal_string(name, "LatestStreamArn") || bytes_equal_string(name, "StreamArn"))
        remember(c->source->arn, sizeof(c->source->arn), c->reader.text);
    else if (bytes_equal_string(name, "NextToken"))
        remember(c->source->token, sizeof(c->source->token), c->reader.text);
}

static void check_members(struct checking *c, const struct shape *shape)
{
    enum json_token token;

    while ((token = json_next(&c->reader)) == JSON_KEY) {
        const struct member *member = member_named(shape, c->reader.text);
        const uint8_t *from = c->reader.at;

        check(member != NULL, "a member that the output has not", c->text);
        token = json_next(&c->reader);
        if (token == JSON_STRING)
            remember_member(c, member->name);
        check_value(c, token, member->kind, member->shape);
        if (bytes_equal_string(member->name, "LastEvaluatedKey"))
            remember(c->source->start_key, sizeof(c->source->start_key),
                     bytes_of(from + 1, (size_t)(c->reader.at - from - 1)));
    }
    check(token == JSON_OBJECT_END, "no object", c->text);
}

static void check_elements(struct checking *c, enum json_token first, const struct shape *shape)
{
    enum json_token token;

    check(first == (shape->kind == KIND_LIST ? JSON_ARRAY_BEGIN : JSON_OBJECT_BEGIN), "no list or map", c->text);
    while ((token = json_next(&c->reader)) != JSON_ARRAY_END && token != JSON_OBJECT_END) {
        if (token == JSON_KEY && shape->kind == KIND_MAP)
            token = json_next(&c->reader);
        check_value(c, token, shape->element_kind, shape->element);
    }
}

static void check_value(struct checking *c, enum json_token token, uint8_t kind, const struct shape *shape)
{
    switch ((enum kind)kind) {
    case KIND_STRUCTURE:
        check(token == JSON_OBJECT_BEGIN, "no structure", c->text);
        check_members(c, shape);
        return;
    case KIND_LIST:
    case KIND_MAP:
        check_elements(c, token, shape);
        return;
    case KIND_STRING:
    case KIND_ENUM:
        check(token == JSON_STRING, "no text", c->text);
        return;
    case KIND_BOOLEAN:
        check(token == JSON_TRUE || token == JSON_FALSE, "no boolean", c->text);
        return;
    case KIND_VALUE:
    case KIND_ITEM:
        check(token == JSON_OBJECT_BEGIN && json_skip(&c->reader, token), "no value", c->text);
        return;
    default:
        check(token == JSON_NUMBER, "no number", c->text);
    }
}

static void check_success(struct source *s, enum operation operation, struct bytes text)
{
    const struct shape *shape = operation_info(operation)->output;
    struct checking c = {.text = text, .source = s};
    struct arena arena;

    if (shape == NULL) {
        check(text.len == 0, "an answer where there is none", text);
        return;
    }
    arena_init(&arena, ROOM);
    json_reader_init(&c.reader, text, &arena);
    check_value(&c, json_next(&c.reader), KIND_STRUCTURE, shape);
    check(json_next(&c.reader) == JSON_END, "more than an answer", text);
    arena_deinit(&arena);
}

/* UpdateTable answers {} with InternalFailure, ListGlobalTables a region that is none with InternalServerError, as the
 * service does. */
static bool is_known(enum operation operation, enum stator_rc rc)
{
    switch (rc) {
#define X(code, status, retry, prefix, wire, member) case STATOR_##code:
#include "stator/errors.def"
#undef X
        return (rc != STATOR_INTERNAL_FAILURE || operation == OPERATION_UpdateTable) &&
               (rc != STATOR_INTERNAL_SERVER_ERROR || operation == OPERATION_ListGlobalTables);
    default:
        return false;
    }
}

static void check_error(enum operation operation, enum stator_rc rc, struct bytes text)
{
    char start[256];
    int len = snprintf(start, sizeof(start), "{\"__type\":\"%s\"", stator_error_info(rc)->type);

    check(is_known(operation, rc), "an error of ours", text);
    check(bytes_starts_with(text, bytes_of(start, (size_t)len)), "an error without its type", text);
    check(json_valid(text), "no JSON", text);
}

/* On a loop, then on a worker for as long as it likes. Background tasks may hold a latch meanwhile. */
static void finish(struct job *job)
{
    uint32_t steps = 0;

    while (op_run(engine, job) == OP_WORK) {
        check(++steps < STEPS_MAX, "a request without end", job->body);
        job->on_worker = true;
        if (job->latch != 0)
            usleep(100);
    }
    check(job->holds == NULL, "something is held", job->body);
}

static void run(struct source *s, enum operation operation, struct bytes body)
{
    struct job job = {.operation = operation, .body = body, .region = BYTES("eu-west-1")};

    if (show)
        fprintf(stderr, "%s %.*s\n", operation_info(operation)->name, BYTES_ARG(body));
    buf_init(&job.answer, JOB_ANSWER_MAX);
    arena_init(&job.arena, ROOM);
    arena_init(&job.notes, JOB_NOTES_MAX);
    finish(&job);
    if (show)
        fprintf(stderr, "  %.*s\n", BYTES_ARG(buf_bytes(&job.answer)));
    if (job.rc == STATOR_OK)
        check_success(s, operation, buf_bytes(&job.answer));
    else
        check_error(operation, job.rc, buf_bytes(&job.answer));
    arena_deinit(&job.arena);
    arena_deinit(&job.notes);
    buf_deinit(&job.answer);
}

/* --- Sequences --------------------------------------------------------------------------------------------------- */

struct step {
    enum operation operation;
    const char *body; /* ' stands for " */
};

#define HASH(name)  "{'AttributeName':'" name "','KeyType':'HASH'}"
#define RANGE(name) "{'AttributeName':'" name "','KeyType':'RANGE'}"
#define TYPED(name, type) "{'AttributeName':'" name "','AttributeType':'" type "'}"
#define TWO(name)                                                                                                      \
    "{'TableName':'" name "','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':[" TYPED("pk", "S") "," TYPED(     \
        "sk", "N") "," TYPED("l", "S") "," TYPED("g", "S") "],'KeySchema':[" HASH("pk") "," RANGE("sk") "],"           \
    "'StreamSpecification':{'StreamEnabled':true,'StreamViewType':'NEW_AND_OLD_IMAGES'},'LocalSecondaryIndexes':["     \
    "{'IndexName':'lsi','KeySchema':[" HASH("pk") "," RANGE("l") "],'Projection':{'ProjectionType':'KEYS_ONLY'}}],"    \
    "'GlobalSecondaryIndexes':[{'IndexName':'gsi','KeySchema':[" HASH("g") "],'Projection':{'ProjectionType':"         \
    "'INCLUDE','NonKeyAttributes':['a']}}]}"
#define ITEM(table, key) "{'TableName':'" table "','Item':{" key ",'a':{'N':'1'},'l':{'S':'l'},'g':{'S':'x'},'m':{'M':"     \
    "{'n':{'L':[{'N':'1'},{'S':'x'}]}}},'n':{'NS':['1','2']}}}"

/* Before every sequence. */
static const struct step prelude[] = {
    {OPERATION_CreateTable, "{'TableName':'one','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':[" TYPED("pk", "S")
                            "],'KeySchema':[" HASH("pk") "]}"},
    {OPERATION_CreateTable, TWO("two")},
    {OPERATION_PutItem, ITEM("one", "'pk':{'S':'p'}")},
    {OPERATION_PutItem, ITEM("two", "'pk':{'S':'p'},'sk':{'N':'0'}")},
    {OPERATION_PutItem, ITEM("two", "'pk':{'S':'p'},'sk':{'N':'1'}")},
    {OPERATION_PutItem, ITEM("two", "'pk':{'S':'q'},'sk':{'N':'0'}")},
};

/* What shapes alone would rarely make. */
static const struct step changes[] = {
    {OPERATION_CreateTable, TWO("new")},
    {OPERATION_DeleteTable, "{'TableName':'two'}"},
    {OPERATION_DeleteTable, "{'TableName':'new'}"},
    {OPERATION_UpdateTable,
     "{'TableName':'two','AttributeDefinitions':[" TYPED("a", "N") "],'GlobalSecondaryIndexUpdates':[{'Create':{"
     "'IndexName':'late','KeySchema':[" HASH("a") "],'Projection':{'ProjectionType':'ALL'}}}]}"},
    {OPERATION_UpdateTable, "{'TableName':'two','GlobalSecondaryIndexUpdates':[{'Delete':{'IndexName':'gsi'}}]}"},
    {OPERATION_UpdateTable, "{'TableName':'two','StreamSpecification':{'StreamEnabled':false}}"},
    {OPERATION_UpdateTable,
     "{'TableName':'one','StreamSpecification':{'StreamEnabled':true,'StreamViewType':'KEYS_ONLY'}}"},
    {OPERATION_UpdateTimeToLive,
     "{'TableName':'two','TimeToLiveSpecification':{'Enabled':true,'AttributeName':'ttl'}}"},
    {OPERATION_UpdateTimeToLive,
     "{'TableName':'two','TimeToLiveSpecification':{'Enabled':false,'AttributeName':'ttl'}}"},
    {OPERATION_ListStreams, "{}"},
    {OPERATION_DescribeTable, "{'TableName':'two'}"},
};

static const enum operation common[] = {
    OPERATION_PutItem,       OPERATION_UpdateItem,       OPERATION_DeleteItem,         OPERATION_GetItem,
    OPERATION_Query,         OPERATION_Query,            OPERATION_Scan,               OPERATION_ExecuteStatement,
    OPERATION_BatchGetItem,  OPERATION_BatchWriteItem,   OPERATION_TransactGetItems,   OPERATION_TransactWriteItems,
    OPERATION_UpdateTable,   OPERATION_ExecuteStatement, OPERATION_ExecuteTransaction, OPERATION_BatchExecuteStatement,
    OPERATION_DescribeStream, OPERATION_GetShardIterator, OPERATION_GetRecords};

static void run_step(struct source *s, const struct step *step)
{
    char body[2048];
    size_t len = strlen(step->body);

    for (size_t i = 0; i <= len; i++)
        body[i] = step->body[i] == '\'' ? '"' : step->body[i];
    run(s, step->operation, bytes_of(body, len));
}

/* The rest of the input as a body. */
static void run_bytes(struct source *s, enum operation operation)
{
    struct bytes body = bytes_of(s->at, (size_t)(s->end - s->at));

    s->at = s->end;
    run(s, operation, body);
}

static void run_next(struct source *s, struct buf *body)
{
    uint32_t kind = pick(s, 16);
    enum operation operation;

    if (kind == 15) {
        run_step(s, &PICK(s, changes));
        return;
    }
    operation = kind < 12 ? PICK(s, common) : (enum operation)(1 + pick(s, OPERATION_COUNT - 1));
    if (kind == 14) {
        run_bytes(s, operation);
        return;
    }
    make_request(s, body, operation);
    run(s, operation, buf_bytes(body));
}

/* --- What is left ------------------------------------------------------------------------------------------------ */

static bool is_at_rest(const struct table *table)
{
    bool rests = table->status == TableStatus_ACTIVE;

    for (size_t i = 0; i < table->index_count; i++)
        rests = rests && table->indexes[i].status == IndexStatus_ACTIVE;
    return rests;
}

/* The table once nothing in the background changes it, or NULL: there is none. */
static struct table *table_at_rest(const char *name)
{
    for (uint32_t i = 0; i < STEPS_MAX; i++) {
        struct table *table = catalog_find(engine->db.catalog, BYTES(""), bytes_of_string(name));

        if (table == NULL || is_at_rest(table))
            return table;
        table_release(table);
        usleep(100);
    }
    check(false, "a change without end", bytes_of_string(name));
    return NULL;
}

static void audit_and_delete(struct source *s, const char *name)
{
    struct table *table = table_at_rest(name);
    char body[64];

    if (table == NULL)
        return;
    database_audit(&engine->db, table);
    table_release(table);
    snprintf(body, sizeof(body), "{\"TableName\":\"%s\"}", name);
    run(s, OPERATION_DeleteTable, bytes_of_string(body));
    table_release(table_at_rest(name));
}

static void begin(void)
{
    const struct engine_options options = {.durability = STORE_NONE, .shards = 4, .ttl_interval_ms = 86400000};
    struct stator_error err = {0};

    if (engine != NULL && ++inputs < INPUTS_MAX)
        return;
    engine_close(engine);
    inputs = 0;
    show = getenv("FUZZ_SHOW") != NULL;
    check(engine_open(&engine, &options, &err) == STATOR_OK, "no engine", bytes_of_string(err.message));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"one", "two", "new"};
    struct source s = {.at = data, .end = data + size};
    struct buf body;

    begin();
    buf_init(&body, ROOM);
    buf_init(&s.text, ROOM);
    for (size_t i = 0; i < sizeof(prelude) / sizeof(prelude[0]); i++)
        run_step(&s, &prelude[i]);
    for (uint32_t i = 0; i < REQUESTS_MAX && s.at != s.end; i++)
        run_next(&s, &body);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        audit_and_delete(&s, names[i]);
    buf_deinit(&s.text);
    buf_deinit(&body);
    return 0;
}
