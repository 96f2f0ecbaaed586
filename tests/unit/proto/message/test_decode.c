/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <float.h>

#include "base/arena.h"
#include "message/message.h"

#define LITTLE 65536

/* Decodes text as the input of that operation. */
static enum stator_rc decode(void **out, enum operation operation, const char *text, struct arena *arena,
                             struct stator_error *err)
{
    return message_decode(out, operation_info(operation)->input, bytes_of_string(text), arena, err);
}

static void reads_what_is_there(void **state)
{
    struct arena arena;
    struct stator_error err;
    void *out;
    const struct CreateTableInput *in;

    (void)state;
    arena_init(&arena, LITTLE);
    assert_int_equal(
        decode(&out, OPERATION_CreateTable,
               "{\"TableName\":\"t\\u0041\",\"Nobody\":{\"a\":[1,{}]},\"BillingMode\":\"PAY_PER_REQUEST\","
               "\"DeletionProtectionEnabled\":\"Yes\",\"Tags\":null,\"KeySchema\":[{\"AttributeName\":\"a\","
               "\"KeyType\":\"HASH\"},null,{\"AttributeName\":\"b\",\"KeyType\":\"What\"}],"
               "\"ProvisionedThroughput\":{\"ReadCapacityUnits\":12,\"WriteCapacityUnits\":1.9e1}}",
               &arena, &err),
        STATOR_OK);
    in = out;
    assert_bytes_are(in->TableName, "tA");
    assert_int_equal(in->BillingMode.value, BillingMode_PAY_PER_REQUEST);
    assert_int_equal(in->DeletionProtectionEnabled, API_TRUE);
    assert_false(in->Tags.set);
    assert_false(in->AttributeDefinitions.set);
    assert_int_equal(in->KeySchema.count, 2);
    assert_bytes_are(in->KeySchema.at[0].AttributeName, "a");
    assert_int_equal(in->KeySchema.at[0].KeyType.value, KeyType_HASH);
    assert_int_equal(in->KeySchema.at[1].KeyType.value, -1);
    assert_bytes_are(in->KeySchema.at[1].KeyType.text, "What");
    assert_int_equal(in->ProvisionedThroughput->ReadCapacityUnits.value, 12);
    assert_int_equal(in->ProvisionedThroughput->WriteCapacityUnits.value, 19);
    assert_null(in->StreamSpecification);
    arena_deinit(&arena);
}

static void last_of_a_name_counts(void **state)
{
    struct arena arena;
    struct stator_error err;
    void *out;
    const struct PutItemInput *put;
    const struct BatchGetItemInput *batch;

    (void)state;
    arena_init(&arena, LITTLE);
    assert_int_equal(
        decode(&out, OPERATION_PutItem,
               "{\"TableName\":\"a\",\"Item\":{\"x\":{\"S\":\"1\"}},\"TableName\":\"b\","
               "\"ExpressionAttributeNames\":{\"#b\":\"1\",\"#a\":\"2\",\"#b\":\"3\",\"#c\":null,\"#d\":\"4\"}}",
               &arena, &err),
        STATOR_OK);
    put = out;
    assert_bytes_are(put->TableName, "b");
    assert_int_equal(put->Item.count, 1);
    assert_int_equal(put->ExpressionAttributeNames.count, 3);
    assert_bytes_are(put->ExpressionAttributeNames.at[0].key, "#b");
    assert_bytes_are(put->ExpressionAttributeNames.at[0].value, "3");
    assert_bytes_are(put->ExpressionAttributeNames.at[1].key, "#a");
    assert_bytes_are(put->ExpressionAttributeNames.at[2].key, "#d");

    assert_int_equal(decode(&out, OPERATION_BatchGetItem,
                            "{\"RequestItems\":{\"t\":{\"Keys\":[{\"a\":{\"S\":\"x\"}},{},{},{},{\"a\":{\"N\":\"1\"}}],"
                            "\"ConsistentRead\":true},\"u\":{\"Keys\":[]}}}",
                            &arena, &err),
                     STATOR_OK);
    batch = out;
    assert_int_equal(batch->RequestItems.count, 2);
    assert_int_equal(batch->RequestItems.at[0].value.Keys.count, 5);
    assert_int_equal(batch->RequestItems.at[0].value.Keys.at[4].count, 1);
    assert_int_equal(batch->RequestItems.at[0].value.ConsistentRead, API_TRUE);
    assert_true(batch->RequestItems.at[1].value.Keys.set);
    arena_deinit(&arena);
}

