/* SPDX-License-Identifier: Apache-2.0 */
/* An engine that does as the body tells it, to test the edge at every stage of a request. Any operation takes
 *
 *   {"Work": steps, "StepMs": ms of each, "Sync": ms, "Size": bytes of the answer, "Fail": 1, "SyncFails": 1,
 *    "Health": of enum engine_health, from now on}
 *
 * The answer is {"TableNames":[],"Pad":"xxx..."}, or a ValidationException.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "op/op.h"
#include "json/writer.h"

struct engine {
    atomic_int references; /* iterators and the like that jobs hold */
    atomic_int health;
    atomic_bool hurried;
};

struct progress {
    struct engine *engine;
    int64_t work, step_ms, sync_ms, size;
    bool fail, sync_fails;
};

enum stator_rc engine_open(struct engine **out, const struct engine_options *options, struct stator_error *err)
{
    (void)options;
    *out = calloc(1, sizeof(**out));
    return *out != NULL ? STATOR_OK : stator_fail_memory(err);
}

void engine_close(struct engine *engine)
{
    stator_assert(engine == NULL || engine->references == 0); /* every job was cleaned up */
    free(engine);
}

/* Nothing is latched here. */
void op_park(struct engine *engine, struct job *job, void (*wake)(struct latch_wait *wait))
{
    (void)engine;
    wake(&job->latch_wait);
}

struct durability *engine_durability(struct engine *engine)
{
    return (struct durability *)(void *)engine;
}

uint32_t engine_shards(const struct engine *engine)
{
    (void)engine;
    return 1;
}

enum engine_health engine_health(struct engine *engine)
{
    return (enum engine_health)atomic_load(&engine->health);
}

uint32_t engine_sync_s(struct engine *engine)
{
    return engine_health(engine) == ENGINE_SYNC_SLOW ? ENGINE_SLOW_SYNC_S : 0;
}

/* --init-dir makes nothing here. */
enum stator_rc engine_note_read(struct engine *engine, struct bytes name, struct buf *out, struct stator_error *err)
{
    (void)engine, (void)name, (void)err;
    buf_reset(out);
    return STATOR_OK;
}

enum stator_rc engine_note_write(struct engine *engine, struct bytes name, struct bytes value, struct stator_error *err)
{
    (void)engine, (void)name, (void)value, (void)err;
    return STATOR_OK;
}

enum stator_rc engine_sync(struct engine *engine, struct stator_error *err)
{
    (void)engine, (void)err;
    return STATOR_OK;
}

void engine_enforce_throughput(struct engine *engine, bool on)
{
    (void)engine, (void)on;
}

void engine_tell_metrics(struct engine *engine, const struct metrics *metrics, struct buf *out)
{
    (void)engine;
    metrics_write(metrics, out, NULL, 0);
}

uint32_t engine_data_format(void)
{
    return 0;
}

void engine_tell_status(struct engine *engine, struct json_writer *writer)
{
    (void)engine;
    json_key(writer, BYTES("tables"));
    json_integer(writer, 0);
}

void engine_tell_compaction(struct engine *engine, struct json_writer *writer)
{
    (void)engine;
    json_key(writer, BYTES("compaction"));
    json_string(writer, BYTES("none"));
}

void engine_compact(struct engine *engine)
{
    (void)engine;
}

void engine_close_within(struct engine *engine, uint32_t ms)
{
    (void)engine, (void)ms;
}

void engine_hurry(struct engine *engine)
{
    atomic_store(&engine->hurried, true);
}

bool engine_is_hurried(const struct engine *engine)
{
    return atomic_load(&engine->hurried);
}

void engine_note_thread(struct engine *engine)
{
    (void)engine;
}

struct sync {
    struct durable_wait *wait;
    int64_t ms;
};

static void *sync_later(void *context)
{
    struct sync sync = *(struct sync *)context;

    free(context);
    if (sync.ms > 0)
        usleep((useconds_t)(sync.ms % 1000000) * 1000);
    sync.wait->done(sync.wait, sync.ms < 0 ? STATOR_INTERNAL_SERVER_ERROR : STATOR_OK);
    return NULL;
}

