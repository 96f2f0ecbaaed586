/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/bucket.h"

#define SECOND_NS 1e9

double bucket_left(const struct bucket *bucket, struct bucket_rate rate, int64_t now_ns)
{
    int64_t full_at = atomic_load_explicit(&((struct bucket *)(uintptr_t)bucket)->full_at_ns, memory_order_relaxed);
    double missing_s = full_at > now_ns ? (double)(full_at - now_ns) / SECOND_NS : 0;

    return (rate.burst_seconds - missing_s) * rate.per_second;
}

void bucket_take(struct bucket *bucket, struct bucket_rate rate, double units, int64_t now_ns)
{
    int64_t taken_ns = (int64_t)(units / rate.per_second * SECOND_NS);
    int64_t full_at = atomic_load_explicit(&bucket->full_at_ns, memory_order_relaxed), from;

    do {
        from = full_at > now_ns ? full_at : now_ns;
    } while (!atomic_compare_exchange_weak_explicit(&bucket->full_at_ns, &full_at, from + taken_ns,
                                                    memory_order_relaxed, memory_order_relaxed));
}
