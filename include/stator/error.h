/* SPDX-License-Identifier: Apache-2.0 */
/* error: how a call ended, and why.
 *
 * Every function that can fail because of its caller or of the world returns an enum stator_rc and writes the text
 * once, where the cause is known, into the struct stator_error it was given. Our own mistakes are asserts.
 */
#ifndef STATOR_ERROR_H
#define STATOR_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define STATOR_MUST_CHECK __attribute__((warn_unused_result))
#else
#define STATOR_MUST_CHECK
#endif

/* STATOR_OK, then one code for each line of errors.def. Those after them never reach the wire. */
enum stator_rc {
    STATOR_OK = 0,
#define X(code, status, retry, prefix, wire, member) STATOR_##code,
#include "stator/errors.def"
#undef X
    STATOR_AGAIN,     /* the work must go on where it may wait: a cache miss, a write stall, a budget used up */
    STATOR_NO_MEMORY, /* the request outgrew its arena; in the client: an allocation failed */
    /* The client's own. */
    STATOR_UNREACHABLE, /* no connection, or it broke before an answer had come whole */
    STATOR_TIMED_OUT,   /* of the client's options; what was asked for may have happened all the same */
    STATOR_BAD_ANSWER,  /* it came whole, but is not what DynamoDB sends: no JSON, too long, a wrong checksum */
    STATOR_CREDENTIALS, /* none, or not to be had */
    STATOR_CANCELLED,   /* by the caller */
    STATOR_MISUSE,      /* arguments that can never be sent */
    STATOR_OTHER,       /* an error of the service that errors.def does not list; its name is in the failure */
    STATOR_RC_COUNT
};

/* Longest text kept, in bytes with the final NUL. The longest the service sends quotes a whole value; past this it is
 * cut. */
#define STATOR_ERROR_MESSAGE_MAX 2048

struct stator_error {
    enum stator_rc rc;
    char message[STATOR_ERROR_MESSAGE_MAX]; /* UTF-8, ends with NUL; empty when there is nothing to say */
};

/* What errors.def says of a code. STATOR_OK and the internal codes give the row of InternalServerError. */
struct stator_error_info {
    int http_status;
    bool retry;
    const char *type;        /* the whole __type: prefix and name */
    const char *name;        /* the name alone, as SDKs show it */
    const char *text_member; /* "message" or "Message" */
};

/* Never NULL; static storage. [any thread] */
const struct stator_error_info *stator_error_info(enum stator_rc rc);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
