/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "config/asked.h"

#define NAME_64 "abcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefgh"

static void endpoints(void **state)
{
    static const struct {
        const char *endpoint, *host; /* NULL: refused */
        uint16_t port;
    } cases[] = {
        {"http://localhost:8000", "localhost", 8000},
        {"HTTP://10.0.0.1:1/", "10.0.0.1", 1},
        {"http://db.example", "db.example", 80},
        {"http://[::1]:65535", "::1", 65535},
        {"http://[fe80::1]", "fe80::1", 80},
        {"https://localhost:8000", NULL, 0},
        {"aws", NULL, 0},
        {"localhost:8000", NULL, 0},
        {"http://", NULL, 0},
        {"http:///", NULL, 0},
        {"http://:8000", NULL, 0},
        {"http://a:", NULL, 0},
        {"http://a:0", NULL, 0},
        {"http://a:65536", NULL, 0},
        {"http://a:1x", NULL, 0},
        {"http://a:000008000", NULL, 0},
        {"http://a:8000/b", NULL, 0},
        {"http://a/b", NULL, 0},
        {"http://[::1", NULL, 0},
        {"http://[::1]8000", NULL, 0},
        {"http://[]:1", NULL, 0},
        {"http://" NAME_64 NAME_64 NAME_64 NAME_64, NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stator_error err = {0};
        struct asked asked = {{0}, 0};
        enum stator_rc rc = asked_read(&asked, cases[i].endpoint, &err);

        assert_int_equal(rc, cases[i].host != NULL ? STATOR_OK : STATOR_VALIDATION);
        if (rc == STATOR_OK) {
            assert_string_equal(asked.host, cases[i].host);
            assert_int_equal(asked.port, cases[i].port);
        } else {
            assert_non_null(strstr(err.message, cases[i].endpoint));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
