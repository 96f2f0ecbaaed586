/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/proto/expr/expr_unit.h"

#include <stdlib.h>

#define P                   "Invalid UpdateExpression: "
#define SYNTAX(token, near) P "Syntax error; token: \"" token "\", near: \"" near "\""
#define PATHS(verb, one, two)                                                                                          \
    P "Two document paths " verb " with each other; must remove or rewrite one of these paths; path one: " one         \
      ", path two: " two
#define ADDED(operator, type)                                                                                          \
    P "Incorrect operand type for operator or function; operator: " operator", operand type: " type
#define TYPE(name, type)                                                                                               \
    P "Incorrect operand type for operator or function; operator or function: " name ", operand type: " type
#define VALUES                                                                                                         \
    "{\":s\":{\"S\":\"x\"},\":n\":{\"N\":\"1\"},\":b\":{\"B\":\"YQ==\"},\":t\":{\"BOOL\":true},\":z\":{\"NULL\":true}" \
    ","                                                                                                                \
    "\":l\":{\"L\":[{\"N\":\"1\"}]},\":m\":{\"M\":{\"k\":{\"N\":\"1\"}}},\":ss\":{\"SS\":[\"a\"]},"                    \
    "\":ns\":{\"NS\":[\"1\"]},\":ab\":{\"SS\":[\"a\",\"b\"]},\":big\":{\"N\":\"9.9e125\"}}"
#define NAMES "#a=a #b=b #c=c #3=[3] #1=1"

static enum stator_rc parse(struct fixture *fixture, struct update **update, const char *text)
{
    fixture_init(fixture, NAMES, VALUES);
    return expr_parse_update(update, bytes_of_string(text), &fixture->placeholders, &fixture->arena, &fixture->err);
}

