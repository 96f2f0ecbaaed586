/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over the body, straight into the C structures. The first type error in the order of the document is the one
 * reported; the rest of the body is still read, because bad JSON anywhere outranks it. Of a request what is over a limit
 * is read and not kept: the limit is told at its place among the checks, and the memory of lists and values is bounded. */
#include <float.h>
#include <stdlib.h>

#include "message/growing.h"
#include "message/message.h"
#include "message/tables.h"
#include "json/reader.h"

#define PACKAGE         "com.amazonaws.dynamodb.v20120810."
#define SURPLUS_KEPT    1000                /* elements past the limit of their list that are checked like the others */
#define BODY_SMALL      ((size_t)64 * 1024) /* has not filled an arena that was made for requests */
#define VALUE_BYTES_MAX ((size_t)400 * 1024) /* of an item, and so of anything that is compared with one's attributes */

/* The service words the errors of a structure, list or map differently for a member and for an element. */
enum place { PLACE_MEMBER, PLACE_ELEMENT };

struct decoder {
    struct json_reader reader;
    struct arena *arena;
    struct stator_error *err;
    bool strict;  /* SearchVectors: see "The strict reader" */
    bool request; /* limits hold */
};

static enum stator_rc decode_slot(struct decoder *decoder, void *slot, uint8_t kind, const struct shape *shape,
                                  enum place place, enum json_token first);

/* --- Errors ------------------------------------------------------------------------------------------------------ */

static enum stator_rc fail_text(struct decoder *decoder)
{
    if (decoder->reader.out_of_memory)
        return stator_fail_memory(decoder->err);
    return stator_fail(decoder->err, STATOR_SERIALIZATION, "%s", "");
}

static enum stator_rc fail_type(struct decoder *decoder, const char *text)
{
    return stator_fail(decoder->err, STATOR_SERIALIZATION, "%s", text);
}

static bool number_is_decimal(struct bytes number)
{
    for (size_t i = 0; i < number.len; i++)
        if (number.at[i] == '.' || number.at[i] == 'e' || number.at[i] == 'E')
            return true;
    return false;
}

/* A token that cannot be the scalar `type` ("String", "Integer", ...) of the Java class `class`. */
static enum stator_rc fail_scalar(struct decoder *decoder, enum json_token first, const char *type, const char *class)
{
    const char *token;

    switch (first) {
    case JSON_ARRAY_BEGIN:
        return stator_fail(decoder->err, STATOR_SERIALIZATION, "Unrecognized collection type class %s", class);
    case JSON_OBJECT_BEGIN:
        return fail_type(decoder, "Start of structure or map found where not expected");
    case JSON_TRUE:
        token = "TRUE_VALUE";
        break;
    case JSON_FALSE:
        token = "FALSE_VALUE";
        break;
    case JSON_NUMBER:
        token = number_is_decimal(decoder->reader.text) ? "DECIMAL_VALUE" : "NUMBER_VALUE";
        break;
    case JSON_STRING:
        token = "STRING_VALUE";
        break;
    default:
        return fail_text(decoder);
    }
    return stator_fail(decoder->err, STATOR_SERIALIZATION, "%s cannot be converted to %s", token, type);
}

/* A scalar where a structure, list or map has to be. Lists and maps inside others are generic types in Java. */
static enum stator_rc fail_not_collection(struct decoder *decoder, enum json_token first, enum place place)
{
    if (first == JSON_BAD)
        return fail_text(decoder);
    if (place == PLACE_MEMBER)
        return fail_type(decoder, "Unexpected field type");
    return fail_type(decoder, "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to "
                              "class java.lang.Class (sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and "
                              "java.lang.Class are in module java.base of loader 'bootstrap')");
}

/* Not an object where a structure has to be; shape is an attribute value or a structure. */
static enum stator_rc fail_structure(struct decoder *decoder, const struct shape *shape, enum place place,
                                     enum json_token first)
{
    if (first == JSON_BAD)
        return fail_text(decoder);
    if (first == JSON_ARRAY_BEGIN)
        return stator_fail(decoder->err, STATOR_SERIALIZATION, "Unrecognized collection type class " PACKAGE "%.*s",
                           BYTES_ARG(shape->name));
    return fail_type(decoder, place == PLACE_MEMBER ? "Unexpected field type" : "Unexpected value type in payload");
}

