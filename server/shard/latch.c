/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/latch.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdlib.h>
#include <sys/mman.h>

/* A stripe has a cache line of its own: neighbours do not slow each other down, and a writer's latch and mark come with
 * one miss. */
struct latch {
    alignas(64) pthread_mutex_t mutex;
    struct durable_mark mark;
};

/* 256 KiB, of which only pages with a latch in use take memory. */
struct latch_table {
    struct latch latches[LATCH_COUNT];
};

_Static_assert(sizeof(struct latch) == 64, "a latch is a cache line");

static bool zeroes_are_a_mutex(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER, zeroes;

    return memcmp(&fresh, &zeroes, sizeof(fresh)) == 0;
}

struct latch_table *latch_table_new(void)
{
    struct latch_table *table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (table == MAP_FAILED)
        return NULL;
    if (!zeroes_are_a_mutex()) {
        for (size_t i = 0; i < LATCH_COUNT; i++)
            pthread_mutex_init(&table->latches[i].mutex, NULL);
    }
    return table;
}

void latch_table_free(struct latch_table *table)
{
    if (table != NULL)
        munmap(table, sizeof(*table));
}

void latch_take(struct latch_table *table, uint32_t latch)
{
    stator_assert(latch < LATCH_COUNT);
    stator_assert(pthread_mutex_lock(&table->latches[latch].mutex) == 0);
}

void latch_release(struct latch_table *table, uint32_t latch)
{
    stator_assert(latch < LATCH_COUNT);
    stator_assert(pthread_mutex_unlock(&table->latches[latch].mutex) == 0);
}

static int rising(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

    return (a > b) - (a < b);
}

size_t latch_take_many(struct latch_table *table, uint32_t *latches, size_t count)
{
    size_t kept = 0;

    if (count > 1)
        qsort(latches, count, sizeof(*latches), rising);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && latches[kept - 1] == latches[i])
            continue;
        latches[kept++] = latches[i];
        latch_take(table, latches[kept - 1]);
    }
    return kept;
}

void latch_release_many(struct latch_table *table, const uint32_t *latches, size_t count)
{
    for (size_t i = count; i > 0; i--)
        latch_release(table, latches[i - 1]);
}

void latch_barrier(struct latch_table *table)
{
    for (uint32_t i = 0; i < LATCH_COUNT; i++) {
        latch_take(table, i);
        latch_release(table, i);
    }
}

struct durable_mark *latch_mark(struct latch_table *table, uint32_t latch)
{
    stator_assert(latch < LATCH_COUNT);
    return &table->latches[latch].mark;
}
