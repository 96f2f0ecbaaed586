/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "retry.h"

static void test_kinds(void **state)
{
    static const struct {
        enum stator_rc rc;
        const char *type;
        int status;
        bool damaged, hopeless, clock;
        enum retry_kind kind;
    } cases[] = {
        {STATOR_OK, "", 200, false, false, false, RETRY_NONE},
        {STATOR_UNREACHABLE, "", 0, false, false, false, RETRY_TRANSIENT},
        {STATOR_UNREACHABLE, "", 0, false, true, false, RETRY_NONE}, /* a certificate */
        {STATOR_TIMED_OUT, "", 0, false, false, false, RETRY_TRANSIENT},
        {STATOR_BAD_ANSWER, "", 200, true, false, false, RETRY_TRANSIENT}, /* the checksum */
        {STATOR_BAD_ANSWER, "", 200, false, false, false, RETRY_NONE},     /* not JSON */
        {STATOR_BAD_ANSWER, "", 301, false, false, false, RETRY_NONE},
        {STATOR_BAD_ANSWER, "", 403, false, false, false, RETRY_NONE},
        {STATOR_BAD_ANSWER, "", 429, false, false, false, RETRY_THROTTLED},
        {STATOR_BAD_ANSWER, "", 500, false, false, false, RETRY_TRANSIENT},
        {STATOR_BAD_ANSWER, "", 501, false, false, false, RETRY_NONE},
        {STATOR_BAD_ANSWER, "", 502, false, false, false, RETRY_TRANSIENT},
        {STATOR_BAD_ANSWER, "", 503, false, false, false, RETRY_TRANSIENT},
        {STATOR_BAD_ANSWER, "", 504, false, false, false, RETRY_TRANSIENT},
        {STATOR_NO_MEMORY, "", 200, false, false, false, RETRY_NONE},
        {STATOR_CREDENTIALS, "", 0, false, false, false, RETRY_NONE},
        {STATOR_CANCELLED, "", 0, false, false, false, RETRY_NONE},
        {STATOR_INTERNAL_SERVER_ERROR, "InternalServerError", 500, false, false, false, RETRY_TRANSIENT},
        {STATOR_PROVISIONED_THROUGHPUT_EXCEEDED, "ProvisionedThroughputExceededException", 400, false, false, false,
         RETRY_THROTTLED},
        {STATOR_THROUGHPUT_THROTTLED, "ThrottlingException", 400, false, false, false, RETRY_THROTTLED},
        {STATOR_REQUEST_LIMIT_EXCEEDED, "RequestLimitExceeded", 400, false, false, false, RETRY_THROTTLED},
        {STATOR_LIMIT_EXCEEDED, "LimitExceededException", 400, false, false, false, RETRY_THROTTLED},
        {STATOR_TRANSACTION_IN_PROGRESS, "TransactionInProgressException", 400, false, false, false, RETRY_THROTTLED},
        {STATOR_OTHER, "SlowDown", 503, false, false, false, RETRY_THROTTLED},
        {STATOR_OTHER, "RequestTimeout", 400, false, false, false, RETRY_TRANSIENT},
        {STATOR_REPLICATED_WRITE_CONFLICT, "ReplicatedWriteConflictException", 400, false, false, false,
         RETRY_TRANSIENT},
        {STATOR_TRANSACTION_CONFLICT, "TransactionConflictException", 400, false, false, false, RETRY_NONE},
        {STATOR_TRANSACTION_CANCELED, "TransactionCanceledException", 400, false, false, false, RETRY_NONE},
        {STATOR_CONDITIONAL_CHECK_FAILED, "ConditionalCheckFailedException", 400, false, false, false, RETRY_NONE},
        {STATOR_VALIDATION, "ValidationException", 400, false, false, false, RETRY_NONE},
        {STATOR_INVALID_SIGNATURE, "InvalidSignatureException", 400, false, false, false, RETRY_NONE},
        {STATOR_INVALID_SIGNATURE, "InvalidSignatureException", 400, false, false, true, RETRY_TRANSIENT},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct retry_cause cause = {.rc = cases[i].rc,
                                    .type = bytes_of_string(cases[i].type),
                                    .http_status = cases[i].status,
                                    .damaged = cases[i].damaged,
                                    .hopeless = cases[i].hopeless,
                                    .clock_corrected = cases[i].clock};

        if (retry_kind_of(&cause) != cases[i].kind)
            fail_msg("case %zu: kind %d is not %d", i, (int)retry_kind_of(&cause), (int)cases[i].kind);
    }
}

