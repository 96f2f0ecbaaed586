/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "base/utf8.h"

static void sequences(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        bool valid;
        size_t utf16;
    } cases[] = {
        {"", 0, true, 0},
        {"abc", 3, true, 3},
        {"\0", 1, true, 1},
        {"\xC3\xA9", 2, true, 1},
        {"\xE2\x82\xAC", 3, true, 1},
        {"\xF0\x9F\x98\x80", 4, true, 2},
        {"\xF4\x8F\xBF\xBF", 4, true, 2},
        {"\xC0\x80", 2, false, 0},         /* overlong NUL */
        {"\xE0\x80\x80", 3, false, 0},     /* overlong */
        {"\xED\xA0\x80", 3, false, 0},     /* a surrogate */
        {"\xF0\x80\x80\x80", 4, false, 0}, /* overlong */
        {"\xF4\x90\x80\x80", 4, false, 0}, /* past U+10FFFF */
        {"\xFF", 1, false, 0},
        {"\xE2\x82", 2, false, 0}, /* cut short */
        {"a\x80", 2, false, 0},    /* a stray continuation */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes text = bytes_of(cases[i].text, cases[i].len);

        assert_int_equal(utf8_valid(text), cases[i].valid);
        if (cases[i].valid)
            assert_int_equal(utf8_utf16_units(text), cases[i].utf16);
    }
}

static void every_code_point_goes_round(void **state)
{
    (void)state;
    for (uint32_t point = 0; point <= 0x10FFFF; point++) {
        uint8_t out[4];
        size_t len;

        if (point >= 0xD800 && point <= 0xDFFF)
            continue;
        len = utf8_encode(out, point);
        assert_int_equal(utf8_sequence(bytes_of(out, len)), len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences),
        cmocka_unit_test(every_code_point_goes_round),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
