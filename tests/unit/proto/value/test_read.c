/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "value/value.h"

#define LIMIT ((size_t)256 << 20)

struct reading {
    struct arena arena;
    struct json_reader reader;
    struct stator_error err;
    bool fault;
};

static enum stator_rc read_text(struct reading *r, struct value *out, struct bytes json)
{
    r->fault = false;
    r->err.message[0] = 0;
    json_reader_init(&r->reader, json, &r->arena);
    return value_read(out, &r->reader, json_next(&r->reader), &r->fault, &r->arena, &r->err);
}

static int setup(void **state)
{
    struct reading *r = calloc(1, sizeof(*r));

    arena_init(&r->arena, LIMIT);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct reading *r = *state;

    arena_deinit(&r->arena);
    free(r);
    return 0;
}

/* Reads json, expects no fault, and compares with what is written. */
static void assert_canonical(struct reading *r, struct bytes json, const char *canonical)
{
    struct value value, again;
    struct buf buf;

    buf_init(&buf, LIMIT);
    assert_int_equal(read_text(r, &value, json), STATOR_OK);
    assert_false(r->fault);
    assert_int_equal(value_check(&value, VALUE_LAYER_CURRENT, &r->err), STATOR_OK);
    assert_int_equal(json_next(&r->reader), JSON_END);
    value_write(&buf, &value);
    assert_false(buf.failed);
    assert_bytes_are(buf_bytes(&buf), canonical);
    assert_true(value_read_stored(&again, buf_bytes(&buf), &r->arena));
    assert_true(value_equal(&value, &again));
    assert_int_equal(value_size(&value), value_size(&again));
    if (!bytes_equal(json, buf_bytes(&buf)) && json.at[0] == '{') /* blanks and needless escapes are not noticed */
        assert_false(value_read_stored(&again, json, &r->arena));
    buf_deinit(&buf);
}

