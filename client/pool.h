/* SPDX-License-Identifier: Apache-2.0 */
/* pool: curl handles that nobody uses just now, each with the connections it has kept open.
 *
 * A handle is lent to one call at a time, the one used last first, so that its connection is likely still alive.
 * (Connections shared between handles of several threads are what libcurl says it cannot do.)
 *
 * Limit:  handles_max idle ones; more are closed when they come back.
 * Thread: [any]; the lock guards `idle` and `count`.
 */
#ifndef CLIENT_POOL_H
#define CLIENT_POOL_H

#include <curl/curl.h>
#include <pthread.h>

#include "base/error.h"

#include "stator/memory.h"

struct pool {
    const struct stator_allocator *allocator; /* borrowed */
    pthread_mutex_t lock;
    CURL **idle; /* a stack of count */
    size_t count, handles_max;
};

/* False without memory. */
STATOR_MUST_CHECK bool pool_init(struct pool *pool, size_t handles_max, const struct stator_allocator *allocator);

/* Also of a pool that is all zero or could not be made. */
void pool_deinit(struct pool *pool);

/* NULL without memory. */
CURL *pool_take(struct pool *pool);

/* Takes the handle back, all its options cleared, its connections kept. */
void pool_give(struct pool *pool, CURL *handle);

#endif
