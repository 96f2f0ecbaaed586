/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/attribute.h"

#define EMPTY_NAME     "Empty attribute name"
#define TOO_DEEP       "Nesting Levels have exceeded supported limits"
#define SENT_TOO_DEEP  TOO_DEEP ": Attributes in the item have nested levels beyond supported limit"
#define NAME_BYTES_MAX 65535 /* field.md D.1 */

static bool too_deep(const struct value *value)
{
    return value_depth(value) >= VALUE_DEPTH_MAX; /* the attribute itself is a level */
}

/* A value that is not to be stored as it is: the older layer allows it one level more. */
static bool operand_too_deep(const struct value *value, enum value_layer layer)
{
    return value_depth(value) >= VALUE_DEPTH_MAX + (layer == VALUE_LAYER_OLDER);
}

static bool has_too_deep(const struct item *item)
{
    for (size_t i = 0; i < item->count; i++)
        if (too_deep(&item->attributes[i].value))
            return true;
    return false;
}

enum stator_rc attribute_check_updated(const struct item *item, struct stator_error *err)
{
    return has_too_deep(item) ? stator_fail(err, STATOR_VALIDATION, TOO_DEEP) : STATOR_OK;
}

/* Whether a map in it, at any level, has an attribute without a name. Sorted, that one is the first. */
static bool has_empty_name(const struct value *value)
{
    if (value->type == VALUE_M && value->count != 0 && value->attributes[0].name.len == 0)
        return true;
    if (value->type != VALUE_M && value->type != VALUE_L)
        return false;
    for (size_t i = 0; i < value->count; i++)
        if (has_empty_name(value->type == VALUE_M ? &value->attributes[i].value : &value->members[i]))
            return true;
    return false;
}

enum stator_rc attribute_check_name(struct bytes name, struct stator_error *err)
{
    if (name.len == 0)
        return stator_fail(err, STATOR_VALIDATION, EMPTY_NAME);
    if (name.len > NAME_BYTES_MAX) /* the service's words are not known */
        return stator_fail(err, STATOR_VALIDATION,
                           "One or more parameter values were invalid: An attribute name is longer than %d bytes",
                           NAME_BYTES_MAX);
    return STATOR_OK;
}

enum stator_rc attribute_check_value(const struct value *value, enum value_layer layer, struct stator_error *err)
{
    STATOR_TRY(value_check(value, layer, err));
    if (operand_too_deep(value, layer))
        return stator_fail(err, STATOR_VALIDATION, SENT_TOO_DEEP);
    return has_empty_name(value) ? stator_fail(err, STATOR_VALIDATION, EMPTY_NAME) : STATOR_OK;
}

enum stator_rc attribute_check_item(const struct item *item, enum value_layer layer, struct stator_error *err)
{
    for (size_t i = 0; i < item->count; i++)
        STATOR_TRY(attribute_check_name(item->attributes[i].name, err));
    STATOR_TRY(item_check(item, layer, err));
    if (has_too_deep(item))
        return stator_fail(err, STATOR_VALIDATION, SENT_TOO_DEEP);
    for (size_t i = 0; i < item->count; i++)
        if (has_empty_name(&item->attributes[i].value))
            return stator_fail(err, STATOR_VALIDATION, EMPTY_NAME);
    return STATOR_OK;
}

/* The older layer tells whose fault it is. */
static enum stator_rc fail_operand(struct bytes key, const char *text, enum value_layer layer, struct stator_error *err)
{
    if (layer == VALUE_LAYER_CURRENT)
        return stator_fail(err, STATOR_VALIDATION, "%s", text);
    return stator_fail(err, STATOR_VALIDATION, "ExpressionAttributeValues contains invalid value: %s for key %.*s",
                       text, BYTES_ARG(key));
}

enum stator_rc attribute_check_values(const struct item *values, enum value_layer layer, struct stator_error *err)
{
    for (size_t i = 0; i < values->count; i++)
        if (operand_too_deep(&values->attributes[i].value, layer))
            return fail_operand(values->attributes[i].name, SENT_TOO_DEEP, layer, err);
    for (size_t i = 0; i < values->count; i++)
        if (has_empty_name(&values->attributes[i].value))
            return fail_operand(values->attributes[i].name, EMPTY_NAME, layer, err);
    return STATOR_OK;
}