#define CAST                                                                                                           \
    "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class "      \
    "(sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of "    \
    "loader 'bootstrap')"
#define WHERE_NOT_EXPECTED "Start of structure or map found where not expected"
#define VALUE_MAP          "java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"

static const struct bad {
    enum operation operation;
    const char *body, *text;
} bads[] = {
    /* Not JSON, whatever else is wrong: no text. */
    {OPERATION_GetItem, "", ""},
    {OPERATION_GetItem, "{", ""},
    {OPERATION_GetItem, "{\"TableName\":23", ""},
    {OPERATION_GetItem, "{\"TableName\":23,}", ""},
    {OPERATION_GetItem, "{\"TableName\":[1,{\"a\":\"\\ud800\"}]}", ""},
    {OPERATION_GetItem, "{} x", ""},
    /* The body itself. */
    {OPERATION_GetItem, "[]", "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.GetItemInput"},
    {OPERATION_GetItem, "23", "Unexpected value type in payload"},
    /* Texts; dynalite test/helpers.js assertType. */
    {OPERATION_GetItem, "{\"TableName\":true}", "TRUE_VALUE cannot be converted to String"},
    {OPERATION_GetItem, "{\"TableName\":false}", "FALSE_VALUE cannot be converted to String"},
    {OPERATION_GetItem, "{\"TableName\":23}", "NUMBER_VALUE cannot be converted to String"},
    {OPERATION_GetItem, "{\"TableName\":-2147483648}", "NUMBER_VALUE cannot be converted to String"},
    {OPERATION_GetItem, "{\"TableName\":34.56}", "DECIMAL_VALUE cannot be converted to String"},
    {OPERATION_GetItem, "{\"TableName\":[]}", "Unrecognized collection type class java.lang.String"},
    {OPERATION_GetItem, "{\"TableName\":{}}", WHERE_NOT_EXPECTED},
    {OPERATION_GetItem, "{\"ReturnConsumedCapacity\":23}", "NUMBER_VALUE cannot be converted to String"},
    {OPERATION_GetItem, "{\"AttributesToGet\":[23]}", "NUMBER_VALUE cannot be converted to String"},
    {OPERATION_GetItem, "{\"ExpressionAttributeNames\":{\"#a\":{}}}", WHERE_NOT_EXPECTED},
    /* Flags. */
    {OPERATION_GetItem, "{\"ConsistentRead\":\"23\"}", "Unexpected token received from parser"},
    {OPERATION_GetItem, "{\"ConsistentRead\":23}", "NUMBER_VALUE cannot be converted to Boolean"},
    {OPERATION_GetItem, "{\"ConsistentRead\":34.56}", "DECIMAL_VALUE cannot be converted to Boolean"},
    {OPERATION_GetItem, "{\"ConsistentRead\":[]}", "Unrecognized collection type class java.lang.Boolean"},
    {OPERATION_GetItem, "{\"ConsistentRead\":{}}", WHERE_NOT_EXPECTED},
    /* Numbers. */
    {OPERATION_Query, "{\"Limit\":\"23\"}", "STRING_VALUE cannot be converted to Integer"},
    {OPERATION_Query, "{\"Limit\":true}", "TRUE_VALUE cannot be converted to Integer"},
    {OPERATION_Query, "{\"Limit\":[]}", "Unrecognized collection type class java.lang.Integer"},
    {OPERATION_Query, "{\"Limit\":{}}", WHERE_NOT_EXPECTED},
    {OPERATION_CreateTable, "{\"ProvisionedThroughput\":{\"ReadCapacityUnits\":\"1\"}}",
     "STRING_VALUE cannot be converted to Long"},
    {OPERATION_CreateTable, "{\"ProvisionedThroughput\":{\"ReadCapacityUnits\":[]}}",
     "Unrecognized collection type class java.lang.Long"},
    /* Lists. */
    {OPERATION_CreateTable, "{\"KeySchema\":\"23\"}", "Unexpected field type"},
    {OPERATION_CreateTable, "{\"KeySchema\":{}}", WHERE_NOT_EXPECTED},
    {OPERATION_BatchWriteItem, "{\"RequestItems\":{\"a\":\"23\"}}", CAST},
    {OPERATION_BatchWriteItem, "{\"RequestItems\":{\"a\":{}}}", WHERE_NOT_EXPECTED},
    /* Maps. */
    {OPERATION_GetItem, "{\"Key\":23}", "Unexpected field type"},
    {OPERATION_GetItem, "{\"Key\":[]}", "Unrecognized collection type " VALUE_MAP},
    {OPERATION_BatchGetItem, "{\"RequestItems\":{\"a\":{\"Keys\":[true]}}}", CAST},
    {OPERATION_BatchGetItem, "{\"RequestItems\":{\"a\":{\"Keys\":[[]]}}}", "Unrecognized collection type " VALUE_MAP},
    {OPERATION_BatchGetItem, "{\"RequestItems\":[]}",
     "Unrecognized collection type java.util.Map<java.lang.String, "
     "com.amazonaws.dynamodb.v20120810.KeysAndAttributes>"},
    {OPERATION_BatchWriteItem, "{\"RequestItems\":[]}",
     "Unrecognized collection type java.util.Map<java.lang.String, "
     "java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>>"},
    {OPERATION_Query, "{\"ExpressionAttributeNames\":[]}",
     "Unrecognized collection type java.util.Map<java.lang.String, java.lang.String>"},
    {OPERATION_Query, "{\"KeyConditions\":2147483648}", "Unexpected field type"},
    /* Structures: in a list or map, and as a member. */
    {OPERATION_CreateTable, "{\"KeySchema\":[true]}", "Unexpected value type in payload"},
    {OPERATION_CreateTable, "{\"KeySchema\":[[]]}",
     "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.KeySchemaElement"},
    {OPERATION_Query, "{\"KeyConditions\":{\"a\":34.56}}", "Unexpected value type in payload"},
    {OPERATION_CreateTable, "{\"ProvisionedThroughput\":\"23\"}", "Unexpected field type"},
    {OPERATION_CreateTable, "{\"ProvisionedThroughput\":[]}",
     "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.ProvisionedThroughput"},
    /* Attribute values. */
    {OPERATION_GetItem, "{\"Key\":{\"a\":\"23\"}}", "Unexpected value type in payload"},
    {OPERATION_GetItem, "{\"Key\":{\"a\":[]}}",
     "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"},
    {OPERATION_GetItem, "{\"Key\":{\"a\":{\"S\":23}}}", "NUMBER_VALUE cannot be converted to String"},
    {OPERATION_GetItem, "{\"Key\":{\"a\":{\"B\":\"23456\"}}}",
     "Base64 encoded length is expected a multiple of 4 bytes but found: 5"},
    {OPERATION_PutItem, "{\"Expected\":{\"a\":{\"Value\":\"23\"}}}", "Unexpected field type"},
    {OPERATION_Query, "{\"KeyConditions\":{\"a\":{\"AttributeValueList\":[23]}}}", "Unexpected value type in payload"},
    /* The first in the document, not in the table. */
    {OPERATION_GetItem, "{\"ConsistentRead\":1,\"TableName\":1}", "NUMBER_VALUE cannot be converted to Boolean"},
    {OPERATION_GetItem, "{\"TableName\":1,\"ConsistentRead\":1}", "NUMBER_VALUE cannot be converted to String"},
};

