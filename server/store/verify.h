/* SPDX-License-Identifier: Apache-2.0 */
/* verify: whether a directory with a database still has what was synced.
 *
 * Thread: [main], before the engine opens the directory, with its lock held.
 */
#ifndef SERVER_STORE_VERIFY_H
#define SERVER_STORE_VERIFY_H

#include "store/synced.h"

/* What to do, for printf with the directory. With that file begun anew nothing is held to what was synced. */
#define VERIFY_GO_ON                                                                                                   \
    "Put back a sound copy. To go on with what can be read, of which indexes and counts may not be right: "            \
    "echo STATOR-SYNCED 2 >'%s/" SYNCED_NAME "'"

/* Reads its logs and its manifest, and syncs the logs. Fails, with nothing changed, if anything is missing or cannot be read that
 * was synced; out has the state of STATOR-SYNCED, without which nothing is known to be missing, and each log with how much of
 * it can be read. synced_list_deinit in any case. */
STATOR_MUST_CHECK enum stator_rc verify_directory(struct synced_list *out, const char *dir, struct stator_error *err);

#endif
