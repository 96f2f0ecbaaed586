/* SPDX-License-Identifier: Apache-2.0 */
#include "op/stream.h"

#include "stream/name.h"
#include "stream/page.h"

#define GET_RECORDS_MAX     1000
#define RECORDS_JSON_MAX    ((size_t)16 * 1024 * 1024) /* of a page; then one record more, at most */
#define ITERATOR_MS_DEFAULT ((uint64_t)15 * 60 * 1000)

static void release(void *json)
{
    buf_deinit(json);
}

static enum stator_rc read_iterator(struct stream_position *out, struct stream **stream, struct engine *engine,
                                    struct job *job)
{
    const struct GetRecordsInput *in = job->input;
    uint64_t good_ms = (uint64_t)engine->options.stream_iterator_s * 1000, now_ms = stream_now_ms();
    struct bytes arn, namespace_ = op_namespace(engine, job);

    *stream = NULL;
    if (good_ms == 0)
        good_ms = ITERATOR_MS_DEFAULT;
    if (!bytes_present(namespace_))
        return stator_fail_memory(&job->error);
    if (!stream_position_read(out, &arn, in->ShardIterator, &job->arena))
        return job->arena.failed ? stator_fail_memory(&job->error)
                                 : stator_fail(&job->error, STATOR_VALIDATION, "Invalid ShardIterator");
    if (now_ms > out->issued_ms && now_ms - out->issued_ms > good_ms)
        return stator_fail(&job->error, STATOR_EXPIRED_ITERATOR,
                           "The provided iterator exceeds the maximum age allowed.");
    *stream = streams_find(engine->db.streams, out->stream);
    if (*stream != NULL && bytes_equal((*stream)->about.arn, arn) &&
        bytes_equal((*stream)->about.namespace_, namespace_)) {
        op_stream_count(engine, job, *stream);
        return STATOR_OK;
    }
    stream_release(*stream);
    return stator_fail(&job->error, STATOR_RESOURCE_NOT_FOUND, "Requested resource not found: Stream: %.*s not found",
                       BYTES_ARG(arn));
}

static enum stator_rc answer(struct job *job, const struct stream *stream, const struct stream_position *position,
                             const struct stream_page *page)
{
    struct GetRecordsOutput *out = ARENA_NEW(&job->arena, struct GetRecordsOutput);

    if (out == NULL)
        return stator_fail_memory(&job->error);
    out->Records.set = true;
    out->Records.json = buf_bytes(page->json);
    if (!page->finished) {
        out->NextShardIterator = op_stream_iterator(stream, position->shard, page->next, &job->arena);
        if (!bytes_present(out->NextShardIterator))
            return stator_fail_memory(&job->error);
    }
    job->output = out;
    return STATOR_OK;
}

static enum stator_rc read_page(struct engine *engine, struct job *job, struct stream *stream,
                                const struct stream_position *position, struct buf *json)
{
    const struct GetRecordsInput *in = job->input;
    const struct stream_page_request request = {
        .stream = stream,
        .shard = position->shard,
        .number = position->number,
        .max = in->Limit.set ? (size_t)in->Limit.value : GET_RECORDS_MAX,
        .json_max = RECORDS_JSON_MAX,
        .may_wait = job->on_worker,
        .may_take_long = job->slow,
    };
    struct stream_page page = {.json = json};

    STATOR_TRY(stream_page_read(&page, engine->db.store, &request, &job->error));
    return answer(job, stream, position, &page);
}

enum stator_rc op_get_records(struct engine *engine, struct job *job)
{
    struct buf *json = ARENA_NEW(&job->arena, struct buf);
    struct stream_position position;
    struct stream *stream;
    enum stator_rc rc;

    if (json == NULL)
        return stator_fail_memory(&job->error);
    STATOR_TRY(read_iterator(&position, &stream, engine, job));
    buf_init_with(json, JOB_ANSWER_MAX, job->arena.allocator);
    rc = job_defer(job, release, json) ? read_page(engine, job, stream, &position, json)
                                       : stator_fail_memory(&job->error);
    stream_release(stream);
    return rc;
}
