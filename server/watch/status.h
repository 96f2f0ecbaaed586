/* SPDX-License-Identifier: Apache-2.0 */
/* status: `stator status`: asks a running server for /_stator/status and prints what it says.
 *
 * Thread: [main] of its own process.
 */
#ifndef SERVER_WATCH_STATUS_H
#define SERVER_WATCH_STATUS_H

#include "base/buf.h"
#include "base/error.h"

/* On standard output: for a person, or the JSON as it came. */
STATOR_MUST_CHECK enum stator_rc status_print(const char *host, uint16_t port, bool person, struct stator_error *err);

/* What a person reads: a line for each member, a table of the operations. False when the text is not such JSON. */
STATOR_MUST_CHECK bool status_write(struct buf *out, struct bytes json);

#endif
