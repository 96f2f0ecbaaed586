/* SPDX-License-Identifier: Apache-2.0 */
/* log_room: space on the disk that only the log's file can take. It is allocated behind the file's end, and a write is admitted
 * to the log, or to the engine's buffer before it, only where there is enough left of it. So another program that takes the
 * disk's last byte is met before a write and never within one: after a log that could not be written on, the engine takes
 * no write until the database is opened anew.
 *
 * The engine begins a next log when it likes, and is stopped where there is no space for one. So there is a spare: a file with
 * room for all that is on its way, which becomes the next log then. Nothing is admitted without one.
 *
 * Where a file system cannot allocate so (EOPNOTSUPP), there is no limit here, and space.c alone looks ahead.
 *
 * Thread: [any], but log_room_init and log_room_deinit [main].
 */
#ifndef SERVER_STORE_LOG_ROOM_H
#define SERVER_STORE_LOG_ROOM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_ROOM_SPARE "STATOR-SPARE" /* in the data directory, and empty */

struct log_room {
    int64_t chunk;         /* bytes that are allocated at a time */
    char *spare_path;      /* NULL: there is none, ever */
    pthread_mutex_t lock;  /* guards the next three, and the spare's file */
    int fd;                /* of the log that is written; -1: there is none yet */
    uint64_t allocated;    /* bytes of its file */
    int64_t used_spare;    /* bytes of the spare that is about to be the next log; 0: none is */
    _Atomic int64_t left;  /* bytes allocated to the log, for writes that are not admitted yet */
    _Atomic int64_t spare; /* bytes allocated to the spare; 0: there is none now */
    _Atomic uint64_t
        on_way; /* bytes that ask to be admitted, or are, and of which it is not known whether they are in a file */
};

/* Without limit until the first log_room_begin. */
void log_room_init(struct log_room *room);

/* Of a small disk's reserve the log takes little ahead. Before the first log. */
void log_room_set_reserve(struct log_room *room, uint64_t reserve_bytes);

/* There is to be a spare in dir, that of the logs. Before the first log, too. False: no memory. */
bool log_room_set_dir(struct log_room *room, const char *dir);

/* Whoever owns the directory: one that an earlier start left behind goes. A start on a full disk needs its space. */
void log_room_drop_spare(struct log_room *room);

/* The spare goes. */
void log_room_deinit(struct log_room *room);

/* A log was made at that path, and is empty. What is on its way may go there or into the one before, so it gets room for all
 * that, too. False: there is no space, and the log before is still the one that is written. starting: there is none
 * before, and this one is written on; nothing is allocated, for a start has other uses for the last space, and so nothing is
 * admitted until something is. */
bool log_room_begin(struct log_room *room, const char *path, bool starting);

/* Before the engine is told to begin a next log: that has space. False: it may have none. */
bool log_room_has_spare(struct log_room *room);

/* There was no space for a log at that path: the spare is there now. False: there is none. */
bool log_room_use_spare(struct log_room *room, const char *path);

/* A batch of so many bytes is about to be written; how much of the file all that is on its way will take. */
uint64_t log_room_set_out(struct log_room *room, size_t bytes);
/* It was made, or it was not: it is in the file or nowhere. */
void log_room_arrive(struct log_room *room, size_t bytes);
/* The same of all: nobody is writing, and the engine's buffer is empty. */
void log_room_arrive_all(struct log_room *room);

/* Between log_room_set_out and the write: admits it. WOULD_WAIT: for the file system, and may_wait is false. Only what was admitted and
 * then not written is given back. */
enum log_room_answer { LOG_ROOM_TAKEN, LOG_ROOM_WOULD_WAIT, LOG_ROOM_NONE };
enum log_room_answer log_room_take(struct log_room *room, size_t bytes, bool may_wait);
void log_room_give_back(struct log_room *room, size_t bytes);

/* Bytes of the file that nobody has taken; 0 where there is no limit. */
uint64_t log_room_left(const struct log_room *room);

/* Allocates ahead of need, so that hardly any write waits for it. False: there is no space. */
bool log_room_refill(struct log_room *room);

#endif
