/* SPDX-License-Identifier: Apache-2.0 */
/* clock: what time it is for tables and items: the system's time, or, for tests, so many seconds more or less.
 *
 * In:     a file with a number of seconds (--clock-file), read anew whenever the time is asked for. While it is away or
 *         is no number, what it said last counts.
 * Out:    milliseconds since 1970; a time that only goes forwards; and for timeouts one that no file moves.
 * Thread: [any]; clock_follow [main], before there are others.
 */
#ifndef SERVER_CLOCK_CLOCK_H
#define SERVER_CLOCK_CLOCK_H

#include "base/error.h"

/* From now on the file's seconds are added. NULL: the system's time. The file must be there and hold a number. The path
 * is borrowed and outlives this. */
STATOR_MUST_CHECK enum stator_rc clock_follow(const char *path, struct stator_error *err);

uint64_t clock_ms(void);

/* The monotonic clock's time, and how far the file's seconds were put forwards since clock_follow: what flows in with time
 * is not held up when either clock is put back. */
uint64_t clock_flow_ns(void);

/* The monotonic clock's time, for timeouts. */
uint64_t clock_monotonic_ms(void);

#endif
