/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "catalog/record.h"

static const struct AttributeDefinition pk_definition = {.AttributeName = BYTES("pk"),
                                                         .AttributeType = API_ENUM(ScalarAttributeType_S)};
static const struct KeySchemaElement pk_element = {.AttributeName = BYTES("pk"), .KeyType = API_ENUM(KeyType_HASH)};

static struct TableDescription description(void)
{
    return (struct TableDescription){
        .TableName = BYTES("t"),
        .TableArn = BYTES("arn"),
        .TableStatus = API_ENUM(TableStatus_UPDATING),
        .CreationDateTime = API_DOUBLE(1731940604.149),
        .AttributeDefinitions = API_LIST(&pk_definition, 1),
        .KeySchema = API_LIST(&pk_element, 1),
    };
}

static void what_is_written_is_read(void **state)
{
    static const uint32_t ids[] = {7}, dropped[] = {3, 0xFFFFFFFF};
    static const struct Tag tag = {.Key = BYTES("k"), .Value = BYTES("")};
    static const struct ProvisionedThroughputDescription units = {.ReadCapacityUnits = API_INTEGER(5)};
    struct TableDescription now = description(), settled = {.ProvisionedThroughput = &units};
    struct record record = {.description = &now, .ids = ids, .id_count = 1}, back;
    struct stator_error err;
    struct arena arena;
    struct buf buf, again;

    (void)state;
    arena_init(&arena, 1 << 20);
    buf_init(&buf, RECORD_MAX);
    buf_init(&again, RECORD_MAX);
    record.extras.tags = (struct TagList)API_LIST(&tag, 1);
    record.extras.policy = BYTES("{}");
    record.extras.transition =
        (struct transition){.kinds = TRANSITION_IOPS, .due_ms = 1731940604149, .settled = &settled};
    record.extras.dropped = dropped;
    record.extras.dropped_count = 2;
    record.extras.stream = 9;
    record.extras.ttl = (struct time_to_live){.status = TimeToLiveStatus_ENABLING,
                                              .attribute = BYTES("ttl"),
                                              .id = 9,
                                              .changed_ms = 1731940604149,
                                              .due_ms = 1731940605149};
    record_write(&buf, &record);
    if (record_read(&back, buf_bytes(&buf), &arena, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    assert_bytes_are(back.description->TableName, "t");
    assert_true(back.description->CreationDateTime.value == 1731940604.149);
    assert_int_equal(back.ids[0], 7);
    assert_bytes_are(back.extras.tags.at[0].Key, "k");
    assert_bytes_are(back.extras.policy, "{}");
    assert_true(back.extras.transition.due_ms == 1731940604149);
    assert_int_equal(back.extras.transition.settled->ProvisionedThroughput->ReadCapacityUnits.value, 5);
    assert_int_equal(back.extras.dropped_count, 2);
    assert_int_equal(back.extras.dropped[1], 0xFFFFFFFF);
    assert_int_equal(back.extras.stream, 9);
    assert_int_equal(back.extras.ttl.status, TimeToLiveStatus_ENABLING);
    assert_bytes_are(back.extras.ttl.attribute, "ttl");
    assert_int_equal(back.extras.ttl.id, 9);
    assert_true(back.extras.ttl.changed_ms == 1731940604149 && back.extras.ttl.due_ms == 1731940605149);
    record_write(&again, &back);
    assert_true(bytes_equal(buf_bytes(&buf), buf_bytes(&again)));

    for (size_t len = 0; len < buf.len; len++) { /* a cut record is refused, or is whole sections of it */
        struct record cut;

        (void)!record_read(&cut, bytes_of(buf.at, len), &arena, &err);
    }
    buf_deinit(&buf);
    buf_deinit(&again);
    arena_deinit(&arena);
}

/* The layout is part of the format. */
static void the_layout_is_as_documented(void **state)
{
    static const uint32_t ids[] = {7};
    struct TableDescription now = description();
    struct record record = {.description = &now, .ids = ids, .id_count = 1};
    struct buf buf;

    (void)state;
    buf_init(&buf, RECORD_MAX);
    record_write(&buf, &record);
    assert_memory_equal(buf.at, "\x01\x01\x00\x00\x00\x04\x00\x00\x00\x07\x02\x00\x00", 13);
    assert_int_equal(read_be32(buf.at + 11), buf.len - 15);
    assert_memory_equal(buf.at + 15, "{\"AttributeDefinitions\":[", 25);
    buf_deinit(&buf);
}

static void unknown_sections_are_refused(void **state)
{
    struct stator_error err;
    struct record record;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    assert_int_equal(record_read(&record, bytes_of("\x01\x63\x00\x00\x00\x00", 6), &arena, &err),
                     STATOR_INTERNAL_SERVER_ERROR);
    assert_non_null(strstr(err.message, "newer Stator"));
    assert_int_equal(record_read(&record, bytes_of("\x02", 1), &arena, &err), STATOR_INTERNAL_SERVER_ERROR);
    assert_non_null(strstr(err.message, "format 2"));
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_layout_is_as_documented),
        cmocka_unit_test(unknown_sections_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
