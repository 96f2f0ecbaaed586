/* SPDX-License-Identifier: Apache-2.0 */
/* WHERE becomes a condition of proto/expr. What PartiQL writes with IS is a function there; a condition may be an
 * operand, which is true or false. */
#include <stdarg.h>
#include <stdio.h>

#include "expr/condition_parser.h"
#include "partiql/lower.h"

enum stator_rc lower_fail_at(struct lowering *lowering, const struct partiql_token *token, const char *format, ...)
{
    char text[STATOR_ERROR_MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return stator_fail(lowering->parser.err, STATOR_VALIDATION, "%s at %u:%u:%u", text, token->line, token->column,
                       token->length);
}

const char *lower_letters(struct lowering *lowering, struct bytes text)
{
    char *copy = arena_alloc(lowering->parser.arena, text.len + 1);

    if (copy == NULL)
        return "";
    for (size_t i = 0; i < text.len; i++)
        copy[i] = (char)(text.at[i] >= 'A' && text.at[i] <= 'Z' ? text.at[i] | 0x20 : text.at[i]);
    copy[text.len] = '\0';
    return copy;
}

enum stator_rc lower_unsupported(struct lowering *lowering, const struct partiql_node *node)
{
    static const char *const names[] = {
        [PARTIQL_NODE_NAME] = "Id",         [PARTIQL_NODE_STRING] = "Lit",
        [PARTIQL_NODE_NUMBER] = "Lit",      [PARTIQL_NODE_TRUE] = "Lit",
        [PARTIQL_NODE_FALSE] = "Lit",       [PARTIQL_NODE_NULL] = "Lit",
        [PARTIQL_NODE_MISSING] = "Missing", [PARTIQL_NODE_PARAMETER] = "Parameter",
        [PARTIQL_NODE_LIST] = "List",       [PARTIQL_NODE_BAG] = "Bag",
        [PARTIQL_NODE_STRUCT] = "Struct",   [PARTIQL_NODE_PATH] = "Path",
        [PARTIQL_NODE_CALL] = "Call",       [PARTIQL_NODE_AND] = "And",
        [PARTIQL_NODE_OR] = "Or",           [PARTIQL_NODE_NOT] = "Not",
        [PARTIQL_NODE_EQ] = "Eq",           [PARTIQL_NODE_NE] = "Ne",
        [PARTIQL_NODE_LT] = "Lt",           [PARTIQL_NODE_LE] = "Lte",
        [PARTIQL_NODE_GT] = "Gt",           [PARTIQL_NODE_GE] = "Gte",
        [PARTIQL_NODE_PLUS] = "Plus",       [PARTIQL_NODE_MINUS] = "Minus",
        [PARTIQL_NODE_BETWEEN] = "Between", [PARTIQL_NODE_IN] = "InCollection",
        [PARTIQL_NODE_LIKE] = "Like",       [PARTIQL_NODE_IS] = "IsType",
        [PARTIQL_NODE_SELECT] = "Select",   [PARTIQL_NODE_REMOVE] = NULL, /* the last */
    };
    const char *name = names[node->kind];

    if (name != NULL)
        return stator_fail(lowering->parser.err, STATOR_VALIDATION, "Unsupported operation: %s", name);
    return stator_fail(lowering->parser.err, STATOR_VALIDATION, "Unsupported operation: %.*s",
                       BYTES_ARG(node->token->text));
}

/* --- Drafts ------------------------------------------------------------------------------------------------------- */

enum stator_rc lower_draft(struct lowering *lowering, struct draft **out, enum draft_kind kind, enum expr_type type,
                           struct bytes text)
{
    *out = draft_new(&lowering->parser, kind);
    if (*out == NULL)
        return stator_fail_memory(lowering->parser.err);
    (*out)->type = type;
    (*out)->text = text;
    return STATOR_OK;
}

enum stator_rc lower_operand(struct lowering *lowering, struct draft *draft, struct draft *operand)
{
    if (!pointers_push(&draft->operands, operand, lowering->parser.arena))
        return stator_fail_memory(lowering->parser.err);
    return STATOR_OK;
}

enum stator_rc lower_finish(struct lowering *lowering, struct draft *draft)
{
    struct expr *expr = ARENA_NEW(lowering->parser.arena, struct expr);
    const struct expr **children = ARENA_ARRAY(lowering->parser.arena, const struct expr *, draft->operands.count);

