/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/operand.h"

#include "value/number.h"

static enum stator_rc wrong_type(const struct change *change)
{
    return stator_fail(change->err, STATOR_VALIDATION,
                       change->legacy ? "Type mismatch for attribute to update"
                                      : "An operand in the update expression has an incorrect data type");
}

/* A member of a list or map takes a byte at least, and of a set's all but one do. */
void growth_add(struct growth *growth, const struct value *value)
{
    bool text = value->type == VALUE_S || value->type == VALUE_B;

    growth->bytes += text ? value->text.len : value->count > 0 ? value->count - 1 : 0;
    growth->over |= growth->bytes > UPDATE_ITEM_BYTES_MAX;
}

static enum stator_rc joined_list(const struct change *change, struct value *out, const struct value *a,
                                  const struct value *b)
{
    struct value *members = ARENA_ARRAY(change->arena, struct value, a->count + b->count);

    if (members == NULL)
        return stator_fail_memory(change->err);
    if (a->count != 0)
        memcpy(members, a->members, a->count * sizeof(*members));
    if (b->count != 0)
        memcpy(members + a->count, b->members, b->count * sizeof(*members));
    *out = (struct value){.type = VALUE_L, .count = a->count + b->count, .members = members};
    return STATOR_OK;
}

static enum stator_rc calculate(const struct change *change, struct value *out, enum expr_type type,
                                const struct value *a, const struct value *b)
{
    struct number x, y, result;
    char text[NUMBER_TEXT_MAX];

    STATOR_TRY(number_parse(&x, a->text, change->err));
    STATOR_TRY(number_parse(&y, b->text, change->err));
    if (type == EXPR_PLUS)
        STATOR_TRY(number_add(&result, &x, &y, change->err));
    else
        STATOR_TRY(number_subtract(&result, &x, &y, change->err));
    *out = (struct value){.type = VALUE_N};
    out->text = arena_copy(change->arena, bytes_of(text, number_format(text, &result)));
    return bytes_present(out->text) ? STATOR_OK : stator_fail_memory(change->err);
}

/* Both operands of "+", "-" and list_append must be there and of that type. */
static enum stator_rc pair(const struct change *change, const struct expr *operand, enum value_type type,
                           const struct value **a, const struct value **b)
{
    STATOR_TRY(operand_value(change, a, operand->children[0]));
    if ((*a)->type != type)
        return wrong_type(change);
    STATOR_TRY(operand_value(change, b, operand->children[1]));
    return (*b)->type == type ? STATOR_OK : wrong_type(change);
}

static enum stator_rc appended_list(const struct change *change, struct value *out, const struct value *a,
                                    const struct value *b)
{
    struct growth *growth = change->growth;

    growth->over |= growth->bytes + a->count + b->count > UPDATE_ITEM_BYTES_MAX;
    if (!growth->over)
        return joined_list(change, out, a, b);
    *out = *a;
    return STATOR_OK;
}

static enum stator_rc made_value(const struct change *change, const struct value **out, const struct expr *operand)
{
    struct value *made = ARENA_NEW(change->arena, struct value);
    const struct value *a, *b;

    if (made == NULL)
        return stator_fail_memory(change->err);
    *out = made;
    if (operand->type == EXPR_LIST_APPEND) {
        STATOR_TRY(pair(change, operand, VALUE_L, &a, &b));
        return appended_list(change, made, a, b);
    }
    STATOR_TRY(pair(change, operand, VALUE_N, &a, &b));
    return calculate(change, made, operand->type, a, b);
}

enum stator_rc operand_value(const struct change *change, const struct value **out, const struct expr *operand)
{
    switch (operand->type) {
    case EXPR_VALUE:
        *out = operand->value;
        return STATOR_OK;
    case EXPR_IF_NOT_EXISTS:
        *out = expr_path_value(change->old, &operand->children[0]->path);
        if (*out != NULL)
            return STATOR_OK;
        return operand_value(change, out, operand->children[1]);
    case EXPR_PATH:
        *out = expr_path_value(change->old, &operand->path);
        if (*out != NULL)
            return STATOR_OK;
        return stator_fail(change->err, STATOR_VALIDATION,
                           "The provided expression refers to an attribute that does not exist in the item");
    default:
        return made_value(change, out, operand);
    }
}

/* --- ADD and DELETE ----------------------------------------------------------------------------------------------- */

static bool is_set(const struct value *value)
{
    return value->type == VALUE_SS || value->type == VALUE_NS || value->type == VALUE_BS;
}

static enum stator_rc joined_set(const struct change *change, struct value *out, const struct value *a,
                                 const struct value *b)
{
    struct value both;

    STATOR_TRY(joined_list(change, &both, a, b));
    if (!value_set_make(out, a->type, both.members, both.count, change->arena))
        return stator_fail_memory(change->err);
    return STATOR_OK;
}

enum stator_rc operand_add(const struct change *change, struct value *out, const struct value *there,
                           const struct value *added)
{
    if (there == NULL) {
        *out = *added;
        return STATOR_OK;
    }
    if (there->type != added->type)
        return wrong_type(change);
    if (added->type == VALUE_N)
        return calculate(change, out, EXPR_PLUS, there, added);
    if (!is_set(added) && added->type != VALUE_L)
        return wrong_type(change);
    if (change->growth->over) {
        *out = *there;
        return STATOR_OK;
    }
    return is_set(added) ? joined_set(change, out, there, added) : joined_list(change, out, there, added);
}

enum stator_rc operand_delete(const struct change *change, struct value *out, const struct value *there,
                              const struct value *deleted)
{
    struct value *members;
    size_t count = 0;

    *out = (struct value){.type = VALUE_ABSENT};
    if (there == NULL)
        return STATOR_OK;
    if (there->type != deleted->type || !is_set(deleted))
        return wrong_type(change);
    members = ARENA_ARRAY(change->arena, struct value, there->count);
    if (members == NULL)
        return stator_fail_memory(change->err);
    for (size_t i = 0; i < there->count; i++)
        if (!value_set_has(deleted, &there->members[i]))
            members[count++] = there->members[i];
    if (count != 0)
        *out = (struct value){.type = there->type, .count = count, .members = members};
    return STATOR_OK;
}
