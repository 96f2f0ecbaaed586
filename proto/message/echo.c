/* SPDX-License-Identifier: Apache-2.0 */
#include "message/echo.h"

#include <stdarg.h>
#include <stdio.h>

#define VALUE_ROOM  1100 /* a value may bring the text to this length; path, constraint and further failures follow */
#define DEPTH_SHOWN 4    /* levels of M and L; deeper ones are "..." */

void echo_bytes(struct echo *echo, struct bytes text)
{
    size_t room = sizeof(echo->at) - echo->len, len = text.len;

    if (len > room) {
        len = room;
        while (len > 0 && (text.at[len] & 0xC0) == 0x80) /* not in the middle of a character */
            len--;
    }
    for (size_t i = 0; i < len; i++) /* what is told is a C string */
        echo->at[echo->len + i] = text.at[i] == '\0' ? '?' : (char)text.at[i];
    echo->len += len;
}

void echo_text(struct echo *echo, const char *text)
{
    echo_bytes(echo, bytes_of_string(text));
}

void echo_printf(struct echo *echo, const char *format, ...)
{
    char line[256];
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (len > 0)
        echo_bytes(echo, bytes_of(line, (size_t)len < sizeof(line) ? (size_t)len : sizeof(line) - 1));
}

void echo_lower_first(struct echo *echo, struct bytes name)
{
    uint8_t first = name.at[0];

    if (first >= 'A' && first <= 'Z')
        first = (uint8_t)(first + ('a' - 'A'));
    echo_bytes(echo, (struct bytes){&first, 1});
    echo_bytes(echo, (struct bytes){name.at + 1, name.len - 1});
}

/* --- Values ------------------------------------------------------------------------------------------------------ */

static bool is_full(const struct echo *echo)
{
    return echo->len >= VALUE_ROOM;
}

/* A text of the request, cut when there is no room for it. */
static void put_cut(struct echo *echo, struct bytes text)
{
    size_t room = is_full(echo) ? 0 : VALUE_ROOM - echo->len;

    if (text.len <= room) {
        echo_bytes(echo, text);
        return;
    }
    while (room > 0 && (text.at[room] & 0xC0) == 0x80)
        room--;
    echo_bytes(echo, (struct bytes){text.at, room});
    echo_text(echo, "...");
}

/* Between the members of a list: false when no further one fits. */
static bool put_separator(struct echo *echo, size_t i)
{
    if (i != 0)
        echo_text(echo, ", ");
    if (!is_full(echo))
        return true;
    echo_text(echo, "...");
    return false;
}

static void put_value(struct echo *echo, const struct value *value, unsigned depth);

static void put_values(struct echo *echo, const struct value *value, unsigned depth)
{
    echo_text(echo, "[");
    for (size_t i = 0; i < value->count && put_separator(echo, i); i++) {
        if (value->type == VALUE_L)
            put_value(echo, &value->members[i], depth + 1);
        else
            put_cut(echo, value->members[i].text);
    }
    echo_text(echo, "]");
}

static void put_attributes(struct echo *echo, const struct attribute *attributes, size_t count, unsigned depth)
{
    echo_text(echo, "{");
    for (size_t i = 0; i < count && put_separator(echo, i); i++) {
        put_cut(echo, attributes[i].name);
        echo_text(echo, "=");
        put_value(echo, &attributes[i].value, depth + 1);
    }
    echo_text(echo, "}");
}

static void put_content(struct echo *echo, const struct value *value, unsigned depth)
{
    switch (value->type) {
    case VALUE_S:
    case VALUE_N:
        put_cut(echo, value->text);
        return;
    case VALUE_B:
        echo_printf(echo, "java.nio.HeapByteBuffer[pos=0 lim=%zu cap=%zu]", value->text.len, value->text.len);
        return;
    case VALUE_BOOL:
    case VALUE_NULL:
        echo_text(echo, value->type == VALUE_NULL || value->boolean ? "true" : "false");
        return;
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
    case VALUE_L:
        put_values(echo, value, depth);
        return;
    case VALUE_M:
        put_attributes(echo, value->attributes, value->count, depth);
        return;
    case VALUE_ABSENT:
    case VALUE_FAULT:
        return;
    }
}

/* Every member of the service's own class, most of them unknown to the public model. */
static const struct {
    const char *name;
    enum value_type type;
} value_members[] = {
    {"s", VALUE_S},   {"n", VALUE_N},   {"b", VALUE_B},       {"iNT", 0},           {"dECIMAL", 0},    {"dOUBLE", 0},
    {"sS", VALUE_SS}, {"nS", VALUE_NS}, {"bS", VALUE_BS},     {"iNTSET", 0},        {"dECIMALSET", 0}, {"dOUBLESET", 0},
    {"m", VALUE_M},   {"l", VALUE_L},   {"nULL", VALUE_NULL}, {"bOOL", VALUE_BOOL},
};

