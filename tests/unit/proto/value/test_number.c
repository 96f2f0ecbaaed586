/* SPDX-License-Identifier: Apache-2.0 */
/* What the service has been seen to say; number_oracle.py compares the arithmetic with Python's decimal. */
#include "unit/unit.h"

#include "value/number.h"

#define NUMERIC   "The parameter cannot be converted to a numeric value"
#define OVERFLOW  "Number overflow. Attempting to store a number with magnitude larger than supported range"
#define UNDERFLOW "Number underflow. Attempting to store a number with magnitude smaller than supported range"
#define PRECISE   "Attempting to store more than 38 significant digits in a Number"

static void canonical_text(void **state)
{
    static const struct {
        const char *text, *canonical;
    } cases[] = {
        {"0", "0"},
        {"-0", "0"},
        {"0e125", "0"},
        {"00042", "42"},
        {"1.0", "1"},
        {"3.1400", "3.14"},
        {"1.5E2", "150"},
        {"0042.1200", "42.12"},
        {"+1", "1"},
        {".5", "0.5"},
        {"-17e-3", "-0.017"},
        {"12345678901234567890123456789012345678", "12345678901234567890123456789012345678"},
        {"0.00000000000000000000000000000000000001", "0.00000000000000000000000000000000000001"},
        {"-1.2345678901234567890123456789012345678", "-1.2345678901234567890123456789012345678"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct number number, again;
        char text[NUMBER_TEXT_MAX];
        struct bytes written;

        assert_int_equal(number_parse(&number, bytes_of_string(cases[i].text), NULL), STATOR_OK);
        written = bytes_of(text, number_format(text, &number));
        assert_bytes_are(written, cases[i].canonical);
        assert_int_equal(number_parse(&again, written, NULL), STATOR_OK);
        assert_int_equal(number_compare(&number, &again), 0);
        assert_int_equal(number_is_canonical(bytes_of_string(cases[i].text)),
                         strcmp(cases[i].text, cases[i].canonical) == 0 && strlen(cases[i].text) <= NUMBER_DIGITS_MAX);
    }
}

static void longest_texts_fit(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } cases[] = {
        {"1E125", 126},
        {"-9.9999999999999999999999999999999999999E+125", 127},
        {"1e-130", 132},
        {"-1.2345678901234567890123456789012345678e-130", 170},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct number number;
        char text[NUMBER_TEXT_MAX];

        assert_int_equal(number_parse(&number, bytes_of_string(cases[i].text), NULL), STATOR_OK);
        assert_int_equal(number_format(text, &number), cases[i].len);
    }
}

/* valueLayers.test.ts and numberExponent.test.ts of the conformance suite, and what follows from them. */
static void refusals(void **state)
{
    static const struct {
        const char *text, *current, *older;
    } cases[] = {
        {"abc", NUMERIC ": abc", NUMERIC ": abc"},
        {"", NUMERIC ": ", NUMERIC},
        {"1e126", OVERFLOW, OVERFLOW},
        {"-1e126", OVERFLOW, OVERFLOW},
        {"1e-131", UNDERFLOW, UNDERFLOW},
        {"0.9e-130", UNDERFLOW, UNDERFLOW},
        {"1e2147483647", OVERFLOW, UNDERFLOW},
        {"1e2147483646", OVERFLOW, OVERFLOW},
        {"1e2147483648", OVERFLOW, NUMERIC ": 1e2147483648"},
        {"1e-2147483648", UNDERFLOW, NUMERIC ": 1e-2147483648"},
        {"1e99999999999", OVERFLOW, NUMERIC ": 1e99999999999"},
        {"-1e99999999999", OVERFLOW, NUMERIC ": -1e99999999999"},
        {"1e-99999999999", UNDERFLOW, NUMERIC ": 1e-99999999999"},
        {"1e9223372036854775808", NUMERIC ": 1e9223372036854775808", NUMERIC ": 1e9223372036854775808"},
        {"0e126", OVERFLOW, OVERFLOW},
        {"0e-131", UNDERFLOW, UNDERFLOW},
        {"1.2.3", NUMERIC ": 1.2.3", NUMERIC ": 1.2.3"},
        {" 1", NUMERIC ":  1", NUMERIC ":  1"},
        {"1 ", NUMERIC ": 1 ", NUMERIC ": 1 "},
        {"0x10", NUMERIC ": 0x10", NUMERIC ": 0x10"},
        {"1e", NUMERIC ": 1e", NUMERIC ": 1e"},
        {"1e+", NUMERIC ": 1e+", NUMERIC ": 1e+"},
        {"--1", NUMERIC ": --1", NUMERIC ": --1"},
        {".", NUMERIC ": .", NUMERIC ": ."},
        {"NaN", NUMERIC ": NaN", NUMERIC ": NaN"},
        {"Infinity", NUMERIC ": Infinity", NUMERIC ": Infinity"},
        {"1234567890123456789012345678901234567890", PRECISE, PRECISE},
        {"-1.23456789012345678901234567890123456789", PRECISE, PRECISE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes text = bytes_of_string(cases[i].text);
        struct stator_error err;
        struct number number;

        assert_int_equal(number_parse(&number, text, &err), STATOR_VALIDATION);
        assert_string_equal(err.message, cases[i].current);
        assert_int_equal(number_fail_older(text, &err), STATOR_VALIDATION);
        assert_string_equal(err.message, cases[i].older);
        assert_false(number_is_canonical(text));
    }
}

static void sums(void **state)
{
    static const struct {
        const char *a, *b, *sum; /* or the message */
    } cases[] = {
        {"10", "5", "15"},
        {"0.1", "0.2", "0.3"},
        {"5", "-5", "0"},
        {"10000000000000000000000", "-1", "9999999999999999999999"},
        {"1e38", "-1", "99999999999999999999999999999999999999"},
        {"99999999999999999999999999999999999999", "1", "100000000000000000000000000000000000000"},
        {"9e125", "9e125", OVERFLOW},
        {"-9e125", "-9e125", OVERFLOW},
        /* the service's word for a sum of more than 38 digits, wrong as it sounds */
        {"1e50", "-1", OVERFLOW},
        {"1e50", "1", OVERFLOW},
        {"1e125", "1e-130", OVERFLOW},
        {"1.1e-130", "-1e-130", UNDERFLOW},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[NUMBER_TEXT_MAX + 1];
        struct number a, b, sum;
        struct stator_error err;

        assert_int_equal(number_parse(&a, bytes_of_string(cases[i].a), NULL), STATOR_OK);
        assert_int_equal(number_parse(&b, bytes_of_string(cases[i].b), NULL), STATOR_OK);
        if (number_add(&sum, &a, &b, &err) == STATOR_OK)
            assert_bytes_are(bytes_of(text, number_format(text, &sum)), cases[i].sum);
        else
            assert_string_equal(err.message, cases[i].sum);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_text),
        cmocka_unit_test(longest_texts_fit),
        cmocka_unit_test(refusals),
        cmocka_unit_test(sums),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
