/* SPDX-License-Identifier: Apache-2.0 */
/* The word: 0 for a new bucket, or what is in it, in 1/32 units and 2^33 of them more (34 bits) · when, in 1/32 seconds
 * modulo 388 days (30 bits). */
#include "shard/bucket.h"

#define STEPS      32.0 /* of a unit, and of a second */
#define STEP_NS    (1000000000u / 32)
#define TIME_BITS  30
#define TIME_MASK  (((uint64_t)1 << TIME_BITS) - 1)
#define ZERO       ((double)((uint64_t)1 << 33))
#define LEVEL_MAX  (ZERO - 1) /* 268 million units */
#define BEHIND_MAX 32         /* steps: a thread looked at its clock before another did, and came after it */

struct level {
    double units; /* steps of them */
    uint64_t at;
};

static struct level level_at(uint64_t word, struct bucket_rate rate, uint64_t now_ns)
{
    const double burst = rate.burst_seconds * rate.per_second * STEPS, full = burst < LEVEL_MAX ? burst : LEVEL_MAX;
    struct level level = {.units = full, .at = now_ns / STEP_NS & TIME_MASK};
    uint64_t passed = (level.at - word) & TIME_MASK;

    if (word == 0)
        return level;
    if (passed > TIME_MASK - BEHIND_MAX) {
        level.at = word & TIME_MASK;
        passed = 0;
    }
    level.units = (double)(word >> TIME_BITS) - ZERO + (double)passed * rate.per_second;
    if (level.units > full)
        level.units = full;
    return level;
}

double bucket_left(const struct bucket *bucket, struct bucket_rate rate, uint64_t now_ns)
{
    uint64_t word = atomic_load_explicit(&((struct bucket *)(uintptr_t)bucket)->level, memory_order_relaxed);

    return level_at(word, rate, now_ns).units / STEPS;
}

void bucket_take(struct bucket *bucket, struct bucket_rate rate, double units, uint64_t now_ns)
{
    uint64_t word = atomic_load_explicit(&bucket->level, memory_order_relaxed), next;

    do {
        struct level level = level_at(word, rate, now_ns);
        double left = level.units - units * STEPS;

        next = (uint64_t)(ZERO + (left > -LEVEL_MAX ? left : -LEVEL_MAX)) << TIME_BITS | level.at;
    } while (!atomic_compare_exchange_weak_explicit(&bucket->level, &word, next, memory_order_relaxed,
                                                    memory_order_relaxed));
}
