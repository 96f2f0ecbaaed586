/* SPDX-License-Identifier: Apache-2.0 */
/* json_write: items and values to JSON, on one line or for people. */
#include "json.h"

#include "check.h"
#include "value/base64.h"
#include "value/number.h"
#include "json/reader.h"
#include "json/writer.h"

#define INDENT_MAX 16
#define FLAT_MAX   72 /* characters of an object or array that stays on a line */

/* --- Plain and tagged --------------------------------------------------------------------------------------------- */

struct plain {
    struct json_writer json;
    bool tagged;
};

static void write_value(struct plain *plain, const struct value *value);

/* A program's own number may be one that JSON does not know: "+1", ".5". */
static void write_number(struct plain *plain, struct bytes digits)
{
    char text[NUMBER_TEXT_MAX];
    struct number number;

    if (!number_is_canonical(digits)) {
        stator_assert(number_parse(&number, digits, NULL) == STATOR_OK); /* it has been checked */
        digits = bytes_of(text, number_format(text, &number));
    }
    json_raw(&plain->json, digits);
}

static void write_binary(struct plain *plain, struct bytes raw)
{
    json_raw(&plain->json, BYTES("\"")); /* with its comma */
    base64_encode(plain->json.buf, raw);
    buf_append_byte(plain->json.buf, '"');
}

static void write_members(struct plain *plain, const struct value *value)
{
    json_array_begin(&plain->json);
    for (size_t i = 0; i < value->count; i++) {
        if (value->members[i].type == VALUE_B && value->type == VALUE_BS)
            write_binary(plain, value->members[i].text); /* the set has the tag */
        else
            write_value(plain, &value->members[i]);
    }
    json_array_end(&plain->json);
}

static void write_attributes(struct plain *plain, const struct attribute *attributes, size_t count)
{
    json_object_begin(&plain->json);
    for (size_t i = 0; i < count; i++) {
        json_key(&plain->json, attributes[i].name);
        write_value(plain, &attributes[i].value);
    }
    json_object_end(&plain->json);
}

/* Whether the value cannot be told from another without a tag. */
static bool needs_tag(const struct value *value)
{
    if (value->type != VALUE_M)
        return value->type == VALUE_B || (value->type >= VALUE_SS && value->type <= VALUE_BS);
    for (size_t i = 0; i < value->count; i++) {
        if (json_tag(value->attributes[i].name) != VALUE_ABSENT)
            return true;
    }
    return false;
}

static void write_untagged(struct plain *plain, const struct value *value)
{
    if (value->type == VALUE_S)
        json_string(&plain->json, value->text);
    else if (value->type == VALUE_N)
        write_number(plain, value->text);
    else if (value->type == VALUE_B)
        write_binary(plain, value->text);
    else if (value->type == VALUE_BOOL)
        json_bool(&plain->json, value->boolean);
    else if (value->type == VALUE_NULL)
        json_null(&plain->json);
    else if (value->type == VALUE_M)
        write_attributes(plain, value->attributes, value->count);
    else
        write_members(plain, value);
}

static void write_value(struct plain *plain, const struct value *value)
{
    char tag[4] = "$";
    bool tagged = plain->tagged && needs_tag(value);

    if (tagged) {
        strcat(tag, value_type_name(value->type)); /* of one or two letters: those that need a tag */
        json_object_begin(&plain->json);
        json_key(&plain->json, bytes_of_string(tag));
    }
    write_untagged(plain, value);
    if (tagged)
        json_object_end(&plain->json);
}

/* --- For people --------------------------------------------------------------------------------------------------- */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The length of the string whose quote is at the start of json, which is good JSON. */
static size_t string_length(struct bytes json)
{
    size_t at = 1;

    while (json.at[at] != '"')
        at += json.at[at] == '\\' ? 2 : 1;
    return at + 1;
}

static bool is_closing(uint8_t c)
{
    return c == ']' || c == '}';
}

static bool is_opening(uint8_t c)
{
    return c == '[' || c == '{';
}

/* Whether the object or array at the start of json is short, with nothing but simple members, or, if `only_empty`, with
 * none. */
static bool is_flat(struct bytes json, bool only_empty)
{
    size_t shown = 0;

    for (size_t at = 1; shown < FLAT_MAX; shown++) {
        if (is_blank(json.at[at])) {
            at++;
            shown--;
            continue;
        }
        if (is_closing(json.at[at]))
            return true;
        if (is_opening(json.at[at]) || only_empty)
            return false;
        if (json.at[at] == '"') {
            size_t len = string_length(bytes_of(json.at + at, json.len - at));

            at += len;
            shown += len - 1;
        } else {
            at++;
        }
    }
    return false;
}

