/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of one key value. Nothing here may ever change: directories are full of it.
 *
 * S and B: the bytes, each 00 written as 01 01 and each 01 as 01 02, then the terminator 00. So every byte keeps its
 * place in the order, the end of a value sorts below whatever could have followed, and no value is a prefix of another.
 *
 *   "ab"   61 62 00
 *   ""     00
 *   00 07  01 01 07 00
 *
 * N: one head byte, then digits in pairs. A positive number is written as 0.P1 P2 .. Pn * 100^E with pairs 00..99, P1
 * and Pn not 00; E runs from -64 (1E-130 is 0.01 * 100^-64) to 63 (9.9E+125 is 0.99 * 100^63).
 *
 *   head   80 + (E + 64)                  80 .. FF
 *   pair   2 * pair + (1 if one follows)  00 .. C7; the number that goes on is the larger one, as its bytes are
 *   zero   80 00                          the pair 00, which no other number with this head begins with
 *
 * A negative number is the bitwise complement of its absolute value's bytes, so heads 00 .. 7F, larger magnitudes
 * first. The shortest encoding is 2 bytes (0 to 99, and 100, 200, ..), the longest 21.
 *
 *   5      0.05 * 100^1           C1 0A
 *   -5                            3E F5
 *   120    0.01 20 * 100^2        C2 03 28
 *   12.5   0.12 50 * 100^1        C1 19 64
 *
 * One whole key: index 7, token 0123456789ABCDEF, partition key S "ab", sort key N 120:
 *
 *   00 00 00 07 · 01 23 45 67 89 AB CD EF · 61 62 00 · C2 03 28
 */
#include "format/keycodec.h"

#include "base/utf8.h"
#include "value/number.h"

#define TEXT_END    0x00 /* also what bytes 00 and 01 are told apart from */
#define TEXT_ESCAPE 0x01

#define HEAD_POSITIVE   0x80 /* of E = -64 */
#define EXPONENT_LOWEST (-64)
#define PAIRS_MAX       (NUMBER_DIGITS_MAX / 2 + 1) /* 38 digits that begin and end in the middle of a pair */
#define NUMBER_KEY_MAX  (1 + PAIRS_MAX)

void key_append_prefix(struct buf *buf, uint32_t index_id, uint64_t token)
{
    buf_append_be32(buf, index_id);
    buf_append_be64(buf, token);
}

/* --- S and B ------------------------------------------------------------------------------------------------------ */

static void append_text(struct buf *buf, struct bytes text)
{
    size_t plain = 0; /* start of what is not yet written */

    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] > TEXT_ESCAPE)
            continue;
        buf_append(buf, text.at + plain, i - plain);
        buf_append_byte(buf, TEXT_ESCAPE);
        buf_append_byte(buf, (uint8_t)(text.at[i] + 1));
        plain = i + 1;
    }
    buf_append(buf, text.at + plain, text.len - plain);
}

/* Length of the encoding without its terminator, and of the text it stands for. False when it is not one. */
static bool measure_text(struct bytes key, size_t *encoded_len, size_t *text_len)
{
    size_t escapes = 0;
    size_t i = 0;

    for (; i < key.len && key.at[i] != TEXT_END; i++) {
        if (key.at[i] != TEXT_ESCAPE)
            continue;
        i++;
        if (i == key.len || key.at[i] < 1 || key.at[i] > 2)
            return false;
        escapes++;
    }
    if (i == key.len)
        return false;
    *encoded_len = i;
    *text_len = i - escapes;
    return true;
}

static bool read_text(struct bytes *out, struct bytes *key, struct arena *arena)
{
    size_t encoded_len, text_len;
    uint8_t *text;

    if (!measure_text(*key, &encoded_len, &text_len))
        return false;
    text = arena_alloc(arena, text_len);
    if (text == NULL)
        return false;
    *out = bytes_of(text, text_len);
    for (size_t i = 0; i < encoded_len; i++)
        *text++ = key->at[i] == TEXT_ESCAPE ? (uint8_t)(key->at[++i] - 1) : key->at[i];
    *key = bytes_of(key->at + encoded_len + 1, key->len - encoded_len - 1);
    return true;
}

/* --- N ------------------------------------------------------------------------------------------------------------ */

/* 0.d1d2..dn * 10^point; d1 and dn not 0, n = 0 for zero. */
struct decimal {
    uint8_t digits[NUMBER_DIGITS_MAX];
    int count;
    int point;
    bool negative;
};

/* Takes canonical text apart: number_format wrote it, so anything else is our own mistake. */
static void decimal_of_text(struct decimal *out, struct bytes text)
{
    int zeros = 0; /* after the last digit kept */
    bool fraction = false;

    *out = (struct decimal){.negative = text.len != 0 && text.at[0] == '-'};
    for (size_t i = out->negative; i < text.len; i++) {
        uint8_t digit = (uint8_t)(text.at[i] - '0');

        if (text.at[i] == '.') {
            fraction = true;
            continue;
        }
        stator_assert(digit <= 9);
        if (out->count == 0 && digit == 0) { /* leading */
            out->point -= fraction;
            continue;
        }
        out->point += !fraction;
        zeros++;
        if (digit == 0)
            continue;
        stator_assert(out->count + zeros <= NUMBER_DIGITS_MAX);
        out->count += zeros; /* those passed over are 0 already */
        out->digits[out->count - 1] = digit;
        zeros = 0;
    }
}

/* Zeros that P1 begins with: 0.5 * 10^1 is 0.05 * 100^1, an odd power of ten makes one. */
static int pair_shift(int point)
{
    return point & 1;
}

