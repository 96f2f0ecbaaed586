/* SPDX-License-Identifier: Apache-2.0 */
/* allocator: memory that runs out at the n-th call, and knows how much of it is out. */
#ifndef TESTS_UNIT_ALLOCATOR_H
#define TESTS_UNIT_ALLOCATOR_H

#include <stdlib.h>

#include "stator/memory.h"

struct scarce {
    size_t calls;   /* of allocate and resize so far */
    size_t fail_at; /* this one, counted from 1, fails; 0: none */
    size_t live;    /* blocks not released */
};

static inline void *scarce_resize(void *block, size_t len, void *user)
{
    struct scarce *scarce = user;
    void *grown;

    if (++scarce->calls == scarce->fail_at)
        return NULL;
    grown = realloc(block, len == 0 ? 1 : len);
    scarce->live += block == NULL && grown != NULL;
    return grown;
}

static inline void *scarce_allocate(size_t len, void *user)
{
    return scarce_resize(NULL, len, user);
}

static inline void scarce_release(void *block, void *user)
{
    ((struct scarce *)user)->live -= block != NULL;
    free(block);
}

static inline struct stator_allocator scarce_allocator(struct scarce *scarce)
{
    return (struct stator_allocator){scarce_allocate, scarce_resize, scarce_release, scarce};
}

#endif
