/* SPDX-License-Identifier: Apache-2.0 */
/* async: the inside of stator/async.h: what a call knows of its being driven by a loop.
 *
 *   idle -> waiting -> sending -> idle           a call that does well at once
 *                      sending -> pausing -> waiting    one that is tried again
 *
 * Thread: one at a time.
 */
#ifndef CLIENT_ASYNC_H
#define CLIENT_ASYNC_H

#include "message/message.h"

#include "stator/async.h"

enum flight_state {
    FLIGHT_IDLE,    /* not under way, or under way in a thread that waits for it */
    FLIGHT_WAITING, /* for its turn */
    FLIGHT_SENDING, /* libcurl has it */
    FLIGHT_PAUSING, /* before a retry */
    FLIGHT_STATES
};

struct flight_link {
    struct flight_link *before, *after;
};

struct flight {
    struct flight_link link; /* in the list of its state; first */
    enum flight_state state;
    struct stator_async *async; /* NULL when idle */
    int64_t due_ms;             /* waiting: when the call's time is over; pausing: when the pause is */
    stator_done *done;
    void *user;
    struct flight_waiter *waiter; /* who wants to know of its end, or NULL; lives in async.c */
};

/* Takes it from its loop without a word to anyone. */
void flight_abandon(struct stator_call *call);

/* Starts a typed call. in is a structure of api.h, or its public twin. */
STATOR_MUST_CHECK enum stator_rc async_start(struct stator_async *async, struct stator_call *call,
                                             enum operation operation, const void *in, stator_done *done, void *user);

#endif
