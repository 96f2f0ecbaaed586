/* SPDX-License-Identifier: Apache-2.0 */
/* tally: counters and histograms that one thread writes and any thread reads. No lock and no locked instruction: an
 * addition is a load, an add and a store. Sums over threads are made by whoever asks for them.
 *
 * A histogram has the same 19 bounds for every series of its scale, so that series can be added up:
 *
 *      times   10 25 50 us, 100 250 500 us, 1 2.5 5 ms, ... 1 2.5 5 10 s, in nanoseconds
 *      sizes   1 2 3 4 6 8 12 16 ... 1024: how many
 *
 * Thread: writing: its owner. Reading: [any]; what is being counted meanwhile is in it or not.
 */
#ifndef SERVER_WATCH_TALLY_H
#define SERVER_WATCH_TALLY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BOUNDS  19
#define HISTOGRAM_BUCKETS (HISTOGRAM_BOUNDS + 1) /* the last one has what is above all bounds */

enum histogram_scale { HISTOGRAM_TIMES, HISTOGRAM_SIZES };

extern const uint64_t histogram_bounds[2][HISTOGRAM_BOUNDS];

/* Cleared is empty. */
struct histogram {
    _Atomic uint64_t buckets[HISTOGRAM_BUCKETS];
    _Atomic uint64_t sum;
};

/* What was read of one or more of them. */
struct histogram_sum {
    uint64_t buckets[HISTOGRAM_BUCKETS];
    uint64_t sum;
};

static inline uint64_t tally_read(const _Atomic uint64_t *tally)
{
    return atomic_load_explicit((_Atomic uint64_t *)(uintptr_t)tally, memory_order_relaxed);
}

static inline double tally_read_units(const _Atomic double *tally)
{
    return atomic_load_explicit((_Atomic double *)(uintptr_t)tally, memory_order_relaxed);
}

static inline void tally_add(_Atomic uint64_t *tally, uint64_t count)
{
    atomic_store_explicit(tally, tally_read(tally) + count, memory_order_relaxed);
}

static inline void tally_add_units(_Atomic double *tally, double units)
{
    atomic_store_explicit(tally, tally_read_units(tally) + units, memory_order_relaxed);
}

static inline void histogram_count(struct histogram *histogram, enum histogram_scale scale, uint64_t value)
{
    const uint64_t *bounds = histogram_bounds[scale];
    size_t bucket = 0;

    while (bucket < HISTOGRAM_BOUNDS && value > bounds[bucket])
        bucket++;
    tally_add(&histogram->buckets[bucket], 1);
    tally_add(&histogram->sum, value);
}

/* Adds what the histogram has. */
void histogram_read(struct histogram_sum *out, const struct histogram *histogram);

/* How many values there are. */
uint64_t histogram_total(const struct histogram_sum *sum);

/* The least bound that so many of all values (0.99: 99 %) are not above; UINT64_MAX: they are above all bounds. 0 when
 * there are none. */
uint64_t histogram_quantile(const struct histogram_sum *sum, enum histogram_scale scale, double part);

#endif
