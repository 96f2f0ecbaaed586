/* SPDX-License-Identifier: Apache-2.0 */
/* transact: writes of several items that all happen or none of them, and reads of several items as of one moment.
 *
 * In:     writes as in write.h, of different items, of one or of several tables; or keys to read.
 * Out:    the results, or for each action why it cannot be done.
 * Thread: [any]. Writes take all their latches inside; reads take none: they look at one snapshot of the store.
 *
 * With database.running (--transaction-conflict=refuse) an action on an item of another transaction that is under way
 * is refused instead of waiting for it.
 */
#ifndef SERVER_TABLE_TRANSACT_H
#define SERVER_TABLE_TRANSACT_H

#include "table/read.h"
#include "table/write.h"

/* The service's: of what a transaction brings, or reads. */
#define TRANSACT_BYTES_MAX  ((size_t)4 * 1024 * 1024)
#define TRANSACT_BYTES_TEXT "The aggregate size of the items in the transaction cannot exceed 4 MB"

struct transact_write {
    const struct write *writes;
    struct write_result *results; /* one for each write; write_result_release each in the end */
    struct stator_error *reasons; /* likewise; rc STATOR_OK: nothing speaks against that write */
    size_t count;

    /* Called when nothing speaks against any write and nothing is stored yet, under the latches: makes the answer, and
     * may put into the batch what is to be stored with the writes; then `mark` tells its readers what to wait for. An
     * error ends the transaction. Both may be NULL. */
    enum stator_rc (*before_commit)(void *context, struct store_batch *batch, struct stator_error *err);
    void *context;
    struct durable_mark *mark;

    uint32_t busy; /* out: as in write_result */
    bool stale;    /* out: the version of a table is superseded: nothing was done, look it up again */
};

/* STATOR_TRANSACTION_CANCELED: nothing was done, and at least one reason is STATOR_CONDITIONAL_CHECK_FAILED (the result
 * has the item), STATOR_VALIDATION or STATOR_TRANSACTION_CONFLICT, in the service's words. STATOR_AGAIN as table_write
 * says. */
STATOR_MUST_CHECK enum stator_rc table_transact_write(struct database *db, struct transact_write *transact,
                                                      enum write_wait wait, struct arena *arena,
                                                      struct stator_error *err);

struct transact_read {
    const struct table *table;
    const struct item *key;
    struct expr_budget *budget; /* what reading and answering the items may cost; or NULL */
    bool projected;             /* it will be parsed for a projection */
    struct read_result result;  /* the item is a copy in the arena; store_release `pinned` in the end */
    struct stator_error reason; /* as above */
};

/* All of them as they were at one moment not before the call; STATOR_VALIDATION past TRANSACT_BYTES_MAX.
 * STATOR_TRANSACTION_CANCELED and STATOR_AGAIN as above. */
STATOR_MUST_CHECK enum stator_rc table_transact_read(struct database *db, struct transact_read *reads, size_t count,
                                                     bool may_wait, struct arena *arena, struct stator_error *err);

#endif
