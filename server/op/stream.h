/* SPDX-License-Identifier: Apache-2.0 */
/* stream: what the operations on streams share. */
#ifndef SERVER_OP_STREAM_H
#define SERVER_OP_STREAM_H

#include "op/engine.h"
#include "stream/registry.h"

/* "Invalid StreamArn" when it has not the form of one. */
STATOR_MUST_CHECK enum stator_rc op_stream_check_arn(struct bytes arn, struct stator_error *err);

/* The stream with that ARN, held and counted; without it ResourceNotFoundException. */
STATOR_MUST_CHECK enum stator_rc op_stream(struct stream **out, struct engine *engine, struct job *job,
                                           struct bytes arn);

/* Counts the request under the stream's table, if that is there. */
void op_stream_count(struct engine *engine, struct job *job, const struct stream *stream);

/* A text of stream/name.h in the arena; absent when that is full. */
struct bytes op_stream_text(void (*write)(struct buf *buf, uint64_t number), uint64_t number, struct arena *arena);

/* A ShardIterator of now. */
struct bytes op_stream_iterator(const struct stream *stream, uint64_t shard, uint64_t number, struct arena *arena);

#endif
