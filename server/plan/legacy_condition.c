/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/legacy.h"

#include "plan/attribute.h"

#define INVALID "One or more parameter values were invalid: "

/* One attribute's condition, whichever member it came from. */
struct legacy_condition {
    struct bytes name;
    int comparison;       /* ComparisonOperator_... */
    struct bytes as_text; /* the comparison as messages name it */
    const struct value *values;
    size_t count;
};

/* --- Trees -------------------------------------------------------------------------------------------------------- */

static const struct expr *path_of_name(struct bytes name, struct arena *arena)
{
    struct path_element *element = ARENA_NEW(arena, struct path_element);
    struct expr *expr = ARENA_NEW(arena, struct expr);

    if (element == NULL || expr == NULL)
        return NULL;
    element->name = name;
    expr->type = EXPR_PATH;
    expr->path = (struct path){.elements = element, .count = 1};
    return expr;
}

static enum expr_type type_of(int comparison)
{
    switch (comparison) {
    case ComparisonOperator_NE:
        return EXPR_NE;
    case ComparisonOperator_LE:
        return EXPR_LE;
    case ComparisonOperator_LT:
        return EXPR_LT;
    case ComparisonOperator_GE:
        return EXPR_GE;
    case ComparisonOperator_GT:
        return EXPR_GT;
    case ComparisonOperator_IN:
        return EXPR_IN;
    case ComparisonOperator_BETWEEN:
        return EXPR_BETWEEN;
    case ComparisonOperator_BEGINS_WITH:
        return EXPR_BEGINS_WITH;
    case ComparisonOperator_CONTAINS:
        return EXPR_CONTAINS;
    case ComparisonOperator_NOT_CONTAINS:
        return EXPR_LEGACY_NOT_CONTAINS;
    case ComparisonOperator_NULL:
        return EXPR_ATTRIBUTE_NOT_EXISTS;
    case ComparisonOperator_NOT_NULL:
        return EXPR_ATTRIBUTE_EXISTS;
    default:
        return EXPR_EQ;
    }
}

static enum stator_rc make_condition(const struct expr **out, const struct legacy_condition *condition,
                                     struct arena *arena, struct stator_error *err)
{
    struct expr *expr = ARENA_NEW(arena, struct expr);
    struct expr *values = ARENA_ARRAY(arena, struct expr, condition->count);
    const struct expr **children = ARENA_ARRAY(arena, const struct expr *, 1 + condition->count);

    if (expr == NULL || values == NULL || children == NULL)
        return stator_fail_memory(err);
    children[0] = path_of_name(condition->name, arena);
    if (children[0] == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < condition->count; i++) {
        values[i] = (struct expr){.type = EXPR_VALUE, .value = &condition->values[i]};
        children[1 + i] = &values[i];
    }
    *expr = (struct expr){
        .type = type_of(condition->comparison), .child_count = 1 + condition->count, .children = children};
    *out = expr;
    return STATOR_OK;
}

/* All of them, or any. One condition stands for itself. */
static enum stator_rc join(const struct expr **out, const struct expr *const *conditions, size_t count, bool any,
                           struct arena *arena, struct stator_error *err)
{
    struct expr *expr;

    if (count == 1) {
        *out = conditions[0];
        return STATOR_OK;
    }
    expr = ARENA_NEW(arena, struct expr);
    if (expr == NULL)
        return stator_fail_memory(err);
    *expr = (struct expr){.type = any ? EXPR_OR : EXPR_AND, .child_count = count, .children = conditions};
    *out = expr;
    return STATOR_OK;
}

/* --- Checks of one condition -------------------------------------------------------------------------------------- */

static bool count_fits(const struct legacy_condition *condition)
{
    switch (condition->comparison) {
    case ComparisonOperator_NULL:
    case ComparisonOperator_NOT_NULL:
        return condition->count == 0;
    case ComparisonOperator_IN:
        return condition->count > 0;
    case ComparisonOperator_BETWEEN:
        return condition->count == 2;
    default:
        return condition->count == 1;
    }
}

static bool is_scalar(enum value_type type)
{
    return type == VALUE_S || type == VALUE_N || type == VALUE_B;
}

