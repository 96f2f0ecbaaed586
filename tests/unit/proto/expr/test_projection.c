/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/proto/expr/expr_unit.h"

#define P "Invalid ProjectionExpression: "
#define PATHS(verb, one, two)                                                                                          \
    P "Two document paths " verb " with each other; must remove or rewrite one of these paths; path one: " one         \
      ", path two: " two
#define ITEM                                                                                                           \
    "{\"a\":{\"S\":\"x\"},\"b\":{\"M\":{\"a\":{\"S\":\"a\"},\"b\":{\"S\":\"b\"},\"c\":{\"S\":\"c\"}}},"                \
    "\"c\":{\"L\":[{\"S\":\"0\"},{\"L\":[{\"S\":\"1\"}]},{\"M\":{\"x\":{\"S\":\"2\"},\"y\":{\"S\":\"3\"}}}]}}"

static void test_projection(void **state)
{
    static const struct {
        const char *text, *message, *result;
    } cases[] = {
        {"", P "The expression can not be empty;", NULL},
        {"whatever(stuff)", P "Syntax error; token: \"(\", near: \"whatever(stuff\"", NULL},
        {":a", P "Syntax error; token: \":a\", near: \":a\"", NULL},
        {"abort,", P "Syntax error; token: \"<EOF>\", near: \",\"", NULL},
        {"a,,b", P "Syntax error; token: \",\", near: \",,b\"", NULL},
        {"a..b", P "Syntax error; token: \".\", near: \"..b\"", NULL},
        {"a[b]", P "Syntax error; token: \"b\", near: \"[b]\"", NULL},
        {"(a)", P "Syntax error; token: \"(\", near: \"(a\"", NULL},
        {"a-b", P "Syntax error; token: \"-\", near: \"a-b\"", NULL},
        {"a.abORt", P "Attribute name is a reserved keyword; reserved keyword: abORt", NULL},
        {"#x,ABSoLUTE", P "Attribute name is a reserved keyword; reserved keyword: ABSoLUTE", NULL},
        {"a,b,a,#x", P "An expression attribute name used in the document path is not defined; attribute name: #x",
         NULL},
        {"b[1], b.a, #a.b, a", PATHS("overlap", "[a, b]", "[a]"), NULL},
        {"a, #a[1]", PATHS("overlap", "[a]", "[a, [1]]"), NULL},
        {"a.b, #a[1], #b", PATHS("conflict", "[a, b]", "[a, [1]]"), NULL},
        {"a[3].b, #a.#b.b", PATHS("conflict", "[a, [3], b]", "[a, [3], b]"), NULL},
        {"c, a", NULL,
         "{\"a\":{\"S\":\"x\"},\"c\":{\"L\":[{\"S\":\"0\"},{\"L\":[{\"S\":\"1\"}]},{\"M\":{\"x\":{\"S\":\"2\"},"
         "\"y\":{\"S\":\"3\"}}}]}}"},
        {"b.c,c[2].y,b.b,c[0],c[0].a", PATHS("overlap", "[c, [0]]", "[c, [0], a]"), NULL},
        {"b.c,c[2].y,b.b,c[0]", NULL,
         "{\"b\":{\"M\":{\"b\":{\"S\":\"b\"},\"c\":{\"S\":\"c\"}}},\"c\":{\"L\":[{\"S\":\"0\"},"
         "{\"M\":{\"y\":{\"S\":\"3\"}}}]}}"},
        {"c[1][0],c[1][5],c[7]", NULL, "{\"c\":{\"L\":[{\"L\":[{\"S\":\"1\"}]}]}}"},
        {"q,b.z,c.x,c[0].a,b[0]", PATHS("conflict", "[c, x]", "[c, [0], a]"), NULL},
        {"q,a.x,b.z,b.a.b,c[0].a,c[9].x", NULL, "{}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        struct projection *projection;
        enum stator_rc rc;

        fixture_init(&fixture, "#a=a #b=[3]", NULL);
        rc = expr_parse_projection(&projection, bytes_of_string(cases[i].text), &fixture.placeholders, &fixture.arena,
                                   &fixture.err);
        assert_outcome(&fixture, cases[i].text, rc, cases[i].message);
        if (rc == STATOR_OK) {
            struct item item = item_of_json(&fixture.arena, ITEM), result;
            struct item_source_parsed source;

            item_source_parsed_init(&source, &item);
            assert_int_equal(projection_apply(&result, projection, &source.source, &fixture.arena, &fixture.err),
                             STATOR_OK);
            assert_item_is(cases[i].text, &result, cases[i].result);
        }
        fixture_deinit(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_projection)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
