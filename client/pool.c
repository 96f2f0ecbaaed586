/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include "memory.h"

bool pool_init(struct pool *pool, size_t handles_max, const struct stator_allocator *allocator)
{
    *pool = (struct pool){.allocator = allocator, .handles_max = handles_max};
    pool->idle = memory_new(allocator, handles_max * sizeof(CURL *));
    if (pool->idle == NULL)
        return false;
    pthread_mutex_init(&pool->lock, NULL);
    return true;
}

void pool_deinit(struct pool *pool)
{
    if (pool->idle == NULL)
        return;
    for (size_t i = 0; i < pool->count; i++)
        curl_easy_cleanup(pool->idle[i]);
    memory_free(pool->allocator, pool->idle);
    pthread_mutex_destroy(&pool->lock);
}

CURL *pool_take(struct pool *pool)
{
    CURL *handle = NULL;

    pthread_mutex_lock(&pool->lock);
    if (pool->count > 0)
        handle = pool->idle[--pool->count];
    pthread_mutex_unlock(&pool->lock);
    return handle != NULL ? handle : curl_easy_init();
}

void pool_give(struct pool *pool, CURL *handle)
{
    curl_easy_reset(handle);
    pthread_mutex_lock(&pool->lock);
    if (pool->count < pool->handles_max) {
        pool->idle[pool->count++] = handle;
        handle = NULL;
    }
    pthread_mutex_unlock(&pool->lock);
    if (handle != NULL)
        curl_easy_cleanup(handle);
}