static size_t encode_decimal(uint8_t out[NUMBER_KEY_MAX], const struct decimal *decimal)
{
    int shift = pair_shift(decimal->point);
    int exponent = (decimal->point + shift) / 2;
    int pairs = (decimal->count + shift + 1) / 2;
    size_t len = 1;

    if (decimal->count == 0) {
        out[0] = HEAD_POSITIVE;
        out[1] = 0;
        return 2;
    }
    stator_assert(exponent >= EXPONENT_LOWEST && exponent < EXPONENT_LOWEST + 128);
    out[0] = (uint8_t)(HEAD_POSITIVE + exponent - EXPONENT_LOWEST);
    for (int i = 0; i < pairs; i++) {
        int first = 2 * i - shift;
        int tens = first >= 0 ? decimal->digits[first] : 0;
        int ones = first + 1 < decimal->count ? decimal->digits[first + 1] : 0;

        out[len++] = (uint8_t)(2 * (10 * tens + ones) + (i + 1 < pairs));
    }
    for (size_t i = 0; decimal->negative && i < len; i++)
        out[i] = (uint8_t)~out[i];
    return len;
}

static void append_number(struct buf *buf, struct bytes text)
{
    struct decimal decimal;
    uint8_t encoded[NUMBER_KEY_MAX];

    decimal_of_text(&decimal, text);
    buf_append(buf, encoded, encode_decimal(encoded, &decimal));
}

/* Drops the zeros that fill up the first and the last pair; false when there are more, or too many digits. */
static bool trim_digits(struct decimal *decimal, const uint8_t digits[2 * PAIRS_MAX], int count)
{
    int shift = digits[0] == 0;

    count -= digits[count - 1] == 0;
    if (count <= shift || digits[shift] == 0 || digits[count - 1] == 0 || count - shift > NUMBER_DIGITS_MAX)
        return false;
    decimal->point -= shift;
    decimal->count = count - shift;
    memcpy(decimal->digits, digits + shift, (size_t)decimal->count);
    return true;
}

/* Accepts exactly what encode_decimal writes. */
static bool decode_decimal(struct decimal *out, struct bytes *key)
{
    uint8_t flip = key->len != 0 && key->at[0] < HEAD_POSITIVE ? 0xff : 0;
    uint8_t digits[2 * PAIRS_MAX];
    int count = 0;
    size_t at = 1;
    bool more = true;

    *out = (struct decimal){.negative = flip != 0};
    while (more) {
        uint8_t pair;

        if (at >= key->len || count == 2 * PAIRS_MAX)
            return false;
        pair = key->at[at++] ^ flip;
        more = pair & 1;
        if (pair / 2 > 99)
            return false;
        digits[count++] = pair / 2 / 10;
        digits[count++] = pair / 2 % 10;
    }
    out->point = 2 * ((key->at[0] ^ flip) - HEAD_POSITIVE + EXPONENT_LOWEST);
    if (key->at[0] == HEAD_POSITIVE && count == 2 && digits[0] == 0 && digits[1] == 0)
        out->point = 0;
    else if (!trim_digits(out, digits, count))
        return false;
    *key = bytes_of(key->at + at, key->len - at);
    return true;
}

/* The canonical text: plain notation, no exponent. */
static size_t format_decimal(char out[NUMBER_TEXT_MAX], const struct decimal *decimal)
{
    int whole = decimal->point > 0 ? decimal->point : 0; /* digits before the point */
    int end = decimal->count > whole ? decimal->count : whole;
    size_t len = 0;

    if (decimal->negative)
        out[len++] = '-';
    if (whole == 0)
        out[len++] = '0';
    for (int i = 0; i < whole; i++)
        out[len++] = (char)('0' + (i < decimal->count ? decimal->digits[i] : 0));
    if (end > whole)
        out[len++] = '.';
    for (int i = decimal->point; i < 0; i++)
        out[len++] = '0';
    for (int i = whole; i < end; i++)
        out[len++] = (char)('0' + decimal->digits[i]);
    return len;
}

static bool read_number(struct bytes *out, struct bytes *key, struct arena *arena)
{
    struct decimal decimal;
    struct bytes rest = *key;
    char text[NUMBER_TEXT_MAX];

    if (!decode_decimal(&decimal, &rest))
        return false;
    *out = arena_copy(arena, bytes_of(text, format_decimal(text, &decimal)));
    if (!bytes_present(*out))
        return false;
    *key = rest;
    return true;
}

/* --- Values ------------------------------------------------------------------------------------------------------- */

void key_append_value(struct buf *buf, const struct value *value)
{
    stator_assert(value->type == VALUE_S || value->type == VALUE_N || value->type == VALUE_B);
    if (value->type == VALUE_N) {
        append_number(buf, value->text);
        return;
    }
    append_text(buf, value->text);
    buf_append_byte(buf, TEXT_END);
}

void key_append_value_prefix(struct buf *buf, const struct value *value)
{
    stator_assert(value->type == VALUE_S || value->type == VALUE_B);
    append_text(buf, value->text);
}

bool key_read_value(struct value *out, enum value_type type, struct bytes *key, struct arena *arena)
{
    struct bytes rest = *key;

    *out = (struct value){.type = type};
    switch (type) {
    case VALUE_N:
        if (!read_number(&out->text, &rest, arena))
            return false;
        break;
    case VALUE_S:
    case VALUE_B:
        if (!read_text(&out->text, &rest, arena))
            return false;
        if (type == VALUE_S && !utf8_valid(out->text))
            return false;
        break;
    default:
        return false;
    }
    *key = rest;
    return true;
}

bool key_successor(struct buf *buf)
{
    while (buf->len != 0 && buf->at[buf->len - 1] == 0xff)
        buf->len--;
    if (buf->len == 0)
        return false;
    buf->at[buf->len - 1]++;
    return true;
}
