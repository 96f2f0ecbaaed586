/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "base/arena.h"
#include "message/message.h"

static void writes_what_is_there(void **state)
{
    static const struct KeySchemaElement keys[] = {
        {.AttributeName = BYTES("a\"b"), .KeyType = API_ENUM(KeyType_HASH)},
        {.AttributeName = BYTES("c"), .KeyType = API_ENUM(KeyType_RANGE)},
    };
    static const struct bytes names[] = {BYTES("x"), BYTES("y")};
    const struct Projection projection = {
        .ProjectionType = API_ENUM(ProjectionType_INCLUDE),
        .NonKeyAttributes = API_LIST(names, 2),
    };
    const struct GlobalSecondaryIndexDescription index = {
        .IndexName = BYTES("i"),
        .Projection = &projection,
        .Backfilling = API_FALSE,
        .ItemCount = API_INTEGER(-3),
        .KeySchema = {.json = BYTES("[1]"), .set = true},
    };
    const struct TableDescription table = {
        .TableName = BYTES("t"),
        .CreationDateTime = API_DOUBLE(1731940176.149),
        .KeySchema = API_LIST(keys, 2),
        .GlobalSecondaryIndexes = API_LIST(&index, 1),
    };
    const struct DescribeTableOutput out = {.Table = &table};
    struct buf buf;

    (void)state;
    buf_init(&buf, 100000);
    message_encode(&buf, operation_info(OPERATION_DescribeTable)->output, &out);
    assert_false(buf.failed);
    assert_bytes_are(buf_bytes(&buf),
                     "{\"Table\":{\"TableName\":\"t\",\"KeySchema\":[{\"AttributeName\":\"a\\\"b\",\"KeyType\":"
                     "\"HASH\"},{\"AttributeName\":\"c\",\"KeyType\":\"RANGE\"}],\"CreationDateTime\":1731940176.149,"
                     "\"GlobalSecondaryIndexes\":[{\"IndexName\":\"i\",\"KeySchema\":[1],\"Projection\":{"
                     "\"NonKeyAttributes\":[\"x\",\"y\"],\"ProjectionType\":\"INCLUDE\"},\"Backfilling\":false,"
                     "\"ItemCount\":-3}]}}");
    buf_deinit(&buf);
}

static void writes_items_and_maps(void **state)
{
    static const struct attribute attributes[] = {
        {.name = BYTES("a"), .value = {.type = VALUE_S, .text = BYTES("x")}},
    };
    static const struct item items[] = {
        {.attributes = attributes, .count = 1, .set = true},
        {.set = true, .json = BYTES("{\"ready\":{\"N\":\"1\"}}")},
        {.set = true},
    };
    static const struct BatchGetResponseMap_entry entries[] = {
        {.key = BYTES("t"), .value = API_LIST(items, 3)},
        {.key = BYTES("u"), .value = {.json = BYTES("[]"), .set = true}},
    };
    static const struct ConsumedCapacity capacities[] = {{.TableName = BYTES("t"), .CapacityUnits = API_DOUBLE(1)},
                                                         {.CapacityUnits = API_DOUBLE(0.5)}};
    const struct BatchGetItemOutput out = {
        .Responses = API_LIST(entries, 2),
        .UnprocessedKeys = {.set = true},
        .ConsumedCapacity = API_LIST(capacities, 2),
    };
    struct buf buf;

    (void)state;
    buf_init(&buf, 100000);
    message_encode(&buf, operation_info(OPERATION_BatchGetItem)->output, &out);
    assert_bytes_are(buf_bytes(&buf),
                     "{\"Responses\":{\"t\":[{\"a\":{\"S\":\"x\"}},{\"ready\":{\"N\":\"1\"}},{}],\"u\":[]},"
                     "\"UnprocessedKeys\":{},\"ConsumedCapacity\":[{\"TableName\":\"t\",\"CapacityUnits\":1.0},"
                     "{\"CapacityUnits\":0.5}]}");
    buf_deinit(&buf);
}

/* An object that an operation has begun is ended with the other members, or without any. */
static void writes_the_rest(void **state)
{
    const struct ScanOutput some = {.Count = API_INTEGER(2)}, none = {.Count = {.set = false}};
    const struct shape *shape = operation_info(OPERATION_Scan)->output;
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    buf_append_literal(&buf, "{\"Items\":[]");
    message_encode_rest(&buf, shape, &some);
    assert_bytes_are(buf_bytes(&buf), "{\"Items\":[],\"Count\":2}");
    buf_reset(&buf);
    buf_append_literal(&buf, "{\"Items\":[{}]");
    message_encode_rest(&buf, shape, &none);
    assert_bytes_are(buf_bytes(&buf), "{\"Items\":[{}]}");
    buf_deinit(&buf);
}

static void knows_its_operations(void **state)
{
    int known = 0;

    (void)state;
    for (int i = OPERATION_NONE + 1; i < OPERATION_COUNT; i++, known++) {
        const struct operation_info *info = operation_info((enum operation)i);

        assert_int_equal(operation_of_target(bytes_of_string(info->target)), i);
        assert_non_null(info->input);
        assert_string_equal(strchr(info->target, '.') + 1, info->name);
    }
    assert_int_equal(known, 66);
    assert_null(operation_info(OPERATION_TagResource)->output);
    assert_null(operation_info(OPERATION_UntagResource)->output);
    assert_non_null(operation_info(OPERATION_ListTables)->output);
    assert_string_equal(operation_info(OPERATION_GetRecords)->target, "DynamoDBStreams_20120810.GetRecords");
    assert_int_equal(operation_of_target(BYTES("DynamoDB_20120810.GetRecords")), OPERATION_NONE);
    assert_int_equal(operation_of_target(BYTES("DynamoDB_20120810.ListTable")), OPERATION_NONE);
    assert_int_equal(operation_of_target(BYTES("")), OPERATION_NONE);
    assert_int_equal(operation_of_target((struct bytes){0}), OPERATION_NONE);
    assert_bytes_are(message_enum_text(BillingMode, BillingMode_PAY_PER_REQUEST), "PAY_PER_REQUEST");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_is_there),
        cmocka_unit_test(writes_items_and_maps),
        cmocka_unit_test(writes_the_rest),
        cmocka_unit_test(knows_its_operations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
