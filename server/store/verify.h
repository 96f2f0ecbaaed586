/* SPDX-License-Identifier: Apache-2.0 */
/* verify: whether a directory with a database still has what was synced.
 *
 * Thread: [main], before the engine opens the directory, with its lock held.
 */
#ifndef SERVER_STORE_VERIFY_H
#define SERVER_STORE_VERIFY_H

#include "store/synced.h"

/* Reads its logs and its manifest, and syncs the logs. Fails, with nothing changed, if anything is missing or cannot be read that
 * was synced; out has the state of STATOR-SYNCED, without which nothing is known to be missing, and each log with how much of
 * it can be read. synced_list_deinit in any case. */
STATOR_MUST_CHECK enum stator_rc verify_directory(struct synced_list *out, const char *dir, struct stator_error *err);

#endif
