/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/bucket.h"

#include <math.h>
#include <pthread.h>

#include "unit/unit.h"

#define SECOND ((uint64_t)1000000000)
#define START  (1234567 * SECOND)

static const struct bucket_rate five = {.per_second = 5, .burst_seconds = 300};

static void assert_left(const struct bucket *bucket, uint64_t at, double expected)
{
    double left = bucket_left(bucket, five, at);

    if (fabs(left - expected) > 0.001)
        fail_msg("%g is not %g", left, expected);
}

static void fills_and_empties(void **state)
{
    struct bucket bucket = {.level = 0};

    (void)state;
    assert_left(&bucket, START, 1500);
    bucket_take(&bucket, five, 500, START);
    assert_left(&bucket, START, 1000);
    assert_left(&bucket, START + 10 * SECOND, 1050);
    assert_left(&bucket, START + 1000 * SECOND, 1500); /* never fuller than full */
    bucket_take(&bucket, five, 0.5, START + 1000 * SECOND);
    assert_left(&bucket, START + 1000 * SECOND, 1499.5);
}

static void goes_below_zero(void **state)
{
    struct bucket bucket = {.level = 0};

    (void)state;
    bucket_take(&bucket, five, 1499, START);
    assert_left(&bucket, START, 1);
    bucket_take(&bucket, five, 11, START);
    assert_left(&bucket, START, -10);
    assert_left(&bucket, START + 2 * SECOND, 0);
    assert_left(&bucket, START + 3 * SECOND, 5);
}

static const struct bucket_rate one = {.per_second = 1, .burst_seconds = 300};
static const struct bucket_rate hundred = {.per_second = 100, .burst_seconds = 300};

static void assert_near(double left, double expected)
{
    if (fabs(left - expected) > 0.001)
        fail_msg("%g is not %g", left, expected);
}

/* A debt is one of units: 380 of them take 3.8 s at 100 a second. */
static void a_raised_rate_pays_a_debt(void **state)
{
    struct bucket bucket = {.level = 0};

    (void)state;
    bucket_take(&bucket, one, 300 + 380, START);
    assert_near(bucket_left(&bucket, one, START + 10 * SECOND), -370);
    assert_near(bucket_left(&bucket, hundred, START + 3 * SECOND), -80);
    assert_near(bucket_left(&bucket, hundred, START + 4 * SECOND), 20);
}

/* What was used up stays so. */
static void a_raised_rate_counts_from_then_on(void **state)
{
    struct bucket bucket = {.level = 0};

    (void)state;
    bucket_take(&bucket, one, 300, START);
    assert_near(bucket_left(&bucket, hundred, START), 0);
    assert_near(bucket_left(&bucket, hundred, START + SECOND), 100);
    assert_near(bucket_left(&bucket, hundred, START + 1000 * SECOND), 30000);
}

static void a_lowered_rate_keeps_its_own_burst(void **state)
{
    struct bucket bucket = {.level = 0};

    (void)state;
    bucket_take(&bucket, hundred, 1, START);
    assert_near(bucket_left(&bucket, hundred, START), 29999);
    assert_near(bucket_left(&bucket, one, START), 300);
}

static void threads_come_in_any_order(void **state)
{
    struct bucket bucket = {.level = 0};

    (void)state;
    bucket_take(&bucket, five, 50, START);
    assert_left(&bucket, START - SECOND / 2, 1450);
    bucket_take(&bucket, five, 5, START - SECOND / 2);
    assert_left(&bucket, START, 1445); /* nothing flows in twice */
    assert_left(&bucket, START + SECOND, 1450);
}

/* Nor what is kept. */
static void a_debt_has_an_end(void **state)
{
    const struct bucket_rate millions = {.per_second = 1e9, .burst_seconds = 300};
    struct bucket bucket = {.level = 0};

    (void)state;
    bucket_take(&bucket, one, 2e8, START);
    bucket_take(&bucket, one, 2e8, START);
    assert_near(bucket_left(&bucket, one, START), -268435455.96875);
    bucket_take(&bucket, one, 1e300, START);
    assert_near(bucket_left(&bucket, one, START + SECOND), -268435454.96875);
    assert_near(bucket_left(&bucket, millions, START + 60 * SECOND), 268435455.96875);
}

static void *take_many(void *context)
{
    for (int i = 0; i < 10000; i++)
        bucket_take(context, five, 0.5, START);
    return NULL;
}

static void nothing_is_lost_between_threads(void **state)
{
    struct bucket bucket = {.level = 0};
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, &bucket), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    assert_left(&bucket, START, 1500 - 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_and_empties),
        cmocka_unit_test(goes_below_zero),
        cmocka_unit_test(a_raised_rate_pays_a_debt),
        cmocka_unit_test(a_raised_rate_counts_from_then_on),
        cmocka_unit_test(a_lowered_rate_keeps_its_own_burst),
        cmocka_unit_test(threads_come_in_any_order),
        cmocka_unit_test(a_debt_has_an_end),
        cmocka_unit_test(nothing_is_lost_between_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
