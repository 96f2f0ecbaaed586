/* SPDX-License-Identifier: Apache-2.0 */
/* log_sound: a damaged log of the engine's as if it had never had anything but the records that can be read.
 *
 * Thread: [any]; one belongs to one.
 */
#ifndef SERVER_STORE_LOG_SOUND_H
#define SERVER_STORE_LOG_SOUND_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct log_sound;

/* NULL: errno tells. Ended by log_sound_close. */
struct log_sound *log_sound_open(const char *path);
void log_sound_close(struct log_sound *log);

/* The next bytes: fewer than asked for at the end alone. A part of the disk that cannot be read is the end, and so is a record
 * that there is no memory for. */
size_t log_sound_read(struct log_sound *log, char *out, size_t len);

#ifdef __cplusplus
}
#endif

#endif
