/* SPDX-License-Identifier: Apache-2.0 */
/* log: one line per event on standard output, as text or as JSON, for people and for containers.
 *
 *   LOG_LINE(LOG_LEVEL_INFO, "listening", LOG_TEXT("address", address), LOG_NUMBER("port", port));
 *
 *   2026-11-21T09:30:00.123Z info  listening address=127.0.0.1 port=8000
 *   {"time":"2026-11-21T09:30:00.123Z","level":"info","message":"listening","address":"127.0.0.1","port":8000}
 *
 * Limit:  LOG_LINE_MAX bytes; what is longer loses its last fields, never its form.
 * Thread: [any]; a line is one write(2). log_setup [main], before other threads.
 */
#ifndef SERVER_WATCH_LOG_H
#define SERVER_WATCH_LOG_H

#include "base/bytes.h"

#define LOG_LINE_MAX 4096

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log_field {
    const char *name;
    struct bytes text; /* absent: `number` counts */
    int64_t number;
};

#define LOG_TEXT(name_, text_)     ((struct log_field){.name = (name_), .text = (text_)})
#define LOG_STRING(name_, string_) LOG_TEXT(name_, bytes_of_string(string_))
#define LOG_NUMBER(name_, number_) ((struct log_field){.name = (name_), .number = (number_)})

extern enum log_level log_highest_level; /* private to log_enabled */

void log_setup(enum log_format format, enum log_level highest);

static inline bool log_enabled(enum log_level level)
{
    return level <= log_highest_level;
}

/* Fields without a name are left out. */
void log_write(enum log_level level, const char *message, const struct log_field *fields, size_t count);

/* The line itself, with its newline, into out[LOG_LINE_MAX]; returns its length. time_ms: since 1970. */
size_t log_format_line(char *out, enum log_format format, int64_t time_ms, enum log_level level, const char *message,
                       const struct log_field *fields, size_t count);

/* Nothing is evaluated when the level is off. */
#define LOG_LINE(level_, message_, ...)                                                                                \
    do {                                                                                                               \
        if (log_enabled(level_)) {                                                                                     \
            const struct log_field log_fields_[] = {{.name = NULL}, ##__VA_ARGS__};                                    \
            log_write((level_), (message_), log_fields_, sizeof(log_fields_) / sizeof(log_fields_[0]));                \
        }                                                                                                              \
    } while (0)

#endif
