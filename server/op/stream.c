/* SPDX-License-Identifier: Apache-2.0 */
#include "op/stream.h"

#include "op/meter.h"
#include "stream/name.h"

#define ITERATOR_BYTES_MAX 2048 /* the service's */

enum stator_rc op_stream_check_arn(struct bytes arn, struct stator_error *err)
{
    static const char table[] = ":table/", stream[] = "/stream/";

    if (bytes_starts_with(arn, BYTES("arn:aws")) && memmem(arn.at, arn.len, table, sizeof(table) - 1) != NULL &&
        memmem(arn.at, arn.len, stream, sizeof(stream) - 1) != NULL)
        return STATOR_OK;
    return stator_fail(err, STATOR_VALIDATION, "Invalid StreamArn");
}

enum stator_rc op_stream(struct stream **out, struct engine *engine, struct job *job, struct bytes arn)
{
    struct bytes namespace_ = op_namespace(engine, job);

    *out = NULL;
    STATOR_TRY(op_stream_check_arn(arn, &job->error));
    if (!bytes_present(namespace_))
        return stator_fail_memory(&job->error);
    *out = streams_named(engine->db.streams, namespace_, arn);
    if (*out == NULL)
        return stator_fail(&job->error, STATOR_RESOURCE_NOT_FOUND,
                           "Requested resource not found: Stream: %.*s not found", BYTES_ARG(arn));
    op_stream_count(engine, job, *out);
    return STATOR_OK;
}

void op_stream_count(struct engine *engine, struct job *job, const struct stream *stream)
{
    meter_use_named(engine, job, stream->about.namespace_, stream->about.table_name);
}

struct bytes op_stream_text(void (*write)(struct buf *buf, uint64_t number), uint64_t number, struct arena *arena)
{
    struct bytes text = {NULL, 0};
    struct buf buf;

    buf_init(&buf, 64);
    write(&buf, number);
    if (!buf.failed)
        text = arena_copy(arena, buf_bytes(&buf));
    buf_deinit(&buf);
    return text;
}

struct bytes op_stream_iterator(const struct stream *stream, uint64_t shard, uint64_t number, struct arena *arena)
{
    const struct stream_position position = {
        .stream = stream->id, .shard = shard, .number = number, .issued_ms = stream_now_ms()};
    struct bytes text = {NULL, 0};
    struct buf buf;

    buf_init(&buf, ITERATOR_BYTES_MAX);
    stream_position_write(&buf, &position, stream->about.arn);
    if (!buf.failed)
        text = arena_copy(arena, buf_bytes(&buf));
    buf_deinit(&buf);
    return text;
}
