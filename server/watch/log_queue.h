/* SPDX-License-Identifier: Apache-2.0 */
/* log_queue: lines on their way to whoever reads the log. Private to log.
 *
 * In:     lines, from any thread. None of them ever waits for the reader.
 * Out:    the same lines in the same order, whole lines in pieces of at most PIPE_BUF bytes, so that they do not mix
 *         with those of others in the same pipe. Once lines were dropped all are, until what was queued is read; then a
 *         line says how many. What the system refuses (a full disk, a reader who left) is dropped as well, all but the
 *         end of a line that was begun; a second later the next is tried.
 * Owns:   one thread, two buffers (one is filled while the other is written), the log's file.
 * Thread: [any]
 *
 * When the process crashes what is still queued is written at once, as far as that can be done without waiting.
 */
#ifndef SERVER_WATCH_LOG_QUEUE_H
#define SERVER_WATCH_LOG_QUEUE_H

#include "watch/log.h"

extern enum log_format log_chosen_format;

/* Since 1970. */
int64_t log_now_ms(void);

void log_queue_line(const char *line, size_t len);

/* Whether the line is only counted: log_repeats.h. */
bool log_queue_repeats(enum log_level level, const char *message, const struct log_field *fields, size_t count);

#endif
