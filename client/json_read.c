/* SPDX-License-Identifier: Apache-2.0 */
/* json_read: items and values from JSON. The DynamoDB form is read by proto/value; the others here, token by token into
 * an assembly, which keeps the depth. */
#include "json.h"
#include "value/base64.h"
#include "json/reader.h"

/* --- What is said of bad texts ------------------------------------------------------------------------------------ */

/* Puts the place that the reader has come to behind a message. */
static enum stator_rc fail_at(const struct json_reader *reader, struct stator_error *err, enum stator_rc rc,
                              const char *message)
{
    size_t line = 1, column = 1;

    for (const uint8_t *at = reader->start; at < reader->at; at++) {
        column++;
        if (*at == '\n') {
            line++;
            column = 1;
        }
    }
    return stator_fail(err, rc, "%s (line %zu, column %zu)", message, line, column);
}

static enum stator_rc fail_json(const struct json_reader *reader, struct stator_error *err)
{
    if (reader->out_of_memory)
        return stator_fail(err, STATOR_NO_MEMORY, "JSON needs more memory than there is");
    return fail_at(reader, err, STATOR_SERIALIZATION, "The text is no JSON");
}

/* What proto said, put into a client's words. */
static enum stator_rc fail_read(const struct json_reader *reader, struct stator_error *err,
                                const struct stator_error *why)
{
    if (why->rc == STATOR_NO_MEMORY)
        return stator_fail(err, STATOR_NO_MEMORY, "JSON needs more memory than there is");
    if (why->message[0] == '\0')
        return fail_json(reader, err);
    return fail_at(reader, err, why->rc, why->message);
}

/* --- DynamoDB's form ---------------------------------------------------------------------------------------------- */

static enum stator_rc too_deep(struct stator_error *err)
{
    return stator_fail(err, STATOR_VALIDATION, "Nesting Levels have exceeded supported limits");
}

static enum stator_rc end_of_text(struct json_reader *reader, struct stator_error *err)
{
    return json_next(reader) == JSON_END ? STATOR_OK : fail_json(reader, err);
}

enum stator_rc json_read_item_in_place(struct stator_builder *builder, struct item *out, struct bytes json,
                                       struct stator_error *err)
{
    struct json_reader reader;
    struct stator_error why;
    struct item item;

    json_reader_init(&reader, json, &builder->arena);
    if (item_read_once(&item, &reader, json_next(&reader), &builder->arena, &why) != STATOR_OK)
        return fail_read(&reader, err, &why);
    STATOR_TRY(end_of_text(&reader, err));
    STATOR_TRY(item_check(&item, VALUE_LAYER_CURRENT, err));
    for (size_t i = 0; i < item.count; i++) {
        if (value_depth(&item.attributes[i].value) > VALUE_DEPTH_MAX)
            return too_deep(err);
    }
    *out = item;
    return STATOR_OK;
}

static enum stator_rc read_value_in_place(struct stator_builder *builder, struct value *out, struct bytes json,
                                          struct stator_error *err)
{
    struct json_reader reader;
    struct stator_error why;
    struct value value;
    bool fault = false;

    json_reader_init(&reader, json, &builder->arena);
    if (value_read(&value, &reader, json_next(&reader), &fault, &builder->arena, &why) != STATOR_OK)
        return fail_read(&reader, err, &why);
    STATOR_TRY(end_of_text(&reader, err));
    STATOR_TRY(value_check(&value, VALUE_LAYER_CURRENT, err));
    if (value_depth(&value) > VALUE_DEPTH_MAX)
        return too_deep(err);
    *out = value;
    return STATOR_OK;
}

/* --- Plain and tagged --------------------------------------------------------------------------------------------- */

enum value_type json_tag(struct bytes name)
{
    static const struct {
        struct bytes name;
        enum value_type type;
    } tags[] = {{BYTES("$B"), VALUE_B},
                {BYTES("$SS"), VALUE_SS},
                {BYTES("$NS"), VALUE_NS},
                {BYTES("$BS"), VALUE_BS},
                {BYTES("$M"), VALUE_M}};

    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (bytes_equal(name, tags[i].name))
            return tags[i].type;
    }
    return VALUE_ABSENT;
}

