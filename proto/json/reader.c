/* SPDX-License-Identifier: Apache-2.0 */
#include "json/reader.h"

#include "base/utf8.h"

/* What the grammar allows next. */
enum expect {
    EXPECT_VALUE,        /* the text's value, or that of a member */
    EXPECT_ITEM_OR_END,  /* after [ */
    EXPECT_KEY_OR_END,   /* after { */
    EXPECT_COMMA_OR_END, /* after a value inside an array or object */
    EXPECT_NOTHING,      /* after the text's value */
    EXPECT_FAILED,
};

#define ONES  0x0101010101010101u
#define HIGHS 0x8080808080808080u

/* What scanning a string found besides its characters. */
struct scanned {
    struct bytes raw; /* between the quotes */
    bool escaped;     /* there is a backslash in it */
};

static enum json_token bad(struct json_reader *reader)
{
    reader->expect = EXPECT_FAILED;
    return JSON_BAD;
}

static const uint8_t *skip_blanks(const uint8_t *at, const uint8_t *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

/* The first byte at or after `at` that a string cannot simply contain: a quote, a backslash, a control character or the
 * start of a longer UTF-8 sequence. Eight bytes at a time; bits above the first hit of a word may be false. */
static const uint8_t *skip_plain(const uint8_t *at, const uint8_t *end)
{
    while (end - at >= 8) {
        uint64_t word, quote, backslash, hits;

        memcpy(&word, at, sizeof(word));
        quote = word ^ (ONES * '"');
        backslash = word ^ (ONES * '\\');
        hits = ((word - ONES * 0x20) | (quote - ONES) | (backslash - ONES) | word) & HIGHS;
        if (hits != 0) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            return at + (__builtin_ctzll(hits) >> 3);
#else
            break;
#endif
        }
        at += 8;
    }
    while (at < end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\')
        at++;
    return at;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four hex digits of \uXXXX, or -1. */
static int32_t hex_unit(const uint8_t *at, const uint8_t *end)
{
    int32_t unit = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);

        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

/* Reads the escape whose backslash is at `at`: its length in the text (0 when it is bad) and the code point. */
static size_t escape_of(const uint8_t *at, const uint8_t *end, uint32_t *code_point)
{
    static const uint8_t simple[256] = {
        ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'};
    int32_t high, low;

    if (end - at < 2)
        return 0;
    if (at[1] != 'u') {
        *code_point = simple[at[1]];
        return *code_point != 0 ? 2 : 0;
    }
    high = hex_unit(at + 2, end);
    if (high < 0 || (high >= 0xDC00 && high <= 0xDFFF))
        return 0;
    *code_point = (uint32_t)high;
    if (high < 0xD800 || high > 0xDBFF)
        return 6;
    if (end - at < 12 || at[6] != '\\' || at[7] != 'u')
        return 0;
    low = hex_unit(at + 8, end);
    if (low < 0xDC00 || low > 0xDFFF)
        return 0;
    *code_point = 0x10000 + (((uint32_t)high - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
    return 12;
}

/* The end of the run of sequences of two to four bytes at `at`, or NULL when one is not well-formed. */
static const uint8_t *skip_sequences(const uint8_t *at, const uint8_t *end)
{
    do {
        size_t len = utf8_sequence(bytes_of(at, (size_t)(end - at)));

        if (len == 0)
            return NULL;
        at += len;
    } while (at < end && *at >= 0x80);
    return at;
}

/* Checks the string whose opening quote is at reader->at and moves past its closing one. */
static bool scan_string(struct json_reader *reader, struct scanned *out)
{
    const uint8_t *end = reader->end;
    const uint8_t *begin = reader->at + 1;
    const uint8_t *at = begin;
    uint32_t code_point;

    out->escaped = false;
    while ((at = skip_plain(at, end)) < end && *at != '"') {
        if (*at >= 0x80) {
            at = skip_sequences(at, end);
            if (at == NULL)
                return false;
        } else {
            size_t len = *at == '\\' ? escape_of(at, end, &code_point) : 0;

            if (len == 0)
                return false;
            out->escaped = true;
            at += len;
        }
    }
    if (at == end)
        return false;
    out->raw = bytes_of(begin, (size_t)(at - begin));
    reader->at = at + 1;
    return true;
}

/* The characters of a scanned string: never longer than its text. */
static bool unescape(struct json_reader *reader, struct bytes raw)
{
    const uint8_t *end = raw.at + raw.len;
    uint8_t *block = arena_alloc(reader->arena, raw.len);
    uint8_t *to = block;

    if (block == NULL) {
        reader->out_of_memory = true;
        return false;
    }
    for (const uint8_t *at = raw.at; at < end;) {
        const uint8_t *backslash = memchr(at, '\\', (size_t)(end - at));
        size_t run = (size_t)((backslash != NULL ? backslash : end) - at);
        uint32_t code_point;

        memcpy(to, at, run);
        to += run;
        at += run;
        if (backslash != NULL) {
            at += escape_of(at, end, &code_point);
            to += utf8_encode(to, code_point);
        }
    }
    reader->text = bytes_of(block, (size_t)(to - block));
    return true;
}

/* Without an arena strings are checked and left as they are written. */
static bool read_string(struct json_reader *reader)
{
    struct scanned scanned;

    if (!scan_string(reader, &scanned))
        return false;
    if (scanned.escaped && reader->arena != NULL)
        return unescape(reader, scanned.raw);
    reader->text = scanned.raw;
    return true;
}

static const uint8_t *skip_digits(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

/* The end of the number at `at`, or NULL. */
static const uint8_t *number_end(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *digits;

    if (at < end && *at == '-')
        at++;
    digits = at;
    at = skip_digits(at, end);
    if (at == digits || (*digits == '0' && at - digits > 1))
        return NULL;
    if (at < end && *at == '.') {
        digits = ++at;
        at = skip_digits(at, end);
        if (at == digits)
            return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        digits = at;
        at = skip_digits(at, end);
        if (at == digits)
            return NULL;
    }
    return at;
}

static void after_value(struct json_reader *reader)
{
    reader->expect = reader->depth == 0 ? EXPECT_NOTHING : EXPECT_COMMA_OR_END;
}

static bool inside_object(const struct json_reader *reader)
{
    uint32_t level = reader->depth - 1;

    return reader->in_object[level / 64] >> (level % 64) & 1;
}

static enum json_token open_level(struct json_reader *reader, bool object)
{
    uint32_t level = reader->depth;
    uint64_t bit = (uint64_t)1 << (level % 64);

    if (level == JSON_DEPTH_MAX)
        return bad(reader);
    if (object)
        reader->in_object[level / 64] |= bit;
    else
        reader->in_object[level / 64] &= ~bit;
    reader->depth++;
    reader->at++;
    reader->expect = object ? EXPECT_KEY_OR_END : EXPECT_ITEM_OR_END;
    return object ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN;
}

static enum json_token close_level(struct json_reader *reader)
{
    bool object = inside_object(reader);

    if (*reader->at != (object ? '}' : ']'))
        return bad(reader);
    reader->at++;
    reader->depth--;
    after_value(reader);
    return object ? JSON_OBJECT_END : JSON_ARRAY_END;
}

static enum json_token read_word(struct json_reader *reader, struct bytes word, enum json_token token)
{
    if (!bytes_starts_with(bytes_of(reader->at, (size_t)(reader->end - reader->at)), word))
        return bad(reader);
    reader->at += word.len;
    after_value(reader);
    return token;
}

static enum json_token read_number(struct json_reader *reader)
{
    const uint8_t *end = number_end(reader->at, reader->end);

    if (end == NULL)
        return bad(reader);
    reader->text = bytes_of(reader->at, (size_t)(end - reader->at));
    reader->at = end;
    after_value(reader);
    return JSON_NUMBER;
}

static enum json_token read_value(struct json_reader *reader)
{
    switch (*reader->at) {
    case '"':
        if (!read_string(reader))
            return bad(reader);
        after_value(reader);
        return JSON_STRING;
    case '{':
        return open_level(reader, true);
    case '[':
        return open_level(reader, false);
    case 't':
        return read_word(reader, BYTES("true"), JSON_TRUE);
    case 'f':
        return read_word(reader, BYTES("false"), JSON_FALSE);
    case 'n':
        return read_word(reader, BYTES("null"), JSON_NULL);
    default:
        return read_number(reader);
    }
}

/* A member's name and the colon behind it. */
static enum json_token read_key(struct json_reader *reader)
{
    if (*reader->at != '"' || !read_string(reader))
        return bad(reader);
    reader->at = skip_blanks(reader->at, reader->end);
    if (reader->at == reader->end || *reader->at != ':')
        return bad(reader);
    reader->at++;
    reader->expect = EXPECT_VALUE;
    return JSON_KEY;
}

static enum json_token read_after_comma(struct json_reader *reader)
{
    reader->at = skip_blanks(reader->at + 1, reader->end);
    if (reader->at == reader->end)
        return bad(reader);
    return inside_object(reader) ? read_key(reader) : read_value(reader);
}

void json_reader_init(struct json_reader *reader, struct bytes text, struct arena *arena)
{
    if (text.at == NULL)
        text = BYTES("");
    *reader = (struct json_reader){
        .start = text.at, .at = text.at, .end = text.at + text.len, .arena = arena, .expect = EXPECT_VALUE};
}

enum json_token json_next(struct json_reader *reader)
{
    reader->at = skip_blanks(reader->at, reader->end);
    if (reader->at == reader->end)
        return reader->expect == EXPECT_NOTHING ? JSON_END : bad(reader);
    switch ((enum expect)reader->expect) {
    case EXPECT_VALUE:
        return read_value(reader);
    case EXPECT_COMMA_OR_END:
        return *reader->at == ',' ? read_after_comma(reader) : close_level(reader);
    case EXPECT_KEY_OR_END:
        return *reader->at == '}' ? close_level(reader) : read_key(reader);
    case EXPECT_ITEM_OR_END:
        return *reader->at == ']' ? close_level(reader) : read_value(reader);
    case EXPECT_NOTHING:
    case EXPECT_FAILED:
        break;
    }
    return bad(reader);
}

bool json_skip(struct json_reader *reader, enum json_token first)
{
    struct arena *arena = reader->arena;
    uint32_t outside = reader->depth - 1;
    bool good = true;

    if (first != JSON_OBJECT_BEGIN && first != JSON_ARRAY_BEGIN)
        return first != JSON_BAD;
    reader->arena = NULL;
    while (good && reader->depth > outside)
        good = json_next(reader) != JSON_BAD;
    reader->arena = arena;
    return good;
}

bool json_valid(struct bytes text)
{
    struct json_reader reader;
    enum json_token token;

    json_reader_init(&reader, text, NULL);
    do
        token = json_next(&reader);
    while (token != JSON_BAD && token != JSON_END);
    return token == JSON_END;
}
