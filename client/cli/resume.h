/* SPDX-License-Identifier: Apache-2.0 */
/* resume: how far a long command got, in a small text file that is always whole: it is written beside and renamed.
 *
 *     stator resume 1        what it is
 *     import                 lines of the command: what it must be about, then how far it is
 *     ...
 */
#ifndef CLI_RESUME_H
#define CLI_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include "args.h"
#include "text.h"

struct resume {
    const char *file; /* NULL: not asked for, and nothing below does anything */
    int64_t saved_ms;
    struct text before; /* lines as they were read, behind the first; empty: it begins */
};

/* Reads the file, if there is one. STATOR_VALIDATION: it is something else. */
STATOR_MUST_CHECK enum stator_rc resume_open(struct resume *out, const char *file, struct stator_error *err);
void resume_close(struct resume *resume);

/* Whether it was not saved yet, or a second ago. */
bool resume_due(const struct resume *resume);

STATOR_MUST_CHECK enum stator_rc resume_save(struct resume *resume, const struct text *lines, struct stator_error *err);

/* All is done: the file goes. */
void resume_remove(const struct resume *resume);

#endif