static void test_pauses(void **state)
{
    static const struct {
        enum retry_kind kind;
        unsigned made;
        uint32_t random;
        int64_t wished_ms;
        uint32_t pause_ms;
    } cases[] = {
        {RETRY_TRANSIENT, 1, 0, 0, 0},
        {RETRY_TRANSIENT, 1, 0x80000000, 0, 12},
        {RETRY_TRANSIENT, 1, UINT32_MAX, 0, 24},
        {RETRY_TRANSIENT, 2, UINT32_MAX, 0, 49},
        {RETRY_TRANSIENT, 3, UINT32_MAX, 0, 99},
        {RETRY_TRANSIENT, 11, UINT32_MAX, 0, 19999}, /* 25,600 cut at 20,000 */
        {RETRY_TRANSIENT, 4000000000U, UINT32_MAX, 0, 19999},
        {RETRY_THROTTLED, 1, UINT32_MAX, 0, 999},
        {RETRY_THROTTLED, 3, 0x40000000, 0, 1000},
        {RETRY_TRANSIENT, 1, 0x80000000, 700, 700},      /* the service's wish */
        {RETRY_TRANSIENT, 1, 0x80000000, 5, 12},         /* a shorter one is no reason to hurry */
        {RETRY_TRANSIENT, 1, 0x80000000, 1000000, 5012}, /* nor has it all the time in the world */
        {RETRY_TRANSIENT, 1, 0x80000000, INT64_MAX, 5012},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct retry_attempt attempt = {.kind = cases[i].kind,
                                        .made = cases[i].made,
                                        .max = UINT32_MAX,
                                        .left_ms = INT64_MAX,
                                        .retry_after_ms = cases[i].wished_ms,
                                        .random = cases[i].random};
        struct retry_budget budget;
        uint32_t pause_ms = 77;
        unsigned cost = 0;

        retry_budget_init(&budget);
        assert_true(retry_again(&budget, &attempt, &pause_ms, &cost));
        if (pause_ms != cases[i].pause_ms)
            fail_msg("case %zu: %u ms are not %u", i, pause_ms, cases[i].pause_ms);
        assert_int_equal(cost, cases[i].kind == RETRY_THROTTLED ? 5 : 14);
    }
}

static void test_refusals(void **state)
{
    static const struct {
        enum retry_kind kind;
        unsigned made, max;
        int64_t left_ms;
        unsigned tokens;
        bool again;
    } cases[] = {
        {RETRY_TRANSIENT, 1, 4, 1000, 500, true},
        {RETRY_NONE, 1, 4, 1000, 500, false},
        {RETRY_TRANSIENT, 3, 4, 1000, 500, true},
        {RETRY_TRANSIENT, 4, 4, 1000, 500, false},
        {RETRY_TRANSIENT, 1, 1, 1000, 500, false},
        {RETRY_TRANSIENT, 1, 4, 24, 500, false}, /* the pause of 24 ms would end with the call's time */
        {RETRY_TRANSIENT, 1, 4, 25, 500, true},
        {RETRY_TRANSIENT, 1, 4, 0, 500, false},
        {RETRY_TRANSIENT, 1, 4, -5, 500, false},
        {RETRY_TRANSIENT, 1, 4, 1000, 14, true},
        {RETRY_TRANSIENT, 1, 4, 1000, 13, false},
        {RETRY_THROTTLED, 1, 4, 1000, 5, true},
        {RETRY_THROTTLED, 1, 4, 1000, 4, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct retry_attempt attempt = {.kind = cases[i].kind,
                                        .made = cases[i].made,
                                        .max = cases[i].max,
                                        .left_ms = cases[i].left_ms,
                                        .random = UINT32_MAX};
        struct retry_budget budget;
        uint32_t pause_ms = 77;
        unsigned cost = 0, left;
        bool again;

        atomic_init(&budget.tokens, cases[i].tokens);
        again = retry_again(&budget, &attempt, &pause_ms, &cost);
        left = atomic_load(&budget.tokens);
        if (again != cases[i].again || left != cases[i].tokens - (again ? cost : 0))
            fail_msg("case %zu: again %d, %u tokens left", i, (int)again, left);
        if (!again && (pause_ms != 77 || cost != 0))
            fail_msg("case %zu: a pause of %u ms for nothing", i, pause_ms);
    }
}

static void test_budget(void **state)
{
    struct retry_attempt attempt = {.kind = RETRY_TRANSIENT, .made = 1, .max = 4, .left_ms = 1000};
    struct retry_budget budget;
    uint32_t pause_ms;
    unsigned cost = 0, retries = 0;

    (void)state;
    retry_budget_init(&budget);
    retry_succeeded(&budget, 0);
    assert_int_equal(atomic_load(&budget.tokens), 500); /* never more */
    while (retry_again(&budget, &attempt, &pause_ms, &cost))
        retries++;
    assert_int_equal(retries, 35); /* 500 / 14 */
    assert_int_equal(atomic_load(&budget.tokens), 10);
    retry_succeeded(&budget, 0);
    assert_int_equal(atomic_load(&budget.tokens), 11);
    retry_succeeded(&budget, cost);
    assert_int_equal(atomic_load(&budget.tokens), 25);
    atomic_store(&budget.tokens, 495);
    retry_succeeded(&budget, cost);
    assert_int_equal(atomic_load(&budget.tokens), 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_pauses),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
