/* SPDX-License-Identifier: Apache-2.0 */
/* What each stage of a request takes inside the server, without sockets: nanoseconds and allocations, on one thread, in
 * memory. budget.py runs it and compares.
 *
 *      bench_stages      prints "<ns> <allocations> <stage>" for each; the least of several batches
 *
 * The stage `calibrate` is plain arithmetic: how fast this machine is now.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "op/engine.h"
#include "table/read.h"

#define ITEMS   2000
#define BODIES  256
#define ROUNDS  1024
#define BATCHES 15
#define TEXT    4096

enum stage { DECODE, VALIDATE, RUN, ENCODE, RELEASE, STAGES };

static const char *const stage_names[STAGES] = {"decode", "validate", "run", "encode", "release"};

struct subject {
    const char *name;
    operation_step *step;
    enum operation operation;
    const char *body; /* each @ stands for a number below ITEMS of eight digits, the same one in a body */
};

struct cost {
    double ns, allocations;
};

#define VALUE                                                                                                          \
    "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv" \
    "vvvv"                                                                                                             \
    "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv" \
    "vvvv"
#define ITEM                                                                                                           \
    "{\"pk\":{\"S\":\"key-@\"},\"n\":{\"N\":\"@\"},\"tags\":{\"SS\":[\"a\",\"b\"]},\"m\":{\"M\":{\"x\":{\"BOOL\":"     \
    "true}}},\"v\":{\"S\":\"" VALUE "\"}}"
#define SORTED "{\"pk\":{\"S\":\"part\"},\"sk\":{\"S\":\"@\"},\"n\":{\"N\":\"@\"},\"v\":{\"S\":\"" VALUE "\"}}"
#define KEY    "\"Key\":{\"pk\":{\"S\":\"key-@\"}}"
#define CREATE(name, keys, definitions)                                                                                \
    "{\"TableName\":\"" name "\",\"BillingMode\":\"PAY_PER_REQUEST\",\"KeySchema\":[{\"AttributeName\":\"pk\","        \
    "\"KeyType\":\"HASH\"}" keys                                                                                       \
    "],\"AttributeDefinitions\":[{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"}" definitions "]"
#define BY_N                                                                                                           \
    ",\"GlobalSecondaryIndexes\":[{\"IndexName\":\"by-n\",\"KeySchema\":[{\"AttributeName\":\"n\",\"KeyType\":"        \
    "\"HASH\"}],\"Projection\":{\"ProjectionType\":\"ALL\"}}]}"
static const char *const tables[] = {
    CREATE("plain", "", "") "}",
    CREATE("indexed", "", ",{\"AttributeName\":\"n\",\"AttributeType\":\"N\"}") BY_N,
    CREATE("sorted", ",{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}",
           ",{\"AttributeName\":\"sk\",\"AttributeType\":\"S\"}") "}",
};

/* What fills the tables, and is measured last: what reads measure is then the same each time. */
static const struct subject writers[] = {
    {"PutItem", op_put_item, OPERATION_PutItem, "{\"TableName\":\"plain\",\"Item\":" ITEM "}"},
    {"PutItem, 1 GSI", op_put_item, OPERATION_PutItem, "{\"TableName\":\"indexed\",\"Item\":" ITEM "}"},
    {"PutItem, sorted", op_put_item, OPERATION_PutItem, "{\"TableName\":\"sorted\",\"Item\":" SORTED "}"},
};

static const struct subject readers[] = {
    {"GetItem", op_get_item, OPERATION_GetItem, "{\"TableName\":\"plain\"," KEY "}"},
    {"GetItem, projection", op_get_item, OPERATION_GetItem,
     "{\"TableName\":\"plain\"," KEY
     ",\"ProjectionExpression\":\"pk, #n, m.x\",\"ExpressionAttributeNames\":{\"#n\":\"n\"}}"},
    {"Query of 10", op_query, OPERATION_Query,
     "{\"TableName\":\"sorted\",\"KeyConditionExpression\":\"pk = :p AND sk >= :s\",\"Limit\":10,"
     "\"ExpressionAttributeValues\":{\":p\":{\"S\":\"part\"},\":s\":{\"S\":\"@\"}}}"},
    {"Query of 100, filter", op_query, OPERATION_Query,
     "{\"TableName\":\"sorted\",\"KeyConditionExpression\":\"pk = :p AND sk >= :s\",\"Limit\":100,\"FilterExpression\":"
     "\"n < "
     ":n\",\"ExpressionAttributeValues\":{\":p\":{\"S\":\"part\"},\":s\":{\"S\":\"@\"},\":n\":{\"N\":\"1000\"}}}"},
};

