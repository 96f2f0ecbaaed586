/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/server/expressions.h"

#include "unit/server/tables.h"
#include "unit/unit.h"

static struct placeholders placeholders_of(const char *values, struct arena *arena)
{
    struct placeholders placeholders = {0};
    struct item *all = ARENA_NEW(arena, struct item);

    assert_non_null(all);
    if (values == NULL)
        return placeholders;
    *all = item_of(values, arena);
    placeholders.values = all;
    placeholders.values_used = ARENA_ARRAY(arena, bool, all->count);
    assert_non_null(placeholders.values_used);
    return placeholders;
}

const struct expr *condition_of(const char *text, enum expr_language language, const char *values, struct arena *arena)
{
    struct placeholders placeholders = placeholders_of(values, arena);
    struct stator_error err = {0};
    const struct expr *out = NULL;

    if (text != NULL &&
        expr_parse_condition(&out, bytes_of_string(text), language, &placeholders, arena, &err) != STATOR_OK)
        fail_msg("%s: %s", text, err.message);
    return out;
}

struct update *update_of(const char *text, const char *values, struct arena *arena)
{
    struct placeholders placeholders = placeholders_of(values, arena);
    struct stator_error err = {0};
    struct update *out = NULL;

    if (text != NULL && expr_parse_update(&out, bytes_of_string(text), &placeholders, arena, &err) != STATOR_OK)
        fail_msg("%s: %s", text, err.message);
    return out;
}

struct projection *projection_of(const char *text, struct arena *arena)
{
    struct placeholders placeholders = placeholders_of(NULL, arena);
    struct stator_error err = {0};
    struct projection *out = NULL;

    if (text != NULL && expr_parse_projection(&out, bytes_of_string(text), &placeholders, arena, &err) != STATOR_OK)
        fail_msg("%s: %s", text, err.message);
    return out;
}
