/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log_room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/io.h"

#define CHUNK_BYTES_MAX    ((int64_t)1 << 20)
#define CHUNK_BYTES_MIN    ((int64_t)64 << 10)
#define CHUNK_RESERVE_PART 16 /* of what is kept free: several logs may be there at once */
/* The engine's own of a write, at most: headers, and the rest of a block that is too small for one. */
#define RECORD_BYTES 64
#define BLOCK_PART   2048 /* and of a long one: 7 bytes in each 32 KiB, and more than that */
#define UNLIMITED    (INT64_MAX / 2)

void log_room_init(struct log_room *room)
{
    *room = (struct log_room){.chunk = CHUNK_BYTES_MAX, .fd = -1, .spare = UNLIMITED, .left = UNLIMITED};
    pthread_mutex_init(&room->lock, NULL);
}

void log_room_set_reserve(struct log_room *room, uint64_t reserve_bytes)
{
    const uint64_t part = reserve_bytes / CHUNK_RESERVE_PART;

    if (part < CHUNK_BYTES_MAX)
        room->chunk = part > CHUNK_BYTES_MIN ? (int64_t)part : CHUNK_BYTES_MIN;
}

bool log_room_set_dir(struct log_room *room, const char *dir)
{
    const size_t size = strlen(dir) + sizeof("/" LOG_ROOM_SPARE);
    char *path = malloc(size);

    if (path == NULL)
        return false;
    snprintf(path, size, "%s/" LOG_ROOM_SPARE, dir);
    free(room->spare_path);
    room->spare_path = path;
    atomic_store(&room->spare, 0);
    return true;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

void log_room_drop_spare(struct log_room *room)
{
    if (room->spare_path != NULL)
        (void)unlink(room->spare_path);
}

static bool is_file(int64_t spare)
{
    return spare > 0 && spare < UNLIMITED;
}

void log_room_deinit(struct log_room *room)
{
    if (is_file(atomic_load(&room->spare)))
        unlink(room->spare_path);
    free(room->spare_path);
    pthread_mutex_destroy(&room->lock);
    close_if_open(room->fd);
}

static bool is_no_space(int error)
{
    return error == ENOSPC || error == EDQUOT;
}

static int64_t size_of(int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0 ? info.st_size : INT64_MAX;
}

/* ext4 keeps what there was of it. Others need that more than a file that is not used then. */
static void give_part_back(int fd, int64_t from)
{
    if (from == 0 && size_of(fd) == 0)
        (void)!ftruncate(fd, 0);
}

/* 0, or errno's value. */
static int allocate(int fd, int64_t from, int64_t bytes)
{
    int error = 0;

    while (fallocate(fd, FALLOC_FL_KEEP_SIZE, from, bytes) != 0 && (error = errno) == EINTR)
        error = 0;
    if (is_no_space(error))
        give_part_back(fd, from);
    return error;
}

/* With the lock. What a start has written to its log nobody was admitted for. */
static void begin_at_end(struct log_room *room)
{
    const int64_t size = room->fd >= 0 && room->allocated == 0 ? size_of(room->fd) : 0;

    if (size != INT64_MAX)
        room->allocated += (uint64_t)size;
}

/* With the lock. False where there is no space; any other reason is one that the file system cannot, or the log's to tell. */
static bool grow(struct log_room *room, int64_t bytes)
{
    const int error = room->fd >= 0 ? allocate(room->fd, (int64_t)room->allocated, bytes) : EOPNOTSUPP;

    if (is_no_space(error))
        return false;
    if (error != 0) {
        atomic_store(&room->left, UNLIMITED);
        return true;
    }
    room->allocated += (uint64_t)bytes;
    atomic_fetch_add(&room->left, bytes);
    return true;
}

/* With the lock. As grow; one that an earlier start left behind is made empty. */
static bool grow_spare(struct log_room *room, int64_t bytes)
{
    const int empty = atomic_load(&room->spare) == 0 ? O_TRUNC : 0;
    const int fd = io_open_file(AT_FDCWD, room->spare_path, O_WRONLY | O_CREAT | empty);
    const int error = fd >= 0 ? allocate(fd, 0, bytes) : errno;

    if (fd < 0) /* for lack of descriptors, say: next time */
        return !is_no_space(error);
    close(fd);
    if (is_no_space(error))
        return false;
    if (error != 0)
        unlink(room->spare_path);
    atomic_store(&room->spare, error == 0 ? bytes : UNLIMITED);
    return true;
}

static bool is_spared(const struct log_room *room)
{
    return atomic_load(&room->spare) >= (int64_t)atomic_load(&room->on_way) + RECORD_BYTES;
}

/* With the lock. */
static bool spare(struct log_room *room)
{
    const int64_t on_way = (int64_t)atomic_load(&room->on_way);

    return is_spared(room) || grow_spare(room, on_way + room->chunk) || grow_spare(room, on_way + RECORD_BYTES);
}

bool log_room_has_spare(struct log_room *room)
{
    bool has = is_spared(room);

    if (has)
        return true;
    pthread_mutex_lock(&room->lock);
    has = spare(room);
    pthread_mutex_unlock(&room->lock);
    return has;
}

bool log_room_use_spare(struct log_room *room, const char *path)
{
    bool used = false;

    pthread_mutex_lock(&room->lock);
    if (is_file(atomic_load(&room->spare))) {
        used = rename(room->spare_path, path) == 0;
        room->used_spare = used ? atomic_load(&room->spare) : 0;
        atomic_store(&room->spare, 0);
    }
    pthread_mutex_unlock(&room->lock);
    return used;
}

/* With the lock. What a file has already may not be asked for again: XFS wants space for it a second time. Who is admitted has room
 * in it, but others may be on their way, too. */
static bool take_over_spare(struct log_room *room, int64_t on_way)
{
    const int64_t had = room->used_spare;

    if (had == 0)
        return false;
    room->used_spare = 0;
    room->allocated = (uint64_t)had;
    atomic_fetch_add(&room->left, had > on_way ? had : on_way);
    return true;
}

/* Nothing is left while it is not known what is on its way: who was admitted before that is counted there. The engine has the file
 * open, but lends nobody its descriptor. */
bool log_room_begin(struct log_room *room, const char *path, bool starting)
{
    const int made = open(path, O_WRONLY | O_CLOEXEC);
    uint64_t allocated_before;
    int64_t left, on_way;
    int before;
    bool grown;

    pthread_mutex_lock(&room->lock);
    before = room->fd;
    allocated_before = room->allocated;
    left = atomic_exchange(&room->left, 0);
    on_way = (int64_t)atomic_load(&room->on_way);
    room->fd = made;
    room->allocated = 0;
    grown = !starting &&
            (take_over_spare(room, on_way) || grow(room, on_way + room->chunk) || grow(room, on_way + RECORD_BYTES));
    if (grown) {
        atomic_fetch_sub(&room->left, on_way);
    } else if (!starting) {
        room->fd = before;
        room->allocated = allocated_before;
        atomic_fetch_add(&room->left, left);
    }
    pthread_mutex_unlock(&room->lock);
    close_if_open(grown || starting ? before : made);
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

    if (is_spared(room) && take(room, all))
        return LOG_ROOM_TAKEN;
    if (!may_wait)
        return LOG_ROOM_WOULD_WAIT;
    pthread_mutex_lock(&room->lock);
    taken = spare(room) && (take(room, all) || ((grow(room, all + room->chunk) || grow(room, all)) && take(room, all)));
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

    if (atomic_load_explicit(&room->left, memory_order_relaxed) >= room->chunk / 2 && is_spared(room))
        return true;
    pthread_mutex_lock(&room->lock);
    begin_at_end(room);
    if (atomic_load(&room->left) < room->chunk / 2)
        enough = grow(room, room->chunk);
    enough = spare(room) && enough;
    pthread_mutex_unlock(&room->lock);
    return enough;
}