static const struct subject updater = {
    "UpdateItem, condition", op_update_item, OPERATION_UpdateItem,
    "{\"TableName\":\"plain\"," KEY ",\"UpdateExpression\":\"ADD n :one SET m.y = :one\",\"ConditionExpression\":"
    "\"attribute_exists(pk) AND n < :top\",\"ExpressionAttributeValues\":{\":one\":{\"N\":\"1\"},\":top\":{\"N\":"
    "\"1000000000\"}}}"};

/* --- Allocations of this thread --- */

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

static _Thread_local uint64_t allocations;

void *malloc(size_t len)
{
    allocations++;
    return __libc_malloc(len);
}

void *calloc(size_t count, size_t len)
{
    allocations++;
    return __libc_calloc(count, len);
}

void *realloc(void *at, size_t len)
{
    allocations++;
    return __libc_realloc(at, len);
}

/* --- Time --- */

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* What asking for the time costs. */
static double clock_ns(void)
{
    double least = 1e9;

    for (int i = 0; i < 1000; i++) {
        double began = now_ns();

        for (int j = 0; j < 16; j++)
            now_ns();
        least = (now_ns() - began) / 17 < least ? (now_ns() - began) / 17 : least;
    }
    return least;
}

static double calibrate_ns(void)
{
    volatile uint64_t sink;
    double least = 1e9;

    for (int batch = 0; batch < 200; batch++) {
        double began = now_ns();
        uint64_t hash = 1469598103934665603u;

        for (uint32_t i = 0; i < 1024; i++)
            hash = (hash ^ i) * 1099511628211u;
        sink = hash;
        (void)sink;
        least = now_ns() - began < least ? now_ns() - began : least;
    }
    return least;
}

/* --- Requests --- */

static struct engine *engine;
static struct job job;
static char text[BODIES][TEXT];
static double clock_cost_ns;

static void quit(const char *what)
{
    fprintf(stderr, "bench_stages: %s: %s\n", what, job.error.message);
    exit(EXIT_FAILURE);
}

static void write_body(char *out, const char *body, int number)
{
    char *end = out + TEXT - 9;

    for (; *body != '\0' && out < end; body++)
        if (*body == '@')
            out += sprintf(out, "%08d", number);
        else
            *out++ = *body;
    *out = '\0';
    if (*body != '\0')
        quit("a body is too long");
}

static void end_stage(struct cost *cost, double *at, uint64_t *count)
{
    double now = now_ns();

    cost->ns += now - *at - clock_cost_ns;
    cost->allocations += (double)(allocations - *count);
    *at = now_ns();
    *count = allocations;
}

/* A request as the server carries it out, each stage's cost added. */
static void run(const struct subject *subject, const char *body, struct cost *costs)
{
    const struct operation_info *info = operation_info(subject->operation);
    uint64_t count;
    double at;
    enum stator_rc rc;

    arena_reset(&job.arena);
    arena_reset(&job.notes);
    buf_reset(&job.answer);
    job.operation = subject->operation;
    job.body = bytes_of_string(body);
    job.input = job.progress = NULL;
    job.output = NULL;
    job.on_worker = false;
    job.budget = (struct expr_budget){.left = UINT64_MAX};
    count = allocations;
    at = now_ns();
    if (message_decode(&job.input, info->input, job.body, &job.arena, &job.error) != STATOR_OK)
        quit("decode");
    end_stage(&costs[DECODE], &at, &count);
    if (message_validate(info->input, job.input, WORDING_CURRENT, &job.error) != STATOR_OK)
        quit("validate");
    end_stage(&costs[VALIDATE], &at, &count);
    rc = subject->step(engine, &job);
    while (rc == STATOR_AGAIN) {
        job.on_worker = true;
        rc = subject->step(engine, &job);
    }
    if (rc != STATOR_OK)
        quit(subject->name);
    end_stage(&costs[RUN], &at, &count);
    if (job.answer.len != 0)
        message_encode_rest(&job.answer, info->output, job.output);
    else
        message_encode(&job.answer, info->output, job.output);
    end_stage(&costs[ENCODE], &at, &count);
    job_release(&job);
    end_stage(&costs[RELEASE], &at, &count);
}

