/* SPDX-License-Identifier: Apache-2.0 */
#include "seed/runner.h"

#include "json/writer.h"

#define ASK_MAX 4096 /* a table's name, escaped */

void runner_init(struct runner *runner, struct engine *engine, struct bytes region, struct bytes access_key,
                 bool (*stopping)(void))
{
    *runner = (struct runner){.engine = engine, .region = region, .access_key = access_key, .stopping = stopping};
    arena_init(&runner->job.arena, JOB_ARENA_MAX);
    arena_init(&runner->job.notes, JOB_NOTES_MAX);
    buf_init(&runner->job.answer, JOB_ANSWER_MAX);
}

void runner_deinit(struct runner *runner)
{
    arena_deinit(&runner->job.arena);
    arena_deinit(&runner->job.notes);
    buf_deinit(&runner->job.answer);
}

/* The job as new, with its memory. */
static void reset(struct runner *runner, enum operation operation, struct bytes body)
{
    struct arena arena = runner->job.arena, notes = runner->job.notes;
    struct buf answer = runner->job.answer;

    arena_reset(&arena);
    arena_reset(&notes);
    buf_reset(&answer);
    runner->job = (struct job){.operation = operation,
                               .body = body,
                               .region = runner->region,
                               .access_key = runner->access_key,
                               .on_worker = true,
                               .parkings = UINT32_MAX, /* waits for latches */
                               .arena = arena,
                               .notes = notes,
                               .answer = answer};
}

enum stator_rc runner_run(struct runner *runner, enum operation operation, struct bytes body, struct stator_error *err)
{
    struct job *job = &runner->job;

    reset(runner, operation, body);
    while (op_run(runner->engine, job) == OP_WORK)
        ;
    if (job->rc == STATOR_OK)
        return STATOR_OK;
    if (bytes_present(job->error_text))
        return stator_fail(err, job->rc, "%.*s", BYTES_ARG(job->error_text));
    return stator_fail(err, job->rc, "%s",
                       job->error.message[0] != '\0' ? job->error.message : "the request cannot be read");
}

enum stator_rc runner_ask(struct runner *runner, enum operation operation, struct bytes table, struct stator_error *err)
{
    struct json_writer writer;
    struct buf body;
    enum stator_rc rc;

    buf_init(&body, ASK_MAX);
    writer = json_writer_of(&body);
    json_object_begin(&writer);
    json_key(&writer, BYTES("TableName"));
    json_string(&writer, table);
    json_object_end(&writer);
    if (body.failed)
        rc = stator_fail(err, STATOR_VALIDATION, "the name of the table is too long");
    else
        rc = runner_run(runner, operation, buf_bytes(&body), err);
    buf_deinit(&body); /* the output may borrow from it: a name, which nobody asks for */
    return rc;
}

enum stator_rc runner_go_on(const struct runner *runner, struct stator_error *err)
{
    if (runner->stopping == NULL || !runner->stopping())
        return STATOR_OK;
    return stator_fail(err, STATOR_MISUSE, "asked to stop before all was applied; the next start goes on");
}
