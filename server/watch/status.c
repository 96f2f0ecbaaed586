/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/status.h"

#include <stdio.h>
#include <stdlib.h>

#include "watch/ask.h"
#include "json/reader.h"

#define TIMEOUT_S 10
#define TEXT_MAX  ((size_t)1 << 20)
#define COLUMN    18 /* of values */

static bool ends_with(struct bytes text, const char *end)
{
    size_t len = strlen(end);

    return text.len > len && memcmp(text.at + text.len - len, end, len) == 0;
}

static double number_of(struct bytes text)
{
    char copy[40];

    snprintf(copy, sizeof(copy), "%.*s", BYTES_ARG(text));
    return strtod(copy, NULL);
}

static void put_bytes(struct buf *out, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;

    for (; bytes >= 1024 && unit < 4; unit++)
        bytes /= 1024;
    buf_printf(out, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

static void put_seconds(struct buf *out, uint64_t seconds)
{
    if (seconds >= 86400)
        buf_printf(out, "%llu d ", (unsigned long long)(seconds / 86400));
    buf_printf(out, "%02u:%02u:%02u", (unsigned)(seconds / 3600 % 24), (unsigned)(seconds / 60 % 60),
               (unsigned)(seconds % 60));
}

/* A bound of a histogram. */
static void put_time(struct buf *out, double seconds)
{
    if (seconds < 1e-3)
        buf_printf(out, "%6.0f us", seconds * 1e6);
    else if (seconds < 1)
        buf_printf(out, "%6.4g ms", seconds * 1e3);
    else
        buf_printf(out, "%6.4g s ", seconds);
}

/* Texts come from the server; what would move a terminal's cursor is shown as '?'. */
static void put_text(struct buf *out, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        buf_append_byte(out, text.at[i] < 0x20 || text.at[i] == 0x7f ? '?' : text.at[i]);
}

/* "item_bytes": "item size". The unit is shown with the value. */
static void put_name(struct buf *out, struct bytes key)
{
    size_t begin = out->len;

    if (ends_with(key, "_bytes") || ends_with(key, "_s"))
        key.len -= ends_with(key, "_s") ? 2 : 6;
    put_text(out, key);
    for (size_t i = begin; !out->failed && i < out->len; i++)
        if (out->at[i] == '_')
            out->at[i] = ' ';
    do
        buf_append_byte(out, ' ');
    while (!out->failed && out->len - begin < COLUMN);
}

static bool put_member(struct buf *out, struct bytes key, enum json_token token, struct bytes value)
{
    put_name(out, key);
    if (token == JSON_NUMBER && ends_with(key, "_bytes"))
        put_bytes(out, number_of(value));
    else if (token == JSON_NUMBER && ends_with(key, "_s"))
        put_seconds(out, (uint64_t)number_of(value));
    else if (token == JSON_NUMBER || token == JSON_STRING)
        put_text(out, value);
    else if (token == JSON_TRUE || token == JSON_FALSE)
        buf_printf(out, "%s", token == JSON_TRUE ? "yes" : "no");
    else if (token == JSON_NULL)
        buf_append_literal(out, "-");
    else
        return false;
    buf_append_literal(out, "\n");
    return true;
}

/* One operation, its object begun: name, count, errors, faults, p50_s, p99_s. */
static bool put_operation(struct buf *out, struct json_reader *reader)
{
    int column = 0;
    enum json_token token;

    for (; (token = json_next(reader)) == JSON_KEY; column++) {
        bool is_time = ends_with(reader->text, "_s");

        token = json_next(reader);
        if (column == 0 && token == JSON_STRING) {
            size_t begin = out->len;

            put_text(out, reader->text);
            while (!out->failed && out->len - begin < 2 * COLUMN)
                buf_append_byte(out, ' ');
        } else if (token == JSON_NUMBER && is_time) {
            buf_append_literal(out, "   ");
            put_time(out, number_of(reader->text));
        } else if (token == JSON_NULL) {
            buf_append_literal(out, "        > 10 s"); /* above all bounds */
        } else if (token == JSON_NUMBER) {
            buf_printf(out, " %11.*s", BYTES_ARG(reader->text));
        } else {
            return false;
        }
    }
    buf_append_literal(out, "\n");
    return token == JSON_OBJECT_END;
}

static bool put_operations(struct buf *out, struct json_reader *reader)
{
    enum json_token token = json_next(reader);

    if (token == JSON_OBJECT_BEGIN)
        buf_printf(out, "\n%-*s %11s %11s %11s %11s %11s\n", 2 * COLUMN, "operation", "requests", "errors", "faults",
                   "p50", "p99");
    for (; token == JSON_OBJECT_BEGIN; token = json_next(reader))
        if (!put_operation(out, reader))
            return false;
    return token == JSON_ARRAY_END;
}

bool status_write(struct buf *out, struct bytes json)
{
    struct json_reader reader;
    enum json_token token;
    struct arena arena;
    bool sound;

    arena_init(&arena, TEXT_MAX);
    json_reader_init(&reader, json, &arena);
    sound = json_next(&reader) == JSON_OBJECT_BEGIN;
    while (sound && (token = json_next(&reader)) != JSON_OBJECT_END) {
        struct bytes key = reader.text;

        sound = token == JSON_KEY;
        if (!sound)
            break;
        token = json_next(&reader);
        sound = token == JSON_ARRAY_BEGIN ? put_operations(out, &reader) : put_member(out, key, token, reader.text);
    }
    sound = sound && json_next(&reader) == JSON_END && !out->failed;
    arena_deinit(&arena);
    return sound;
}

static enum stator_rc print(struct bytes text, struct stator_error *err)
{
    if (fwrite(text.at, 1, text.len, stdout) == text.len && fflush(stdout) == 0)
        return STATOR_OK;
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "cannot write");
}

static enum stator_rc print_answer(const struct ask *ask, const struct ask_answer *answer, bool person,
                                   struct stator_error *err)
{
    enum stator_rc rc;
    struct buf out;

    if (answer->status != 200)
        return ask_fail(ask, err, "it answers with status %d: %.*s", answer->status, BYTES_ARG(answer->body));
    buf_init(&out, TEXT_MAX);
    if (!person) {
        buf_append_bytes(&out, answer->body);
        buf_append_byte(&out, '\n');
        rc = print(buf_bytes(&out), err);
    } else if (status_write(&out, answer->body)) {
        rc = print(buf_bytes(&out), err);
    } else {
        rc = ask_fail(ask, err, "it answers, but not as Stator does");
    }
    buf_deinit(&out);
    return rc;
}

enum stator_rc status_print(const char *host, uint16_t port, bool person, struct stator_error *err)
{
    const struct ask ask = {.host = host, .port = port, .path = "/_stator/status", .timeout_s = TIMEOUT_S};
    struct ask_answer answer;
    enum stator_rc rc;

    STATOR_TRY(ask_server(&answer, &ask, err));
    rc = print_answer(&ask, &answer, person, err);
    ask_release(&answer);
    return rc;
}
