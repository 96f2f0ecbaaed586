/* SPDX-License-Identifier: Apache-2.0 */
/* select: a SELECT of ExecuteStatement: one page of it, read range after range, in steps. */
#ifndef SERVER_OP_SELECT_H
#define SERVER_OP_SELECT_H

#include "op/next_token.h"
#include "op/statement.h"
#include "table/page.h"

/* Begins: checks what needs the table, and plans. From then on the job's progress is the SELECT's. */
STATOR_MUST_CHECK enum stator_rc select_open(const struct statement *statement, struct engine *engine, struct job *job);

/* Whether the job is in the middle of one. */
bool select_is_open(const struct job *job);

/* Reads on. STATOR_AGAIN when there is more to do on a worker; STATOR_OK with the answer in job->output. */
STATOR_MUST_CHECK enum stator_rc select_step(struct engine *engine, struct job *job);

#endif