static bool type_fits(const struct legacy_condition *condition, enum value_type type)
{
    switch (condition->comparison) {
    case ComparisonOperator_LE:
    case ComparisonOperator_LT:
    case ComparisonOperator_GE:
    case ComparisonOperator_GT:
    case ComparisonOperator_IN:
    case ComparisonOperator_BETWEEN:
        return is_scalar(type);
    case ComparisonOperator_BEGINS_WITH:
        return type == VALUE_S || type == VALUE_B;
    case ComparisonOperator_CONTAINS:
    case ComparisonOperator_NOT_CONTAINS:
        return is_scalar(type) || type == VALUE_BOOL || type == VALUE_NULL;
    default:
        return true;
    }
}

static enum stator_rc check_types(const struct legacy_condition *condition, struct stator_error *err)
{
    const struct value *values = condition->values;

    for (size_t i = 1; i < condition->count; i++)
        if (values[i].type != values[0].type)
            return stator_fail(err, STATOR_VALIDATION,
                               INVALID "AttributeValues inside AttributeValueList must be of same type");
    if (condition->count != 0 && !type_fits(condition, values[0].type))
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "ComparisonOperator %.*s is not valid for %s AttributeValue type",
                           BYTES_ARG(condition->as_text), value_type_name(values[0].type));
    if (condition->comparison == ComparisonOperator_BETWEEN && value_compare(&values[0], &values[1]) > 0)
        return stator_fail(err, STATOR_VALIDATION,
                           "The BETWEEN condition was provided a range where the lower bound is greater than the "
                           "upper bound");
    return STATOR_OK;
}

static enum stator_rc check_condition(const struct legacy_condition *condition, enum value_layer layer,
                                      struct stator_error *err)
{
    for (size_t i = 0; i < condition->count; i++)
        STATOR_TRY(attribute_check_value(&condition->values[i], layer, err));
    if (!count_fits(condition))
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Invalid number of argument(s) for the %.*s ComparisonOperator",
                           BYTES_ARG(condition->as_text));
    return check_types(condition, err);
}

/* --- ConditionalOperator ------------------------------------------------------------------------------------------ */

static enum stator_rc check_conditional_operator(const struct api_enum *conditional_operator, size_t count,
                                                 struct stator_error *err)
{
    if (conditional_operator->value == ConditionalOperator_ABSENT || count > 1)
        return STATOR_OK;
    if (count == 0)
        return stator_fail(err, STATOR_VALIDATION, "ConditionalOperator cannot be used without Filter or Expected");
    return stator_fail(err, STATOR_VALIDATION,
                       "ConditionalOperator can only be used when Filter or Expected has two or more elements");
}

/* --- QueryFilter, ScanFilter, KeyConditions ----------------------------------------------------------------------- */

/* Both are maps of Condition, of the same layout but of two types. */
static enum stator_rc translate(const struct expr **out, struct bytes name, const struct Condition *in,
                                enum value_layer layer, struct arena *arena, struct stator_error *err)
{
    const struct legacy_condition condition = {
        .name = name,
        .comparison = in->ComparisonOperator.value,
        .as_text = in->ComparisonOperator.text,
        .values = in->AttributeValueList.at,
        .count = in->AttributeValueList.count,
    };

    STATOR_TRY(attribute_check_name(name, err));
    STATOR_TRY(check_condition(&condition, layer, err));
    return make_condition(out, &condition, arena, err);
}

enum stator_rc legacy_filter(const struct expr **out, const struct FilterConditionMap *filter,
                             const struct api_enum *conditional_operator, enum value_layer layer, struct arena *arena,
                             struct stator_error *err)
{
    const struct expr **conditions = ARENA_ARRAY(arena, const struct expr *, filter->count);

    STATOR_TRY(check_conditional_operator(conditional_operator, filter->count, err));
    if (filter->count == 0)
        return STATOR_OK;
    if (conditions == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < filter->count; i++)
        STATOR_TRY(translate(&conditions[i], filter->at[i].key, &filter->at[i].value, layer, arena, err));
    return join(out, conditions, filter->count, conditional_operator->value == ConditionalOperator_OR, arena, err);
}

enum stator_rc legacy_key_conditions(const struct expr **out, const struct KeyConditions *conditions,
                                     enum value_layer layer, struct arena *arena, struct stator_error *err)
{
    const struct expr **made = ARENA_ARRAY(arena, const struct expr *, conditions->count);

