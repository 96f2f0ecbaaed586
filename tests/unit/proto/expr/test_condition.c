/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/proto/expr/expr_unit.h"

#define P "Invalid FilterExpression: "
#define VALUES                                                                                                         \
    "{\":s\":{\"S\":\"x\"},\":n\":{\"N\":\"1\"},\":b\":{\"B\":\"YQ==\"},\":t\":{\"BOOL\":true},\":z\":{\"NULL\":true}" \
    ","                                                                                                                \
    "\":l\":{\"L\":[]},\":m\":{\"M\":{}},\":ss\":{\"SS\":[\"a\"]},\":n2\":{\"N\":\"2\"},\":s2\":{\"S\":\"NULL\"}}"
#define NAMES "#a=a #b=b"

struct sample {
    const char *text;
    const char *message; /* NULL: accepted */
};

static void run(const struct sample *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct fixture fixture;
        const struct expr *expr;
        enum stator_rc rc;

        fixture_init(&fixture, NAMES, VALUES);
        rc = expr_parse_condition(&expr, bytes_of_string(cases[i].text), EXPR_LANGUAGE_FILTER, &fixture.placeholders,
                                  &fixture.arena, &fixture.err);
        assert_outcome(&fixture, cases[i].text, rc, cases[i].message);
        assert_int_equal(expr != NULL, rc == STATOR_OK);
        fixture_deinit(&fixture);
    }
}

#define SYNTAX(token, near) P "Syntax error; token: \"" token "\", near: \"" near "\""

static void test_syntax(void **state)
{
    static const struct sample cases[] = {
        {"", P "The expression can not be empty;"},
        {"things are not gonna be ok", SYNTAX("are", "things are not")},
        {"a > 4", SYNTAX("4", "> 4")},
        {"attribute_exists(Pictures-RearView)", SYNTAX("-", "Pictures-RearView")},
        {"attribute_exists(\"Pictures.RearView\")", SYNTAX("\"", "(\"Pictures")},
        {"attribute_exists(Pictures..RearView)", SYNTAX(".", "..RearView")},
        {"attribute_exists(Pi#ctures.RearView)", SYNTAX("#ctures", "Pi#ctures.")},
        {"attribute_exists(asdf[a])", SYNTAX("a", "[a]")},
        {"attribute_not_exists(", SYNTAX("<EOF>", "(")},
        {"a.:a < b.:b", SYNTAX(":a", ".:a <")},
        {"a in b, c", SYNTAX("b", "in b,")},
        {"a > between", SYNTAX("between", "> between")},
        {"a in b", SYNTAX("b", "in b")},
        {"a in (b,c,)", SYNTAX(")", ",)")},
        {"a in ()", SYNTAX(")", "()")},
        {"(a)between(b.(c.d))and(c)", SYNTAX("(", ".(c")},
        {"(a)between(b.c.d)and((c)", SYNTAX("<EOF>", ")")},
        {"#$.b > a", SYNTAX("#", "#$")},
        {"a > :things.stuff", SYNTAX(".", ":things.stuff")},
        {"b[:a] > a", SYNTAX(":a", "[:a]")},
        {"b[#_] > a", SYNTAX("#_", "[#_]")},
        {"\xc3\xbc > a", SYNTAX("\xc3\xbc", "\xc3\xbc >")},
        {"(a)between(b.c[4.5].#d)and(:a)", SYNTAX(".", "4.5")},
        {"size(a).b > a", SYNTAX(".", ").b")},
        {"(size(a)).b > a", SYNTAX(".", ").b")},
        {"size(a)[0] > a", SYNTAX("[", ")[0")},
        {"foo", SYNTAX("<EOF>", "foo")},
        {"a+:delta<b", SYNTAX("+", "a+:delta")},
        {"a-b", SYNTAX("-", "a-b")},
        {"a = b = c", SYNTAX("=", "b = c")},
        {"a = (b = c)", SYNTAX("=", "b = c")},
        {"(a = b", SYNTAX("<EOF>", "b")},
        {"a = b)", SYNTAX(")", "b)")},
        {"(a) AND b = c", SYNTAX("AND", ") AND b")},
        {"NOT a", SYNTAX("<EOF>", "a")},
        {"a = NOT b", SYNTAX("NOT", "= NOT b")},
        {"a = b AND", SYNTAX("<EOF>", "AND")},
        {"AND", SYNTAX("AND", "AND")},
        {"size()", SYNTAX(")", "()")},
    };

    (void)state;
    run(cases, COUNT_OF(cases));
}

