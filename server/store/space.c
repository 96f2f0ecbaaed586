/* SPDX-License-Identifier: Apache-2.0 */
/* A full disk is met here and not in the engine. The engine would take the failed write for a broken disk and stay
 * read-only; and Debian's library, built with assertions, can abort when a sync meets a log that has just run out of
 * space. So some space is kept free: with less than that, writes are refused, reads go on, and writes are taken again
 * as soon as there is space. The engine's own failure is still handled, for a disk that another program fills.
 *
 * Half of it is for those who make space: deletions are taken until only the other half is left, which is room to flush
 * what is in memory once. */
#include "store/rocks.h"

#include <sys/statvfs.h>
#include <unistd.h>

#define LOOK_EVERY_BYTES ((uint64_t)256 << 10)

bool space_of(const char *dir, uint64_t *out_free, uint64_t *out_total)
{
    struct statvfs info;

    if (statvfs(dir, &info) != 0)
        return false;
    *out_free = (uint64_t)info.f_frsize * (geteuid() == 0 ? info.f_bfree : info.f_bavail);
    *out_total = (uint64_t)info.f_frsize * info.f_blocks;
    return true;
}

void space_init(struct store *store, uint64_t memtables_bytes)
{
    uint64_t free_now, total;

    if (store->dir == NULL || !space_of(store->dir, &free_now, &total) || total == 0)
        return;                                 /* 0 reserved: a file system that does not tell */
    store->reserve_bytes = memtables_bytes * 2; /* room to flush what is in memory, and to compact it once */
    if (store->reserve_bytes > total / 8)
        store->reserve_bytes = total / 8;
    atomic_store(&store->disk_full, free_now < store->reserve_bytes);
}

uint64_t space_floor_bytes(const struct store *store)
{
    return store->reserve_bytes / 2;
}

/* Free bytes; where the disk does not tell this time, what the last look found stands. */
static uint64_t look(struct store *store)
{
    uint64_t free_now, total;

    if (!space_of(store->dir, &free_now, &total))
        return atomic_load_explicit(&store->disk_full, memory_order_relaxed) ? space_floor_bytes(store)
                                                                             : store->reserve_bytes;
    atomic_store_explicit(&store->disk_full, free_now < store->reserve_bytes, memory_order_relaxed);
    return free_now;
}

bool space_allows(struct store *store, size_t bytes, bool frees)
{
    if (store->reserve_bytes == 0)
        return true;
    if (!atomic_load_explicit(&store->disk_full, memory_order_relaxed) &&
        atomic_fetch_add_explicit(&store->unseen_bytes, bytes, memory_order_relaxed) + bytes < LOOK_EVERY_BYTES)
        return true;
    atomic_store_explicit(&store->unseen_bytes, 0, memory_order_relaxed);
    return look(store) >= (frees ? space_floor_bytes(store) : store->reserve_bytes);
}

/* Nobody may be writing just now, so this looks itself. */
bool store_full(struct store *store)
{
    return store->reserve_bytes != 0 && look(store) < store->reserve_bytes;
}
