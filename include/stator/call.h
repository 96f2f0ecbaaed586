/* SPDX-License-Identifier: Apache-2.0 */
/* call: a place for one call at a time, used again and again. It keeps the buffers of a call and the memory of its
 * answer, so that a loop of calls allocates nothing.
 *
 *     struct stator_call *call = stator_call_new(client);
 *     const struct stator_get_item_output *got;
 *
 *     if (stator_get_item(call, &(struct stator_get_item_input){...}, &got) == STATOR_OK)
 *         ... got->item ...: good until the next use of `call`
 *     else
 *         ... stator_call_failure(call)->message ...
 *     stator_call_free(call);
 *
 * A call that fails in a way that passes is tried again, writes too: an attempt whose answer was lost may have been
 * carried out, so an ADD may add twice. A condition, or a transaction (which has a token), makes a write safe to repeat.
 *
 * Owns:   the last answer or failure; both are views that end with the next use of the call, or with the call.
 * Thread: one at a time. Threads that work side by side have a call each, of one client.
 */
#ifndef STATOR_CALL_H
#define STATOR_CALL_H

#include "stator/client.h"
#include "stator/value.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

struct stator_call;

/* How the end of a call that was started without waiting (stator/async.h) is told: once for each start that returned
 * STATOR_OK, by a function that drives the loop or cancels the call, never by the start itself. The answer is the
 * call's, as after a call that waits. The call may be started again, freed or used in any way. */
struct stator_async;
typedef void stator_done(struct stator_call *call, enum stator_rc rc, void *user);

/* Why an action of a transaction was refused, at its place in the list of actions. */
struct stator_cancellation {
    struct stator_bytes code;    /* "None", "ConditionalCheckFailed", ... */
    struct stator_bytes message; /* absent for "None" */
    struct stator_item item;     /* set when it was asked for */
};

/* All that is known of a call that failed. */
struct stator_failure {
    enum stator_rc rc;
    struct stator_bytes type; /* the service's name, "ConditionalCheckFailedException"; absent when it did not answer */
    const char *message;      /* the service's words or ours; never NULL */
    int http_status;          /* 0 when no answer came */
    struct stator_bytes request_id;                  /* x-amzn-RequestId; absent when there was none */
    unsigned attempts;                               /* made in all; 0 when it was never sent */
    bool retryable;                                  /* trying once more later may help */
    struct stator_item item;                         /* ReturnValuesOnConditionCheckFailure */
    const struct stator_cancellation *cancellations; /* TransactionCanceledException, in the order of the actions */
    size_t cancellation_count;
};

/* NULL without memory. The client must outlive it. [any] */
struct stator_call *stator_call_new(struct stator_client *client);

/* NULL is allowed. A call under way is broken off, and its stator_done is not called. */
void stator_call_free(struct stator_call *call);

/* Of the last call; rc is STATOR_OK when it did well. Never NULL. */
const struct stator_failure *stator_call_failure(const struct stator_call *call);

/* The last answer's x-amzn-RequestId, also of one that did well; absent when there was none. */
struct stator_bytes stator_call_request_id(const struct stator_call *call);

/* Any operation by its name ("DescribeBackup"), JSON in and JSON out: signed, tried again and checked as all others
 * are. The request is sent as it is: a transaction that may be tried again needs a ClientRequestToken of the caller's.
 * *answer may be NULL. Fails as any call does. */
STATOR_MUST_CHECK enum stator_rc stator_call_json(struct stator_call *call, const char *operation,
                                                  struct stator_bytes request, struct stator_bytes *answer);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
