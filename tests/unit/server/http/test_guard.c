/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>

#include "http/guard.h"

static const struct guard_names named = {
    .host = "db1.example.com", .machine = "Big.Example.org", .more = "a.example.net,b.example.net"};

static struct bytes header(const char *text)
{
    return text != NULL ? bytes_of_string(text) : (struct bytes){0};
}

static bool let_in(const struct guard_names *names, const char *host, const char *origin, const char *site)
{
    /* A copy of just its length: what reads beyond it is seen by the sanitizer. */
    char *copy = malloc(strlen(host));
    const struct guard_request request = {
        .host = bytes_of(copy, strlen(host)), .origin = header(origin), .fetch_site = header(site)};
    bool in;

    memcpy(copy, host, strlen(host));
    in = guard_refusal(&request, names) == NULL;
    free(copy);
    return in;
}

static void hosts(void **state)
{
    static const char *const ours[] = {"localhost",
                                       "localhost:8000",
                                       "LOCALHOST:8000",
                                       "localhost.",
                                       "127.0.0.1:8000",
                                       "10.2.3.4",
                                       "[::1]",
                                       "[::1]:8000",
                                       "[fe80::1]:8000",
                                       "stator:8000",
                                       "stator",
                                       "x.localhost:1",
                                       "a.internal",
                                       "stator.default.svc:8",
                                       "s.d.svc.cluster.local",
                                       "db1.example.com",
                                       "DB1.example.com:8000",
                                       "big.example.org.",
                                       "a.example.net:8000",
                                       "b.example.net",
                                       "db1.example.com.:8"};
    static const char *const strange[] = {"",
                                          "evil.example",
                                          "evil.example:8000",
                                          "127.0.0.1.evil.example",
                                          "localhost.evil.example",
                                          ":8000",
                                          "x@evil.example",
                                          "evil.example/x",
                                          "example.com",
                                          "db2.example.com",
                                          "[::1",
                                          "[evil.example]:80",
                                          "a..",
                                          "evil.example:x",
                                          "1.2.3.4.5",
                                          "::1:8000",
                                          ".svc.example",
                                          "stator evil",
                                          "a.example.net,",
                                          "..",
                                          "a,b"};
    const struct guard_names nothing = {.machine = ""}, any = {.machine = "", .more = "x,*"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ours); i++)
        if (!let_in(&named, ours[i], NULL, NULL))
            fail_msg("%s is kept out", ours[i]);
    for (size_t i = 0; i < COUNT_OF(strange); i++)
        if (let_in(&named, strange[i], NULL, NULL))
            fail_msg("%s is let in", strange[i]);
    assert_false(let_in(&nothing, "db1.example.com", NULL, NULL));
    assert_true(let_in(&any, "evil.example:8000", NULL, NULL));
    assert_true(let_in(&nothing, "localhost", NULL, NULL));
}

