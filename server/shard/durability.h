/* SPDX-License-Identifier: Apache-2.0 */
/* durability: answers wait here until what they rest on is on disk.
 *
 * Writes go unsynced into the WAL on the thread that makes them. One syncer thread runs store_sync over and over while
 * anyone waits, with a short pause for company in between; each sync is an epoch. A write belongs to the epoch current
 * after it was written, a reader waits for the epoch of the last write it may have seen: nobody sees what a power cut
 * can undo.
 *
 *      write:  durable_mark_begin(mark); store_write(...); durable_mark_end(mark, durability);
 *      read:   store_get(...); durable_mark_look(mark, durability);
 *      then:   wait.epoch = durable_seen(); if (!durability_reached(durability, wait.epoch)) durability_await(...);
 *
 * What a thread has looked at or ended is remembered for it until durable_seen_begin: whatever answer is made of that, a
 * result, a refusal or an error, waits for durable_seen, and no operation can forget it.
 *
 * With STORE_PROCESS and STORE_NONE every epoch is reached at once and there is no thread.
 *
 * A failed sync ends every wait for an epoch not reached, then and from then on: the store is read-only, and shows what
 * was on the disk before it. What is begun after that waits for nothing, and reads whose wait has ended so are begun anew.
 *
 * In:     a struct durable_wait whose `epoch` and `answers` are set. Out: its `done`, called exactly once, on the
 *         syncer thread.
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
    uint32_t answers; /* that wait for its end */
    /* rc is STATOR_OK, or the failed sync's STATOR_INTERNAL_SERVER_ERROR. May free the wait. Must not block. */
    void (*done)(struct durable_wait *wait, enum stator_rc rc);
};

/* On STATOR_OK the caller owns *out and ends it with durability_stop. [main] */
STATOR_MUST_CHECK enum stator_rc durability_start(struct durability **out, struct store *store,
                                                  enum store_durability mode, struct stator_error *err);

/* Syncs, ends what waits, joins the thread, frees. NULL is allowed. [main] */
void durability_stop(struct durability *durability);

void durable_mark_begin(struct durable_mark *mark);
/* The epoch that the write belongs to. */
uint64_t durable_mark_end(struct durable_mark *mark, struct durability *durability);
/* Nothing was written. */
void durable_mark_undo(struct durable_mark *mark);
/* A reader of that mark's data must wait for what it has seen: call it after the read. */
void durable_mark_look(const struct durable_mark *mark, const struct durability *durability);

/* What this thread sees from here on; `epoch` has been seen already, elsewhere. frozen, or NULL: all that it reads is read after
 * store_frozen, so that there is nothing to wait for, though marks may tell of writes that no sync will reach. */
void durable_seen_begin(uint64_t epoch, const struct durability *frozen);
/* Whether it may see what was written in that epoch: after store_frozen memory has what the store does not show. */
bool durable_shows(uint64_t epoch);
/* Something that waits for this epoch. */
void durable_saw(uint64_t epoch);
/* The newest epoch that it has seen since. */
uint64_t durable_seen(void);

/* Whether that epoch is on disk: nothing to wait for. */
bool durability_reached(const struct durability *durability, uint64_t epoch);

/* Takes the wait; done is called when its epoch is reached or the sync has failed. */
void durability_await(struct durability *durability, struct durable_wait *wait);

/* Blocks until the epoch is reached: for background threads, never for a loop. */
STATOR_MUST_CHECK enum stator_rc durability_wait(struct durability *durability, uint64_t epoch,
                                                 struct stator_error *err);

/* For how long the sync under way has lasted; 0: there is none. */
uint64_t durability_sync_ns(const struct durability *durability);

/* What the syncer did so far: how long syncs took, and how many waited for each. */
struct durability_stats {
    struct histogram_sum times, groups;
};
void durability_stats(const struct durability *durability, struct durability_stats *out);

/* The failed sync's code and text, for the answer of a wait that ended with an error; STATOR_OK when none failed. */
enum stator_rc durability_failure(struct durability *durability, struct stator_error *err);

#endif
