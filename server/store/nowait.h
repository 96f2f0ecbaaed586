/* SPDX-License-Identifier: Apache-2.0 */
/* nowait: reads of the engine's files that give up where they would wait for the disk.
 *
 * The engine can only be told to keep to its own cache, which is small on purpose; most of the data that is read often
 * lies in the system's. Between nowait_begin and nowait_end this thread's reads, which the linker sends here, take what
 * the system has in memory (preadv2 with RWF_NOWAIT) and fail where it has not.
 *
 * Only where the engine is linked statically: with its shared library NOWAIT is 0, and the caller asks for the engine's
 * cached tier instead.
 * Thread: [any]; what was begun is the thread's own.
 */
#ifndef SERVER_STORE_NOWAIT_H
#define SERVER_STORE_NOWAIT_H

#include <stdbool.h>

#ifndef NOWAIT
#define NOWAIT 1
#endif

void nowait_begin(void);

/* Whether a read has given up since nowait_begin: whatever came of it must not be used. */
bool nowait_end(void);

/* For tests, for the whole process: give up each read, as if the system had nothing in memory. */
void nowait_set_cold(bool cold);

#endif
