/* SPDX-License-Identifier: Apache-2.0 */
/* sweep: time to live at work: every table's items that are past their time are deleted, pass by pass.
 *
 * In:     tables whose time to live is ENABLED, and the clock.
 * Out:    steps of table_expire.
 * Owns:   how far each table's pass has come. Nothing of it is stored: a pass that was cut off starts anew.
 * Thread: the task thread.
 */
#ifndef SERVER_TASK_SWEEP_H
#define SERVER_TASK_SWEEP_H

#include "table/database.h"

struct sweep;

struct sweeps {
    struct sweep *first;
    uint32_t interval_ms; /* between the beginnings of two passes of a table */
};

bool sweeps_wanted(const struct table *table);

/* Some steps for that table, if its next pass is due. Returns in how many milliseconds there is more to do for it. */
uint64_t sweeps_step(struct sweeps *sweeps, struct database *db, const struct table *table);

/* Forgets the tables that sweeps_step has not been called for since the last time. */
void sweeps_forget(struct sweeps *sweeps);

void sweeps_deinit(struct sweeps *sweeps);

#endif
