/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>

#include "stator/value.h"

#define ANY NULL /* no number: the conversion is refused */

static void numbers_convert_exactly_or_not_at_all(void **state)
{
    static const struct {
        const char *digits, *as_int64, *as_uint64, *as_double;
    } cases[] = {
        {"0", "0", "0", "0x0p+0"},
        {"-0", "0", "0", "0x0p+0"},
        {"42", "42", "42", "0x1.5p+5"},
        {"+4.20e1", "42", "42", "0x1.5p+5"},
        {"-1", "-1", ANY, "-0x1p+0"},
        {"9223372036854775807", "9223372036854775807", "9223372036854775807", ANY},
        {"9223372036854775808", ANY, "9223372036854775808", "0x1p+63"},
        {"-9223372036854775808", "-9223372036854775808", ANY, "-0x1p+63"},
        {"-9223372036854775809", ANY, ANY, ANY},
        {"18446744073709551615", ANY, "18446744073709551615", ANY},
        {"18446744073709551616", ANY, ANY, "0x1p+64"},
        {"1e19", ANY, "10000000000000000000", "0x1.158e460913dp+63"},
        {"1e20", ANY, ANY, "0x1.5af1d78b58c4p+66"},
        {"1e125", ANY, ANY, "0x1.2e8bd69aa19ccp+415"}, /* fifteen digits or fewer are always kept */
        {"1.5", ANY, ANY, "0x1.8p+0"},
        {"0.1", ANY, ANY, "0x1.999999999999ap-4"},
        {"0.10000000000000001", ANY, ANY, "0x1.999999999999ap-4"}, /* %.17g of it */
        {"0.10000000000000002", ANY, ANY, "0x1.999999999999bp-4"}, /* and of the next */
        {"0.1000000000000000055511151231257827", ANY, ANY, ANY},   /* the first digits of what it is */
        {"9007199254740992", "9007199254740992", "9007199254740992", "0x1p+53"},
        {"9007199254740993", "9007199254740993", "9007199254740993", ANY},
        {"1152921504606846976", "1152921504606846976", "1152921504606846976", "0x1p+60"},
        {"1152921504606846977", "1152921504606846977", "1152921504606846977", ANY},
        {"1152921504606847000", "1152921504606847000", "1152921504606847000", "0x1p+60"}, /* its shortest form */
        {"0.00000095367431640625", ANY, ANY, "0x1p-20"},
        {"0.00000000000000000086736173798840354720596224069595336914062", ANY, ANY, ANY}, /* 2^-60 cut to 38 digits */
        {"0.12345678901234567890", ANY, ANY, ANY},
        {"99999999999999999999999999999999999999", ANY, ANY, ANY},
        {"1e-130", ANY, ANY, "0x1.1bebdf578b2f4p-432"},
        {"1e126", ANY, ANY, ANY}, /* not an N at all */
        {"1e-131", ANY, ANY, ANY},
        {"ten", ANY, ANY, ANY},
        {"", ANY, ANY, ANY},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stator_value value = stator_n(cases[i].digits);
        struct stator_error err;
        int64_t small = 77;
        uint64_t natural = 77;
        double real = 77;
        char text[64];

        if (stator_value_int64(&value, &small, &err) != STATOR_OK)
            assert_true(cases[i].as_int64 == ANY && small == 77 && err.rc == STATOR_VALIDATION);
        else
            assert_true(cases[i].as_int64 != ANY && small == strtoll(cases[i].as_int64, NULL, 10));
        if (stator_value_uint64(&value, &natural, &err) != STATOR_OK)
            assert_true(cases[i].as_uint64 == ANY && natural == 77 && err.message[0] != '\0');
        else
            assert_true(cases[i].as_uint64 != ANY && natural == strtoull(cases[i].as_uint64, NULL, 10));
        snprintf(text, sizeof(text), "%a", stator_value_double(&value, &real, NULL) == STATOR_OK ? real : 77.0);
        if (cases[i].as_double == ANY)
            assert_true(real == 77);
        else
            assert_string_equal(text, cases[i].as_double);
    }
}

