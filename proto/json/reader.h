/* SPDX-License-Identifier: Apache-2.0 */
/* reader: a pull parser of RFC 8259 JSON, one pass, no tree.
 *
 * In:     a text, not NUL-terminated. Refused: bad UTF-8, lone surrogates, control characters in strings, trailing
 *         commas or garbage, numbers out of the grammar, nesting deeper than JSON_DEPTH_MAX.
 * Out:    tokens. Strings and keys without escapes are views into the text; with escapes they are unescaped into the
 *         arena. \u0000 is an ordinary character.
 * Thread: one at a time.
 */
#ifndef PROTO_JSON_READER_H
#define PROTO_JSON_READER_H

#include "base/arena.h"
#include "base/bytes.h"

/* DynamoDB allows 32 levels of attribute values, two JSON levels each, inside a few of the request's own. */
#define JSON_DEPTH_MAX 256

enum json_token {
    JSON_BAD, /* not JSON, or the arena is full (reader.out_of_memory); every later call gives JSON_BAD again */
    JSON_END, /* the text's one value is complete and only blanks follow */
    JSON_OBJECT_BEGIN,
    JSON_OBJECT_END,
    JSON_ARRAY_BEGIN,
    JSON_ARRAY_END,
    JSON_KEY,    /* text: the member's name; its value comes next */
    JSON_STRING, /* text: the characters, unescaped */
    JSON_NUMBER, /* text: as written */
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

struct json_reader {
    const uint8_t *start, *at, *end;
    struct arena *arena;                     /* for strings with escapes */
    struct bytes text;                       /* of the last KEY, STRING or NUMBER */
    uint32_t depth;                          /* open arrays and objects */
    uint64_t in_object[JSON_DEPTH_MAX / 64]; /* one bit a level */
    uint8_t expect;                          /* private: what the grammar allows next */
    bool out_of_memory;
};

void json_reader_init(struct json_reader *reader, struct bytes text, struct arena *arena);

enum json_token json_next(struct json_reader *reader);

/* After a token that begins a value (or is one), moves past the whole of that value. False when the text is bad. */
bool json_skip(struct json_reader *reader, enum json_token first);

/* Whether text is one well-formed JSON value. Allocates nothing. */
bool json_valid(struct bytes text);

#endif
