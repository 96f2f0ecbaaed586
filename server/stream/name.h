/* SPDX-License-Identifier: Apache-2.0 */
/* name: what numbers, shards and positions are called on the wire. Forms with an example: name.c.
 * Pure. Thread: [any].
 */
#ifndef SERVER_STREAM_NAME_H
#define SERVER_STREAM_NAME_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define STREAM_NUMBER_TEXT_BYTES 21
#define STREAM_SHARD_TEXT_BYTES  37

/* A record's SequenceNumber. */
void stream_number_write(struct buf *buf, uint64_t number);
/* False when it is none that we could have given. */
STATOR_MUST_CHECK bool stream_number_read(uint64_t *out, struct bytes text);

/* The ShardId of the shard that begins with that number. */
void stream_shard_write(struct buf *buf, uint64_t start);
STATOR_MUST_CHECK bool stream_shard_read(uint64_t *start, struct bytes text);

/* A ShardIterator. */
struct stream_position {
    uint32_t stream;    /* its id */
    uint64_t shard;     /* its start */
    uint64_t number;    /* the next record has at least this; 0: the oldest there is, whatever is trimmed meanwhile */
    uint64_t issued_ms; /* since 1970 */
};
void stream_position_write(struct buf *buf, const struct stream_position *position, struct bytes stream_arn);
/* False when it is none of ours, or not as we gave it. *stream_arn is a view of text. */
STATOR_MUST_CHECK bool stream_position_read(struct stream_position *out, struct bytes *stream_arn, struct bytes text,
                                            struct arena *arena);

#endif
