/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "value/base64.h"

static void vectors_of_the_rfc(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xFB\xFF\xBF", "+/+/"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct bytes raw;
        struct buf buf;
        bool full = false;

        arena_init(&arena, 100);
        buf_init(&buf, 100);
        base64_encode(&buf, bytes_of_string(cases[i][0]));
        assert_bytes_are(buf_bytes(&buf), cases[i][1]);
        assert_true(base64_decode(&raw, buf_bytes(&buf), &arena, &full));
        assert_non_null(raw.at);
        assert_bytes_are(raw, cases[i][0]);
        buf_deinit(&buf);
        arena_deinit(&arena);
    }
}

static void refusals_and_their_reasons(void **state)
{
    static const struct {
        const char *text;
        enum base64_fault why;
        char letter;
    } cases[] = {
        {"A", BASE64_LENGTH, 0},        {"AAA", BASE64_LENGTH, 0},    {"AAAA=", BASE64_LENGTH, 0},
        {"AB==", BASE64_LAST, 0},       {"AAB=", BASE64_LAST, 0},     {"=+/=", BASE64_LAST, 0},
        {"+/+=", BASE64_LAST, 0},       {"A===", BASE64_LETTER, '='}, {"====", BASE64_LETTER, '='},
        {"A=AA", BASE64_LETTER, '='},   {"AA=A", BASE64_LETTER, '='}, {"AA==AAAA", BASE64_LETTER, '='},
        {"AA-A", BASE64_LETTER, '-'},   {"AA_A", BASE64_LETTER, '_'}, {"AA A", BASE64_LETTER, ' '},
        {"\nAAA", BASE64_LETTER, '\n'},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes text = bytes_of_string(cases[i].text);
        struct bytes raw = {0};
        struct arena arena;
        bool full = false;
        uint8_t letter = 0;

        arena_init(&arena, 100);
        if (base64_decode(&raw, text, &arena, &full))
            fail_msg("\"%s\" is taken", cases[i].text);
        assert_false(full);
        assert_null(raw.at);
        assert_int_equal(base64_why(text, &letter), cases[i].why);
        assert_int_equal(letter, cases[i].letter);
        arena_deinit(&arena);
    }
}

static void full_arena_is_told_apart(void **state)
{
    struct bytes raw = {0};
    struct arena arena;
    bool full = false;

    (void)state;
    arena_init(&arena, 2);
    assert_false(base64_decode(&raw, BYTES("AAAA"), &arena, &full));
    assert_true(full);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_rfc),
        cmocka_unit_test(refusals_and_their_reasons),
        cmocka_unit_test(full_arena_is_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
