/* SPDX-License-Identifier: Apache-2.0 */
/* log_ahead: the log's file is kept longer than the log, so that a sync need not write the file's size.
 *
 * A sync of a file that has grown writes its data, then its inode, and on a file system with a journal waits for that,
 * too; where the blocks were there and written before, it writes data alone. So once what this thread writes between
 * log_ahead_begin and log_ahead_end reaches the end of its file, zeros are written past it. The engine reads them as the
 * end of the log, and cuts them off when it closes the file.
 *
 * Only where the engine is linked statically; with its shared library a sync costs what it costs.
 * Thread: [any]; what was begun is the thread's own.
 */
#ifndef SERVER_STORE_LOG_AHEAD_H
#define SERVER_STORE_LOG_AHEAD_H

#include <stdbool.h>

/* before_sync is called once: when this thread is about to sync a file or, at the latest, by log_ahead_end. Without the
 * static library that is always the latter. */
void log_ahead_begin(void (*before_sync)(void *context), void *context);
void log_ahead_end(void); /* nothing happens to what has ended */

/* Whether before_sync is called as early as that. */
bool log_ahead_sees_sync(void);

/* The thread is about to sync a file: the watcher of files.h tells, and unsynced.c of what is synced beside it. */
void log_ahead_note_sync(void);

#endif
