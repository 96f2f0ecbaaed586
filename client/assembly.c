/* SPDX-License-Identifier: Apache-2.0 */
#include "assembly.h"

#include <math.h>
#include <stdio.h>

#include "base/utf8.h"
#include "value/number.h"
#include "json/writer.h"

#define DOUBLE_TEXT_MAX 64

void assembly_init(struct assembly *assembly, struct arena *arena, const struct stator_allocator *allocator)
{
    assembly->arena = arena;
    buf_init_with(&assembly->parts, arena->max_bytes, allocator);
    assembly_begin(assembly, VALUE_M);
}

void assembly_deinit(struct assembly *assembly)
{
    buf_deinit(&assembly->parts);
}

void assembly_begin(struct assembly *assembly, enum value_type type)
{
    buf_reset(&assembly->parts);
    assembly->depth = 0;
    assembly->frames[0] = (struct assembly_frame){.type = type};
    assembly->failure.rc = STATOR_OK;
    assembly->failure.message[0] = '\0';
}

/* --- Failing ------------------------------------------------------------------------------------------------------ */

void assembly_fail(struct assembly *assembly, enum stator_rc rc, const char *format, ...)
{
    va_list args;

    if (assembly_failed(assembly))
        return;
    va_start(args, format);
    stator_fail_list(&assembly->failure, rc, format, args);
    va_end(args);
}

void assembly_fail_memory(struct assembly *assembly)
{
    assembly_fail(assembly, STATOR_NO_MEMORY, "An item needs more memory than there is");
}

/* --- Parts -------------------------------------------------------------------------------------------------------- */

static size_t parts_count(const struct assembly *assembly)
{
    return assembly->parts.len / sizeof(struct attribute);
}

static struct attribute *part(const struct assembly *assembly, size_t index)
{
    return (struct attribute *)assembly->parts.at + index;
}

static struct assembly_frame *innermost(struct assembly *assembly)
{
    return &assembly->frames[assembly->depth];
}

static bool is_set(enum value_type type)
{
    return type == VALUE_SS || type == VALUE_NS || type == VALUE_BS;
}

/* Whether a part of that type has a place here. */
static bool fits(struct assembly *assembly, struct bytes name, enum value_type type)
{
    static const enum value_type members[] = {[VALUE_SS] = VALUE_S, [VALUE_NS] = VALUE_N, [VALUE_BS] = VALUE_B};
    const struct assembly_frame *frame = innermost(assembly);

    if (assembly_failed(assembly))
        return false;
    if (frame->type == VALUE_M && !bytes_present(name))
        assembly_fail(assembly, STATOR_MISUSE, "An attribute of an item or a map has no name");
    else if (frame->type != VALUE_M && bytes_present(name))
        assembly_fail(assembly, STATOR_MISUSE, "\"%.*s\" is a member of a list or a set, which have no names",
                      BYTES_ARG(name));
    else if (!utf8_valid(name))
        assembly_fail(assembly, STATOR_VALIDATION, "A name is no UTF-8");
    else if (is_set(frame->type) && type != members[frame->type])
        assembly_fail(assembly, STATOR_VALIDATION, "A member of type %s is in a set of type %s", value_type_name(type),
                      value_type_name(frame->type));
    return !assembly_failed(assembly);
}

static struct bytes copy(struct assembly *assembly, struct bytes text)
{
    struct bytes copied = arena_copy(assembly->arena, text);

    if (!bytes_present(copied))
        assembly_fail_memory(assembly);
    return copied;
}

/* Puts a part, whose texts are in the arena, with a name that is, too. */
static void put(struct assembly *assembly, struct bytes name, const struct value *value)
{
    struct attribute attribute = {name, *value};

    buf_append(&assembly->parts, &attribute, sizeof(attribute));
    if (assembly->parts.failed)
        assembly_fail_memory(assembly);
}

static void add(struct assembly *assembly, struct bytes name, const struct value *value)
{
    if (!fits(assembly, name, value->type))
        return;
    if (bytes_present(name))
        name = copy(assembly, name);
    if (!assembly_failed(assembly))
        put(assembly, name, value);
}

static void add_text(struct assembly *assembly, struct bytes name, enum value_type type, struct bytes text)
{
    struct value value = {.type = type};

    if (assembly_failed(assembly))
        return;
    value.text = copy(assembly, text);
    add(assembly, name, &value);
}