static void test_messages(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", P "The expression can not be empty;"},
        {"INVALID SYNTAX HERE", SYNTAX("INVALID", "INVALID SYNTAX")},
        {"whatever", SYNTAX("whatever", "whatever")},
        {"set a", SYNTAX("<EOF>", "a")},
        {"add a", SYNTAX("<EOF>", "a")},
        {"set a=set", SYNTAX("set", "=set")},
        {"remove a = b", SYNTAX("=", "a = b")},
        {"add a = b", SYNTAX("=", "a = b")},
        {"delete a b", SYNTAX("b", "a b")},
        {"delete a if_not_exist(b)", SYNTAX("if_not_exist", "a if_not_exist(")},
        {"add abort b", SYNTAX("b", "abort b")},
        {"remove a b", SYNTAX("b", "a b")},
        {"set :a = b", SYNTAX(":a", "set :a =")},
        {"remove :a", SYNTAX(":a", "remove :a")},
        {"set a = b / c", SYNTAX("/", "b / c")},
        {"set a[1] = \"eight\"", SYNTAX("\"", "= \"eight")},
        {"set a[1] = 1", SYNTAX("1", "= 1")},
        {"SET a = if_not_exist(a, 100)", SYNTAX("100", ", 100)")},
        {"SET if_not_exist(a, b) = a", SYNTAX("(", "if_not_exist(a")},
        {"set (a = (b + c))", SYNTAX("(", "set (a")},
        {"set a = (b.c).d + e", SYNTAX(".", ").d")},
        {"set a = (b.c)[0] + e", SYNTAX("[", ")[0")},
        {"set a = b + c + d", SYNTAX("+", "c + d")},
        {"set a = (b + c) + d", SYNTAX("+", ") + d")},
        {"set a = if_not_exists(a, :n + :n)", SYNTAX("+", ":n + :n")},
        {"SET _123 = :n", SYNTAX("_", "SET _123")},
        {"set a = :n,", SYNTAX("<EOF>", ",")},
        {" set #x = :c set abOrt = true ", P "Attribute name is a reserved keyword; reserved keyword: abOrt"},
        {" remove Absolute ", P "Attribute name is a reserved keyword; reserved keyword: Absolute"},
        {"set a = status", P "Attribute name is a reserved keyword; reserved keyword: status"},
        {"set #x = if_not_exist(:c) set c = d", P "Invalid function name; function: if_not_exist"},
        {"set a = size(b)", P "The function is not allowed in an update expression; function: size"},
        {"set a = list_append(list_append(:l, :l), :l)",
         P "The function is not allowed to be used this way in an expression; function: list_append"},
        {"set a = list_append(if_not_exists(a, :l), :l)", NULL},
        {"set a = #x set c = :d", P "The \"SET\" section can only be used once in an update expression;"},
        {"remove #x set a = b remove e", P "The \"REMOVE\" section can only be used once in an update expression;"},
        {"add #x :e set a = b add e :f", P "The \"ADD\" section can only be used once in an update expression;"},
        {"delete #x :e set a = b delete #e :f",
         P "The \"DELETE\" section can only be used once in an update expression;"},
        {"SET #x = if_not_exists(:c)",
         P "An expression attribute name used in the document path is not defined; attribute name: #x"},
        {"SET #a = if_not_exists(:c)",
         P "An expression attribute value used in expression is not defined; attribute value: :c"},
        {"set d[1] = a, d.b = a, c[1].a = a, #c = if_not_exists(a)", PATHS("overlap", "[c, [1], a]", "[c]")},
        {"set #c[3].#3 = a, #c[3] = a", PATHS("overlap", "[c, [3], [3]]", "[c, [3]]")},
        {"set a = :n, #a = :n", PATHS("overlap", "[a]", "[a]")},
        {"set #c[3].#3 = a, #c.#3[3] = if_not_exists(a)", PATHS("conflict", "[c, [3], [3]]", "[c, [3], [3]]")},
        {"remove a.#c set a[1] = b", PATHS("conflict", "[a, c]", "[a, [1]]")},
        {"set a1=:n,a2=:n,a3=:n,a4=:n,a5=:n,a6=:n,a7=:n,a8=:n,a9=:n,x.y=:n,a2.q=:n",
         PATHS("overlap", "[a2]", "[a2, q]")},
        {"set a1=:n,a2=:n,a3=:n,a4=:n,a5=:n,a6=:n,a7=:n,a8=:n,a9=:n,x.y=:n,x.z=:n", NULL},
        {"set b = list_append(:s, a), c = if_not_exists(a) add a.b :s", ADDED("ADD", "STRING")},
        {"delete a.b :s", ADDED("DELETE", "STRING")},
        {"add a.b :z", ADDED("ADD", "NULL")},
        {"add a.b :t", ADDED("ADD", "BOOLEAN")},
        {"delete a.b :b", ADDED("DELETE", "BINARY")},
        {"add a.b :m", ADDED("ADD", "MAP")},
        {"add a.b :l", ADDED("ADD", "LIST")},
        {"delete a.b :n", ADDED("DELETE", "NUMBER")},
        {"set a = if_not_exists(c)",
         P "Incorrect number of operands for operator or function; operator or function: if_not_exists, number of "
           "operands: 1"},
        {"set a = if_not_exists(:n, c)",
         P "Operator or function requires a document path; operator or function: if_not_exists"},
        {"set a = if_not_exists(if_not_exists(a, b), c)",
         P "Operator or function requires a document path; operator or function: if_not_exists"},
        {"set a = list_append(:s, a)", TYPE("list_append", "S")},
        {"set a = list_append(a, :ns)", TYPE("list_append", "NS")},
        {"set a = a + :s", TYPE("+", "S")},
        {"set a = :l - a", TYPE("-", "L")},
        {"SET a = if_not_exists(a, b) + b", NULL},
        {"SET a = if_not_exists(a, if_not_exists(a, b))", NULL},
        {"set a = ((b.c.d)+(e))", NULL},
        {"set a = (b + c)", NULL},
        {"REMOVE x, y[2] DELETE c :ss ADD d :n, e :ss SET f = :l", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        struct update *update;
        enum stator_rc rc = parse(&fixture, &update, cases[i].text);

        assert_outcome(&fixture, cases[i].text, rc, cases[i].message);
        fixture_deinit(&fixture);
    }
}

