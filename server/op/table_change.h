/* SPDX-License-Identifier: Apache-2.0 */
/* table_change: storing a change of a table, and answering with its description. Shared by CreateTable, UpdateTable and
 * DeleteTable, which call it within catalog_change_begin and on a worker: it waits for the disk.
 */
#ifndef SERVER_OP_TABLE_CHANGE_H
#define SERVER_OP_TABLE_CHANGE_H

#include "op/engine.h"

/* A new description and the transition that began with it. */
struct table_change {
    const struct table *previous;         /* NULL: a new table */
    struct bytes namespace_;              /* of a new table */
    const struct TableDescription *draft; /* as it is until the transition is over */
    struct table_extras extras;           /* with the transition, whose due_ms this sets */
};

/* Stores it. With `begins` the change began a transition, perhaps beside others that were under way: it is over after
 * --transition-ms, and without that at once: what is stored is the settled description, and what it erases is erased.
 * Indexes that are new in the draft get ids. */
STATOR_MUST_CHECK enum stator_rc table_change_store(struct engine *engine, struct job *job, struct table_change *change,
                                                    bool begins);

/* The description with live counts, as DescribeTable shows it; of an index or table that is not in `table`, or without
 * a table, zeros. It borrows from all three. NULL when the arena is full. */
struct TableDescription *table_describe(struct engine *engine, const struct TableDescription *description,
                                        const struct table *table, double seconds, struct arena *arena);

#define TABLE_IN_USE "Attempt to change a resource which is still in use: "

#endif