/* Not an object where a map has to be; shape is a map or an item. */
static enum stator_rc fail_map(struct decoder *decoder, const struct shape *shape, enum place place,
                               enum json_token first)
{
    const char *before = PACKAGE, *after = "";
    struct bytes name = BYTES("AttributeValue");

    if (first != JSON_ARRAY_BEGIN)
        return fail_not_collection(decoder, first, place);
    if (shape->kind == KIND_MAP && shape->element_kind == KIND_STRING) {
        before = "java.lang.";
        name = BYTES("String");
    } else if (shape->kind == KIND_MAP && shape->element_kind == KIND_LIST) {
        before = "java.util.List<" PACKAGE;
        name = shape->element->element->name;
        after = ">";
    } else if (shape->kind == KIND_MAP) {
        name = shape->element->name;
    }
    return stator_fail(decoder->err, STATOR_SERIALIZATION,
                       "Unrecognized collection type java.util.Map<java.lang.String, %s%.*s%s>", before,
                       BYTES_ARG(name), after);
}

/* --- Scalars ----------------------------------------------------------------------------------------------------- */

static enum stator_rc decode_string(struct decoder *decoder, struct bytes *out, enum json_token first)
{
    if (first != JSON_STRING)
        return fail_scalar(decoder, first, "String", "java.lang.String");
    *out = decoder->reader.text;
    return STATOR_OK;
}

static enum stator_rc decode_enum(struct decoder *decoder, struct api_enum *out, const struct shape *shape,
                                  enum json_token first)
{
    STATOR_TRY(decode_string(decoder, &out->text, first));
    out->value = -1;
    for (int i = 0; i < shape->count; i++)
        if (bytes_equal(shape->values[i], out->text))
            out->value = i + 1;
    return STATOR_OK;
}

static bool text_is(struct bytes text, const char *lower)
{
    size_t i = 0;

    for (; i < text.len && lower[i] != '\0'; i++) {
        uint8_t c = text.at[i];

        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != lower[i])
            return false;
    }
    return i == text.len && lower[i] == '\0';
}

/* The service takes these words for truth values in strings too. */
static enum stator_rc decode_boolean(struct decoder *decoder, enum api_boolean *out, enum json_token first)
{
    struct bytes text = decoder->reader.text;

    if (first == JSON_TRUE || first == JSON_FALSE)
        *out = API_BOOLEAN(first == JSON_TRUE);
    else if (first != JSON_STRING)
        return fail_scalar(decoder, first, "Boolean", "java.lang.Boolean");
    else if (text_is(text, "true") || text_is(text, "yes") || text_is(text, "1"))
        *out = API_TRUE;
    else if (text_is(text, "false") || text_is(text, "no") || text_is(text, "0"))
        *out = API_FALSE;
    else
        return fail_type(decoder, "Unexpected token received from parser");
    return STATOR_OK;
}

/* The number as a double; text is a JSON number. False when memory is used up. */
static bool number_double(struct decoder *decoder, double *out)
{
    struct bytes text = decoder->reader.text;
    char *copy = arena_alloc(decoder->arena, text.len + 1);

    if (copy == NULL)
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    *out = strtod(copy, NULL);
    return true;
}

/* Digits with an optional sign; past the range it stays at the range's end. */
static int64_t number_integer(struct bytes text, int64_t min, int64_t max)
{
    bool negative = text.len > 0 && text.at[0] == '-';
    int64_t value = 0;

    for (size_t i = negative ? 1 : 0; i < text.len; i++) {
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, text.at[i] - '0', &value))
            return negative ? min : max;
    }
    /* Counted down, because the range reaches one further there. */
    if (negative)
        return value < min ? min : value;
    return value < -max ? max : -value;
}

static enum stator_rc decode_integer(struct decoder *decoder, struct api_integer *out, uint8_t kind,
                                     enum json_token first)
{
    int64_t min = kind == KIND_INTEGER ? INT32_MIN : INT64_MIN, max = kind == KIND_INTEGER ? INT32_MAX : INT64_MAX;
    double value;

