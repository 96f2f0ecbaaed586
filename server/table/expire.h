/* SPDX-License-Identifier: Apache-2.0 */
/* expire: deletes the items whose time to live is over, in small steps, by the table's expiry index.
 *
 * In:     a table whose time to live is ENABLED, the time, and a cursor that starts cleared.
 * Out:    deletions like a user's, with index entries and counts, marked as expired, some at a time in one write of the
 *         store. An item is looked at again under its latch: one that was given another time meanwhile stays.
 * Thread: background ones; it waits for the disk. Not within a change of the catalog: a table that changes meanwhile ends
 *         the step.
 */
#ifndef SERVER_TABLE_EXPIRE_H
#define SERVER_TABLE_EXPIRE_H

#include "base/buf.h"
#include "table/database.h"

/* What ended longer ago is left alone, as on the service: such a number is rather no time. */
#define EXPIRE_PAST_MAX_S ((uint64_t)5 * 365 * 24 * 3600)

#define EXPIRE_KEY_MAX ((size_t)16 * 1024) /* of an entry: twice a base key whose every byte is escaped */

struct expire_cursor {
    uint32_t shard;    /* being walked */
    struct buf after;  /* the last entry looked at in it; empty: none */
    uint64_t from_s;   /* entries of items that ended before are left alone; 0: none */
    uint64_t deleted;  /* items, since it was cleared */
    uint64_t failed;   /* entries whose items could not be deleted, likewise */
    uint64_t failed_s; /* when the first of those items ended; only with failed */
    uint32_t batch;    /* private */
};

/* Looks at up to entries_max entries of items that ended before now. *done: all have been looked at. After an error the
 * next step goes on behind the one that could not be done, which the cursor counts as failed. */
STATOR_MUST_CHECK enum stator_rc table_expire(struct database *db, const struct table *table, uint64_t now_s,
                                              struct expire_cursor *cursor, uint32_t entries_max, bool *done,
                                              struct stator_error *err);

#endif
