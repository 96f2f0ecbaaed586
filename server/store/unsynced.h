/* SPDX-License-Identifier: Apache-2.0 */
/* unsynced: steps of the engine whose files somebody else syncs.
 *
 * Between unsynced_begin and unsynced_end this thread's fsync and fdatasync, which the linker sends here, do nothing. With
 * the engine's shared library they stay what they are, which costs time alone.
 * Thread: [any]; what was begun is the thread's own.
 */
#ifndef SERVER_STORE_UNSYNCED_H
#define SERVER_STORE_UNSYNCED_H

void unsynced_begin(void);
void unsynced_end(void);

#endif
