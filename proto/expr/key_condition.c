/* SPDX-License-Identifier: Apache-2.0 */
/* A key condition is a few conditions joined by AND, each of one top-level attribute and values. Which attributes are
 * keys is known to server/plan only. Of a condition's faults the first operand's comes first; of two conditions' the
 * one written first.
 */
#include "expr/condition_parser.h"

static enum stator_rc fail(const char *text, struct stator_error *err)
{
    return stator_fail(err, STATOR_VALIDATION, "Invalid KeyConditionExpression: %s", text);
}

static enum stator_rc bad_operator(const char *name, struct stator_error *err)
{
    return stator_fail(err, STATOR_VALIDATION, "Invalid operator used in KeyConditionExpression: %s", name);
}

static enum stator_rc bad_condition(const char *text, struct stator_error *err)
{
    return stator_fail(err, STATOR_VALIDATION, "Invalid condition in KeyConditionExpression: %s", text);
}

static enum stator_rc check_operator(const struct expr *expr, struct stator_error *err)
{
    switch (expr->type) {
    case EXPR_OR:
    case EXPR_NOT:
    case EXPR_IN:
    case EXPR_NE:
    case EXPR_ATTRIBUTE_EXISTS:
    case EXPR_ATTRIBUTE_NOT_EXISTS:
    case EXPR_ATTRIBUTE_TYPE:
    case EXPR_CONTAINS:
        return bad_operator(condition_operator_name(expr->type), err);
    case EXPR_BETWEEN:
        if (expr->children[0]->type != EXPR_PATH)
            return bad_condition("BETWEEN operator must have the key attribute as its first operand", err);
        return STATOR_OK;
    case EXPR_BEGINS_WITH:
        if (expr->children[0]->type != EXPR_PATH)
            return bad_condition("begins_with operator must have the key attribute as its first operand", err);
        return STATOR_OK;
    default:
        return STATOR_OK;
    }
}

/* One condition; *name becomes its attribute. */
static enum stator_rc check_condition(const struct expr *expr, struct bytes *name, struct stator_error *err)
{
    *name = (struct bytes){NULL, 0};
    for (size_t i = 0; i < expr->child_count; i++) {
        const struct expr *operand = expr->children[i];

        if (operand->type == EXPR_SIZE)
            return fail("KeyConditionExpressions cannot contain nested operations", err);
        if (operand->type != EXPR_PATH)
            continue;
        if (bytes_present(*name))
            return bad_condition("Multiple attribute names used in one condition", err);
        if (operand->path.count > 1)
            return fail("KeyConditionExpressions cannot have conditions on nested attributes", err);
        *name = operand->path.elements[0].name;
    }
    if (!bytes_present(*name))
        return bad_condition("No key attribute specified", err);
    return STATOR_OK;
}

static bool add_name(struct bytes *names, size_t *count, struct bytes name)
{
    for (size_t i = 0; i < *count; i++)
        if (bytes_equal(names[i], name))
            return false;
    names[(*count)++] = name;
    return true;
}

static enum stator_rc check_part(const struct expr *expr, struct bytes *names, size_t *count, struct stator_error *err)
{
    struct bytes name;

    STATOR_TRY(check_operator(expr, err));
    if (expr->type == EXPR_AND) {
        for (size_t i = 0; i < expr->child_count; i++)
            STATOR_TRY(check_part(expr->children[i], names, count, err));
        return STATOR_OK;
    }
    STATOR_TRY(check_condition(expr, &name, err));
    if (!add_name(names, count, name))
        return fail("KeyConditionExpressions must only contain one condition per key", err);
    return STATOR_OK;
}

enum stator_rc key_condition_check(const struct expr *condition, struct stator_error *err)
{
    struct bytes names[EXPR_OPERATORS_MAX]; /* at most one for each operator */
    size_t count = 0;

    return check_part(condition, names, &count, err);
}

static enum expr_type turned(enum expr_type type)
{
    switch (type) {
    case EXPR_LT:
        return EXPR_GT;
    case EXPR_LE:
        return EXPR_GE;
    case EXPR_GT:
        return EXPR_LT;
    case EXPR_GE:
        return EXPR_LE;
    default:
        return type;
    }
}

static bool is_comparison(const struct expr *expr)
{
    switch (expr->type) {
    case EXPR_EQ:
    case EXPR_LT:
    case EXPR_LE:
    case EXPR_GT:
    case EXPR_GE:
        return true;
    default:
        return false;
    }
}

void key_condition_turn(struct parser *parser)
{
    for (struct draft *draft = parser->first; draft != NULL; draft = draft->next) {
        struct expr *expr = draft->expr;
        const struct expr **children = (const struct expr **)(void *)expr->children;
        const struct expr *first;

        if (!is_comparison(expr) || children[0]->type != EXPR_VALUE || children[1]->type != EXPR_PATH)
            continue;
        first = children[0];
        children[0] = children[1];
        children[1] = first;
        expr->type = turned(expr->type);
    }
}
