/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "stator/json.h"
#include "unit/client/scarcity.h"

#define FORMS 3

static void every_type_has_three_forms(void **state)
{
    static const struct {
        const char *forms[FORMS];
        bool lost; /* in the plain form */
    } cases[] = {
        {{"{\"S\":\"x\"}", "\"x\"", "\"x\""}, false},
        {{"{\"S\":\"\"}", "\"\"", "\"\""}, false},
        {{"{\"S\":\"\\u0000\\\"\\\\\\n\xC3\xA4\"}", "\"\\u0000\\\"\\\\\\n\xC3\xA4\"", "\"\\u0000\\\"\\\\\\n\xC3\xA4\""},
         false},
        {{"{\"N\":\"1.5\"}", "1.5", "1.5"}, false},
        {{"{\"N\":\"-12345678901234567890.123456789012345678\"}", "-12345678901234567890.123456789012345678",
          "-12345678901234567890.123456789012345678"},
         false},
        {{"{\"B\":\"aGk=\"}", "\"aGk=\"", "{\"$B\":\"aGk=\"}"}, true},
        {{"{\"B\":\"\"}", "\"\"", "{\"$B\":\"\"}"}, true},
        {{"{\"BOOL\":false}", "false", "false"}, false},
        {{"{\"NULL\":true}", "null", "null"}, false},
        {{"{\"SS\":[\"a\",\"b\"]}", "[\"a\",\"b\"]", "{\"$SS\":[\"a\",\"b\"]}"}, true},
        {{"{\"NS\":[\"9\",\"10\"]}", "[9,10]", "{\"$NS\":[9,10]}"}, true},
        {{"{\"BS\":[\"AA==\",\"AQ==\"]}", "[\"AA==\",\"AQ==\"]", "{\"$BS\":[\"AA==\",\"AQ==\"]}"}, true},
        {{"{\"L\":[]}", "[]", "[]"}, false},
        {{"{\"M\":{}}", "{}", "{}"}, false},
        {{"{\"L\":[{\"L\":[{\"N\":\"1\"}]},{\"B\":\"AA==\"}]}", "[[1],\"AA==\"]", "[[1],{\"$B\":\"AA==\"}]"}, true},
        {{"{\"M\":{\"a\":{\"M\":{\"b\":{\"SS\":[\"x\"]}}},\"c\":{\"N\":\"0\"}}}", "{\"a\":{\"b\":[\"x\"]},\"c\":0}",
          "{\"a\":{\"b\":{\"$SS\":[\"x\"]}},\"c\":0}"},
         true},
        {{"{\"M\":{\"$B\":{\"S\":\"aGk=\"}}}", "{\"$B\":\"aGk=\"}", "{\"$M\":{\"$B\":\"aGk=\"}}"}, false},
        {{"{\"M\":{\"$A\":{\"N\":\"1\"}}}", "{\"$A\":1}", "{\"$A\":1}"}, false},
        {{"{\"M\":{\"!\":{\"N\":\"1\"},\"$M\":{\"M\":{\"$M\":{\"L\":[]}}}}}", "{\"!\":1,\"$M\":{\"$M\":[]}}",
          "{\"$M\":{\"!\":1,\"$M\":{\"$M\":{\"$M\":[]}}}}"},
         false},
    };
    struct stator_builder *builder = stator_builder_new(NULL, 0);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stator_value value, again;
        struct stator_bytes text;
        struct stator_error err;

        assert_int_equal(
            stator_json_read_value(builder, &value, stator_text(cases[i].forms[0]), STATOR_JSON_DYNAMODB, &err),
            STATOR_OK);
        for (int form = 0; form < FORMS; form++) {
            assert_int_equal(stator_json_write_value(builder, &text, &value, (enum stator_json_form)form, 0, &err),
                             STATOR_OK);
            assert_string_equal((const char *)text.at, cases[i].forms[form]);
            assert_int_equal(text.len, strlen(cases[i].forms[form]));
            assert_int_equal(stator_json_read_value(builder, &again, text, (enum stator_json_form)form, &err),
                             STATOR_OK);
            assert_int_equal(stator_value_equal(&value, &again), form != STATOR_JSON_PLAIN || !cases[i].lost);
        }
    }
    stator_builder_free(builder);
}

