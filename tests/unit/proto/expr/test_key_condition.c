/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/proto/expr/expr_unit.h"

#define K "Invalid KeyConditionExpression: "

static void test_messages(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"attribute_type(a, :t)", "Invalid operator used in KeyConditionExpression: attribute_type"},
        {"a > b and size(b) > c or a > c", "Invalid operator used in KeyConditionExpression: OR"},
        {"a in (b, size(c), d)", "Invalid operator used in KeyConditionExpression: IN"},
        {"attribute_exists(a)", "Invalid operator used in KeyConditionExpression: attribute_exists"},
        {"contains(a.d, b)", "Invalid operator used in KeyConditionExpression: contains"},
        {"not a > b", "Invalid operator used in KeyConditionExpression: NOT"},
        {"a <> b", "Invalid operator used in KeyConditionExpression: <>"},
        {":a between size(b) and size(a) and b > :b",
         "Invalid condition in KeyConditionExpression: BETWEEN operator must have the key attribute as its first "
         "operand"},
        {"begins_with(:a, b) and a > :b",
         "Invalid condition in KeyConditionExpression: begins_with operator must have the key attribute as its first "
         "operand"},
        {"size(b) > a AND a.b > b AND b > c", K "KeyConditionExpressions cannot contain nested operations"},
        {"a > size(b.d)", K "KeyConditionExpressions cannot contain nested operations"},
        {"a between size(b) and size(a)", K "KeyConditionExpressions cannot contain nested operations"},
        {"b > a.b", "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"},
        {"a between b and size(a)",
         "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"},
        {"begins_with(a, b)",
         "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"},
        {"b.d > a AND c.d > e.f", K "KeyConditionExpressions cannot have conditions on nested attributes"},
        {"b[0] > a", K "KeyConditionExpressions cannot have conditions on nested attributes"},
        {":b > :a AND a < :b", "Invalid condition in KeyConditionExpression: No key attribute specified"},
        {"b > :a AND b < :a and c = :a", K "KeyConditionExpressions must only contain one condition per key"},
        {"(a > :a and b > :a) and (b > :a and c > :a)",
         K "KeyConditionExpressions must only contain one condition per key"},
        {"a = :a and :b < b", NULL},
        {"(a = :a) and (b between :a and :b)", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        const struct expr *expr;
        enum stator_rc rc;

        fixture_init(&fixture, NULL, "{\":a\":{\"S\":\"1\"},\":b\":{\"S\":\"1\"},\":t\":{\"S\":\"S\"}}");
        memset(fixture.placeholders.values_used, true, fixture.values.count); /* what is unused is told before */
        rc = expr_parse_condition(&expr, bytes_of_string(cases[i].text), EXPR_LANGUAGE_KEY_CONDITION,
                                  &fixture.placeholders, &fixture.arena, &fixture.err);
        assert_outcome(&fixture, cases[i].text, rc, NULL);
        assert_outcome(&fixture, cases[i].text, expr_check_unused(&fixture.placeholders, &fixture.err),
                       cases[i].message);
        fixture_deinit(&fixture);
    }
}

/* The name comes first in the tree, wherever it stood. */
static void test_turned(void **state)
{
    static const struct {
        const char *text;
        enum expr_type type;
    } cases[] = {
        {":a < b", EXPR_GT}, {":a <= b", EXPR_GE}, {":a > b", EXPR_LT},  {":a >= b", EXPR_LE},
        {":a = b", EXPR_EQ}, {"b < :a", EXPR_LT},  {"b <= :a", EXPR_LE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        const struct expr *expr;

        fixture_init(&fixture, NULL, "{\":a\":{\"S\":\"1\"}}");
        assert_int_equal(expr_parse_condition(&expr, bytes_of_string(cases[i].text), EXPR_LANGUAGE_KEY_CONDITION,
                                              &fixture.placeholders, &fixture.arena, &fixture.err),
                         STATOR_OK);
        assert_int_equal(expr_check_unused(&fixture.placeholders, &fixture.err), STATOR_OK);
        assert_int_equal(expr->type, cases[i].type);
        assert_int_equal(expr->children[0]->type, EXPR_PATH);
        assert_int_equal(expr->children[1]->type, EXPR_VALUE);
        fixture_deinit(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_messages), cmocka_unit_test(test_turned)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
