/* SPDX-License-Identifier: Apache-2.0 */
/* log_sound: a damaged log of the engine's as if it had never had anything but the records that can be read.
 *
 * Thread: [any]; one belongs to one.
 */
#ifndef SERVER_STORE_LOG_SOUND_H
#define SERVER_STORE_LOG_SOUND_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct log_sound;

/* next: the sequence that the next record has at least, of all logs that are read one after the other; NULL: of this one alone. NULL is
 * returned where errno tells why. Ended by log_sound_close. */
struct log_sound *log_sound_open(const char *path, uint64_t *next);
void log_sound_close(struct log_sound *log);

/* The next bytes: fewer than asked for at the end alone. A part of the disk that cannot be read is the end, and so is a record
 * that there is no memory for. */
size_t log_sound_read(struct log_sound *log, char *out, size_t len);

/* What can be read behind the first gap. */
struct log_behind {
    uint64_t records, bytes;
};

/* Of the bytes that follow the gap's beginning so many are looked at. Nothing is found where the log cannot be opened. */
struct log_behind log_sound_behind(const char *path, uint64_t bytes);

#ifdef __cplusplus
}
#endif

#endif
