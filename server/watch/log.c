/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/utf8.h"
#include "watch/log_queue.h"

static const char *const level_names[] = {"error", "warn", "info", "debug"};

enum log_level log_highest_level = LOG_LEVEL_INFO;
enum log_format log_chosen_format = LOG_FORMAT_TEXT;

int64_t log_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A line being written. What would not fit is dropped whole: `room` is what is left before the line's end. */
struct line {
    char *at;
    size_t room;
};

/* Longest form of one character: \u00xx. */
#define ESCAPED_MAX 6

static void put(struct line *line, const char *text, size_t len)
{
    if (len > line->room)
        len = line->room;
    memcpy(line->at, text, len);
    line->at += len;
    line->room -= len;
}

static void put_string(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* A JSON string, which is also how the text form quotes. Bytes that are no UTF-8 become '?'. */
static void put_quoted(struct line *line, struct bytes text)
{
    put(line, "\"", 1);
    while (text.len != 0 && line->room > 2 * ESCAPED_MAX) {
        size_t len = utf8_sequence(text);
        char escaped[ESCAPED_MAX + 1];

        if (len == 0)
            put(line, "?", len = 1);
        else if (*text.at == '"' || *text.at == '\\')
            put(line, escaped, (size_t)snprintf(escaped, sizeof(escaped), "\\%c", *text.at));
        else if (*text.at < 0x20 || *text.at == 0x7f)
            put(line, escaped, (size_t)snprintf(escaped, sizeof(escaped), "\\u%04x", *text.at));
        else
            put(line, (const char *)text.at, len);
        text.at += len;
        text.len -= len;
    }
    put(line, "\"", 1);
}

/* Text needs no quotes when no reader could mistake where it ends. */
static bool is_plain(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] <= ' ' || text.at[i] >= 0x7f || text.at[i] == '"' || text.at[i] == '=' || text.at[i] == '\\')
            return false;
    return text.len != 0;
}

static void put_field(struct line *line, enum log_format format, const struct log_field *field)
{
    char number[24];

    put_string(line, format == LOG_FORMAT_JSON ? ",\"" : " ");
    put_string(line, field->name);
    put_string(line, format == LOG_FORMAT_JSON ? "\":" : "=");
    if (!bytes_present(field->text))
        put(line, number, (size_t)snprintf(number, sizeof(number), "%" PRId64, field->number));
    else if (format == LOG_FORMAT_JSON || !is_plain(field->text))
        put_quoted(line, field->text);
    else
        put(line, (const char *)field->text.at, field->text.len);
}

static void put_time(struct line *line, int64_t time_ms)
{
    time_t seconds = (time_t)(time_ms / 1000);
    char text[40];
    struct tm utc;
    size_t len;

    gmtime_r(&seconds, &utc);
    len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    len += (size_t)snprintf(text + len, sizeof(text) - len, ".%03dZ", (int)(time_ms % 1000));
    put(line, text, len);
}

size_t log_format_line(char *out, enum log_format format, int64_t time_ms, enum log_level level, const char *message,
                       const struct log_field *fields, size_t count)
{
    struct line line = {out, LOG_LINE_MAX - 2}; /* "}\n" always fits */

    if (format == LOG_FORMAT_JSON) {
        put_string(&line, "{\"time\":\"");
        put_time(&line, time_ms);
        put_string(&line, "\",\"level\":\"");
        put_string(&line, level_names[level]);
        put_string(&line, "\",\"message\":");
        put_quoted(&line, bytes_of_string(message));
    } else {
        char name[8];

        put_time(&line, time_ms);
        put(&line, name, (size_t)snprintf(name, sizeof(name), " %-5s ", level_names[level]));
        put_string(&line, message);
    }
    for (size_t i = 0; i < count; i++) {
        size_t name_len = fields[i].name != NULL ? strlen(fields[i].name) : 0;

        /* The longest number and the quotes must fit, or the field is left out. */
        if (name_len != 0 && line.room >= name_len + 2 * ESCAPED_MAX + 28 &&
            (fields[i].text.len < LOG_LINE_MAX / 8 || line.room > LOG_LINE_MAX / 2))
            put_field(&line, format, &fields[i]);
    }
    line.room += 2;
    put_string(&line, format == LOG_FORMAT_JSON ? "}\n" : "\n");
    return (size_t)(line.at - out);
}

/* The first of many alike is written at once, how many more there were later: log_queue.c. Information is told each
 * time. */
void log_write(enum log_level level, const char *message, const struct log_field *fields, size_t count)
{
    char out[LOG_LINE_MAX];

    if (level <= LOG_LEVEL_WARN && log_queue_repeats(level, message, fields, count))
        return;
    log_queue_line(out, log_format_line(out, log_chosen_format, log_now_ms(), level, message, fields, count));
}