/* Every double within the range of an N, in the forms that programs write. */
static void what_was_written_from_a_double_reads_as_that_double(void **state)
{
    uint64_t seed = 0x9E3779B97F4A7C15;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        static const int digits[] = {17, 17, 19};
        double given, read = 0, near = 0;
        char text[64];
        struct stator_value value;

        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        given = (double)(int64_t)seed * ((i & 1) != 0 ? 1e-18 : 1e100);
        snprintf(text, sizeof(text), "%.*g", digits[i % 3], given);
        value = stator_n(text);
        assert_int_equal(stator_value_nearest_double(&value, &near, NULL), STATOR_OK);
        assert_true(near == given);
        if (i % 3 != 2) {
            assert_int_equal(stator_value_double(&value, &read, NULL), STATOR_OK);
            assert_true(read == given);
        }
    }
}

static void what_is_no_number_is_refused(void **state)
{
    struct stator_value text = stator_s("1"), absent = stator_n(NULL);
    struct stator_error err;
    int64_t small = 77;
    double real = 77;

    (void)state;
    assert_int_equal(stator_value_int64(NULL, &small, &err), STATOR_VALIDATION);
    assert_int_equal(stator_value_int64(&absent, &small, &err), STATOR_VALIDATION);
    assert_int_equal(stator_value_int64(&text, &small, NULL), STATOR_VALIDATION);
    assert_int_equal(stator_value_nearest_double(&text, &real, &err), STATOR_VALIDATION);
    assert_string_equal(err.message, "The value is no number (N)");
    assert_true(small == 77 && real == 77);
}

static void values_are_found(void **state)
{
    static const struct {
        const char *path, *text; /* NULL: nothing is there */
    } cases[] = {
        {"name", "Ann"},
        {"nam", NULL},
        {"", "empty"},
        {"address.city", "Bonn"},
        {"lines[1]", "b"},
        {"lines[2]", NULL},
        {"lines", NULL},
        {"lines[0][0]", "a0"},
        {"tags[1]", "blue"},
        {"lines[", NULL},
        {"lines[1", NULL},
        {"lines[]", NULL},
        {"lines[x]", NULL},
        {"lines[1]x", NULL},
        {"address.city.x", NULL},
        {"address.", NULL},
        {"name.x", NULL},
        {"name[0]", NULL},
        {"lines[99999999999999999999999]", NULL},
        {"address[0]", NULL},
        {"lines[-1]", NULL},
        {"none.city", NULL},
    };
    struct stator_item item = STATOR_ITEM(stator_attr("name", stator_s("Ann")), stator_attr("", stator_s("empty")),
                                          stator_attr("address", STATOR_M(stator_attr("city", stator_s("Bonn")))),
                                          stator_attr("lines", STATOR_L(STATOR_L(stator_s("a0")), stator_s("b"))),
                                          stator_attr("on", stator_bool(true)),
                                          stator_attr("tags", STATOR_SS(stator_s("red"), stator_s("blue"))));

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *path = strdup(cases[i].path); /* nothing behind it may be read */
        struct stator_bytes text = stator_value_text(stator_item_find(&item, path));

        if (cases[i].text == NULL)
            assert_null(text.at);
        else
            assert_true(stator_is(text, cases[i].text));
        free(path);
    }
    assert_null(stator_item_get(NULL, "name"));
    assert_null(stator_item_find(NULL, "name"));
    assert_null(stator_map_get(NULL, "name"));
    assert_null(stator_map_get(stator_item_get(&item, "name"), "x"));
    assert_null(stator_value_text(stator_item_get(&item, "on")).at);
    assert_true(stator_is(stator_value_text(stator_map_get(stator_item_get(&item, "address"), "city")), "Bonn"));
    assert_true(stator_value_true(stator_item_get(&item, "on")));
    assert_false(stator_value_true(stator_item_get(&item, "name")));
    assert_false(stator_value_true(NULL));
}