void assembly_string(struct assembly *assembly, struct bytes name, struct bytes text)
{
    if (!utf8_valid(text))
        assembly_fail(assembly, STATOR_VALIDATION, "A string (S) is no UTF-8");
    add_text(assembly, name, VALUE_S, text);
}

void assembly_binary(struct assembly *assembly, struct bytes name, struct bytes raw)
{
    add_text(assembly, name, VALUE_B, raw);
}

void assembly_number(struct assembly *assembly, struct bytes name, struct bytes digits)
{
    char text[NUMBER_TEXT_MAX];
    struct number number;

    if (assembly_failed(assembly) || number_parse(&number, digits, &assembly->failure) != STATOR_OK)
        return;
    add_text(assembly, name, VALUE_N, bytes_of(text, number_format(text, &number)));
}

void assembly_double(struct assembly *assembly, struct bytes name, double value)
{
    uint8_t space[DOUBLE_TEXT_MAX];
    struct buf text = {.at = space, .capacity = sizeof(space), .max_bytes = sizeof(space)}; /* never grows */
    struct json_writer writer = json_writer_of(&text);

    if (!isfinite(value)) {
        assembly_fail(assembly, STATOR_VALIDATION, "An infinity or what is not a number is no N");
        return;
    }
    json_double(&writer, value);
    stator_assert(!text.failed);
    assembly_number(assembly, name, buf_bytes(&text));
}

void assembly_bool(struct assembly *assembly, struct bytes name, bool value)
{
    add(assembly, name, &(struct value){.type = VALUE_BOOL, .boolean = value});
}

void assembly_null(struct assembly *assembly, struct bytes name)
{
    add(assembly, name, &(struct value){.type = VALUE_NULL, .boolean = true});
}

/* --- Maps, lists and sets ----------------------------------------------------------------------------------------- */

void assembly_open(struct assembly *assembly, struct bytes name, enum value_type type)
{
    if (!fits(assembly, name, type))
        return;
    if (assembly->depth + !is_set(type) > VALUE_DEPTH_MAX) {
        assembly_fail(assembly, STATOR_VALIDATION, "Nesting Levels have exceeded supported limits");
        return;
    }
    if (bytes_present(name))
        name = copy(assembly, name);
    assembly->depth++;
    *innermost(assembly) = (struct assembly_frame){.type = type, .name = name, .first = parts_count(assembly)};
}

static const struct value *members_of(struct assembly *assembly, size_t first, size_t count)
{
    struct value *members = arena_alloc(assembly->arena, count * sizeof(*members));

    for (size_t i = 0; i < count && members != NULL; i++)
        members[i] = part(assembly, first + i)->value;
    if (members == NULL)
        assembly_fail_memory(assembly);
    return members;
}

static void make_set(struct assembly *assembly, struct value *out, const struct assembly_frame *frame, size_t count)
{
    const struct value *members = members_of(assembly, frame->first, count);

    if (members == NULL)
        return;
    if (count == 0)
        assembly_fail(assembly, STATOR_VALIDATION, "A set (%s) may not be empty", value_type_name(frame->type));
    else if (!value_set_make(out, frame->type, members, count, assembly->arena))
        assembly_fail_memory(assembly);
}

static const struct attribute *make_attributes(struct assembly *assembly, size_t first, size_t count)
{
    struct attribute *attributes = arena_alloc(assembly->arena, count * sizeof(*attributes));

    if (attributes == NULL) {
        assembly_fail_memory(assembly);
        return NULL;
    }
    if (count != 0)
        memcpy(attributes, part(assembly, first), count * sizeof(*attributes));
    attributes_sort(attributes, count);
    for (size_t i = 1; i < count; i++) {
        if (bytes_equal(attributes[i - 1].name, attributes[i].name))
            assembly_fail(assembly, STATOR_VALIDATION, "The name \"%.*s\" is given twice",
                          BYTES_ARG(attributes[i].name));
    }
    return attributes;
}

void assembly_close(struct assembly *assembly)
{
    const struct assembly_frame *frame = innermost(assembly);
    size_t count;
    struct value value = {.type = frame->type};

    if (assembly->depth == 0)
        assembly_fail(assembly, STATOR_MISUSE, "There is no map, list or set open to be closed");
    if (assembly_failed(assembly))
        return;
    count = value.count = parts_count(assembly) - frame->first;
    if (is_set(frame->type))
        make_set(assembly, &value, frame, count);
    else if (frame->type == VALUE_L)
        value.members = members_of(assembly, frame->first, count);
    else
        value.attributes = make_attributes(assembly, frame->first, count);
    if (assembly_failed(assembly))
        return;
    assembly->parts.len = frame->first * sizeof(struct attribute);
    assembly->depth--;
    put(assembly, frame->name, &value);
}