static void says_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bads); i++) {
        struct arena arena;
        struct stator_error err;
        void *out;

        arena_init(&arena, LITTLE);
        if (decode(&out, bads[i].operation, bads[i].body, &arena, &err) != STATOR_SERIALIZATION)
            fail_msg("%s is taken", bads[i].body);
        if (strcmp(err.message, bads[i].text) != 0)
            fail_msg("%s gives \"%s\", not \"%s\"", bads[i].body, err.message, bads[i].text);
        arena_deinit(&arena);
    }
}

#define SEARCH "\"IndexName\":\"vix\",\"SearchVector\":[{\"N\":\"1\"}],\"TopK\":1"

/* SearchVectors has a reader of its own; searchVectors.test.ts of the suite of October 2026. */
static const struct strict {
    enum stator_rc rc;
    const char *body, *text;
} stricts[] = {
    {STATOR_OK, "{\"TableName\":\"a\"," SEARCH ",\"Nobody\":null}", ""},
    {STATOR_SERIALIZATION, "{\"TableName\":null," SEARCH "}",
     "invalid type: null, expected a string at line 1 column 17"},
    {STATOR_SERIALIZATION, "{\"SearchVector\":null}", "invalid type: null, expected a sequence at line 1 column 20"},
    {STATOR_SERIALIZATION, "{\n \"TopK\":null}", "invalid type: null, expected i32 at line 2 column 12"},
    {STATOR_SERIALIZATION, "{\"ExpressionAttributeNames\":null}",
     "invalid type: null, expected a map at line 1 column 32"},
    {STATOR_VALIDATION, "{" SEARCH "}", "missing field `TableName` at line 1 column 55"},
    {STATOR_VALIDATION, "{" SEARCH "}\n", "missing field `TableName` at line 1 column 55"},
    {STATOR_VALIDATION, "{\"IndexName\":\"ab\"}", "missing field `TableName` at line 1 column 18"},
    {STATOR_SERIALIZATION, "{\"IndexName\":\"ab\"},", ""},
    {STATOR_SERIALIZATION, "{\"IndexName\":null", ""},
};