    if (first != JSON_NUMBER)
        return kind == KIND_INTEGER ? fail_scalar(decoder, first, "Integer", "java.lang.Integer")
                                    : fail_scalar(decoder, first, "Long", "java.lang.Long");
    out->set = true;
    if (!number_is_decimal(decoder->reader.text)) {
        out->value = number_integer(decoder->reader.text, min, max);
        return STATOR_OK;
    }
    if (!number_double(decoder, &value))
        return stator_fail_memory(decoder->err);
    out->value = value >= (double)max ? max : value <= (double)min ? min : (int64_t)value;
    return STATOR_OK;
}

static enum stator_rc decode_double(struct decoder *decoder, struct api_double *out, uint8_t kind,
                                    enum json_token first)
{
    if (first != JSON_NUMBER)
        return kind == KIND_DOUBLE ? fail_scalar(decoder, first, "Double", "java.lang.Double")
                                   : fail_scalar(decoder, first, "Date", "java.util.Date");
    out->set = true;
    if (!number_double(decoder, &out->value))
        return stator_fail_memory(decoder->err);
    /* What JSON can write and a double cannot hold stays at the range's end, so that it can be written again. */
    if (out->value > DBL_MAX)
        out->value = DBL_MAX;
    if (out->value < -DBL_MAX)
        out->value = -DBL_MAX;
    return STATOR_OK;
}

/* --- The strict reader -------------------------------------------------------------------------------------------- */

/* SearchVectors is served by another reader, one that takes no null for a member and misses what is required at once.
 * It says where, as far as it has read: line and column of the last byte, from 1. */
static enum stator_rc fail_strict(struct decoder *decoder, enum stator_rc rc, const char *what, struct bytes name,
                                  const char *after)
{
    unsigned long line = 1, column = 0;

    for (const uint8_t *at = decoder->reader.start; at < decoder->reader.at; at++) {
        column = *at == '\n' ? 0 : column + 1;
        line += *at == '\n';
    }
    return stator_fail(decoder->err, rc, "%s%.*s%s at line %lu column %lu", what, BYTES_ARG(name), after, line, column);
}

static enum stator_rc fail_null(struct decoder *decoder, uint8_t kind)
{
    static const struct bytes expected[] = {
        [KIND_STRING] = {(const uint8_t *)"a string", 8},
        [KIND_ENUM] = {(const uint8_t *)"a string", 8},
        [KIND_INTEGER] = {(const uint8_t *)"i32", 3},
        [KIND_LIST] = {(const uint8_t *)"a sequence", 10},
        [KIND_MAP] = {(const uint8_t *)"a map", 5},
        [KIND_ITEM] = {(const uint8_t *)"a map", 5},
        [KIND_STRUCTURE] = {0},
    };

    return fail_strict(decoder, STATOR_SERIALIZATION, "invalid type: null, expected ", expected[kind], "");
}

/* After the request's last brace: its first member that is required and not there. */
static enum stator_rc check_required(struct decoder *decoder, const struct shape *shape, const void *structure)
{
    for (size_t i = shape->count; i-- > 0;) /* TableName, the first of its members, is the last in our order */
        if (shape->members[i].need == REQUIRED &&
            !slot_present(shape->members[i].kind, member_at(&shape->members[i], structure)))
            return fail_strict(decoder, STATOR_VALIDATION, "missing field `", shape->members[i].name, "`");
    return STATOR_OK;
}

/* --- Structures, lists, maps ------------------------------------------------------------------------------------- */

static const struct member *member_find(const struct shape *shape, struct bytes name)
{
    for (size_t i = 0; i < shape->count; i++)
        if (shape->members[i].name.len == name.len && memcmp(shape->members[i].name.at, name.at, name.len) == 0)
            return &shape->members[i];
    return NULL;
}

