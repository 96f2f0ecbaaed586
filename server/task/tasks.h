/* SPDX-License-Identifier: Apache-2.0 */
/* tasks: background work in bounded steps: statuses that move on after a while, index backfills, deletions, time to
 * live, the tending of streams (stream/tend.h).
 *
 * One thread at low priority. What is to be done follows from the statuses in the catalog, so a restart takes it up
 * again:
 *   a table: CREATING -> ACTIVE, UPDATING -> ACTIVE, DELETING -> gone (items erased);
 *   a global index: CREATING (backfill) -> ACTIVE, DELETING -> gone (entries erased);
 *   time to live: ENABLING (backfill) -> ENABLED (items past their time deleted), DISABLING -> DISABLED.
 *
 * Thread: [any] tasks_wake; [main] start and stop.
 */
#ifndef SERVER_TASK_TASKS_H
#define SERVER_TASK_TASKS_H

#include "table/database.h"

struct tasks;

struct tasks_options {
    struct database *db;      /* borrowed; outlives this */
    uint32_t ttl_interval_ms; /* between two looks for items past their time to live */
};

STATOR_MUST_CHECK enum stator_rc tasks_start(struct tasks **out, const struct tasks_options *options,
                                             struct stator_error *err);

/* Ends the step under way, joins, frees. NULL is allowed. */
void tasks_stop(struct tasks *tasks);

/* A status in the catalog has changed: look again. */
void tasks_wake(struct tasks *tasks);

#endif
