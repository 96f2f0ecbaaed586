/* SPDX-License-Identifier: Apache-2.0 */
#include "message/message.h"
#include "message/tables.h"
#include "json/writer.h"

/* The comma before a value that is written past the writer, and the note that one has been written. */
static void comma(struct json_writer *writer)
{
    if (writer->comma)
        buf_append_byte(writer->buf, ',');
    writer->comma = true;
}

static void encode_members(struct json_writer *writer, const void *structure, const struct shape *shape);

static void encode_structure(struct json_writer *writer, const void *structure, const struct shape *shape)
{
    json_object_begin(writer);
    encode_members(writer, structure, shape);
    json_object_end(writer);
}

static void encode_members(struct json_writer *writer, const void *structure, const struct shape *shape)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct member *member = &shape->members[i];
        const void *slot = member_at(member, structure);

        if (!slot_present(member->kind, slot))
            continue;
        comma(writer);
        buf_append_bytes(writer->buf, member->quoted);
        writer->comma = false;
        if (member->kind == KIND_STRUCTURE)
            encode_structure(writer, *(const void *const *)slot, member->shape);
        else
            encode_slot(writer, slot, member->kind, member->shape);
    }
}

static void encode_element(struct json_writer *writer, const void *slot, const struct shape *collection)
{
    if (collection->element_kind == KIND_STRUCTURE)
        encode_structure(writer, slot, collection->element);
    else
        encode_slot(writer, slot, collection->element_kind, collection->element);
}

static void encode_list(struct json_writer *writer, const struct api_list *list, const struct shape *shape)
{
    if (bytes_present(list->json)) {
        json_raw(writer, list->json);
        return;
    }
    json_array_begin(writer);
    for (size_t i = 0; i < list->count; i++)
        encode_element(writer, element_at(shape, list, i), shape);
    json_array_end(writer);
}

static void encode_map(struct json_writer *writer, const struct api_list *map, const struct shape *shape)
{
    if (bytes_present(map->json)) {
        json_raw(writer, map->json);
        return;
    }
    json_object_begin(writer);
    for (size_t i = 0; i < map->count; i++) {
        const uint8_t *entry = element_at(shape, map, i);
        struct bytes key;

        memcpy(&key, entry, sizeof(key));
        json_key(writer, key);
        encode_element(writer, entry + shape->value_offset, shape);
    }
    json_object_end(writer);
}

/* Values of a request that the service does not allow have no JSON of their own; they get here only when a message
 * quotes the request. */
#define NOT_ALLOWED "{}"

static void encode_value(struct json_writer *writer, const struct value *value)
{
    if (value_check(value, VALUE_LAYER_CURRENT, NULL) != STATOR_OK) {
        json_raw(writer, BYTES(NOT_ALLOWED));
        return;
    }
    comma(writer);
    value_write(writer->buf, value);
}

static void encode_item(struct json_writer *writer, const struct item *item)
{
    if (item->fault || (bytes_present(item->json) && !item->shortened)) {
        json_raw(writer, bytes_present(item->json) ? item->json : BYTES(NOT_ALLOWED));
        return;
    }
    comma(writer);
    item_write(writer->buf, item);
}

static void encode_enum(struct json_writer *writer, const struct api_enum *value, const struct shape *shape)
{
    json_string(writer, value->value > 0 ? message_enum_name(shape, value->value) : value->text);
}

void encode_slot(struct json_writer *writer, const void *slot, uint8_t kind, const struct shape *shape)
{
    switch ((enum kind)kind) {
    case KIND_STRING:
        json_string(writer, *(const struct bytes *)slot);
        return;
    case KIND_INTEGER:
    case KIND_LONG:
        json_integer(writer, ((const struct api_integer *)slot)->value);
        return;
    case KIND_DOUBLE:
    case KIND_TIMESTAMP:
        json_double(writer, ((const struct api_double *)slot)->value);
        return;
    case KIND_BOOLEAN:
        json_bool(writer, *(const enum api_boolean *)slot == API_TRUE);
        return;
    case KIND_ENUM:
        encode_enum(writer, slot, shape);
        return;
    case KIND_VALUE:
        encode_value(writer, slot);
        return;
    case KIND_ITEM:
        encode_item(writer, slot);
        return;
    case KIND_LIST:
        encode_list(writer, slot, shape);
        return;
    case KIND_MAP:
        encode_map(writer, slot, shape);
        return;
    case KIND_STRUCTURE:
        return;
    }
}

void message_encode(struct buf *buf, const struct shape *shape, const void *out)
{
    struct json_writer writer = json_writer_of(buf);

    encode_structure(&writer, out, shape);
}

void message_encode_rest(struct buf *buf, const struct shape *shape, const void *out)
{
    struct json_writer writer = {.buf = buf, .comma = true};

    encode_members(&writer, out, shape);
    json_object_end(&writer);
}
