/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "plan/attribute.h"
#include "json/reader.h"

#define NUMBER "The parameter cannot be converted to a numeric value"
#define NAME   "Empty attribute name"
#define NESTED                                                                                                         \
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"

static void item_of_text(struct item *out, const char *json, struct arena *arena)
{
    struct json_reader reader;
    struct stator_error err = {0};

    json_reader_init(&reader, bytes_of_string(json), arena);
    if (item_read(out, &reader, json_next(&reader), arena, &err) != STATOR_OK)
        fail_msg("%s: %s", json, err.message);
}

/* {"pk":..., "d":{"M":{"n":...{"S":"leaf"}}}}, so many maps around the leaf, and more members after it. */
static const char *nested(unsigned depth, const char *more, struct arena *arena)
{
    struct buf buf;
    struct bytes copy;

    buf_init(&buf, 64 * 1024);
    buf_append_literal(&buf, "{\"pk\":{\"S\":\"a\"},\"d\":");
    for (unsigned i = 0; i < depth; i++)
        buf_append_literal(&buf, "{\"M\":{\"n\":");
    buf_append_literal(&buf, "{\"S\":\"leaf\"}");
    for (unsigned i = 0; i < depth; i++)
        buf_append_literal(&buf, "}}");
    buf_printf(&buf, "%s}%c", more, 0);
    copy = arena_copy(arena, buf_bytes(&buf));
    buf_deinit(&buf);
    return (const char *)copy.at;
}

struct expected {
    const char *json, *current, *older;
};

static void check(enum stator_rc rc, const struct stator_error *err, const char *json, const char *expected)
{
    if (expected == NULL ? rc != STATOR_OK : rc != STATOR_VALIDATION || strcmp(err->message, expected) != 0)
        fail_msg("%s: %d %s, not %s", json, rc, err->message, expected == NULL ? "accepted" : expected);
}

static void items(void **state)
{
    static const struct expected cases[] = {
        {"{}", NULL, NULL},
        {"{\"a\":{\"S\":\"\"},\"m\":{\"M\":{\"b\":{\"L\":[{\"M\":{}}]}}}}", NULL, NULL},
        {"{\"a\":{\"N\":\"\"}}", NUMBER ": ", NUMBER},
        {"{\"a\":{\"SS\":[\"x\",\"x\"]}}",
         "One or more parameter values were invalid: Input collection [\"x\", \"x\"] contains duplicates.",
         "One or more parameter values were invalid: Input collection [x, x] contains duplicates."},
        {"{\"a\":{\"S\":\"x\"},\"\":{\"S\":\"x\"}}", NAME, NAME},
        {"{\"a\":{\"N\":\"\"},\"\":{\"S\":\"x\"}}", NAME, NAME},
        {"{\"a\":{\"M\":{\"\":{\"S\":\"x\"}}}}", NAME, NAME},
        {"{\"a\":{\"L\":[{\"M\":{\"b\":{\"L\":[{\"M\":{\"c\":{\"NULL\":true},\"\":{\"S\":\"x\"}}}]}}}]}}", NAME, NAME},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct stator_error err = {0};
        struct item item;

        arena_init(&arena, 1024 * 1024);
        item_of_text(&item, cases[i].json, &arena);
        check(attribute_check_item(&item, VALUE_LAYER_CURRENT, &err), &err, cases[i].json, cases[i].current);
        check(attribute_check_item(&item, VALUE_LAYER_OLDER, &err), &err, cases[i].json, cases[i].older);
        arena_deinit(&arena);
    }
}

static void depth(void **state)
{
    static const struct {
        unsigned depth;
        const char *more, *message;
    } cases[] = {
        {31, "", NULL},
        {32, "", NESTED},
        {40, ",\"\":{\"S\":\"x\"}", NAME},
        {40, ",\"a\":{\"M\":{\"\":{\"S\":\"x\"}}}", NESTED}, /* a name inside a map is looked at last */
        {31, ",\"a\":{\"M\":{\"\":{\"S\":\"x\"}}}", NAME},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct stator_error err = {0};
        const char *json;
        struct item item;

        arena_init(&arena, 1024 * 1024);
        json = nested(cases[i].depth, cases[i].more, &arena);
        item_of_text(&item, json, &arena);
        check(attribute_check_item(&item, VALUE_LAYER_CURRENT, &err), &err, json, cases[i].message);
        arena_deinit(&arena);
    }
}

/* Values of expressions: the older layer allows one level more, and says of which it speaks. */
static void values(void **state)
{
    static const struct {
        unsigned depth;
        const char *more, *current, *older;
    } cases[] = {
        {31, "", NULL, NULL},
        {32, "", NESTED, NULL},
        {33, "", NESTED, "ExpressionAttributeValues contains invalid value: " NESTED " for key d"},
        {1, ",\":v\":{\"M\":{\"\":{\"S\":\"x\"}}}", NAME,
         "ExpressionAttributeValues contains invalid value: Empty attribute name for key :v"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct stator_error err = {0};
        const char *json;
        struct item item;

        arena_init(&arena, 1024 * 1024);
        json = nested(cases[i].depth, cases[i].more, &arena);
        item_of_text(&item, json, &arena);
        check(attribute_check_values(&item, VALUE_LAYER_CURRENT, &err), &err, json, cases[i].current);
        check(attribute_check_values(&item, VALUE_LAYER_OLDER, &err), &err, json, cases[i].older);
        arena_deinit(&arena);
    }
}

/* One value of Expected, AttributeUpdates or a filter; and what an update has made. */
static void operands(void **state)
{
    static const struct {
        unsigned depth;
        bool current, older, stored;
    } cases[] = {{31, true, true, true}, {32, false, true, false}, {33, false, false, false}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct stator_error err = {0};
        const struct value *value;
        struct item item;

        arena_init(&arena, 1024 * 1024);
        item_of_text(&item, nested(cases[i].depth, "", &arena), &arena);
        value = item_find(&item, BYTES("d"));
        check(attribute_check_value(value, VALUE_LAYER_CURRENT, &err), &err, "", cases[i].current ? NULL : NESTED);
        check(attribute_check_value(value, VALUE_LAYER_OLDER, &err), &err, "", cases[i].older ? NULL : NESTED);
        check(attribute_check_updated(&item, &err), &err, "",
              cases[i].stored ? NULL : "Nesting Levels have exceeded supported limits");
        arena_deinit(&arena);
    }
}

static void names(void **state)
{
    static const uint8_t longest[65536] = {'a'};
    struct stator_error err;

    (void)state;
    assert_int_equal(attribute_check_name(BYTES(""), &err), STATOR_VALIDATION);
    assert_int_equal(attribute_check_name(bytes_of(longest, 1), &err), STATOR_OK);
    assert_int_equal(attribute_check_name(bytes_of(longest, 65535), &err), STATOR_OK);
    assert_int_equal(attribute_check_name(bytes_of(longest, 65536), &err), STATOR_VALIDATION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items),    cmocka_unit_test(depth), cmocka_unit_test(values),
        cmocka_unit_test(operands), cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
