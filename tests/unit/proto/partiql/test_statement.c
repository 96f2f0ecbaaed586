/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/proto/expr/expr_unit.h"

#include "partiql/partiql.h"
#include "value/number.h"

/* --- Trees as text ------------------------------------------------------------------------------------------------ */

static void write_path(struct buf *out, const struct path *path)
{
    for (size_t i = 0; i < path->count; i++) {
        const struct path_element *element = &path->elements[i];

        if (bytes_present(element->name))
            buf_printf(out, "%s%.*s", i == 0 ? "" : ".", BYTES_ARG(element->name));
        else
            buf_printf(out, "[%u]", element->index);
    }
}

/* "(= a {...})" */
static void write_expr(struct buf *out, const struct expr *expr)
{
    static const char *const names[] = {
        [EXPR_SIZE] = "size",
        [EXPR_EQ] = "=",
        [EXPR_NE] = "<>",
        [EXPR_LT] = "<",
        [EXPR_LE] = "<=",
        [EXPR_GT] = ">",
        [EXPR_GE] = ">=",
        [EXPR_BETWEEN] = "between",
        [EXPR_IN] = "in",
        [EXPR_AND] = "and",
        [EXPR_OR] = "or",
        [EXPR_NOT] = "not",
        [EXPR_CONTAINS] = "contains",
        [EXPR_ATTRIBUTE_EXISTS] = "exists",
        [EXPR_PLUS] = "+",
        [EXPR_ATTRIBUTE_NOT_EXISTS] = "missing",
        [EXPR_MINUS] = "-",
        [EXPR_ATTRIBUTE_TYPE] = "type",
        [EXPR_LIST_APPEND] = "append",
        [EXPR_BEGINS_WITH] = "begins",
    };

    if (expr->type == EXPR_PATH) {
        write_path(out, &expr->path);
    } else if (expr->type == EXPR_VALUE) {
        value_write(out, expr->value);
    } else {
        buf_printf(out, "(%s", names[expr->type]);
        for (size_t i = 0; i < expr->child_count; i++) {
            buf_append_byte(out, ' ');
            write_expr(out, expr->children[i]);
        }
        buf_append_byte(out, ')');
    }
}

static void write_update(struct buf *out, const struct update *update)
{
    static const char *const names[] = {
        [UPDATE_SET] = "set", [UPDATE_REMOVE] = "remove", [UPDATE_ADD] = "add", [UPDATE_DELETE] = "delete"};

    for (size_t i = 0; i < update->count; i++) {
        buf_printf(out, " %s ", names[update->clauses[i].action]);
        write_path(out, &update->clauses[i].path);
        if (update->clauses[i].operand != NULL) {
            buf_append_byte(out, ' ');
            write_expr(out, update->clauses[i].operand);
        }
    }
}

static void write_columns(struct buf *out, const struct projection *projection)
{
    for (size_t i = 0; i < projection->count; i++) {
        buf_append_byte(out, ' ');
        write_path(out, &projection->paths[i]);
        buf_printf(out, ":%.*s", BYTES_ARG(projection->columns[i]));
    }
}

static void write_statement(struct buf *out, const struct partiql_statement *statement)
{
    static const char *const names[] = {"select", "insert", "update", "delete", "exists"};
    static const char *const returning[] = {"", " all old", " all new", " modified old", " modified new"};

    buf_printf(out, "%s %.*s", names[statement->what], BYTES_ARG(statement->table));
    if (bytes_present(statement->index))
        buf_printf(out, "/%.*s", BYTES_ARG(statement->index));
    if (statement->projection != NULL)
        write_columns(out, statement->projection);
    if (statement->what == PARTIQL_INSERT) {
        buf_append_byte(out, ' ');
        item_write(out, &statement->item);
    }
    if (statement->update != NULL)
        write_update(out, statement->update);
    if (statement->where != NULL) {
        buf_append_literal(out, " where ");
        write_expr(out, statement->where);
    }
    for (size_t i = 0; i < statement->order_count; i++)
        buf_printf(out, "%s%.*s%s", i == 0 ? " order " : ",", BYTES_ARG(statement->order[i].text),
                   statement->order[i].descending ? "-" : "");
    buf_printf(out, "%s", returning[statement->returning]);
}

/* --- Cases -------------------------------------------------------------------------------------------------------- */

/* One parameter: {"N":"7"}. */
static enum stator_rc read(struct partiql_statement *out, const char *text, struct arena *arena,
                           struct stator_error *err)
{
    static const struct value seven = {.type = VALUE_N, .text = {(const uint8_t *)"7", 1}};
    enum stator_rc rc = partiql_read(out, bytes_of_string(text), arena, err);

