/* SPDX-License-Identifier: Apache-2.0 */
/* retry: whether a failed attempt is made again, and after how long: the SDKs' standard mode of 2026.
 *
 *   transient   no answer or a broken one, a wrong checksum, status 500, 502, 503 or 504, a corrected clock; 25 ms, cost 14
 *   throttled   the service's names for "too fast", status 429; 1,000 ms, cost 5
 *   none        anything else
 *
 * The pause is a random part of base * 2^(retries before), at most of 20 s. Where the service names a pause
 * (x-amz-retry-after) it is at least that, but no more than 5 s longer for it. Every retry costs tokens of a budget of
 * 500 that all calls of a client share; a call that does well in the end gives back what its last retry cost, or one
 * token if it needed none. So a service that is down is not made worse by its clients: they soon fail at once.
 *
 * In:     what is known of a failure, as values; a random number; the budget.
 * Never:  a clock, a socket, a lock.
 * Thread: [any]; the budget is atomic.
 */
#ifndef CLIENT_RETRY_H
#define CLIENT_RETRY_H

#include <stdatomic.h>

#include "base/bytes.h"
#include "base/error.h"

#define RETRY_BUDGET_MAX 500

enum retry_kind { RETRY_NONE, RETRY_TRANSIENT, RETRY_THROTTLED };

struct retry_cause {
    enum stator_rc rc;
    struct bytes type;    /* the service's name of the error; empty when it gave none */
    int http_status;      /* 0: no answer */
    bool damaged;         /* on the way: the checksum is wrong */
    bool hopeless;        /* it would be the same next time: a certificate that does not hold */
    bool clock_corrected; /* since the attempt was signed */
};

enum retry_kind retry_kind_of(const struct retry_cause *cause);

struct retry_budget {
    atomic_uint tokens;
};

void retry_budget_init(struct retry_budget *budget);

struct retry_attempt {
    enum retry_kind kind;
    unsigned made, max;     /* attempts */
    int64_t left_ms;        /* of the call's time */
    int64_t retry_after_ms; /* the service's wish; 0: none */
    uint32_t random;        /* all values alike */
};

/* Whether to try again. If so, *pause_ms later, and *cost has been taken from the budget: what a success gives back. */
bool retry_again(struct retry_budget *budget, const struct retry_attempt *attempt, uint32_t *pause_ms, unsigned *cost);

/* The call did well; cost is that of its last retry, 0 if it needed none. */
void retry_succeeded(struct retry_budget *budget, unsigned cost);

#endif
