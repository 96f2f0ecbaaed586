/* SPDX-License-Identifier: Apache-2.0 */
/* stream: the changes of one table from the moment its stream was enabled, over its end, until they are trimmed. Outlives
 * its table.
 *
 *      ENABLED  ->  DISABLED (no record comes any more, all shards are closed)  ->  gone, after the retention
 *
 * Writers of items use an entry, under the item's latch:
 *
 *      enter   takes a number; on a roll-over the new shard is added to the batch
 *      put     adds the record to the batch
 *      leave   after the batch was stored, or was not: readers may go on
 *
 * Owns:   its lanes (lane.h). Counted references: a writer or reader may still use a stream that was removed.
 * Thread: [any].
 */
#ifndef SERVER_STREAM_STREAM_H
#define SERVER_STREAM_STREAM_H

#include <stdatomic.h>

#include "base/buf.h"
#include "message/api.h"
#include "store/store.h"
#include "stream/lane.h"

/* What is kept of a stream. The bytes: about.c. */
struct stream_about {
    uint32_t lanes;
    enum StreamViewType view;
    uint64_t created_ms, disabled_ms; /* since 1970; not disabled: 0 */
    struct bytes namespace_, table_name, arn, label;
    struct bytes hash_name, range_name; /* of the table's key; an absent range is empty */
};

void stream_about_write(struct buf *buf, const struct stream_about *about);
/* Views of stored. False for bytes that are none. */
STATOR_MUST_CHECK bool stream_about_read(struct stream_about *out, struct bytes stored);

struct stream {
    _Atomic uint32_t references;
    uint32_t id;     /* one of the ids of indexes, never used again */
    uint32_t shards; /* of the store: how many families there are for lanes */
    struct lane_limits limits;
    struct stream_about about; /* constant but for disabled_ms, which is in `disabled_ms` */
    struct buf stored;         /* what `about` points to */
    _Atomic uint64_t disabled_ms;
    struct lane *lanes;
    bool listed; /* guarded by the registry: false until its table is stored with it */
};

/* about is copied. Every lane has no shard yet. NULL without memory. */
struct stream *stream_new(uint32_t id, const struct stream_about *about, uint32_t shards,
                          const struct lane_limits *limits);
void stream_hold(struct stream *stream);
void stream_release(struct stream *stream); /* NULL is allowed */

/* The family with the records of that lane. */
uint32_t stream_family(const struct stream *stream, uint32_t lane);

/* How old its oldest record is that no reader has got; 0: there is none. */
uint64_t stream_lag_ms(const struct stream *stream, uint64_t now_ms);

/* The region in the stream's ARN. */
struct bytes stream_region(const struct stream *stream);

/* --- Keys of the catalog's family: layout in about.c --- */

#define STREAM_KEY_BYTES_MAX 15

enum stream_key_kind { STREAM_KEY_ABOUT, STREAM_KEY_TRIMMED, STREAM_KEY_SHARD };

struct stream_key {
    uint32_t stream;
    enum stream_key_kind kind;
    uint32_t lane;  /* TRIMMED, SHARD */
    uint64_t start; /* SHARD */
};
struct bytes stream_key_write(uint8_t out[STREAM_KEY_BYTES_MAX], const struct stream_key *key);
STATOR_MUST_CHECK bool stream_key_read(struct stream_key *out, struct bytes key);

/* Adds a shard to the batch: under its key its parent's start and last number. */
void stream_store_shard(const struct stream *stream, uint32_t lane, uint64_t start, uint64_t parent,
                        uint64_t parent_last, struct store_batch *batch);

/* --- Writing --- */

struct stream_entry {
    struct stream *stream; /* held; NULL: not entered */
    uint32_t lane;
    struct lane_ticket ticket;
};

/* shard and token of the item. The entry must not move before it is left. */
void stream_enter(struct stream_entry *entry, struct stream *stream, uint32_t shard, uint64_t token,
                  struct store_batch *batch);
void stream_put(const struct stream_entry *entry, struct bytes record, struct store_batch *batch);
/* Does nothing to an entry that was not entered. */
void stream_leave(struct stream_entry *entry, enum lane_outcome outcome, uint64_t epoch);

uint64_t stream_now_ms(void);

#endif
