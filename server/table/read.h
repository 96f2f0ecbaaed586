/* SPDX-License-Identifier: Apache-2.0 */
/* read: one item by its key. Takes no latch. [any] */
#ifndef SERVER_TABLE_READ_H
#define SERVER_TABLE_READ_H

#include "expr/budget.h"
#include "format/itemcodec.h"
#include "table/database.h"

struct read_result {
    bool exists;
    struct stored_item item;    /* when it exists; borrows from pinned */
    struct store_pinned pinned; /* give back with store_release */
    uint64_t hash;              /* of the item's key */
};

/* STATOR_AGAIN when may_wait is false and the item is not in memory. */
STATOR_MUST_CHECK enum stator_rc table_get(struct database *db, const struct table *table, const struct item *key,
                                           bool may_wait, struct read_result *result, struct stator_error *err);

/* The same as of a snapshot; NULL: of now. */
STATOR_MUST_CHECK enum stator_rc table_get_at(struct database *db, const struct table *table, const struct item *key,
                                              const struct store_snapshot *snapshot, bool may_wait,
                                              struct read_result *result, struct stator_error *err);

/* What a read of the disk is charged, of a worker's budget for quick jobs some are paid; it is a millisecond and less. */
#define READ_DISK_COST ((uint64_t)256 * 1024)

/* The same for one read of several: STATOR_AGAIN, too, when it needs the disk and the budget does not allow that. */
STATOR_MUST_CHECK enum stator_rc table_get_paid(struct database *db, const struct table *table, const struct item *key,
                                                const struct store_snapshot *snapshot, bool may_wait,
                                                struct expr_budget *budget, struct read_result *result,
                                                struct stator_error *err);

#endif
