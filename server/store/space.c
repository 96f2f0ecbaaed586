/* SPDX-License-Identifier: Apache-2.0 */
/* A full disk is met here and not in the engine. The engine would take the failed write for a broken disk and take none any
 * more; and Debian's library, built with assertions, can abort when a sync meets a log that has just run out of
 * space. So some space is kept free: with less than that, writes are refused, reads go on, and writes are taken again
 * as soon as there is space. Another program may take what is kept free: that is for log_room.c and revive.c.
 *
 * Half of it is for those who make space: deletions are taken until only the other half is left, and what gives back whole
 * tables at once until only a quarter is. The rest is room to write what is in memory to tables: a flush that fails would
 * be a failed write; so on a small disk less is kept in memory, and a compaction, which may fail, is begun only if it leaves
 * what its use (enum space_use) must leave. */
#include "store/io.h"
#include "store/rocks.h"

#include <sys/statvfs.h>

#define LOOK_EVERY_BYTES ((uint64_t)256 << 10)
#define MEMORY_TIMES     3 /* of what may be in memory is kept free: memtables that are being written come on top of it */
#define DISK_PART        8  /* of a small disk so much is kept free */
#define LOOK_EVERY_MS    10 /* another program's last byte is seen before a write meets it in the log */
#define INODES           64 /* are kept free, where a file system has a fixed number of them */

bool space_of(const char *dir, uint64_t *out_free, uint64_t *out_total)
{
    struct statvfs info;

    if (statvfs(dir, &info) != 0)
        return false;
    *out_free = (uint64_t)info.f_frsize * info.f_bavail; /* to root, too: it may be that of a user namespace */
    *out_total = (uint64_t)info.f_frsize * info.f_blocks;
    return true;
}

uint64_t space_init(struct store *store, uint64_t memory_bytes)
{
    uint64_t free_now, total;

    if (store->dir == NULL || !space_of(store->dir, &free_now, &total) || total == 0)
        return memory_bytes; /* 0 reserved: a file system that does not tell */
    if (memory_bytes > total / DISK_PART / MEMORY_TIMES)
        memory_bytes = total / DISK_PART / MEMORY_TIMES;
    store->reserve_bytes = memory_bytes * MEMORY_TIMES;
    log_room_set_reserve(&store->log_room, store->reserve_bytes);
    atomic_store(&store->disk_full, free_now < store->reserve_bytes);
    return memory_bytes;
}

/* How much of what is kept free must be left. */
static uint64_t floor_bytes(const struct store *store, enum store_frees frees)
{
    switch (frees) {
    case STORE_FREES_NOTHING:
        break;
    case STORE_FREES_LATER:
        return store->reserve_bytes / 2;
    case STORE_FREES_NOW:
        return store->reserve_bytes / 4;
    }
    return store->reserve_bytes;
}

/* What is free of both bytes and inodes, in bytes: a part of the kept inodes counts as such a part of the kept bytes. */
static bool room_of(const struct store *store, uint64_t *out)
{
    const uint64_t kept_each = store->reserve_bytes / INODES;
    struct statvfs info;

    if (statvfs(store->dir, &info) != 0)
        return false;
    *out = (uint64_t)info.f_frsize * info.f_bavail;
    if (info.f_files != 0 && info.f_favail < INODES && kept_each * info.f_favail < *out)
        *out = kept_each * info.f_favail;
    return true;
}

bool space_has_room(const struct store *store, uint64_t bytes, enum space_use use)
{
    uint64_t free_now;
    bool half;

    if (store->dir == NULL || !room_of(store, &free_now))
        return true;
    half = use == SPACE_FOR_FLUSHED || (use == SPACE_FOR_RECLAIM && free_now < store->reserve_bytes);
    return free_now >= bytes + floor_bytes(store, half ? STORE_FREES_LATER : STORE_FREES_NOTHING);
}

/* Free bytes; where the disk does not tell this time, what the last look found stands. */
static uint64_t look(struct store *store)
{
    uint64_t free_now;

    if (!room_of(store, &free_now))
        return atomic_load_explicit(&store->disk_full, memory_order_relaxed) ? floor_bytes(store, STORE_FREES_LATER)
                                                                             : store->reserve_bytes;
    atomic_store_explicit(&store->disk_full, free_now < store->reserve_bytes, memory_order_relaxed);
    return free_now;
}

bool space_allows(struct store *store, size_t bytes, enum store_frees frees)
{
    uint64_t now_ms;

    if (store->reserve_bytes == 0)
        return true;
    now_ms = io_monotonic_ms();
    if (!atomic_load_explicit(&store->disk_full, memory_order_relaxed) &&
        now_ms - atomic_load_explicit(&store->looked_ms, memory_order_relaxed) < LOOK_EVERY_MS &&
        atomic_fetch_add_explicit(&store->unseen_bytes, bytes, memory_order_relaxed) + bytes < LOOK_EVERY_BYTES)
        return true;
    atomic_store_explicit(&store->unseen_bytes, 0, memory_order_relaxed);
    atomic_store_explicit(&store->looked_ms, now_ms, memory_order_relaxed);
    return look(store) >= floor_bytes(store, frees) + bytes * 2; /* in the log and in a table */
}

/* Nobody may be writing just now, so this looks itself. */
bool store_full(struct store *store)
{
    return store->reserve_bytes != 0 && look(store) < store->reserve_bytes;
}

bool space_may_revive(struct store *store)
{
    return look(store) >= floor_bytes(store, STORE_FREES_LATER);
}
