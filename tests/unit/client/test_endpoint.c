/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "endpoint.h"
#include "memory.h"

struct row {
    const char *text, *url, *host, *path;
};

static void takes_addresses_apart(void **state)
{
    static const struct row rows[] = {
        {"http://localhost:8000", "http://localhost:8000/", "localhost:8000", "/"},
        {"http://localhost:80/", "http://localhost/", "localhost", "/"},
        {"https://example.com:443/a/b", "https://example.com/a/b", "example.com", "/a/b"},
        {"https://example.com:80", "https://example.com:80/", "example.com:80", "/"},
        {"http://[::1]:8000", "http://[::1]:8000/", "[::1]:8000", "/"},
        {"http://[fe80::1%25eth0]:8000", "http://[fe80::1%25eth0]:8000/", "[fe80::1]:8000", "/"},
        {"https://[fe80::1%25eth0]/x", "https://[fe80::1%25eth0]/x", "[fe80::1]", "/x"},
    };
    struct stator_allocator allocator = memory_of(NULL);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stator_error err;
        struct endpoint endpoint = {0};

        assert_int_equal(endpoint_init(&endpoint, rows[i].text, &allocator, &err), STATOR_OK);
        assert_string_equal(endpoint.url, rows[i].url);
        assert_true(bytes_equal_string(endpoint.host, rows[i].host));
        assert_true(bytes_equal_string(endpoint.path, rows[i].path));
        endpoint_deinit(&endpoint, &allocator);
    }
}

static void refuses_what_is_none(void **state)
{
    static const char *const texts[] = {"",        "localhost:8000:1", "ftp://localhost",
                                        "http://", "http://a b",       "http://u:p@localhost"};
    struct stator_allocator allocator = memory_of(NULL);

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct stator_error err;
        struct endpoint endpoint = {0};

        assert_int_equal(endpoint_init(&endpoint, texts[i], &allocator, &err), STATOR_MISUSE);
        assert_null(endpoint.url);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_addresses_apart),
        cmocka_unit_test(refuses_what_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