    return rc != STATOR_OK ? rc : partiql_understand(out, &seven, 1, arena, err);
}

struct case_ {
    const char *text, *outcome;
};

static void assert_reads_as(const struct case_ *c)
{
    struct partiql_statement statement;
    struct stator_error err;
    struct arena arena;
    struct buf out;

    arena_init(&arena, (size_t)16 << 20);
    buf_init(&out, 1 << 20);
    if (read(&statement, c->text, &arena, &err) != STATOR_OK)
        fail_msg("%s: %s", c->text, err.message);
    write_statement(&out, &statement);
    if (!bytes_equal_string(buf_bytes(&out), c->outcome))
        fail_msg("%s:\n     got %.*s\nexpected %s", c->text, BYTES_ARG(buf_bytes(&out)), c->outcome);
    buf_deinit(&out);
    arena_deinit(&arena);
}

static void test_understood(void **state)
{
    static const struct case_ cases[] = {
        {"SELECT * FROM t", "select t"},
        {"select * from \"t\".\"i\";", "select t/i"},
        {"SELECT ALL a, m.b, l[1], m.l[0][2], \"x y\" FROM t",
         "select t a:a m.b:b l[1]:l[1] m.l[0][2]:l[0][2] x y:x y"},
        {"SELECT a FROM t WHERE a = 1 ORDER BY a DESC, b ASC, c",
         "select t a:a where (= a {\"N\":\"1\"}) order a-,b,c"},
        {"SELECT * FROM t WHERE a = 1 AND b = 2 AND c = 3",
         "select t where (and (= a {\"N\":\"1\"}) (= b {\"N\":\"2\"}) (= c {\"N\":\"3\"}))"},
        {"SELECT * FROM t WHERE a = 1 OR b = 2 AND NOT c = 3",
         "select t where (or (= a {\"N\":\"1\"}) (and (= b {\"N\":\"2\"}) (not (= c {\"N\":\"3\"}))))"},
        {"SELECT * FROM t WHERE (a = 1 AND b = 2) AND (c = 3)",
         "select t where (and (and (= a {\"N\":\"1\"}) (= b {\"N\":\"2\"})) (= c {\"N\":\"3\"}))"},
        {"SELECT * FROM t WHERE NOT a = 1 = true", "select t where (not (= (= a {\"N\":\"1\"}) {\"BOOL\":true}))"},
        {"SELECT * FROM t WHERE a BETWEEN - - 1 AND ? AND b NOT BETWEEN 'x' AND 'y'",
         "select t where (and (between a {\"N\":\"1\"} {\"N\":\"7\"}) (not (between b {\"S\":\"x\"} {\"S\":\"y\"})))"},
        {"SELECT * FROM t WHERE a IN [1, 'x'] OR a IN (2) OR a NOT IN (3, 4)",
         "select t where (or (in a {\"N\":\"1\"} {\"S\":\"x\"}) (in a {\"N\":\"2\"}) (not (in a {\"N\":\"3\"} "
         "{\"N\":\"4\"})))"},
        {"SELECT * FROM t WHERE a IS MISSING AND b IS NOT NULL AND c IS bool AND d IS LIST",
         "select t where (and (missing a) (not (type b {\"S\":\"NULL\"})) (type c {\"S\":\"BOOL\"}) (type d "
         "{\"S\":\"L\"}))"},
        {"SELECT * FROM t WHERE SIZE(a.b) > 3 AND Begins_With(\"a\", 'x') AND contains(l[0], null)",
         "select t where (and (> (size a.b) {\"N\":\"3\"}) (begins a {\"S\":\"x\"}) (contains l[0] {\"NULL\":true}))"},
        {"SELECT * FROM t WHERE 1 < a AND a <> b", "select t where (and (< {\"N\":\"1\"} a) (<> a b))"},
        {"INSERT INTO t VALUE {'b': [1, {'x': <<'q', 'p'>>}], 'a': ?, 'c': <<2, 10>>, 'a': true}",
         "insert t {\"a\":{\"BOOL\":true},\"b\":{\"L\":[{\"N\":\"1\"},{\"M\":{\"x\":{\"SS\":[\"p\",\"q\"]}}}]},"
         "\"c\":{\"NS\":[\"2\",\"10\"]}}"},
        {"INSERT INTO t VALUE {}", "insert t {}"},
        {"UPDATE t SET a = 1, b.c[0] = d SET e = e - 1 REMOVE f REMOVE g[1] WHERE k = ?",
         "update t set a {\"N\":\"1\"} set b.c[0] d set e (- e {\"N\":\"1\"}) remove f remove g[1] where (= k "
         "{\"N\":\"7\"})"},
        {"UPDATE t SET a = set_add(a, <<1>>), b = SET_DELETE(b, <<'x'>>), c = list_append([1], c) RETURNING MODIFIED "
         "NEW *",
         "update t add a {\"NS\":[\"1\"]} delete b {\"SS\":[\"x\"]} set c (append {\"L\":[{\"N\":\"1\"}]} c) modified "
         "new"},
        {"FROM t WHERE k = 1 SET a = 2 REMOVE b RETURNING ALL OLD *",
         "update t set a {\"N\":\"2\"} remove b where (= k {\"N\":\"1\"}) all old"},
        {"DELETE FROM t WHERE k = 1 RETURNING ALL OLD *", "delete t where (= k {\"N\":\"1\"}) all old"},
        {"DELETE FROM t RETURNING ALL OLD *", "delete t all old"},
        {"EXISTS(SELECT * FROM t WHERE k = 1)", "exists t where (= k {\"N\":\"1\"})"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_reads_as(&cases[i]);
}

static void assert_refused(const struct case_ *c)
{
    struct partiql_statement statement;
    struct stator_error err = {0};
    struct arena arena;

    arena_init(&arena, (size_t)16 << 20);
    if (read(&statement, c->text, &arena, &err) != STATOR_VALIDATION)
        fail_msg("%s: not refused", c->text);
    if (strcmp(err.message, c->outcome) != 0)
        fail_msg("%s:\n     got %s\nexpected %s", c->text, err.message, c->outcome);
    arena_deinit(&arena);
}

#define FORM "Statement wasn't well formed, can't be processed: "

static void test_malformed(void **state)
{
    static const struct case_ cases[] = {
        {"", FORM "Unexpected term"},
        {"foo bar", FORM "Unexpected token after expression"},
        {"NOT A STATEMENT", FORM "Unexpected token after expression"},
        {"SELECT * FROM t; SELECT * FROM t", FORM "Unexpected token after semicolon. (Only one query is allowed.)"},
        {"SELECT * t", FORM "Expected FROM after SELECT list"},
        {"SELECT *, a FROM t",
         FORM "Other expressions may not be present in the select list when '*' is used without dot notation."},
        {"SELECT key FROM t", FORM "Unexpected keyword"},
        {"SELECT a. FROM t", FORM "Invalid path dot component"},
        {"SELECT * FROM t WHERE a BETWEEN 1 OR 2", FORM "Expected keyword: and"},
        {"SELECT * FROM t WHERE a BETWEEN 1 AND", FORM "Expected expression after AND"},
        {"SELECT * FROM t WHERE f(a", FORM "Expected RIGHT_PAREN"},
        {"SELECT * FROM t WHERE a = [1", FORM "Expected RIGHT_BRACKET"},
        {"SELECT * FROM t WHERE a = <<1", FORM "Expected RIGHT_DOUBLE_ANGLE_BRACKET"},
        {"SELECT * FROM t WHERE a = {'x' 1}", FORM "Expected COLON"},
        {"INSERT INTO t VALUE {'x': 1", FORM "Expected RIGHT_CURLY"},
        {"INSERT t VALUE {}", FORM "Unexpected keyword"},
        {"UPDATE t SET a 1", FORM "Expected '='"},
        {"UPDATE t WHERE a = 1", FORM "Expected data manipulation"},
        {"UPDATE t SET a.* = 1", FORM "Invalid path dot component for simple path"},
        {"UPDATE t REMOVE a[*]", FORM "Invalid path component for simple path"},
        {"DELETE t", FORM "Expected FROM after DELETE"},
        {"SELECT * FROM t AS 1", FORM "Expected identifier for AS-alias"},
        {"UPDATE t AT 1 SET a = 1", FORM "Expected identifier for AT-alias"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_refused(&cases[i]);
}

static void test_refused(void **state)
{
    static const struct case_ cases[] = {
        {"a", "Unsupported operation: Id"},
        {"1 + 2", "Unsupported operation: Plus"},
        {"a IS INT4", "Unsupported operation: IsType"},
        {"exists(1)", "Unsupported operation: Call"},
        {"SELECT DISTINCT a FROM t", "Unsupported clause: DISTINCT at 1:8:8"},
        {"SELECT a FROM t GROUP BY a", "Unsupported clause: GROUP at 1:26:1"},
        {"SELECT a.* FROM t", "Unexpected path component at 1:10:1"},
        {"SELECT l['x'] FROM t", "Unexpected path component at 1:10:3"},
        {"SELECT l[1.5] FROM t", "Unexpected path component at 1:10:3"},
        {"SELECT 'a' FROM t", "Unexpected path component at 1:8:3"},
        {"SELECT \"\" FROM t", "Path component cannot be an empty string"},
        {"SELECT a FROM (SELECT * FROM t)", "Only select from a single table or index is supported."},
        {"SELECT * FROM t WHERE a", "Unsupported operation: Id"},
        {"SELECT * FROM t WHERE size(a)", "Unsupported operation: Call"},
        {"SELECT * FROM t WHERE a LIKE 'x'", "Unsupported operation: Like"},
        {"SELECT * FROM t WHERE a + 1 = 2", "Unsupported operation: Plus"},
        {"SELECT * FROM t WHERE a = -b", "Unsupported operation: -"},
        {"SELECT * FROM t WHERE a = a",
         "The first operand must be distinct from the remaining operands for this operator or function; operator: =, "
         "first operand: [a]"},
        {"SELECT * FROM t WHERE a = MISSING", "Unsupported data type: Missing under key root at 1:27:7"},
        {"SELECT * FROM t WHERE a = ? AND b = ?", "Number of parameters in request and statement don't match."},
        {"SELECT * FROM t WHERE a BETWEEN 2 AND 1",
         "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: "
         "AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}"},
        {"INSERT INTO t {'a': 1}", "Unsupported operation: Insert"},
        {"INSERT INTO t VALUE [1]", "Unsupported operation: List"},
        {"INSERT INTO t VALUE {a: 1}", "Unsupported operation: Id"},
        {"INSERT INTO t VALUE {'a': {b: 1}}", "Unsupported data type: Id under key root at 1:28:1"},
        {"UPDATE t SET a = if_not_exists(a, 1)", "Unrecognized function: if_not_exists at 1:18:13"},
        {"UPDATE t SET a = list_append(a)",
         "Incorrect number of operands for operator or function; operator or function: list_append, number of "
         "operands: 1"},
        {"UPDATE t SET a = list_append(a, 1)",
         "Incorrect operand type for operator or function; operator or function: list_append, operand type: N"},
        {"UPDATE t SET a = 1, a.b = 2",
         "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path "
         "two: [a, b]"},
        {"SET a = 1", FORM "Expected data manipulation"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_refused(&cases[i]);
}

/* Without memory nothing else than that is told, wherever it ends. */
static void test_memory(void **state)
{
    static const char *const texts[] = {
        "SELECT a.b, c[0] FROM t WHERE a IN [1, 'x'] AND b IS NOT NULL OR NOT size(c) = 1 ORDER BY a",
        "INSERT INTO t VALUE {'a': [1, {'b': <<'x', 'y'>>}], 'c': ?}",
        "UPDATE t SET a = set_add(a, <<1>>), b = b + 1 REMOVE c[0] WHERE k = 'x'",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        enum stator_rc rc = STATOR_NO_MEMORY;

        for (size_t max = 0; rc != STATOR_OK; max += 64) {
            struct partiql_statement statement;
            struct stator_error err;
            struct arena arena;

            arena_init(&arena, max);
            rc = read(&statement, texts[i], &arena, &err);
            arena_deinit(&arena);
            if (rc != STATOR_OK && rc != STATOR_NO_MEMORY)
                fail_msg("%s with %zu bytes: %s", texts[i], max, err.message);
        }
    }
}

/* The linker leads number_parse here (--wrap). */
static const char *number_fails_with;

enum stator_rc __real_number_parse(struct number *out, struct bytes text, struct stator_error *err);
enum stator_rc __wrap_number_parse(struct number *out, struct bytes text, struct stator_error *err);

enum stator_rc __wrap_number_parse(struct number *out, struct bytes text, struct stator_error *err)
{
    if (number_fails_with != NULL)
        return stator_fail(err, STATOR_VALIDATION, "%s", number_fails_with);
    return __real_number_parse(out, text, err);
}

/* What is wrong with a number may be as long as a text may be: where it stands is cut then. */
static void test_long_reason(void **state)
{
    char longest[STATOR_ERROR_MESSAGE_MAX];
    struct partiql_statement statement;
    struct stator_error err;
    struct arena arena;

    (void)state;
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    arena_init(&arena, 1 << 20);
    number_fails_with = longest;
    assert_int_equal(read(&statement, "SELECT * FROM t WHERE a = 1", &arena, &err), STATOR_VALIDATION);
    assert_string_equal(err.message, longest);
    number_fails_with = "Too much";
    assert_int_equal(read(&statement, "SELECT * FROM t WHERE a = 1", &arena, &err), STATOR_VALIDATION);
    assert_string_equal(err.message, "Too much under root");
    number_fails_with = NULL;
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_understood),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_long_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
