/* SPDX-License-Identifier: Apache-2.0 */
/* write: the change of an item, with its condition, its index entries and its counters, in one atomic batch.
 *
 * In:     a struct write: what to do to which item, already validated against the table's schema by plan.
 * Out:    a struct write_result: what was there, what is there now, what it cost.
 * Thread: [any]. Latches are taken inside.
 */
#ifndef SERVER_TABLE_WRITE_H
#define SERVER_TABLE_WRITE_H

#include "expr/expr.h"
#include "format/itemcodec.h"
#include "table/database.h"

#define ITEM_BYTES_MAX ((size_t)400 * 1024) /* the service's limit */

enum write_kind {
    WRITE_PUT,
    WRITE_UPDATE,
    WRITE_DELETE,
    WRITE_CHECK, /* changes nothing: only the condition is tested */
};

struct write {
    enum write_kind kind;
    const struct table *table;
    const struct item *key;       /* the key's attributes; for a put the whole item will do */
    const struct item *item;      /* WRITE_PUT: the new item */
    const struct update *update;  /* WRITE_UPDATE: what to change; NULL: only see that the item exists */
    const struct expr *condition; /* or NULL */
    bool expired;                 /* WRITE_DELETE: by the service, for the item's time to live; a stream tells so */
    bool returns_old;             /* of a group: the result's `old` is asked for when the condition fails */
    bool flat;                    /* WRITE_UPDATE: only the finished item is measured, not what the statement writes */
    struct expr_budget *budget;   /* what the condition, and on a loop parsing, may cost; NULL: anything */

    /* Called when the result is complete and nothing is stored yet, not after a failed condition:
     * what the answer needs is made here, so that a write is not done whose answer there is no memory for. An error
     * ends the write. Under the item's latch. NULL: nothing to call. */
    enum stator_rc (*before_commit)(void *context, struct stator_error *err);
    void *context;
};

/* What a write waits for: */
enum write_wait {
    WAIT_NOT,  /* a loop: nothing */
    WAIT_ALL,  /* a background task, or a request that was parked many times: the disk, a stalled store, and latches */
    WAIT_DISK, /* a worker: not for latches, which may be held for long by another that waits for the disk */
};

struct write_result {
    uint32_t busy;         /* with STATOR_AGAIN: 0, or 1 + a latch that another holds: latch_park */
    bool in_transaction;   /* with STATOR_TRANSACTION_CONFLICT: the item is in one under way, which is refused */
    bool stale;            /* the table's version is superseded: nothing was done, look it up again */
    bool condition_failed; /* nothing was done; `old` is what the condition saw */
    bool existed;
    struct store_pinned pinned; /* holds old.text; write_result_release gives it back */
    struct stored_item old;     /* when existed; in a group gone after its part, but as returns_old says */
    struct item old_item;       /* parsed, for updates; borrows from pinned */
    struct item new_item;       /* when there is one now; lives in the arena */
    size_t old_bytes, new_bytes;
    uint32_t *index_units; /* write units of each of table->indexes; NULL when the table has none */
};

/* Does the write. STATOR_AGAIN (nothing done) when it would have to wait for what `wait` does not allow, or the budget
 * of a loop is spent. STATOR_VALIDATION in the service's words for what only shows on the data. On any return
 * write_result_release. */
STATOR_MUST_CHECK enum stator_rc table_write(struct database *db, const struct write *write, enum write_wait wait,
                                             struct write_result *result, struct arena *arena,
                                             struct stator_error *err);

#define WRITE_PART_BYTES ((size_t)1024 * 1024)

/* Writes of different items that have nothing to do with each other, of one or of several tables, in their order. */
struct write_series {
    const struct write *writes;   /* borrowed */
    struct write_result *results; /* of each; borrowed, begin cleared */
    size_t count;
    size_t done; /* the first of them are done; begins as 0 */

    /* private; begin as 0 */
    size_t part_max; /* writes of the next part; 0: all */
    size_t charged;  /* bytes of the longest batch so far */
};

/* Does the next part of a series with one batch of the store, which is cheaper than one by one: as many writes as
 * WRITE_PART_BYTES hold, and the one that goes past them, so that others are not kept waiting for long. Adds their
 * number to series->done. An error leaves none of the part stored. `stale` is set in all results of the part or in
 * none, `busy` in its first. `in_transaction` is set for each item that makes it STATOR_TRANSACTION_CONFLICT, and for
 * no other. Otherwise as table_write; write_result_release each result of the part, and of those after it. */
STATOR_MUST_CHECK enum stator_rc table_write_part(struct database *db, struct write_series *series,
                                                  enum write_wait wait, struct arena *arena, struct stator_error *err);

void write_result_release(struct write_result *result);

#endif
