/* SPDX-License-Identifier: Apache-2.0 */
/* value: what programs read out of values. Nothing here takes values to be canonical, for they may be the caller's. */
#include <float.h>
#include <stdio.h>
#include <stdlib.h>

#include "cast.h"
#include "value/number.h"

#define DOUBLE_INTEGER_MAX ((uint128)1 << DBL_MANT_DIG) /* up to here a double holds every whole number */
#define DOUBLE_DIGITS_MAX  17                           /* as many significant digits tell every double apart */

/* --- Finding ------------------------------------------------------------------------------------------------------ */

static const struct stator_value *find(const struct stator_attribute *attributes, size_t count,
                                       struct stator_bytes name)
{
    for (size_t i = 0; i < count; i++) {
        if (stator_bytes_equal(attributes[i].name, name))
            return &attributes[i].value;
    }
    return NULL;
}

static const struct stator_value *map_find(const struct stator_value *map, struct stator_bytes name)
{
    if (map == NULL || map->type != STATOR_TYPE_M)
        return NULL;
    return find(map->in.attributes, map->count, name);
}

const struct stator_value *stator_item_get(const struct stator_item *item, const char *name)
{
    return item == NULL ? NULL : find(item->attributes, item->count, stator_text(name));
}

const struct stator_value *stator_map_get(const struct stator_value *map, const char *name)
{
    return map_find(map, stator_text(name));
}

static bool has_members(const struct stator_value *value)
{
    return value != NULL && value->type >= STATOR_TYPE_SS && value->type <= STATOR_TYPE_L;
}

const struct stator_value *stator_member(const struct stator_value *value, size_t index)
{
    return has_members(value) && index < value->count ? &value->in.members[index] : NULL;
}

/* Takes "[12]" from the start of *at. False when it is not that. */
static bool take_index(const char **at, size_t *index)
{
    const char *c = *at + 1;

    *index = 0;
    if (*c == ']')
        return false;
    for (; *c >= '0' && *c <= '9'; c++) {
        if (__builtin_mul_overflow(*index, (size_t)10, index) ||
            __builtin_add_overflow(*index, (size_t)(*c - '0'), index))
            return false;
    }
    if (*c != ']')
        return false;
    *at = c + 1;
    return true;
}

const struct stator_value *stator_item_find(const struct stator_item *item, const char *path)
{
    size_t len = strcspn(path, ".["), index;
    const struct stator_value *value =
        item == NULL ? NULL : find(item->attributes, item->count, stator_bytes_of(path, len));

    for (path += len; *path != '\0' && value != NULL;) {
        if (*path == '[') {
            value = take_index(&path, &index) ? stator_member(value, index) : NULL;
            continue;
        }
        if (*path++ != '.') /* "a[0]b" */
            return NULL;
        len = strcspn(path, ".[");
        value = map_find(value, stator_bytes_of(path, len));
        path += len;
    }
    return value;
}

struct stator_bytes stator_value_text(const struct stator_value *value)
{
    if (value == NULL || value->type < STATOR_TYPE_S || value->type > STATOR_TYPE_B)
        return stator_text(NULL);
    return value->text;
}

bool stator_value_true(const struct stator_value *value)
{
    return value != NULL && value->type == STATOR_TYPE_BOOL && value->boolean;
}

/* --- Equality ----------------------------------------------------------------------------------------------------- */

static bool numbers_equal(struct bytes a, struct bytes b)
{
    struct number left, right;

    if (bytes_equal(a, b))
        return true;
    return number_parse(&left, a, NULL) == STATOR_OK && number_parse(&right, b, NULL) == STATOR_OK &&
           number_compare(&left, &right) == 0;
}

/* Whether all members of a are in b. The search goes on behind the last find, which is where the next one is when both
 * are sorted. */
static bool set_within(const struct stator_value *a, const struct stator_value *b)
{
    size_t next = 0;

    for (size_t i = 0; i < a->count; i++) {
        size_t tried = 0;

        while (tried < b->count && !stator_value_equal(&a->in.members[i], &b->in.members[(next + tried) % b->count]))
            tried++;
        if (tried == b->count)
            return false;
        next = (next + tried + 1) % b->count;
    }
    return true;
}

bool stator_set_has(const struct stator_value *set, const struct stator_value *member)
{
    struct stator_value alone;

    if (!has_members(set) || member == NULL)
        return false;
    alone = stator_members(set->type, member, 1);
    return set_within(&alone, set);
}

static bool lists_equal(const struct stator_value *a, const struct stator_value *b)
{
    for (size_t i = 0; i < a->count; i++) {
        if (!stator_value_equal(&a->in.members[i], &b->in.members[i]))
            return false;
    }
    return true;
}

/* Whether all attributes of a are in b, with equal values. The same place is tried first. */
static bool attributes_within(const struct stator_attribute *a, const struct stator_attribute *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct stator_value *other = &b[i].value;

        if (!stator_bytes_equal(a[i].name, b[i].name))
            other = find(b, count, a[i].name);
        if (other == NULL || !stator_value_equal(&a[i].value, other))
            return false;
    }
    return true;
}

