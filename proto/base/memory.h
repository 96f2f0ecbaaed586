/* SPDX-License-Identifier: Apache-2.0 */
/* memory: blocks from an allocator of the caller, or from malloc when it is NULL. */
#ifndef PROTO_BASE_MEMORY_H
#define PROTO_BASE_MEMORY_H

#include <stdlib.h>

#include "stator/memory.h"

static inline void *memory_allocate(const struct stator_allocator *allocator, size_t len)
{
    return allocator == NULL ? malloc(len) : allocator->allocate(len, allocator->user);
}

static inline void *memory_resize(const struct stator_allocator *allocator, void *block, size_t len)
{
    return allocator == NULL ? realloc(block, len) : allocator->resize(block, len, allocator->user);
}

static inline void memory_release(const struct stator_allocator *allocator, void *block)
{
    if (allocator == NULL)
        free(block);
    else
        allocator->release(block, allocator->user);
}

#endif