static void test_whole_text(void **state)
{
    static const struct sample cases[] = {
        {"a=a and a > ((views))", P "The expression has redundant parentheses;"},
        {"(a)between(((b.c)).d)and(c)", P "The expression has redundant parentheses;"},
        {"a > whatever((:things), ((a)))", P "The expression has redundant parentheses;"},
        {"a=a AND ((a=a AND a=a)) AND a=a", P "The expression has redundant parentheses;"},
        {"a=a OR ((a=a OR (a=a OR a=a)))", P "The expression has redundant parentheses;"},
        {"((a = :s))", P "The expression has redundant parentheses;"},
        {"a[2147483648] = status", P "List index is not within the allowable range; index: [2147483648]"},
        {"a[2147483647] = :s", NULL},
        {"if_not_exists(a, a) = :s",
         P "The function is not allowed in a condition expression; function: if_not_exists"},
        {"a=a and whatever((:things)) > a", P "Invalid function name; function: whatever"},
        {"attRIbute_exIsts((views), #a)", P "Invalid function name; function: attRIbute_exIsts"},
        {"a=a and attribute_exists((views), (#a)) > b",
         P "The function is not allowed to be used this way in an expression; function: attribute_exists"},
        {"size(contains(a, b)) > a",
         P "The function is not allowed to be used this way in an expression; function: contains"},
        {"size(things)", P "The function is not allowed to be used this way in an expression; function: size"},
        {"not size(things)", P "The function is not allowed to be used this way in an expression; function: size"},
        {"a between b and attribute_exists(things)",
         P "The function is not allowed to be used this way in an expression; function: attribute_exists"},
        {"a in (b, attribute_exists(things))",
         P "The function is not allowed to be used this way in an expression; function: attribute_exists"},
        {"attribute_exists(views, #x)", P "Attribute name is a reserved keyword; reserved keyword: views"},
        {":a < abOrT", P "Attribute name is a reserved keyword; reserved keyword: abOrT"},
        {"b.date = :s", P "Attribute name is a reserved keyword; reserved keyword: date"},
    };

    (void)state;
    run(cases, COUNT_OF(cases));
}

#define UNDEFINED_NAME  P "An expression attribute name used in the document path is not defined; attribute name: "
#define UNDEFINED_VALUE P "An expression attribute value used in expression is not defined; attribute value: "
#define OPERANDS(name, count)                                                                                          \
    P "Incorrect number of operands for operator or function; operator or function: " name                             \
      ", number of operands: " count
#define DISTINCT(name, path)                                                                                           \
    P "The first operand must be distinct from the remaining operands for this operator or function; operator: " name  \
      ", first operand: " path
#define TYPE(name, type)                                                                                               \
    P "Incorrect operand type for operator or function; operator or function: " name ", operand type: " type

static void test_each_condition(void **state)
{
    static const struct sample cases[] = {
        {"attribute_exists(#Pictures.RearView, :a) and a=a", UNDEFINED_NAME "#Pictures"},
        {"begins_with(Pictures.#RearView)", UNDEFINED_NAME "#RearView"},
        {"(#P between :lo and :hi) and (#PC in (:cat1, :cat2))", UNDEFINED_NAME "#P"},
        {"(a)between(b.c[45].#d)and(:a)", UNDEFINED_NAME "#d"},
        {"begins_with(:hello, #a, #b)", UNDEFINED_VALUE ":hello"},
        {":a < :b", UNDEFINED_VALUE ":a"},
        {"attribute_exists(things, a) and a=a", OPERANDS("attribute_exists", "2")},
        {"begins_with(things, size(a), b)", OPERANDS("begins_with", "3")},
        {"size(things, a) > b", OPERANDS("size", "2")},
        {"a = a AND #a = b AND :views > a", DISTINCT("=", "[a]")},
        {"#a <> a", DISTINCT("<>", "[a]")},
        {"contains(ab.bc[1].a, ab.bc[1].#a)", DISTINCT("contains", "[ab, bc, [1], a]")},
        {":s > :s", NULL},
        {"attribute_type(a, size(a)) and a=a and a=:n", TYPE("attribute_type", "N")},
        {"attribute_type(a, :n)", TYPE("attribute_type", "N")},
        {"attribute_type(a, b)", TYPE("attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")},
        {"attribute_type(a, :s)",
         P "Invalid attribute type name found; type: x, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"},
        {"attribute_type(a, :s2)", NULL},
        {"begins_with(a, size(a)) and a=:n", TYPE("begins_with", "N")},
        {"begins_with(:t, a)", TYPE("begins_with", "BOOL")},
        {"begins_with(a, :b)", NULL},
        {"size(size(a)) > :n", TYPE("size", "N")},
        {"attribute_not_exists(size(:n))", TYPE("size", "N")},
        {"size(:z) > a", TYPE("size", "NULL")},
        {"attribute_exists(:s) and a=a", P "Operator or function requires a document path; operator or function: "
                                           "attribute_exists"},
        {"attribute_not_exists(size(:s))", P "Operator or function requires a document path; operator or function: "
                                             "attribute_not_exists"},
        {"a < :t", TYPE("<", "BOOL")},
        {":m >= a", TYPE(">=", "M")},
        {"a = :m", NULL},
        {"a between :t and :t", TYPE("BETWEEN", "BOOL")},
        {"a between :n and :s",
         P "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: "
           "AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:x}"},
        {"a between :n2 and :n",
         P "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound "
           "operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}"},
        {"a between :b and :n",
         P "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: "
           "AttributeValue: {B:YQ==}, upper bound operand: AttributeValue: {N:1}"},
        {"a between :n and :n2", NULL},
        /* the condition written first is looked at first */
        {"begins_with(a, :n) AND b = :missing", TYPE("begins_with", "N")},
        {"b = :missing AND begins_with(a, :n)", UNDEFINED_VALUE ":missing"},
    };

    (void)state;
    run(cases, COUNT_OF(cases));
}

