/* SPDX-License-Identifier: Apache-2.0 */
/* unsynced: steps of the engine whose sync the next step makes again.
 *
 * The engine syncs its list of files for each family it makes, though a new database is one only with its last. Between
 * unsynced_begin and unsynced_end this thread's fdatasync, which the linker sends here, does nothing. With the engine's
 * shared library it stays what it is, which costs time alone.
 * Thread: [any]; what was begun is the thread's own.
 */
#ifndef SERVER_STORE_UNSYNCED_H
#define SERVER_STORE_UNSYNCED_H

void unsynced_begin(void);
void unsynced_end(void);

#endif