static void one_operation_is_strict(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(stricts); i++) {
        struct arena arena;
        struct stator_error err = {.message = ""};
        void *out;

        arena_init(&arena, LITTLE);
        if (decode(&out, OPERATION_SearchVectors, stricts[i].body, &arena, &err) != stricts[i].rc ||
            strcmp(err.message, stricts[i].text) != 0)
            fail_msg("%s gives \"%s\", not \"%s\"", stricts[i].body, err.message, stricts[i].text);
        arena_deinit(&arena);
    }
}

static const struct number {
    const char *text;
    int64_t integer, longer; /* as Limit, as ReadCapacityUnits */
} numbers[] = {
    {"0", 0, 0},
    {"-0", 0, 0},
    {"23", 23, 23},
    {"-7", -7, -7},
    {"2147483647", INT32_MAX, INT32_MAX},
    {"2147483648", INT32_MAX, 2147483648},
    {"-2147483648", INT32_MIN, INT32_MIN},
    {"-2147483649", INT32_MIN, -2147483649},
    {"9223372036854775807", INT32_MAX, INT64_MAX},
    {"9223372036854775808", INT32_MAX, INT64_MAX},
    {"-9223372036854775808", INT32_MIN, INT64_MIN},
    {"-99999999999999999999", INT32_MIN, INT64_MIN},
    {"34.56", 34, 34},
    {"1e3", 1000, 1000},
    {"1E400", INT32_MAX, INT64_MAX},
    {"-1e400", INT32_MIN, INT64_MIN},
    {"1e-400", 0, 0},
};