static void fill(void)
{
    static const struct subject create = {"CreateTable", op_create_table, OPERATION_CreateTable, NULL};
    struct cost ignored[STAGES];

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        run(&create, tables[i], ignored);
    for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++)
        for (int number = 0; number < ITEMS; number++) {
            write_body(text[0], writers[i].body, number);
            run(&writers[i], text[0], ignored);
        }
}

static void measure(const struct subject *subject)
{
    struct cost least[STAGES];

    for (int i = 0; i < BODIES; i++)
        write_body(text[i], subject->body, (i * 7919) % ITEMS);
    for (int batch = 0; batch < BATCHES; batch++) {
        struct cost costs[STAGES] = {{0, 0}};

        for (int i = 0; i < ROUNDS; i++)
            run(subject, text[i % BODIES], costs);
        for (int stage = 0; stage < STAGES; stage++) {
            least[stage].ns = batch == 0 || costs[stage].ns < least[stage].ns ? costs[stage].ns : least[stage].ns;
            least[stage].allocations = batch == 0 || costs[stage].allocations < least[stage].allocations
                                           ? costs[stage].allocations
                                           : least[stage].allocations;
        }
    }
    for (int stage = 0; stage < STAGES; stage++)
        printf("%.0f %.2f %s: %s\n", least[stage].ns / ROUNDS, least[stage].allocations / ROUNDS, subject->name,
               stage_names[stage]);
}

/* What of GetItem's run is finding the item: key bytes, the store, the stored item's parts. */
static void measure_read(const struct subject *subject)
{
    const struct operation_info *info = operation_info(subject->operation);
    struct table *table;
    struct cost least = {1e18, 1e18};

    for (int batch = 0; batch < BATCHES; batch++) {
        struct cost cost = {0, 0};

        for (int i = 0; i < ROUNDS; i++) {
            const struct GetItemInput *in;
            struct read_result read;
            uint64_t count;
            double at;

            arena_reset(&job.arena);
            job.body = bytes_of_string(text[i % BODIES]);
            if (message_decode(&job.input, info->input, job.body, &job.arena, &job.error) != STATOR_OK)
                quit("decode");
            in = job.input;
            if (op_table(&table, engine, &job, in->TableName, OP_DATA) != STATOR_OK)
                quit("table");
            count = allocations;
            at = now_ns();
            if (table_get(&engine->db, table, &in->Key, true, &read, &job.error) != STATOR_OK)
                quit("read");
            end_stage(&cost, &at, &count);
            store_release(&read.pinned);
            job_release(&job);
        }
        least.ns = cost.ns < least.ns ? cost.ns : least.ns;
        least.allocations = cost.allocations < least.allocations ? cost.allocations : least.allocations;
    }
    printf("%.0f %.2f %s: run, of it read\n", least.ns / ROUNDS, least.allocations / ROUNDS, subject->name);
}

int main(void)
{
    const struct engine_options options = {.durability = STORE_NONE, .shards = 4};

    if (engine_open(&engine, &options, &job.error) != STATOR_OK)
        quit("open");
    arena_init(&job.arena, JOB_ARENA_MAX);
    arena_init(&job.notes, JOB_NOTES_MAX);
    buf_init(&job.answer, JOB_ANSWER_MAX);
    job.region = BYTES("us-east-1");
    clock_cost_ns = clock_ns();
    fill();
    printf("%.0f 0 calibrate\n", calibrate_ns());
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
        measure(&readers[i]);
    for (int i = 0; i < BODIES; i++)
        write_body(text[i], readers[0].body, (i * 7919) % ITEMS);
    measure_read(&readers[0]);
    measure(&updater);
    for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++)
        measure(&writers[i]);
    arena_deinit(&job.arena);
    arena_deinit(&job.notes);
    buf_deinit(&job.answer);
    engine_close(engine);
    return EXIT_SUCCESS;
}
