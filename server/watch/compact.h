/* SPDX-License-Identifier: Apache-2.0 */
/* compact: `stator compact`: has a running server rewrite all its files, and waits until that is done. The server goes on
 * with it when nobody waits any more.
 *
 * Thread: [main] of its own process.
 */
#ifndef SERVER_WATCH_COMPACT_H
#define SERVER_WATCH_COMPACT_H

#include "base/error.h"

/* Tells on standard output how large the files were and are; to a person also how much is left, meanwhile. Fails if the
 * server has no room for it. */
STATOR_MUST_CHECK enum stator_rc compact_run(const char *host, uint16_t port, bool person, struct stator_error *err);

#endif
