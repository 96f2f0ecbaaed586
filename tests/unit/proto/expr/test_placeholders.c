/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/proto/expr/expr_unit.h"

#define A15  "aaaaaaaaaaaaaaa"
#define A51  A15 A15 A15 "aaaaaa"
#define A255 A51 A51 A51 A51 A51

static void test_check(void **state)
{
    static const struct {
        const char *names, *values;
        bool expression;
        enum value_layer layer;
        const char *message;
    } cases[] = {
        {NULL, NULL, true, VALUE_LAYER_OLDER, NULL},
        {"", NULL, false, VALUE_LAYER_OLDER, "ExpressionAttributeNames can only be specified when using expressions"},
        {"", "{}", true, VALUE_LAYER_OLDER, "ExpressionAttributeNames must not be empty"},
        {"a=a", "{}", true, VALUE_LAYER_OLDER,
         "ExpressionAttributeNames contains invalid key: Syntax error; key: \"a\""},
        {"#a=a #=b", NULL, true, VALUE_LAYER_OLDER,
         "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#\""},
        {"#a-b=a", NULL, true, VALUE_LAYER_OLDER,
         "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#a-b\""},
        {"#" A255 "=a", NULL, true, VALUE_LAYER_OLDER,
         "ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too long; "
         "size of key: 256"},
        {"#" A255 "-x=a", NULL, true, VALUE_LAYER_OLDER,
         "ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too long; "
         "size of key: 258"},
        {NULL, "{\":" A255 "\":{\"S\":\"a\"}}", true, VALUE_LAYER_OLDER,
         "ExpressionAttributeValues contains invalid key: The expression attribute map contains a key that is too "
         "long;"},
        {"#b=b #a= ", NULL, true, VALUE_LAYER_OLDER,
         "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a"},
        {"#1_a=a", NULL, true, VALUE_LAYER_OLDER, NULL},
        {NULL, "{}", true, VALUE_LAYER_OLDER, "ExpressionAttributeValues must not be empty"},
        {NULL, "{\"a\":{\"S\":\"\"}}", true, VALUE_LAYER_OLDER,
         "ExpressionAttributeValues contains invalid key: Syntax error; key: \"a\""},
        {NULL, "{\":b\":{\"a\":\"\"},\"b\":{\"S\":\"a\"}}", true, VALUE_LAYER_OLDER,
         "ExpressionAttributeValues contains invalid key: Syntax error; key: \"b\""},
        {NULL, "{\":b\":{}}", true, VALUE_LAYER_OLDER,
         "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain exactly "
         "one of the supported datatypes for key :b"},
        {NULL, "{\":b\":{}}", true, VALUE_LAYER_CURRENT,
         "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
        {NULL, "{\":z\":{\"N\":\"\"},\":b\":{\"N\":\"x\"}}", true, VALUE_LAYER_OLDER,
         "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value for "
         "key :z"},
        {NULL, "{\":z\":{\"N\":\"x\"}}", true, VALUE_LAYER_CURRENT,
         "The parameter cannot be converted to a numeric value: x"},
        {NULL, "{\":a\":{\"S\":\"\"},\":b\":{\"L\":[{\"SS\":[\"a\"]}]}}", true, VALUE_LAYER_OLDER, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        enum stator_rc rc;

        fixture_init(&fixture, cases[i].names, cases[i].values);
        fixture.placeholders.layer = cases[i].layer;
        rc = expr_check_placeholders(&fixture.placeholders, cases[i].expression, &fixture.err);
        assert_outcome(&fixture, cases[i].message == NULL ? "accepted" : cases[i].message, rc, cases[i].message);
        fixture_deinit(&fixture);
    }
}

static void test_unused(void **state)
{
    static const struct {
        const char *condition, *update, *message;
    } cases[] = {
        {"#a = :a", "set #b = :b", NULL},
        {"x = :a", "set #b = :b", "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}"},
        {"x = y", "set x = y", "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}"},
        {"#a = x", "set #b = y", "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a, :b}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture f;
        const struct expr *expr;
        struct update *update;

        fixture_init(&f, "#a=a #b=b", "{\":a\":{\"S\":\"x\"},\":b\":{\"S\":\"x\"}}");
        assert_int_equal(
            expr_parse_update(&update, bytes_of_string(cases[i].update), &f.placeholders, &f.arena, &f.err), STATOR_OK);
        assert_int_equal(expr_parse_condition(&expr, bytes_of_string(cases[i].condition), EXPR_LANGUAGE_CONDITION,
                                              &f.placeholders, &f.arena, &f.err),
                         STATOR_OK);
        assert_outcome(&f, cases[i].condition, expr_check_unused(&f.placeholders, &f.err), cases[i].message);
        fixture_deinit(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_check), cmocka_unit_test(test_unused)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