static void pages(void **state)
{
    static const struct {
        const char *host, *origin, *site;
        bool in;
    } cases[] = {
        {"localhost:8000", "http://localhost:8000", NULL, true},
        {"localhost:8000", "https://LOCALHOST:8000", "same-origin", true},
        {"localhost:8000", NULL, "none", true},
        {"localhost:8000", "http://localhost:3000", NULL, false},
        {"localhost:8000", "http://localhost", NULL, false},
        {"localhost:8000", "localhost:8000", NULL, false},
        {"localhost:8000", "null", NULL, false},
        {"localhost:8000", "", NULL, false},
        {"localhost:8000", "http://evil.example", NULL, false},
        {"localhost:8000", "http://localhost:8000", "cross-site", false},
        {"localhost:8000", NULL, "cross-site", false},
        {"localhost:8000", NULL, "same-site", false},
        {"localhost:8000", NULL, "", false},
        {"evil.example:8000", "http://evil.example:8000", "same-origin", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (let_in(&named, cases[i].host, cases[i].origin, cases[i].site) != cases[i].in)
            fail_msg("case %zu", i);
}

/* Whether an operation is run for it. */
static bool is_run(const char *host, const char *origin, const char *site, const char *cors)
{
    const struct guard_request request = {.host = header(host), .origin = header(origin), .fetch_site = header(site)};

    return guard_lets_in(&request, &named, cors);
}

static void operations(void **state)
{
    static const struct {
        const char *host, *origin, *site, *cors;
        bool in;
    } cases[] = {
        /* programs, by whatever name */
        {"localhost:8000", NULL, NULL, NULL, true},
        {"db.example.net", NULL, NULL, NULL, true},
        {"evil.example", NULL, NULL, "http://a.example", true},
        {"", NULL, NULL, NULL, true},
        /* pages of this machine, whatever their port, and what only looks like one */
        {"localhost:8000", "http://localhost:3000", "same-site", NULL, true},
        {"10.0.0.1:8000", "https://localhost", "cross-site", NULL, true},
        {"localhost:8000", "http://127.0.0.1:5173", "cross-site", NULL, true},
        {"localhost:8000", "http://[::1]:5173", NULL, NULL, true},
        {"localhost:8000", "http://app.localhost:5173", NULL, NULL, true},
        {"localhost:8000", "http://localhost.evil.example", NULL, NULL, false},
        {"localhost:8000", "http://evil.example/.localhost", NULL, NULL, false},
        {"localhost:8000", "http://evil.example#.localhost", NULL, NULL, false},
        {"localhost:8000", "http://127.0.0.1.evil.example", NULL, NULL, false},
        {"localhost:8000", "http://127.0.0.2", NULL, NULL, false},
        {"localhost:8000", "http://.localhost", NULL, NULL, false},
        {"localhost:8000", "localhost", NULL, NULL, false},
        {"localhost:8000", "file://localhost", NULL, NULL, false},
        {"localhost:8000", "http://", NULL, NULL, false},
        {"localhost:8000", "", NULL, NULL, false},
        {"localhost:8000", "null", NULL, NULL, false},
        /* foreign ones */
        {"localhost:8000", "https://evil.example", "cross-site", NULL, false},
        {"localhost:8000", "https://evil.example", NULL, NULL, false},
        {"localhost:8000", NULL, "cross-site", NULL, false},
        {"localhost:8000", NULL, "same-site", NULL, false},
        {"localhost:8000", NULL, "none", NULL, true},
        /* of its own name, which a stranger can have pointed here, or cannot */
        {"evil.example:8000", "http://evil.example:8000", "same-origin", NULL, false},
        {"evil.example:8000", NULL, "same-origin", NULL, false},
        {"evil.example:8000", NULL, "none", NULL, false},
        {"db1.example.com", "https://db1.example.com", "same-origin", NULL, true},
        {"10.0.0.1:8000", "http://10.0.0.1:8000", NULL, NULL, true},
        {"10.0.0.1:8000", "http://10.0.0.1:3000", NULL, NULL, false},
        /* --cors */
        {"localhost:8000", "https://a.example", "cross-site", "https://b.example,https://a.example", true},
        {"a.example", "https://a.example", "same-origin", "https://a.example", true},
        {"localhost:8000", "https://a.example", NULL, "https://a.example.org", false},
        {"localhost:8000", "http://a.example", NULL, "https://a.example", false},
        {"localhost:8000", "https://a.example:8", NULL, "https://a.example", false},
        {"localhost:8000", "http://localhost:1", NULL, "https://a.example", true},
        {"localhost:8000", NULL, "cross-site", "https://a.example", false},
        {"localhost:8000", "null", NULL, "null", true},
        {"localhost:8000", "https://evil.example", "cross-site", "*", true},
        {"evil.example", "null", "cross-site", "*", true},
        {"evil.example", NULL, "cross-site", "*", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (is_run(cases[i].host, cases[i].origin, cases[i].site, cases[i].cors) != cases[i].in)
            fail_msg("case %zu: %s %s", i, cases[i].host, cases[i].origin != NULL ? cases[i].origin : "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hosts), cmocka_unit_test(pages), cmocka_unit_test(operations)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
