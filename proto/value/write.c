/* SPDX-License-Identifier: Apache-2.0 */
#include "value/base64.h"
#include "value/value.h"
#include "json/writer.h"

static void write_attributes(struct buf *buf, const struct attribute *attributes, size_t count)
{
    buf_append_byte(buf, '{');
    for (size_t i = 0; i < count; i++) {
        if (i != 0)
            buf_append_byte(buf, ',');
        json_quote(buf, attributes[i].name);
        buf_append_byte(buf, ':');
        value_write(buf, &attributes[i].value);
    }
    buf_append_byte(buf, '}');
}

/* What stands for a scalar inside its object or set. Numbers and base64 hold nothing that needs an escape. */
static void write_scalar(struct buf *buf, const struct value *value)
{
    if (value->type == VALUE_S) {
        json_quote(buf, value->text);
        return;
    }
    buf_append_byte(buf, '"');
    if (value->type == VALUE_N)
        buf_append_bytes(buf, value->text);
    else
        base64_encode(buf, value->text);
    buf_append_byte(buf, '"');
}

static void write_members(struct buf *buf, const struct value *value)
{
    buf_append_byte(buf, '[');
    for (size_t i = 0; i < value->count; i++) {
        if (i != 0)
            buf_append_byte(buf, ',');
        if (value->type == VALUE_L)
            value_write(buf, &value->members[i]);
        else
            write_scalar(buf, &value->members[i]);
    }
    buf_append_byte(buf, ']');
}

void value_write(struct buf *buf, const struct value *value)
{
    static const struct bytes openings[] = {
        [VALUE_S] = {(const uint8_t *)"{\"S\":", 5},       [VALUE_N] = {(const uint8_t *)"{\"N\":", 5},
        [VALUE_B] = {(const uint8_t *)"{\"B\":", 5},       [VALUE_BOOL] = {(const uint8_t *)"{\"BOOL\":", 8},
        [VALUE_NULL] = {(const uint8_t *)"{\"NULL\":", 8}, [VALUE_SS] = {(const uint8_t *)"{\"SS\":", 6},
        [VALUE_NS] = {(const uint8_t *)"{\"NS\":", 6},     [VALUE_BS] = {(const uint8_t *)"{\"BS\":", 6},
        [VALUE_L] = {(const uint8_t *)"{\"L\":", 5},       [VALUE_M] = {(const uint8_t *)"{\"M\":", 5},
    };

    stator_assert(value->type > VALUE_ABSENT && value->type < VALUE_FAULT);
    buf_append_bytes(buf, openings[value->type]);
    if (value->type <= VALUE_B)
        write_scalar(buf, value);
    else if (value->type == VALUE_BOOL || value->type == VALUE_NULL)
        buf_append_bytes(buf, value->type == VALUE_NULL || value->boolean ? BYTES("true") : BYTES("false"));
    else if (value->type == VALUE_M)
        write_attributes(buf, value->attributes, value->count);
    else
        write_members(buf, value);
    buf_append_byte(buf, '}');
}

void item_write(struct buf *buf, const struct item *item)
{
    if (bytes_present(item->json))
        buf_append_bytes(buf, item->json);
    else
        write_attributes(buf, item->attributes, item->count);
}
