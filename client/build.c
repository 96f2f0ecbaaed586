/* SPDX-License-Identifier: Apache-2.0 */
#include "build.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"

struct stator_builder *stator_builder_new(const struct stator_allocator *allocator, size_t bytes_max)
{
    struct stator_builder *builder = memory_allocate(allocator, sizeof(*builder));

    if (builder == NULL)
        return NULL;
    if (bytes_max == 0)
        bytes_max = STATOR_BUILDER_BYTES_MAX;
    builder->allocator = allocator;
    arena_init_with(&builder->arena, bytes_max, allocator);
    buf_init_with(&builder->scratch, bytes_max, allocator);
    assembly_init(&builder->own, &builder->arena, allocator);
    assembly_init(&builder->inner, &builder->arena, allocator);
    return builder;
}

void stator_builder_reset(struct stator_builder *builder)
{
    if (builder == NULL)
        return;
    arena_reset(&builder->arena);
    assembly_begin(&builder->own, VALUE_M);
}

void stator_builder_free(struct stator_builder *builder)
{
    if (builder == NULL)
        return;
    assembly_deinit(&builder->own);
    assembly_deinit(&builder->inner);
    buf_deinit(&builder->scratch);
    arena_deinit(&builder->arena);
    memory_release(builder->allocator, builder);
}

enum stator_rc builder_missing(struct stator_error *err)
{
    return stator_fail(err, STATOR_NO_MEMORY, "There was no memory for a builder");
}

enum stator_rc builder_text(struct stator_builder *builder, struct stator_bytes *out, struct stator_error *err)
{
    struct bytes text;

    buf_append_byte(&builder->scratch, '\0');
    text = builder->scratch.failed ? (struct bytes){0} : arena_copy(&builder->arena, buf_bytes(&builder->scratch));
    if (!bytes_present(text))
        return stator_fail(err, STATOR_NO_MEMORY, "A text needs more memory than there is");
    *out = stator_bytes_of(text.at, text.len - 1);
    return STATOR_OK;
}

enum stator_rc stator_builder_item(struct stator_builder *builder, struct stator_item *out, struct stator_error *err)
{
    enum stator_rc rc;

    if (builder == NULL)
        return builder_missing(err);
    rc = assembly_item(&builder->own, (struct item *)out, err);
    assembly_begin(&builder->own, VALUE_M);
    return rc;
}

/* --- What an item is made of -------------------------------------------------------------------------------------- */

static struct bytes name_of(const char *name)
{
    return name == NULL ? (struct bytes){0} : bytes_of_string(name);
}

/* Whether there is something to add, and a builder to add it to. */
static bool given(struct stator_builder *builder, const void *what)
{
    if (builder != NULL && what == NULL)
        assembly_fail(&builder->own, STATOR_MISUSE, "NULL is no text and no value");
    return builder != NULL && what != NULL;
}

void stator_add_s(struct stator_builder *builder, const char *name, const char *string)
{
    if (given(builder, string))
        assembly_string(&builder->own, name_of(name), bytes_of_string(string));
}

void stator_add_s_len(struct stator_builder *builder, const char *name, const void *at, size_t len)
{
    if (given(builder, len == 0 ? "" : at))
        assembly_string(&builder->own, name_of(name), bytes_of(at, len));
}

void stator_add_n(struct stator_builder *builder, const char *name, const char *digits)
{
    if (given(builder, digits))
        assembly_number(&builder->own, name_of(name), bytes_of_string(digits));
}

void stator_add_int64(struct stator_builder *builder, const char *name, int64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, value);
    stator_add_n(builder, name, text);
}

void stator_add_uint64(struct stator_builder *builder, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    stator_add_n(builder, name, text);
}

void stator_add_double(struct stator_builder *builder, const char *name, double value)
{
    if (builder != NULL)
        assembly_double(&builder->own, name_of(name), value);
}

void stator_add_b(struct stator_builder *builder, const char *name, const void *at, size_t len)
{
    if (given(builder, len == 0 ? "" : at))
        assembly_binary(&builder->own, name_of(name), bytes_of(at, len));
}

void stator_add_bool(struct stator_builder *builder, const char *name, bool value)
{
    if (builder != NULL)
        assembly_bool(&builder->own, name_of(name), value);
}

void stator_add_null(struct stator_builder *builder, const char *name)
{
    if (builder != NULL)
        assembly_null(&builder->own, name_of(name));
}

void stator_add_value(struct stator_builder *builder, const char *name, const struct stator_value *value)
{
    if (given(builder, value))
        assembly_copy(&builder->own, name_of(name), cast_value(value));
}

void stator_add_attributes(struct stator_builder *builder, const struct stator_item *item)
{
    if (!given(builder, item))
        return;
    if (item->json.at != NULL)
        assembly_fail(&builder->own, STATOR_MISUSE, "An item of finished JSON has no attributes to copy");
    assembly_copy_attributes(&builder->own, cast_item(item)->attributes, item->count);
}

void stator_add_map(struct stator_builder *builder, const char *name)
{
    if (builder != NULL)
        assembly_open(&builder->own, name_of(name), VALUE_M);
}

void stator_add_list(struct stator_builder *builder, const char *name)
{
    if (builder != NULL)
        assembly_open(&builder->own, name_of(name), VALUE_L);
}

void stator_add_set(struct stator_builder *builder, const char *name, enum stator_type type)
{
    if (builder == NULL)
        return;
    if (type != STATOR_TYPE_SS && type != STATOR_TYPE_NS && type != STATOR_TYPE_BS)
        assembly_fail(&builder->own, STATOR_MISUSE, "A set is of type SS, NS or BS");
    else
        assembly_open(&builder->own, name_of(name), (enum value_type)type);
}

void stator_add_end(struct stator_builder *builder)
{
    if (builder != NULL)
        assembly_close(&builder->own);
}