static void test_accepted(void **state)
{
    static const struct sample cases[] = {
        {"((a=:s) OR (b=:s)) AND NOT (c = :s OR NOT d = :s)", NULL},
        {"(size(a)) = :n AND ((size(b)) = :n)", NULL},
        {"(a)between(b.c.d)and(c)", NULL},
        {"(b.c).d[1] > :n", NULL},
        {"a IN(:s,(:n),#b)", NULL},
        {"attribute_exists((#a))", NULL},
        {"a between :n and :n2 and b = :s", NULL},
        {"not(a=:s)and(not b=:s)", NULL},
        {"attribute_exists (#a.b [ 1 ] . c)", NULL},
    };

    (void)state;
    run(cases, COUNT_OF(cases));
}

/* --- Limits ------------------------------------------------------------------------------------------------------- */

static void parse_as(enum expr_language language, const char *text, size_t len, const char *message)
{
    struct fixture fixture;
    const struct expr *expr;
    enum stator_rc rc;

    fixture_init(&fixture, NAMES, VALUES);
    rc =
        expr_parse_condition(&expr, bytes_of(text, len), language, &fixture.placeholders, &fixture.arena, &fixture.err);
    assert_outcome(&fixture, "long text", rc, message);
    fixture_deinit(&fixture);
}

static void parse_long(const char *text, size_t len, const char *message)
{
    parse_as(EXPR_LANGUAGE_FILTER, text, len, message);
}

static size_t repeat(char *out, const char *first, const char *again, size_t count)
{
    size_t len = strlen(first);

    memcpy(out, first, len + 1);
    for (size_t i = 0; i < count; i++, len += strlen(again))
        memcpy(out + len, again, strlen(again) + 1);
    return len;
}

static void test_limits(void **state)
{
    static char text[8192];
    size_t len;

    (void)state;
    len = repeat(text, "attribute_exists(a", "a", 4096 - 19);
    text[len++] = ')';
    parse_long(text, len, NULL);
    len = repeat(text, "attribute_exists(a", "a", 4097 - 19);
    text[len++] = ')';
    parse_long(text, len, P "Expression size has exceeded the maximum allowed size; expression size: 4097");

    parse_as(EXPR_LANGUAGE_KEY_CONDITION, text, len,
             "Invalid KeyConditionExpression: Expression size has exceeded the maximum allowed size;");

    parse_long(text, repeat(text, "a=:s", " OR a=:s", 149), NULL); /* 299 operators */
    parse_long(text, repeat(text, "NOT a=:s", " OR a=:s", 149), NULL);
    parse_long(text, repeat(text, "a=:s", " OR a=:s", 150),
               P "The expression contains too many operators; operator count: 301");
    parse_long(text, repeat(text, "a=:s", " OR a=:s", 450),
               P "The expression contains too many operators; operator count: 301");
    parse_long(text, repeat(text, "a=a", " OR a=:s", 450), DISTINCT("=", "[a]"));
    parse_long(text, repeat(text, "a in (:s", ",:s", 99), SYNTAX("<EOF>", ":s"));
    len = repeat(text, "a in (:s", ",:s", 99);
    text[len++] = ')';
    parse_long(text, len, NULL);
    len = repeat(text, "a in (:s", ",:s", 100);
    text[len++] = ')';
    parse_long(text, len, P "The IN operator is provided with too many operands; number of operands: 101");
}