struct plain {
    struct json_reader json;
    struct assembly *to;
    bool tagged;
    uint64_t wrapped; /* bit d: the map that is level d stands in a $M */
};

_Static_assert(VALUE_DEPTH_MAX < 63, "levels are bits of `wrapped`");

static void refuse(struct plain *plain, const char *message)
{
    assembly_fail(plain->to, STATOR_SERIALIZATION, "%s", message);
}

static void read_binary(struct plain *plain, struct bytes name, enum json_token token)
{
    struct bytes raw;
    bool full = false;

    if (token == JSON_STRING && base64_decode(&raw, plain->json.text, plain->to->arena, &full))
        assembly_binary(plain->to, name, raw);
    else if (full)
        assembly_fail_memory(plain->to);
    else
        refuse(plain, "A binary is no string of base64");
}

static void read_member(struct plain *plain, enum value_type set, enum json_token token)
{
    const struct bytes none = {0};

    if (set == VALUE_SS && token == JSON_STRING)
        assembly_string(plain->to, none, plain->json.text);
    else if (set == VALUE_NS && token == JSON_NUMBER)
        assembly_number(plain->to, none, plain->json.text);
    else if (set == VALUE_BS)
        read_binary(plain, none, token);
    else
        refuse(plain, "A set has a member of another type");
}

static void read_set(struct plain *plain, struct bytes name, enum value_type type, enum json_token token)
{
    if (token != JSON_ARRAY_BEGIN)
        refuse(plain, "A set is no array");
    assembly_open(plain->to, name, type);
    while (!assembly_failed(plain->to) && (token = json_next(&plain->json)) != JSON_ARRAY_END)
        read_member(plain, type, token);
    assembly_close(plain->to);
}

static void end_of_tag(struct plain *plain)
{
    if (!assembly_failed(plain->to) && json_next(&plain->json) != JSON_OBJECT_END)
        refuse(plain, "An object with a tag has another name, too");
}

/* Behind the tag: its one value. */
static void read_tagged(struct plain *plain, struct bytes name, enum value_type tag)
{
    enum json_token token = json_next(&plain->json);

    if (tag == VALUE_M) { /* its members follow like any others, and then its end */
        if (token != JSON_OBJECT_BEGIN)
            refuse(plain, "A $M is no object");
        assembly_open(plain->to, name, VALUE_M);
        plain->wrapped |= (uint64_t)1 << plain->to->depth;
        return;
    }
    if (tag == VALUE_B)
        read_binary(plain, name, token);
    else
        read_set(plain, name, tag, token);
    end_of_tag(plain);
}

static void open_object(struct plain *plain, struct bytes name)
{
    struct json_reader ahead = plain->json;

    if (plain->tagged && json_next(&ahead) == JSON_KEY && json_tag(ahead.text) != VALUE_ABSENT) {
        plain->json = ahead;
        read_tagged(plain, name, json_tag(ahead.text));
        return;
    }
    assembly_open(plain->to, name, VALUE_M);
}

static void close_object(struct plain *plain)
{
    uint64_t level = (uint64_t)1 << plain->to->depth;

    if (plain->to->depth == 0)
        return; /* the item's own, which is the assembly itself */
    assembly_close(plain->to);
    if ((plain->wrapped & level) == 0)
        return;
    plain->wrapped &= ~level;
    end_of_tag(plain);
}

static void read_token(struct plain *plain, struct bytes name, enum json_token token)
{
    switch (token) {
    case JSON_STRING:
        assembly_string(plain->to, name, plain->json.text);
        return;
    case JSON_NUMBER:
        assembly_number(plain->to, name, plain->json.text);
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        assembly_bool(plain->to, name, token == JSON_TRUE);
        return;
    case JSON_NULL:
        assembly_null(plain->to, name);
        return;
    case JSON_OBJECT_BEGIN:
        open_object(plain, name);
        return;
    case JSON_ARRAY_BEGIN:
        assembly_open(plain->to, name, VALUE_L);
        return;
    case JSON_OBJECT_END:
        close_object(plain);
        return;
    case JSON_ARRAY_END:
        assembly_close(plain->to);
        return;
    case JSON_BAD:
    case JSON_END:
    case JSON_KEY:
        break;
    }
    refuse(plain, "The text is no JSON");
}