    if (expr == NULL || children == NULL)
        return stator_fail_memory(lowering->parser.err);
    for (size_t i = 0; i < draft->operands.count; i++)
        children[i] = ((const struct draft *)draft->operands.at[i])->expr;
    *expr = (struct expr){.type = draft->type,
                          .child_count = draft->operands.count,
                          .children = children,
                          .path = draft->path,
                          .value = draft->expr == NULL ? NULL : draft->expr->value};
    draft->expr = expr;
    draft_append(&lowering->parser, draft);
    return STATOR_OK;
}

bool lower_is_path(const struct partiql_node *node)
{
    return node->kind == PARTIQL_NODE_NAME ||
           (node->kind == PARTIQL_NODE_PATH && lower_is_path(partiql_child(node, 0)));
}

/* The index between brackets, perhaps with a sign. */
static enum stator_rc index_of(struct lowering *lowering, uint32_t *out, const struct partiql_node *step)
{
    const struct partiql_node *node = partiql_child(step, 0);
    struct bytes digits = node->text;
    uint64_t index = 0;
    bool negative;

    if (node->kind != PARTIQL_NODE_NUMBER || memchr(digits.at, '.', digits.len) != NULL ||
        memchr(digits.at, 'e', digits.len) != NULL || memchr(digits.at, 'E', digits.len) != NULL)
        return lower_fail_at(lowering, node->token, "Unexpected path component");
    negative = digits.at[0] == '-';
    for (size_t i = negative; i < digits.len && index <= INT32_MAX; i++)
        index = index * 10 + (uint64_t)(digits.at[i] - '0');
    if (index > INT32_MAX || (negative && index != 0))
        return lower_fail_at(lowering, node->token, "List index is not within the allowable range; index: [%.*s]",
                             BYTES_ARG(digits));
    *out = (uint32_t)index;
    return STATOR_OK;
}

enum stator_rc lower_path(struct lowering *lowering, struct path *out, const struct partiql_node *node)
{
    size_t count = node->kind == PARTIQL_NODE_PATH ? node->children.count : 1;
    struct path_element *elements = ARENA_ARRAY(lowering->parser.arena, struct path_element, count);

    if (elements == NULL)
        return stator_fail_memory(lowering->parser.err);
    *out = (struct path){elements, count};
    elements[0].name = node->kind == PARTIQL_NODE_PATH ? partiql_child(node, 0)->text : node->text;
    for (size_t i = 1; i < count; i++) {
        const struct partiql_node *step = partiql_child(node, i);

        if (step->kind == PARTIQL_NODE_STEP_ALL)
            return lower_fail_at(lowering, step->token, "Unexpected path component");
        if (step->kind == PARTIQL_NODE_STEP_NAME)
            elements[i].name = step->text;
        else
            STATOR_TRY(index_of(lowering, &elements[i].index, step));
    }
    for (size_t i = 0; i < count; i++)
        if (bytes_present(elements[i].name) && elements[i].name.len == 0)
            return stator_fail(lowering->parser.err, STATOR_VALIDATION, "Path component cannot be an empty string");
    return STATOR_OK;
}

enum stator_rc lower_leaf(struct lowering *lowering, struct draft **out, const struct partiql_node *node)
{
    struct expr *value;