static void values_become_canonical(void **state)
{
    static const struct {
        const char *json, *canonical;
    } cases[] = {
        {"{\"S\":\"\"}", "{\"S\":\"\"}"},
        {"{\"S\":\"a\\\"b\"}", "{\"S\":\"a\\\"b\"}"},
        {"{\"N\":\"0\"}", "{\"N\":\"0\"}"},
        {"{\"N\":\"-0.0\"}", "{\"N\":\"0\"}"},
        {"{\"N\":\"+0150e-2\"}", "{\"N\":\"1.5\"}"},
        {"{\"B\":\"\"}", "{\"B\":\"\"}"},
        {"{\"B\":\"AA==\"}", "{\"B\":\"AA==\"}"},
        {"{\"BOOL\":true}", "{\"BOOL\":true}"},
        {"{\"BOOL\":false}", "{\"BOOL\":false}"},
        {"{\"BOOL\":\"Yes\"}", "{\"BOOL\":true}"},
        {"{\"BOOL\":\"FALSE\"}", "{\"BOOL\":false}"},
        {"{\"NULL\":true}", "{\"NULL\":true}"},
        {"{\"NULL\":\"1\"}", "{\"NULL\":true}"},
        {"{\"SS\":[\"b\",\"\",\"a\",\"ab\"]}", "{\"SS\":[\"\",\"a\",\"ab\",\"b\"]}"},
        {"{\"NS\":[\"10\",\"9\",\"-1\",\"1e-2\",\"-20\"]}", "{\"NS\":[\"-20\",\"-1\",\"0.01\",\"9\",\"10\"]}"},
        {"{\"BS\":[\"/w==\",\"\",\"AAA=\",\"AA==\"]}", "{\"BS\":[\"\",\"AA==\",\"AAA=\",\"/w==\"]}"},
        {"{\"L\":[]}", "{\"L\":[]}"},
        {"{\"L\":[{\"S\":\"b\"},{\"N\":\"01\"}]}", "{\"L\":[{\"S\":\"b\"},{\"N\":\"1\"}]}"},
        {"{\"M\":{}}", "{\"M\":{}}"},
        {"{\"M\":{\"b\":{\"S\":\"1\"},\"a\":{\"L\":[{\"M\":{}}]}}}",
         "{\"M\":{\"a\":{\"L\":[{\"M\":{}}]},\"b\":{\"S\":\"1\"}}}"},
        /* the last of a name counts */
        {"{\"M\":{\"a\":{\"S\":\"1\"},\"b\":{\"S\":\"2\"},\"a\":{\"S\":\"3\"}}}",
         "{\"M\":{\"a\":{\"S\":\"3\"},\"b\":{\"S\":\"2\"}}}"},
        {"{\"S\":\"a\",\"S\":\"b\"}", "{\"S\":\"b\"}"},
        {"{\"N\":\"x\",\"N\":\"1\"}", "{\"N\":\"1\"}"},
        {"{\"M\":{\"a\":{\"N\":\"x\"},\"a\":{\"S\":\"3\"}}}", "{\"M\":{\"a\":{\"S\":\"3\"}}}"},
        /* members that are no type, and null */
        {"{\"X\":[{\"a\":1}],\"S\":\"a\",\"s\":1,\"SSS\":null}", "{\"S\":\"a\"}"},
        {"{\"N\":null,\"S\":\"a\",\"M\":null}", "{\"S\":\"a\"}"},
        {" { \"\\u0053\" : \"\\u0061\" } ", "{\"S\":\"a\"}"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_canonical(*state, bytes_of_string(cases[i].json), cases[i].canonical);
}

#define NO_TYPE "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
#define MANY                                                                                                           \
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
#define INVALID   "One or more parameter values were invalid: "
#define NUMERIC   "The parameter cannot be converted to a numeric value"
#define OVERFLOW  "Number overflow. Attempting to store a number with magnitude larger than supported range"
#define UNDERFLOW "Number underflow. Attempting to store a number with magnitude smaller than supported range"
#define PRECISE   "Attempting to store more than 38 significant digits in a Number"

static void faults_have_the_words_of_the_service(void **state)
{
    static const struct {
        const char *json, *current, *older; /* older NULL: the same */
    } cases[] = {
        {"{}", NO_TYPE, NULL},
        {"{\"X\":1}", NO_TYPE, NULL},
        {"{\"S\":null}", NO_TYPE, NULL},
        {"{\"L\":[{}]}", NO_TYPE, NULL},
        {"{\"L\":[null]}", NO_TYPE, NULL},
        {"{\"M\":{\"a\":null}}", NO_TYPE, NULL},
        {"{\"M\":{\"a\":{}}}", NO_TYPE, NULL},
        {"{\"S\":\"a\",\"N\":\"1\"}", MANY, NULL},
        {"{\"S\":\"\",\"N\":\"\"}", NUMERIC ": ", NUMERIC},
        {"{\"S\":\"a\",\"N\":\"b\"}", NUMERIC ": b", NULL},
        {"{\"NULL\":false}", INVALID "Null attribute value types must have the value of true", NULL},
        {"{\"NULL\":\"no\"}", INVALID "Null attribute value types must have the value of true", NULL},
        {"{\"SS\":[]}", INVALID "An string set  may not be empty", NULL},
        {"{\"NS\":[]}", INVALID "An number set  may not be empty", NULL},
        {"{\"BS\":[]}", INVALID "Binary sets should not be empty", NULL},
        {"{\"SS\":[\"a\",null]}", INVALID "An string set may not have a null string as a member", NULL},
        {"{\"N\":\"abc\"}", NUMERIC ": abc", NULL},
        {"{\"N\":\"\"}", NUMERIC ": ", NUMERIC},
        {"{\"N\":\"1e126\"}", OVERFLOW, NULL},
        {"{\"N\":\"1e2147483647\"}", OVERFLOW, UNDERFLOW},
        {"{\"N\":\"1e-131\"}", UNDERFLOW, NULL},
        {"{\"N\":\"123456789012345678901234567890123456789\"}", PRECISE, NULL},
        {"{\"NS\":[\"1\",\"b\",\"c\"]}", NUMERIC ": b", NULL},
        {"{\"NS\":[\"1\",\"\"]}", NUMERIC ": ", NUMERIC},
        {"{\"NS\":[\"2\",\"1\",\"2.0\"]}", INVALID "Input collection contains duplicates.",
         "Input collection contains duplicates"},
        /* valueLayers.test.ts of the conformance suite */
        {"{\"SS\":[\"b\",\"a\",\"b\"]}", INVALID "Input collection [\"a\", \"b\", \"b\"] contains duplicates.",
         INVALID "Input collection [b, a, b] contains duplicates."},
        {"{\"BS\":[\"/w==\",\"AA==\",\"AA==\"]}",
         INVALID "Input collection [\"AA==\",\"/w==\",\"AA==\"]of type BS contains duplicates.",
         INVALID "Input collection [/w==, AA==, AA==]of type BS contains duplicates."},
        {"{\"SS\":[\"c\",\"a\",\"c\",\"b\",\"b\",\"a\"]}",
         INVALID "Input collection [\"a\", \"c\", \"c\", \"b\", \"b\", \"a\"] contains duplicates.",
         INVALID "Input collection [c, a, c, b, b, a] contains duplicates."},
        {"{\"SS\":[\"\",\"\"]}", INVALID "Input collection [\"\", \"\"] contains duplicates.",
         INVALID "Input collection [, ] contains duplicates."},
        /* the first in the order of the text; in one value, in the order of the model's types */
        {"{\"M\":{\"b\":{\"N\":\"x\"},\"a\":{\"N\":\"y\"}}}", NUMERIC ": x", NULL},
        {"{\"L\":[{\"S\":\"\"},{\"M\":{\"z\":{\"SS\":[]},\"a\":{}}}]}", INVALID "An string set  may not be empty",
         NULL},
        {"{\"M\":{\"a\":{}},\"SS\":[],\"N\":\"z\"}", NUMERIC ": z", NULL},
        {"{\"SS\":[\"1\"],\"L\":[{\"S\":\"\"},{}]}", NO_TYPE, NULL},
    };
    struct reading *r = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *older = cases[i].older != NULL ? cases[i].older : cases[i].current;
        const struct value *fault;
        struct value value;

        assert_int_equal(read_text(r, &value, bytes_of_string(cases[i].json)), STATOR_OK);
        assert_true(r->fault);
        assert_int_equal(json_next(&r->reader), JSON_END);
        assert_int_equal(value_check(&value, VALUE_LAYER_CURRENT, &r->err), STATOR_VALIDATION);
        assert_string_equal(r->err.message, cases[i].current);
        fault = value_fault(&value);
        assert_bytes_are(value_fault_text(fault, VALUE_LAYER_CURRENT), cases[i].current);
        assert_bytes_are(value_fault_text(fault, VALUE_LAYER_OLDER), older);
        assert_false(value_read_stored(&value, bytes_of_string(cases[i].json), &r->arena));
    }
}

#define STRUCTURE "Start of structure or map found where not expected"
#define BASE64    "only base-64-encoded strings are convertible to bytes"
#define LAST      "Invalid last non-pad Base64 character dectected"

static void wrong_types_have_the_words_of_the_service(void **state)
{
    static const struct {
        const char *json, *text;
    } cases[] = {
        {"\"23\"", "Unexpected value type in payload"},
        {"true", "Unexpected value type in payload"},
        {"34.56", "Unexpected value type in payload"},
        {"[]", "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"},
        {"{\"S\":true}", "TRUE_VALUE cannot be converted to String"},
        {"{\"S\":false}", "FALSE_VALUE cannot be converted to String"},
        {"{\"S\":23}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"S\":-2147483648}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"S\":34.56}", "DECIMAL_VALUE cannot be converted to String"},
        {"{\"S\":[]}", "Unrecognized collection type class java.lang.String"},
        {"{\"S\":{}}", STRUCTURE},
        {"{\"N\":23}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"N\":[]}", "Unrecognized collection type class java.lang.String"},
        {"{\"B\":true}", BASE64},
        {"{\"B\":1}", BASE64},
        {"{\"B\":[]}", "Unrecognized collection type class java.nio.ByteBuffer"},
        {"{\"B\":{}}", STRUCTURE},
        {"{\"B\":\"23456\"}", "Base64 encoded length is expected a multiple of 4 bytes but found: 5"},
        {"{\"B\":\"=+/=\"}", LAST},
        {"{\"B\":\"+/+=\"}", LAST},
        {"{\"B\":\"AB==\"}", LAST},
        {"{\"B\":\"A!AA\"}", "Invalid Base64 character: '!'"},
        {"{\"B\":\"====\"}", "Invalid Base64 character: '='"},
        {"{\"BOOL\":23}", "NUMBER_VALUE cannot be converted to Boolean"},
        {"{\"BOOL\":34.56}", "DECIMAL_VALUE cannot be converted to Boolean"},
        {"{\"BOOL\":\"23\"}", "Unexpected token received from parser"},
        {"{\"BOOL\":[]}", "Unrecognized collection type class java.lang.Boolean"},
        {"{\"BOOL\":{}}", STRUCTURE},
        {"{\"NULL\":\"23\"}", "Unexpected token received from parser"},
        {"{\"SS\":\"a\"}", "Unexpected field type"},
        {"{\"SS\":{}}", STRUCTURE},
        {"{\"SS\":[1]}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"NS\":[[]]}", "Unrecognized collection type class java.lang.String"},
        {"{\"BS\":[true]}", BASE64},
        {"{\"L\":1}", "Unexpected field type"},
        {"{\"L\":{}}", STRUCTURE},
        {"{\"L\":[\"a\"]}", "Unexpected value type in payload"},
        {"{\"L\":[{\"BS\":[{}]}]}", STRUCTURE},
        {"{\"M\":\"a\"}", "Unexpected field type"},
        {"{\"M\":[]}", "Unrecognized collection type java.util.Map<java.lang.String, "
                       "com.amazonaws.dynamodb.v20120810.AttributeValue>"},
        {"{\"M\":{\"a\":[]}}", "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"},
        {"{\"M\":{\"a\":{\"BS\":true}}}", "Unexpected field type"},
        /* bad JSON has no text */
        {"", ""},
        {"{", ""},
        {"{\"S\":\"a\"", ""},
        {"{\"S\":}", ""},
        {"{\"SS\":[\"a\",]}", ""},
        {"{\"L\":[{\"S\":\"a\"}}", ""},
        {"{\"M\":{\"a\":{\"S\":\"a\"},}}", ""},
        {"{\"X\":[}", ""},
    };
    struct reading *r = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct value value;

        assert_int_equal(read_text(r, &value, bytes_of_string(cases[i].json)), STATOR_SERIALIZATION);
        assert_string_equal(r->err.message, cases[i].text);
    }
}

