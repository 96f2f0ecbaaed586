/* SPDX-License-Identifier: Apache-2.0 */
/* ring: which shard a partition belongs to. A consistent-hash ring with RING_POINTS virtual nodes a shard: the tokens
 * are spread evenly to a few per cent, and one shard more takes over about its share and moves nothing else.
 *
 * The hash and the points are fixed on disk with the database: never change them.
 * Thread: [any] after ring_init; immutable.
 */
#ifndef SERVER_SHARD_RING_H
#define SERVER_SHARD_RING_H

#include "base/bytes.h"
#include "base/error.h"

#define RING_SHARDS_MAX 256
#define RING_POINTS     1024 /* virtual nodes of one shard */

/* All that decides where an item lies, for store_options.layout: kept with the database and compared. */
#define RING_LAYOUT "siphash-2-4 points=1024"

struct ring_point {
    uint64_t token;
    uint32_t shard;
};

struct ring {
    struct ring_point *points; /* sorted by token */
    size_t count;
    uint32_t shards;
};

STATOR_MUST_CHECK enum stator_rc ring_init(struct ring *ring, uint32_t shards, struct stator_error *err);
void ring_deinit(struct ring *ring);

/* SipHash-2-4 of a partition key's encoded bytes, with a key that is part of the format. */
uint64_t ring_token(struct bytes partition_key);

/* The shard of the first point at or after token, around the ring. */
uint32_t ring_shard(const struct ring *ring, uint64_t token);

#endif
