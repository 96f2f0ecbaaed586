/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a condition holds. Values of different types are never equal and never in order; a path that leads nowhere
 * is unlike everything, itself too. Trees are no deeper than EXPR_OPERATORS_MAX.
 */
#include "base/utf8.h"
#include "expr/expr.h"

struct evaluation {
    struct item_source *item;
    struct arena *arena;
    const struct expr_budget *budget;
    uint64_t left; /* until the next look at `over` */
    uint64_t more; /* of the budget, behind that */
    bool spent;    /* it was not enough, or is over: what is told from here on means nothing */
    bool failed;   /* the arena is full */
};

/* Comparing bytes costs a sixteenth of searching in them. */
#define COMPARED(bytes) (EXPR_STEP_COST + (bytes) / 16)

/* So many units, some 3 ms, are spent between two looks at whether all is over. */
#define PIECE ((uint64_t)1024 * 1024)

/* Has more than `cost` left; false when there is not so much, or all is over. */
static bool go_on(struct evaluation *evaluation, uint64_t cost)
{
    uint64_t all = evaluation->left + evaluation->more;

    if (cost >= all || expr_budget_is_over(evaluation->budget))
        return false;
    evaluation->left = all - cost > PIECE ? cost + PIECE : all;
    evaluation->more = all - evaluation->left;
    return true;
}

/* False when there is no more. */
static bool spend(struct evaluation *evaluation, uint64_t cost)
{
    if (evaluation->spent || (cost >= evaluation->left && !go_on(evaluation, cost)))
        evaluation->spent = true;
    else
        evaluation->left -= cost;
    return !evaluation->spent;
}

/* --- Operands ----------------------------------------------------------------------------------------------------- */

const struct value *expr_path_value(struct item_source *item, const struct path *path)
{
    const struct value *value = item->attribute(item, path->elements[0].name);

    for (size_t i = 1; value != NULL && i < path->count; i++) {
        const struct path_element *element = &path->elements[i];

        if (bytes_present(element->name))
            value = value->type == VALUE_M ? value_find(value, element->name) : NULL;
        else
            value = value->type == VALUE_L && element->index < value->count ? &value->members[element->index] : NULL;
    }
    return value;
}

/* A number of the request's own making. */
static const struct value *make_count(struct evaluation *evaluation, size_t count)
{
    struct value *value = ARENA_NEW(evaluation->arena, struct value);
    char digits[24], *at = digits + sizeof(digits);
    struct bytes text;

    do
        *--at = (char)('0' + count % 10);
    while ((count /= 10) != 0);
    text = arena_copy(evaluation->arena, bytes_of(at, (size_t)(digits + sizeof(digits) - at)));
    if (value == NULL || !bytes_present(text)) {
        evaluation->failed = true;
        return NULL;
    }
    *value = (struct value){.type = VALUE_N, .text = text};
    return value;
}

/* Characters of a string (UTF-16 units, as Java counts), bytes of a binary, members of the rest. */
static const struct value *size_of(struct evaluation *evaluation, const struct value *value)
{
    if (value == NULL)
        return NULL;
    switch (value->type) {
    case VALUE_S:
        return spend(evaluation, value->text.len / 4) ? make_count(evaluation, utf8_utf16_units(value->text)) : NULL;
    case VALUE_B:
        return make_count(evaluation, value->text.len);
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
    case VALUE_L:
    case VALUE_M:
        return make_count(evaluation, value->count);
    default:
        return NULL;
    }
}

static bool holds(struct evaluation *evaluation, const struct expr *expr);

static const struct value *path_value(struct evaluation *evaluation, const struct path *path)
{
    size_t parsed = evaluation->item->parsed_bytes;
    const struct value *value = expr_path_value(evaluation->item, path);

    return spend(evaluation, evaluation->item->parsed_bytes - parsed + path->count * EXPR_STEP_COST) ? value : NULL;
}

/* NULL: no such value. In PartiQL an operand may be a condition. */
static const struct value *operand(struct evaluation *evaluation, const struct expr *expr)
{
    static const struct value truths[] = {{.type = VALUE_BOOL, .boolean = false},
                                          {.type = VALUE_BOOL, .boolean = true}};

    switch (expr->type) {
    case EXPR_PATH:
        return path_value(evaluation, &expr->path);
    case EXPR_VALUE:
        return expr->value;
    case EXPR_SIZE:
        return size_of(evaluation, operand(evaluation, expr->children[0]));
    default:
        return &truths[holds(evaluation, expr)];
    }
}

/* --- Comparisons -------------------------------------------------------------------------------------------------- */

static size_t shorter(const struct value *a, const struct value *b)
{
    return a->text.len < b->text.len ? a->text.len : b->text.len;
}

static bool equal(struct evaluation *evaluation, const struct value *a, const struct value *b)
{
    size_t looked = 0;
    bool is;

    if (a == NULL || b == NULL)
        return false;
    is = value_equal_counted(a, b, &looked);
    return spend(evaluation, looked * EXPR_STEP_COST + COMPARED(shorter(a, b))) && is;
}

static bool ordered(const struct value *a, const struct value *b)
{
    if (a == NULL || b == NULL || a->type != b->type)
        return false;
    return a->type == VALUE_S || a->type == VALUE_N || a->type == VALUE_B;
}

