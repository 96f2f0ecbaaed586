/* SPDX-License-Identifier: Apache-2.0 */
#include "op/stream.h"

#define LIST_STREAMS_MAX 100

static bool describe(struct Stream *out, const struct stream *stream, struct arena *arena)
{
    out->StreamArn = arena_copy(arena, stream->about.arn);
    out->TableName = arena_copy(arena, stream->about.table_name);
    out->StreamLabel = arena_copy(arena, stream->about.label);
    return bytes_present(out->StreamArn) && bytes_present(out->TableName) && bytes_present(out->StreamLabel);
}

static enum stator_rc answer(struct job *job, struct stream *const *streams, size_t count, bool more)
{
    struct ListStreamsOutput *out = ARENA_NEW(&job->arena, struct ListStreamsOutput);
    struct Stream *list = ARENA_ARRAY(&job->arena, struct Stream, count);

    if (out == NULL || list == NULL)
        return stator_fail_memory(&job->error);
    for (size_t i = 0; i < count; i++) {
        if (!describe(&list[i], streams[i], &job->arena))
            return stator_fail_memory(&job->error);
    }
    out->Streams = (struct StreamList)API_LIST(list, count);
    if (more)
        out->LastEvaluatedStreamArn = list[count - 1].StreamArn;
    job->output = out;
    return STATOR_OK;
}

enum stator_rc op_list_streams(struct engine *engine, struct job *job)
{
    const struct ListStreamsInput *in = job->input;
    size_t count, max = in->Limit.set ? (size_t)in->Limit.value : LIST_STREAMS_MAX;
    struct bytes namespace_ = op_namespace(engine, job);
    struct stream **streams;
    enum stator_rc rc;
    bool more;

    if (bytes_present(in->ExclusiveStartStreamArn))
        STATOR_TRY(op_stream_check_arn(in->ExclusiveStartStreamArn, &job->error));
    STATOR_TRY(streams_list(engine->db.streams, namespace_, in->TableName, in->ExclusiveStartStreamArn, max, &streams,
                            &count, &more, &job->arena, &job->error));
    rc = answer(job, streams, count, more);
    for (size_t i = 0; i < count; i++)
        stream_release(streams[i]);
    return rc;
}
