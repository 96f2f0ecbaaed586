/* SPDX-License-Identifier: Apache-2.0 */
/* read: attribute values from JSON, one pass, members collected on one growing stack and copied once their number is
 * known. Recursion ends at JSON_DEPTH_MAX, which the reader holds. */
#include <strings.h>

#include "value/attributes.h"
#include "value/base64.h"
#include "value/fault.h"
#include "value/number.h"
#include "value/set.h"
#include "value/value.h"

#define STACK_COUNT 16

struct reading {
    struct json_reader *json;
    struct arena *arena;
    struct stator_error *err;
    bool fault;     /* something was not allowed */
    bool canonical; /* so far the text is what this module would have written */
    size_t used, room;
    struct attribute *stack; /* members of all values being read, the innermost last; names only in maps */
    struct attribute first[STACK_COUNT];
};

/* What the service says of a token that is not of the type expected. */
struct expectation {
    const char *scalar;     /* NULL: names the token and the type, "TRUE_VALUE cannot be converted to String" */
    const char *type;       /* for that */
    const char *collection; /* the type as it is called when an array comes */
};

static const struct expectation expect_string = {NULL, "String", "class java.lang.String"};
static const struct expectation expect_boolean = {NULL, "Boolean", "class java.lang.Boolean"};
static const struct expectation expect_blob = {"only base-64-encoded strings are convertible to bytes", NULL,
                                               "class java.nio.ByteBuffer"};
static const struct expectation expect_list = {"Unexpected field type", NULL, NULL};
static const struct expectation expect_map = {
    "Unexpected field type", NULL, "java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"};
static const struct expectation expect_value = {"Unexpected value type in payload", NULL,
                                                "class com.amazonaws.dynamodb.v20120810.AttributeValue"};

static void reading_init(struct reading *r, struct json_reader *json, struct arena *arena, struct stator_error *err)
{
    r->json = json;
    r->arena = arena;
    r->err = err;
    r->fault = false;
    r->canonical = true;
    r->used = 0;
    r->room = STACK_COUNT;
    r->stack = r->first;
}

/* --- Refusals ----------------------------------------------------------------------------------------------------- */

static enum stator_rc bad_json(struct reading *r)
{
    if (r->json->out_of_memory)
        return stator_fail_memory(r->err);
    return stator_fail(r->err, STATOR_SERIALIZATION, "%s", "");
}

static const char *token_name(enum json_token token, struct bytes text)
{
    if (token == JSON_TRUE)
        return "TRUE_VALUE";
    if (token == JSON_FALSE)
        return "FALSE_VALUE";
    if (token == JSON_STRING)
        return "STRING_VALUE";
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '.' || text.at[i] == 'e' || text.at[i] == 'E')
            return "DECIMAL_VALUE";
    }
    return "NUMBER_VALUE";
}

static enum stator_rc wrong_type(struct reading *r, enum json_token token, const struct expectation *expected)
{
    if (token == JSON_OBJECT_BEGIN)
        return stator_fail(r->err, STATOR_SERIALIZATION, "Start of structure or map found where not expected");
    if (token == JSON_ARRAY_BEGIN)
        return stator_fail(r->err, STATOR_SERIALIZATION, "Unrecognized collection type %s", expected->collection);
    if (token != JSON_STRING && token != JSON_NUMBER && token != JSON_TRUE && token != JSON_FALSE)
        return bad_json(r);
    if (expected->scalar != NULL)
        return stator_fail(r->err, STATOR_SERIALIZATION, "%s", expected->scalar);
    return stator_fail(r->err, STATOR_SERIALIZATION, "%s cannot be converted to %s", token_name(token, r->json->text),
                       expected->type);
}

static size_t offset(const struct reading *r)
{
    return (size_t)(r->json->at - r->json->start);
}

static enum stator_rc not_allowed(struct reading *r, struct value *out, enum fault fault)
{
    r->fault = true;
    fault_make(out, fault, offset(r));
    return STATOR_OK;
}

