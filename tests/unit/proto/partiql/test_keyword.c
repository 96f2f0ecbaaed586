/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "partiql/keyword.h"

static void test_words(void **state)
{
    static const struct {
        const char *word;
        bool keyword, function;
    } cases[] = {
        {"absolute", true, false},
        {"zone", true, false},
        {"SELECT", true, false},
        {"Inner", true, false},
        {"size", true, true},
        {"COUNT", true, true},
        {"exists", true, true},
        {"upper", true, true},
        {"avg", true, true},
        {"name", false, false},
        {"year", false, false},
        {"data", false, false},
        {"", false, false},
        {"a", false, false},
        {"selects", false, false},
        {"attribute_exists", false, false},
        {"a_word_longer_than_any_keyword", false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes word = bytes_of_string(cases[i].word);

        if (partiql_keyword(word) != cases[i].keyword || partiql_function_keyword(word) != cases[i].function)
            fail_msg("%s", cases[i].word);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
