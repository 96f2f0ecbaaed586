/* SPDX-License-Identifier: Apache-2.0 */
/* bucket: a token bucket in one word: capacity that was not used is kept for a while, and may be used up at once.
 *
 * The word is the time at which the bucket will be full again; whoever takes units moves it on by the time in which so
 * many flow in. A request is let in while there is anything left and is charged afterwards with what it took, so that
 * the bucket may go below zero: a large item is not refused for ever, and what comes next waits for longer.
 *
 * Thread: [any], without a lock. Time is an argument, in nanoseconds since 1970.
 */
#ifndef SERVER_SHARD_BUCKET_H
#define SERVER_SHARD_BUCKET_H

#include <stdatomic.h>
#include <stdint.h>

/* Cleared is a full one. */
struct bucket {
    _Atomic int64_t full_at_ns;
};

struct bucket_rate {
    double per_second;    /* units; more than 0 */
    double burst_seconds; /* of the rate: what a full bucket holds */
};

/* The units in it; less than 0 when more was taken than there was. */
double bucket_left(const struct bucket *bucket, struct bucket_rate rate, int64_t now_ns);

void bucket_take(struct bucket *bucket, struct bucket_rate rate, double units, int64_t now_ns);

#endif
