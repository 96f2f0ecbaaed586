/* SPDX-License-Identifier: Apache-2.0 */
#include "value/set.h"

#include <stdlib.h>

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

/* Members lie in one array, so their addresses tell the order given. */
static int by_value(const void *a, const void *b)
{
    const struct value *left = *(const struct value *const *)a;
    const struct value *right = *(const struct value *const *)b;
    int order = value_compare(left, right);

    return order != 0 ? order : (left > right) - (left < right);
}

const struct value **set_order(const struct value *members, size_t count, struct arena *arena)
{
    const struct value **order = arena_alloc(arena, count * sizeof(*order));

    if (order == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        order[i] = &members[i];
    qsort(order, count, sizeof(*order), by_value);
    return order;
}

bool set_make_ordered(struct value *out, enum value_type type, const struct value *const *order, size_t count,
                      struct arena *arena)
{
    struct value *members = arena_alloc(arena, count * sizeof(*members));
    size_t kept = 0;

    if (members == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        stator_assert(order[i]->type == set_member_type(type));
        if (kept == 0 || !bytes_equal(members[kept - 1].text, order[i]->text))
            members[kept++] = *order[i];
    }
    *out = (struct value){.type = type, .count = kept, .members = members};
    return true;
}

bool value_set_make(struct value *out, enum value_type type, const struct value *members, size_t count,
                    struct arena *arena)
{
    const struct value **order = set_order(members, count, arena);

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
