/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void *system_allocate(size_t len, void *user)
{
    (void)user;
    return malloc(len);
}

static void *system_resize(void *block, size_t len, void *user)
{
    (void)user;
    return realloc(block, len);
}

static void system_release(void *block, void *user)
{
    (void)user;
    free(block);
}

struct stator_allocator memory_of(const struct stator_allocator *given)
{
    if (given != NULL)
        return *given;
    return (struct stator_allocator){system_allocate, system_resize, system_release, NULL};
}

void *memory_new(const struct stator_allocator *allocator, size_t len)
{
    void *block = allocator->allocate(len, allocator->user);

    if (block != NULL)
        memset(block, 0, len);
    return block;
}

char *memory_text(const struct stator_allocator *allocator, const char *text)
{
    return memory_printf(allocator, "%s", text);
}

bool memory_copy_text(char **out, const struct stator_allocator *allocator, const char *text)
{
    *out = text == NULL ? NULL : memory_text(allocator, text);
    return text == NULL || *out != NULL;
}

char *memory_printf(const struct stator_allocator *allocator, const char *format, ...)
{
    va_list args;
    char *text = NULL;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len >= 0)
        text = allocator->allocate((size_t)len + 1, allocator->user);
    if (text == NULL)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return text;
}

void memory_free(const struct stator_allocator *allocator, void *block)
{
    if (block != NULL)
        allocator->release(block, allocator->user);
}

void memory_free_secret(const struct stator_allocator *allocator, char *text)
{
    if (text != NULL)
        sodium_memzero(text, strlen(text));
    memory_free(allocator, text);
}
