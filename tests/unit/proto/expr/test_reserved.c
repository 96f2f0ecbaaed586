/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "expr/reserved.h"

static void test_words(void **state)
{
    static const struct {
        const char *name;
        bool reserved;
    } cases[] = {
        {"ABORT", true},   {"zone", true},
        {"StAtUs", true},  {"authorization", true},
        {"name", true},    {"ttl", true},
        {"data", true},    {"authorizations", false},
        {"", false},       {"a", false},
        {"pk", false},     {"count", true},
        {"counts", false}, {"abcdefghijklmnopqrstuvwxyz", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (reserved_word(bytes_of_string(cases[i].name)) != cases[i].reserved)
            fail_msg("%s", cases[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
