/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "config/outside.h"

static void wanted(void **state)
{
    static const struct {
        const char *argv[4];
        bool outside;
    } cases[] = {
        {{"stator"}, false},
        {{"stator", "serve"}, false},
        {{"stator", "healthcheck", "--port"}, false},
        {{"stator", "version"}, false},
        {{"stator", "help"}, false},
        {{"stator", "help", "put"}, true},
        {{"stator", "put", "users"}, true},
        {{"stator", "tables"}, true},
        {{"stator", "sevre"}, true}, /* whose list of commands will say that it is none */
        {{"stator", "--port", "8000"}, false},
        {{"stator", "-jar", "DynamoDBLocal.jar"}, false},
        {{"stator", ""}, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int argc = 0;

        while (argc < 4 && cases[i].argv[argc] != NULL)
            argc++;
        assert_int_equal(outside_wants(argc, (char *const *)(uintptr_t)cases[i].argv), cases[i].outside);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wanted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
