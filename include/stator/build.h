/* SPDX-License-Identifier: Apache-2.0 */
/* build: items whose content is only known when a program runs. Everything is copied; what comes out lives as long as
 * the builder.
 *
 *     struct stator_builder *builder = stator_builder_new(NULL, 0);
 *     struct stator_item item;
 *     struct stator_error err;
 *
 *     stator_add_s(builder, "pk", id);
 *     stator_add_int64(builder, "age", 42);
 *     stator_add_list(builder, "tags");
 *     for (size_t i = 0; i < count; i++)
 *         stator_add_s(builder, NULL, tags[i]);
 *     stator_add_end(builder);
 *     if (stator_builder_item(builder, &item, &err) != STATOR_OK)
 *         ... err.message: the first thing that went wrong ...
 *     stator_builder_free(builder);
 *
 * Nothing has to be checked but the end: the first failure is remembered, and what is added after it does nothing.
 * Items come out canonical, as those of answers are: attributes in the order of their names, sets sorted and without
 * duplicates, numbers as plain decimals.
 *
 * Failures: STATOR_VALIDATION (what the service would refuse: a text that is no number or is out of range, a string or
 * name that is no UTF-8, an empty set, a member of another type than its set, more than 32 levels of maps and lists;
 * and a name given twice), STATOR_MISUSE (NULL for a text, a name in a list, none in a map, an end too many or missing),
 * STATOR_NO_MEMORY.
 *
 * Limit:  bytes_max for all that the builder holds. The service's limit of 400 KB for an item is the service's to tell.
 * Thread: one at a time.
 */
#ifndef STATOR_BUILD_H
#define STATOR_BUILD_H

#include "stator/error.h"
#include "stator/memory.h"
#include "stator/value.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* Default of bytes_max. An item takes about as much as its text, and 56 bytes for each attribute and member. */
#define STATOR_BUILDER_BYTES_MAX ((size_t)64 * 1024 * 1024)

struct stator_builder;

/* A builder with memory of that allocator, which is borrowed for the builder's life; NULL: malloc. bytes_max may be 0:
 * STATOR_BUILDER_BYTES_MAX. NULL without memory: every function below takes a NULL builder for one that has failed with
 * STATOR_NO_MEMORY, so that here, too, nothing has to be checked but the end. [any] */
struct stator_builder *stator_builder_new(const struct stator_allocator *allocator, size_t bytes_max);

/* Forgets all items, values and texts that came out, and what has been added. Memory is kept for what comes next. */
void stator_builder_reset(struct stator_builder *builder);

/* Frees the builder and all that came out of it. NULL is allowed. */
void stator_builder_free(struct stator_builder *builder);

/* Ends an item and begins the next. On STATOR_OK *out is an item of all that was added since the last one, good until
 * the builder is reset or freed. Otherwise *out is untouched, err (which may be NULL) tells the first failure, and what
 * was added is forgotten; items that came out before stay. */
STATOR_MUST_CHECK enum stator_rc stator_builder_item(struct stator_builder *builder, struct stator_item *out,
                                                     struct stator_error *err);

/* --- What an item is made of -------------------------------------------------------------------------------------
 * `name` is the attribute's, a C string; NULL for a member of a list or set. */

/* A string of UTF-8: a C string, or len bytes. */
void stator_add_s(struct stator_builder *builder, const char *name, const char *string);
void stator_add_s_len(struct stator_builder *builder, const char *name, const void *at, size_t len);

/* A number: from its text (whatever the service takes as an N: up to 38 digits, 1E-130 to 9.9...E+125), or from a C
 * number. A double becomes the shortest text that stator_value_double() reads as that double: 0.1 is "0.1". */
void stator_add_n(struct stator_builder *builder, const char *name, const char *digits);
void stator_add_int64(struct stator_builder *builder, const char *name, int64_t value);
void stator_add_uint64(struct stator_builder *builder, const char *name, uint64_t value);
void stator_add_double(struct stator_builder *builder, const char *name, double value);

/* A binary of len raw bytes. */
void stator_add_b(struct stator_builder *builder, const char *name, const void *at, size_t len);

void stator_add_bool(struct stator_builder *builder, const char *name, bool value);
void stator_add_null(struct stator_builder *builder, const char *name);

/* A copy of a whole value; and of all attributes of an item, so that it can be added to. (An item of
 * stator_item_json() has none: STATOR_MISUSE.) */
void stator_add_value(struct stator_builder *builder, const char *name, const struct stator_value *value);
void stator_add_attributes(struct stator_builder *builder, const struct stator_item *item);

/* A map, a list or a set (type: STATOR_TYPE_SS, NS or BS) of what is added until its end. A set keeps one of members
 * that are equal. */
void stator_add_map(struct stator_builder *builder, const char *name);
void stator_add_list(struct stator_builder *builder, const char *name);
void stator_add_set(struct stator_builder *builder, const char *name, enum stator_type type);
void stator_add_end(struct stator_builder *builder);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
