/* SPDX-License-Identifier: Apache-2.0 */
/* log_repeats: which lines of the log are like one that was just written. Private to log.
 *
 * Alike are lines of the same level, message and texts; numbers and the request's id may differ.
 *
 * Limit:  LOG_REPEATS kinds of line at a time; the kind that is there longest makes room. LOG_REPEAT_BYTES of its
 *         texts.
 * Thread: the caller's lock.
 */
#ifndef SERVER_WATCH_LOG_REPEATS_H
#define SERVER_WATCH_LOG_REPEATS_H

#include "watch/log.h"

#define LOG_REPEATS       32
#define LOG_REPEAT_FIELDS 8
#define LOG_REPEAT_BYTES  512

/* A kind of line: `since_ms` 0 is no kind. */
struct log_repeat {
    uint64_t hash;
    int64_t since_ms;
    uint64_t more; /* since then */
    enum log_level level;
    const char *message; /* literals live for ever */
    struct log_field fields[LOG_REPEAT_FIELDS + 1];
    size_t count;
    char texts[LOG_REPEAT_BYTES];
};

struct log_repeats {
    struct log_repeat kinds[LOG_REPEATS];
};

/* Whether a line like it was written in the last LOG_REPEAT_MS; it is counted then. If not, and *out is a kind that had
 * to make room, its count is to be written: out->more is not 0. */
bool log_repeats_note(struct log_repeats *repeats, int64_t now_ms, enum log_level level, const char *message,
                      const struct log_field *fields, size_t count, struct log_repeat *out);

/* A kind whose count is due, or at the end any that has one; false: none. Its last field says how many more. */
bool log_repeats_take(struct log_repeats *repeats, int64_t now_ms, bool end, struct log_repeat *out);

/* When the next count is due; INT64_MAX: none. */
int64_t log_repeats_due_ms(const struct log_repeats *repeats);

#endif
