/* SPDX-License-Identifier: Apache-2.0 */
/* bucket: a token bucket in one word: capacity that was not used is kept for a while, and may be used up at once.
 *
 * The word is what was in it when it was last taken from, in units, and when that was; since then units flow in at the
 * rate of whoever looks: a raised rate pays the debts of a lower one, and gives nothing for the time before. A request is
 * let in while there is anything left and is charged afterwards with what it took, so that the bucket may go below zero: a
 * large item is not refused for ever, and what comes next waits for longer.
 *
 * Units and seconds are counted in 32 steps, so that nothing is lost to rounding while rates are whole.
 * Limit:  it holds, and lacks, 268 million units at most. What was left of one that nobody has taken from for just 388
 *         days is seen again, as if no time had passed.
 * Thread: [any], without a lock. Time is an argument, in nanoseconds, of a clock that does not go back.
 */
#ifndef SERVER_SHARD_BUCKET_H
#define SERVER_SHARD_BUCKET_H

#include <stdatomic.h>
#include <stdint.h>

/* Cleared is a full one. */
struct bucket {
    _Atomic uint64_t level; /* see bucket.c */
};

struct bucket_rate {
    double per_second;    /* units; more than 0 */
    double burst_seconds; /* of the rate: what a full bucket holds */
};

/* The units in it; less than 0 when more was taken than there was. */
double bucket_left(const struct bucket *bucket, struct bucket_rate rate, uint64_t now_ns);

void bucket_take(struct bucket *bucket, struct bucket_rate rate, double units, uint64_t now_ns);

#endif
