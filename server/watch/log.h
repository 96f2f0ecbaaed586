/* SPDX-License-Identifier: Apache-2.0 */
/* log: one line per event on standard output or in a file, as text or as JSON, for people and for containers.
 *
 *   LOG_LINE(LOG_LEVEL_INFO, "listening", LOG_TEXT("address", address), LOG_NUMBER("port", port));
 *
 *   2026-11-21T09:30:00.123Z info  listening address=127.0.0.1 port=8000
 *   {"time":"2026-11-21T09:30:00.123Z","level":"info","message":"listening","address":"127.0.0.1","port":8000}
 *
 * Nobody waits for whoever reads the log: a thread of its own writes the lines (log_queue.h), and those for which there
 * is no room are dropped and counted. Of warnings and errors that differ in nothing but numbers and request ids the
 * first is written, then every LOG_REPEAT_MS how many more there were ("more_like_it").
 *
 * Limit:  LOG_LINE_MAX bytes; what is longer loses its last fields, never its form. LOG_QUEUE_BYTES of lines unwritten.
 * Thread: [any]; before log_start and after log_stop a line is written at once.
 */
#ifndef SERVER_WATCH_LOG_H
#define SERVER_WATCH_LOG_H

#include "base/bytes.h"
#include "base/error.h"

#define LOG_LINE_MAX    4096
#define LOG_QUEUE_BYTES ((size_t)64 * 1024)
#define LOG_REPEAT_MS   10000

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

struct log_options {
    enum log_format format;
    enum log_level highest;
    const char *file; /* borrowed until log_stop; NULL: standard output */
};

/* Starts the thread. Fails when the file cannot be opened. Call with the signals blocked that are main's. [main] */
STATOR_MUST_CHECK enum stator_rc log_start(const struct log_options *options, struct stator_error *err);

/* Opens the file anew, under its name; false: there is none. [main] */
bool log_reopen(void);

/* Lines that nobody will read. */
uint64_t log_lines_dropped(void);

/* Lines that were counted with others like them, not written. */
uint64_t log_lines_repeated(void);

/* Writes what is queued, as far as that can be done without waiting, and that the process ends by this signal. [any, in a
 * handler of signals, too] */
void log_last_words(int number);

/* Writes what is left, unless nobody takes it within a second. [main] */
void log_stop(void);

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
