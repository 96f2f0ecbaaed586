/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/latch.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>

/* A latch is held for some microseconds: so long one looks again before one waits. */
#define TRIES 100

enum { FREE, HELD, AWAITED /* held, and somebody is in the list of those who wait */ };

/* A stripe has a cache line of its own: neighbours do not slow each other down, and a writer's latch and mark come with
 * one miss. */
struct latch {
    alignas(64) _Atomic uint32_t state;
    struct durable_mark mark;
};

/* 256 KiB, of which only pages with a latch in use take memory. */
struct latch_table {
    struct latch latches[LATCH_COUNT];
    uint64_t key;              /* odd */
    pthread_mutex_t lock;      /* guards the list */
    struct latch_wait *parked; /* few: in no order */
};

_Static_assert(sizeof(struct latch) == 64, "a latch is a cache line");

struct latch_table *latch_table_new(void)
{
    struct latch_table *table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (table == MAP_FAILED)
        return NULL;
    stator_assert(getrandom(&table->key, sizeof(table->key), 0) == sizeof(table->key));
    table->key |= 1;
    pthread_mutex_init(&table->lock, NULL);
    return table;
}

void latch_table_free(struct latch_table *table)
{
    if (table == NULL)
        return;
    stator_assert(table->parked == NULL);
    pthread_mutex_destroy(&table->lock);
    munmap(table, sizeof(*table));
}

uint32_t latch_of(const struct latch_table *table, uint64_t hash)
{
    /* The uppermost bits alone depend on all of hash and of the key: two hashes share a stripe under 2 of 4096 keys. */
    return (uint32_t)((hash ^ (hash >> 32)) * table->key >> (64 - LATCH_BITS));
}

static bool try_one(struct latch_table *table, uint32_t latch)
{
    _Atomic uint32_t *state;

    stator_assert(latch < LATCH_COUNT);
    state = &table->latches[latch].state;
    for (int i = 0; i < TRIES; i++) {
        uint32_t free = FREE;

        if (atomic_load_explicit(state, memory_order_relaxed) == FREE &&
            atomic_compare_exchange_strong_explicit(state, &free, HELD, memory_order_acquire, memory_order_relaxed))
            return true;
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }
    return false;
}

/* --- Waiting ------------------------------------------------------------------------------------------------------ */

void latch_park(struct latch_table *table, struct latch_wait *wait)
{
    _Atomic uint32_t *state = &table->latches[wait->latch].state;
    uint32_t held = HELD;

    pthread_mutex_lock(&table->lock);
    if (atomic_compare_exchange_strong(state, &held, AWAITED) || held == AWAITED) {
        wait->next = table->parked;
        table->parked = wait;
        wait = NULL;
    }
    pthread_mutex_unlock(&table->lock);
    if (wait != NULL)
        wait->wake(wait);
}

/* Takes those who wait for the latch out of the list, the oldest first. */
static struct latch_wait *take_parked(struct latch_table *table, uint32_t latch)
{
    struct latch_wait *taken = NULL;

    pthread_mutex_lock(&table->lock);
    for (struct latch_wait **at = &table->parked; *at != NULL;) {
        struct latch_wait *wait = *at;

        if (wait->latch != latch) {
            at = &wait->next;
            continue;
        }
        *at = wait->next;
        wait->next = taken;
        taken = wait;
    }
    pthread_mutex_unlock(&table->lock);
    return taken;
}

void latch_release(struct latch_table *table, uint32_t latch)
{
    struct latch_wait *wait;
    uint32_t was;

    stator_assert(latch < LATCH_COUNT);
    was = atomic_exchange(&table->latches[latch].state, FREE);
    stator_assert(was != FREE);
    if (was == HELD)
        return;
    wait = take_parked(table, latch);
    while (wait != NULL) {
        struct latch_wait *next = wait->next;

        wait->wake(wait);
        wait = next;
    }
}

/* A thread that waits. */
struct sleeper {
    struct latch_wait wait;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool awake;
};

static void wake_sleeper(struct latch_wait *wait)
{
    struct sleeper *sleeper = (struct sleeper *)(void *)wait;

    pthread_mutex_lock(&sleeper->lock);
    sleeper->awake = true;
    pthread_cond_signal(&sleeper->woken);
    pthread_mutex_unlock(&sleeper->lock);
}

static void sleep_until_released(struct latch_table *table, uint32_t latch)
{
    struct sleeper sleeper = {.wait = {.latch = latch, .wake = wake_sleeper}};

    pthread_mutex_init(&sleeper.lock, NULL);
    pthread_cond_init(&sleeper.woken, NULL);
    latch_park(table, &sleeper.wait);
    pthread_mutex_lock(&sleeper.lock);
    while (!sleeper.awake)
        pthread_cond_wait(&sleeper.woken, &sleeper.lock);
    pthread_mutex_unlock(&sleeper.lock);
    pthread_cond_destroy(&sleeper.woken);
    pthread_mutex_destroy(&sleeper.lock);
}

/* --- Taking ------------------------------------------------------------------------------------------------------- */

void latch_take(struct latch_table *table, uint32_t latch)
{
    while (!try_one(table, latch))
        sleep_until_released(table, latch);
}

static int rising(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

    return (a > b) - (a < b);
}

static void sort(uint32_t *latches, size_t *count)
{
    size_t kept = 0;

    if (*count < 2)
        return;
    qsort(latches, *count, sizeof(*latches), rising);
    for (size_t i = 0; i < *count; i++)
        if (kept == 0 || latches[kept - 1] != latches[i])
            latches[kept++] = latches[i];
    *count = kept;
}

bool latch_try_many(struct latch_table *table, uint32_t *latches, size_t *count, uint32_t *busy)
{
    sort(latches, count);
    for (size_t i = 0; i < *count; i++) {
        if (try_one(table, latches[i]))
            continue;
        *busy = latches[i];
        latch_release_many(table, latches, i);
        return false;
    }
    return true;
}

void latch_take_many(struct latch_table *table, uint32_t *latches, size_t *count)
{
    sort(latches, count);
    for (size_t i = 0; i < *count; i++)
        latch_take(table, latches[i]);
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