static void items_are_read_and_written(void **state)
{
    static const struct {
        enum stator_json_form from;
        const char *text, *plain; /* as it is written then */
    } cases[] = {
        {STATOR_JSON_DYNAMODB, "{\"pk\":{\"S\":\"x\"},\"n\":{\"N\":\"+1.50\"}}", "{\"n\":1.5,\"pk\":\"x\"}"},
        {STATOR_JSON_PLAIN, " { \"pk\" : \"x\" , \"n\" : 15e-1 , \"\" : [ { \"b\" : null } , true ] } ",
         "{\"\":[{\"b\":null},true],\"n\":1.5,\"pk\":\"x\"}"},
        {STATOR_JSON_PLAIN, "{\"$B\":\"aGk=\"}", "{\"$B\":\"aGk=\"}"}, /* an item's own names are no tags */
        {STATOR_JSON_TAGGED, "{\"$B\":\"aGk=\"}", "{\"$B\":\"aGk=\"}"},
        {STATOR_JSON_TAGGED, "{\"s\":{\"$NS\":[3,1,2,1]}}", "{\"s\":[1,2,3]}"},
        {STATOR_JSON_TAGGED, "{\"s\":{\"$M\":{\"a\":{\"$M\":{}}}}}", "{\"s\":{\"a\":{}}}"},
        {STATOR_JSON_TAGGED, "{\"s\":{\"a\":1,\"$B\":2}}", "{\"s\":{\"$B\":2,\"a\":1}}"}, /* no tag behind a name */
        {STATOR_JSON_PLAIN, "{}", "{}"},
        {STATOR_JSON_DYNAMODB, "{}", "{}"},
        {STATOR_JSON_PLAIN, " null\n", "null"},
        {STATOR_JSON_DYNAMODB, "null", "null"},
    };
    struct stator_builder *builder = stator_builder_new(NULL, 0);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stator_item item;
        struct stator_bytes text;
        struct stator_error err;
        char *copy = strdup(cases[i].text);

        assert_int_equal(stator_json_read_item(builder, &item, stator_text(copy), cases[i].from, &err), STATOR_OK);
        memset(copy, 'x', strlen(copy)); /* nothing points there */
        free(copy);
        assert_int_equal(item.set, strcmp(cases[i].plain, "null") != 0);
        assert_int_equal(stator_json_write_item(builder, &text, &item, STATOR_JSON_PLAIN, 0, &err), STATOR_OK);
        assert_string_equal((const char *)text.at, cases[i].plain);
    }
    stator_builder_free(builder);
}