struct layout {
    struct buf *buf;
    unsigned indent, depth;
    bool flat; /* inside an object or array that stays on its line */
};

static void new_line(struct layout *layout)
{
    uint8_t *room;
    size_t blanks = (size_t)layout->indent * layout->depth;

    if (layout->flat)
        return;
    buf_append_byte(layout->buf, '\n');
    room = buf_reserve(layout->buf, blanks);
    if (room == NULL)
        return;
    memset(room, ' ', blanks);
    layout->buf->len += blanks;
}

/* A character outside of strings; rest begins with it. */
static void lay_out(struct layout *layout, struct bytes rest)
{
    uint8_t c = rest.at[0];

    if (is_closing(c)) {
        layout->depth--;
        new_line(layout);
        layout->flat = false; /* what is flat has nothing flat inside */
    }
    buf_append_byte(layout->buf, c);
    if (is_opening(c)) {
        layout->flat = is_flat(rest, layout->depth == 0);
        layout->depth++;
        new_line(layout);
    } else if (c == ',' && !layout->flat) {
        new_line(layout);
    } else if (c == ',' || c == ':') {
        buf_append_byte(layout->buf, ' ');
    }
}

void json_indent(struct stator_builder *builder, struct bytes json, unsigned indent)
{
    struct layout layout = {.buf = &builder->scratch, .indent = indent > INDENT_MAX ? INDENT_MAX : indent};

    for (size_t at = 0; at < json.len;) {
        struct bytes rest = bytes_of(json.at + at, json.len - at);
        size_t len = rest.at[0] == '"' ? string_length(rest) : 1;

        if (rest.at[0] == '"')
            buf_append(&builder->scratch, rest.at, len);
        else if (!is_blank(rest.at[0]))
            lay_out(&layout, rest);
        at += len;
    }
}

/* --- The ways in -------------------------------------------------------------------------------------------------- */

/* What is written, on one line, in the scratch; *out is a copy, or the same with line breaks. */
static enum stator_rc finish(struct stator_builder *builder, struct stator_bytes *out, unsigned indent,
                             struct stator_error *err)
{
    struct stator_bytes line;

    if (indent == 0)
        return builder_text(builder, out, err);
    STATOR_TRY(builder_text(builder, &line, err));
    buf_reset(&builder->scratch);
    json_indent(builder, cast_bytes(line), indent);
    return builder_text(builder, out, err);
}

enum stator_rc stator_json_write_value(struct stator_builder *builder, struct stator_bytes *out,
                                       const struct stator_value *value, enum stator_json_form form, unsigned indent,
                                       struct stator_error *err)
{
    if (builder == NULL)
        return builder_missing(err);
    STATOR_TRY(check_value(cast_value(value), err));
    buf_reset(&builder->scratch);
    if (form == STATOR_JSON_DYNAMODB) {
        value_write(&builder->scratch, cast_value(value));
    } else {
        struct plain plain = {json_writer_of(&builder->scratch), form == STATOR_JSON_TAGGED};

        write_value(&plain, cast_value(value));
    }
    return finish(builder, out, indent, err);
}

enum stator_rc stator_json_write_item(struct stator_builder *builder, struct stator_bytes *out,
                                      const struct stator_item *item, enum stator_json_form form, unsigned indent,
                                      struct stator_error *err)
{
    struct item own = *cast_item(item);

    if (builder == NULL)
        return builder_missing(err);
    if (bytes_present(own.json))
        STATOR_TRY(json_read_item_in_place(builder, &own, own.json, err));
    STATOR_TRY(check_item(&own, err));
    buf_reset(&builder->scratch);
    if (!own.set) {
        buf_append_literal(&builder->scratch, "null");
    } else if (form == STATOR_JSON_DYNAMODB) {
        item_write(&builder->scratch, &own);
    } else {
        struct plain plain = {json_writer_of(&builder->scratch), form == STATOR_JSON_TAGGED};

        write_attributes(&plain, own.attributes, own.count);
    }
    return finish(builder, out, indent, err);
}

enum stator_rc stator_json_indent(struct stator_builder *builder, struct stator_bytes *out, struct stator_bytes json,
                                  unsigned indent, struct stator_error *err)
{
    if (builder == NULL)
        return builder_missing(err);
    if (!json_valid(cast_bytes(json)))
        return stator_fail(err, STATOR_SERIALIZATION, "The text is no JSON");
    buf_reset(&builder->scratch);
    json_indent(builder, cast_bytes(json), indent);
    return builder_text(builder, out, err);
}
