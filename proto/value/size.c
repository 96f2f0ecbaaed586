/* SPDX-License-Identifier: Apache-2.0 */
#include "value/number.h"
#include "value/value.h"

#define CONTAINER_BYTES 3 /* a list or map itself; each of its elements counts one byte more */

static size_t members_size(const struct value *value)
{
    size_t size = 0;

    for (size_t i = 0; i < value->count; i++)
        size += value_size(&value->members[i]);
    return size;
}

static size_t attributes_size(const struct attribute *attributes, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += attributes[i].name.len + value_size(&attributes[i].value);
    return size;
}

size_t value_size(const struct value *value)
{
    switch (value->type) {
    case VALUE_S:
    case VALUE_B:
        return value->text.len;
    case VALUE_N:
        return number_size(value->text);
    case VALUE_BOOL:
    case VALUE_NULL:
        return 1;
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        return members_size(value);
    case VALUE_L:
        return CONTAINER_BYTES + value->count + members_size(value);
    case VALUE_M:
        return CONTAINER_BYTES + value->count + attributes_size(value->attributes, value->count);
    case VALUE_ABSENT:
    case VALUE_FAULT:
        break;
    }
    return 0;
}

size_t item_size(const struct item *item)
{
    return attributes_size(item->attributes, item->count);
}
