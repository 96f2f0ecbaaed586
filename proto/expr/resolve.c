/* SPDX-License-Identifier: Apache-2.0 */
/* From drafts to trees: names and values take the place of their placeholders, and the checks that all languages share.
 */
#include <stdlib.h>

#include "expr/draft.h"
#include "expr/reserved.h"

const char *draft_type_name(const struct draft *draft)
{
    if (draft->kind == DRAFT_CALL && draft->type == EXPR_SIZE)
        return "N";
    if (draft->kind == DRAFT_VALUE && draft->expr != NULL && draft->expr->value->type < VALUE_FAULT)
        return value_type_name(draft->expr->value->type);
    return NULL;
}

/* --- Checks and names --------------------------------------------------------------------------------------------- */

/* The service stops counting at the first one too many. */
enum stator_rc check_operator_count(struct parser *parser)
{
    if (parser->operators > EXPR_OPERATORS_MAX)
        return parser_fail(parser, "The expression contains too many operators; operator count: %d",
                           EXPR_OPERATORS_MAX + 1);
    return STATOR_OK;
}

enum stator_rc check_form(struct parser *parser)
{
    if (parser->redundant_parentheses)
        return parser_fail(parser, "The expression has redundant parentheses;");
    if (bytes_present(parser->bad_index))
        return parser_fail(parser, "List index is not within the allowable range; index: [%.*s]",
                           BYTES_ARG(parser->bad_index));
    return STATOR_OK;
}

static bool is_reference(struct bytes name)
{
    return name.len != 0 && name.at[0] == '#';
}

enum stator_rc check_reserved_path(struct parser *parser, const struct path *path)
{
    for (size_t i = 0; i < path->count; i++) {
        struct bytes name = path->elements[i].name;

        if (bytes_present(name) && !is_reference(name) && reserved_word(name))
            return parser_fail(parser, "Attribute name is a reserved keyword; reserved keyword: %.*s", BYTES_ARG(name));
    }
    return STATOR_OK;
}

enum stator_rc check_reserved(struct parser *parser)
{
    for (const struct draft *draft = parser->first; draft != NULL; draft = draft->next)
        STATOR_TRY(check_reserved_path(parser, &draft->path));
    return STATOR_OK;
}

static int compare_keys(const void *a, const void *b)
{
    const struct placeholder_name *const *x = a, *const *y = b;

    return bytes_compare((*x)->key, (*y)->key);
}

/* Sorted once for a request, so that a text full of names and a map full of names do not multiply. */
static bool sort_names(struct parser *parser)
{
    struct placeholders *placeholders = parser->placeholders;
    struct placeholder_name **sorted;

    if (placeholders->sorted != NULL)
        return true;
    sorted = ARENA_ARRAY(parser->arena, struct placeholder_name *, placeholders->name_count);
    if (sorted == NULL)
        return false;
    for (size_t i = 0; i < placeholders->name_count; i++)
        sorted[i] = &placeholders->names[i];
    if (placeholders->name_count > 1)
        qsort(sorted, placeholders->name_count, sizeof(*sorted), compare_keys);
    placeholders->sorted = sorted;
    return true;
}

static enum stator_rc find_name(struct parser *parser, struct bytes key, struct placeholder_name **out)
{
    const struct placeholder_name wanted = {.key = key}, *pointer = &wanted;
    struct placeholder_name **found = NULL;

    if (!sort_names(parser))
        return parser_no_memory(parser);
    if (parser->placeholders->name_count != 0)
        found = bsearch(&pointer, parser->placeholders->sorted, parser->placeholders->name_count, sizeof(*found),
                        compare_keys);
    *out = found == NULL ? NULL : *found;
    return STATOR_OK;
}

enum stator_rc resolve_path(struct parser *parser, struct path *path)
{
    for (size_t i = 0; i < path->count; i++) {
        struct path_element *element = (struct path_element *)&path->elements[i];
        struct placeholder_name *found = NULL;

        if (!is_reference(element->name))
            continue;
        STATOR_TRY(find_name(parser, element->name, &found));
        if (found == NULL)
            return parser_fail(parser,
                               "An expression attribute name used in the document path is not defined; "
                               "attribute name: %.*s",
                               BYTES_ARG(element->name));
        found->used = true;
        element->name = found->name;
    }
    if (path->count > EXPR_PATH_PARTS_MAX)
        return parser_fail(parser, "The document path has too many nesting levels; nesting levels: %zu", path->count);
    return STATOR_OK;
}

/* Attributes are sorted by name: this is item_find, giving the place too. */
static const struct attribute *find_value(const struct item *values, struct bytes key)
{
    size_t low = 0, high = values == NULL ? 0 : values->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = bytes_compare(values->attributes[middle].name, key);

        if (order == 0)
            return &values->attributes[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

enum stator_rc resolve_value(struct parser *parser, const struct value **out, struct bytes reference)
{
    struct placeholders *placeholders = parser->placeholders;
    const struct attribute *found = find_value(placeholders->values, reference);

    if (found == NULL)
        return parser_fail(parser,
                           "An expression attribute value used in expression is not defined; attribute value: %.*s",
                           BYTES_ARG(reference));
    if (placeholders->values_used != NULL)
        placeholders->values_used[found - placeholders->values->attributes] = true;
    *out = &found->value;
    return STATOR_OK;
}

static enum expr_type type_of(const struct draft *draft)
{
    switch (draft->kind) {
    case DRAFT_PATH:
        return EXPR_PATH;
    case DRAFT_VALUE:
        return EXPR_VALUE;
    default:
        return draft->type;
    }
}

enum stator_rc resolve_draft(struct parser *parser, struct draft *draft)
{
    struct expr *expr = ARENA_NEW(parser->arena, struct expr);
    const struct expr **children = ARENA_ARRAY(parser->arena, const struct expr *, draft->operands.count);

    if (expr == NULL || children == NULL)
        return parser_no_memory(parser);
    if (draft->kind == DRAFT_PATH)
        STATOR_TRY(resolve_path(parser, &draft->path));
    if (draft->kind == DRAFT_VALUE)
        STATOR_TRY(resolve_value(parser, &expr->value, draft->text));
    for (size_t i = 0; i < draft->operands.count; i++) {
        const struct draft *operand = draft->operands.at[i];

        children[i] = operand->expr;
    }
    expr->type = type_of(draft);
    expr->path = draft->path;
    expr->child_count = draft->operands.count;
    expr->children = children;
    draft->expr = expr;
    return STATOR_OK;
}
