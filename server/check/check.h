/* SPDX-License-Identifier: Apache-2.0 */
/* check: whether a stopped data directory is whole, and what of it can be kept.
 *
 * Thread: [main]. A directory in use by a server is refused.
 */
#ifndef SERVER_CHECK_CHECK_H
#define SERVER_CHECK_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"

struct check_request {
    const char *dir;
    const char *program; /* version and commit, kept in a repaired directory */
    FILE *out;
};

/* Reads all of it, and changes nothing. A line for each fault, and a last one that sums up, go to out. *faults counts them.
 * Fails where nothing can be said of the directory. */
STATOR_MUST_CHECK enum stator_rc check_directory(const struct check_request *request, uint64_t *faults,
                                                 struct stator_error *err);

/* Keeps what is sound, makes indexes and counters anew, and tells of everything that is lost. The old files stay in a
 * directory beside the new ones, which out names. *lost: something is gone with what could not be read, or may be. On a failure the
 * directory is as it was, or the next repair goes on. */
STATOR_MUST_CHECK enum stator_rc check_repair(const struct check_request *request, uint64_t *faults, bool *lost,
                                              struct stator_error *err);

/* Adds to the text of a start that was refused which files cannot be opened and whose tables they have. Quick: looks at names
 * and ends of files, not into them. */
void check_concerned(struct stator_error *err, const char *dir);

#endif
