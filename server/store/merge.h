/* SPDX-License-Identifier: Apache-2.0 */
/* merge: one compaction of files that the caller names. The engine's C API has only those of ranges of keys, which go through
 * all levels, with all of level 0 and whatever that lies above.
 *
 * Thread: [any], one at a time for each store.
 */
#ifndef SERVER_STORE_MERGE_H
#define SERVER_STORE_MERGE_H

#include <rocksdb/c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

struct merge {
    const char **names; /* input, as the engine calls them; it adds what must go with them */
    size_t count;
    int level;                /* of the output */
    uint64_t file_bytes;      /* about the most that one file of the output has */
    const struct bytes *cuts; /* ascending; no file of the output has keys on both sides of one */
    size_t cut_count;
    bool (*goes_on)(void *context, size_t bytes); /* asked before so many are written; false: give up */
    void *context;
};

enum merged {
    MERGE_DONE,
    MERGE_BUSY, /* the engine is about one of these files, or they are gone: look again */
    MERGE_FAILED, /* given up, no space, damage, or the end of the store: nothing has changed, unless the manifest failed, which
                   * stops the store */
};

enum merged merge_files(rocksdb_t *db, rocksdb_column_family_handle_t *family, const struct merge *merge);

/* Whether the engine is about any files now. */
bool merge_is_under_way(rocksdb_t *db);

/* For the options of each family, or cuts are not made. False: no memory. */
bool merge_prepare(rocksdb_options_t *options);

#ifdef __cplusplus
}
#endif

#endif
