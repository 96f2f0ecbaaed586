/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/attribute.h"

#include "message/message.h"

#define TOO_DEEP       "Nesting Levels have exceeded supported limits"
#define SENT_TOO_DEEP  TOO_DEEP ": Attributes in the item have nested levels beyond supported limit"
#define NAME_BYTES_MAX 65535 /* the service's limit */

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

/* What is wrong with a name, or NULL. */
static const char *name_fault(struct bytes name)
{
    if (name.len == 0)
        return "Empty attribute name";
    return name.len > NAME_BYTES_MAX ? "Attribute name is too large, must be less than 65536 bytes" : NULL;
}

/* The same of the names in the maps of a value, at any level. */
static const char *inner_name_fault(const struct value *value)
{
    const char *fault = NULL;

    if (value->type == VALUE_M)
        for (size_t i = 0; i < value->count && fault == NULL; i++)
            fault = name_fault(value->attributes[i].name);
    if (value->type == VALUE_M || value->type == VALUE_L)
        for (size_t i = 0; i < value->count && fault == NULL; i++)
            fault = inner_name_fault(value->type == VALUE_M ? &value->attributes[i].value : &value->members[i]);
    return fault;
}

static enum stator_rc fail_if(const char *fault, struct stator_error *err)
{
    return fault == NULL ? STATOR_OK : stator_fail(err, STATOR_VALIDATION, "%s", fault);
}

enum stator_rc attribute_check_name(struct bytes name, struct stator_error *err)
{
    return fail_if(name_fault(name), err);
}

enum stator_rc attribute_check_value(const struct value *value, enum value_layer layer, struct stator_error *err)
{
    STATOR_TRY(value_check(value, layer, err));
    if (operand_too_deep(value, layer))
        return stator_fail(err, STATOR_VALIDATION, SENT_TOO_DEEP);
    return fail_if(inner_name_fault(value), err);
}

enum stator_rc attribute_check_item(const struct item *item, enum value_layer layer, struct stator_error *err)
{
    for (size_t i = 0; i < item->count; i++)
        STATOR_TRY(attribute_check_name(item->attributes[i].name, err));
    STATOR_TRY(item_check(item, layer, err));
    if (has_too_deep(item))
        return stator_fail(err, STATOR_VALIDATION, SENT_TOO_DEEP);
    for (size_t i = 0; i < item->count; i++)
        STATOR_TRY(fail_if(inner_name_fault(&item->attributes[i].value), err));
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
    if (values->cut)
        return stator_fail(err, STATOR_VALIDATION,
                           "One or more parameter values were invalid: The size of ExpressionAttributeValues has "
                           "exceeded the maximum allowed size of %zu bytes",
                           EXPRESSION_VALUES_BYTES_MAX);
    for (size_t i = 0; i < values->count; i++)
        if (operand_too_deep(&values->attributes[i].value, layer))
            return fail_operand(values->attributes[i].name, SENT_TOO_DEEP, layer, err);
    for (size_t i = 0; i < values->count; i++) {
        const char *fault = inner_name_fault(&values->attributes[i].value);

        if (fault != NULL)
            return fail_operand(values->attributes[i].name, fault, layer, err);
    }
    return STATOR_OK;
}