/* --- The stack ---------------------------------------------------------------------------------------------------- */

static enum stator_rc push(struct reading *r, struct bytes name, const struct value *value)
{
    if (r->used == r->room) {
        struct attribute *grown = arena_alloc(r->arena, 2 * r->room * sizeof(*grown));

        if (grown == NULL)
            return stator_fail_memory(r->err);
        memcpy(grown, r->stack, r->used * sizeof(*grown));
        r->stack = grown;
        r->room *= 2;
    }
    r->stack[r->used++] = (struct attribute){.name = name, .value = *value};
    return STATOR_OK;
}

/* Takes the members above base off the stack. NULL when the arena is full. */
static struct value *pop_members(struct reading *r, size_t base, size_t *count)
{
    struct value *members = arena_alloc(r->arena, (r->used - base) * sizeof(*members));

    *count = r->used - base;
    for (size_t i = 0; i < *count && members != NULL; i++)
        members[i] = r->stack[base + i].value;
    r->used = base;
    return members;
}

/* Takes the attributes above base off the stack, sorted. */
static enum stator_rc pop_attributes(struct reading *r, size_t base, const struct attribute **out, size_t *count)
{
    const struct attribute *from = r->stack + base;
    size_t given = r->used - base;
    struct attribute *attributes = arena_alloc(r->arena, given * sizeof(*attributes));

    *out = attributes;
    *count = given;
    r->used = base;
    if (attributes == NULL)
        return stator_fail_memory(r->err);
    if (attributes_ascend(from, given)) {
        memcpy(attributes, from, given * sizeof(*attributes));
        return STATOR_OK;
    }
    r->canonical = false;
    *count = attributes_copy_sorted(attributes, from, given, r->arena);
    return *count != SIZE_MAX ? STATOR_OK : stator_fail_memory(r->err);
}

/* --- Scalars ------------------------------------------------------------------------------------------------------ */

static enum stator_rc read_string(struct reading *r, struct value *out, enum json_token token)
{
    if (token != JSON_STRING)
        return wrong_type(r, token, &expect_string);
    *out = (struct value){.type = VALUE_S, .text = r->json->text};
    return STATOR_OK;
}

/* A number that may not be in canonical form. */
static enum stator_rc normalise(struct reading *r, struct value *out)
{
    struct bytes given = out->text;
    struct number number;
    char text[NUMBER_TEXT_MAX];

    if (number_parse(&number, given, NULL) != STATOR_OK) {
        r->fault = true;
        return fault_make_number(out, given, offset(r), r->arena) ? STATOR_OK : stator_fail_memory(r->err);
    }
    out->text = bytes_of(text, number_format(text, &number));
    if (bytes_equal(out->text, given)) {
        out->text = given;
        return STATOR_OK;
    }
    r->canonical = false;
    out->text = arena_copy(r->arena, out->text);
    return bytes_present(out->text) ? STATOR_OK : stator_fail_memory(r->err);
}

static enum stator_rc read_number(struct reading *r, struct value *out, enum json_token token)
{
    if (token != JSON_STRING)
        return wrong_type(r, token, &expect_string);
    *out = (struct value){.type = VALUE_N, .text = r->json->text};
    return number_is_canonical(out->text) ? STATOR_OK : normalise(r, out);
}

static enum stator_rc bad_base64(struct reading *r, struct bytes text)
{
    uint8_t letter = 0;

    switch (base64_why(text, &letter)) {
    case BASE64_LENGTH:
        return stator_fail(r->err, STATOR_SERIALIZATION,
                           "Base64 encoded length is expected a multiple of 4 bytes but found: %zu", text.len);
    case BASE64_LAST:
        break;
    case BASE64_LETTER:
        if (letter < 0x80)
            return stator_fail(r->err, STATOR_SERIALIZATION, "Invalid base 64 character: '%c'", letter);
        return stator_fail(r->err, STATOR_SERIALIZATION, "Invalid base 64 character");
    }
    return stator_fail(r->err, STATOR_SERIALIZATION, "Invalid last non-pad Base64 character dectected");
}