/* Texts longer than an error are cut, but not within a character. */
static void long_faults_are_cut_between_characters(void **state)
{
    static const char *const openings[] = {"{\"N\":\"", "{\"N\":\"1", "{\"N\":\"12", "{\"SS\":[\"x\",\"x\",\""};
    static const char *const closings[] = {"\"}", "\"}", "\"}", "\"]}"};
    static const char *const characters[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    struct reading *r = *state;

    for (size_t i = 0; i < COUNT_OF(openings) * COUNT_OF(characters); i++) {
        struct value value;
        struct buf buf;

        buf_init(&buf, LIMIT);
        buf_printf(&buf, "%s", openings[i % COUNT_OF(openings)]);
        while (buf.len < 2 * STATOR_ERROR_MESSAGE_MAX)
            buf_printf(&buf, "%s", characters[i / COUNT_OF(openings)]);
        buf_printf(&buf, "%s", closings[i % COUNT_OF(openings)]);
        assert_int_equal(read_text(r, &value, buf_bytes(&buf)), STATOR_OK);
        assert_int_equal(value.type, VALUE_FAULT);
        assert_true(utf8_valid(value.text) && utf8_valid(*value.older));
        assert_in_range(value.text.len, STATOR_ERROR_MESSAGE_MAX - 4, STATOR_ERROR_MESSAGE_MAX - 1);
        assert_in_range(value.older->len, STATOR_ERROR_MESSAGE_MAX - 4, STATOR_ERROR_MESSAGE_MAX - 1);
        buf_deinit(&buf);
    }
}

static void items(void **state)
{
    struct bytes json = BYTES("{\"pk\":{\"S\":\"a\"},\"n\":{\"N\":\"1.0\"},\"\":{\"NULL\":true}}");
    struct reading *r = *state;
    struct item item;
    struct buf buf;

    json_reader_init(&r->reader, json, &r->arena);
    assert_int_equal(item_read(&item, &r->reader, json_next(&r->reader), &r->arena, &r->err), STATOR_OK);
    assert_true(item.set);
    assert_false(item.fault);
    assert_int_equal(item.count, 3);
    assert_bytes_are(item_find(&item, BYTES("n"))->text, "1");
    assert_null(item_find(&item, BYTES("x")));
    buf_init(&buf, LIMIT);
    item_write(&buf, &item);
    assert_bytes_are(buf_bytes(&buf), "{\"\":{\"NULL\":true},\"n\":{\"N\":\"1\"},\"pk\":{\"S\":\"a\"}}");
    assert_true(item_read_stored(&item, buf_bytes(&buf), &r->arena));
    assert_false(item_read_stored(&item, json, &r->arena));
    assert_int_equal(item_size(&item), 1 + (1 + 2) + (2 + 1));
    buf_deinit(&buf);
}

static void items_with_faults_and_wrong_types(void **state)
{
    static const struct {
        const char *json;
        enum stator_rc read;
        const char *text;
    } cases[] = {
        {"{\"b\":{\"N\":\"x\"},\"a\":{}}", STATOR_OK, NUMERIC ": x"},
        {"{\"b\":{\"S\":\"x\"},\"a\":null}", STATOR_OK, NO_TYPE},
        {"true", STATOR_SERIALIZATION, "Unexpected field type"},
        {"[]", STATOR_SERIALIZATION,
         "Unrecognized collection type java.util.Map<java.lang.String, "
         "com.amazonaws.dynamodb.v20120810.AttributeValue>"},
        {"{\"a\":1}", STATOR_SERIALIZATION, "Unexpected value type in payload"},
        {"{\"a\":{\"S\":\"x\"}", STATOR_SERIALIZATION, ""},
    };
    struct reading *r = *state;
    struct item item;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        json_reader_init(&r->reader, bytes_of_string(cases[i].json), &r->arena);
        r->err.message[0] = 0;
        assert_int_equal(item_read(&item, &r->reader, json_next(&r->reader), &r->arena, &r->err), cases[i].read);
        if (cases[i].read == STATOR_OK) {
            assert_true(item.fault);
            assert_int_equal(item_check(&item, VALUE_LAYER_CURRENT, &r->err), STATOR_VALIDATION);
        }
        assert_string_equal(r->err.message, cases[i].text);
    }
    json_reader_init(&r->reader, BYTES("null"), &r->arena);
    assert_int_equal(item_read(&item, &r->reader, json_next(&r->reader), &r->arena, &r->err), STATOR_OK);
    assert_false(item.set);
}

