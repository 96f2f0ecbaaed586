/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/bucket.h"

#include <math.h>
#include <pthread.h>

#include "unit/unit.h"

#define SECOND ((int64_t)1000000000)
#define START  (1800000000 * SECOND)

static const struct bucket_rate five = {.per_second = 5, .burst_seconds = 300};

static void assert_left(const struct bucket *bucket, int64_t at, double expected)
{
    double left = bucket_left(bucket, five, at);

    if (fabs(left - expected) > 0.001)
        fail_msg("%g is not %g", left, expected);
}

static void fills_and_empties(void **state)
{
    struct bucket bucket = {0};

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
    struct bucket bucket = {0};

    (void)state;
    bucket_take(&bucket, five, 1499, START);
    assert_left(&bucket, START, 1);
    bucket_take(&bucket, five, 11, START);
    assert_left(&bucket, START, -10);
    assert_left(&bucket, START + 2 * SECOND, 0);
    assert_left(&bucket, START + 3 * SECOND, 5);
}

/* Another rate from now on: what is missing is missing in time. */
static void the_rate_may_change(void **state)
{
    static const struct bucket_rate fifty = {.per_second = 50, .burst_seconds = 300};
    struct bucket bucket = {0};

    (void)state;
    bucket_take(&bucket, five, 1500, START);
    assert_left(&bucket, START, 0);
    assert_true(fabs(bucket_left(&bucket, fifty, START + SECOND) - 50) < 0.001);
}

static void the_clock_may_go_back(void **state)
{
    struct bucket bucket = {0};

    (void)state;
    bucket_take(&bucket, five, 5, START);
    assert_left(&bucket, START - SECOND, 1490);
    assert_left(&bucket, START + SECOND, 1500);
}

static void *take_many(void *context)
{
    for (int i = 0; i < 10000; i++)
        bucket_take(context, five, 0.5, START);
    return NULL;
}

static void nothing_is_lost_between_threads(void **state)
{
    struct bucket bucket = {0};
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
        cmocka_unit_test(the_rate_may_change),
        cmocka_unit_test(the_clock_may_go_back),
        cmocka_unit_test(nothing_is_lost_between_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
