/* SPDX-License-Identifier: Apache-2.0 */
/* latch: who may change an item now. A fixed number of locks, striped by a hash of an item's key.
 *
 * A writer holds the latches of all items it reads and changes from before its read to after its write. Several are
 * always taken in rising order, each once, so that nobody waits in a circle. Never held over a sync or an answer.
 *
 * An event loop never waits for a latch: it tries, and a request that meets a latch of another's is parked until that
 * one is released, and goes on on a worker.
 *
 * Owns:   the latches, and the list of those who wait; a struct latch_wait is the waiter's.
 * Thread: [any], but latch_table_new and latch_table_free [main].
 */
#ifndef SERVER_SHARD_LATCH_H
#define SERVER_SHARD_LATCH_H

#include "base/bytes.h"
#include "shard/durability.h"

#define LATCH_BITS  12
#define LATCH_COUNT (1 << LATCH_BITS) /* stripes */

struct latch_table;

/* One who waits for a latch without a thread. */
struct latch_wait {
    struct latch_wait *next; /* private */
    uint32_t latch;
    void (*wake)(struct latch_wait *wait); /* on the thread that releases; must not block; may free the wait */
};

/* NULL without memory. */
struct latch_table *latch_table_new(void);
void latch_table_free(struct latch_table *table);

/* The stripe of an item by a hash of its whole key. It depends on a number of this process alone: who knows the hash
 * cannot choose keys that share a stripe with another's. */
uint32_t latch_of(const struct latch_table *table, uint64_t hash);

/* Waits for the latch, and takes it. Not on a loop. */
void latch_take(struct latch_table *table, uint32_t latch);
void latch_release(struct latch_table *table, uint32_t latch);

/* Sorts latches, drops duplicates, sets *count to what is left, and takes them all without waiting. False: nothing is
 * taken, and *busy is one that another holds. Release with latch_release_many. */
STATOR_MUST_CHECK bool latch_try_many(struct latch_table *table, uint32_t *latches, size_t *count, uint32_t *busy);

/* The same, and waits. Not on a loop. */
void latch_take_many(struct latch_table *table, uint32_t *latches, size_t *count);
void latch_release_many(struct latch_table *table, const uint32_t *latches, size_t count);

/* Has wait->wake called once, when wait->latch is released next; at once when nobody holds it. Another may have taken it
 * again by then. */
void latch_park(struct latch_table *table, struct latch_wait *wait);

/* Returns when every holder of a latch at the time of the call has released it: after this nobody works by what they
 * knew before. Not on a loop. */
void latch_barrier(struct latch_table *table);

/* The durability mark of that stripe. */
struct durable_mark *latch_mark(struct latch_table *table, uint32_t latch);

#endif
