/* SPDX-License-Identifier: Apache-2.0 */
#include "json/writer.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

/* 0: as it is. 'u': \u00xx. Otherwise the letter behind the backslash. */
static const uint8_t escapes[256] = {
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b', 't', 'n', 'u', 'f', 'r', 'u', 'u',         'u',
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', ['"'] = '"', ['\\'] = '\\',
};

#define ONES  0x0101010101010101u
#define HIGHS 0x8080808080808080u

/* Whether one of eight bytes must be escaped. It may say so of a byte that follows one, which costs only time. */
static bool needs_escape(uint64_t word)
{
    uint64_t quote = word ^ (ONES * '"');
    uint64_t backslash = word ^ (ONES * '\\');
    uint64_t hits = ((word - ONES * 0x20) & ~word) | ((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash);

    return (hits & HIGHS) != 0;
}

/* How many bytes from `at` need no escape. */
static size_t plain_run(const uint8_t *at, size_t len)
{
    size_t run = 0;

    while (len - run >= 8) {
        uint64_t word;

        memcpy(&word, at + run, sizeof(word));
        if (needs_escape(word))
            break;
        run += 8;
    }
    while (run < len && escapes[at[run]] == 0)
        run++;
    return run;
}

static void append_escape(struct buf *buf, uint8_t byte)
{
    static const char hex[] = "0123456789abcdef";
    char text[6] = {'\\', (char)escapes[byte], '0', '0', hex[byte >> 4], hex[byte & 15]};

    buf_append(buf, text, text[1] == 'u' ? 6 : 2);
}

void json_quote(struct buf *buf, struct bytes text)
{
    buf_append_byte(buf, '"');
    for (size_t done = 0; done < text.len;) {
        size_t run = plain_run(text.at + done, text.len - done);

        buf_append(buf, text.at + done, run);
        done += run;
        if (done < text.len)
            append_escape(buf, text.at[done++]);
    }
    buf_append_byte(buf, '"');
}

static void before_value(struct json_writer *writer)
{
    if (writer->comma)
        buf_append_byte(writer->buf, ',');
    writer->comma = true;
}

static void open_level(struct json_writer *writer, uint8_t bracket)
{
    before_value(writer);
    buf_append_byte(writer->buf, bracket);
    writer->comma = false;
}

static void close_level(struct json_writer *writer, uint8_t bracket)
{
    buf_append_byte(writer->buf, bracket);
    writer->comma = true;
}

void json_object_begin(struct json_writer *writer)
{
    open_level(writer, '{');
}

void json_object_end(struct json_writer *writer)
{
    close_level(writer, '}');
}

void json_array_begin(struct json_writer *writer)
{
    open_level(writer, '[');
}

void json_array_end(struct json_writer *writer)
{
    close_level(writer, ']');
}

void json_key(struct json_writer *writer, struct bytes key)
{
    before_value(writer);
    json_quote(writer->buf, key);
    buf_append_byte(writer->buf, ':');
    writer->comma = false;
}

void json_string(struct json_writer *writer, struct bytes text)
{
    before_value(writer);
    json_quote(writer->buf, text);
}

static void append_integer(struct buf *buf, int64_t value)
{
    char text[20];
    char *at = text + sizeof(text);
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left != 0);
    if (value < 0)
        *--at = '-';
    buf_append(buf, at, (size_t)(text + sizeof(text) - at));
}

void json_integer(struct json_writer *writer, int64_t value)
{
    before_value(writer);
    append_integer(writer->buf, value);
}

/* Writes digits[0].digits[1]... * 10^exponent in plain notation, or with an exponent when that is far from 0. */
static void append_decimal(struct buf *buf, const char *digits, size_t count, int exponent)
{
    static const char zeros[] = "000000000000000000000";

    if (exponent < -6 || exponent > 20) {
        buf_append(buf, digits, 1);
        buf_append_byte(buf, '.');
        if (count > 1)
            buf_append(buf, digits + 1, count - 1);
        else
            buf_append_byte(buf, '0');
        buf_printf(buf, "E%d", exponent);
    } else if (exponent < 0) {
        buf_append_literal(buf, "0.");
        buf_append(buf, zeros, (size_t)(-exponent - 1));
        buf_append(buf, digits, count);
    } else if (count <= (size_t)exponent + 1) {
        buf_append(buf, digits, count);
        buf_append(buf, zeros, (size_t)exponent + 1 - count);
        buf_append_literal(buf, ".0");
    } else {
        buf_append(buf, digits, (size_t)exponent + 1);
        buf_append_byte(buf, '.');
        buf_append(buf, digits + exponent + 1, count - (size_t)exponent - 1);
    }
}

/* Any decimal of 15 digits survives the way through a normal double, and 17 digits tell every double apart: one of 15,
 * 16 and 17 is the shortest, once its final zeros are gone. Subnormal ones have fewer digits: all counts are tried. */
static void append_double(struct buf *buf, double magnitude)
{
    char text[32]; /* d.ddde+xxx */
    char digits[17];
    size_t count = 0;

    for (int precision = magnitude < DBL_MIN ? 0 : 14; precision <= 16; precision++) {
        snprintf(text, sizeof(text), "%.*e", precision, magnitude);
        if (strtod(text, NULL) == magnitude)
            break;
    }
    for (const char *at = text; *at != 'e'; at++) {
        if (*at >= '0' && *at <= '9')
            digits[count++] = *at;
    }
    while (count > 1 && digits[count - 1] == '0')
        count--;
    append_decimal(buf, digits, count, atoi(strchr(text, 'e') + 1));
}

/* Thousandths are what capacity units and dates are made of. With at most 15 digits their decimal is the shortest one,
 * for the reason above. */
static bool append_thousandths(struct buf *buf, double value)
{
    double thousandths = rint(value * 1000);
    int64_t whole, rest;
    char text[3];

    if (!(fabs(thousandths) < 1e15) || thousandths / 1000 != value)
        return false;
    whole = (int64_t)thousandths / 1000;
    rest = llabs((int64_t)thousandths % 1000);
    if (value < 0 && whole == 0)
        buf_append_byte(buf, '-');
    append_integer(buf, whole);
    buf_append_byte(buf, '.');
    text[0] = (char)('0' + rest / 100);
    text[1] = (char)('0' + rest / 10 % 10);
    text[2] = (char)('0' + rest % 10);
    buf_append(buf, text, text[2] != '0' ? 3 : text[1] != '0' ? 2 : 1);
    return true;
}

void json_double(struct json_writer *writer, double value)
{
    stator_assert(isfinite(value));
    before_value(writer);
    if (append_thousandths(writer->buf, value))
        return;
    if (value < 0)
        buf_append_byte(writer->buf, '-');
    append_double(writer->buf, fabs(value));
}

void json_bool(struct json_writer *writer, bool value)
{
    json_raw(writer, value ? BYTES("true") : BYTES("false"));
}

void json_null(struct json_writer *writer)
{
    json_raw(writer, BYTES("null"));
}

void json_raw(struct json_writer *writer, struct bytes json)
{
    before_value(writer);
    buf_append_bytes(writer->buf, json);
}