/* {"L":[{"L":[ ... ]}]} of so many levels. */
static enum stator_rc read_nested(struct reading *r, struct value *out, unsigned levels)
{
    enum stator_rc rc;
    struct buf buf;

    buf_init(&buf, LIMIT);
    for (unsigned i = 0; i < levels; i++)
        buf_append_literal(&buf, "{\"L\":[");
    for (unsigned i = 0; i < levels; i++)
        buf_append_literal(&buf, "]}");
    rc = read_text(r, out, buf_bytes(&buf));
    buf_deinit(&buf);
    return rc;
}

static void depth(void **state)
{
    struct value value;

    assert_int_equal(read_nested(*state, &value, 1), STATOR_OK);
    assert_int_equal(value_depth(&value), 1);
    assert_int_equal(read_nested(*state, &value, 100), STATOR_OK);
    assert_int_equal(value_depth(&value), 100);
    assert_int_equal(read_nested(*state, &value, JSON_DEPTH_MAX / 2), STATOR_OK);
    assert_int_equal(read_nested(*state, &value, JSON_DEPTH_MAX / 2 + 1), STATOR_SERIALIZATION);
    assert_int_equal(read_nested(*state, &value, 100000), STATOR_SERIALIZATION);
}

/* Sizes at which anything quadratic would not end within the test's time. */
static void large_collections(void **state)
{
    enum { COUNT = 200000 };
    struct reading *r = *state;
    struct value value;
    struct buf buf;

    buf_init(&buf, LIMIT);
    buf_append_literal(&buf, "{\"NS\":[\"0\"");
    for (unsigned i = COUNT; i > 0; i--)
        buf_printf(&buf, ",\"%u\"", i);
    buf_append_literal(&buf, "]}");
    assert_int_equal(read_text(r, &value, buf_bytes(&buf)), STATOR_OK);
    assert_false(r->fault);
    assert_int_equal(value.count, COUNT + 1);
    assert_bytes_are(value.members[COUNT].text, "200000");

    buf_reset(&buf);
    buf_append_literal(&buf, "{\"M\":{\"x\":{\"S\":\"\"}");
    for (unsigned i = 0; i < COUNT; i++)
        buf_printf(&buf, ",\"%u\":{\"N\":\"%u\"}", i * 7919 % COUNT, i);
    buf_append_literal(&buf, "}}");
    assert_int_equal(read_text(r, &value, buf_bytes(&buf)), STATOR_OK);
    assert_int_equal(value.count, COUNT + 1);
    assert_bytes_are(value_find(&value, BYTES("7919"))->text, "1");

    buf_reset(&buf);
    buf_append_literal(&buf, "{\"SS\":[\"x\"");
    for (unsigned i = 0; i < COUNT; i++)
        buf_printf(&buf, ",\"%u\"", i % (COUNT - 1));
    buf_append_literal(&buf, "]}");
    assert_int_equal(read_text(r, &value, buf_bytes(&buf)), STATOR_OK);
    assert_int_equal(value_check(&value, VALUE_LAYER_CURRENT, &r->err), STATOR_VALIDATION);
    assert_int_equal(strlen(r->err.message), STATOR_ERROR_MESSAGE_MAX - 1);
    buf_deinit(&buf);
}

