/* SPDX-License-Identifier: Apache-2.0 */
/* value: an attribute value in memory, and its canonical JSON.
 *
 * A value is a small tree in an arena; strings are views. It is always canonical, so that equal values have equal
 * trees and equal JSON bytes:
 *   - numbers are the text that number_format writes ("1.50" and "15e-1" are both "1.5");
 *   - members of a set are sorted (numbers by value, strings and binaries by bytes) and free of duplicates;
 *   - attributes of a map, and of an item, are sorted by the bytes of their names;
 *   - binaries are raw bytes here and padded base64 in JSON.
 * A request's value that is well typed but not allowed (an empty set, "abc" as a number, two types at once) decodes as
 * VALUE_FAULT with the service's own words, because the service reports it only after other checks. The service checks
 * values in one of two layers, and some words differ: PutItem, UpdateItem, DeleteItem, GetItem, BatchGetItem and Query
 * run the current one, BatchWriteItem, Scan and transactions the older one.
 */
#ifndef PROTO_VALUE_VALUE_H
#define PROTO_VALUE_VALUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "json/reader.h"

enum value_type {
    VALUE_ABSENT = 0, /* no value at all: a cleared struct */
    VALUE_S,
    VALUE_N,
    VALUE_B,
    VALUE_BOOL,
    VALUE_NULL,
    VALUE_SS,
    VALUE_NS,
    VALUE_BS,
    VALUE_L,
    VALUE_M,
    VALUE_FAULT, /* `text` is the message of a ValidationException, `older` what the older layer says */
};

#define VALUE_DEPTH_MAX 32 /* nesting levels of M and L in an item */

struct attribute;

struct value {
    enum value_type type;
    bool boolean;      /* BOOL */
    struct bytes text; /* S: characters; N: canonical digits; B: raw bytes; FAULT: message */
    size_t count;      /* SS NS BS L M: members. FAULT: where it is in the request's text; the least is the first */
    union {
        const struct value *members;        /* SS: of S; NS: of N; BS: of B; L: any */
        const struct attribute *attributes; /* M: sorted by name */
        const struct bytes *older;          /* FAULT: never NULL */
    };
};

struct attribute {
    struct bytes name; /* UTF-8, not escaped */
    struct value value;
};

/* An item, a key, or the values of an expression: attributes sorted by name. */
struct item {
    const struct attribute *attributes;
    size_t count;
    bool set;          /* the member was in the request, perhaps empty */
    bool fault;        /* some value in it, at any depth, is VALUE_FAULT */
    bool cut;          /* item_read_within has dropped what is past its limit */
    bool shortened;    /* numbers in json are, as in what is stored: item_write writes them in full */
    struct bytes json; /* for answers only: canonical JSON to be copied instead of the attributes */
};

/* Where expressions find attributes: a parsed item, or a stored one that parses only what is asked for. */
struct item_source {
    /* NULL when the item has no such attribute, or with source->failed set when memory is used up. */
    const struct value *(*attribute)(struct item_source *source, struct bytes name);
    bool failed;
    size_t parsed_bytes; /* of JSON, for what was asked so far */
};

/* "S", "N", ... as in JSON. Not for ABSENT and FAULT. */
const char *value_type_name(enum value_type type);

/* The attribute of that name, or NULL. Binary search. */
const struct value *item_find(const struct item *item, struct bytes name);
const struct value *value_find(const struct value *map, struct bytes name);

/* A source over a parsed item. */
struct item_source_parsed {
    struct item_source source; /* first */
    const struct item *item;   /* borrowed */
};
void item_source_parsed_init(struct item_source_parsed *source, const struct item *item);

/* Which words a fault is told in. */
enum value_layer {
    VALUE_LAYER_CURRENT,
    VALUE_LAYER_OLDER,
};

/* Same type and same content, by the service's rules (numbers by value, sets without order). Canonical form makes this
 * a plain comparison. */
bool value_equal(const struct value *a, const struct value *b);

/* The same, and adds to *looked how many values in a, at any depth, were compared. */
bool value_equal_counted(const struct value *a, const struct value *b, size_t *looked);

/* The same attributes with equal values. */
bool item_equal(const struct item *a, const struct item *b);

/* Order of two values of one type, S, N or B; what sort keys and <, BETWEEN use. */
int value_compare(const struct value *a, const struct value *b);

