/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as JSON, decoded as the server does; the trees are judged by what they do to items. */
#include "unit/proto/expr/expr_unit.h"

#include "message/message.h"
#include "plan/legacy.h"

#define INVALID "One or more parameter values were invalid: "

static const void *decode(struct fixture *fixture, const struct shape *shape, const char *json)
{
    void *in = NULL;

    fixture_init(fixture, NULL, NULL);
    if (message_decode(&in, shape, bytes_of_string(json), &fixture->arena, &fixture->err) != STATOR_OK)
        fail_msg("%s: %s", json, fixture->err.message);
    return in;
}

static bool holds(struct fixture *fixture, const struct expr *expr, const char *item_json)
{
    struct item item = item_of_json(&fixture->arena, item_json);
    struct item_source_parsed source;
    bool out;

    item_source_parsed_init(&source, &item);
    assert_int_equal(expr_test(&out, expr, &source.source, NULL, &fixture->arena, &fixture->err), STATOR_OK);
    return out;
}

/* --- Expected ----------------------------------------------------------------------------------------------------- */

static void test_expected_messages(void **state)
{
    static const struct {
        const char *json, *message;
    } cases[] = {
        {"{\"Expected\":{\"a\":{}}}", INVALID "Value must be provided when Exists is null for Attribute: a"},
        {"{\"Expected\":{\"a\":{\"Exists\":true}}}",
         INVALID "Value must be provided when Exists is true for Attribute: a"},
        {"{\"Expected\":{\"a\":{\"Exists\":false,\"Value\":{\"S\":\"a\"}}}}",
         INVALID "Value cannot be used when Exists is false for Attribute: a"},
        {"{\"Expected\":{\"a\":{\"ComparisonOperator\":\"LT\"}}}",
         INVALID "Value or AttributeValueList must be used with ComparisonOperator: LT for Attribute: a"},
        {"{\"Expected\":{\"a\":{\"Exists\":true,\"ComparisonOperator\":\"LT\"}}}",
         INVALID "Exists and ComparisonOperator cannot be used together for Attribute: a"},
        {"{\"Expected\":{\"a\":{\"AttributeValueList\":[{\"S\":\"a\"}],\"Value\":{\"S\":\"a\"},"
         "\"ComparisonOperator\":\"LT\"}}}",
         INVALID "Value and AttributeValueList cannot be used together for Attribute: a"},
        {"{\"Expected\":{\"a\":{\"AttributeValueList\":[{\"S\":\"a\"}]}}}",
         INVALID "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"},
        {"{\"Expected\":{\"a\":{\"Exists\":true,\"AttributeValueList\":[{\"S\":\"a\"}]}}}",
         INVALID "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"},
        {"{\"Expected\":{\"a\":{\"AttributeValueList\":[],\"ComparisonOperator\":\"EQ\"}}}",
         INVALID "Invalid number of argument(s) for the EQ ComparisonOperator"},
        {"{\"Expected\":{\"a\":{\"AttributeValueList\":[{\"S\":\"a\"}],\"ComparisonOperator\":\"NULL\"}}}",
         INVALID "Invalid number of argument(s) for the NULL ComparisonOperator"},
        {"{\"Expected\":{\"a\":{\"Value\":{\"S\":\"a\"},\"ComparisonOperator\":\"BETWEEN\"}}}",
         INVALID "Invalid number of argument(s) for the BETWEEN ComparisonOperator"},
        {"{\"Expected\":{\"a\":{\"Value\":{\"N\":\"x\"}}}}", "The parameter cannot be converted to a numeric value: x"},
        {"{\"ConditionalOperator\":\"AND\"}", "ConditionalOperator cannot be used without Filter or Expected"},
        {"{\"ConditionalOperator\":\"OR\",\"Expected\":{}}",
         "ConditionalOperator cannot be used without Filter or Expected"},
        {"{\"ConditionalOperator\":\"OR\",\"Expected\":{\"a\":{\"Exists\":false}}}",
         "ConditionalOperator can only be used when Filter or Expected has two or more elements"},
        {"{}", NULL},
        {"{\"Expected\":{}}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        const struct PutItemInput *in = decode(&fixture, &shape_of_PutItemInput, cases[i].json);
        const struct expr *expr = NULL;
        enum stator_rc rc = legacy_expected(&expr, &in->Expected, &in->ConditionalOperator, VALUE_LAYER_CURRENT,
                                            &fixture.arena, &fixture.err);

        assert_outcome(&fixture, cases[i].json, rc, cases[i].message);
        assert_null(expr);
        fixture_deinit(&fixture);
    }
}

#define ITEM                                                                                                           \
    "{\"l\":{\"L\":[{\"N\":\"4\"}]},\"n\":{\"N\":\"4\"},\"s\":{\"S\":\"hello\"},\"t\":{\"BOOL\":true},"                \
    "\"ns\":{\"NS\":[\"2\",\"4\"]},\"z\":{\"NULL\":true}}"

static void test_expected(void **state)
{
    static const struct {
        const char *json;
        bool holds;
    } cases[] = {
        {"{\"Expected\":{\"q\":{\"Exists\":false}}}", true},
        {"{\"Expected\":{\"n\":{\"Exists\":false}}}", false},
        {"{\"Expected\":{\"n\":{\"Value\":{\"N\":\"4.0\"}}}}", true},
        {"{\"Expected\":{\"n\":{\"Exists\":true,\"Value\":{\"N\":\"5\"}}}}", false},
        {"{\"Expected\":{\"n\":{\"ComparisonOperator\":\"LT\",\"Value\":{\"N\":\"5\"}}}}", true},
        {"{\"Expected\":{\"n\":{\"ComparisonOperator\":\"NE\",\"Value\":{\"S\":\"4\"}}}}", true},
        {"{\"Expected\":{\"q\":{\"ComparisonOperator\":\"NE\",\"Value\":{\"S\":\"4\"}}}}", true},
        {"{\"Expected\":{\"z\":{\"ComparisonOperator\":\"NULL\"}}}", false}, /* is there, though NULL */
        {"{\"Expected\":{\"z\":{\"ComparisonOperator\":\"NOT_NULL\",\"AttributeValueList\":[]}}}", true},
        {"{\"Expected\":{\"q\":{\"ComparisonOperator\":\"NULL\"}}}", true},
        {"{\"Expected\":{\"s\":{\"ComparisonOperator\":\"CONTAINS\",\"Value\":{\"S\":\"ell\"}}}}", true},
        {"{\"Expected\":{\"s\":{\"ComparisonOperator\":\"NOT_CONTAINS\",\"Value\":{\"S\":\"ell\"}}}}", false},
        {"{\"Expected\":{\"s\":{\"ComparisonOperator\":\"NOT_CONTAINS\",\"Value\":{\"N\":\"1\"}}}}", true},
        {"{\"Expected\":{\"ns\":{\"ComparisonOperator\":\"CONTAINS\",\"Value\":{\"N\":\"2\"}}}}", true},
        {"{\"Expected\":{\"l\":{\"ComparisonOperator\":\"CONTAINS\",\"Value\":{\"N\":\"4\"}}}}", true},
        /* neither of them where there is nothing */
        {"{\"Expected\":{\"q\":{\"ComparisonOperator\":\"CONTAINS\",\"Value\":{\"N\":\"1\"}}}}", false},
        {"{\"Expected\":{\"q\":{\"ComparisonOperator\":\"NOT_CONTAINS\",\"Value\":{\"N\":\"1\"}}}}", false},
        {"{\"Expected\":{\"n\":{\"ComparisonOperator\":\"IN\",\"AttributeValueList\":[{\"N\":\"1\"},{\"N\":\"4\"}]}}}",
         true},
        {"{\"Expected\":{\"ns\":{\"ComparisonOperator\":\"IN\",\"AttributeValueList\":[{\"N\":\"2\"}]}}}", false},
        {"{\"Expected\":{\"n\":{\"ComparisonOperator\":\"BETWEEN\",\"AttributeValueList\":[{\"N\":\"4\"},"
         "{\"N\":\"5\"}]}}}",
         true},
        {"{\"Expected\":{\"n\":{\"ComparisonOperator\":\"BEGINS_WITH\",\"Value\":{\"S\":\"4\"}}}}", false},
        {"{\"Expected\":{\"n\":{\"Value\":{\"N\":\"4\"}},\"s\":{\"Value\":{\"S\":\"x\"}},\"q\":{\"Exists\":false}}}",
         false},
        {"{\"ConditionalOperator\":\"OR\",\"Expected\":{\"n\":{\"Value\":{\"N\":\"5\"}},\"q\":{\"Exists\":false}}}",
         true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        const struct PutItemInput *in = decode(&fixture, &shape_of_PutItemInput, cases[i].json);
        const struct expr *expr = NULL;

        assert_outcome(&fixture, cases[i].json,
                       legacy_expected(&expr, &in->Expected, &in->ConditionalOperator, VALUE_LAYER_CURRENT,
                                       &fixture.arena, &fixture.err),
                       NULL);
        assert_non_null(expr);
        if (holds(&fixture, expr, ITEM) != cases[i].holds)
            fail_msg("%s", cases[i].json);
        fixture_deinit(&fixture);
    }
}

/* --- Filters and key conditions ----------------------------------------------------------------------------------- */

#define SINGLE(operator, value) "{\"a\":{\"ComparisonOperator\":\"" operator"\",\"AttributeValueList\":[" value "]}}"
#define COUNT(operator)         INVALID "Invalid number of argument(s) for the " operator" ComparisonOperator"
#define TYPE(operator, type)    INVALID "ComparisonOperator " operator" is not valid for " type " AttributeValue type"

static void test_filter_messages(void **state)
{
    static const struct {
        const char *filter, *message;
    } cases[] = {
        {SINGLE("EQ", ""), COUNT("EQ")},
        {SINGLE("EQ", "{\"S\":\"a\"},{\"S\":\"a\"}"), COUNT("EQ")},
        {SINGLE("NULL", "{\"S\":\"a\"}"), COUNT("NULL")},
        {SINGLE("IN", ""), COUNT("IN")},
        {SINGLE("BETWEEN", "{\"S\":\"a\"}"), COUNT("BETWEEN")},
        {"{\"a\":{\"ComparisonOperator\":\"GE\"}}", COUNT("GE")},
        {SINGLE("EQ", "{},{\"S\":\"\"}"),
         "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
        {SINGLE("IN", "{\"S\":\"a\"},{\"N\":\"1\"}"),
         INVALID "AttributeValues inside AttributeValueList must be of same type"},
        {SINGLE("LT", "{\"BOOL\":true}"), TYPE("LT", "BOOL")},
        {SINGLE("GE", "{\"M\":{}}"), TYPE("GE", "M")},
        {SINGLE("IN", "{\"NULL\":true}"), TYPE("IN", "NULL")},
        {SINGLE("CONTAINS", "{\"SS\":[\"a\"]}"), TYPE("CONTAINS", "SS")},
        {SINGLE("NOT_CONTAINS", "{\"L\":[]}"), TYPE("NOT_CONTAINS", "L")},
        {SINGLE("BEGINS_WITH", "{\"N\":\"1\"}"), TYPE("BEGINS_WITH", "N")},
        {SINGLE("BETWEEN", "{\"NS\":[\"1\"]},{\"NS\":[\"1\"]}"), TYPE("BETWEEN", "NS")},
        {SINGLE("BETWEEN", "{\"N\":\"10\"},{\"N\":\"9\"}"),
         "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"},
        {SINGLE("EQ", "{\"M\":{}}"), NULL},
        {SINGLE("NE", "{\"BOOL\":true}"), NULL},
        {SINGLE("BEGINS_WITH", "{\"B\":\"YQ==\"}"), NULL},
        {"{}", NULL},
    };
    char json[512];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        const struct QueryInput *in;
        const struct expr *expr = NULL;

        snprintf(json, sizeof(json), "{\"QueryFilter\":%s,\"KeyConditions\":%s}", cases[i].filter, cases[i].filter);
        in = decode(&fixture, &shape_of_QueryInput, json);
        assert_outcome(&fixture, json,
                       legacy_filter(&expr, &in->QueryFilter, &in->ConditionalOperator, VALUE_LAYER_CURRENT,
                                     &fixture.arena, &fixture.err),
                       cases[i].message);
        assert_int_equal(expr != NULL, cases[i].message == NULL && in->QueryFilter.count != 0);
        assert_outcome(
            &fixture, json,
            legacy_key_conditions(&expr, &in->KeyConditions, VALUE_LAYER_CURRENT, &fixture.arena, &fixture.err),
            in->KeyConditions.count == 0 ? "Conditions can be of length 1 or 2 only" : cases[i].message);
        fixture_deinit(&fixture);
    }
}

static void test_filter(void **state)
{
    struct fixture fixture;
    const struct ScanInput *in =
        decode(&fixture, &shape_of_ScanInput,
               "{\"ConditionalOperator\":\"OR\",\"ScanFilter\":{\"s\":{\"ComparisonOperator\":\"BEGINS_WITH\","
               "\"AttributeValueList\":[{\"S\":\"x\"}]},\"n\":{\"ComparisonOperator\":\"GT\",\"AttributeValueList\":"
               "[{\"N\":\"3\"}]}}}");
    const struct expr *expr = NULL;

    (void)state;
    assert_int_equal(legacy_filter(&expr, &in->ScanFilter, &in->ConditionalOperator, VALUE_LAYER_CURRENT,
                                   &fixture.arena, &fixture.err),
                     STATOR_OK);
    assert_true(holds(&fixture, expr, ITEM));
    assert_false(holds(&fixture, expr, "{\"n\":{\"N\":\"3\"},\"s\":{\"S\":\"y\"}}"));
    fixture_deinit(&fixture);
}

/* --- AttributeUpdates --------------------------------------------------------------------------------------------- */

static void test_updates(void **state)
{
    static const struct {
        const char *updates, *old, *message, *new;
    } cases[] = {
        {"{\"a\":{\"x\":\"whatever\"}}", NULL,
         INVALID "Only DELETE action is allowed when no attribute value is specified", NULL},
        {"{\"a\":{\"Action\":\"DELETE\",\"Value\":{\"L\":[]}}}", NULL,
         INVALID "DELETE action with value is not supported for the type L", NULL},
        {"{\"a\":{\"Action\":\"ADD\",\"Value\":{\"B\":\"Yg==\"}}}", NULL,
         INVALID "ADD action is not supported for the type B", NULL},
        {"{\"a\":{\"Value\":{}}}", NULL,
         "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes", NULL},
        {"{\"b\":{\"Action\":\"PUT\",\"Value\":{\"N\":\"1\"}},\"a\":{\"Value\":{\"S\":\"x\"}}}", "{}", NULL,
         "{\"a\":{\"S\":\"x\"},\"b\":{\"N\":\"1\"}}"},
        {"{\"a\":{\"Action\":\"DELETE\"},\"q\":{\"Action\":\"DELETE\"}}", "{\"a\":{\"N\":\"1\"},\"b\":{\"N\":\"2\"}}",
         NULL, "{\"b\":{\"N\":\"2\"}}"},
        {"{\"n\":{\"Action\":\"ADD\",\"Value\":{\"N\":\"5\"}},\"q\":{\"Action\":\"ADD\",\"Value\":{\"N\":\"2\"}}}",
         "{\"n\":{\"N\":\"10\"}}", NULL, "{\"n\":{\"N\":\"15\"},\"q\":{\"N\":\"2\"}}"},
        {"{\"s\":{\"Action\":\"ADD\",\"Value\":{\"SS\":[\"b\",\"c\"]}}}", "{\"s\":{\"SS\":[\"a\",\"b\"]}}", NULL,
         "{\"s\":{\"SS\":[\"a\",\"b\",\"c\"]}}"},
        {"{\"s\":{\"Action\":\"DELETE\",\"Value\":{\"SS\":[\"a\",\"b\"]}}}", "{\"s\":{\"SS\":[\"a\",\"b\"]}}", NULL,
         "{}"},
        /* lists are appended to, which update expressions do not allow */
        {"{\"l\":{\"Action\":\"ADD\",\"Value\":{\"L\":[{\"N\":\"1\"}]}},\"m\":{\"Action\":\"ADD\",\"Value\":"
         "{\"L\":[{\"N\":\"1\"}]}}}",
         "{\"l\":{\"L\":[{\"N\":\"1\"}]}}", NULL,
         "{\"l\":{\"L\":[{\"N\":\"1\"},{\"N\":\"1\"}]},\"m\":{\"L\":[{\"N\":"
         "\"1\"}]}}"},
        {"{\"s\":{\"Action\":\"DELETE\",\"Value\":{\"NS\":[\"1\"]}}}", "{\"s\":{\"SS\":[\"a\"]}}",
         "Type mismatch for attribute to update", NULL},
        {"{\"s\":{\"Action\":\"ADD\",\"Value\":{\"N\":\"1\"}}}", "{\"s\":{\"SS\":[\"a\"]}}",
         "Type mismatch for attribute to update", NULL},
        {"{\"l\":{\"Action\":\"ADD\",\"Value\":{\"L\":[]}}}", "{\"l\":{\"S\":\"a\"}}",
         "Type mismatch for attribute to update", NULL},
    };
    char json[512];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        const struct UpdateItemInput *in;
        struct update *update = NULL;
        struct item old = {0}, new;
        enum stator_rc rc;

        snprintf(json, sizeof(json), "{\"AttributeUpdates\":%s}", cases[i].updates);
        in = decode(&fixture, &shape_of_UpdateItemInput, json);
        rc = legacy_updates(&update, &in->AttributeUpdates, VALUE_LAYER_CURRENT, &fixture.arena, &fixture.err);
        if (rc == STATOR_OK) {
            assert_non_null(cases[i].old);
            old = item_of_json(&fixture.arena, cases[i].old);
            assert_int_equal(update_statement_bytes(update, &old), 0);
            rc = update_apply(&new, update, &old, &fixture.arena, &fixture.err);
        }
        assert_outcome(&fixture, json, rc, cases[i].message);
        if (rc == STATOR_OK)
            assert_item_is(json, &new, cases[i].new);
        fixture_deinit(&fixture);
    }
}

/* --- AttributesToGet ---------------------------------------------------------------------------------------------- */

static void test_attributes_to_get(void **state)
{
    static const struct {
        const char *names, *message, *item;
    } cases[] = {
        {"[\"a\",\"a\"]", INVALID "Duplicate value in attribute name: a", NULL},
        {"[\"c\",\"b\",\"a\",\"b\",\"c\"]", INVALID "Duplicate value in attribute name: b", NULL},
        {"[\"t\",\"n\",\"q\",\"t.x\"]", NULL, "{\"n\":{\"N\":\"4\"},\"t\":{\"BOOL\":true}}"},
    };
    char json[256];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        const struct GetItemInput *in;
        struct projection *projection = NULL;
        enum stator_rc rc;

        snprintf(json, sizeof(json), "{\"AttributesToGet\":%s}", cases[i].names);
        in = decode(&fixture, &shape_of_GetItemInput, json);
        rc = legacy_attributes_to_get(&projection, &in->AttributesToGet, &fixture.arena, &fixture.err);
        assert_outcome(&fixture, json, rc, cases[i].message);
        if (rc == STATOR_OK) {
            struct item item = item_of_json(&fixture.arena, ITEM), part;
            struct item_source_parsed source;

            item_source_parsed_init(&source, &item);
            assert_int_equal(projection_apply(&part, projection, &source.source, &fixture.arena, &fixture.err),
                             STATOR_OK);
            assert_item_is(json, &part, cases[i].item);
        }
        fixture_deinit(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expected_messages), cmocka_unit_test(test_expected),
        cmocka_unit_test(test_filter_messages),   cmocka_unit_test(test_filter),
        cmocka_unit_test(test_updates),           cmocka_unit_test(test_attributes_to_get),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