static enum stator_rc read_binary(struct reading *r, struct value *out, enum json_token token)
{
    bool full = false;

    if (token != JSON_STRING)
        return wrong_type(r, token, &expect_blob);
    *out = (struct value){.type = VALUE_B};
    if (base64_decode(&out->text, r->json->text, r->arena, &full))
        return STATOR_OK;
    return full ? stator_fail_memory(r->err) : bad_base64(r, r->json->text);
}

static bool is_word(struct bytes text, const char *word)
{
    return text.len == strlen(word) && strncasecmp((const char *)text.at, word, text.len) == 0;
}

/* The service takes some words for booleans. */
static enum stator_rc read_boolean(struct reading *r, bool *out, enum json_token token)
{
    struct bytes text = r->json->text;

    *out = token == JSON_TRUE;
    if (token == JSON_TRUE || token == JSON_FALSE)
        return STATOR_OK;
    if (token != JSON_STRING)
        return wrong_type(r, token, &expect_boolean);
    r->canonical = false;
    *out = is_word(text, "true") || is_word(text, "1") || is_word(text, "yes");
    if (*out || is_word(text, "false") || is_word(text, "0") || is_word(text, "no"))
        return STATOR_OK;
    return stator_fail(r->err, STATOR_SERIALIZATION, "Unexpected token received from parser");
}

/* --- Sets --------------------------------------------------------------------------------------------------------- */

static enum stator_rc read_member_of_set(struct reading *r, struct value *out, enum value_type set,
                                         enum json_token token)
{
    if (token == JSON_NULL)
        return not_allowed(r, out, set == VALUE_SS ? FAULT_NULL_IN_SS : FAULT_NO_TYPE);
    if (set == VALUE_SS)
        return read_string(r, out, token);
    return set == VALUE_NS ? read_number(r, out, token) : read_binary(r, out, token);
}

static enum stator_rc make_set(struct reading *r, struct value *out, enum value_type type, struct value *members,
                               size_t count)
{
    const struct value **order;

    *out = (struct value){.type = type, .count = count, .members = members};
    if (set_is_canonical(members, count))
        return STATOR_OK;
    r->canonical = false;
    order = set_order(members, count, r->arena);
    if (order == NULL || !set_make_ordered(out, type, order, count, r->arena))
        return stator_fail_memory(r->err);
    if (out->count == count)
        return STATOR_OK;
    r->fault = true;
    if (!fault_make_duplicates(out, type, members, order, count, offset(r), r->arena))
        return stator_fail_memory(r->err);
    return STATOR_OK;
}

/* A set with a member that is not allowed is that member's fault. */
static enum stator_rc read_set(struct reading *r, struct value *out, enum value_type type, enum json_token token)
{
    static const enum fault when_empty[] = {
        [VALUE_SS] = FAULT_EMPTY_SS, [VALUE_NS] = FAULT_EMPTY_NS, [VALUE_BS] = FAULT_EMPTY_BS};
    size_t base = r->used;
    struct value fault = {0};
    struct value *members;
    size_t count;

    if (token != JSON_ARRAY_BEGIN)
        return wrong_type(r, token, &expect_list);
    while ((token = json_next(r->json)) != JSON_ARRAY_END) {
        struct value member;

        STATOR_TRY(read_member_of_set(r, &member, type, token));
        if (member.type == VALUE_FAULT && fault.type == VALUE_ABSENT)
            fault = member;
        STATOR_TRY(push(r, (struct bytes){0}, &member));
    }
    members = pop_members(r, base, &count);
    if (members == NULL)
        return stator_fail_memory(r->err);
    *out = fault;
    if (fault.type == VALUE_FAULT)
        return STATOR_OK;
    return count == 0 ? not_allowed(r, out, when_empty[type]) : make_set(r, out, type, members, count);
}