static void put_value(struct echo *echo, const struct value *value, unsigned depth)
{
    if (depth > DEPTH_SHOWN || is_full(echo)) {
        echo_text(echo, "...");
        return;
    }
    echo_text(echo, "AttributeValue(");
    for (size_t i = 0; i < sizeof(value_members) / sizeof(value_members[0]); i++) {
        echo_printf(echo, "%s%s=", i == 0 ? "" : ", ", value_members[i].name);
        if (value_members[i].type != VALUE_ABSENT && value_members[i].type == value->type)
            put_content(echo, value, depth);
        else
            echo_text(echo, "null");
    }
    echo_text(echo, ")");
}

static void put_structure(struct echo *echo, const struct shape *shape, const void *structure)
{
    echo_bytes(echo, shape->name);
    echo_text(echo, "(");
    for (size_t i = 0; i < shape->count && put_separator(echo, i); i++) {
        const struct member *member = &shape->members[i];
        const void *slot = member_at(member, structure);

        echo_lower_first(echo, member->name);
        echo_text(echo, "=");
        if (slot_present(member->kind, slot))
            echo_value(echo, member->kind, member->shape, slot);
        else
            echo_text(echo, "null");
    }
    if (shape == &shape_of_PutRequest) /* a member that only the service knows */
        echo_text(echo, ", workloadProfileName=null");
    echo_text(echo, ")");
}

static void put_element(struct echo *echo, const struct shape *collection, const void *slot)
{
    if (collection->element_kind == KIND_STRUCTURE)
        put_structure(echo, collection->element, slot);
    else
        echo_value(echo, collection->element_kind, collection->element, slot);
}

static void put_list(struct echo *echo, const struct shape *shape, const struct api_list *list)
{
    echo_text(echo, "[");
    for (size_t i = 0; i < list->count && put_separator(echo, i); i++)
        put_element(echo, shape, element_at(shape, list, i));
    echo_text(echo, "]");
}

static void put_map(struct echo *echo, const struct shape *shape, const struct api_list *map)
{
    echo_text(echo, "{");
    for (size_t i = 0; i < map->count && put_separator(echo, i); i++) {
        const uint8_t *entry = element_at(shape, map, i);
        struct bytes key;

        memcpy(&key, entry, sizeof(key));
        put_cut(echo, key);
        echo_text(echo, "=");
        put_element(echo, shape, entry + shape->value_offset);
    }
    echo_text(echo, "}");
}

/* BatchGetItem prints its request as JSON, the one that does. */
static void put_json(struct echo *echo, uint8_t kind, const struct shape *shape, const void *slot)
{
    struct buf buf;
    struct json_writer writer = json_writer_of(&buf);

    buf_init(&buf, 1 << 20);
    encode_slot(&writer, slot, kind, shape);
    put_cut(echo, buf_bytes(&buf));
    buf_deinit(&buf);
}

void echo_value(struct echo *echo, uint8_t kind, const struct shape *shape, const void *slot)
{
    switch ((enum kind)kind) {
    case KIND_STRING:
        put_cut(echo, *(const struct bytes *)slot);
        return;
    case KIND_ENUM:
        put_cut(echo, ((const struct api_enum *)slot)->text);
        return;
    case KIND_INTEGER:
    case KIND_LONG:
        echo_printf(echo, "%lld", (long long)((const struct api_integer *)slot)->value);
        return;
    case KIND_DOUBLE:
    case KIND_TIMESTAMP:
        echo_printf(echo, "%g", ((const struct api_double *)slot)->value);
        return;
    case KIND_BOOLEAN:
        echo_text(echo, *(const enum api_boolean *)slot == API_TRUE ? "true" : "false");
        return;
    case KIND_VALUE:
        put_value(echo, slot, 1);
        return;
    case KIND_ITEM:
        put_attributes(echo, ((const struct item *)slot)->attributes, ((const struct item *)slot)->count, 0);
        return;
    case KIND_LIST:
        put_list(echo, shape, slot);
        return;
    case KIND_MAP:
        if (shape == &shape_of_BatchGetRequestMap)
            put_json(echo, kind, shape, slot);
        else
            put_map(echo, shape, slot);
        return;
    case KIND_STRUCTURE:
        put_structure(echo, shape, *(const void *const *)slot);
        return;
    }
}