bool stator_value_equal(const struct stator_value *a, const struct stator_value *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case STATOR_TYPE_S:
    case STATOR_TYPE_B:
        return stator_bytes_equal(a->text, b->text);
    case STATOR_TYPE_N:
        return numbers_equal(cast_bytes(a->text), cast_bytes(b->text));
    case STATOR_TYPE_BOOL:
        return a->boolean == b->boolean;
    case STATOR_TYPE_ABSENT:
    case STATOR_TYPE_NULL:
        return true;
    case STATOR_TYPE_SS:
    case STATOR_TYPE_NS:
    case STATOR_TYPE_BS:
        return a->count == b->count && set_within(a, b) && set_within(b, a);
    case STATOR_TYPE_L:
        return a->count == b->count && lists_equal(a, b);
    case STATOR_TYPE_M:
        return a->count == b->count && attributes_within(a->in.attributes, b->in.attributes, a->count) &&
               attributes_within(b->in.attributes, a->in.attributes, a->count);
    }
    return false;
}

bool stator_item_equal(const struct stator_item *a, const struct stator_item *b)
{
    return a->set == b->set && a->count == b->count && attributes_within(a->attributes, b->attributes, a->count) &&
           attributes_within(b->attributes, a->attributes, a->count);
}

/* --- Numbers ------------------------------------------------------------------------------------------------------ */

static enum stator_rc parse(struct number *out, const struct stator_value *value, struct stator_error *err)
{
    if (value == NULL)
        return stator_fail(err, STATOR_VALIDATION, "There is no value to read a number from");
    if (value->type != STATOR_TYPE_N)
        return stator_fail(err, STATOR_VALIDATION, "The value is no number (N)");
    return number_parse(out, cast_bytes(value->text), err);
}

static enum stator_rc does_not_fit(const struct stator_value *value, const char *type, struct stator_error *err)
{
    return stator_fail(err, STATOR_VALIDATION, "%s cannot hold %.*s exactly", type, STATOR_ARG(value->text));
}

/* The magnitude of a whole number below 2^64. False when it is none. */
static bool whole(uint64_t *out, const struct number *number)
{
    uint128 magnitude = number->coefficient;

    if (number->exponent < 0)
        return false;
    for (int32_t i = 0; i < number->exponent && magnitude <= UINT64_MAX; i++)
        magnitude *= 10;
    *out = (uint64_t)magnitude;
    return magnitude <= UINT64_MAX;
}

enum stator_rc stator_value_uint64(const struct stator_value *value, uint64_t *out, struct stator_error *err)
{
    struct number number;
    uint64_t magnitude;

    STATOR_TRY(parse(&number, value, err));
    if (number.negative || !whole(&magnitude, &number))
        return does_not_fit(value, "A uint64_t", err);
    *out = magnitude;
    return STATOR_OK;
}

enum stator_rc stator_value_int64(const struct stator_value *value, int64_t *out, struct stator_error *err)
{
    struct number number;
    uint64_t magnitude;

    STATOR_TRY(parse(&number, value, err));
    if (!whole(&magnitude, &number) || magnitude > (uint64_t)INT64_MAX + number.negative)
        return does_not_fit(value, "An int64_t", err);
    *out = (int64_t)(number.negative ? 0 - magnitude : magnitude);
    return STATOR_OK;
}

/* The significant digits of a number, at most 38, and a NUL. */
static size_t digits_of(char out[NUMBER_DIGITS_MAX + 1], const struct number *number)
{
    struct number plain = {.coefficient = number->coefficient};
    char text[NUMBER_TEXT_MAX];
    size_t count = number_format(text, &plain);

    memcpy(out, text, count);
    out[count] = '\0';
    return count;
}

/* A text without a point, which is another letter in some locales. The range of an N is within that of a double. */
static double nearest(const struct number *number)
{
    char text[1 + NUMBER_DIGITS_MAX + 1 + 16];
    size_t count = digits_of(text + 1, number);

    text[0] = number->negative ? '-' : '+';
    snprintf(text + 1 + count, sizeof(text) - 1 - count, "e%d", (int)number->exponent);
    return strtod(text, NULL);
}

enum stator_rc stator_value_nearest_double(const struct stator_value *value, double *out, struct stator_error *err)
{
    struct number number;

    STATOR_TRY(parse(&number, value, err));
    *out = nearest(&number);
    return STATOR_OK;
}

/* Whether a double has just that value: it is an odd number below 2^53, times a power of two. */
static bool is_binary(const struct number *number)
{
    uint128 odd = number->coefficient;
    int32_t fives = number->exponent; /* 10^e is 5^e and a power of two */

    while (odd != 0 && odd % 2 == 0)
        odd /= 2;
    for (; fives < 0 && odd % 5 == 0; fives++)
        odd /= 5;
    for (; fives > 0 && odd < DOUBLE_INTEGER_MAX; fives--)
        odd *= 5;
    return odd == 0 || (fives == 0 && odd < DOUBLE_INTEGER_MAX);
}

/* Whether the double, written with as many digits as the number has, is the number. */
static bool writes_back(double nearest_double, const struct number *number)
{
    char wanted[NUMBER_DIGITS_MAX + 1], text[64];
    size_t count = digits_of(wanted, number), found = 0;

    if (count <= DBL_DIG)
        return true;
    if (count > DOUBLE_DIGITS_MAX)
        return false;
    snprintf(text, sizeof(text), "%.*e", (int)count - 1, nearest_double);
    for (const char *at = text; *at != 'e'; at++) { /* past a sign, and a point of any locale */
        if (*at >= '0' && *at <= '9' && *at != wanted[found++])
            return false;
    }
    return true;
}

enum stator_rc stator_value_double(const struct stator_value *value, double *out, struct stator_error *err)
{
    struct number number;
    double near;

    STATOR_TRY(parse(&number, value, err));
    near = nearest(&number);
    if (!writes_back(near, &number) && !is_binary(&number))
        return does_not_fit(value, "A double", err);
    *out = near;
    return STATOR_OK;
}
