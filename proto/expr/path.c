/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/buf.h"
#include "expr/draft.h"

#define FEW_PATHS 8 /* comparing each with each costs less than sorting */

static bool same_element(const struct path_element *a, const struct path_element *b)
{
    if (bytes_present(a->name) != bytes_present(b->name))
        return false;
    return bytes_present(a->name) ? bytes_equal(a->name, b->name) : a->index == b->index;
}

bool path_equal(const struct path *a, const struct path *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!same_element(&a->elements[i], &b->elements[i]))
            return false;
    return true;
}

bool path_same_element(const struct path *a, const struct path *b, size_t at)
{
    return same_element(&a->elements[at], &b->elements[at]);
}

static int compare_elements(const struct path_element *a, const struct path_element *b)
{
    bool name = bytes_present(a->name);

    if (name != bytes_present(b->name))
        return name ? 1 : -1;
    if (name)
        return bytes_compare(a->name, b->name);
    return (a->index > b->index) - (a->index < b->index);
}

int path_compare(const struct path *a, const struct path *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        int order = compare_elements(&a->elements[i], &b->elements[i]);

        if (order != 0)
            return order;
    }
    return (a->count > b->count) - (a->count < b->count);
}

const char *path_text(const struct path *path, struct arena *arena)
{
    struct buf buf;
    struct bytes text;

    buf_init(&buf, STATOR_ERROR_MESSAGE_MAX);
    buf_append_byte(&buf, '[');
    for (size_t i = 0; i < path->count; i++) {
        if (i != 0)
            buf_append_literal(&buf, ", ");
        if (bytes_present(path->elements[i].name))
            buf_append_bytes(&buf, path->elements[i].name);
        else
            buf_printf(&buf, "[%u]", path->elements[i].index);
    }
    buf_append(&buf, "]", sizeof("]"));
    text = arena_copy(arena, buf_bytes(&buf));
    if (buf.failed || !bytes_present(text))
        text = BYTES("\0");
    buf_deinit(&buf);
    return (const char *)text.at;
}

enum relation { PATHS_APART, PATHS_OVERLAP, PATHS_CONFLICT };

/* One within the other: overlap. The first difference is a name against an index: conflict. */
static enum relation relate(const struct path *a, const struct path *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (bytes_present(a->elements[i].name) != bytes_present(b->elements[i].name))
            return PATHS_CONFLICT;
        if (!same_element(&a->elements[i], &b->elements[i]))
            return PATHS_APART;
    }
    return PATHS_OVERLAP;
}

/* Whether some path stands in that relation to an earlier one: the first such pair. */
static bool find_pair(const struct path *const *paths, size_t count, enum relation wanted, size_t *first,
                      size_t *second)
{
    for (size_t j = 1; j < count; j++)
        for (size_t i = 0; i < j; i++)
            if (relate(paths[i], paths[j]) == wanted) {
                *first = i;
                *second = j;
                return true;
            }
    return false;
}

static int compare_paths(const void *a, const void *b)
{
    const struct path *const *x = a, *const *y = b;

    return path_compare(*x, *y);
}

/* Whether no two paths meet: of sorted paths it is enough to compare neighbours. */
static bool all_apart(const struct path *const *paths, size_t count, struct arena *arena)
{
    const struct path **sorted = ARENA_ARRAY(arena, const struct path *, count);

    if (sorted == NULL)
        return false;
    memcpy(sorted, paths, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), compare_paths);
    for (size_t i = 1; i < count; i++)
        if (relate(sorted[i - 1], sorted[i]) != PATHS_APART)
            return false;
    return true;
}

enum stator_rc check_path_overlap(struct parser *parser, const struct path *const *paths, size_t count)
{
    const char *verb = "overlap";
    size_t first, second;

    if (count < 2 || (count > FEW_PATHS && all_apart(paths, count, parser->arena)))
        return STATOR_OK;
    if (!find_pair(paths, count, PATHS_OVERLAP, &first, &second)) {
        verb = "conflict";
        if (!find_pair(paths, count, PATHS_CONFLICT, &first, &second))
            return STATOR_OK;
    }
    return parser_fail(parser,
                       "Two document paths %s with each other; must remove or rewrite one of these paths; "
                       "path one: %s, path two: %s",
                       verb, path_text(paths[first], parser->arena), path_text(paths[second], parser->arena));
}
