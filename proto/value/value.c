/* SPDX-License-Identifier: Apache-2.0 */
#include "value/value.h"

#include "value/number.h"

const char *value_type_name(enum value_type type)
{
    static const char *const names[] = {
        [VALUE_S] = "S",   [VALUE_N] = "N",   [VALUE_B] = "B",   [VALUE_BOOL] = "BOOL", [VALUE_NULL] = "NULL",
        [VALUE_SS] = "SS", [VALUE_NS] = "NS", [VALUE_BS] = "BS", [VALUE_L] = "L",       [VALUE_M] = "M",
    };

    stator_assert(type > VALUE_ABSENT && type < VALUE_FAULT);
    return names[type];
}

/* --- Finding ------------------------------------------------------------------------------------------------------ */

static const struct value *find(const struct attribute *attributes, size_t count, struct bytes name)
{
    size_t from = 0;

    while (from < count) {
        size_t middle = from + (count - from) / 2;
        int order = bytes_compare(name, attributes[middle].name);

        if (order == 0)
            return &attributes[middle].value;
        if (order < 0)
            count = middle;
        else
            from = middle + 1;
    }
    return NULL;
}

const struct value *item_find(const struct item *item, struct bytes name)
{
    return find(item->attributes, item->count, name);
}

const struct value *value_find(const struct value *map, struct bytes name)
{
    return map->type == VALUE_M ? find(map->attributes, map->count, name) : NULL;
}

static const struct value *parsed_attribute(struct item_source *source, struct bytes name)
{
    return item_find(((struct item_source_parsed *)source)->item, name);
}

void item_source_parsed_init(struct item_source_parsed *source, const struct item *item)
{
    *source = (struct item_source_parsed){.source = {.attribute = parsed_attribute}, .item = item};
}

/* --- Comparing ---------------------------------------------------------------------------------------------------- */

static bool all_equal(const struct value *a, const struct value *b, size_t count, size_t *looked)
{
    for (size_t i = 0; i < count; i++) {
        if (!value_equal_counted(&a[i], &b[i], looked))
            return false;
    }
    return true;
}

static bool attributes_equal(const struct attribute *a, const struct attribute *b, size_t count, size_t *looked)
{
    for (size_t i = 0; i < count; i++) {
        if (!bytes_equal(a[i].name, b[i].name) || !value_equal_counted(&a[i].value, &b[i].value, looked))
            return false;
    }
    return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
    size_t looked = 0;

    return value_equal_counted(a, b, &looked);
}

bool value_equal_counted(const struct value *a, const struct value *b, size_t *looked)
{
    ++*looked;
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case VALUE_S:
    case VALUE_N:
    case VALUE_B:
        return bytes_equal(a->text, b->text);
    case VALUE_BOOL:
        return a->boolean == b->boolean;
    case VALUE_NULL:
        return true;
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
    case VALUE_L:
        return a->count == b->count && all_equal(a->members, b->members, a->count, looked);
    case VALUE_M:
        return a->count == b->count && attributes_equal(a->attributes, b->attributes, a->count, looked);
    case VALUE_ABSENT:
    case VALUE_FAULT:
        break;
    }
    return false;
}

bool item_equal(const struct item *a, const struct item *b)
{
    size_t looked = 0;

    return a->count == b->count && attributes_equal(a->attributes, b->attributes, a->count, &looked);
}

int value_compare(const struct value *a, const struct value *b)
{
    stator_assert(a->type == b->type && a->type >= VALUE_S && a->type <= VALUE_B);
    return a->type == VALUE_N ? number_compare_text(a->text, b->text) : bytes_compare(a->text, b->text);
}

static unsigned deepest(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

unsigned value_depth(const struct value *value)
{
    unsigned inside = 0;

    if (value->type != VALUE_L && value->type != VALUE_M)
        return 0;
    for (size_t i = 0; i < value->count; i++)
        inside =
            deepest(inside, value_depth(value->type == VALUE_L ? &value->members[i] : &value->attributes[i].value));
    return inside + 1;
}