/* However small the arena, a request fails cleanly. */
static void every_arena_size(void **state)
{
    struct bytes json =
        BYTES("{\"M\":{\"b\":{\"NS\":[\"2\",\"1.0\",\"1e1\"]},\"a\\n\":{\"B\":\"AAAA\"},\"c\":{\"L\":[{\"S\":\"\\t\"},"
              "{\"N\":\"x\"},{\"SS\":[\"a\",\"a\"]},{},{\"S\":\"\"}]}}}");
    struct json_reader reader;
    struct stator_error err;
    struct arena arena;
    struct value value;
    enum stator_rc rc = STATOR_NO_MEMORY;

    (void)state;
    for (size_t max = 0; rc != STATOR_OK; max++) {
        bool fault = false;

        assert_true(max < 10000);
        arena_init(&arena, max);
        json_reader_init(&reader, json, &arena);
        rc = value_read(&value, &reader, json_next(&reader), &fault, &arena, &err);
        assert_true(rc == STATOR_OK || rc == STATOR_NO_MEMORY);
        arena_deinit(&arena);
    }
}

/* What is past a limit is checked and not kept: what is kept is over the limit, and takes little memory. */
static void limits(void **state)
{
    static const struct {
        const char *before, *one, *after; /* a value of many `one`s, with commas */
        enum stator_rc rc;
        const char *message; /* of an error, or of a fault that is not the size's */
    } cases[] = {
        {"{\"L\":[", "{\"S\":\"\"}", "]}", STATOR_OK, NULL},
        {"{\"L\":[", "{\"S\":\"\\n\\t\"}", "]}", STATOR_OK, NULL},
        {"{\"L\":[", "{\"N\":\"1.50\"}", "]}", STATOR_OK, NULL},
        {"{\"L\":[", "{\"B\":\"AAAA\"}", "]}", STATOR_OK, NULL},
        {"{\"L\":[", "{\"M\":{\"a\":{\"L\":[{\"NULL\":true}]}}}", "]}", STATOR_OK, NULL},
        {"{\"L\":[", "{\"SS\":[\"b\",\"\",\"a\"]}", "]}", STATOR_OK, NULL},
        {"{\"M\":{", "\"a\":{\"BOOL\":true}", "}}", STATOR_OK, NULL},
        {"{\"SS\":[", "\"\"", "]}", STATOR_OK, "One or more parameter values were invalid: Input collection [\"\""},
        {"{\"L\":[", "{\"S\":\"\"}", ",{\"N\":\"x\"},{\"NULL\":false}]}", STATOR_OK,
         "The parameter cannot be converted to a numeric value: x"},
        {"{\"L\":[", "{\"S\":\"\"}", ",{\"L\":[{\"S\":\"\"},{\"M\":{\"a\":{\"NULL\":false}}}]},{\"N\":\"x\"}]}",
         STATOR_OK,
         "One or more parameter values were invalid: Null attribute value types must have the value of true"},
        {"{\"L\":[", "{\"S\":\"\"}", ",{\"NS\":[\"1\",\"y\",\"x\"]}]}", STATOR_OK,
         "The parameter cannot be converted to a numeric value: y"},
        {"{\"L\":[", "{\"S\":\"\"}", ",{\"SS\":[]}]}", STATOR_OK,
         "One or more parameter values were invalid: An string set  may not be empty"},
        {"{\"L\":[", "{\"S\":\"\"}", ",{\"S\":1}]}", STATOR_SERIALIZATION,
         "NUMBER_VALUE cannot be converted to String"},
        {"{\"L\":[", "{\"S\":\"\"}", ",{\"S\":\"a}]}", STATOR_SERIALIZATION, ""},
    };
    const size_t limit = 1000, count = 20000;
    struct reading *r = *state;

    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        bool fault = false;
        struct value value;
        enum stator_rc rc;
        struct buf json;

        buf_init(&json, LIMIT);
        buf_printf(&json, "%s", cases[c].before);
        for (size_t i = 0; i < count; i++)
            buf_printf(&json, "%s%s", i == 0 ? "" : ",", cases[c].one);
        buf_printf(&json, "%s", cases[c].after);
        arena_reset(&r->arena);
        json_reader_init(&r->reader, buf_bytes(&json), &r->arena);
        rc = value_read_within(&value, &r->reader, json_next(&r->reader), &fault, limit, &r->arena, &r->err);
        assert_int_equal(rc, cases[c].rc);
        assert_in_range(r->arena.used_bytes, 0, 256 * 1024); /* of up to 20 MB */
        if (rc == STATOR_OK) {
            assert_true(fault);
            assert_int_equal(value_check(&value, VALUE_LAYER_CURRENT, &r->err), STATOR_VALIDATION);
        }
        if (cases[c].message == NULL)
            assert_string_equal(r->err.message, "Item size has exceeded the maximum allowed size");
        else if (strncmp(r->err.message, cases[c].message, strlen(cases[c].message)) != 0)
            fail_msg("case %zu: %s", c, r->err.message);
        buf_deinit(&json);
    }
}

