/* SPDX-License-Identifier: Apache-2.0 */
#include "seed/line.h"

#include "value/value.h"
#include "json/reader.h"
#include "json/writer.h"

/* --- Which form --------------------------------------------------------------------------------------------------- */

static bool is_type(struct bytes name)
{
    static const char *const types[] = {"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (bytes_equal_string(name, types[i]))
            return true;
    return false;
}

/* Whether all members of an object that has begun are objects with one member, a type's name: attribute values. Moves past
 * the object, whose JSON is known to be good. *names, if given, counts the members. */
static bool all_typed(struct json_reader *json, size_t *names)
{
    bool typed = true;

    *names = 0;
    while (json_next(json) == JSON_KEY) {
        enum json_token token = json_next(json);
        struct json_reader inside = *json;

        ++*names;
        if (token != JSON_OBJECT_BEGIN || json_next(&inside) != JSON_KEY || !is_type(inside.text) ||
            !json_skip(&inside, json_next(&inside)) || json_next(&inside) != JSON_OBJECT_END)
            typed = false;
        (void)json_skip(json, token);
    }
    return typed;
}

static bool reads_as_item(struct bytes text, struct arena *arena)
{
    struct stator_error err;
    struct json_reader json;
    struct item item;

    json_reader_init(&json, text, arena);
    return item_read(&item, &json, json_next(&json), arena, &err) == STATOR_OK && item_fault(&item) == NULL;
}

/* The object in the frame {"Item": {...}}, or the text itself. */
static struct bytes without_frame(struct bytes text, bool typed, struct arena *arena)
{
    struct json_reader json;
    const uint8_t *begin;

    json_reader_init(&json, text, arena);
    (void)json_next(&json);
    if (json_next(&json) != JSON_KEY || !bytes_equal_string(json.text, "Item") || json_next(&json) != JSON_OBJECT_BEGIN)
        return text;
    begin = json.at - 1;
    (void)json_skip(&json, JSON_OBJECT_BEGIN);
    if (typed && reads_as_item(text, arena)) /* an attribute of that name */
        return text;
    return bytes_of(begin, (size_t)(json.at - begin));
}

static bool is_typed(struct bytes text, size_t *names, struct arena *arena)
{
    struct json_reader json;

    json_reader_init(&json, text, arena);
    (void)json_next(&json);
    return all_typed(&json, names);
}

/* --- Plain -------------------------------------------------------------------------------------------------------- */

struct plain {
    struct json_reader json;
    struct json_writer to;
    struct stator_error *err;
};

static enum stator_rc write_value(struct plain *plain, enum json_token token);

static enum stator_rc refuse(struct plain *plain, const char *why)
{
    return stator_fail(plain->err, STATOR_VALIDATION, "%s", why);
}

static void begin(struct plain *plain, const char *type)
{
    json_object_begin(&plain->to);
    json_key(&plain->to, bytes_of_string(type));
}

static enum stator_rc write_members(struct plain *plain)
{
    json_object_begin(&plain->to);
    while (json_next(&plain->json) == JSON_KEY) {
        json_key(&plain->to, plain->json.text);
        STATOR_TRY(write_value(plain, json_next(&plain->json)));
    }
    json_object_end(&plain->to);
    return STATOR_OK;
}

static enum stator_rc write_list(struct plain *plain)
{
    enum json_token token;

    json_array_begin(&plain->to);
    while ((token = json_next(&plain->json)) != JSON_ARRAY_END)
        STATOR_TRY(write_value(plain, token));
    json_array_end(&plain->to);
    return STATOR_OK;
}

static enum stator_rc write_set(struct plain *plain, enum json_token member)
{
    enum json_token token = json_next(&plain->json);

    if (token != JSON_ARRAY_BEGIN)
        return refuse(plain, "a set is no array");
    json_array_begin(&plain->to);
    while ((token = json_next(&plain->json)) != JSON_ARRAY_END) {
        if (token != member)
            return refuse(plain, "a set has a member of another type");
        json_string(&plain->to, plain->json.text);
    }
    json_array_end(&plain->to);
    return STATOR_OK;
}

/* Behind its tag, the value of an object that has one. */
static enum stator_rc write_tagged(struct plain *plain, struct bytes tag)
{
    if (bytes_equal_string(tag, "$B")) {
        if (json_next(&plain->json) != JSON_STRING)
            return refuse(plain, "a binary is no string of base64");
        json_string(&plain->to, plain->json.text);
    } else if (bytes_equal_string(tag, "$M")) {
        if (json_next(&plain->json) != JSON_OBJECT_BEGIN)
            return refuse(plain, "a $M is no object");
        STATOR_TRY(write_members(plain));
    } else {
        STATOR_TRY(write_set(plain, bytes_equal_string(tag, "$NS") ? JSON_NUMBER : JSON_STRING));
    }
    return json_next(&plain->json) == JSON_OBJECT_END ? STATOR_OK
                                                      : refuse(plain, "an object with a tag has another name, too");
}

static const char *type_of_tag(struct bytes name)
{
    static const char *const tags[] = {"$B", "$SS", "$NS", "$BS", "$M"};

    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        if (bytes_equal_string(name, tags[i]))
            return tags[i] + 1;
    return NULL;
}

static enum stator_rc write_object(struct plain *plain)
{
    struct json_reader ahead = plain->json;
    const char *type = json_next(&ahead) == JSON_KEY ? type_of_tag(ahead.text) : NULL;

    begin(plain, type != NULL ? type : "M");
    if (type == NULL)
        return write_members(plain);
    plain->json = ahead;
    return write_tagged(plain, ahead.text);
}

static enum stator_rc write_value(struct plain *plain, enum json_token token)
{
    switch (token) {
    case JSON_STRING:
    case JSON_NUMBER:
        begin(plain, token == JSON_STRING ? "S" : "N");
        json_string(&plain->to, plain->json.text);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        begin(plain, "BOOL");
        json_bool(&plain->to, token == JSON_TRUE);
        break;
    case JSON_NULL:
        begin(plain, "NULL");
        json_bool(&plain->to, true);
        break;
    case JSON_ARRAY_BEGIN:
        begin(plain, "L");
        STATOR_TRY(write_list(plain));
        break;
    case JSON_OBJECT_BEGIN:
        STATOR_TRY(write_object(plain));
        break;
    case JSON_BAD: /* without memory: the text was looked at before */
    case JSON_END:
    case JSON_KEY:
    case JSON_OBJECT_END:
    case JSON_ARRAY_END:
        return stator_fail_memory(plain->err);
    }
    json_object_end(&plain->to);
    return STATOR_OK;
}

/* --- The way in --------------------------------------------------------------------------------------------------- */

static enum stator_rc check(struct bytes line, struct stator_error *err)
{
    struct json_reader json;
    enum json_token first, token;

    json_reader_init(&json, line, NULL);
    first = token = json_next(&json);
    while (token != JSON_BAD && token != JSON_END)
        token = json_next(&json);
    if (token == JSON_BAD)
        return stator_fail(err, STATOR_VALIDATION, "this is no JSON (column %zu)", (size_t)(json.at - line.at) + 1);
    return first == JSON_OBJECT_BEGIN ? STATOR_OK
                                      : stator_fail(err, STATOR_VALIDATION, "an item is an object, which this is not");
}

enum stator_rc line_to_item(struct buf *out, struct bytes line, struct arena *arena, struct stator_error *err)
{
    struct plain plain = {.to = json_writer_of(out), .err = err};
    struct bytes text;
    size_t names;
    bool typed;

    STATOR_TRY(check(line, err));
    typed = is_typed(line, &names, arena);
    text = names == 1 ? without_frame(line, typed, arena) : line;
    if (text.at != line.at)
        typed = is_typed(text, &names, arena);
    if (typed) {
        buf_append_bytes(out, text);
    } else {
        json_reader_init(&plain.json, text, arena);
        (void)json_next(&plain.json);
        STATOR_TRY(write_members(&plain));
    }
    return out->failed || arena->failed ? stator_fail_memory(err) : STATOR_OK;
}
