/* SPDX-License-Identifier: Apache-2.0 */
/* files: the engine's files, watched: whoever opens a database is told what it makes, syncs and deletes. This is the engine's
 * own extension point, a FileSystem, which its C API does not have; hence the one file in C++.
 *
 * Thread: [any]; the engine calls from all of its threads.
 */
#ifndef SERVER_STORE_FILES_H
#define SERVER_STORE_FILES_H

#include <rocksdb/c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FILES_MANIFEST ((uint64_t)1 << 63)

/* A log's number is that of its name, a manifest's has FILES_MANIFEST besides; of other files nothing is told. What making and
 * deleting return is 0, or errno's value: then it is not done, and the engine has a failure. */
struct files_watcher {
    void *context;
    bool (*opening)(void *context); /* the engine still opens its database: see WatchedFile */
    int (*making)(void *context, uint64_t number);
    int (*made)(void *context,
                const char *path); /* a log's file; another answer than 0 unmakes it, which `deleting` tells */
    bool (*spare)(void *context,
                  const char *path); /* where a log had no space: one that has some is at that path now */
    int (*deleting)(void *context, uint64_t number);
    void (*syncing)(void *context); /* its first so many bytes, those that it has now, */
    void (*synced)(void *context, uint64_t number, uint64_t bytes); /* and they are on the disk */
};

/* Compactions that fail, for damage or for lack of space, cost no write: of itself the engine would take none any more, for any
 * key. It tries them again, with a rest of a second. */
struct files_listener {
    void *context;
    bool (*has_room)(void *context, uint64_t bytes,
                     bool flushed); /* for a compaction that nobody asked for, of so many bytes;
                                                                      flushed: of what writers may be held up for */
    void (*met_damage)(void *context);
    void (*had_no_space)(void *context); /* has_room said so, or the disk */
    /* The engine takes no write any more: a table or a manifest had no space, or something worse. */
    void (*stopped)(void *context, bool no_space);
};

/* listener is copied. Where has_room counts, the files are those of files_env. False: no memory. */
bool files_listen(rocksdb_options_t *options, const struct files_listener *listener);

/* A flush does not wait until it would slow nobody down: on a disk without room for compactions that is never. */
void files_flush_at_once(rocksdb_flushoptions_t *options);

/* After it has stopped for lack of space alone: writes to tables what is in memory, begins a new log, and takes writes again.
 * False: it cannot yet, or never. Nobody may be writing; the log may be synced meanwhile. */
bool files_resume(rocksdb_t *db);

/* Tables that this thread makes ask before each append of so many bytes, and fail for lack of space where the answer is false. NULL: they do
 * not ask. */
void files_ask(bool (*goes_on)(void *context, size_t bytes), void *context);

/* While this thread's tables ask: since then a manifest, or CURRENT, could not be written. Nobody knows what it says on the disk. */
bool files_manifest_failed(void);

/* The system's files, for rocksdb_options_set_env; ended by rocksdb_env_destroy after the database is closed. watcher is
 * copied. NULL: no memory. */
rocksdb_env_t *files_env(const struct files_watcher *watcher);

#ifdef __cplusplus
}
#endif

#endif