static void bad_texts_are_refused_with_their_place(void **state)
{
    static const struct {
        enum stator_json_form form;
        enum stator_rc rc;
        const char *text, *message;
    } cases[] = {
        {STATOR_JSON_PLAIN, STATOR_SERIALIZATION, "", "The text is no JSON (line 1, column 1)"},
        {STATOR_JSON_PLAIN, STATOR_SERIALIZATION, "[]", "An item is no object (line 1, column 2)"},
        {STATOR_JSON_PLAIN, STATOR_SERIALIZATION, "{\"a\":1}x", "The text is no JSON (line 1, column 8)"},
        {STATOR_JSON_PLAIN, STATOR_SERIALIZATION, "{\"a\":1}{}", "The text is no JSON (line 1, column 8)"},
        {STATOR_JSON_PLAIN, STATOR_SERIALIZATION, "{\"a\":\n 1,}", "The text is no JSON (line 2, column 4)"},
        {STATOR_JSON_PLAIN, STATOR_SERIALIZATION, "{\"a\":[1}", "The text is no JSON (line 1, column 8)"},
        {STATOR_JSON_PLAIN, STATOR_SERIALIZATION, "{\"a\"", "The text is no JSON (line 1, column 5)"},
        {STATOR_JSON_PLAIN, STATOR_SERIALIZATION, "{\"a\":\"\xFF\"}", "The text is no JSON (line 1, column 6)"},
        {STATOR_JSON_PLAIN, STATOR_VALIDATION, "{\"a\":1e200}",
         "Number overflow. Attempting to store a number with magnitude larger than supported range (line 1, column "
         "11)"},
        {STATOR_JSON_PLAIN, STATOR_VALIDATION, "{\"a\":1,\"a\":2}",
         "The name \"a\" is given twice (line 1, column 14)"},
        {STATOR_JSON_TAGGED, STATOR_VALIDATION, "{\"a\":{\"$SS\":[]}}",
         "A set (SS) may not be empty (line 1, column 15)"},
        {STATOR_JSON_TAGGED, STATOR_SERIALIZATION, "{\"a\":{\"$SS\":[1]}}",
         "A set has a member of another type (line 1, column 15)"},
        {STATOR_JSON_TAGGED, STATOR_SERIALIZATION, "{\"a\":{\"$SS\":1}}", "A set is no array (line 1, column 14)"},
        {STATOR_JSON_TAGGED, STATOR_SERIALIZATION, "{\"a\":{\"$B\":\"a\"}}",
         "A binary is no string of base64 (line 1, column 15)"},
        {STATOR_JSON_TAGGED, STATOR_SERIALIZATION, "{\"a\":{\"$BS\":[1]}}",
         "A binary is no string of base64 (line 1, column 15)"},
        {STATOR_JSON_TAGGED, STATOR_SERIALIZATION, "{\"a\":{\"$M\":1}}", "A $M is no object (line 1, column 13)"},
        {STATOR_JSON_TAGGED, STATOR_SERIALIZATION, "{\"a\":{\"$M\":{},\"b\":1}}",
         "An object with a tag has another name, too (line 1, column 19)"},
        {STATOR_JSON_TAGGED, STATOR_SERIALIZATION, "{\"a\":{\"$B\":\"\",\"b\":1}}",
         "An object with a tag has another name, too (line 1, column 19)"},
        {STATOR_JSON_DYNAMODB, STATOR_SERIALIZATION, "{\"a\":{\"S\":1}}",
         "NUMBER_VALUE cannot be converted to String (line 1, column 12)"},
        {STATOR_JSON_DYNAMODB, STATOR_SERIALIZATION, "{\"a\":1}",
         "Unexpected value type in payload (line 1, column 7)"},
        {STATOR_JSON_DYNAMODB, STATOR_SERIALIZATION, "{\"a\":{\"S\":\"x\"}", "The text is no JSON (line 1, column 15)"},
        {STATOR_JSON_DYNAMODB, STATOR_SERIALIZATION, "{}{}", "The text is no JSON (line 1, column 3)"},
        {STATOR_JSON_DYNAMODB, STATOR_VALIDATION, "{\"a\":{\"S\":\"x\"},\"b\":{\"S\":\"x\"},\"a\":{\"S\":\"y\"}}",
         "A name is given twice (line 1, column 44)"},
        {STATOR_JSON_DYNAMODB, STATOR_VALIDATION, "{\"a\":{\"L\":[{\"M\":{\"b\":{\"S\":\"x\"},\"b\":{\"S\":\"x\"}}}]}}",
         "A name is given twice (line 1, column 50)"},
        {STATOR_JSON_DYNAMODB, STATOR_VALIDATION, "{\"a\":{\"N\":\"x\"}}",
         "The parameter cannot be converted to a numeric value: x"},
    };
    struct stator_builder *builder = stator_builder_new(NULL, 0);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stator_item item = {.count = 7};
        struct stator_error err;

        assert_int_equal(stator_json_read_item(builder, &item, stator_text(cases[i].text), cases[i].form, &err),
                         cases[i].rc);
        assert_string_equal(err.message, cases[i].message);
        assert_int_equal(err.rc, cases[i].rc);
        assert_int_equal(item.count, 7);
    }
    stator_builder_free(builder);
}

/* 32 levels are allowed and 33 are not, in every form. */
static void depth_is_that_of_the_service(void **state)
{
    static const char *const begins[FORMS] = {"{\"L\":[", "[", "["};
    static const char *const ends[FORMS] = {"]}", "]", "]"};
    struct stator_builder *builder = stator_builder_new(NULL, 0);

    (void)state;
    for (int form = 0; form < FORMS; form++) {
        for (int levels = 32; levels <= 33; levels++) {
            char text[1024] = "{\"a\":";
            struct stator_item item;
            struct stator_error err;

            for (int i = 0; i < levels; i++)
                strcat(text, begins[form]);
            for (int i = 0; i < levels; i++)
                strcat(text, ends[form]);
            strcat(text, "}");
            assert_int_equal(
                stator_json_read_item(builder, &item, stator_text(text), (enum stator_json_form)form, &err),
                levels == 32 ? STATOR_OK : STATOR_VALIDATION);
            if (levels == 33)
                assert_non_null(strstr(err.message, "Nesting Levels have exceeded supported limits"));
        }
    }
    stator_builder_free(builder);
}