static void values_are_compared_as_the_service_does(void **state)
{
    const struct stator_value values[] = {
        stator_s("1"),
        stator_n("1"),
        stator_b("1", 1),
        stator_bool(true),
        stator_bool(false),
        stator_null(),
        STATOR_NS(stator_n("1"), stator_n("2")),
        STATOR_NS(stator_n("1"), stator_n("3")),
        STATOR_NS(stator_n("1")),
        STATOR_L(stator_n("1"), stator_n("2")),
        STATOR_L(stator_n("2"), stator_n("1")),
        STATOR_SS(stator_s("1")),
        STATOR_M(stator_attr("a", stator_n("1")), stator_attr("b", stator_n("2"))),
        STATOR_M(stator_attr("a", stator_n("1")), stator_attr("c", stator_n("2"))),
        STATOR_M(stator_attr("a", stator_n("2")), stator_attr("b", stator_n("1"))),
        stator_members(STATOR_TYPE_L, NULL, 0),
        stator_map(NULL, 0),
    };
    const struct stator_value same[][2] = {
        {stator_n("1.50"), stator_n("15e-1")},
        {stator_n("-0"), stator_n("0")},
        {STATOR_NS(stator_n("1.0"), stator_n("2")), STATOR_NS(stator_n("2"), stator_n("1"))},
        {STATOR_SS(stator_s("a"), stator_s("b"), stator_s("c")),
         STATOR_SS(stator_s("c"), stator_s("a"), stator_s("b"))},
        {STATOR_M(stator_attr("a", stator_n("1")), stator_attr("b", stator_n("2"))),
         STATOR_M(stator_attr("b", stator_n("2.0")), stator_attr("a", stator_n("1")))},
        {stator_n("no number"), stator_n("no number")},
    };
    struct stator_value a_twice = STATOR_SS(stator_s("a"), stator_s("a"));
    struct stator_value a_and_b = STATOR_SS(stator_s("a"), stator_s("b"));
    struct stator_value b = stator_s("b"), n = stator_n("1");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        for (size_t j = 0; j < COUNT_OF(values); j++)
            assert_int_equal(stator_value_equal(&values[i], &values[j]), i == j);
    }
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        assert_true(stator_value_equal(&same[i][0], &same[i][1]));
        assert_true(stator_value_equal(&same[i][1], &same[i][0]));
    }
    assert_false(stator_value_equal(&a_twice, &a_and_b));
    assert_false(stator_value_equal(&a_and_b, &a_twice));
    assert_false(stator_value_equal(&a_and_b, NULL));
    assert_true(stator_value_equal(NULL, NULL));
    assert_true(stator_set_has(&a_and_b, &b));
    assert_false(stator_set_has(&a_twice, &b));
    assert_false(stator_set_has(&a_and_b, &n));
    assert_false(stator_set_has(NULL, &b));
    assert_false(stator_set_has(&b, &b));
}

static void items_are_compared(void **state)
{
    struct stator_item one = STATOR_ITEM(stator_attr("a", stator_n("1")), stator_attr("b", stator_null()));
    struct stator_item other = STATOR_ITEM(stator_attr("b", stator_null()), stator_attr("a", stator_n("1.0")));
    struct stator_item less = STATOR_ITEM(stator_attr("a", stator_n("1")));
    struct stator_item none = {0};

    (void)state;
    assert_true(stator_item_equal(&one, &other));
    assert_false(stator_item_equal(&one, &less));
    assert_false(stator_item_equal(&none, &less));
    assert_true(stator_item_equal(&none, &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_convert_exactly_or_not_at_all),
        cmocka_unit_test(what_was_written_from_a_double_reads_as_that_double),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(values_are_found),
        cmocka_unit_test(values_are_compared_as_the_service_does),
        cmocka_unit_test(items_are_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
