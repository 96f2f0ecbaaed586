/* SPDX-License-Identifier: Apache-2.0 */
/* squeeze: getting space back where there is hardly room to write anything.
 *
 * In:     a family of which something is deleted, and a range of its keys.
 * Out:    one compaction of as few files as can go together, that by estimate fits into the room there is.
 * Limit:  it ends when only a quarter of what is kept free, and what a flush needs, would be left.
 * Thread: that of the caller, one at a time for each store.
 */
#ifndef SERVER_STORE_SQUEEZE_H
#define SERVER_STORE_SQUEEZE_H

#include "store/rocks.h"

struct file {
    const char *name;         /* as the engine calls it */
    struct bytes first, last; /* keys */
    uint64_t bytes, entries, deletions;
    double dead_entries; /* of the lowest level: how many deletions may be about it */
    int level;
};

/* Of one family, by level and first key. */
struct files {
    struct file *at;
    size_t count;
    int lowest;         /* level; 0: all files overlap each other */
    uint64_t deletions; /* not yet in a file */
};

static inline bool file_overlaps(const struct file *file, struct bytes first, struct bytes last)
{
    return (!bytes_present(last) || bytes_compare(file->first, last) <= 0) && bytes_compare(file->last, first) >= 0;
}

/* reclaim.c: the caller frees out->at. What is in it is live's. False without memory. */
STATOR_MUST_CHECK bool files_of(struct files *out, struct store *store, uint32_t family,
                                const rocksdb_livefiles_t *live);

/* reclaim.c: no step may begin, and one that has ended may not have been done. */
bool reclaim_is_stopped(const struct store *store);

/* Moves down what is in that range (last absent: to the end). all: whatever is dead in it, otherwise only where it gives space back.
 * STORE_RECLAIM_NOTHING: nothing would, or nothing lies above the lowest level. */
enum store_reclaimed squeeze(struct store *store, uint32_t family, struct bytes first, struct bytes last, bool all);

/* Deletions in memory are about nothing yet: makes files of them, if there are some, and there is room. True: it is done. */
bool squeeze_flush(struct store *store);

#endif
