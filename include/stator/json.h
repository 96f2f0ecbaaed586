/* SPDX-License-Identifier: Apache-2.0 */
/* json: items and values from JSON text, and back.
 *
 *     struct stator_builder *builder = stator_builder_new(NULL, 0);
 *     struct stator_item item;
 *     struct stator_bytes text;
 *     struct stator_error err;
 *
 *     if (stator_json_read_item(builder, &item, stator_text("{\"pk\":\"x\",\"n\":1.5}"), STATOR_JSON_PLAIN, &err) ||
 *         stator_json_write_item(builder, &text, &item, STATOR_JSON_DYNAMODB, 0, &err))
 *         ... err.message ...
 *     else
 *         puts((const char *)text.at);     {"n":{"N":"1.5"},"pk":{"S":"x"}}
 *
 * All that comes out is a copy that lives as long as the builder, or until it is reset. It has nothing to do with the
 * item that is being added to the builder.
 *
 * | attribute value | STATOR_JSON_DYNAMODB   | STATOR_JSON_PLAIN | STATOR_JSON_TAGGED      |
 * |-----------------|------------------------|-------------------|-------------------------|
 * | S               | {"S":"x"}              | "x"               | "x"                     |
 * | N               | {"N":"1.5"}            | 1.5               | 1.5                     |
 * | BOOL, NULL      | {"BOOL":true}          | true, null        | true, null              |
 * | L, M            | {"L":[...]}, {"M":{}}  | [...], {...}      | [...], {...}            |
 * | B               | {"B":"aGk="}           | "aGk=" *          | {"$B":"aGk="}           |
 * | SS, NS, BS      | {"SS":["a","b"]}       | ["a","b"] *       | {"$SS":["a","b"]}       |
 * | M with a tag    |                        |                   | {"$M":{"$B":...}}       |
 *
 * What is marked with * comes back as another type: a binary as the string of its base64, a set as a list. All else, and
 * all of the two other forms, comes back equal. A tag is one of $B $SS $NS $BS $M, as the first name in an object; a map
 * that has such a name itself is put into a $M. Tags are not looked for among an item's own names.
 *
 * Numbers never become doubles: all 38 digits are kept both ways. They are written without an exponent, so the largest
 * has 126 digits; what reads them elsewhere may keep fewer.
 *
 * Thread: one at a time for each builder.
 */
#ifndef STATOR_JSON_H
#define STATOR_JSON_H

#include "stator/build.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

enum stator_json_form {
    STATOR_JSON_DYNAMODB = 0, /* what the service reads and writes */
    STATOR_JSON_PLAIN,        /* what people and other programs write; loses the types marked above */
    STATOR_JSON_TAGGED        /* plain, but nothing is lost */
};

/* Reads one item, or one value, of the whole text (blanks around it are allowed; null for an item is one that is not
 * set). In the DynamoDB form texts are read as the service reads them: of a name given twice the last counts. In the
 * others a name given twice is refused.
 * STATOR_SERIALIZATION: no JSON, or not of that form; the message says at which line and column. STATOR_VALIDATION:
 * what the service would refuse (see stator/build.h). STATOR_NO_MEMORY. *out is untouched by failures; err may be NULL,
 * builder too. */
STATOR_MUST_CHECK enum stator_rc stator_json_read_item(struct stator_builder *builder, struct stator_item *out,
                                                       struct stator_bytes json, enum stator_json_form form,
                                                       struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc stator_json_read_value(struct stator_builder *builder, struct stator_value *out,
                                                        struct stator_bytes json, enum stator_json_form form,
                                                        struct stator_error *err);

/* Writes an item, or a value, in the order in which it is given. indent: spaces for each level, at most 16; 0: all on
 * one line, without blanks. *out ends with a NUL that its length does not count. An item that is not set is null. One of
 * stator_item_json() is read as the DynamoDB form first.
 * STATOR_VALIDATION and STATOR_MISUSE (see stator/build.h), for a value may be a program's own; STATOR_NO_MEMORY. *out is
 * untouched by failures; err may be NULL, builder too. */
STATOR_MUST_CHECK enum stator_rc stator_json_write_item(struct stator_builder *builder, struct stator_bytes *out,
                                                        const struct stator_item *item, enum stator_json_form form,
                                                        unsigned indent, struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc stator_json_write_value(struct stator_builder *builder, struct stator_bytes *out,
                                                         const struct stator_value *value, enum stator_json_form form,
                                                         unsigned indent, struct stator_error *err);

/* Any JSON text, made readable for people: a line for each member, but short arrays and objects of simple members on one.
 * Names and values stay as they are written. STATOR_SERIALIZATION when it is no JSON, STATOR_NO_MEMORY. */
STATOR_MUST_CHECK enum stator_rc stator_json_indent(struct stator_builder *builder, struct stator_bytes *out,
                                                    struct stator_bytes json, unsigned indent,
                                                    struct stator_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