/* Whether a set has a member equal to `member` (of S, N, B for SS, NS, BS). */
bool value_set_has(const struct value *set, const struct value *member);

/* A canonical set of the members given (any order, duplicates dropped); type is VALUE_SS, NS or BS. The members array
 * is copied. False when the arena is full. */
bool value_set_make(struct value *out, enum value_type type, const struct value *members, size_t count,
                    struct arena *arena);

/* Sorts attributes by name, in place. Names must be distinct. */
void attributes_sort(struct attribute *attributes, size_t count);

/* --- JSON ------------------------------------------------------------------------------------------------------- */

/* Reads one attribute value whose first token the caller has just taken from reader. A wrong type is
 * STATOR_SERIALIZATION with the service's text in err; with an empty text the JSON itself is bad. (The service reports
 * bad JSON first: after a wrong type the reader may be read on to learn whether the rest is JSON.) What is well typed
 * but not allowed is STATOR_OK with a VALUE_FAULT somewhere; *fault is then set (never cleared). Unknown members of the
 * value are ignored as the service ignores them; of a member or an attribute given twice the last one counts. null is a
 * value with no type, a fault.
 * The texts are those for a value in a map or a list. Where a structure has a member of type AttributeValue the service
 * says "Unexpected field type" of a first token that is a string, number or boolean: the caller looks for that. */
STATOR_MUST_CHECK enum stator_rc value_read(struct value *out, struct json_reader *reader, enum json_token first,
                                            bool *fault, struct arena *arena, struct stator_error *err);

/* Reads a map of attribute values (an item) whose first token has just been taken; null leaves it not set. */
STATOR_MUST_CHECK enum stator_rc item_read(struct item *out, struct json_reader *reader, enum json_token first,
                                           struct arena *arena, struct stator_error *err);

/* The same of what has a limit of `limit` bytes by the rules of size below. What begins when more than that has been
 * read is checked and not kept: its memory is bounded, and the first fault is still found. An item that was cut is over
 * the limit, or a fault; a value that was cut is a fault. (Of members given twice both count. Sets that are cut are not
 * looked through for duplicates.) */
STATOR_MUST_CHECK enum stator_rc item_read_within(struct item *out, struct json_reader *reader, enum json_token first,
                                                  size_t limit, struct arena *arena, struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc value_read_within(struct value *out, struct json_reader *reader, enum json_token first,
                                                   bool *fault, size_t limit, struct arena *arena,
                                                   struct stator_error *err);

/* The same as item_read, but a name that a map, or the item, has twice is STATOR_VALIDATION. */
STATOR_MUST_CHECK enum stator_rc item_read_once(struct item *out, struct json_reader *reader, enum json_token first,
                                                struct arena *arena, struct stator_error *err);

/* Reads canonical JSON that this module wrote (a stored value or item; numbers may be shortened). False if it is not,
 * or the arena is full; blanks and needless escapes alone are not noticed. */
bool value_read_stored(struct value *out, struct bytes json, struct arena *arena);
bool item_read_stored(struct item *out, struct bytes json, struct arena *arena);

/* Writes {"S":"..."}; for an item {"name":{...},...}. */
void value_write(struct buf *buf, const struct value *value);
void item_write(struct buf *buf, const struct item *item);

/* As it is stored: a number of many zeros, which JSON would have in 133 characters where DynamoDB counts 2 bytes, is
 * shortened (number_shorten), and *shortened set (never cleared). */
void value_write_stored(struct buf *buf, const struct value *value, bool *shortened);

/* The first fault in the order of the request's text, or NULL. */
const struct value *value_fault(const struct value *value);
const struct value *item_fault(const struct item *item);

/* What that layer says of a fault. */
struct bytes value_fault_text(const struct value *fault, enum value_layer layer);

/* Fails with the first fault's text in that layer's words, if there is one. */
STATOR_MUST_CHECK enum stator_rc value_check(const struct value *value, enum value_layer layer,
                                             struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc item_check(const struct item *item, enum value_layer layer, struct stator_error *err);

/* Deepest nesting: 0 for a scalar, 1 for an M or L of scalars. */
unsigned value_depth(const struct value *value);

/* --- Size by DynamoDB's rules, in bytes, without the attribute's name -------------------------------
 */
size_t value_size(const struct value *value);
size_t item_size(const struct item *item); /* names included */

#endif