/* Reads up to the end of the text, or to a failure. */
static void read_all(struct plain *plain, enum json_token token)
{
    while (token != JSON_END && !assembly_failed(plain->to)) {
        struct bytes name = {0};

        if (token == JSON_KEY) {
            name = plain->json.text;
            token = json_next(&plain->json);
        }
        read_token(plain, name, token);
        if (!assembly_failed(plain->to)) /* else the reader stays where it went wrong */
            token = json_next(&plain->json);
    }
}

static struct plain plain_of(struct stator_builder *builder, struct bytes json, bool tagged, enum value_type outermost)
{
    struct plain plain = {.to = &builder->inner, .tagged = tagged};

    json_reader_init(&plain.json, json, &builder->arena);
    assembly_begin(plain.to, outermost);
    return plain;
}

/* With the place where it went wrong. */
static enum stator_rc fail_plain(const struct plain *plain, enum stator_rc rc, const struct stator_error *why,
                                 struct stator_error *err)
{
    if (rc == STATOR_NO_MEMORY || plain->json.out_of_memory)
        return stator_fail(err, STATOR_NO_MEMORY, "JSON needs more memory than there is");
    return fail_at(&plain->json, err, rc, why->message);
}

static enum stator_rc read_plain_value(struct stator_builder *builder, struct value *out, struct bytes json,
                                       bool tagged, struct stator_error *err)
{
    struct plain plain = plain_of(builder, json, tagged, VALUE_ABSENT);
    struct stator_error why;
    enum stator_rc rc;

    read_all(&plain, json_next(&plain.json));
    rc = assembly_value(plain.to, out, &why);
    return rc == STATOR_OK ? rc : fail_plain(&plain, rc, &why, err);
}

static enum stator_rc read_plain_item(struct stator_builder *builder, struct item *out, struct bytes json, bool tagged,
                                      struct stator_error *err)
{
    struct plain plain = plain_of(builder, json, tagged, VALUE_M);
    enum json_token first = json_next(&plain.json);
    struct stator_error why;
    enum stator_rc rc;

    if (first != JSON_OBJECT_BEGIN)
        refuse(&plain, first == JSON_BAD ? "The text is no JSON" : "An item is no object");
    else
        read_all(&plain, json_next(&plain.json));
    rc = assembly_item(plain.to, out, &why);
    return rc == STATOR_OK ? rc : fail_plain(&plain, rc, &why, err);
}

static bool is_null(struct bytes json)
{
    struct json_reader reader;

    json_reader_init(&reader, json, NULL);
    return json_next(&reader) == JSON_NULL && json_next(&reader) == JSON_END;
}

/* --- The ways in -------------------------------------------------------------------------------------------------- */

enum stator_rc stator_json_read_item(struct stator_builder *builder, struct stator_item *out, struct stator_bytes json,
                                     enum stator_json_form form, struct stator_error *err)
{
    struct item *item = (struct item *)out;
    struct bytes text = cast_bytes(json);

    if (builder == NULL)
        return builder_missing(err);
    if (is_null(text)) {
        *item = (struct item){0};
        return STATOR_OK;
    }
    if (form != STATOR_JSON_DYNAMODB)
        return read_plain_item(builder, item, text, form == STATOR_JSON_TAGGED, err);
    text = arena_copy(&builder->arena, text); /* strings without escapes will point into it */
    if (!bytes_present(text))
        return stator_fail(err, STATOR_NO_MEMORY, "JSON needs more memory than there is");
    return json_read_item_in_place(builder, item, text, err);
}

enum stator_rc stator_json_read_value(struct stator_builder *builder, struct stator_value *out,
                                      struct stator_bytes json, enum stator_json_form form, struct stator_error *err)
{
    struct value *value = (struct value *)out;
    struct bytes text = cast_bytes(json);

    if (builder == NULL)
        return builder_missing(err);
    if (form != STATOR_JSON_DYNAMODB)
        return read_plain_value(builder, value, text, form == STATOR_JSON_TAGGED, err);
    text = arena_copy(&builder->arena, text);
    if (!bytes_present(text))
        return stator_fail(err, STATOR_NO_MEMORY, "JSON needs more memory than there is");
    return read_value_in_place(builder, value, text, err);
}
