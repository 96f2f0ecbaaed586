/* SPDX-License-Identifier: Apache-2.0 */
/* tables: the tables of a file are made.
 *
 * In:     definitions. Out: each table is there and ACTIVE, with its time to live and backups. One that was there before,
 *         with the same key, is left as it is; with another key it is an error. After an error those that were made are
 *         deleted again: nobody has seen them, and what is mended may be they.
 *
 * A table has a note from before it is made until all of its file is done, with the table's id once it has one: whoever
 * finds the table and the note after a crash goes on with what comes after making it. A table of another id is not ours.
 */
#ifndef SERVER_SEED_TABLES_H
#define SERVER_SEED_TABLES_H

#include "seed/definition.h"
#include "seed/runner.h"

struct tables_count {
    uint32_t made, there_before;
};

/* *count is added to. err begins with "path:line: ". */
STATOR_MUST_CHECK enum stator_rc tables_apply(struct runner *runner, const struct definitions *definitions,
                                              struct tables_count *count, struct stator_error *err);

/* Once the file is noted as done. */
STATOR_MUST_CHECK enum stator_rc tables_forget(struct runner *runner, const struct definitions *definitions,
                                               struct stator_error *err);

/* Waits while the table is being made or deleted. STATOR_RESOURCE_NOT_FOUND when there is none, STATOR_MISUSE when the
 * process is to end. */
STATOR_MUST_CHECK enum stator_rc tables_await(struct runner *runner, struct bytes table, struct stator_error *err);

#endif
