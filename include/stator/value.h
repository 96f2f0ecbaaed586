/* SPDX-License-Identifier: Apache-2.0 */
/* value: attribute values and items, as programs write and read them.
 *
 * A value is a small tree whose texts and members are views: it owns nothing, and is good for as long as what it points
 * to. Literals need no memory at all:
 *
 *     .item = STATOR_ITEM(stator_attr("pk", stator_s("user#1")),
 *                         stator_attr("age", stator_n("42")),
 *                         stator_attr("tags", STATOR_SS(stator_s("a"), stator_s("b"))))
 *
 * A value from an answer is canonical: attributes of maps are sorted by the bytes of their names, members of sets too
 * (numbers by value), numbers are plain decimals without exponent. A value to be sent need not be.
 *
 * Thread: [any]; nothing here has state.
 */
#ifndef STATOR_VALUE_H
#define STATOR_VALUE_H

#include <stdbool.h>

#include "stator/bytes.h"
#include "stator/error.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

enum stator_type {
    STATOR_TYPE_ABSENT = 0, /* no value at all: a cleared struct */
    STATOR_TYPE_S,
    STATOR_TYPE_N,
    STATOR_TYPE_B,
    STATOR_TYPE_BOOL,
    STATOR_TYPE_NULL,
    STATOR_TYPE_SS,
    STATOR_TYPE_NS,
    STATOR_TYPE_BS,
    STATOR_TYPE_L,
    STATOR_TYPE_M,
};

struct stator_attribute;

struct stator_value {
    enum stator_type type;
    bool boolean;             /* BOOL */
    struct stator_bytes text; /* S: UTF-8; N: the number's digits; B: raw bytes, not base64 */
    size_t count;             /* SS NS BS L M: members */
    union {
        const struct stator_value *members;        /* SS: of S; NS: of N; BS: of B; L: any */
        const struct stator_attribute *attributes; /* M */
    } in;
};

struct stator_attribute {
    struct stator_bytes name; /* UTF-8 */
    struct stator_value value;
};

/* An item, a key, or the values of an expression. */
struct stator_item {
    const struct stator_attribute *attributes;
    size_t count;
    bool set;                 /* there is one, though perhaps empty */
    bool fault;               /* the library's; leave it false */
    struct stator_bytes json; /* to send: finished DynamoDB JSON, {"pk":{"S":"x"}}, in place of the attributes */
};

/* --- Making ------------------------------------------------------------------------------------------------------ */

static inline struct stator_value stator_value_of(enum stator_type type, struct stator_bytes text)
{
    struct stator_value value;

    memset(&value, 0, sizeof(value));
    value.type = type;
    value.text = text;
    return value;
}

/* A string, from a C string or from len bytes. */
static inline struct stator_value stator_s(const char *string)
{
    return stator_value_of(STATOR_TYPE_S, stator_text(string));
}
static inline struct stator_value stator_s_len(const void *at, size_t len)
{
    return stator_value_of(STATOR_TYPE_S, stator_bytes_of(at, len));
}

/* A number, from its text: what the service takes as an N, up to 38 digits. */
static inline struct stator_value stator_n(const char *digits)
{
    return stator_value_of(STATOR_TYPE_N, stator_text(digits));
}

/* A binary of len raw bytes. */
static inline struct stator_value stator_b(const void *at, size_t len)
{
    return stator_value_of(STATOR_TYPE_B, stator_bytes_of(at, len));
}

static inline struct stator_value stator_bool(bool boolean)
{
    struct stator_value value = stator_value_of(STATOR_TYPE_BOOL, stator_text(NULL));

    value.boolean = boolean;
    return value;
}

static inline struct stator_value stator_null(void)
{
    return stator_value_of(STATOR_TYPE_NULL, stator_text(NULL));
}

/* A set (STATOR_TYPE_SS of strings, NS of numbers, BS of binaries) or a list (STATOR_TYPE_L) of an array of members. */
static inline struct stator_value stator_members(enum stator_type type, const struct stator_value *members,
                                                 size_t count)
{
    struct stator_value value = stator_value_of(type, stator_text(NULL));

    value.count = count;
    value.in.members = members;
    return value;
}

/* A map of an array of attributes. */
static inline struct stator_value stator_map(const struct stator_attribute *attributes, size_t count)
{
    struct stator_value value = stator_value_of(STATOR_TYPE_M, stator_text(NULL));

    value.count = count;
    value.in.attributes = attributes;
    return value;
}

static inline struct stator_attribute stator_attr(const char *name, struct stator_value value)
{
    struct stator_attribute attribute;

    attribute.name = stator_text(name);
    attribute.value = value;
    return attribute;
}

static inline struct stator_item stator_item_of(const struct stator_attribute *attributes, size_t count)
{
    struct stator_item item;

    memset(&item, 0, sizeof(item));
    item.attributes = attributes;
    item.count = count;
    item.set = true;
    return item;
}

