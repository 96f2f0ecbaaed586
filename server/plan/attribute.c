/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/attribute.h"

#define EMPTY_NAME     "Empty attribute name"
#define NAME_BYTES_MAX 65535 /* field.md D.1 */

static enum stator_rc check_value_depth(const struct value *value, struct stator_error *err)
{
    if (value_depth(value) < VALUE_DEPTH_MAX) /* the attribute itself is a level */
        return STATOR_OK;
    return stator_fail(err, STATOR_VALIDATION,
                       "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels "
                       "beyond supported limit");
}

enum stator_rc attribute_check_depth(const struct item *item, struct stator_error *err)
{
    for (size_t i = 0; i < item->count; i++)
        STATOR_TRY(check_value_depth(&item->attributes[i].value, err));
    return STATOR_OK;
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
    STATOR_TRY(check_value_depth(value, err));
    return has_empty_name(value) ? stator_fail(err, STATOR_VALIDATION, EMPTY_NAME) : STATOR_OK;
}

enum stator_rc attribute_check_item(const struct item *item, enum value_layer layer, struct stator_error *err)
{
    for (size_t i = 0; i < item->count; i++)
        STATOR_TRY(attribute_check_name(item->attributes[i].name, err));
    STATOR_TRY(item_check(item, layer, err));
    STATOR_TRY(attribute_check_depth(item, err));
    for (size_t i = 0; i < item->count; i++)
        if (has_empty_name(&item->attributes[i].value))
            return stator_fail(err, STATOR_VALIDATION, EMPTY_NAME);
    return STATOR_OK;
}

enum stator_rc attribute_check_values(const struct item *values, enum value_layer layer, struct stator_error *err)
{
    if (layer == VALUE_LAYER_CURRENT)
        STATOR_TRY(attribute_check_depth(values, err));
    for (size_t i = 0; i < values->count; i++) {
        if (!has_empty_name(&values->attributes[i].value))
            continue;
        if (layer == VALUE_LAYER_CURRENT)
            return stator_fail(err, STATOR_VALIDATION, EMPTY_NAME);
        return stator_fail(err, STATOR_VALIDATION,
                           "ExpressionAttributeValues contains invalid value: " EMPTY_NAME " for key %.*s",
                           BYTES_ARG(values->attributes[i].name));
    }
    return STATOR_OK;
}
