/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <stdlib.h>

bool pool_init(struct pool *pool, size_t handles_max)
{
    *pool = (struct pool){.handles_max = handles_max};
    pool->idle = calloc(handles_max, sizeof(CURL *));
    if (pool->idle == NULL)
        return false;
    if (pthread_mutex_init(&pool->lock, NULL) != 0) {
        free(pool->idle);
        return false;
    }
    return true;
}

void pool_deinit(struct pool *pool)
{
    for (size_t i = 0; i < pool->count; i++)
        curl_easy_cleanup(pool->idle[i]);
    free(pool->idle);
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