static void numbers_stay_in_their_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct arena arena;
        struct stator_error err;
        char body[100];
        void *out;

        arena_init(&arena, LITTLE);
        snprintf(body, sizeof(body), "{\"Limit\":%s}", numbers[i].text);
        assert_int_equal(decode(&out, OPERATION_Query, body, &arena, &err), STATOR_OK);
        assert_int_equal(((const struct QueryInput *)out)->Limit.value, numbers[i].integer);
        snprintf(body, sizeof(body), "{\"ProvisionedThroughput\":{\"ReadCapacityUnits\":%s}}", numbers[i].text);
        assert_int_equal(decode(&out, OPERATION_UpdateTable, body, &arena, &err), STATOR_OK);
        assert_int_equal(((const struct UpdateTableInput *)out)->ProvisionedThroughput->ReadCapacityUnits.value,
                         numbers[i].longer);
        arena_deinit(&arena);
    }
}

static void times_and_flags(void **state)
{
    static const struct {
        const char *text;
        double time;
    } times[] = {{"1731940176.149", 1731940176.149}, {"0", 0}, {"1e999", DBL_MAX}, {"-1e999", -DBL_MAX}};
    static const struct {
        const char *text;
        enum api_boolean flag;
    } flags[] = {{"true", API_TRUE},    {"false", API_FALSE},     {"\"TRUE\"", API_TRUE},
                 {"\"No\"", API_FALSE}, {"\"1\"", API_TRUE},      {"\"0\"", API_FALSE},
                 {"\"yes\"", API_TRUE}, {"\"false\"", API_FALSE}, {"null", API_ABSENT}};
    struct arena arena;
    struct stator_error err;
    char body[100];
    void *out;

    (void)state;
    arena_init(&arena, LITTLE);
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        snprintf(body, sizeof(body), "{\"TimeRangeLowerBound\":%s}", times[i].text);
        assert_int_equal(decode(&out, OPERATION_ListBackups, body, &arena, &err), STATOR_OK);
        assert_true(((const struct ListBackupsInput *)out)->TimeRangeLowerBound.value == times[i].time);
    }
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        snprintf(body, sizeof(body), "{\"ConsistentRead\":%s}", flags[i].text);
        assert_int_equal(decode(&out, OPERATION_GetItem, body, &arena, &err), STATOR_OK);
        assert_int_equal(((const struct GetItemInput *)out)->ConsistentRead, flags[i].flag);
    }
    arena_deinit(&arena);
}

/* A map of many names must not take a quadratic time, and a full arena must not crash. */
static void memory_ends(void **state)
{
    static char body[400000];
    struct arena arena;
    struct stator_error err;
    void *out;
    int len = snprintf(body, sizeof(body), "{\"ExpressionAttributeNames\":{");

    (void)state;
    for (int i = 0; i < 20000; i++)
        len += snprintf(body + len, sizeof(body) - (size_t)len, "%s\"#%d\":\"a\"", i == 0 ? "" : ",", i % 15000);
    snprintf(body + len, sizeof(body) - (size_t)len, "}}");
    arena_init(&arena, 16 << 20);
    assert_int_equal(decode(&out, OPERATION_GetItem, body, &arena, &err), STATOR_OK);
    assert_int_equal(((const struct GetItemInput *)out)->ExpressionAttributeNames.count, 15000);
    arena_deinit(&arena);
}

/* Each limit of the arena in turn, until one is enough. */
static void memory_may_end_anywhere(void **state)
{
    static const char body[] = "{\"TableName\":\"t\\n\",\"KeySchema\":[{},{},{},{},{}],\"ProvisionedThroughput\":{"
                               "\"ReadCapacityUnits\":1.5},\"GlobalSecondaryIndexes\":[{\"Projection\":{"
                               "\"NonKeyAttributes\":[\"a\\t\"]}}]}";
    enum stator_rc rc = STATOR_NO_MEMORY;

    (void)state;
    for (size_t max = 0; rc != STATOR_OK; max++) {
        struct arena arena;
        struct stator_error err;
        void *out;

        assert_in_range(max, 0, LITTLE);
        arena_init(&arena, max);
        rc = decode(&out, OPERATION_CreateTable, body, &arena, &err);
        assert_true(rc == STATOR_OK || err.rc == STATOR_NO_MEMORY || err.rc == STATOR_INTERNAL_SERVER_ERROR);
        arena_deinit(&arena);
    }
}

