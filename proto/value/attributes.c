/* SPDX-License-Identifier: Apache-2.0 */
#include "value/attributes.h"

#include <stdlib.h>

#include "value/prefix.h"

#define INSERTION_MAX 24 /* as many as insertion sort takes faster than qsort */

/* What is sorted in place of an attribute: most names differ in their first eight bytes. */
struct place {
    uint64_t prefix; /* of its name */
    const struct attribute *at;
};

/* By name; attributes of one name by address, and so in the order given. */
static int compare_places(const struct place *a, const struct place *b)
{
    int order;

    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    order = bytes_compare(a->at->name, b->at->name);
    return order != 0 ? order : (a->at > b->at) - (a->at < b->at);
}

static int by_place(const void *a, const void *b)
{
    return compare_places(a, b);
}

static void sort_places(struct place *places, size_t count)
{
    if (count > INSERTION_MAX) {
        qsort(places, count, sizeof(*places), by_place);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct place moving = places[i];
        size_t at = i;

        for (; at > 0 && compare_places(&places[at - 1], &moving) > 0; at--)
            places[at] = places[at - 1];
        places[at] = moving;
    }
}

bool attributes_ascend(const struct attribute *attributes, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (bytes_compare(attributes[i - 1].name, attributes[i].name) >= 0)
            return false;
    }
    return true;
}

size_t attributes_copy_sorted(struct attribute *to, const struct attribute *from, size_t count, struct arena *arena)
{
    struct place few[INSERTION_MAX];
    struct place *places = count <= INSERTION_MAX ? few : arena_alloc(arena, count * sizeof(*places));
    size_t kept = 0;

    if (places == NULL)
        return SIZE_MAX;
    for (size_t i = 0; i < count; i++)
        places[i] = (struct place){.prefix = bytes_prefix(from[i].name), .at = &from[i]};
    sort_places(places, count);
    for (size_t i = 0; i < count; i++) {
        if (kept != 0 && bytes_equal(to[kept - 1].name, places[i].at->name))
            kept--;
        to[kept++] = *places[i].at;
    }
    return kept;
}

static int by_name(const void *a, const void *b)
{
    return bytes_compare(((const struct attribute *)a)->name, ((const struct attribute *)b)->name);
}

void attributes_sort(struct attribute *attributes, size_t count)
{
    if (!attributes_ascend(attributes, count))
        qsort(attributes, count, sizeof(*attributes), by_name);
}
