/* SPDX-License-Identifier: Apache-2.0 */
/* Point v of shard s lies at the hash of 8 bytes: s, then v, both big-endian. It depends on nothing else, so a shard
 * more adds its points and leaves all others where they are.
 */
#include "shard/ring.h"

#include <stdlib.h>

#include "shard/hash.h"

static int by_token(const void *left, const void *right)
{
    const struct ring_point *a = left, *b = right;

    if (a->token != b->token)
        return a->token < b->token ? -1 : 1;
    return (a->shard > b->shard) - (a->shard < b->shard);
}

static uint64_t point_token(uint32_t shard, uint32_t point)
{
    uint8_t name[8];

    for (int i = 0; i < 4; i++) {
        name[i] = (uint8_t)(shard >> (24 - 8 * i));
        name[4 + i] = (uint8_t)(point >> (24 - 8 * i));
    }
    return shard_hash(bytes_of(name, sizeof(name)));
}

enum stator_rc ring_init(struct ring *ring, uint32_t shards, struct stator_error *err)
{
    stator_assert(shards >= 1 && shards <= RING_SHARDS_MAX);
    *ring = (struct ring){.count = (size_t)shards * RING_POINTS, .shards = shards};
    ring->points = malloc(ring->count * sizeof(*ring->points));
    if (ring->points == NULL)
        return stator_fail_memory(err);
    for (uint32_t shard = 0; shard < shards; shard++) {
        for (uint32_t point = 0; point < RING_POINTS; point++)
            ring->points[shard * RING_POINTS + point] =
                (struct ring_point){.token = point_token(shard, point), .shard = shard};
    }
    qsort(ring->points, ring->count, sizeof(*ring->points), by_token);
    return STATOR_OK;
}

void ring_deinit(struct ring *ring)
{
    free(ring->points);
    *ring = (struct ring){.count = 0};
}

uint64_t ring_token(struct bytes partition_key)
{
    return shard_hash(partition_key);
}

uint32_t ring_shard(const struct ring *ring, uint64_t token)
{
    size_t low = 0, high = ring->count; /* the first point at or after token is in [low, high] */

    if (ring->shards == 1)
        return 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (ring->points[middle].token < token)
            low = middle + 1;
        else
            high = middle;
    }
    return ring->points[low < ring->count ? low : 0].shard;
}