static bool compare(struct evaluation *evaluation, const struct value *a, enum expr_type type, const struct value *b)
{
    int order;

    if (!ordered(a, b) || !spend(evaluation, COMPARED(shorter(a, b))))
        return false;
    order = value_compare(a, b);
    switch (type) {
    case EXPR_LT:
        return order < 0;
    case EXPR_LE:
        return order <= 0;
    case EXPR_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}

static bool is_among(struct evaluation *evaluation, const struct expr *expr)
{
    const struct value *value = operand(evaluation, expr->children[0]);

    for (size_t i = 1; i < expr->child_count && !evaluation->spent; i++)
        if (equal(evaluation, value, operand(evaluation, expr->children[i])))
            return true;
    return false;
}

/* --- Functions ---------------------------------------------------------------------------------------------------- */

static bool has_type(const struct value *value, const struct value *name)
{
    if (value == NULL || name == NULL || name->type != VALUE_S)
        return false;
    return bytes_equal_string(name->text, value_type_name(value->type));
}

static bool begins_with(struct evaluation *evaluation, const struct value *value, const struct value *prefix)
{
    if (value == NULL || prefix == NULL || value->type != prefix->type)
        return false;
    return (value->type == VALUE_S || value->type == VALUE_B) && spend(evaluation, COMPARED(shorter(value, prefix))) &&
           bytes_starts_with(value->text, prefix->text);
}

static bool has_part(struct evaluation *evaluation, struct bytes whole, struct bytes part)
{
    return spend(evaluation, whole.len) && (part.len == 0 || memmem(whole.at, whole.len, part.at, part.len) != NULL);
}

static bool list_has(struct evaluation *evaluation, const struct value *list, const struct value *member)
{
    for (size_t i = 0; i < list->count && !evaluation->spent; i++)
        if (equal(evaluation, &list->members[i], member))
            return true;
    return false;
}

/* A binary search looks at no more than 32 of the members. */
static bool set_has(struct evaluation *evaluation, const struct value *set, const struct value *member)
{
    return spend(evaluation, 32 * COMPARED(member->text.len)) && value_set_has(set, member);
}

static bool contains(struct evaluation *evaluation, const struct value *value, const struct value *part)
{
    if (value == NULL || part == NULL)
        return false;
    switch (value->type) {
    case VALUE_S:
    case VALUE_B:
        return part->type == value->type && has_part(evaluation, value->text, part->text);
    case VALUE_SS:
        return part->type == VALUE_S && set_has(evaluation, value, part);
    case VALUE_NS:
        return part->type == VALUE_N && set_has(evaluation, value, part);
    case VALUE_BS:
        return part->type == VALUE_B && set_has(evaluation, value, part);
    case VALUE_L:
        return list_has(evaluation, value, part);
    default:
        return false;
    }
}

/* --- Conditions --------------------------------------------------------------------------------------------------- */

/* All children hold (AND), or one does (OR). */
static bool joined(struct evaluation *evaluation, const struct expr *expr, bool all)
{
    for (size_t i = 0; i < expr->child_count; i++)
        if (holds(evaluation, expr->children[i]) != all)
            return !all;
    return all;
}

static bool between(struct evaluation *evaluation, const struct expr *expr)
{
    const struct value *value = operand(evaluation, expr->children[0]);

    return compare(evaluation, value, EXPR_GE, operand(evaluation, expr->children[1])) &&
           compare(evaluation, value, EXPR_LE, operand(evaluation, expr->children[2]));
}

/* A comparison or function of one or two operands. */
static bool related(struct evaluation *evaluation, enum expr_type type, const struct value *a, const struct value *b)
{
    switch (type) {
    case EXPR_EQ:
        return equal(evaluation, a, b);
    case EXPR_NE:
        return !equal(evaluation, a, b);
    case EXPR_ATTRIBUTE_EXISTS:
        return a != NULL;
    case EXPR_ATTRIBUTE_NOT_EXISTS:
        return a == NULL;
    case EXPR_ATTRIBUTE_TYPE:
        return has_type(a, b);
    case EXPR_BEGINS_WITH:
        return begins_with(evaluation, a, b);
    case EXPR_CONTAINS:
        return contains(evaluation, a, b);
    case EXPR_LEGACY_NOT_CONTAINS:
        return a != NULL && !contains(evaluation, a, b);
    default:
        return compare(evaluation, a, type, b);
    }
}

static bool holds(struct evaluation *evaluation, const struct expr *expr)
{
    const struct value *a, *b = NULL;

    if (!spend(evaluation, EXPR_STEP_COST))
        return false;
    switch (expr->type) {
    case EXPR_AND:
        return joined(evaluation, expr, true);
    case EXPR_OR:
        return joined(evaluation, expr, false);
    case EXPR_NOT:
        return !holds(evaluation, expr->children[0]);
    case EXPR_BETWEEN:
        return between(evaluation, expr);
    case EXPR_IN:
        return is_among(evaluation, expr);
    default:
        a = operand(evaluation, expr->children[0]);
        if (expr->child_count > 1)
            b = operand(evaluation, expr->children[1]);
        return related(evaluation, expr->type, a, b);
    }
}

enum stator_rc expr_test(bool *out, const struct expr *condition, struct item_source *item, struct expr_budget *budget,
                         struct arena *arena, struct stator_error *err)
{
    struct evaluation evaluation = {
        .item = item, .arena = arena, .budget = budget, .more = budget != NULL ? budget->left : UINT64_MAX};

    *out = holds(&evaluation, condition) && !evaluation.spent;
    if (budget != NULL)
        budget->left = evaluation.spent ? 0 : evaluation.left + evaluation.more;
    if (evaluation.failed || item->failed) {
        *out = false;
        return stator_fail_memory(err);
    }
    if (!evaluation.spent)
        return STATOR_OK;
    if (expr_budget_is_over(budget))
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, EXPR_OVER_TEXT);
    return budget->later ? STATOR_AGAIN : stator_fail(err, STATOR_VALIDATION, EXPR_SPENT_TEXT);
}
