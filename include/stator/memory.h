/* SPDX-License-Identifier: Apache-2.0 */
/* memory: where the library takes its memory from. */
#ifndef STATOR_MEMORY_H
#define STATOR_MEMORY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As malloc, realloc and free, with the caller's own word. Called from whichever thread makes the call that needs
 * memory. A NULL from the first two is an answer: the call then fails with STATOR_NO_MEMORY. */
struct stator_allocator {
    void *(*allocate)(size_t len, void *user);
    void *(*resize)(void *block, size_t len, void *user); /* block may be NULL */
    void (*release)(void *block, void *user);             /* block may be NULL */
    void *user;
};

#ifdef __cplusplus
}
#endif

#endif