/* VALUE_ABSENT when members of that type make no set. */
static enum value_type set_of(enum value_type member)
{
    return member == VALUE_S ? VALUE_SS : member == VALUE_N ? VALUE_NS : member == VALUE_B ? VALUE_BS : VALUE_ABSENT;
}

void assembly_close_as_set(struct assembly *assembly)
{
    struct assembly_frame *frame = innermost(assembly);
    size_t count;

    if (assembly_failed(assembly))
        return;
    count = parts_count(assembly);
    if (count == frame->first)
        assembly_fail(assembly, STATOR_VALIDATION, "A set may not be empty");
    else
        frame->type = set_of(part(assembly, frame->first)->value.type);
    for (size_t i = frame->first; i < count; i++) {
        if (frame->type == VALUE_ABSENT || set_of(part(assembly, i)->value.type) != frame->type)
            assembly_fail(assembly, STATOR_VALIDATION, "A set is of strings, of numbers, or of binaries");
    }
    assembly_close(assembly);
}

/* --- Copies ------------------------------------------------------------------------------------------------------- */

static void copy_members(struct assembly *assembly, struct bytes name, const struct value *value)
{
    if (value->count != 0 && value->members == NULL)
        assembly_fail(assembly, STATOR_MISUSE, "A value has a count, but no members");
    assembly_open(assembly, name, value->type);
    for (size_t i = 0; i < value->count && !assembly_failed(assembly); i++)
        assembly_copy(assembly, (struct bytes){0}, &value->members[i]);
    assembly_close(assembly);
}

void assembly_copy_attributes(struct assembly *assembly, const struct attribute *attributes, size_t count)
{
    if (count != 0 && attributes == NULL)
        assembly_fail(assembly, STATOR_MISUSE, "An item has a count, but no attributes");
    for (size_t i = 0; i < count && !assembly_failed(assembly); i++) {
        struct bytes name = attributes[i].name;

        assembly_copy(assembly, bytes_present(name) ? name : BYTES(""), &attributes[i].value);
    }
}

/* Recursion ends where assembly_open refuses. */
void assembly_copy(struct assembly *assembly, struct bytes name, const struct value *value)
{
    switch (value->type) {
    case VALUE_S:
        assembly_string(assembly, name, value->text);
        return;
    case VALUE_N:
        assembly_number(assembly, name, value->text);
        return;
    case VALUE_B:
        assembly_binary(assembly, name, value->text);
        return;
    case VALUE_BOOL:
        assembly_bool(assembly, name, value->boolean);
        return;
    case VALUE_NULL:
        assembly_null(assembly, name);
        return;
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
    case VALUE_L:
        copy_members(assembly, name, value);
        return;
    case VALUE_M:
        assembly_open(assembly, name, VALUE_M);
        assembly_copy_attributes(assembly, value->attributes, value->count);
        assembly_close(assembly);
        return;
    case VALUE_ABSENT:
    case VALUE_FAULT:
        break;
    }
    assembly_fail(assembly, STATOR_MISUSE, "A value has no type");
}

/* --- Ending ------------------------------------------------------------------------------------------------------- */

static enum stator_rc end(struct assembly *assembly, struct stator_error *err)
{
    if (assembly->depth != 0)
        assembly_fail(assembly, STATOR_MISUSE, "%zu maps, lists or sets are not closed", assembly->depth);
    if (assembly_failed(assembly) && err != NULL)
        *err = assembly->failure;
    return assembly->failure.rc;
}

enum stator_rc assembly_item(struct assembly *assembly, struct item *out, struct stator_error *err)
{
    struct item item = {.set = true};

    if (!assembly_failed(assembly) && assembly->depth == 0) {
        item.count = parts_count(assembly);
        item.attributes = make_attributes(assembly, 0, item.count);
    }
    STATOR_TRY(end(assembly, err));
    *out = item;
    return STATOR_OK;
}

enum stator_rc assembly_value(struct assembly *assembly, struct value *out, struct stator_error *err)
{
    if (!assembly_failed(assembly) && parts_count(assembly) != 1)
        assembly_fail(assembly, STATOR_MISUSE, "One value is wanted");
    STATOR_TRY(end(assembly, err));
    *out = part(assembly, 0)->value;
    return STATOR_OK;
}
