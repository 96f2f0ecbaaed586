/* SPDX-License-Identifier: Apache-2.0 */
/* async: calls that are started without waiting for their answers, driven by the caller's own loop or waited for
 * together. Every function that waits has a twin here: stator_get_item_start, stator_call_json_start, ...
 *
 *     static void done(struct stator_call *call, enum stator_rc rc, void *user)
 *     {
 *         const struct stator_get_item_output *got = stator_get_item_answer(call);
 *         ... got->item ..., or stator_call_failure(call)->message ...
 *     }
 *
 *     if (stator_async_open(&async, client, NULL, &err) == STATOR_OK &&
 *         stator_get_item_start(async, call, &(struct stator_get_item_input){...}, done, user) == STATOR_OK)
 *         rc = stator_async_run(async, -1);
 *     stator_async_close(async);
 *
 * Retries, pauses and time limits are those of calls that wait; a pause blocks nobody. client/examples has it with poll,
 * epoll and libuv.
 *
 * Owns:   its connections, kept alive between calls.
 * Limit:  calls_max calls are sent at once; more wait for their turn, which is part of their time.
 * Thread: one at a time for a stator_async and all its calls; threads that work side by side have one each, of one
 *         client. Credentials are asked for, and names of hosts looked up, as in calls that wait: find_credentials is
 *         called by the thread of the loop.
 */
#ifndef STATOR_ASYNC_H
#define STATOR_ASYNC_H

#include "stator/call.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* What a descriptor is watched for, and what it is ready for. */
enum stator_event { STATOR_READABLE = 1, STATOR_WRITABLE = 2 };

/* What a loop of the caller's must do. Called from within any function below; must not call the library. */
struct stator_loop {
    /* From now on fd is to be watched for these events (bits of enum stator_event), no longer for those said before; 0:
     * not at all. Whenever it is ready: stator_async_ready. An error or a hang-up of fd is both events. */
    void (*watch)(int fd, unsigned events, void *user);

    /* stator_async_timer is to be called once, wait_ms from now, and not at the time said before; -1: not at all. */
    void (*timer)(int64_t wait_ms, void *user);

    void *user; /* handed to both */
};

/* Zero is the default of everything. */
struct stator_async_options {
    struct stator_loop loop; /* all NULL: there is none, stator_async_run and stator_call_wait do its work */
    uint32_t calls_max;      /* sent at once, each over a connection of its own. 0: 50 */
};

/* On STATOR_OK the caller owns *out and ends it with stator_async_close(), before the client; otherwise *out is NULL and
 * err says why: STATOR_MISUSE (options that make no sense), STATOR_NO_MEMORY. options may be NULL. */
STATOR_MUST_CHECK enum stator_rc stator_async_open(struct stator_async **out, struct stator_client *client,
                                                   const struct stator_async_options *options,
                                                   struct stator_error *err);

/* Cancels what is under way, closes the connections and frees. NULL is allowed. Never from within a stator_done. */
void stator_async_close(struct stator_async *async);

/* --- Driven by a loop of the caller's ------------------------------------------------------------------------------ */

/* fd is ready for these events. An fd that is no longer watched is ignored. */
void stator_async_ready(struct stator_async *async, int fd, unsigned events);

/* The time has come. Too early or once too often does no harm. */
void stator_async_timer(struct stator_async *async);

/* --- Or waiting ----------------------------------------------------------------------------------------------------- */

/* How many calls have been started and have not ended. */
size_t stator_async_count(const struct stator_async *async);

/* Works until every call has ended, those too that are started meanwhile. STATOR_TIMED_OUT: wait_ms have passed before
 * that (-1: never), the calls go on. STATOR_MISUSE: called from within a stator_done. STATOR_NO_MEMORY, STATOR_OTHER:
 * the system cannot wait. */
STATOR_MUST_CHECK enum stator_rc stator_async_run(struct stator_async *async, int64_t wait_ms);

/* Works until that call has ended, its stator_done included, and returns what it was told; with a call that is not under
 * way, how the last one ended. STATOR_MISUSE and the other failures of stator_async_run: the call goes on. */
STATOR_MUST_CHECK enum stator_rc stator_call_wait(struct stator_call *call);

/* --- Of one call ---------------------------------------------------------------------------------------------------- */

/* Breaks the call off; its stator_done is called, with STATOR_CANCELLED, before this returns. What was asked for may
 * happen all the same. Allowed anywhere, within a stator_done too; does nothing with a call that is not under way. */
void stator_call_cancel(struct stator_call *call);

/* As stator_call_json: any operation by its name. The request is copied. */
STATOR_MUST_CHECK enum stator_rc stator_call_json_start(struct stator_async *async, struct stator_call *call,
                                                        const char *operation, struct stator_bytes request,
                                                        stator_done *done, void *user);

/* The JSON of the last answer, a view into the call; absent if the last call was none of JSON or did not do well. */
struct stator_bytes stator_call_json_answer(const struct stator_call *call);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
