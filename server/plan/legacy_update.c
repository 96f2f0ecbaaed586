/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/legacy.h"

#include <stdlib.h>

#include "plan/attribute.h"

#define INVALID "One or more parameter values were invalid: "

/* One name each, at `elements`. */
static struct path path_of_name(struct path_element *element, struct bytes name)
{
    element->name = name;
    return (struct path){.elements = element, .count = 1};
}

/* --- AttributeUpdates --------------------------------------------------------------------------------------------- */

static bool is_set(enum value_type type)
{
    return type == VALUE_SS || type == VALUE_NS || type == VALUE_BS;
}

static enum stator_rc check_update(const struct AttributeValueUpdate *update, enum value_layer layer,
                                   struct stator_error *err)
{
    enum value_type type = update->Value.type;
    int action = update->Action.value;

    STATOR_TRY(attribute_check_value(&update->Value, layer, err));
    if (type == VALUE_ABSENT) {
        if (action == AttributeAction_DELETE)
            return STATOR_OK;
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Only DELETE action is allowed when no attribute value is specified");
    }
    if (action == AttributeAction_DELETE && !is_set(type))
        return stator_fail(err, STATOR_VALIDATION, INVALID "DELETE action with value is not supported for the type %s",
                           value_type_name(type));
    if (action == AttributeAction_ADD && !is_set(type) && type != VALUE_N && type != VALUE_L)
        return stator_fail(err, STATOR_VALIDATION, INVALID "ADD action is not supported for the type %s",
                           value_type_name(type));
    return STATOR_OK;
}

static enum update_action action_of(const struct AttributeValueUpdate *update)
{
    if (update->Action.value == AttributeAction_ADD)
        return UPDATE_ADD;
    if (update->Action.value == AttributeAction_DELETE)
        return update->Value.type == VALUE_ABSENT ? UPDATE_REMOVE : UPDATE_DELETE;
    return UPDATE_SET;
}

static enum stator_rc make_updates(struct update **out, const struct AttributeUpdates *updates, struct arena *arena,
                                   struct stator_error *err)
{
    struct update *made = ARENA_NEW(arena, struct update);
    struct update_clause *clauses = ARENA_ARRAY(arena, struct update_clause, updates->count);
    struct path_element *elements = ARENA_ARRAY(arena, struct path_element, updates->count);
    struct expr *values = ARENA_ARRAY(arena, struct expr, updates->count);

    if (made == NULL || clauses == NULL || elements == NULL || values == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < updates->count; i++) {
        const struct AttributeValueUpdate *update = &updates->at[i].value;

        values[i] = (struct expr){.type = EXPR_VALUE, .value = &update->Value};
        clauses[i] = (struct update_clause){
            .action = action_of(update),
            .path = path_of_name(&elements[i], updates->at[i].key),
            .operand = update->Value.type == VALUE_ABSENT ? NULL : &values[i],
        };
    }
    *made = (struct update){.clauses = clauses, .count = updates->count, .legacy = true};
    *out = made;
    return STATOR_OK;
}

enum stator_rc legacy_updates(struct update **out, const struct AttributeUpdates *updates, enum value_layer layer,
                              struct arena *arena, struct stator_error *err)
{
    if (updates->count == 0)
        return STATOR_OK;
    for (size_t i = 0; i < updates->count; i++) {
        STATOR_TRY(attribute_check_name(updates->at[i].key, err));
        STATOR_TRY(check_update(&updates->at[i].value, layer, err));
    }
    return make_updates(out, updates, arena, err);
}

/* --- AttributesToGet ---------------------------------------------------------------------------------------------- */

/* By name; of equal names the one given first comes first. */
static int compare(const void *a, const void *b)
{
    const struct bytes *const *x = a, *const *y = b;
    int order = bytes_compare(**x, **y);

    return order != 0 ? order : (*x > *y) - (*x < *y);
}

/* The name whose second appearance comes first in the request. */
static enum stator_rc check_distinct(const struct AttributeNameList *names, struct arena *arena,
                                     struct stator_error *err)
{
    const struct bytes **sorted = ARENA_ARRAY(arena, const struct bytes *, names->count);
    const struct bytes *again = NULL;

    if (sorted == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < names->count; i++)
        sorted[i] = &names->at[i];
    qsort(sorted, names->count, sizeof(*sorted), compare);
    for (size_t i = 1; i < names->count; i++)
        if (bytes_equal(*sorted[i - 1], *sorted[i]) && (again == NULL || sorted[i] < again))
            again = sorted[i];
    if (again == NULL)
        return STATOR_OK;
    return stator_fail(err, STATOR_VALIDATION, INVALID "Duplicate value in attribute name: %.*s", BYTES_ARG(*again));
}

enum stator_rc legacy_attributes_to_get(struct projection **out, const struct AttributeNameList *names,
                                        struct arena *arena, struct stator_error *err)
{
    struct projection *made = ARENA_NEW(arena, struct projection);
    struct path *paths = ARENA_ARRAY(arena, struct path, names->count);
    struct path_element *elements = ARENA_ARRAY(arena, struct path_element, names->count);

    if (names->count == 0)
        return STATOR_OK;
    if (made == NULL || paths == NULL || elements == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < names->count; i++)
        STATOR_TRY(attribute_check_name(names->at[i], err));
    STATOR_TRY(check_distinct(names, arena, err));
    for (size_t i = 0; i < names->count; i++)
        paths[i] = path_of_name(&elements[i], names->at[i]);
    *made = (struct projection){.paths = paths, .count = names->count};
    *out = made;
    return STATOR_OK;
}
