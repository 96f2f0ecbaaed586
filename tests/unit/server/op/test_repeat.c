/* SPDX-License-Identifier: Apache-2.0 */
/* Reads that wait for a sync that fails: begun anew they find what was on the disk before. */
#include "op/op.h"

#include "unit/server/op/jobs.h"
#include "unit/server/store/failing_sync.h"
#include "unit/server/store/temporary.h"
#include "unit/unit.h"

#define ANSWER_MAX 4096

struct question {
    const char *operation, *request;
    bool repeats;
};

struct asked {
    struct job job;
    enum op_outcome outcome;
    char body[1024], answer[ANSWER_MAX];
};

static void run(struct engine *engine, struct asked *asked)
{
    struct job *job = &asked->job;

    while ((asked->outcome = op_run(engine, job)) == OP_WORK)
        job->on_worker = true;
    assert_true(job->answer.len < ANSWER_MAX);
    memcpy(asked->answer, buf_bytes(&job->answer).at, job->answer.len);
    asked->answer[job->answer.len] = '\0';
}

static void ask(struct engine *engine, struct asked *asked, const struct question *question)
{
    asked->job = (struct job){.operation = operation_named(question->operation),
                              .body = bytes_of_string(quoted(asked->body, sizeof(asked->body), question->request)),
                              .region = BYTES("eu-west-1")};
    buf_init(&asked->job.answer, JOB_ANSWER_MAX);
    arena_init(&asked->job.arena, 1 << 24);
    arena_init(&asked->job.notes, JOB_NOTES_MAX);
    run(engine, asked);
}

static void forget(struct asked *asked)
{
    arena_deinit(&asked->job.arena);
    arena_deinit(&asked->job.notes);
    buf_deinit(&asked->job.answer);
}

/* Asks, and waits for the sync. */
static void must(struct engine *engine, const char *operation, const char *request)
{
    static struct asked asked;

    ask(engine, &asked, &(struct question){operation, request, false});
    assert_int_equal(asked.job.rc, STATOR_OK);
    assert_int_equal(durability_wait(engine_durability(engine), asked.job.wait.epoch, NULL), STATOR_OK);
    forget(&asked);
}

static void reads_begin_anew(void **state)
{
    static const struct question questions[] = {
        {"PutItem", "{'TableName':'test','Item':{'pk':{'S':'p'},'v':{'S':'new'}}}", false},
        {"GetItem", "{'TableName':'test','Key':{'pk':{'S':'p'}}}", true},
        {"BatchGetItem", "{'RequestItems':{'test':{'Keys':[{'pk':{'S':'p'}}]}}}", true},
        {"TransactGetItems", "{'TransactItems':[{'Get':{'TableName':'test','Key':{'pk':{'S':'p'}}}}]}", true},
        {"Query",
         "{'TableName':'test','KeyConditionExpression':'pk = :p','ExpressionAttributeValues':{':p':{'S':'p'}}}", true},
        {"Scan", "{'TableName':'test'}", true},
        {"ExecuteStatement", "{'Statement':'SELECT * FROM test'}", true},
        {"PutItem", "{'TableName':'test','Item':{'pk':{'S':'p'}},'ConditionExpression':'attribute_not_exists(pk)'}",
         false},
    };
    static struct asked asked[COUNT_OF(questions)];
    struct engine_options options = {.durability = STORE_FULL, .shards = 2};
    struct stator_error err;
    struct engine *engine;
    char dir[64];

    (void)state;
    options.data_dir = temporary_make(dir);
    assert_int_equal(engine_open(&engine, &options, &err), STATOR_OK);
    must(engine, "CreateTable",
         "{'TableName':'test','BillingMode':'PAY_PER_REQUEST','KeySchema':[{'AttributeName':'pk','KeyType':'HASH'}],"
         "'AttributeDefinitions':[{'AttributeName':'pk','AttributeType':'S'}]}");
    must(engine, "PutItem", "{'TableName':'test','Item':{'pk':{'S':'p'},'v':{'S':'old'}}}");
    for (size_t i = 0; i < COUNT_OF(questions); i++) {
        ask(engine, &asked[i], &questions[i]);
        assert_int_equal(asked[i].outcome, OP_SYNC);
        assert_int_equal(asked[i].job.repeats, questions[i].repeats);
        assert_int_equal(strstr(asked[i].answer, "new") != NULL, questions[i].repeats);
    }
    syncs_fail = true;
    assert_int_not_equal(durability_wait(engine_durability(engine), asked[0].job.wait.epoch, &err), STATOR_OK);
    for (size_t i = 0; i < COUNT_OF(questions); i++) {
        if (questions[i].repeats) {
            op_repeat(&asked[i].job);
            run(engine, &asked[i]);
            assert_int_equal(asked[i].outcome, OP_DONE);
            assert_int_equal(asked[i].job.rc, STATOR_OK);
            assert_non_null(strstr(asked[i].answer, "old"));
            assert_null(strstr(asked[i].answer, "new"));
        }
        forget(&asked[i]);
    }
    engine_close(engine);
    syncs_fail = false;
    temporary_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_begin_anew)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
