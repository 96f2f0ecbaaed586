/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log_room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES ((int64_t)1 << 20)
#define RECORD_BYTES                                                                                                   \
    64 /* the engine's own of a write, at most: headers, the rest of a block that is too small for one */
#define BLOCK_PART 2048 /* and of a long one: 7 bytes in each 32 KiB, and more than that */
#define UNLIMITED  INT64_MAX / 2

void log_room_init(struct log_room *room)
{
    *room = (struct log_room){.left = UNLIMITED};
    pthread_mutex_init(&room->lock, NULL);
}

void log_room_deinit(struct log_room *room)
{
    pthread_mutex_destroy(&room->lock);
    free(room->path);
}

/* 0, or errno's value. The engine has the file open, but lends nobody its descriptor. */
static int allocate(const char *path, uint64_t from, int64_t bytes)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    int error = 0;

    if (fd < 0)
        return errno;
    while (fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)bytes) != 0 && (error = errno) == EINTR)
        error = 0;
    close(fd);
    return error;
}

/* With the lock. False where there is no space; any other reason is one that the file system cannot, or the log's to tell. */
static bool grow(struct log_room *room, int64_t bytes)
{
    const int error = room->path != NULL ? allocate(room->path, room->allocated, bytes) : EOPNOTSUPP;

    if (error == ENOSPC || error == EDQUOT)
        return false;
    if (error != 0) {
        atomic_store(&room->left, UNLIMITED);
        return true;
    }
    room->allocated += (uint64_t)bytes;
    atomic_fetch_add(&room->left, bytes);
    return true;
}

/* Nothing is left while it is not known what is on its way: who was admitted before that is counted there. */
bool log_room_begin(struct log_room *room, const char *path, bool forced)
{
    char *path_before;
    uint64_t allocated_before;
    int64_t left, on_way;
    bool grown;

    pthread_mutex_lock(&room->lock);
    path_before = room->path;
    allocated_before = room->allocated;
    left = atomic_exchange(&room->left, 0);
    on_way = (int64_t)atomic_load(&room->on_way);
    room->path = strdup(path);
    room->allocated = 0;
    grown = grow(room, on_way + CHUNK_BYTES) || grow(room, on_way + RECORD_BYTES);
    if (grown || forced) {
        free(path_before);
        atomic_fetch_sub(&room->left, grown ? on_way : 0);
    } else {
        free(room->path);
        room->path = path_before;
        room->allocated = allocated_before;
        atomic_fetch_add(&room->left, left);
    }
    pthread_mutex_unlock(&room->lock);
    return grown;
}

/* Of the file. */
static int64_t needed(size_t bytes)
{
    return (int64_t)(bytes + bytes / BLOCK_PART + RECORD_BYTES);
}

uint64_t log_room_set_out(struct log_room *room, size_t bytes)
{
    const uint64_t all = (uint64_t)needed(bytes);

    return atomic_fetch_add(&room->on_way, all) + all;
}

void log_room_arrive(struct log_room *room, size_t bytes)
{
    atomic_fetch_sub(&room->on_way, (uint64_t)needed(bytes));
}

void log_room_arrive_all(struct log_room *room)
{
    atomic_store(&room->on_way, 0);
}

static bool take(struct log_room *room, int64_t bytes)
{
    int64_t left = atomic_load_explicit(&room->left, memory_order_relaxed);

    while (left >= bytes)
        if (atomic_compare_exchange_weak(&room->left, &left, left - bytes))
            return true;
    return false;
}

enum log_room_answer log_room_take(struct log_room *room, size_t bytes, bool may_wait)
{
    const int64_t all = needed(bytes);
    bool taken;

    if (take(room, all))
        return LOG_ROOM_TAKEN;
    if (!may_wait)
        return LOG_ROOM_WOULD_WAIT;
    pthread_mutex_lock(&room->lock);
    taken = take(room, all) || ((grow(room, all + CHUNK_BYTES) || grow(room, all)) && take(room, all));
    pthread_mutex_unlock(&room->lock);
    return taken ? LOG_ROOM_TAKEN : LOG_ROOM_NONE;
}

void log_room_give_back(struct log_room *room, size_t bytes)
{
    atomic_fetch_add(&room->left, needed(bytes));
}

uint64_t log_room_left(const struct log_room *room)
{
    const int64_t left = atomic_load(&room->left);

    return left > 0 && left < UNLIMITED / 2 ? (uint64_t)left : 0;
}

bool log_room_refill(struct log_room *room)
{
    bool enough = true;

    if (atomic_load_explicit(&room->left, memory_order_relaxed) >= CHUNK_BYTES / 2)
        return true;
    pthread_mutex_lock(&room->lock);
    if (atomic_load(&room->left) < CHUNK_BYTES / 2)
        enough = grow(room, CHUNK_BYTES);
    pthread_mutex_unlock(&room->lock);
    return enough;
}
