/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/server/op/jobs.h"

#include "unit/server/database.h"
#include "unit/unit.h"

#include "format/keycodec.h"
#include "json/reader.h"
#include <sched.h>

struct engine *open_engine(const char *dir)
{
    const struct engine_options options = {
        .data_dir = dir, .durability = STORE_NONE, .shards = 4, .ttl_interval_ms = 10};
    struct stator_error err = {0};
    struct engine *engine;

    if (engine_open(&engine, &options, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    return engine;
}

enum operation operation_named(const char *name)
{
    for (int i = OPERATION_NONE + 1; i < OPERATION_COUNT; i++)
        if (strcmp(operation_info((enum operation)i)->name, name) == 0)
            return (enum operation)i;
    fail_msg("no operation %s", name);
    return OPERATION_COUNT;
}

static void check_json(struct bytes text)
{
    struct json_reader reader;
    enum json_token token;
    struct arena arena;

    arena_init(&arena, 1 << 20);
    json_reader_init(&reader, text, &arena);
    do {
        token = json_next(&reader);
        assert_int_not_equal(token, JSON_BAD);
    } while (token != JSON_END);
    arena_deinit(&arena);
}

void run_job(struct answer *out, struct engine *engine, enum operation operation, const char *body, bool on_worker,
             size_t arena_max)
{
    struct job job = {
        .operation = operation, .body = bytes_of_string(body), .region = BYTES("eu-west-1"), .on_worker = on_worker};
    enum op_outcome outcome;
    int steps = 0;

    buf_init(&job.answer, JOB_ANSWER_MAX);
    arena_init(&job.arena, arena_max);
    arena_init(&job.notes, JOB_NOTES_MAX);
    outcome = op_run(engine, &job);
    out->went_to_worker = outcome == OP_WORK && !on_worker;
    out->kept_bytes = 0;
    while (outcome == OP_WORK) {
        if (job.arena.used_bytes > out->kept_bytes)
            out->kept_bytes = job.arena.used_bytes;
        assert_true(job.latch != 0 || ++steps < 100);
        job.on_worker = true;
        sched_yield(); /* another may hold a latch */
        outcome = op_run(engine, &job);
    }
    assert_int_equal(outcome, OP_DONE); /* nothing to sync in memory */
    assert_null(job.holds);
    out->rc = job.rc;
    if (job.rc == STATOR_OK && operation_info(operation)->output == NULL)
        assert_int_equal(job.answer.len, 0);
    else
        check_json(buf_bytes(&job.answer));
    assert_true(job.answer.len < sizeof(out->text));
    memcpy(out->text, buf_bytes(&job.answer).at, job.answer.len);
    out->text[job.answer.len] = '\0';
    arena_deinit(&job.arena);
    arena_deinit(&job.notes);
    buf_deinit(&job.answer);
}

/* stream: "", or the member StreamSpecification. */
#define CREATE_TEST(stream)                                                                                            \
    {                                                                                                                  \
        "CreateTable",                                                                                                 \
            "{'TableName':'test','BillingMode':'PAY_PER_REQUEST'," stream "'AttributeDefinitions':["                   \
            "{'AttributeName':'pk','AttributeType':'S'},{'AttributeName':'sk','AttributeType':'N'},"                   \
            "{'AttributeName':'l','AttributeType':'S'},{'AttributeName':'g','AttributeType':'S'}],"                    \
            "'KeySchema':[{'AttributeName':'pk','KeyType':'HASH'},{'AttributeName':'sk','KeyType':'RANGE'}],"          \
            "'LocalSecondaryIndexes':[{'IndexName':'lsi','KeySchema':[{'AttributeName':'pk','KeyType':'HASH'},"        \
            "{'AttributeName':'l','KeyType':'RANGE'}],'Projection':{'ProjectionType':'KEYS_ONLY'}}],"                  \
            "'GlobalSecondaryIndexes':[{'IndexName':'gsi','KeySchema':[{'AttributeName':'g','KeyType':'HASH'}],"       \
            "'Projection':{'ProjectionType':'INCLUDE','NonKeyAttributes':['a']}}]}",                                   \
            "~'TableStatus':'CREATING'",                                                                               \
    }

const struct step create =
    CREATE_TEST("'StreamSpecification':{'StreamEnabled':true,'StreamViewType':'NEW_AND_OLD_IMAGES'},");
const struct step create_without_stream = CREATE_TEST("");

const char *quoted(char *out, size_t size, const char *text)
{
    assert_true(strlen(text) < size);
    for (size_t i = 0; i <= strlen(text); i++)
        out[i] = text[i] == '\'' ? '"' : text[i];
    return out;
}

/* {"__type":"...#SomeException","message":"its message"} */
static bool is_error(const char *answer, const char *expected)
{
    const char *colon = strstr(expected, ": ");
    char type[128], text[2048];

    snprintf(type, sizeof(type), "#%.*s\"", (int)(colon - expected), expected);
    snprintf(text, sizeof(text), "essage\":\"%s\"}", colon + 2);
    return strncmp(answer, "{\"__type\":\"com.amazon", 21) == 0 && strstr(answer, type) != NULL &&
           (colon[2] == '\0' ? strstr(answer, "essage") == NULL : strstr(answer, text) != NULL);
}

bool is_expected(const char *answer, const char *expected)
{
    char text[4096];

    if (expected[0] == '\0') /* an answer without a body */
        return answer[0] == '\0';
    if (expected[0] == '~')
        return strstr(answer, quoted(text, sizeof(text), expected + 1)) != NULL;
    if (expected[0] == '{')
        return strcmp(answer, quoted(text, sizeof(text), expected)) == 0;
    return is_error(answer, expected);
}

void run_step(struct engine *engine, size_t number, const struct step *step, bool on_worker)
{
    static struct answer answer;
    char request[4096];

    run_job(&answer, engine, operation_named(step->operation), quoted(request, sizeof(request), step->request),
            on_worker, JOB_ARENA_MAX);
    if (!is_expected(answer.text, step->answer))
        fail_msg("step %zu, %s %s:\n%s\nis not\n%s", number, step->operation, request, answer.text, step->answer);
}

/* No number of its stream is in flight: readers may go on. */
static void audit_stream(struct engine *engine, uint32_t id)
{
    struct stream *stream = streams_find(engine->db.streams, id);

    assert_non_null(stream);
    for (uint32_t i = 0; i < stream->about.lanes; i++)
        assert_null(stream->lanes[i].first);
    stream_release(stream);
}

void audit(struct engine *engine)
{
    struct table *table = catalog_find(engine->db.catalog, BYTES(""), BYTES("test"));

    assert_non_null(table);
    database_audit(&engine->db, table);
    if (table->extras->stream != 0)
        audit_stream(engine, table->extras->stream);
    table_release(table);
}

void fill(struct engine *engine)
{
    fill_with(engine, &create);
}

void fill_with(struct engine *engine, const struct step *how)
{
    static struct answer answer;

    run_step(engine, 0, how, true);
    for (int i = 0; i < 5; i++) {
        char item[256];

        snprintf(item, sizeof(item),
                 "{\"TableName\":\"test\",\"Item\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"N\":\"%d\"},\"l\":{\"S\":\"l\"},"
                 "\"g\":{\"S\":\"x\"},\"m\":{\"M\":{\"n\":{\"L\":[{\"N\":\"1\"}]}}}}}",
                 i);
        run_job(&answer, engine, OPERATION_PutItem, item, true, JOB_ARENA_MAX);
        assert_int_equal(answer.rc, STATOR_OK);
    }
}

void stored_entry_find(struct engine *engine, uint32_t id, struct stored_entry *out)
{
    struct buf lower, upper;

    buf_init(&lower, 64);
    buf_init(&upper, 64);
    key_append_prefix(&lower, id, 0);
    key_append_prefix(&upper, id + 1, 0);
    out->key_len = 0;
    for (uint32_t shard = 0; shard < store_shards(engine->db.store) && out->key_len == 0; shard++) {
        struct store_iterator *it = store_iterator_open(engine->db.store, STORE_SHARD(shard), buf_bytes(&lower),
                                                        buf_bytes(&upper), NULL, STORE_ANY);

        store_iterator_seek_first(it);
        if (store_iterator_valid(it)) {
            out->shard = shard;
            out->key_len = store_iterator_key(it).len;
            out->value_len = store_iterator_value(it).len;
            assert_true(out->key_len <= sizeof(out->key) && out->value_len <= sizeof(out->value));
            memcpy(out->key, store_iterator_key(it).at, out->key_len);
            memcpy(out->value, store_iterator_value(it).at, out->value_len);
        }
        store_iterator_close(it);
    }
    buf_deinit(&lower);
    buf_deinit(&upper);
    assert_int_not_equal(out->key_len, 0);
}

bool stored_entry_exists(struct engine *engine, const struct stored_entry *entry)
{
    struct store_pinned pinned;
    bool there;

    assert_int_equal(store_get(engine->db.store, STORE_SHARD(entry->shard), bytes_of(entry->key, entry->key_len),
                               STORE_ANY, NULL, &pinned, NULL),
                     STATOR_OK);
    there = bytes_present(pinned.value);
    store_release(&pinned);
    return there;
}

/* Everything in the table, as text. */
void contents(struct answer *out, struct engine *engine)
{
    run_job(out, engine, OPERATION_Scan, "{\"TableName\":\"test\"}", true, JOB_ARENA_MAX);
    assert_int_equal(out->rc, STATOR_OK);
}

bool is_memory_error(const struct answer *answer)
{
    return strstr(answer->text, "\"The request needs more memory than a request may take\"") != NULL ||
           strstr(answer->text, "\"The server has no memory left for this request; try again later\"") != NULL;
}

bool is_fault(const struct answer *answer)
{
    return is_memory_error(answer) || strstr(answer->text, "#InternalServerError\"") != NULL;
}