    if (lower_is_path(node)) {
        STATOR_TRY(lower_draft(lowering, out, DRAFT_PATH, EXPR_PATH, node->text));
        STATOR_TRY(lower_path(lowering, &(*out)->path, node));
        return lower_finish(lowering, *out);
    }
    if (!lower_is_value(node))
        return lower_unsupported(lowering, node);
    STATOR_TRY(lower_draft(lowering, out, DRAFT_VALUE, EXPR_VALUE, node->text));
    value = ARENA_NEW(lowering->parser.arena, struct expr);
    if (value == NULL)
        return stator_fail_memory(lowering->parser.err);
    (*out)->expr = value;
    STATOR_TRY(lower_value(lowering, &value->value, node));
    return lower_finish(lowering, *out);
}

/* --- Conditions --------------------------------------------------------------------------------------------------- */

static enum stator_rc condition(struct lowering *lowering, struct draft **out, const struct partiql_node *node);

static bool is_condition(const struct partiql_node *node)
{
    switch (node->kind) {
    case PARTIQL_NODE_AND:
    case PARTIQL_NODE_OR:
    case PARTIQL_NODE_NOT:
    case PARTIQL_NODE_EQ:
    case PARTIQL_NODE_NE:
    case PARTIQL_NODE_LT:
    case PARTIQL_NODE_LE:
    case PARTIQL_NODE_GT:
    case PARTIQL_NODE_GE:
    case PARTIQL_NODE_BETWEEN:
    case PARTIQL_NODE_IN:
    case PARTIQL_NODE_IS:
    case PARTIQL_NODE_CALL:
        return true;
    default:
        return false;
    }
}

static enum stator_rc operand(struct lowering *lowering, struct draft **out, const struct partiql_node *node)
{
    return is_condition(node) ? condition(lowering, out, node) : lower_leaf(lowering, out, node);
}

static enum stator_rc add_operands(struct lowering *lowering, struct draft *draft, const struct partiql_node *node,
                                   size_t from)
{
    struct draft *one;

    for (size_t i = from; i < node->children.count; i++) {
        STATOR_TRY(operand(lowering, &one, partiql_child(node, i)));
        STATOR_TRY(lower_operand(lowering, draft, one));
    }
    return STATOR_OK;
}

/* The draft is complete: its tree, and what can be wrong with it. */
static enum stator_rc finish_condition(struct lowering *lowering, struct draft *draft)
{
    STATOR_TRY(lower_finish(lowering, draft));
    return condition_check_one(&lowering->parser, draft);
}

static enum stator_rc in(struct lowering *lowering, struct draft **out, const struct partiql_node *node)
{
    const struct partiql_node *members = partiql_child(node, 1);
    struct draft *one;

    STATOR_TRY(lower_draft(lowering, out, DRAFT_OPERATOR, EXPR_IN, BYTES("IN")));
    STATOR_TRY(operand(lowering, &one, partiql_child(node, 0)));
    STATOR_TRY(lower_operand(lowering, *out, one));
    if (members->kind != PARTIQL_NODE_LIST && members->kind != PARTIQL_NODE_BAG)
        return lower_unsupported(lowering, node);
    STATOR_TRY(add_operands(lowering, *out, members, 0));
    return finish_condition(lowering, *out);
}

/* attribute_type(path, 'S') and its like for IS. */
static enum stator_rc is(struct lowering *lowering, struct draft **out, const struct partiql_node *node)
{
    static const struct {
        const char *name, *type; /* NULL: not there at all */
    } types[] = {
        {"missing", NULL}, {"null", "NULL"}, {"boolean", "BOOL"}, {"string", "S"}, {"numeric", "N"},
        {"blob", "B"},     {"struct", "M"},  {"tuple", "M"},      {"list", "L"},
    };
    struct value *value = ARENA_NEW(lowering->parser.arena, struct value);
    struct expr *expr = ARENA_NEW(lowering->parser.arena, struct expr);
    struct draft *one, *type;
    size_t i = 0;