/* The epoch is the time to wait. */
void durability_await(struct durability *durability, struct durable_wait *wait)
{
    struct sync *sync = malloc(sizeof(*sync));
    pthread_t thread;

    (void)durability;
    stator_assert(sync != NULL);
    *sync = (struct sync){wait, (int64_t)wait->epoch};
    stator_assert(pthread_create(&thread, NULL, sync_later, sync) == 0);
    pthread_detach(thread);
}

static int64_t told(struct bytes body, const char *name)
{
    const char *at = memmem(body.at, body.len, name, strlen(name));
    size_t left = at != NULL ? body.len - (size_t)(at - (const char *)body.at) - strlen(name) : 0;
    int64_t value = 0;

    if (at == NULL)
        return 0;
    for (at += strlen(name); left != 0 && (*at == '"' || *at == ':' || *at == ' '); at++)
        left--;
    for (; left != 0 && *at >= '0' && *at <= '9'; at++, left--)
        value = value * 10 + *at - '0';
    return value;
}

static void release(void *what)
{
    struct progress *progress = what;

    atomic_fetch_sub(&progress->engine->references, 1);
}

static void answer(struct job *job, int64_t size)
{
    buf_append_literal(&job->answer, "{\"TableNames\":[]");
    if (size != 0) {
        buf_append_literal(&job->answer, ",\"Pad\":\"");
        for (int64_t left = size; left > 0; left -= 64)
            buf_append(&job->answer, "The quick brown fox jumps over the lazy dog. 0123456789 abcdefgh", 64);
        buf_append_literal(&job->answer, "\"");
    }
    buf_append_literal(&job->answer, "}");
}

static struct progress *begin(struct engine *engine, struct job *job)
{
    struct progress *progress = ARENA_NEW(&job->arena, struct progress);

    stator_assert(progress != NULL);
    *progress = (struct progress){
        .engine = engine,
        .work = told(job->body, "\"Work\""),
        .step_ms = told(job->body, "\"StepMs\""),
        .sync_ms = told(job->body, "\"Sync\""),
        .size = told(job->body, "\"Size\""),
        .fail = told(job->body, "\"Fail\"") != 0,
        .sync_fails = told(job->body, "\"SyncFails\"") != 0,
    };
    if (memmem(job->body.at, job->body.len, "\"Health\"", 8) != NULL)
        atomic_store(&engine->health, (int)told(job->body, "\"Health\""));
    atomic_fetch_add(&engine->references, 1);
    job->progress = progress;
    stator_assert(job_defer(job, release, progress));
    return progress;
}

enum op_outcome op_run(struct engine *engine, struct job *job)
{
    struct progress *progress = job->progress != NULL ? job->progress : begin(engine, job);

    if (progress->work > 0 && job->on_worker) {
        usleep((useconds_t)(progress->step_ms % 1000000) * 1000);
        progress->work--;
    }
    if (progress->work > 0)
        return OP_WORK;
    if (progress->fail) {
        stator_fail(&job->error, STATOR_VALIDATION, "failed as told by %.*s", BYTES_ARG(job->access_key));
        op_answer_error(job);
        job_release(job);
        return OP_DONE;
    }
    answer(job, progress->size);
    if (job->answer.failed) {
        stator_fail(&job->error, STATOR_INTERNAL_SERVER_ERROR, "the answer is too large");
        op_answer_error(job);
    }
    job_release(job);
    job->wait.epoch = progress->sync_fails ? (uint64_t)-1 : (uint64_t)progress->sync_ms;
    return job->wait.epoch != 0 ? OP_SYNC : OP_DONE;
}

/* What this engine is asked for writes, for all that is known. */
void op_repeat(struct job *job)
{
    stator_assert(job->repeats);
}

void op_answer_error(struct job *job)
{
    const struct stator_error_info *info = stator_error_info(job->error.rc);
    struct json_writer writer = json_writer_of(&job->answer);

    job->rc = job->error.rc;
    buf_reset(&job->answer);
    json_object_begin(&writer);
    json_key(&writer, BYTES("__type"));
    json_string(&writer, bytes_of_string(info->type));
    if (job->error.message[0] != '\0') {
        json_key(&writer, bytes_of_string(info->text_member));
        json_string(&writer, bytes_of_string(job->error.message));
    }
    json_object_end(&writer);
}
