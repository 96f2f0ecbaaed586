/* SPDX-License-Identifier: Apache-2.0 */
/* backfill: gives a new global index, or a new expiry index, the entries of the items that were there before it.
 *
 * Writers keep the index's entries from the moment the version with it is in the catalog and a latch_barrier has
 * passed; a step goes through some base items, and for each, under its latch, puts the entry of the item as it is now.
 * Doing an item twice changes nothing, so after a restart the backfill simply starts from the cursor last stored, or
 * from the beginning.
 */
#ifndef SERVER_TABLE_BACKFILL_H
#define SERVER_TABLE_BACKFILL_H

#include "table/walk.h"

/* Does up to items_max items. index NULL: the table's expiry index. *done is set when the table's end is reached. For
 * background threads. */
STATOR_MUST_CHECK enum stator_rc table_backfill(struct database *db, const struct table *table,
                                                const struct index *index, struct walk *walk, uint32_t items_max,
                                                bool *done, struct stator_error *err);

/* Deletes every entry of an index, or every item of a base, and its counters, in all shards: added to the batch. */
void table_erase(const struct database *db, const struct index *index, struct store_batch *batch);

#endif