    if (value == NULL || expr == NULL)
        return stator_fail_memory(lowering->parser.err);
    while (i < sizeof(types) / sizeof(types[0]) && !bytes_equal_string(node->text, types[i].name))
        i++;
    if (i == sizeof(types) / sizeof(types[0]))
        return lower_unsupported(lowering, node);
    STATOR_TRY(operand(lowering, &one, partiql_child(node, 0)));
    STATOR_TRY(lower_draft(lowering, out, DRAFT_OPERATOR,
                           types[i].type == NULL ? EXPR_ATTRIBUTE_NOT_EXISTS : EXPR_ATTRIBUTE_TYPE, node->text));
    STATOR_TRY(lower_operand(lowering, *out, one));
    if (types[i].type != NULL) {
        *value = (struct value){.type = VALUE_S, .text = bytes_of_string(types[i].type)};
        expr->value = value;
        STATOR_TRY(lower_draft(lowering, &type, DRAFT_VALUE, EXPR_VALUE, value->text));
        type->expr = expr;
        STATOR_TRY(lower_finish(lowering, type));
        STATOR_TRY(lower_operand(lowering, *out, type));
    }
    return finish_condition(lowering, *out);
}

static enum stator_rc call(struct lowering *lowering, struct draft **out, const struct partiql_node *node)
{
    struct bytes name = condition_function(node->text, &(enum expr_type){0});
    enum expr_type type = EXPR_SIZE;

    if (!bytes_present(name))
        return lower_fail_at(lowering, node->token, "Unrecognized function: %s", lower_letters(lowering, node->text));
    condition_function(node->text, &type);
    STATOR_TRY(lower_draft(lowering, out, DRAFT_CALL, type, name));
    STATOR_TRY(add_operands(lowering, *out, node, 0));
    return finish_condition(lowering, *out);
}

static enum stator_rc plain(struct lowering *lowering, struct draft **out, const struct partiql_node *node,
                            enum expr_type type)
{
    STATOR_TRY(lower_draft(lowering, out, DRAFT_OPERATOR, type, node->text));
    STATOR_TRY(add_operands(lowering, *out, node, 0));
    return finish_condition(lowering, *out);
}

/* AND, OR and NOT take conditions only. */
static enum stator_rc logical(struct lowering *lowering, struct draft **out, const struct partiql_node *node,
                              enum expr_type type)
{
    struct draft *one;

    STATOR_TRY(lower_draft(lowering, out, DRAFT_OPERATOR, type, node->text));
    for (size_t i = 0; i < node->children.count; i++) {
        STATOR_TRY(condition(lowering, &one, partiql_child(node, i)));
        STATOR_TRY(lower_operand(lowering, *out, one));
    }
    lowering->parser.operators += node->children.count > 2 ? node->children.count - 2 : 0;
    return lower_finish(lowering, *out);
}

static enum stator_rc condition(struct lowering *lowering, struct draft **out, const struct partiql_node *node)
{
    switch (node->kind) {
    case PARTIQL_NODE_AND:
        return logical(lowering, out, node, EXPR_AND);
    case PARTIQL_NODE_OR:
        return logical(lowering, out, node, EXPR_OR);
    case PARTIQL_NODE_NOT:
        return logical(lowering, out, node, EXPR_NOT);
    case PARTIQL_NODE_EQ:
        return plain(lowering, out, node, EXPR_EQ);
    case PARTIQL_NODE_NE:
        return plain(lowering, out, node, EXPR_NE);
    case PARTIQL_NODE_LT:
        return plain(lowering, out, node, EXPR_LT);
    case PARTIQL_NODE_LE:
        return plain(lowering, out, node, EXPR_LE);
    case PARTIQL_NODE_GT:
        return plain(lowering, out, node, EXPR_GT);
    case PARTIQL_NODE_GE:
        return plain(lowering, out, node, EXPR_GE);
    case PARTIQL_NODE_BETWEEN:
        return plain(lowering, out, node, EXPR_BETWEEN);
    case PARTIQL_NODE_IN:
        return in(lowering, out, node);
    case PARTIQL_NODE_IS:
        return is(lowering, out, node);
    case PARTIQL_NODE_CALL:
        return call(lowering, out, node);
    default:
        return lower_unsupported(lowering, node);
    }
}

enum stator_rc lower_where(struct lowering *lowering, const struct expr **out, const struct partiql_node *node)
{
    struct draft *draft;

    *out = NULL;
    if (node == NULL)
        return STATOR_OK;
    STATOR_TRY(condition(lowering, &draft, node));
    STATOR_TRY(check_operator_count(&lowering->parser));
    if (draft->type == EXPR_SIZE)
        return lower_unsupported(lowering, node);
    *out = draft->expr;
    return STATOR_OK;
}
