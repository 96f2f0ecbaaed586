/* SPDX-License-Identifier: Apache-2.0 */
/* tail: a table's stream, all shards of it, as one sequence of records.
 *
 *     struct stator_tail *tail = stator_tail_new(call, &(struct stator_tail_options){.table = "Users"});
 *     const struct stator_record *record;
 *
 *     while (!stop) {
 *         record = stator_tail_next(tail, 1000);
 *         if (record != NULL)
 *             ... record->dynamodb->new_image ...
 *         else if (stator_tail_rc(tail) != STATOR_OK)
 *             break;
 *     }
 *     stator_tail_free(tail);
 *
 * Records of one item come in the order of its changes: a shard is read to its end before those that split from it.
 * Between items of different shards there is no order. Iterators that expire are made anew where reading stopped.
 *
 * Owns:   the list of shards. Borrows the call, which must not be used for anything else meanwhile.
 * Thread: one at a time.
 */
#ifndef STATOR_TAIL_H
#define STATOR_TAIL_H

#include "stator/streams.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

struct stator_tail;

struct stator_tail_options {
    const char *table;      /* its newest stream is followed */
    const char *stream_arn; /* or this stream */
    bool from_start;        /* the oldest record there still is; else what changes from now on */
    uint32_t poll_ms;       /* pause between two looks at a shard that had nothing. 0: 500 */
};

/* NULL without memory; every function below takes that NULL, and says STATOR_NO_MEMORY. The texts of options are
 * copied. No request is made yet. */
struct stator_tail *stator_tail_new(struct stator_call *call, const struct stator_tail_options *options);

/* The next record, good until the next call of this. NULL when wait_ms have passed without one (0: one look at each
 * shard that is due), when the stream is disabled and read to its end (stator_tail_ended), or when it failed. The first
 * call of a tail that does not start at the oldest record fixes where it starts. */
const struct stator_record *stator_tail_next(struct stator_tail *tail, uint32_t wait_ms);

/* Whether every shard has been read to its end, and no new one will come. */
bool stator_tail_ended(const struct stator_tail *tail);

/* Records that were gone (after 24 hours) before they could be read: how often that was found. */
uint64_t stator_tail_gaps(const struct stator_tail *tail);

/* STATOR_OK, or how it failed: stator_call_failure(call) says why. STATOR_RESOURCE_NOT_FOUND: the table has no stream.
 * After a failure that is worth another attempt stator_tail_next may be called again. */
enum stator_rc stator_tail_rc(const struct stator_tail *tail);

void stator_tail_free(struct stator_tail *tail);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