/* Fills a cleared structure. A member given twice is read twice: the last one counts. */
static enum stator_rc decode_members(struct decoder *decoder, void *structure, const struct shape *shape)
{
    for (;;) {
        enum json_token token = json_next(&decoder->reader);
        const struct member *member;

        if (token == JSON_OBJECT_END)
            return STATOR_OK;
        if (token != JSON_KEY)
            return fail_text(decoder);
        member = member_find(shape, decoder->reader.text);
        token = json_next(&decoder->reader);
        if (token == JSON_NULL && (!decoder->strict || member == NULL))
            continue;
        if (token == JSON_NULL)
            return fail_null(decoder, member->kind);
        if (member == NULL) {
            if (token == JSON_BAD || !json_skip(&decoder->reader, token))
                return fail_text(decoder);
            continue;
        }
        STATOR_TRY(decode_slot(decoder, (uint8_t *)structure + member->offset, member->kind, member->shape,
                               PLACE_MEMBER, token));
    }
}

/* An element of a list or a value of a map. Structures lie there themselves, not behind pointers. */
static enum stator_rc decode_element(struct decoder *decoder, void *slot, const struct shape *collection,
                                     enum json_token first)
{
    if (collection->element_kind != KIND_STRUCTURE)
        return decode_slot(decoder, slot, collection->element_kind, collection->element, PLACE_ELEMENT, first);
    if (first != JSON_OBJECT_BEGIN)
        return fail_structure(decoder, collection->element, PLACE_ELEMENT, first);
    return decode_members(decoder, slot, collection->element);
}

/* How many elements of a list or map are kept. */
static size_t room_of(const struct decoder *decoder, const struct shape *shape)
{
    if (!decoder->request)
        return SIZE_MAX;
    return shape->max == NO_MAX ? ELEMENTS_MAX + 1 : (size_t)shape->max + SURPLUS_KEPT;
}

/* An element has been read; the mark was made before. Past the room it is forgotten, and its slot is the next one's. */
static void keep_element(struct decoder *decoder, struct growing *growing, size_t room, struct arena_mark mark)
{
    if (growing->count < room)
        growing->count++;
    else
        arena_rewind(decoder->arena, mark);
}

static enum stator_rc decode_list(struct decoder *decoder, struct api_list *out, const struct shape *shape,
                                  enum place place, enum json_token first)
{
    struct growing growing = {0};
    size_t room = room_of(decoder, shape);

    if (first == JSON_OBJECT_BEGIN)
        return fail_type(decoder, "Start of structure or map found where not expected");
    if (first != JSON_ARRAY_BEGIN)
        return fail_not_collection(decoder, first, place);
    for (;;) {
        enum json_token token = json_next(&decoder->reader);
        struct arena_mark mark;
        void *slot;

        if (token == JSON_ARRAY_END)
            break;
        if (token == JSON_NULL)
            continue;
        slot = growing_next(&growing, shape->size, decoder->arena);
        if (slot == NULL)
            return stator_fail_memory(decoder->err);
        mark = arena_mark(decoder->arena);
        STATOR_TRY(decode_element(decoder, slot, shape, token));
        keep_element(decoder, &growing, room, mark);
    }
    growing_finish(&growing, out);
    return STATOR_OK;
}

static enum stator_rc decode_map(struct decoder *decoder, struct api_list *out, const struct shape *shape,
                                 enum place place, enum json_token first)
{
    struct growing growing = {0};
    size_t room = room_of(decoder, shape);

    if (first != JSON_OBJECT_BEGIN)
        return fail_map(decoder, shape, place, first);
    for (;;) {
        enum json_token token = json_next(&decoder->reader);
        struct arena_mark mark;
        uint8_t *slot;

        if (token == JSON_OBJECT_END)
            break;
        if (token != JSON_KEY)
            return fail_text(decoder);
        slot = growing_next(&growing, shape->size, decoder->arena);
        if (slot == NULL)
            return stator_fail_memory(decoder->err);
        mark = arena_mark(decoder->arena);
        memcpy(slot, &decoder->reader.text, sizeof(struct bytes));
        token = json_next(&decoder->reader);
        if (token == JSON_NULL)
            continue;
        STATOR_TRY(decode_element(decoder, slot + shape->value_offset, shape, token));
        keep_element(decoder, &growing, room, mark);
    }
    if (!growing_unite(&growing, shape->size, decoder->arena))
        return stator_fail_memory(decoder->err);
    growing_finish(&growing, out);
    return STATOR_OK;
}