    if (!conditions->set)
        return STATOR_OK;
    if (made == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < conditions->count; i++)
        STATOR_TRY(translate(&made[i], conditions->at[i].key, &conditions->at[i].value, layer, arena, err));
    if (conditions->count == 0)
        return stator_fail(err, STATOR_VALIDATION, "Conditions can be of length 1 or 2 only");
    return join(out, made, conditions->count, false, arena, err);
}

/* --- Expected ----------------------------------------------------------------------------------------------------- */

static enum stator_rc invalid_for(struct stator_error *err, const char *text, struct bytes name)
{
    return stator_fail(err, STATOR_VALIDATION, INVALID "%s for Attribute: %.*s", text, BYTES_ARG(name));
}

/* Without a ComparisonOperator: Value must be equal, or with Exists false nothing may be there. */
static enum stator_rc expect_value(struct legacy_condition *condition, const struct ExpectedAttributeValue *in,
                                   struct stator_error *err)
{
    bool given = in->Value.type != VALUE_ABSENT;

    if (in->AttributeValueList.set)
        return invalid_for(err, "AttributeValueList can only be used with a ComparisonOperator", condition->name);
    if (in->Exists == API_FALSE && given)
        return invalid_for(err, "Value cannot be used when Exists is false", condition->name);
    if (in->Exists == API_TRUE && !given)
        return invalid_for(err, "Value must be provided when Exists is true", condition->name);
    if (in->Exists == API_ABSENT && !given)
        return invalid_for(err, "Value must be provided when Exists is null", condition->name);
    condition->comparison = given ? ComparisonOperator_EQ : ComparisonOperator_NULL;
    return STATOR_OK;
}

static enum stator_rc expect_comparison(struct legacy_condition *condition, const struct ExpectedAttributeValue *in,
                                        struct stator_error *err)
{
    bool given = in->AttributeValueList.set || in->Value.type != VALUE_ABSENT;
    int comparison = in->ComparisonOperator.value;

    if (in->Exists != API_ABSENT)
        return invalid_for(err, "Exists and ComparisonOperator cannot be used together", condition->name);
    if (!given && comparison != ComparisonOperator_NULL && comparison != ComparisonOperator_NOT_NULL)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Value or AttributeValueList must be used with ComparisonOperator: %.*s for "
                                   "Attribute: %.*s",
                           BYTES_ARG(in->ComparisonOperator.text), BYTES_ARG(condition->name));
    condition->comparison = comparison;
    condition->as_text = in->ComparisonOperator.text;
    return STATOR_OK;
}

static enum stator_rc expect(const struct expr **out, struct bytes name, const struct ExpectedAttributeValue *in,
                             enum value_layer layer, struct arena *arena, struct stator_error *err)
{
    struct legacy_condition condition = {.name = name};

    STATOR_TRY(attribute_check_name(name, err));
    if (in->AttributeValueList.set && in->Value.type != VALUE_ABSENT)
        return invalid_for(err, "Value and AttributeValueList cannot be used together", name);
    if (in->ComparisonOperator.value == ComparisonOperator_ABSENT)
        STATOR_TRY(expect_value(&condition, in, err));
    else
        STATOR_TRY(expect_comparison(&condition, in, err));
    if (in->AttributeValueList.set) {
        condition.values = in->AttributeValueList.at;
        condition.count = in->AttributeValueList.count;
    } else if (in->Value.type != VALUE_ABSENT) {
        condition.values = &in->Value;
        condition.count = 1;
    }
    STATOR_TRY(check_condition(&condition, layer, err));
    return make_condition(out, &condition, arena, err);
}

enum stator_rc legacy_expected(const struct expr **out, const struct ExpectedAttributeMap *expected,
                               const struct api_enum *conditional_operator, enum value_layer layer, struct arena *arena,
                               struct stator_error *err)
{
    const struct expr **conditions = ARENA_ARRAY(arena, const struct expr *, expected->count);

    STATOR_TRY(check_conditional_operator(conditional_operator, expected->count, err));
    if (expected->count == 0)
        return STATOR_OK;
    if (conditions == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < expected->count; i++)
        STATOR_TRY(expect(&conditions[i], expected->at[i].key, &expected->at[i].value, layer, arena, err));
    return join(out, conditions, expected->count, conditional_operator->value == ConditionalOperator_OR, arena, err);
}
