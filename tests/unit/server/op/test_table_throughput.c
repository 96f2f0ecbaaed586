/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "op/table_throughput.h"

#define NOON 1791503400.0 /* 2026-10-08T23:50:00Z */

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static struct ProvisionedThroughput units(int64_t read, int64_t write)
{
    return (struct ProvisionedThroughput){.ReadCapacityUnits = API_INTEGER(read),
                                          .WriteCapacityUnits = API_INTEGER(write)};
}

static const struct ProvisionedThroughputDescription *start(int64_t read, int64_t write)
{
    struct ProvisionedThroughput asked = units(read, write);

    return throughput_describe(&asked, &arena);
}

static void an_increase_shows_the_old_units_until_it_is_over(void **state)
{
    struct ProvisionedThroughput asked = units(2, 1);
    struct throughput_change change;
    struct stator_error err;

    (void)state;
    assert_int_equal(throughput_change(&change, start(1, 1), &asked, (struct bytes){NULL, 0}, NOON, &arena, &err),
                     STATOR_OK);
    assert_int_equal(change.answered->ReadCapacityUnits.value, 1);
    assert_true(change.answered->LastIncreaseDateTime.set);
    assert_false(change.answered->LastDecreaseDateTime.set);
    assert_int_equal(change.settled->ReadCapacityUnits.value, 2);
    assert_int_equal(change.settled->NumberOfDecreasesToday.value, 0);
}

static void no_change_is_refused(void **state)
{
    struct ProvisionedThroughput asked = units(2, 3);
    struct throughput_change change;
    struct stator_error err;

    (void)state;
    assert_int_equal(throughput_change(&change, start(2, 3), &asked, (struct bytes){NULL, 0}, NOON, &arena, &err),
                     STATOR_VALIDATION);
    assert_string_equal(
        err.message, "The provisioned throughput for the table will not change. The requested value equals the "
                     "current value. Current ReadCapacityUnits provisioned for the table: 2. Requested "
                     "ReadCapacityUnits: 2. Current WriteCapacityUnits provisioned for the table: 3. Requested "
                     "WriteCapacityUnits: 3. Refer to the Amazon DynamoDB Developer Guide for current limits and how "
                     "to request higher limits.");
    assert_int_equal(throughput_change(&change, start(2, 3), &asked, BYTES("gsi1"), NOON, &arena, &err),
                     STATOR_VALIDATION);
    assert_non_null(strstr(err.message, "for the index gsi1 will not change."));
    assert_non_null(strstr(err.message, "provisioned for index gsi1: 2."));
}

/* Four at once, then one an hour after the last, and all anew at midnight. */
static void decreases_are_limited(void **state)
{
    const struct ProvisionedThroughputDescription *now = start(10, 10);
    struct throughput_change change;
    struct stator_error err;
    double seconds = NOON - 7200;

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct ProvisionedThroughput asked = units(9 - i, 10 + i); /* one down and one up is a decrease too */

        assert_int_equal(throughput_change(&change, now, &asked, (struct bytes){NULL, 0}, seconds, &arena, &err),
                         STATOR_OK);
        assert_int_equal(change.answered->NumberOfDecreasesToday.value, i);
        assert_int_equal(change.settled->NumberOfDecreasesToday.value, i + 1);
        now = change.settled;
    }
    struct ProvisionedThroughput less = units(1, 1), more = units(50, 50);

    assert_int_equal(throughput_change(&change, now, &less, (struct bytes){NULL, 0}, seconds + 3599, &arena, &err),
                     STATOR_LIMIT_EXCEEDED);
    assert_string_equal(
        err.message, "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC "
                     "day. After the first 4 decreases, each subsequent decrease in the same UTC day can be performed "
                     "at most once every 3600 seconds. Number of decreases today: 4. Last decrease at Thursday, "
                     "October 8, 2026 at 9:50:00 PM Coordinated Universal Time. Next decrease can be made at "
                     "Thursday, October 8, 2026 at 10:50:00 PM Coordinated Universal Time.");
    assert_int_equal(throughput_change(&change, now, &more, (struct bytes){NULL, 0}, seconds, &arena, &err), STATOR_OK);
    assert_int_equal(throughput_change(&change, now, &less, (struct bytes){NULL, 0}, seconds + 3600, &arena, &err),
                     STATOR_OK);
    assert_int_equal(change.settled->NumberOfDecreasesToday.value, 5);
    now = change.settled;
    assert_int_equal(throughput_decreases_today(now, NOON), 5);
    assert_int_equal(throughput_decreases_today(now, NOON + 600), 0);
}

static void the_next_decrease_is_at_midnight_at_the_latest(void **state)
{
    struct ProvisionedThroughputDescription now = *start(10, 10);
    struct ProvisionedThroughput asked = units(9, 9);
    struct throughput_change change;
    struct stator_error err;

    (void)state;
    now.NumberOfDecreasesToday = API_INTEGER(4);
    now.LastDecreaseDateTime = API_DOUBLE(NOON);
    assert_int_equal(throughput_change(&change, &now, &asked, (struct bytes){NULL, 0}, NOON + 599, &arena, &err),
                     STATOR_LIMIT_EXCEEDED);
    assert_non_null(strstr(err.message, "Friday, October 9, 2026 at 12:00:00 AM Coordinated Universal Time."));
    assert_int_equal(throughput_change(&change, &now, &asked, (struct bytes){NULL, 0}, NOON + 600, &arena, &err),
                     STATOR_OK);
    assert_int_equal(change.settled->NumberOfDecreasesToday.value, 1);
}