/* An item of exactly the limit is kept as it is, and one byte more shows. */
static void limits_are_exact(void **state)
{
    static const char *const items_[] = {
        "{\"a\":{\"L\":[{\"S\":\"\"},{\"SS\":[\"\"]},{\"SS\":[\"\",\"x\"]},{\"M\":{\"k\":{\"B\":\"AAA=\"}}}]},\"b\":{"
        "\"S\":\"\"}}",
        "{\"\":{\"BOOL\":true},\"b\":{\"NULL\":true},\"c\":{\"BS\":[\"\"]},\"d\":{\"M\":{}}}",
        "{\"a\":{\"N\":\"123456789\"},\"b\":{\"NS\":[\"-5\",\"0.5\"]}}",
    };
    struct reading *r = *state;

    for (size_t c = 0; c < COUNT_OF(items_); c++) {
        struct item whole, within;

        json_reader_init(&r->reader, bytes_of_string(items_[c]), &r->arena);
        assert_int_equal(item_read(&whole, &r->reader, json_next(&r->reader), &r->arena, &r->err), STATOR_OK);
        for (size_t limit = 0; limit <= item_size(&whole); limit++) {
            json_reader_init(&r->reader, bytes_of_string(items_[c]), &r->arena);
            assert_int_equal(item_read_within(&within, &r->reader, json_next(&r->reader), limit, &r->arena, &r->err),
                             STATOR_OK);
            if (within.cut)
                assert_in_range(item_size(&within), limit + 1, SIZE_MAX);
            else
                assert_true(item_equal(&whole, &within));
        }
        assert_false(within.cut);
    }
}