/* A structure that is a member: a block of its own. */
static enum stator_rc decode_structure(struct decoder *decoder, void **out, const struct shape *shape, enum place place,
                                       enum json_token first)
{
    if (first != JSON_OBJECT_BEGIN)
        return fail_structure(decoder, shape, place, first);
    *out = arena_calloc(decoder->arena, 1, shape->size);
    if (*out == NULL)
        return stator_fail_memory(decoder->err);
    return decode_members(decoder, *out, shape);
}

/* How much of a value or item is kept. */
static size_t bytes_of_kind(const struct decoder *decoder, const struct shape *shape)
{
    if (!decoder->request)
        return SIZE_MAX;
    return shape == &shape_of_ExpressionAttributeValueMap ? EXPRESSION_VALUES_BYTES_MAX : VALUE_BYTES_MAX;
}

static enum stator_rc decode_slot(struct decoder *decoder, void *slot, uint8_t kind, const struct shape *shape,
                                  enum place place, enum json_token first)
{
    bool fault = false; /* the operation asks for faults when their turn comes */

    switch ((enum kind)kind) {
    case KIND_STRING:
        return decode_string(decoder, slot, first);
    case KIND_INTEGER:
    case KIND_LONG:
        return decode_integer(decoder, slot, kind, first);
    case KIND_DOUBLE:
    case KIND_TIMESTAMP:
        return decode_double(decoder, slot, kind, first);
    case KIND_BOOLEAN:
        return decode_boolean(decoder, slot, first);
    case KIND_ENUM:
        return decode_enum(decoder, slot, shape, first);
    case KIND_VALUE:
        if (first != JSON_OBJECT_BEGIN)
            return fail_structure(decoder, shape, place, first);
        return value_read_within(slot, &decoder->reader, first, &fault, bytes_of_kind(decoder, shape), decoder->arena,
                                 decoder->err);
    case KIND_ITEM:
        if (first != JSON_OBJECT_BEGIN)
            return fail_map(decoder, shape, place, first);
        return item_read_within(slot, &decoder->reader, first, bytes_of_kind(decoder, shape), decoder->arena,
                                decoder->err);
    case KIND_LIST:
        return decode_list(decoder, slot, shape, place, first);
    case KIND_MAP:
        return decode_map(decoder, slot, shape, place, first);
    case KIND_STRUCTURE:
        return decode_structure(decoder, slot, shape, place, first);
    }
    return fail_text(decoder);
}

/* --- The body ---------------------------------------------------------------------------------------------------- */

/* Reads on to the end of the body: JSON_END, or JSON_BAD. */
static enum json_token drain(struct json_reader *reader)
{
    enum json_token token;

    do {
        token = json_next(reader);
    } while (token != JSON_END && token != JSON_BAD);
    return token;
}

static bool is_input(const struct shape *shape)
{
    static const char end[] = "Input";
    const size_t len = sizeof(end) - 1;

    return shape->name.len > len && memcmp(shape->name.at + shape->name.len - len, end, len) == 0;
}

enum stator_rc message_decode(void **out, const struct shape *shape, struct bytes body, struct arena *arena,
                              struct stator_error *err)
{
    struct decoder decoder = {
        .arena = arena, .err = err, .strict = shape == &shape_of_SearchVectorsInput, .request = is_input(shape)};
    enum stator_rc rc;

    *out = NULL;
    json_reader_init(&decoder.reader, body, arena);
    rc = decode_structure(&decoder, out, shape, PLACE_ELEMENT, json_next(&decoder.reader));
    if (rc == STATOR_OK && decoder.strict)
        rc = check_required(&decoder, shape, *out);
    if ((rc == STATOR_OK || rc == STATOR_SERIALIZATION || rc == STATOR_VALIDATION) &&
        drain(&decoder.reader) == JSON_BAD)
        rc = fail_text(&decoder);
    if (rc == STATOR_NO_MEMORY && arena->exhausted && decoder.request && body.len > BODY_SMALL)
        rc = stator_fail(err, STATOR_VALIDATION,
                         "One or more parameter values were invalid: The request has more values than can be read");
    return rc;
}
