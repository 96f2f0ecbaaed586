/* SPDX-License-Identifier: Apache-2.0 */
/* Paths are sorted, so that what they take from one map or list lies together, and the item is gone through once, each
 * container as deep as its group of paths goes. A container from which nothing is taken is left out; list elements
 * close up.
 */
#include <stdlib.h>

#include "expr/draft.h"

struct picking {
    const struct path **paths; /* sorted */
    struct arena *arena;
    bool failed; /* the arena is full */
};

static int compare(const void *a, const void *b)
{
    const struct path *const *x = a, *const *y = b;

    return path_compare(*x, *y);
}

/* The end of the group of paths, from `from` on, that share the element `depth`. */
static size_t group_end(const struct picking *picking, size_t from, size_t to, size_t depth)
{
    size_t end = from + 1;

    while (end < to && path_same_element(picking->paths[from], picking->paths[end], depth))
        end++;
    return end;
}

static bool pick(struct picking *picking, struct value *out, const struct value *value, size_t from, size_t to,
                 size_t depth);

static bool pick_map(struct picking *picking, struct value *out, const struct value *map, size_t from, size_t to,
                     size_t depth)
{
    struct attribute *attributes = ARENA_ARRAY(picking->arena, struct attribute, to - from);
    size_t count = 0;

    if (attributes == NULL) {
        picking->failed = true;
        return false;
    }
    for (size_t end; from < to; from = end) {
        struct bytes name = picking->paths[from]->elements[depth].name;
        const struct value *found = bytes_present(name) ? value_find(map, name) : NULL;

        end = group_end(picking, from, to, depth);
        if (found != NULL && pick(picking, &attributes[count].value, found, from, end, depth + 1))
            attributes[count++].name = name;
    }
    *out = (struct value){.type = VALUE_M, .count = count, .attributes = attributes};
    return count != 0;
}

static bool pick_list(struct picking *picking, struct value *out, const struct value *list, size_t from, size_t to,
                      size_t depth)
{
    struct value *members = ARENA_ARRAY(picking->arena, struct value, to - from);
    size_t count = 0;

    if (members == NULL) {
        picking->failed = true;
        return false;
    }
    for (size_t end; from < to; from = end) {
        const struct path_element *element = &picking->paths[from]->elements[depth];
        bool there = !bytes_present(element->name) && element->index < list->count;

        end = group_end(picking, from, to, depth);
        if (there && pick(picking, &members[count], &list->members[element->index], from, end, depth + 1))
            count++;
    }
    *out = (struct value){.type = VALUE_L, .count = count, .members = members};
    return count != 0;
}

/* What the paths from..to take from value, which lies at their first `depth` elements. False: nothing. */
static bool pick(struct picking *picking, struct value *out, const struct value *value, size_t from, size_t to,
                 size_t depth)
{
    if (picking->paths[from]->count == depth) {
        *out = *value;
        return true;
    }
    if (value->type == VALUE_M)
        return pick_map(picking, out, value, from, to, depth);
    if (value->type == VALUE_L)
        return pick_list(picking, out, value, from, to, depth);
    return false;
}

/* paths is sorted in place. */
static enum stator_rc pick_item(struct item *out, const struct path **paths, size_t count, struct item_source *source,
                                struct arena *arena, struct stator_error *err)
{
    struct picking picking = {.paths = paths, .arena = arena};
    struct attribute *attributes = ARENA_ARRAY(arena, struct attribute, count);

    *out = (struct item){.attributes = attributes, .set = true};
    if (attributes == NULL)
        return stator_fail_memory(err);
    if (count > 1)
        qsort(paths, count, sizeof(*paths), compare);
    for (size_t from = 0, end; from < count; from = end) {
        struct bytes name = paths[from]->elements[0].name;
        const struct value *value = source->attribute(source, name);

        end = group_end(&picking, from, count, 0);
        if (value != NULL && pick(&picking, &attributes[out->count].value, value, from, end, 1))
            attributes[out->count++].name = name;
    }
    return picking.failed || source->failed ? stator_fail_memory(err) : STATOR_OK;
}

static enum stator_rc pick_columns(struct item *out, const struct projection *projection, struct item_source *source,
                                   struct arena *arena, struct stator_error *err)
{
    struct attribute *attributes = ARENA_ARRAY(arena, struct attribute, projection->count);

    if (attributes == NULL)
        return stator_fail_memory(err);
    *out = (struct item){.attributes = attributes, .set = true};
    for (size_t i = 0; i < projection->count; i++) {
        const struct value *value = expr_path_value(source, &projection->paths[i]);

        if (value != NULL)
            attributes[out->count++] = (struct attribute){projection->columns[i], *value};
    }
    attributes_sort(attributes, out->count);
    return source->failed ? stator_fail_memory(err) : STATOR_OK;
}

enum stator_rc projection_apply(struct item *out, const struct projection *projection, struct item_source *item,
                                struct arena *arena, struct stator_error *err)
{
    const struct path **paths = ARENA_ARRAY(arena, const struct path *, projection->count);

    if (projection->columns != NULL)
        return pick_columns(out, projection, item, arena, err);
    if (paths == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < projection->count; i++)
        paths[i] = &projection->paths[i];
    return pick_item(out, paths, projection->count, item, arena, err);
}

enum stator_rc update_touched(struct item *out, const struct update *update, const struct item *item,
                              struct arena *arena, struct stator_error *err)
{
    const struct path **paths = ARENA_ARRAY(arena, const struct path *, update->count);
    struct item_source_parsed source;

    if (paths == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < update->count; i++)
        paths[i] = &update->clauses[i].path;
    item_source_parsed_init(&source, item);
    return pick_item(out, paths, update->count, &source.source, arena, err);
}