static struct OnDemandThroughput on_demand(const int64_t units_or_0[2])
{
    return (struct OnDemandThroughput){
        .MaxReadRequestUnits = {.value = units_or_0[0], .set = units_or_0[0] != 0},
        .MaxWriteRequestUnits = {.value = units_or_0[1], .set = units_or_0[1] != 0},
    };
}

static void on_demand_limits_are_merged(void **state)
{
    static const struct {
        int64_t now[2], change[2]; /* 0: not set */
        bool keep;
        int64_t after[2];
    } cases[] = {
        {{0, 0}, {1000, 500}, false, {1000, 500}}, {{1000, 500}, {2000, 0}, false, {2000, 500}},
        {{2000, 500}, {-1, 0}, false, {0, 500}},   {{2000, 500}, {-1, 0}, true, {-1, 500}},
        {{0, 500}, {0, -1}, false, {0, 0}},        {{0, 500}, {0, -1}, true, {0, -1}},
        {{0, 0}, {-1, -1}, false, {0, 0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct OnDemandThroughput now = on_demand(cases[i].now), change = on_demand(cases[i].change);
        const struct OnDemandThroughput *after;

        assert_true(throughput_merge_on_demand(&after, &now, &change, cases[i].keep, &arena));
        assert_int_equal(after != NULL && after->MaxReadRequestUnits.set ? after->MaxReadRequestUnits.value : 0,
                         cases[i].after[0]);
        assert_int_equal(after != NULL && after->MaxWriteRequestUnits.set ? after->MaxWriteRequestUnits.value : 0,
                         cases[i].after[1]);
        assert_true((after == NULL) == (cases[i].after[0] == 0 && cases[i].after[1] == 0));
    }
}

static void warm_throughput_never_falls(void **state)
{
    const struct TableWarmThroughputDescription *now = throughput_describe_warm(NULL, NULL, &arena), *next;
    struct WarmThroughput less = {.ReadUnitsPerSecond = API_INTEGER(100)},
                          more = {.WriteUnitsPerSecond = API_INTEGER(4001)};
    struct stator_error err;

    (void)state;
    assert_int_equal(throughput_change_warm(&next, now, &less, (struct bytes){NULL, 0}, &arena, &err),
                     STATOR_VALIDATION);
    assert_string_equal(err.message, "One or more parameter values were invalid: Requested ReadUnitsPerSecond for "
                                     "WarmThroughput for table is lower than current WarmThroughput, decreasing "
                                     "WarmThroughput is not supported");
    assert_int_equal(throughput_change_warm(&next, now, &more, BYTES("i"), &arena, &err), STATOR_OK);
    assert_int_equal(next->ReadUnitsPerSecond.value, 12000);
    assert_int_equal(next->WriteUnitsPerSecond.value, 4001);
}

static void quotas_name_the_account(void **state)
{
    struct ProvisionedThroughput much = units(40001, 1);
    struct OnDemandThroughput units_on_demand = {.MaxWriteRequestUnits = API_INTEGER(40001)};
    struct stator_error err;

    (void)state;
    assert_int_equal(throughput_check_quota(&much, NULL, NULL, (struct bytes){NULL, 0}, BYTES("us-west-2"), &err),
                     STATOR_LIMIT_EXCEEDED);
    assert_string_equal(err.message, "The requested ReadCapacityUnits, 40001, is above the per table maximum for the "
                                     "account in us-west-2. Per table maximum: 40000. Refer to the Amazon DynamoDB "
                                     "Developer Guide for current limits and how to request higher limits.");
    assert_int_equal(throughput_check_quota(&much, NULL, NULL, BYTES("gsi1"), BYTES("us-west-2"), &err),
                     STATOR_LIMIT_EXCEEDED);
    assert_non_null(strstr(err.message, "The requested ReadCapacityUnits for index gsi1, 40001, is above the per index "
                                        "maximum for the account in us-west-2. Per table maximum: 40000."));
    assert_int_equal(throughput_check_quota(NULL, &units_on_demand, NULL, BYTES("gsi1"), BYTES("us-west-2"), &err),
                     STATOR_LIMIT_EXCEEDED);
    assert_string_equal(err.message, "Subscriber limit exceeded: Requested MaxWriteRequestUnits for OnDemandThroughput "
                                     "for index : gsi1 exceeds TableMaxWriteCapacityUnits of the account in region "
                                     "us-west-2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_increase_shows_the_old_units_until_it_is_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_change_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decreases_are_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_next_decrease_is_at_midnight_at_the_latest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(on_demand_limits_are_merged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(warm_throughput_never_falls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(quotas_name_the_account, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
