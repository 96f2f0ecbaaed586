/* SPDX-License-Identifier: Apache-2.0 */
/* call: the inside of stator/call.h: one call, cut into steps, so that a thread may wait for it or a loop may drive it.
 *
 *   call_begin_typed, call_begin_json     what is to be sent, once
 *   call_attempt_begin                    a curl handle that is ready to go; the caller lets it go
 *   call_attempt_end                      done, or to be tried again after a pause
 *   call_end                              the answer, decoded, or the failure
 *
 * Thread: one at a time.
 */
#ifndef CLIENT_CALL_H
#define CLIENT_CALL_H

#include "async.h"
#include "client.h"
#include "exchange.h"
#include "message/message.h"

#include "stator/call.h"

#define CALL_UUID_LEN 36

struct stator_call {
    struct stator_client *client;
    struct pool *pool;  /* where its handles come from and go to */
    struct arena arena; /* of what the call needs and of its answer; reset by call_begin */
    struct buf request; /* the body */
    struct exchange exchange;
    struct stator_failure failure;

    /* Of the call under way, or the last one. */
    enum operation operation; /* OPERATION_NONE: JSON in and out */
    const char *target;       /* "DynamoDB_20120810.GetItem" */
    const struct endpoint *endpoint;
    int64_t deadline_ms; /* on the monotonic clock */
    char invocation_id[CALL_UUID_LEN + 1];
    char token[CALL_UUID_LEN + 1]; /* the ClientRequestToken that we made */
    const void *answer;            /* decoded; NULL before, without one, and for JSON */
    bool answered;                 /* it has ended, and well */

    /* Of its last attempt. */
    int64_t signed_ahead_s; /* the skew it was signed with */
    unsigned retry_cost;    /* what it took from the budget; 0 for the first */
    bool resent;            /* it is the one before, sent again over a new connection */

    struct flight flight; /* when a loop drives it */
};

/* What becomes of a call when an attempt has ended. */
struct call_next {
    bool again;
    uint32_t pause_ms; /* before the next attempt */
};

/* Milliseconds of the monotonic clock. */
int64_t call_clock_ms(void);

/* Clears what was before and writes the request. STATOR_MISUSE, and nothing is changed, when the call is under way. */
STATOR_MUST_CHECK enum stator_rc call_begin_typed(struct stator_call *call, enum operation operation, const void *in);
STATOR_MUST_CHECK enum stator_rc call_begin_json(struct stator_call *call, const char *operation, struct bytes request);

/* Clears what was before and fails with that, before there is a request. The text is copied. */
enum stator_rc call_refuse(struct stator_call *call, const struct stator_error *err);

/* Signs the request and sets up a handle, borrowed from the pool until call_attempt_end or call_attempt_drop. */
STATOR_MUST_CHECK enum stator_rc call_attempt_begin(struct stator_call *call, CURL **handle);
struct call_next call_attempt_end(struct stator_call *call, CURLcode code);

/* Instead of call_attempt_end, when the attempt was broken off. */
void call_attempt_drop(struct stator_call *call);

/* After the last attempt: call->answer is the decoded structure, if there is one. */
enum stator_rc call_end(struct stator_call *call);

/* Ends it with a failure of our own (or with STATOR_OK); text is static. Returns rc. */
enum stator_rc call_fail(struct stator_call *call, enum stator_rc rc, const char *text);

/* The body of an answer to JSON. */
struct stator_bytes call_answer_json(const struct stator_call *call);

/* All steps, waiting. in is a structure of api.h (or its public twin); answer may be NULL. */
STATOR_MUST_CHECK enum stator_rc call_run(struct stator_call *call, enum operation operation, const void *in,
                                          const void **answer);

/* Of an operation with a typed call. (operations.c) */
const struct operation_info *call_operation(enum operation operation);

/* The value of x-amz-target of an operation of that name with a typed call, or NULL. */
const char *call_target(const char *name);

/* The thread sleeps. */
void call_pause(uint32_t pause_ms);

#endif
