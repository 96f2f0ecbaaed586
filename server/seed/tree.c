/* SPDX-License-Identifier: Apache-2.0 */
#include "seed/tree.h"

enum stator_rc tree_read(struct node **out, const struct tree_source *source, struct arena *arena,
                         struct stator_error *err)
{
    *out = NULL;
    return source->form == TREE_JSON ? tree_read_json(out, source, arena, err)
                                     : tree_read_yaml(out, source, arena, err);
}

struct node *tree_member(const struct node *map, const char *name)
{
    struct node *found = NULL;

    if (map == NULL || map->kind != NODE_MAP)
        return NULL;
    for (struct node *at = map->first; at != NULL; at = at->next)
        if (bytes_equal_string(at->name, name))
            found = at;
    return found;
}

bool tree_is_call(const struct node *node, const char *name)
{
    return node->kind == NODE_MAP && node->count == 1 && bytes_equal_string(node->first->name, name);
}

bool tree_text_is(const struct node *node, const char *text)
{
    return node != NULL && node->kind == NODE_TEXT && bytes_equal_string(node->text, text);
}

enum stator_rc tree_fail(struct stator_error *err, const char *path, uint32_t line, const char *format, ...)
{
    struct stator_error what;
    va_list args;

    va_start(args, format);
    stator_fail_list(&what, STATOR_VALIDATION, format, args);
    va_end(args);
    return stator_fail(err, STATOR_VALIDATION, "%.800s:%u: %.1200s", path, line, what.message);
}

struct node *tree_node(struct arena *arena, enum node_kind kind, uint32_t line)
{
    struct node *node = ARENA_NEW(arena, struct node);

    if (node != NULL) {
        node->kind = kind;
        node->line = line;
    }
    return node;
}

void tree_append(struct node *parent, struct node *child)
{
    if (parent->last != NULL)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->count++;
}
