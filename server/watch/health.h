/* SPDX-License-Identifier: Apache-2.0 */
/* health: asks a running server whether it is well: `stator healthcheck`, for containers.
 *
 * Limit:  three seconds in all.
 * Thread: [main] of its own process.
 */
#ifndef SERVER_WATCH_HEALTH_H
#define SERVER_WATCH_HEALTH_H

#include "base/error.h"

/* host NULL, "0.0.0.0" or "::": this machine. STATOR_OK when /_stator/health is 200. */
STATOR_MUST_CHECK enum stator_rc health_check(const char *host, uint16_t port, struct stator_error *err);

#endif
