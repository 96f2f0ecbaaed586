/* SPDX-License-Identifier: Apache-2.0 */
/* progress: how far a long command is, on standard error; and how fast it may go.
 *
 * Thread: [any]; each has a lock of its own.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "args.h"

struct progress {
    pthread_mutex_t lock;
    const char *verb; /* "imported" */
    bool bar, quiet;
    int64_t began_ms, shown_ms;
    uint64_t items;
    double rate; /* items a second; 0: as fast as it goes */
};

/* STATOR_VALIDATION: --rate makes no sense. */
STATOR_MUST_CHECK enum stator_rc progress_init(struct progress *progress, const struct args *args, const char *verb,
                                               struct stator_error *err);

/* So many more items; part, from 0 to 1, is how much of the whole is done, or negative when nobody knows. Shows it, at
 * most ten times a second. */
void progress_add(struct progress *progress, uint64_t items, double part);

/* Waits until --rate allows so many items in all, or a signal came. */
void progress_pace(struct progress *progress, uint64_t items);

/* The last line: what was done, in which time. */
void progress_end(struct progress *progress, const char *detail);

/* Takes the bar away, so that a line of text can be printed. */
void progress_clear(struct progress *progress);

#endif
