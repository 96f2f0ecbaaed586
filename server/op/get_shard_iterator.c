/* SPDX-License-Identifier: Apache-2.0 */
#include "op/stream.h"

#include "stream/name.h"
#include "stream/page.h"

static bool is_by_number(int type)
{
    return type == ShardIteratorType_AT_SEQUENCE_NUMBER || type == ShardIteratorType_AFTER_SEQUENCE_NUMBER;
}

/* A type has the members that it needs, and no others. */
static enum stator_rc check(const struct GetShardIteratorInput *in, struct stator_error *err)
{
    int type = in->ShardIteratorType.value;
    struct bytes name = message_enum_text(ShardIteratorType, type);
    bool numbered = bytes_present(in->SequenceNumber);

    if (is_by_number(type) != numbered)
        return stator_fail(err, STATOR_VALIDATION, "SequenceNumber %s for ShardIteratorType %.*s",
                           numbered ? "must not be specified" : "must be specified", BYTES_ARG(name));
    if ((type == ShardIteratorType_AT_TIMESTAMP) != in->Timestamp.set)
        return stator_fail(err, STATOR_VALIDATION, "Timestamp %s for ShardIteratorType %.*s",
                           in->Timestamp.set ? "must not be specified" : "must be specified", BYTES_ARG(name));
    return STATOR_OK;
}

/* A number that the shard has, had, or may have as its next. */
static enum stator_rc from_number(uint64_t *out, const struct GetShardIteratorInput *in, const struct lane_view *view,
                                  struct stator_error *err)
{
    uint64_t number;

    if (!stream_number_read(&number, in->SequenceNumber) || number < view->shard.start ||
        number > (view->open ? view->until : view->end))
        return stator_fail(err, STATOR_VALIDATION, "Invalid SequenceNumber: %.*s", BYTES_ARG(in->SequenceNumber));
    if (in->ShardIteratorType.value == ShardIteratorType_AFTER_SEQUENCE_NUMBER)
        number++;
    if (number < view->trimmed)
        return stream_page_fail_trimmed(err);
    *out = number;
    return STATOR_OK;
}

/* What is older than all that is there begins with the oldest. */
static uint64_t from_time(double seconds, const struct lane_view *view)
{
    double ms = seconds > 0 ? seconds * 1000 : 0;
    uint64_t number;

    if (ms >= (double)((uint64_t)1 << (64 - STREAM_MS_SHIFT)))
        return view->until;
    number = (uint64_t)ms << STREAM_MS_SHIFT;
    return number < view->trimmed || number < view->shard.start ? 0 : number;
}

static enum stator_rc find_number(uint64_t *out, const struct GetShardIteratorInput *in, const struct lane_view *view,
                                  struct stator_error *err)
{
    switch (in->ShardIteratorType.value) {
    case ShardIteratorType_TRIM_HORIZON:
        *out = 0;
        return STATOR_OK;
    case ShardIteratorType_LATEST:
        *out = view->until;
        return STATOR_OK;
    case ShardIteratorType_AT_TIMESTAMP:
        *out = from_time(in->Timestamp.value, view);
        return STATOR_OK;
    default:
        return from_number(out, in, view, err);
    }
}

static enum stator_rc answer(struct job *job, struct stream *stream)
{
    const struct GetShardIteratorInput *in = job->input;
    struct GetShardIteratorOutput *out = ARENA_NEW(&job->arena, struct GetShardIteratorOutput);
    uint64_t shard, number = 0;
    struct lane_view view;

    if (!stream_shard_read(&shard, in->ShardId))
        return stator_fail(&job->error, STATOR_RESOURCE_NOT_FOUND,
                           "Requested resource not found: Shard does not exist");
    STATOR_TRY(stream_page_look(&view, stream, shard, &job->error));
    STATOR_TRY(find_number(&number, in, &view, &job->error));
    if (out == NULL)
        return stator_fail_memory(&job->error);
    out->ShardIterator = op_stream_iterator(stream, shard, number, &job->arena);
    job->output = out;
    return bytes_present(out->ShardIterator) ? STATOR_OK : stator_fail_memory(&job->error);
}

enum stator_rc op_get_shard_iterator(struct engine *engine, struct job *job)
{
    const struct GetShardIteratorInput *in = job->input;
    struct stream *stream;
    enum stator_rc rc;

    STATOR_TRY(check(in, &job->error));
    STATOR_TRY(op_stream(&stream, engine, job, in->StreamArn));
    rc = answer(job, stream);
    stream_release(stream);
    return rc;
}
