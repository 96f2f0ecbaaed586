/* SPDX-License-Identifier: Apache-2.0 */
/* latch: who may change an item now. A fixed number of mutexes, striped by the hash of an item's key.
 *
 * A writer holds the latches of all items it reads and changes from before its read to after its write. Several are
 * always taken in rising order, each once, so that nobody waits in a circle. Never held over a sync or an answer.
 * Thread: [any].
 */
#ifndef SERVER_SHARD_LATCH_H
#define SERVER_SHARD_LATCH_H

#include "base/bytes.h"
#include "shard/durability.h"

#define LATCH_COUNT 4096 /* stripes; a power of two */

struct latch_table;

/* NULL without memory. [main] */
struct latch_table *latch_table_new(void);
void latch_table_free(struct latch_table *table);

/* The stripe of an item: any well-mixed hash of its whole key. */
static inline uint32_t latch_of(uint64_t hash)
{
    return (uint32_t)(hash & (LATCH_COUNT - 1));
}

void latch_take(struct latch_table *table, uint32_t latch);
void latch_release(struct latch_table *table, uint32_t latch);

/* Sorts latches, drops duplicates and takes what is left; returns how many. Release with latch_release_many. */
size_t latch_take_many(struct latch_table *table, uint32_t *latches, size_t count);
void latch_release_many(struct latch_table *table, const uint32_t *latches, size_t count);

/* Returns when every holder of a latch at the time of the call has released it: after this nobody works by what they
 * knew before. */
void latch_barrier(struct latch_table *table);

/* The durability mark of that stripe. */
struct durable_mark *latch_mark(struct latch_table *table, uint32_t latch);

#endif
