/* SPDX-License-Identifier: Apache-2.0 */
/* runner: requests without HTTP: the same decoding, checks and steps as a client's, one after the other.
 *
 * In:     an operation and its JSON. Out: the operation's error, or STATOR_OK and its output.
 * Owns:   a job and its memory. Borrows the engine.
 * Thread: [main], before the loops start; it may wait for the disk.
 */
#ifndef SERVER_SEED_RUNNER_H
#define SERVER_SEED_RUNNER_H

#include "op/op.h"

struct runner {
    struct engine *engine;
    struct bytes region, access_key; /* whose tables, with --isolate-by; borrowed */
    struct bytes owner;              /* of notes: "", or whose tables, where there are others'; borrowed */
    bool (*stopping)(void);          /* asked between requests; NULL: never */
    struct job job;                  /* of the last request */
};

void runner_init(struct runner *runner, struct engine *engine, struct bytes region, struct bytes access_key,
                 bool (*stopping)(void));
void runner_deinit(struct runner *runner);

/* runner->job.input and .output are the request's and the answer's structures until the next call. A write is visible, and
 * on disk with the next note of the engine. */
STATOR_MUST_CHECK enum stator_rc runner_run(struct runner *runner, enum operation operation, struct bytes body,
                                            struct stator_error *err);

/* The same for an operation whose input is {"TableName": ...} alone. */
STATOR_MUST_CHECK enum stator_rc runner_ask(struct runner *runner, enum operation operation, struct bytes table,
                                            struct stator_error *err);

/* An error once the process is asked to end. */
STATOR_MUST_CHECK enum stator_rc runner_go_on(const struct runner *runner, struct stator_error *err);

#endif