/* What was dropped is not forgotten because what is left of repeated names is small. */
static void limits_count_repeated_names(void **state)
{
    static const char *const items_[] = {
        "{\"a\":{\"NULL\":true},\"a\":{\"NULL\":true},\"a\":{\"NULL\":true},\"b\":{\"S\":\"x\"}}",
        "{\"a\":{\"M\":{\"a\":{\"NULL\":true},\"a\":{\"NULL\":true},\"a\":{\"NULL\":true},\"b\":{\"S\":\"x\"}}}}",
    };
    struct reading *r = *state;

    for (size_t c = 0; c < COUNT_OF(items_); c++) {
        struct item item;

        json_reader_init(&r->reader, bytes_of_string(items_[c]), &r->arena);
        assert_int_equal(item_read_within(&item, &r->reader, json_next(&r->reader), 5, &r->arena, &r->err), STATOR_OK);
        assert_true(item.cut);
        if (item_size(&item) > 5)
            continue;
        assert_int_equal(item_check(&item, VALUE_LAYER_OLDER, &r->err), STATOR_VALIDATION);
        assert_string_equal(r->err.message, "Item size has exceeded the maximum allowed size");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_become_canonical, setup, teardown),
        cmocka_unit_test_setup_teardown(faults_have_the_words_of_the_service, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_types_have_the_words_of_the_service, setup, teardown),
        cmocka_unit_test_setup_teardown(long_faults_are_cut_between_characters, setup, teardown),
        cmocka_unit_test_setup_teardown(items, setup, teardown),
        cmocka_unit_test_setup_teardown(items_with_faults_and_wrong_types, setup, teardown),
        cmocka_unit_test_setup_teardown(depth, setup, teardown),
        cmocka_unit_test_setup_teardown(large_collections, setup, teardown),
        cmocka_unit_test_setup_teardown(limits, setup, teardown),
        cmocka_unit_test_setup_teardown(limits_are_exact, setup, teardown),
        cmocka_unit_test_setup_teardown(limits_count_repeated_names, setup, teardown),
        cmocka_unit_test(every_arena_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