/* --- Values that hold values -------------------------------------------------------------------------------------- */

static enum stator_rc read_value(struct reading *r, struct value *out, enum json_token token);

static enum stator_rc read_list(struct reading *r, struct value *out, enum json_token token)
{
    size_t base = r->used;

    if (token != JSON_ARRAY_BEGIN)
        return wrong_type(r, token, &expect_list);
    while ((token = json_next(r->json)) != JSON_ARRAY_END) {
        struct value element;

        STATOR_TRY(read_value(r, &element, token));
        STATOR_TRY(push(r, (struct bytes){0}, &element));
    }
    *out = (struct value){.type = VALUE_L};
    out->members = pop_members(r, base, &out->count);
    return out->members != NULL ? STATOR_OK : stator_fail_memory(r->err);
}

/* The attributes of a map or an item. */
static enum stator_rc read_attributes(struct reading *r, const struct attribute **out, size_t *count,
                                      enum json_token token)
{
    size_t base = r->used;

    if (token != JSON_OBJECT_BEGIN)
        return wrong_type(r, token, &expect_map);
    while ((token = json_next(r->json)) == JSON_KEY) {
        struct bytes name = r->json->text;
        struct value value;

        STATOR_TRY(read_value(r, &value, json_next(r->json)));
        STATOR_TRY(push(r, name, &value));
    }
    return token == JSON_OBJECT_END ? pop_attributes(r, base, out, count) : bad_json(r);
}

/* What stands behind the name of a type. */
static enum stator_rc read_typed(struct reading *r, struct value *out, enum value_type type, enum json_token token)
{
    switch (type) {
    case VALUE_S:
        return read_string(r, out, token);
    case VALUE_N:
        return read_number(r, out, token);
    case VALUE_B:
        return read_binary(r, out, token);
    case VALUE_BOOL:
        *out = (struct value){.type = type};
        return read_boolean(r, &out->boolean, token);
    case VALUE_NULL:
        *out = (struct value){.type = type};
        STATOR_TRY(read_boolean(r, &out->boolean, token));
        return out->boolean ? STATOR_OK : not_allowed(r, out, FAULT_NULL_FALSE);
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        return read_set(r, out, type, token);
    case VALUE_L:
        return read_list(r, out, token);
    case VALUE_M:
        *out = (struct value){.type = type};
        return read_attributes(r, &out->attributes, &out->count, token);
    case VALUE_ABSENT:
    case VALUE_FAULT:
        break;
    }
    stator_assert(type > VALUE_ABSENT && type < VALUE_FAULT);
    return STATOR_OK;
}

static enum value_type type_named(struct bytes name)
{
    switch (name.len == 1 ? name.at[0] : 0) {
    case 'S':
        return VALUE_S;
    case 'N':
        return VALUE_N;
    case 'B':
        return VALUE_B;
    case 'L':
        return VALUE_L;
    case 'M':
        return VALUE_M;
    default:
        break;
    }
    for (enum value_type type = VALUE_BOOL; type <= VALUE_BS; type++) {
        if (bytes_equal_string(name, value_type_name(type)))
            return type;
    }
    return VALUE_ABSENT;
}

/* Moves to the next member that names a type and is not null. *type is VALUE_ABSENT when the value ends first. */
static enum stator_rc next_typed(struct reading *r, enum value_type *type, enum json_token *token)
{
    for (;;) {
        *type = VALUE_ABSENT;
        *token = json_next(r->json);
        if (*token == JSON_OBJECT_END)
            return STATOR_OK;
        if (*token != JSON_KEY)
            return bad_json(r);
        *type = type_named(r->json->text);
        *token = json_next(r->json);
        if (*type != VALUE_ABSENT && *token != JSON_NULL)
            return STATOR_OK;
        r->canonical = false;
        if (!json_skip(r->json, *token))
            return bad_json(r);
    }
}

/* What several members of one value make: the first fault in the order of the model, else the one type that was given
 * (twice), else the fault of having several. */
