/* SPDX-License-Identifier: Apache-2.0 */
#include "value/set.h"

#include <stdlib.h>

#include "value/prefix.h"

enum value_type set_member_type(enum value_type set)
{
    stator_assert(set == VALUE_SS || set == VALUE_NS || set == VALUE_BS);
    if (set == VALUE_SS)
        return VALUE_S;
    return set == VALUE_NS ? VALUE_N : VALUE_B;
}

bool set_is_canonical(const struct value *members, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (value_compare(&members[i - 1], &members[i]) >= 0)
            return false;
    }
    return true;
}

/* Of a number in canonical text: sign, digits before the point, and the text's first characters. At one number of
 * digits the points are at one place, so that characters decide as digits do. */
static uint64_t number_prefix(struct bytes text)
{
    bool negative = text.at[0] == '-';
    struct bytes digits = bytes_of(text.at + negative, text.len - negative);
    const uint8_t *point = memchr(digits.at, '.', digits.len);
    uint64_t integers = point != NULL ? (uint64_t)(point - digits.at) : digits.len; /* at most 126 */
    uint64_t prefix = integers << 56 | bytes_prefix(digits) >> 8;

    return negative ? ~prefix & INT64_MAX : prefix | ~(uint64_t)INT64_MAX;
}

/* Members lie in one array, so their addresses tell the order given. */
static int by_place(const void *a, const void *b)
{
    const struct place *left = a;
    const struct place *right = b;
    int order;

    if (left->prefix != right->prefix)
        return left->prefix < right->prefix ? -1 : 1;
    order = value_compare(left->member, right->member);
    return order != 0 ? order : (left->member > right->member) - (left->member < right->member);
}

const struct place *set_order(const struct value *members, size_t count, struct arena *arena)
{
    struct place *order = arena_alloc(arena, count * sizeof(*order));

    if (order == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        order[i].prefix = members[i].type == VALUE_N ? number_prefix(members[i].text) : bytes_prefix(members[i].text);
        order[i].member = &members[i];
    }
    qsort(order, count, sizeof(*order), by_place);
    return order;
}

bool set_make_ordered(struct value *out, enum value_type type, const struct place *order, size_t count,
                      struct arena *arena)
{
    struct value *members = arena_alloc(arena, count * sizeof(*members));
    size_t kept = 0;

    if (members == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        stator_assert(order[i].member->type == set_member_type(type));
        if (kept == 0 || !bytes_equal(members[kept - 1].text, order[i].member->text))
            members[kept++] = *order[i].member;
    }
    *out = (struct value){.type = type, .count = kept, .members = members};
    return true;
}

bool value_set_make(struct value *out, enum value_type type, const struct value *members, size_t count,
                    struct arena *arena)
{
    const struct place *order = set_order(members, count, arena);

    return order != NULL && set_make_ordered(out, type, order, count, arena);
}

bool value_set_has(const struct value *set, const struct value *member)
{
    size_t from = 0;
    size_t to = set->count;

    if (member->type != set_member_type(set->type))
        return false;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = value_compare(member, &set->members[middle]);

        if (order == 0)
            return true;
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return false;
}
