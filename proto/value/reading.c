/* SPDX-License-Identifier: Apache-2.0 */
#include "value/reading.h"

#include "base/memory.h"
#include "value/attributes.h"

const struct expectation expect_string = {NULL, "String", "class java.lang.String"};
const struct expectation expect_boolean = {NULL, "Boolean", "class java.lang.Boolean"};
const struct expectation expect_blob = {"only base-64-encoded strings are convertible to bytes", NULL,
                                        "class java.nio.ByteBuffer"};
const struct expectation expect_list = {"Unexpected field type", NULL, NULL};
const struct expectation expect_map = {
    "Unexpected field type", NULL, "java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"};
const struct expectation expect_value = {"Unexpected value type in payload", NULL,
                                         "class com.amazonaws.dynamodb.v20120810.AttributeValue"};

void reading_init(struct reading *r, struct json_reader *json, size_t limit, struct arena *arena,
                  struct stator_error *err)
{
    r->json = json;
    r->arena = arena;
    r->err = err;
    r->fault = false;
    r->canonical = true;
    r->repeated = false;
    r->cut = false;
    r->told = false;
    r->bytes = 0;
    r->limit = limit;
    r->used = 0;
    r->room = READING_STACK_COUNT;
    r->stack = r->first;
}

void reading_deinit(struct reading *r)
{
    if (r->stack != r->first)
        memory_release(r->arena->allocator, r->stack);
}

/* --- Refusals ----------------------------------------------------------------------------------------------------- */

enum stator_rc reading_bad_json(struct reading *r)
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

enum stator_rc reading_wrong_type(struct reading *r, enum json_token token, const struct expectation *expected)
{
    if (token == JSON_OBJECT_BEGIN)
        return stator_fail(r->err, STATOR_SERIALIZATION, "Start of structure or map found where not expected");
    if (token == JSON_ARRAY_BEGIN)
        return stator_fail(r->err, STATOR_SERIALIZATION, "Unrecognized collection type %s", expected->collection);
    if (token != JSON_STRING && token != JSON_NUMBER && token != JSON_TRUE && token != JSON_FALSE)
        return reading_bad_json(r);
    if (expected->scalar != NULL)
        return stator_fail(r->err, STATOR_SERIALIZATION, "%s", expected->scalar);
    return stator_fail(r->err, STATOR_SERIALIZATION, "%s cannot be converted to %s", token_name(token, r->json->text),
                       expected->type);
}

size_t reading_offset(const struct reading *r)
{
    return (size_t)(r->json->at - r->json->start);
}

enum stator_rc reading_not_allowed(struct reading *r, struct value *out, enum fault fault)
{
    r->fault = true;
    fault_make(out, fault, reading_offset(r));
    return STATOR_OK;
}

/* --- The stack ---------------------------------------------------------------------------------------------------- */

/* Without its members, which have been counted. A number's digits are not. */
static size_t own_bytes(const struct value *value)
{
    switch (value->type) {
    case VALUE_S:
    case VALUE_B:
        return value->text.len;
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        return 0;
    case VALUE_L:
    case VALUE_M:
        return 3;
    default:
        return 1;
    }
}

/* The stack is freed with the reading: in the arena all its sizes would stay. */
static bool grow(struct reading *r)
{
    size_t len = 2 * r->room * sizeof(*r->stack);
    struct attribute *grown = r->stack == r->first ? memory_allocate(r->arena->allocator, len)
                                                   : memory_resize(r->arena->allocator, r->stack, len);

    if (grown == NULL) {
        r->arena->failed = true;
        return false;
    }
    if (r->stack == r->first)
        memcpy(grown, r->first, sizeof(r->first));
    r->stack = grown;
    r->room *= 2;
    return true;
}

/* Whether a surplus value is the first fault, or holds it. */
static bool tells_first_fault(const struct reading *r, const struct value *value)
{
    if (value->type == VALUE_FAULT)
        return !r->told;
    return r->told && value_fault(value) != NULL;
}

enum stator_rc reading_push(struct reading *r, struct bytes name, const struct value *value, size_t overhead,
                            const struct reading_place *began)
{
    if (began->surplus && !tells_first_fault(r, value)) {
        r->cut = true;
        arena_rewind(r->arena, began->mark);
        return STATOR_OK;
    }
    if (r->used == r->room && !grow(r))
        return stator_fail_memory(r->err);
    r->told |= value->type == VALUE_FAULT;
    r->bytes += overhead + name.len + own_bytes(value);
    r->stack[r->used++] = (struct attribute){.name = name, .value = *value};
    return STATOR_OK;
}

struct value *reading_pop_members(struct reading *r, size_t base, size_t *count, struct arena *arena)
{
    struct value *members = arena_alloc(arena, (r->used - base) * sizeof(*members));

    *count = r->used - base;
    for (size_t i = 0; i < *count && members != NULL; i++)
        members[i] = r->stack[base + i].value;
    r->used = base;
    return members;
}

enum stator_rc reading_pop_attributes(struct reading *r, size_t base, const struct attribute **out, size_t *count)
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
    if (*count < given)
        r->repeated = true;
    return *count != SIZE_MAX ? STATOR_OK : stator_fail_memory(r->err);
}