/* No nesting reaches the thread's stack. */
static void test_depth(void **state)
{
    static char text[8192];

    (void)state;
    parse_long(text, repeat(text, "", "(", 4096), SYNTAX("<EOF>", "("));
    parse_long(text, repeat(text, "", "NOT ", 1024), SYNTAX("<EOF>", "NOT"));
    parse_long(text, repeat(text, "", "f(", 2048), SYNTAX("<EOF>", "("));
    repeat(text, "a < ", "f(", 1355);
    strcat(text, "b");
    memset(text + 4 + 2 * 1355 + 1, ')', 1355);
    parse_long(text, 4 + 3 * 1355 + 1, P "Invalid function name; function: f");
    repeat(text, "a < ", "size(", 680);
    strcat(text, "b");
    memset(text + 4 + 5 * 680 + 1, ')', 680);
    parse_long(text, 4 + 6 * 680 + 1, TYPE("size", "N"));
    repeat(text, "", "(", 2000);
    strcat(text, "a=:s");
    memset(text + 2004, ')', 2000);
    parse_long(text, 4004, P "The expression has redundant parentheses;");
}

/* --- Trees -------------------------------------------------------------------------------------------------------- */

static void show(struct buf *buf, const struct expr *expr)
{
    static const char *const names[] = {
        [EXPR_SIZE] = "size", [EXPR_EQ] = "=",  [EXPR_LT] = "<",    [EXPR_BETWEEN] = "between",        [EXPR_IN] = "in",
        [EXPR_AND] = "and",   [EXPR_OR] = "or", [EXPR_NOT] = "not", [EXPR_ATTRIBUTE_EXISTS] = "exists"};

    if (expr->type == EXPR_PATH) {
        for (size_t i = 0; i < expr->path.count; i++) {
            const struct path_element *element = &expr->path.elements[i];

            if (!bytes_present(element->name))
                buf_printf(buf, "[%u]", element->index);
            else
                buf_printf(buf, "%s%.*s", i == 0 ? "" : ".", BYTES_ARG(element->name));
        }
        return;
    }
    if (expr->type == EXPR_VALUE) {
        value_write(buf, expr->value);
        return;
    }
    buf_printf(buf, "(%s", names[expr->type]);
    for (size_t i = 0; i < expr->child_count; i++) {
        buf_append_byte(buf, ' ');
        show(buf, expr->children[i]);
    }
    buf_append_byte(buf, ')');
}

static void test_trees(void **state)
{
    static const struct {
        const char *text, *tree;
    } cases[] = {
        {"a=:n or b=:n and not c=:n and d=:n",
         "(or (= a {\"N\":\"1\"}) (and (and (= b {\"N\":\"1\"}) (not (= c {\"N\":\"1\"}))) (= d {\"N\":\"1\"})))"},
        {"(a=:n or b=:n) and c=:n", "(and (or (= a {\"N\":\"1\"}) (= b {\"N\":\"1\"})) (= c {\"N\":\"1\"}))"},
        {"not (a=:n and b=:n)", "(not (and (= a {\"N\":\"1\"}) (= b {\"N\":\"1\"})))"},
        {"x between #a.b[2] and (size(c)) and d < :n", "(and (between x a.b[2] (size c)) (< d {\"N\":\"1\"}))"},
        {"x in (#b, (y.z).#b[0].q)", "(in x b y.z.b[0].q)"},
        {"attribute_exists(x) or not attribute_exists(y)", "(or (exists x) (not (exists y)))"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        const struct expr *expr;
        struct buf buf;

        fixture_init(&fixture, NAMES, VALUES);
        buf_init(&buf, 4096);
        assert_int_equal(expr_parse_condition(&expr, bytes_of_string(cases[i].text), EXPR_LANGUAGE_CONDITION,
                                              &fixture.placeholders, &fixture.arena, &fixture.err),
                         STATOR_OK);
        show(&buf, expr);
        assert_bytes_are(buf_bytes(&buf), cases[i].tree);
        buf_deinit(&buf);
        fixture_deinit(&fixture);
    }
}

static void test_uses(void **state)
{
    const struct bytes names[] = {BYTES("q"), BYTES("b")};
    struct fixture fixture;
    const struct expr *expr;

    (void)state;
    fixture_init(&fixture, NAMES, VALUES);
    assert_int_equal(expr_parse_condition(&expr, BYTES("x.q = :n AND (size(#b.c) = :n OR q = :n)"),
                                          EXPR_LANGUAGE_FILTER, &fixture.placeholders, &fixture.arena, &fixture.err),
                     STATOR_OK);
    assert_bytes_are(expr_uses_any(expr, names, 2), "b");
    assert_bytes_are(expr_uses_any(expr, names, 1), "q");
    assert_false(bytes_present(expr_uses_any(expr, names, 0)));
    fixture_deinit(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_syntax),         cmocka_unit_test(test_whole_text),
                                       cmocka_unit_test(test_each_condition), cmocka_unit_test(test_accepted),
                                       cmocka_unit_test(test_limits),         cmocka_unit_test(test_depth),
                                       cmocka_unit_test(test_trees),          cmocka_unit_test(test_uses)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