/* Elements past a list's limit are read, and refused by their types, but not kept. */
static void surplus_is_not_kept(void **state)
{
    static const struct {
        enum operation operation;
        const char *before, *one, *after;
        size_t count; /* kept of the list, whose member is the request's `offset` */
        size_t offset;
    } cases[] = {
        {OPERATION_TransactWriteItems, "{\"TransactItems\":[", "{\"Put\":{\"TableName\":\"a\\n\"}}", "]}", 1100,
         offsetof(struct TransactWriteItemsInput, TransactItems)},
        {OPERATION_BatchExecuteStatement, "{\"Statements\":[", "{\"Parameters\":[{},{\"S\":\"a\"}]}", "]}", 1025,
         offsetof(struct BatchExecuteStatementInput, Statements)},
        {OPERATION_GetItem, "{\"AttributesToGet\":[", "\"a\\n\"", "]}", 100001,
         offsetof(struct GetItemInput, AttributesToGet)},
        {OPERATION_ExecuteStatement, "{\"Parameters\":[", "{\"N\":\"1.0\"}", "]}", 100001,
         offsetof(struct ExecuteStatementInput, Parameters)},
    };
    const size_t count = 150000;

    (void)state;
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        for (int bad = 0; bad < 2; bad++) {
            struct stator_error err;
            struct arena arena;
            struct buf body;
            void *out;

            buf_init(&body, 64 << 20);
            buf_printf(&body, "%s", cases[c].before);
            for (size_t i = 0; i < count; i++)
                buf_printf(&body, "%s%s", i == 0 ? "" : ",", cases[c].one);
            buf_printf(&body, "%s%s", bad ? ",true" : "", cases[c].after);
            buf_append_byte(&body, '\0');
            arena_init(&arena, 24 << 20);
            assert_int_equal(decode(&out, cases[c].operation, (const char *)body.at, &arena, &err),
                             bad ? STATOR_SERIALIZATION : STATOR_OK);
            if (!bad)
                assert_int_equal(((const struct api_list *)(const void *)((uint8_t *)out + cases[c].offset))->count,
                                 cases[c].count);
            arena_deinit(&arena);
            buf_deinit(&body);
        }
    }
}

/* A large request that fills the arena is the user's fault. */
static void too_many_values(void **state)
{
    struct stator_error err;
    struct arena arena;
    struct buf body;
    void *out;

    (void)state;
    buf_init(&body, 1 << 20);
    buf_append_literal(&body, "{\"Item\":{\"a\":{\"L\":[{\"L\":[]}");
    for (size_t i = 0; i < 9000; i++)
        buf_append_literal(&body, ",{\"L\":[]}");
    buf_append(&body, "]}}}", sizeof("]}}}"));
    arena_init(&arena, 100000);
    assert_int_equal(decode(&out, OPERATION_PutItem, (const char *)body.at, &arena, &err), STATOR_VALIDATION);
    assert_string_equal(err.message,
                        "One or more parameter values were invalid: The request has more values than can be read");
    arena_deinit(&arena);
    buf_deinit(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_there),     cmocka_unit_test(last_of_a_name_counts),
        cmocka_unit_test(says_what_is_wrong),      cmocka_unit_test(numbers_stay_in_their_range),
        cmocka_unit_test(times_and_flags),         cmocka_unit_test(memory_ends),
        cmocka_unit_test(memory_may_end_anywhere), cmocka_unit_test(one_operation_is_strict),
        cmocka_unit_test(surplus_is_not_kept),     cmocka_unit_test(too_many_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
