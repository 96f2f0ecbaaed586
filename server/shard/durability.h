/* SPDX-License-Identifier: Apache-2.0 */
/* durability: answers wait here until what they rest on is on disk.
 *
 * Writes go unsynced into the WAL on the thread that makes them. One syncer thread runs store_sync over and over while
 * anyone waits; each sync is an epoch. A write belongs to the epoch current after it was written, a reader waits for
 * the epoch of the last write it may have seen: nobody sees what a power cut can undo.
 *
 *      write:  durable_mark_begin(mark); store_write(...); epoch = durable_mark_end(mark, durability);
 *      read:   store_get(...); epoch = durable_mark_epoch(mark, durability);
 *      then:   if (!durability_reached(durability, epoch)) durability_await(durability, wait);
 *
 * With STORE_PROCESS and STORE_NONE every epoch is reached at once and there is no thread.
 *
 * A failed sync ends every wait for an epoch not reached, then and from then on: the store is read-only.
 *
 * In:     a struct durable_wait whose `epoch` is set. Out: its `done`, called exactly once, on the syncer thread.
 * Owns:   one thread and the list of waits. Borrows the store.
 * Thread: [any] anywhere; [main] start-up and shutdown.
 */
#ifndef SERVER_SHARD_DURABILITY_H
#define SERVER_SHARD_DURABILITY_H

#include <stdatomic.h>

#include "base/error.h"
#include "store/store.h"
#include "watch/tally.h"

struct durability;

/* What a reader must know of the writes to one stripe or one table. Cleared is a valid start. */
struct durable_mark {
    _Atomic uint64_t epoch;     /* of the last finished write */
    _Atomic uint32_t in_flight; /* writes begun and not ended */
};

/* Part of what waits (a job). */
struct durable_wait {
    struct durable_wait *next;
    uint64_t epoch;
    /* rc is STATOR_OK, or the failed sync's STATOR_INTERNAL_SERVER_ERROR. May free the wait. Must not block. */
    void (*done)(struct durable_wait *wait, enum stator_rc rc);
};

/* On STATOR_OK the caller owns *out and ends it with durability_stop. [main] */
STATOR_MUST_CHECK enum stator_rc durability_start(struct durability **out, struct store *store,
                                                  enum store_durability mode, struct stator_error *err);

/* Syncs, ends what waits, joins the thread, frees. NULL is allowed. [main] */
void durability_stop(struct durability *durability);

void durable_mark_begin(struct durable_mark *mark);
uint64_t durable_mark_end(struct durable_mark *mark, struct durability *durability);
/* The epoch a reader of that mark's data must wait for; call it after the read. */
uint64_t durable_mark_epoch(const struct durable_mark *mark, const struct durability *durability);

/* Whether that epoch is on disk: nothing to wait for. */
bool durability_reached(const struct durability *durability, uint64_t epoch);

/* Takes the wait; done is called when its epoch is reached or the sync has failed. */
void durability_await(struct durability *durability, struct durable_wait *wait);

/* Blocks until the epoch is reached: for background threads, never for a loop. */
STATOR_MUST_CHECK enum stator_rc durability_wait(struct durability *durability, uint64_t epoch,
                                                 struct stator_error *err);

/* What the syncer did so far: how long syncs took, and how many waited for each. */
struct durability_stats {
    struct histogram_sum times, groups;
};
void durability_stats(const struct durability *durability, struct durability_stats *out);

/* The failed sync's code and text, for the answer of a wait that ended with an error; STATOR_OK when none failed. */
enum stator_rc durability_failure(struct durability *durability, struct stator_error *err);

#endif