/* An item of finished DynamoDB JSON. Sent as it is: not for text that somebody else wrote. */
static inline struct stator_item stator_item_json(const char *json)
{
    struct stator_item item = stator_item_of(NULL, 0);

    item.json = stator_text(json);
    return item;
}

/* The same from literals, in C: all lives to the end of the block it stands in, and &STATOR_ITEM(...) is a pointer. */
#ifndef __cplusplus
#define STATOR_COUNT_(type, ...) (sizeof((type[]){__VA_ARGS__}) / sizeof(type))
#define STATOR_MEMBERS_(type, ...)                                                                                     \
    stator_members((type), (const struct stator_value[]){__VA_ARGS__}, STATOR_COUNT_(struct stator_value, __VA_ARGS__))
#define STATOR_SS(...) STATOR_MEMBERS_(STATOR_TYPE_SS, __VA_ARGS__)
#define STATOR_NS(...) STATOR_MEMBERS_(STATOR_TYPE_NS, __VA_ARGS__)
#define STATOR_BS(...) STATOR_MEMBERS_(STATOR_TYPE_BS, __VA_ARGS__)
#define STATOR_L(...)  STATOR_MEMBERS_(STATOR_TYPE_L, __VA_ARGS__)
#define STATOR_M(...)                                                                                                  \
    stator_map((const struct stator_attribute[]){__VA_ARGS__}, STATOR_COUNT_(struct stator_attribute, __VA_ARGS__))
#define STATOR_ITEM(...)                                                                                               \
    ((struct stator_item){(const struct stator_attribute[]){__VA_ARGS__},                                              \
                          STATOR_COUNT_(struct stator_attribute, __VA_ARGS__),                                         \
                          true,                                                                                        \
                          false,                                                                                       \
                          {NULL, 0}})
#endif

/* --- Reading ----------------------------------------------------------------------------------------------------- */

/* Each takes NULL for "no such value" and then gives NULL, an absent text or false, so that they can be put into each
 * other: stator_value_text(stator_item_get(item, "name")). What they give lives as long as what they were given. An item
 * made by stator_item_json() has no attributes to be found. */

/* The attribute of that name, or NULL. The names are looked through one by one. */
const struct stator_value *stator_item_get(const struct stator_item *item, const char *name);
const struct stator_value *stator_map_get(const struct stator_value *map, const char *name);

/* The value at a path into maps and lists, "address.lines[0]", or NULL. A name with a point or a bracket in it cannot be
 * part of a path. */
const struct stator_value *stator_item_find(const struct stator_item *item, const char *path);

/* The member of a list or set at that index, from 0, or NULL. value->count says how many there are. */
const struct stator_value *stator_member(const struct stator_value *value, size_t index);

/* Whether a set has a member equal to that one, which is an S, N or B. */
bool stator_set_has(const struct stator_value *set, const struct stator_value *member);

/* The text of an S, the digits of an N, the bytes of a B; else absent. */
struct stator_bytes stator_value_text(const struct stator_value *value);

/* Whether it is a BOOL that is true. */
bool stator_value_true(const struct stator_value *value);

/* Whether both are of one type with the same content, as the service sees it: numbers by value ("1.50" is "1.5"), sets
 * and maps without order. In proportion to their length when both are canonical; sets and maps in different orders take
 * the product of their lengths. */
bool stator_value_equal(const struct stator_value *a, const struct stator_value *b);

/* Whether both have the same attributes with equal values. Neither may be NULL or made by stator_item_json(). */
bool stator_item_equal(const struct stator_item *a, const struct stator_item *b);

/* An N as a C number. STATOR_VALIDATION, and *out untouched, when the value is NULL or no N, or *out cannot hold it
 * exactly: a fraction, out of range; for double: digits that it does not keep. err may be NULL.
 *
 * Few decimals are doubles: the double that C calls 0.1 is 0.1000000000000000055... So a double holds an N exactly when
 * nothing the N said is lost: when it is just that value (2^60), or when the N has at most 17 digits, as many as it
 * takes to tell all doubles apart, and the nearest double written with that many digits is the N again. So whatever a
 * program has written from a double (as %.17g, or the shortest form, 0.1) reads as that double, every N of at most 15
 * digits does well, and 9007199254740993 (2^53 + 1) or 0.12345678901234567890 does not. */
STATOR_MUST_CHECK enum stator_rc stator_value_int64(const struct stator_value *value, int64_t *out,
                                                    struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc stator_value_uint64(const struct stator_value *value, uint64_t *out,
                                                     struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc stator_value_double(const struct stator_value *value, double *out,
                                                     struct stator_error *err);

/* The nearest double of an N, however many digits it has. Fails as above when the value is NULL or no N. */
STATOR_MUST_CHECK enum stator_rc stator_value_nearest_double(const struct stator_value *value, double *out,
                                                             struct stator_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