static void a_programs_values_are_checked(void **state)
{
    struct stator_value bad_in_list = stator_s("\xC3");
    struct stator_value untyped = stator_value_of((enum stator_type)11, stator_text(NULL));
    const struct {
        struct stator_value value;
        enum stator_rc rc;
        const char *message;
    } cases[] = {
        {stator_n("1\",\"S\":\"x"), STATOR_VALIDATION,
         "a: The parameter cannot be converted to a numeric value: 1\",\"S\":\"x"},
        {stator_members(STATOR_TYPE_L, &bad_in_list, 1), STATOR_VALIDATION, "a: A string (S) is no UTF-8"},
        {stator_members(STATOR_TYPE_NS, &bad_in_list, 1), STATOR_VALIDATION, "a: A set (NS) has a member that is no N"},
        {stator_members(STATOR_TYPE_SS, &bad_in_list, 1), STATOR_VALIDATION, "a: A string (S) is no UTF-8"},
        {stator_members(STATOR_TYPE_SS, NULL, 0), STATOR_VALIDATION, "a: A set (SS) may not be empty"},
        {stator_members(STATOR_TYPE_L, NULL, 1), STATOR_MISUSE, "a: A value has a count, but no members"},
        {stator_members(STATOR_TYPE_L, &untyped, 1), STATOR_MISUSE, "a: A value has no type"},
        {stator_value_of(STATOR_TYPE_ABSENT, stator_text(NULL)), STATOR_MISUSE, "a: A value has no type"},
    };
    struct stator_builder *builder = stator_builder_new(NULL, 0);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stator_item item = STATOR_ITEM(stator_attr("a", cases[i].value));
        struct stator_bytes text = stator_text("untouched");
        struct stator_error err;

        for (int form = 0; form < FORMS; form++) {
            assert_int_equal(stator_json_write_item(builder, &text, &item, (enum stator_json_form)form, 0, &err),
                             cases[i].rc);
            assert_string_equal(err.message, cases[i].message);
            assert_int_equal(
                stator_json_write_value(builder, &text, &cases[i].value, (enum stator_json_form)form, 0, &err),
                cases[i].rc);
            assert_string_equal(err.message, cases[i].message + 3);
        }
        assert_true(stator_is(text, "untouched"));
    }
    stator_builder_free(builder);
}

static void a_programs_numbers_become_json(void **state)
{
    struct stator_item item = STATOR_ITEM(stator_attr("b", stator_n("+.5")), stator_attr("a", stator_n("1.e3")));
    struct stator_builder *builder = stator_builder_new(NULL, 0);
    struct stator_bytes text;

    (void)state;
    assert_int_equal(stator_json_write_item(builder, &text, &item, STATOR_JSON_PLAIN, 0, NULL), STATOR_OK);
    assert_true(stator_is(text, "{\"b\":0.5,\"a\":1000}"));
    item = stator_item_json("{\"n\":{\"N\":\"1\"}}");
    assert_int_equal(stator_json_write_item(builder, &text, &item, STATOR_JSON_PLAIN, 0, NULL), STATOR_OK);
    assert_true(stator_is(text, "{\"n\":1}"));
    item = stator_item_json("{\"n\":{\"N\":\"1\"}");
    assert_int_equal(stator_json_write_item(builder, &text, &item, STATOR_JSON_DYNAMODB, 0, NULL),
                     STATOR_SERIALIZATION);
    stator_builder_free(builder);
}

static void people_get_lines(void **state)
{
    static const struct {
        const char *text, *laid_out; /* NULL: no JSON */
    } cases[] = {
        {"{}", "{}"},
        {" [ ] ", "[]"},
        {"1", "1"},
        {"\"a,b:{\\\"}\"", "\"a,b:{\\\"}\""},
        {"{\"a\":1}", "{\n  \"a\": 1\n}"},
        {"{\"pk\":{\"S\":\"x\"},\"tags\":[1,2,\"a, b\"],\"m\":{\"l\":[[1]]}}",
         "{\n  \"pk\": {\"S\": \"x\"},\n  \"tags\": [1, 2, \"a, b\"],\n  \"m\": {\n    \"l\": [\n      [1]\n    ]\n  "
         "}\n}"},
        {"[{\"a\":\n\"0123456789012345678901234567890123456789012345678901234567890123456789\"}]",
         "[\n  {\n    \"a\": \"0123456789012345678901234567890123456789012345678901234567890123456789\"\n  }\n]"},
        {"{\"a\":}", NULL},
    };
    struct stator_builder *builder = stator_builder_new(NULL, 0);
    struct stator_item item = STATOR_ITEM(stator_attr("a", STATOR_M(stator_attr("b", stator_null()))));
    struct stator_bytes text;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum stator_rc rc = stator_json_indent(builder, &text, stator_text(cases[i].text), 2, NULL);

        assert_int_equal(rc, cases[i].laid_out != NULL ? STATOR_OK : STATOR_SERIALIZATION);
        if (rc == STATOR_OK)
            assert_string_equal((const char *)text.at, cases[i].laid_out);
    }
    assert_int_equal(stator_json_write_item(builder, &text, &item, STATOR_JSON_PLAIN, 4, NULL), STATOR_OK);
    assert_string_equal((const char *)text.at, "{\n    \"a\": {\"b\": null}\n}");
    stator_builder_free(builder);
}