#define OLD                                                                                                            \
    "{\"b\":{\"M\":{\"a\":{\"N\":\"1\"},\"b\":{\"N\":\"2\"}}},\"k\":{\"S\":\"key\"},\"l\":{\"L\":[{\"N\":\"0\"},"      \
    "{\"N\":\"1\"},{\"N\":\"2\"}]},\"n\":{\"N\":\"5\"},\"s\":{\"SS\":[\"a\",\"c\"]}}"
#define ZEROS_25    "0000000000000000000000000"
#define ZEROS_125   ZEROS_25 ZEROS_25 ZEROS_25 ZEROS_25 ZEROS_25
#define BAD_PATH    "The document path provided in the update expression is invalid for update"
#define BAD_OPERAND "An operand in the update expression has an incorrect data type"
#define NO_OPERAND  "The provided expression refers to an attribute that does not exist in the item"

struct application {
    const char *old, *text, *message;
    const char *new, *touched; /* touched: of the new item; NULL: not compared */
};

static void apply(const struct application *c)
{
    struct fixture fixture;
    struct update *update;
    struct item old, new, touched;
    enum stator_rc rc;

    assert_outcome(&fixture, c->text, parse(&fixture, &update, c->text), NULL);
    old = item_of_json(&fixture.arena, c->old);
    rc = update_apply(&new, update, &old, &fixture.arena, &fixture.err);
    assert_outcome(&fixture, c->text, rc, c->message);
    assert_item_is(c->text, &old, c->old); /* the old item is left alone */
    if (rc == STATOR_OK) {
        assert_item_is(c->text, &new, c->new);
        assert_int_equal(update_touched(&touched, update, &new, &fixture.arena, &fixture.err), STATOR_OK);
        if (c->touched != NULL)
            assert_item_is(c->text, &touched, c->touched);
    }
    fixture_deinit(&fixture);
}

