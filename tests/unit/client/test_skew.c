/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "skew.h"

#define NOW 1767225600 /* 2026-01-01 */

static void test_dates(void **state)
{
    static const struct {
        const char *text;
        int64_t time; /* 0: none */
    } cases[] = {
        {"Thu, 01 Jan 2026 00:00:00 GMT", NOW}, {"", 0}, {"never", 0}, {"Thu, 01 Jan 2026", NOW}, {"32 Foo 2026", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t time;
        bool read = skew_read_date(&time, cases[i].text);

        if (read != (cases[i].time != 0) || (read && time != cases[i].time))
            fail_msg("\"%s\": %d, %lld", cases[i].text, (int)read, (long long)time);
    }
}

static void test_corrections(void **state)
{
    static const struct {
        int64_t date, signed_ahead_s;
        bool corrected;
        int64_t ahead_s;
    } cases[] = {
        {NOW, 0, false, 0},
        {NOW + 239, 0, false, 0},
        {NOW + 240, 0, true, 240},
        {NOW - 240, 0, true, -240},
        {NOW + 86400, 0, true, 86400},
        {NOW + 86400, 86400, false, 0}, /* signed with the server's time: it was something else */
        {NOW, 86400, true, 0},          /* the server's clock was set right */
        {NOW + 86400, 3600, true, 86400},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct skew skew;

        skew_init(&skew);
        assert_int_equal(skew_correct(&skew, cases[i].date, NOW, cases[i].signed_ahead_s), cases[i].corrected);
        assert_int_equal(atomic_load(&skew.ahead_s), cases[i].ahead_s);
        assert_int_equal(atomic_load(&skew.known), cases[i].corrected);
    }
}

static void test_known(void **state)
{
    struct skew skew;

    (void)state;
    skew_init(&skew);
    skew_saw(&skew, NOW + 86400, NOW); /* as long as nobody objects, ours may be right */
    assert_false(atomic_load(&skew.known));
    skew_saw(&skew, NOW + 3, NOW);
    assert_true(atomic_load(&skew.known));
    assert_int_equal(atomic_load(&skew.ahead_s), 0);
}

static void test_blame(void **state)
{
    (void)state;
    assert_true(skew_is_blamed(BYTES("InvalidSignatureException")));
    assert_true(skew_is_blamed(BYTES("RequestTimeTooSkewed")));
    assert_false(skew_is_blamed(BYTES("ValidationException")));
    assert_false(skew_is_blamed((struct bytes){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_corrections),
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_blame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
