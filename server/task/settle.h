/* SPDX-License-Identifier: Apache-2.0 */
/* settle: what happens when a table's transition is over: new values are shown, what was deleted is erased.
 *
 * Each step is one atomic write of the table's record, so a crash leaves a table that the next settle goes on with:
 *
 *   transition under way -> settled description, ids of deleted indexes noted as dropped
 *   dropped              -> after a latch barrier, when no writer keeps their entries any more: entries erased
 *   table DELETING       -> after a latch barrier: record, items and entries gone together, its stream disabled
 *
 * Within a change of the catalog, on a thread that may wait for the disk.
 */
#ifndef SERVER_TASK_SETTLE_H
#define SERVER_TASK_SETTLE_H

#include "table/database.h"

/* Takes the table, which is the current version, through all of the above whatever its transition's due time. */
STATOR_MUST_CHECK enum stator_rc task_settle(struct database *db, struct table *table, struct stator_error *err);

/* Puts a version with another description and other extras in the place of `previous`; indexes keep their ids. *out, if
 * wanted, is the new version, held. batch may be NULL. */
STATOR_MUST_CHECK enum stator_rc task_put(struct database *db, const struct table *previous,
                                          const struct TableDescription *description, const struct table_extras *extras,
                                          struct store_batch *batch, struct table **out, struct stator_error *err);

/* Puts a version with another status of time to live. batch may be NULL. */
STATOR_MUST_CHECK enum stator_rc task_put_ttl(struct database *db, const struct table *table,
                                              enum TimeToLiveStatus status, struct store_batch *batch,
                                              struct stator_error *err);

/* Completes the expiry index of a table that has just begun ENABLING and has few items, and says ENABLED. With more
 * items nothing changes, and background tasks do it. */
STATOR_MUST_CHECK enum stator_rc task_settle_ttl(struct database *db, const struct table *table,
                                                 struct stator_error *err);

#endif
