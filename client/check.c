/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/utf8.h"
#include "value/number.h"

static enum stator_rc check_inside(const struct value *value, unsigned depth, struct stator_error *err);

static enum stator_rc check_number(struct bytes digits, struct stator_error *err)
{
    struct number number;

    return number_is_canonical(digits) ? STATOR_OK : number_parse(&number, digits, err);
}

static enum stator_rc check_string(struct bytes text, struct stator_error *err)
{
    return utf8_valid(text) ? STATOR_OK : stator_fail(err, STATOR_VALIDATION, "A string (S) is no UTF-8");
}

static enum stator_rc check_set(const struct value *set, struct stator_error *err)
{
    enum value_type wanted = set->type == VALUE_SS ? VALUE_S : set->type == VALUE_NS ? VALUE_N : VALUE_B;

    if (set->count == 0)
        return stator_fail(err, STATOR_VALIDATION, "A set (%s) may not be empty", value_type_name(set->type));
    for (size_t i = 0; i < set->count; i++) {
        if (set->members[i].type != wanted)
            return stator_fail(err, STATOR_VALIDATION, "A set (%s) has a member that is no %s",
                               value_type_name(set->type), value_type_name(wanted));
        STATOR_TRY(check_inside(&set->members[i], 0, err));
    }
    return STATOR_OK;
}

static enum stator_rc check_list(const struct value *list, unsigned depth, struct stator_error *err)
{
    for (size_t i = 0; i < list->count; i++)
        STATOR_TRY(check_inside(&list->members[i], depth, err));
    return STATOR_OK;
}

static enum stator_rc check_name(struct bytes name, struct stator_error *err)
{
    return utf8_valid(name) ? STATOR_OK : stator_fail(err, STATOR_VALIDATION, "A name is no UTF-8");
}

static enum stator_rc check_map(const struct value *map, unsigned depth, struct stator_error *err)
{
    for (size_t i = 0; i < map->count; i++) {
        STATOR_TRY(check_name(map->attributes[i].name, err));
        STATOR_TRY(check_inside(&map->attributes[i].value, depth, err));
    }
    return STATOR_OK;
}

static bool is_collection(enum value_type type)
{
    return type >= VALUE_SS && type <= VALUE_M;
}

/* depth: levels of maps and lists around the value. */
static enum stator_rc check_inside(const struct value *value, unsigned depth, struct stator_error *err)
{
    if (is_collection(value->type) && value->count != 0 && value->members == NULL)
        return stator_fail(err, STATOR_MISUSE, "A value has a count, but no members");
    if ((value->type == VALUE_L || value->type == VALUE_M) && depth == VALUE_DEPTH_MAX)
        return stator_fail(err, STATOR_VALIDATION, "Nesting Levels have exceeded supported limits");
    switch (value->type) {
    case VALUE_S:
        return check_string(value->text, err);
    case VALUE_N:
        return check_number(value->text, err);
    case VALUE_B:
    case VALUE_BOOL:
    case VALUE_NULL:
        return STATOR_OK;
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        return check_set(value, err);
    case VALUE_L:
        return check_list(value, depth + 1, err);
    case VALUE_M:
        return check_map(value, depth + 1, err);
    case VALUE_ABSENT:
    case VALUE_FAULT:
        break;
    }
    return stator_fail(err, STATOR_MISUSE, "A value has no type");
}

enum stator_rc check_value(const struct value *value, struct stator_error *err)
{
    return check_inside(value, 0, err);
}

enum stator_rc check_item(const struct item *item, struct stator_error *err)
{
    if (item->count != 0 && item->attributes == NULL)
        return stator_fail(err, STATOR_MISUSE, "An item has a count, but no attributes");
    for (size_t i = 0; i < item->count; i++) {
        const struct attribute *attribute = &item->attributes[i];
        struct stator_error why;
        enum stator_rc rc;

        STATOR_TRY(check_name(attribute->name, err));
        rc = check_inside(&attribute->value, 0, &why);
        if (rc != STATOR_OK)
            return stator_fail(err, rc, "%.*s: %s", BYTES_ARG(attribute->name), why.message);
    }
    return STATOR_OK;
}
