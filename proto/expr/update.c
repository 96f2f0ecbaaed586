/* SPDX-License-Identifier: Apache-2.0 */
/* All operands are computed from the old item first. Then the clauses, sorted by path, are worked into it container by
 * container: maps keep the order of names, lists that of the original indexes, and what is set past a list's end is
 * appended in the order of the indexes. Only containers on the way to a change are copied.
 */
#include <stdlib.h>

#include "expr/draft.h"
#include "expr/operand.h"

struct edit {
    const struct path *path;
    enum update_action action;
    const struct value *value; /* NULL: REMOVE */
};

static int compare(const void *a, const void *b)
{
    const struct edit *x = a, *y = b;

    return path_compare(x->path, y->path);
}

static enum stator_rc bad_path(const struct change *change)
{
    return stator_fail(change->err, STATOR_VALIDATION,
                       "The document path provided in the update expression is invalid for update");
}

static size_t group_end(const struct edit *edits, size_t count, size_t depth)
{
    size_t end = 1;

    while (end < count && path_same_element(edits[0].path, edits[end].path, depth))
        end++;
    return end;
}

/* out->type VALUE_ABSENT: nothing is there afterwards. */
static enum stator_rc edit_value(const struct change *change, struct value *out, const struct value *there,
                                 const struct edit *edit)
{
    switch (edit->action) {
    case UPDATE_SET:
        *out = *edit->value;
        return STATOR_OK;
    case UPDATE_ADD:
        STATOR_TRY(operand_add(change, out, there, edit->value));
        growth_add(change->growth, out);
        return STATOR_OK;
    case UPDATE_DELETE:
        return operand_delete(change, out, there, edit->value);
    default:
        *out = (struct value){.type = VALUE_ABSENT};
        return STATOR_OK;
    }
}

static enum stator_rc edit_child(const struct change *change, struct value *out, const struct value *there,
                                 const struct edit *edits, size_t count, size_t depth);

/* Copies `from` up to the name at which the next change is. */
static size_t copy_before(struct attribute *to, size_t *at, const struct value *map, size_t from, struct bytes name)
{
    while (from < map->count && (!bytes_present(name) || bytes_compare(map->attributes[from].name, name) < 0))
        to[(*at)++] = map->attributes[from++];
    return from;
}

static enum stator_rc edit_map(const struct change *change, struct value *out, const struct value *map,
                               const struct edit *edits, size_t count, size_t depth)
{
    struct attribute *attributes = ARENA_ARRAY(change->arena, struct attribute, map->count + count);
    size_t at = 0, from = 0;

    if (attributes == NULL)
        return stator_fail_memory(change->err);
    for (size_t i = 0, group; i < count; i += group) {
        struct bytes name = edits[i].path->elements[depth].name;
        const struct value *there = NULL;

        group = group_end(&edits[i], count - i, depth);
        from = copy_before(attributes, &at, map, from, name);
        if (from < map->count && bytes_equal(map->attributes[from].name, name))
            there = &map->attributes[from++].value;
        STATOR_TRY(edit_child(change, &attributes[at].value, there, &edits[i], group, depth + 1));
        if (attributes[at].value.type != VALUE_ABSENT)
            attributes[at++].name = name;
    }
    copy_before(attributes, &at, map, from, (struct bytes){NULL, 0});
    *out = (struct value){.type = VALUE_M, .count = at, .attributes = attributes};
    return STATOR_OK;
}

static enum stator_rc edit_list(const struct change *change, struct value *out, const struct value *list,
                                const struct edit *edits, size_t count, size_t depth)
{
    struct value *members = ARENA_ARRAY(change->arena, struct value, list->count + count);
    size_t at = 0, from = 0;

    if (members == NULL)
        return stator_fail_memory(change->err);
    for (size_t i = 0, group; i < count; i += group) {
        uint32_t index = edits[i].path->elements[depth].index;
        const struct value *there = NULL;

        group = group_end(&edits[i], count - i, depth);
        while (from < list->count && from < index)
            members[at++] = list->members[from++];
        if (from < list->count)
            there = &list->members[from++];
        STATOR_TRY(edit_child(change, &members[at], there, &edits[i], group, depth + 1));
        if (members[at].type != VALUE_ABSENT)
            at++;
    }
    while (from < list->count)
        members[at++] = list->members[from++];
    *out = (struct value){.type = VALUE_L, .count = at, .members = members};
    return STATOR_OK;
}

/* Works edits, whose first `depth` elements lead to `there`, into it. As deep as the item at most. */
static enum stator_rc edit_child(const struct change *change, struct value *out, const struct value *there,
                                 const struct edit *edits, size_t count, size_t depth)
{
    bool name;

    if (edits[0].path->count == depth)
        return edit_value(change, out, there, &edits[0]);
    name = bytes_present(edits[0].path->elements[depth].name);
    if (there != NULL && there->type == VALUE_M && name)
        return edit_map(change, out, there, edits, count, depth);
    if (there != NULL && there->type == VALUE_L && !name)
        return edit_list(change, out, there, edits, count, depth);
    return bad_path(change);
}

/* The service lets a REMOVE within something pass where there is no item at all. */
static bool is_idle(const struct update_clause *clause, const struct item *old)
{
    return !old->set && clause->action == UPDATE_REMOVE && clause->path.count > 1;
}

static enum stator_rc make_edits(const struct change *change, struct edit *edits, size_t *count,
                                 const struct update *update, const struct item *old)
{
    *count = 0;
    for (size_t i = 0; i < update->count; i++) {
        const struct update_clause *clause = &update->clauses[i];
        struct edit *edit = &edits[*count];

        if (is_idle(clause, old))
            continue;
        *edit = (struct edit){.path = &clause->path, .action = clause->action};
        if (clause->operand != NULL)
            STATOR_TRY(operand_value(change, &edit->value, clause->operand));
        if (clause->action == UPDATE_SET)
            growth_add(change->growth, edit->value);
        ++*count;
    }
    if (*count > 1)
        qsort(edits, *count, sizeof(*edits), compare);
    return STATOR_OK;
}

enum stator_rc update_apply(struct item *out, const struct update *update, const struct item *old, struct arena *arena,
                            struct stator_error *err)
{
    const struct value top = {.type = VALUE_M, .count = old->count, .attributes = old->attributes};
    struct edit *edits = ARENA_ARRAY(arena, struct edit, update->count);
    struct item_source_parsed source;
    struct growth growth = {0};
    struct change change = {
        .old = &source.source, .growth = &growth, .legacy = update->legacy, .arena = arena, .err = err};
    struct value result;
    size_t count;

    if (edits == NULL)
        return stator_fail_memory(err);
    item_source_parsed_init(&source, old);
    STATOR_TRY(make_edits(&change, edits, &count, update, old));
    STATOR_TRY(edit_map(&change, &result, &top, edits, count, 0));
    *out = (struct item){.attributes = result.attributes, .count = result.count, .set = true, .cut = growth.over};
    return STATOR_OK;
}
