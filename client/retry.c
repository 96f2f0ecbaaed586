/* SPDX-License-Identifier: Apache-2.0 */
#include "retry.h"

#define PAUSE_MS_MAX             20000
#define RETRY_AFTER_EXTRA_MS_MAX 5000
#define COST_UNNEEDED            1 /* given back by a call that needed no retry */

static const struct {
    uint32_t base_ms;
    unsigned cost;
} rules[] = {
    [RETRY_TRANSIENT] = {25, 14},
    [RETRY_THROTTLED] = {1000, 5},
};

/* --- Which ---------------------------------------------------------------------------------------------------------- */

/* What AWS's services call it; DynamoDB's own are among them. */
static const char *const throttling[] = {
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
};

static const char *const transient[] = {
    "ReplicatedWriteConflictException", /* the one error that DynamoDB's model marks as retryable */
    "RequestTimeout",
    "RequestTimeoutException",
    "TimeoutError",
};

#define IS_ONE_OF(name, list) is_one_of((name), (list), sizeof(list) / sizeof((list)[0]))

static bool is_one_of(struct bytes name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_equal_string(name, list[i]))
            return true;
    return false;
}

static bool is_transient_status(int status)
{
    return status == 500 || status == 502 || status == 503 || status == 504;
}

enum retry_kind retry_kind_of(const struct retry_cause *cause)
{
    if (cause->rc == STATOR_OK || cause->rc == STATOR_NO_MEMORY || cause->hopeless)
        return RETRY_NONE;
    if (cause->damaged || cause->rc == STATOR_UNREACHABLE || cause->rc == STATOR_TIMED_OUT)
        return RETRY_TRANSIENT;
    if (cause->http_status == 429 || IS_ONE_OF(cause->type, throttling))
        return RETRY_THROTTLED;
    if (cause->clock_corrected || is_transient_status(cause->http_status) || IS_ONE_OF(cause->type, transient))
        return RETRY_TRANSIENT;
    return RETRY_NONE;
}

/* --- When ----------------------------------------------------------------------------------------------------------- */

static uint32_t pause_of(const struct retry_attempt *attempt)
{
    uint64_t longest = rules[attempt->kind].base_ms;
    int64_t pause, wished = attempt->retry_after_ms;

    for (unsigned i = 1; i < attempt->made && longest < PAUSE_MS_MAX; i++)
        longest *= 2;
    if (longest > PAUSE_MS_MAX)
        longest = PAUSE_MS_MAX;
    pause = (int64_t)((longest * attempt->random) >> 32);
    if (wished > pause + RETRY_AFTER_EXTRA_MS_MAX)
        wished = pause + RETRY_AFTER_EXTRA_MS_MAX;
    return (uint32_t)(wished > pause ? wished : pause);
}

/* --- The budget ----------------------------------------------------------------------------------------------------- */

void retry_budget_init(struct retry_budget *budget)
{
    atomic_init(&budget->tokens, RETRY_BUDGET_MAX);
}

static bool take(struct retry_budget *budget, unsigned cost)
{
    unsigned tokens = atomic_load(&budget->tokens);

    do
        if (tokens < cost)
            return false;
    while (!atomic_compare_exchange_weak(&budget->tokens, &tokens, tokens - cost));
    return true;
}

void retry_succeeded(struct retry_budget *budget, unsigned cost)
{
    unsigned given = cost == 0 ? COST_UNNEEDED : cost;
    unsigned tokens = atomic_load_explicit(&budget->tokens, memory_order_relaxed);
    unsigned more;

    do {
        if (tokens == RETRY_BUDGET_MAX) /* nearly always: the line stays shared between the threads' caches */
            return;
        more = tokens + given > RETRY_BUDGET_MAX ? RETRY_BUDGET_MAX : tokens + given;
    } while (!atomic_compare_exchange_weak(&budget->tokens, &tokens, more));
}

bool retry_again(struct retry_budget *budget, const struct retry_attempt *attempt, uint32_t *pause_ms, unsigned *cost)
{
    uint32_t pause;

    if (attempt->kind == RETRY_NONE || attempt->made >= attempt->max)
        return false;
    pause = pause_of(attempt);
    if (pause >= attempt->left_ms || !take(budget, rules[attempt->kind].cost))
        return false;
    *pause_ms = pause;
    *cost = rules[attempt->kind].cost;
    return true;
}
