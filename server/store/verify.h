/* SPDX-License-Identifier: Apache-2.0 */
/* verify: whether a directory with a database still has what was synced.
 *
 * Thread: [main], before the engine opens the directory, with its lock held.
 */
#ifndef SERVER_STORE_VERIFY_H
#define SERVER_STORE_VERIFY_H

#include "store/rescue.h"
#include "store/synced.h"

/* What to do, for printf with the directory, twice. */
#define VERIFY_GO_ON                                                                                                   \
    "Put back a sound copy; or stator check '%s' says what is damaged, and stator check --repair '%s' keeps what is "  \
    "sound."

/* Reads its logs and its manifest, and syncs the logs. Fails, with nothing changed, if anything is missing or cannot be read
 * that was synced. out has the state of STATOR-SYNCED, without which nothing is known to be missing, the line of CURRENT's
 * manifest, and each log with how much of it can be read; left_out tells of what cannot, behind what was synced. A log that was struck out is deleted.
 * With tell nothing is synced, and each fault is told instead of being a failure; out->instead is the manifest to read where
 * CURRENT is an old file.
 * synced_list_deinit in any case. */
STATOR_MUST_CHECK enum stator_rc verify_directory(struct synced_list *out, const char *dir, rescue_tell *tell,
                                                  void *context, struct stator_error *err);

#endif
