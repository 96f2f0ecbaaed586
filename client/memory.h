/* SPDX-License-Identifier: Apache-2.0 */
/* memory: blocks from the client's allocator (stator/memory.h), malloc's when the caller gave none. */
#ifndef CLIENT_MEMORY_H
#define CLIENT_MEMORY_H

#include "base/error.h"

#include "stator/memory.h"

/* The caller's allocator, or malloc's when it is NULL. */
struct stator_allocator memory_of(const struct stator_allocator *given);

/* Cleared; NULL without memory. */
void *memory_new(const struct stator_allocator *allocator, size_t len);

/* A copy of a C string; NULL without memory. */
char *memory_text(const struct stator_allocator *allocator, const char *text);

/* The same of a text that may be NULL, which stays so; false without memory. */
bool memory_copy_text(char **out, const struct stator_allocator *allocator, const char *text);

/* As asprintf: NULL without memory. */
char *memory_printf(const struct stator_allocator *allocator, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* NULL is allowed. */
void memory_free(const struct stator_allocator *allocator, void *block);

/* Overwrites a C string before it is freed. NULL is allowed. */
void memory_free_secret(const struct stator_allocator *allocator, char *text);

#endif