/* Reading and writing leave the item alone that is being added. */
static void an_item_under_way_is_kept(void **state)
{
    struct stator_builder *builder = stator_builder_new(NULL, 0);
    struct stator_item item, other;
    struct stator_bytes text;

    (void)state;
    stator_add_map(builder, "m");
    assert_int_equal(stator_json_read_item(builder, &other, stator_text("{\"b\":[1]}"), STATOR_JSON_PLAIN, NULL),
                     STATOR_OK);
    assert_int_equal(stator_json_read_item(builder, &other, stator_text("{\"b\":["), STATOR_JSON_PLAIN, NULL),
                     STATOR_SERIALIZATION);
    stator_add_attributes(builder, &other);
    stator_add_end(builder);
    assert_int_equal(stator_builder_item(builder, &item, NULL), STATOR_OK);
    assert_int_equal(stator_json_write_item(builder, &text, &item, STATOR_JSON_PLAIN, 0, NULL), STATOR_OK);
    assert_true(stator_is(text, "{\"m\":{\"b\":[1]}}"));
    stator_builder_free(builder);
}

/* --- Memory ------------------------------------------------------------------------------------------------------- */

static const char all_types[] =
    "{\"a\":{\"$B\":\"aGk=\"},\"b\":{\"$SS\":[\"x\\n\",\"a\"]},\"c\":[1,2.50,{\"d\\u0041\":null,\"$B\":1}],"
    "\"e\":{\"$M\":{\"$M\":{}}},\"f\":\"\\\"\",\"g\":{\"$BS\":[\"AA==\"]},\"h\":{\"$NS\":[1]},\"i\":true}";

static enum stator_rc there_and_back(struct stator_builder *builder, struct stator_error *err)
{
    struct stator_item item;
    struct stator_bytes text = stator_text(all_types);
    enum stator_rc rc = STATOR_OK;

    for (int form = STATOR_JSON_TAGGED; form >= 0 && rc == STATOR_OK; form--) {
        rc = stator_json_read_item(builder, &item, text, STATOR_JSON_TAGGED, err);
        if (rc == STATOR_OK)
            rc = stator_json_write_item(builder, &text, &item, (enum stator_json_form)form, 4, err);
        if (rc == STATOR_OK)
            rc = stator_json_read_item(builder, &item, text, (enum stator_json_form)form, err);
        if (rc == STATOR_OK)
            rc = stator_json_write_item(builder, &text, &item, STATOR_JSON_TAGGED, 0, err);
    }
    return rc;
}

static void memory_may_run_out_anywhere(void **state)
{
    struct stator_item item = {.set = true};
    struct stator_value value = stator_null();
    struct stator_bytes text = stator_text("{}");
    struct stator_error err;

    (void)state;
    assert_survives_scarcity(there_and_back);
    assert_int_equal(stator_json_read_item(NULL, &item, text, STATOR_JSON_PLAIN, &err), STATOR_NO_MEMORY);
    assert_int_equal(stator_json_read_value(NULL, &value, text, STATOR_JSON_PLAIN, &err), STATOR_NO_MEMORY);
    assert_int_equal(stator_json_write_item(NULL, &text, &item, STATOR_JSON_PLAIN, 0, &err), STATOR_NO_MEMORY);
    assert_int_equal(stator_json_write_value(NULL, &text, &value, STATOR_JSON_PLAIN, 0, &err), STATOR_NO_MEMORY);
    assert_int_equal(stator_json_indent(NULL, &text, text, 0, &err), STATOR_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_three_forms),
        cmocka_unit_test(items_are_read_and_written),
        cmocka_unit_test(bad_texts_are_refused_with_their_place),
        cmocka_unit_test(depth_is_that_of_the_service),
        cmocka_unit_test(a_programs_values_are_checked),
        cmocka_unit_test(a_programs_numbers_become_json),
        cmocka_unit_test(people_get_lines),
        cmocka_unit_test(an_item_under_way_is_kept),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