static enum stator_rc choose(struct reading *r, struct value *out, const struct value *given)
{
    static const enum value_type order[] = {VALUE_S,  VALUE_B,  VALUE_N,  VALUE_BOOL, VALUE_NULL,
                                            VALUE_BS, VALUE_NS, VALUE_SS, VALUE_L,    VALUE_M};
    const struct value *only = NULL;
    size_t types = 0;

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        const struct value *value = &given[order[i]];
        const struct value *fault = value_fault(value);

        if (fault != NULL) {
            *out = *fault;
            return STATOR_OK;
        }
        if (value->type != VALUE_ABSENT) {
            only = value;
            types++;
        }
    }
    if (types != 1)
        return not_allowed(r, out, FAULT_MANY_TYPES);
    *out = *only;
    return STATOR_OK;
}

/* A value with a second member. Kept out of read_value so that its table takes no stack where nothing is wrong. */
__attribute__((noinline)) static enum stator_rc read_several(struct reading *r, struct value *out, enum value_type seen,
                                                             enum value_type type, enum json_token token)
{
    struct value given[VALUE_M + 1] = {0};

    r->canonical = false;
    given[seen] = *out;
    while (type != VALUE_ABSENT) {
        STATOR_TRY(read_typed(r, &given[type], type, token));
        STATOR_TRY(next_typed(r, &type, &token));
    }
    return choose(r, out, given);
}

static enum stator_rc read_value(struct reading *r, struct value *out, enum json_token token)
{
    enum value_type seen, type;

    if (token == JSON_NULL)
        return not_allowed(r, out, FAULT_NO_TYPE);
    if (token != JSON_OBJECT_BEGIN)
        return wrong_type(r, token, &expect_value);
    STATOR_TRY(next_typed(r, &seen, &token));
    if (seen == VALUE_ABSENT)
        return not_allowed(r, out, FAULT_NO_TYPE);
    STATOR_TRY(read_typed(r, out, seen, token));
    STATOR_TRY(next_typed(r, &type, &token));
    return type == VALUE_ABSENT ? STATOR_OK : read_several(r, out, seen, type, token);
}

/* --- The ways in -------------------------------------------------------------------------------------------------- */

enum stator_rc value_read(struct value *out, struct json_reader *reader, enum json_token first, bool *fault,
                          struct arena *arena, struct stator_error *err)
{
    struct reading r;

    reading_init(&r, reader, arena, err);
    STATOR_TRY(read_value(&r, out, first));
    if (r.fault && value_fault(out) != NULL)
        *fault = true;
    return STATOR_OK;
}

enum stator_rc item_read(struct item *out, struct json_reader *reader, enum json_token first, struct arena *arena,
                         struct stator_error *err)
{
    struct reading r;

    *out = (struct item){0};
    if (first == JSON_NULL)
        return STATOR_OK;
    reading_init(&r, reader, arena, err);
    STATOR_TRY(read_attributes(&r, &out->attributes, &out->count, first));
    out->set = true;
    out->fault = r.fault;
    out->fault = item_fault(out) != NULL;
    return STATOR_OK;
}

bool value_read_stored(struct value *out, struct bytes json, struct arena *arena)
{
    struct json_reader reader;
    struct reading r;

    json_reader_init(&reader, json, arena);
    reading_init(&r, &reader, arena, NULL);
    return read_value(&r, out, json_next(&reader)) == STATOR_OK && r.canonical && !r.fault &&
           json_next(&reader) == JSON_END;
}

bool item_read_stored(struct item *out, struct bytes json, struct arena *arena)
{
    struct json_reader reader;
    struct reading r;

    *out = (struct item){.set = true};
    json_reader_init(&reader, json, arena);
    reading_init(&r, &reader, arena, NULL);
    return read_attributes(&r, &out->attributes, &out->count, json_next(&reader)) == STATOR_OK && r.canonical &&
           !r.fault && json_next(&reader) == JSON_END;
}