/* There is no item: what is removed from within something is not missed. The rest is as strict as ever. */
static void test_no_item(void **state)
{
    static const struct {
        const char *text, *message, *new;
    } cases[] = {
        {"remove x.y, l[1], z", NULL, "{\"k\":{\"S\":\"key\"}}"},
        {"remove x.y set a = :n", NULL, "{\"a\":{\"N\":\"1\"},\"k\":{\"S\":\"key\"}}"},
        {"set x.y = :n", BAD_PATH, NULL},
        {"set x[0] = k", BAD_PATH, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        struct update *update;
        struct item old, new;
        enum stator_rc rc;

        assert_outcome(&fixture, cases[i].text, parse(&fixture, &update, cases[i].text), NULL);
        old = item_of_json(&fixture.arena, "{\"k\":{\"S\":\"key\"}}");
        old.set = false;
        rc = update_apply(&new, update, &old, &fixture.arena, &fixture.err);
        assert_outcome(&fixture, cases[i].text, rc, cases[i].message);
        if (rc == STATOR_OK)
            assert_item_is(cases[i].text, &new, cases[i].new);
        fixture_deinit(&fixture);
    }
}

static void test_apply(void **state)
{
    static const struct application cases[] = {
        {"{}", "set x = :s, a = :n", NULL, "{\"a\":{\"N\":\"1\"},\"x\":{\"S\":\"x\"}}",
         "{\"a\":{\"N\":\"1\"},\"x\":{\"S\":\"x\"}}"},
        {"{\"k\":{\"S\":\"key\"}}", "set a = k", NULL, "{\"a\":{\"S\":\"key\"},\"k\":{\"S\":\"key\"}}", NULL},
        {"{\"k\":{\"S\":\"key\"}}", "remove x, y delete z :ss", NULL, "{\"k\":{\"S\":\"key\"}}", "{}"},
        /* operands see the old item */
        {"{\"a\":{\"N\":\"1\"},\"b\":{\"N\":\"2\"}}", "set a = b, b = a", NULL,
         "{\"a\":{\"N\":\"2\"},\"b\":{\"N\":\"1\"}}", NULL},
        {"{\"a\":{\"N\":\"1\"}}", "set b = a + :n, c = :n - a, a = :s", NULL,
         "{\"a\":{\"S\":\"x\"},\"b\":{\"N\":\"2\"},\"c\":{\"N\":\"0\"}}", NULL},
        {"{\"a\":{\"N\":\"1\"}}", "set x = :s, y = x", NO_OPERAND, NULL, NULL},
        /* functions */
        {"{}", "set a = if_not_exists(a, :n)", NULL, "{\"a\":{\"N\":\"1\"}}", NULL},
        {"{\"a\":{\"S\":\"y\"}}", "set a = if_not_exists(a, b.c)", NULL, "{\"a\":{\"S\":\"y\"}}", NULL},
        {"{}", "set a = if_not_exists(a, if_not_exists(b, :n)) + :n", NULL, "{\"a\":{\"N\":\"2\"}}", NULL},
        {"{\"l\":{\"L\":[{\"S\":\"y\"}]}}", "set l = list_append(:l, l)", NULL,
         "{\"l\":{\"L\":[{\"N\":\"1\"},{\"S\":\"y\"}]}}", NULL},
        {OLD, "set e = list_append(n, if_not_exists(f, :l))", BAD_OPERAND, NULL, NULL},
        {OLD, "set e = b - :n", BAD_OPERAND, NULL, NULL},
        {OLD, "set e = list_append(q, l)", NO_OPERAND, NULL, NULL},
        {"{\"a\":{\"N\":\"9" ZEROS_125 "\"}}", "set a = a + :big",
         "Number overflow. Attempting to store a number with magnitude larger than supported range", NULL, NULL},
        /* ADD and DELETE */
        {"{}", "add n :n, s :ss", NULL, "{\"n\":{\"N\":\"1\"},\"s\":{\"SS\":[\"a\"]}}", NULL},
        {"{\"n\":{\"N\":\"5\"},\"s\":{\"SS\":[\"a\",\"c\"]}}", "add n :n, s :ab", NULL,
         "{\"n\":{\"N\":\"6\"},\"s\":{\"SS\":[\"a\",\"b\",\"c\"]}}", NULL},
        {"{\"s\":{\"SS\":[\"a\",\"c\"]}}", "delete s :ab", NULL, "{\"s\":{\"SS\":[\"c\"]}}", NULL},
        {"{\"s\":{\"SS\":[\"a\"]}}", "delete s :ab", NULL, "{}", "{}"},
        {OLD, "delete s :ns", BAD_OPERAND, NULL, NULL},
        {OLD, "delete b :ns", BAD_OPERAND, NULL, NULL},
        {OLD, "delete b.a :ns", BAD_OPERAND, NULL, NULL},
        {OLD, "add b :ns", BAD_OPERAND, NULL, NULL},
        {OLD, "add s :n", BAD_OPERAND, NULL, NULL},
        /* lists: indexes are those of the old list */
        {"{\"l\":{\"L\":[{\"N\":\"0\"},{\"N\":\"1\"},{\"N\":\"2\"},{\"N\":\"3\"}]}}", "remove l[0], l[2], l[9]", NULL,
         "{\"l\":{\"L\":[{\"N\":\"1\"},{\"N\":\"3\"}]}}", NULL},
        {"{\"l\":{\"L\":[{\"N\":\"0\"},{\"N\":\"1\"}]}}", "remove l[0] set l[1] = :s, l[7] = :n, l[5] = :t", NULL,
         "{\"l\":{\"L\":[{\"S\":\"x\"},{\"BOOL\":true},{\"N\":\"1\"}]}}", NULL},
        {"{\"l\":{\"L\":[]}}", "set l[0] = :s", NULL, "{\"l\":{\"L\":[{\"S\":\"x\"}]}}", NULL},
        {"{\"l\":{\"L\":[{\"SS\":[\"a\"]},{\"N\":\"1\"}]}}", "delete l[0] :ss add l[1] :n, l[5] :n", NULL,
         "{\"l\":{\"L\":[{\"N\":\"2\"},{\"N\":\"1\"}]}}", NULL},
        /* what dynalite's authors saw on the service, UPDATED_NEW included */
        {"{\"a\":{\"S\":\"k\"},\"b\":{\"M\":{\"a\":{\"N\":\"1\"},\"b\":{\"N\":\"2\"},\"c\":{\"N\":\"3\"}}},"
         "\"c\":{\"L\":[{\"N\":\"1\"},{\"N\":\"3\"}]}}",
         "set b.c=((c[1])+(b.a)),b.a = a,c[1] = a, c[4] = b.a - b.b, c[2] = b.c add c[8] :ss, c[6] :n", NULL,
         "{\"a\":{\"S\":\"k\"},\"b\":{\"M\":{\"a\":{\"S\":\"k\"},\"b\":{\"N\":\"2\"},\"c\":{\"N\":\"4\"}}},"
         "\"c\":{\"L\":[{\"N\":\"1\"},{\"S\":\"k\"},{\"N\":\"3\"},{\"N\":\"-1\"},{\"N\":\"1\"},{\"SS\":[\"a\"]}]}}",
         "{\"b\":{\"M\":{\"a\":{\"S\":\"k\"},\"c\":{\"N\":\"4\"}}},\"c\":{\"L\":[{\"S\":\"k\"},{\"N\":\"3\"},"
         "{\"N\":\"1\"}]}}"},
        /* paths that lead nowhere */
        {"{}", "set b.a = :s", BAD_PATH, NULL, NULL},
        {OLD, "set n.a = :s, #1 = :s", BAD_PATH, NULL, NULL},
        {OLD, "set b[1] = :s", BAD_PATH, NULL, NULL},
        {OLD, "set l.#1 = :s", BAD_PATH, NULL, NULL},
        {OLD, "remove y[1] set #1 = :s", BAD_PATH, NULL, NULL},
        {OLD, "remove l.#1", BAD_PATH, NULL, NULL},
        {OLD, "delete y.a :ss", BAD_PATH, NULL, NULL},
        {OLD, "add b.q.r :ss", BAD_PATH, NULL, NULL},
        {OLD, "set l[9].x = :s", BAD_PATH, NULL, NULL},
        {"{\"b\":{\"M\":{\"a\":{\"N\":\"1\"}}}}", "remove b.a", NULL, "{\"b\":{\"M\":{}}}", "{}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        apply(&cases[i]);
}

/* The figures of the service: tests/tier3/limits/itemSizeBySurface of the public conformance suite. */
static void test_cost(void **state)
{
    static const struct {
        const char *old, *text;
        size_t bytes;
    } cases[] = {
        {"{}", "set b = :s", 3 + 19 + 1 + 1},
        {"{}", "set #a = :s", 3 + 19 + 1 + 1},
        {"{}", "set d.leaf = :s", 3 + 19 + 1 + 4 + 4 + 1},
        {"{}", "set d[10] = :s", 3 + 19 + 1 + 4 + 2 + 1},
        {"{}", "set c = m.a.z", 3 + 19 + 1 + 1 + 3 * 15},
        {"{}", "set c = l[10]", 3 + 19 + 1 + 1 + 15 + 16},
        {"{}", "set l = list_append(l, :l)", 3 + 19 + 1 + 37 + 16 + 3 + 1 + 2},
        {"{}", "set n = n + :n", 3 + 19 + 1 + 34 + 16 + 2},
        {"{}", "set n = n - :n", 3 + 19 + 1 + 37 + 16 + 2},
        {"{}", "set c = if_not_exists(c, :s)", 3 + 19 + 1 + 39 + 16 + 1},
        {"{}", "add abcdefghij :n", 3 + 19 + 10 + 2},
        {"{}", "add ss :ab", 3 + 19 + 2 + 2},
        {"{\"ss\":{\"SS\":[\"a\"]}}", "add ss :ab", 3 + 19 + 2 + 1},
        {"{}", "remove r", 3 + 1 + 1},
        {"{}", "remove l[10]", 3 + 1 + 1 + 4 + 2},
        {"{}", "delete ss :ab", 3 + 1 + 2},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        struct update *update;
        struct item old;

        assert_outcome(&fixture, cases[i].text, parse(&fixture, &update, cases[i].text), NULL);
        old = item_of_json(&fixture.arena, cases[i].old);
        if (update_statement_bytes(update, &old) != cases[i].bytes)
            fail_msg("%s: %zu instead of %zu", cases[i].text, update_statement_bytes(update, &old), cases[i].bytes);
        fixture_deinit(&fixture);
    }
}

/* Each allocation fails once: an error, nothing worse. */
static void test_memory(void **state)
{
    static const char text[] =
        "set b.a = b.b + :n, l[7] = list_append(l, :l), #a = if_not_exists(q, :s) remove b.b, l[0] "
        "add s :ab delete t :ss";
    bool done = false;

    (void)state;
    for (size_t bytes = 0; !done; bytes += 8) {
        struct fixture fixture;
        struct update *update;
        struct item old, new, touched;
        enum stator_rc rc;

        assert_true(bytes < 65536);
        fixture_init(&fixture, NAMES, VALUES);
        old = item_of_json(&fixture.arena, OLD);
        fixture.arena.max_bytes = fixture.arena.used_bytes + bytes;
        rc = expr_parse_update(&update, bytes_of_string(text), &fixture.placeholders, &fixture.arena, &fixture.err);
        if (rc == STATOR_OK)
            rc = update_apply(&new, update, &old, &fixture.arena, &fixture.err);
        if (rc == STATOR_OK)
            rc = update_touched(&touched, update, &new, &fixture.arena, &fixture.err);
        assert_true(rc == STATOR_OK || rc == STATOR_NO_MEMORY);
        done = rc == STATOR_OK;
        fixture_deinit(&fixture);
    }
}

/* What is made ends soon after the item's limit, whatever the statement asks for; other faults are told before. */
static void test_growth(void **state)
{
    static const struct {
        size_t count; /* of members that take a byte each, in l */
        const char *text;
        bool cut;
        const char *message;
    } cases[] = {
        {204000, "SET l = list_append(l, l)", false, NULL},
        {205000, "SET l = list_append(l, l)", true, NULL},
        {140000, "SET a = list_append(l, l), b = list_append(l, l), c = list_append(l, l), #a1 = l, #a2 = l", true,
         NULL},
        {140000, "SET a = l, b = l", false, NULL},
        {140000, "SET a = l, b = l, c = l", true, NULL},
        {140000, "SET a = l, b = list_append(l, l), c = list_append(l, k)", true,
         "An operand in the update expression has an incorrect data type"},
        {140000, "SET a = l, b = l, c = l, k.x = :n", true,
         "The document path provided in the update expression is invalid for update"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct value *members = calloc(cases[i].count, sizeof(*members));
        struct attribute attributes[] = {{BYTES("k"), {.type = VALUE_S, .text = BYTES("x")}},
                                         {BYTES("l"), {.type = VALUE_L, .count = cases[i].count, .members = members}}};
        const struct item old = {.attributes = attributes, .count = 2, .set = true};
        struct update *update;
        struct fixture fixture;
        struct item new;
        enum stator_rc rc;

        for (size_t m = 0; m < cases[i].count; m++)
            members[m] = (struct value){.type = VALUE_S, .text = BYTES("")};
        fixture_init(&fixture, "#a1=a1 #a2=a2", "{\":n\":{\"N\":\"1\"}}");
        fixture.arena.max_bytes = (size_t)21 << 20; /* one list of the limit */
        rc = expr_parse_update(&update, bytes_of_string(cases[i].text), &fixture.placeholders, &fixture.arena,
                               &fixture.err);
        assert_int_equal(rc, STATOR_OK);
        rc = update_apply(&new, update, &old, &fixture.arena, &fixture.err);
        assert_outcome(&fixture, cases[i].text, rc, cases[i].message);
        if (cases[i].message == NULL)
            assert_int_equal(new.cut, cases[i].cut);
        fixture_deinit(&fixture);
        free(members);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_messages), cmocka_unit_test(test_apply),
                                       cmocka_unit_test(test_no_item),  cmocka_unit_test(test_cost),
                                       cmocka_unit_test(test_memory),   cmocka_unit_test(test_growth)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
