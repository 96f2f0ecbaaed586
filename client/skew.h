/* SPDX-License-Identifier: Apache-2.0 */
/* skew: how far the server's clock is from ours, learnt from its Date when it says that a signature's time is off.
 *
 * A signature is good for a few minutes around the server's time. Ours is left alone until the server objects to it
 * and its Date is four minutes away or more; then what is signed from there on has the server's time.
 *
 * Thread: [any]; atomic.
 */
#ifndef CLIENT_SKEW_H
#define CLIENT_SKEW_H

#include <stdatomic.h>

#include "base/bytes.h"

struct skew {
    _Atomic int64_t ahead_s; /* of the server, to be added to our time */
    atomic_bool known;       /* the server's time has been seen and is ours + ahead_s, within four minutes */
};

void skew_init(struct skew *skew);

/* Reads the value of a Date header. False when there is none to be read. */
bool skew_read_date(int64_t *out, const char *date);

/* An answer came with that date: notes whether our time is the server's. */
void skew_saw(struct skew *skew, int64_t date, int64_t now);

/* Whether an error of that name may be about a signature's time. */
bool skew_is_blamed(struct bytes type);

/* An attempt that was signed with our time + signed_ahead_s was refused, perhaps for its time, by an answer with that
 * date. Whether that was so, and signing anew will help: the difference is then noted. */
bool skew_correct(struct skew *skew, int64_t date, int64_t now, int64_t signed_ahead_s);

#endif
