/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "catalog/transition.h"
#include "message/message.h"

/* Before · what will differ · after: JSON of TableDescriptions. */
static const struct {
    const char *now, *settled, *after;
} cases[] = {
    {"{\"TableStatus\":\"CREATING\"}", NULL, "{\"TableStatus\":\"ACTIVE\"}"},
    {"{\"TableStatus\":\"DELETING\"}", NULL, "{\"TableStatus\":\"DELETING\"}"},
    {"{\"TableStatus\":\"UPDATING\",\"ProvisionedThroughput\":{\"ReadCapacityUnits\":1}}",
     "{\"ProvisionedThroughput\":{\"ReadCapacityUnits\":2},\"BillingModeSummary\":{\"BillingMode\":\"PROVISIONED\"}}",
     "{\"TableStatus\":\"ACTIVE\",\"ProvisionedThroughput\":{\"ReadCapacityUnits\":2},\"BillingModeSummary\":{"
     "\"BillingMode\":\"PROVISIONED\"}}"},
    /* a stream that was disabled, and encryption that was turned off, are gone */
    {"{\"TableStatus\":\"UPDATING\",\"StreamSpecification\":{\"StreamEnabled\":false},\"LatestStreamLabel\":\"l\"}",
     NULL, "{\"TableStatus\":\"ACTIVE\",\"LatestStreamLabel\":\"l\"}"},
    {"{\"TableStatus\":\"UPDATING\",\"StreamSpecification\":{\"StreamEnabled\":true}}", NULL,
     "{\"TableStatus\":\"ACTIVE\",\"StreamSpecification\":{\"StreamEnabled\":true}}"},
    {"{\"TableStatus\":\"ACTIVE\",\"SSEDescription\":{\"Status\":\"UPDATING\"}}",
     "{\"SSEDescription\":{\"Status\":\"DISABLED\"}}", "{\"TableStatus\":\"ACTIVE\"}"},
    /* indexes: made with their table; added to it; updated */
    {"{\"TableStatus\":\"CREATING\",\"GlobalSecondaryIndexes\":[{\"IndexName\":\"i\",\"IndexStatus\":\"CREATING\"}]}",
     NULL,
     "{\"TableStatus\":\"ACTIVE\",\"GlobalSecondaryIndexes\":[{\"IndexName\":\"i\",\"IndexStatus\":\"ACTIVE\"}]}"},
    {"{\"TableStatus\":\"UPDATING\",\"GlobalSecondaryIndexes\":[{\"IndexName\":\"i\",\"IndexStatus\":\"CREATING\","
     "\"Backfilling\":false}]}",
     NULL,
     "{\"TableStatus\":\"ACTIVE\",\"GlobalSecondaryIndexes\":[{\"IndexName\":\"i\",\"IndexStatus\":\"CREATING\","
     "\"Backfilling\":true}]}"},
    {"{\"TableStatus\":\"ACTIVE\",\"GlobalSecondaryIndexes\":[{\"IndexName\":\"i\",\"IndexStatus\":\"UPDATING\","
     "\"ProvisionedThroughput\":{\"ReadCapacityUnits\":1}},{\"IndexName\":\"j\",\"IndexStatus\":\"ACTIVE\"}]}",
     "{\"GlobalSecondaryIndexes\":[{\"IndexName\":\"i\",\"ProvisionedThroughput\":{\"ReadCapacityUnits\":9}}]}",
     "{\"TableStatus\":\"ACTIVE\",\"GlobalSecondaryIndexes\":[{\"IndexName\":\"i\",\"IndexStatus\":\"ACTIVE\","
     "\"ProvisionedThroughput\":{\"ReadCapacityUnits\":9}},{\"IndexName\":\"j\",\"IndexStatus\":\"ACTIVE\"}]}"},
    /* a deleted index takes the attributes along that no other key uses */
    {"{\"AttributeDefinitions\":[{\"AttributeName\":\"a\",\"AttributeType\":\"S\"},{\"AttributeName\":\"b\","
     "\"AttributeType\":\"S\"},{\"AttributeName\":\"c\",\"AttributeType\":\"S\"}],\"KeySchema\":[{\"AttributeName\":"
     "\"a\",\"KeyType\":\"HASH\"}],\"TableStatus\":\"UPDATING\",\"GlobalSecondaryIndexes\":[{\"IndexName\":\"i\","
     "\"KeySchema\":[{\"AttributeName\":\"b\",\"KeyType\":\"HASH\"}],\"IndexStatus\":\"DELETING\"},{\"IndexName\":"
     "\"j\",\"KeySchema\":[{\"AttributeName\":\"c\",\"KeyType\":\"HASH\"}],\"IndexStatus\":\"ACTIVE\"}]}",
     NULL,
     "{\"AttributeDefinitions\":[{\"AttributeName\":\"a\",\"AttributeType\":\"S\"},{\"AttributeName\":\"c\","
     "\"AttributeType\":\"S\"}],\"KeySchema\":[{\"AttributeName\":\"a\",\"KeyType\":\"HASH\"}],\"TableStatus\":"
     "\"ACTIVE\",\"GlobalSecondaryIndexes\":[{\"IndexName\":\"j\",\"KeySchema\":[{\"AttributeName\":\"c\","
     "\"KeyType\":\"HASH\"}],\"IndexStatus\":\"ACTIVE\"}]}"},
};

static const struct TableDescription *decode(const char *json, struct arena *arena)
{
    struct stator_error err;
    void *out;

    if (json == NULL)
        return NULL;
    assert_int_equal(message_decode(&out, &shape_of_TableDescription, bytes_of_string(json), arena, &err), STATOR_OK);
    return out;
}

/* Both through the encoder, so that the order of members does not matter. */
static void assert_described(const struct TableDescription *actual, const char *expected, struct arena *arena)
{
    struct buf got, wanted;

    buf_init(&got, 1 << 16);
    buf_init(&wanted, 1 << 16);
    message_encode(&got, &shape_of_TableDescription, actual);
    message_encode(&wanted, &shape_of_TableDescription, decode(expected, arena));
    if (!bytes_equal(buf_bytes(&got), buf_bytes(&wanted)))
        fail_msg("got    %.*s\nwanted %.*s", BYTES_ARG(buf_bytes(&got)), BYTES_ARG(buf_bytes(&wanted)));
    buf_deinit(&got);
    buf_deinit(&wanted);
}

static void a_transition_settles(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct transition transition;
        const struct TableDescription *now;

        arena_init(&arena, 1 << 20);
        now = decode(cases[i].now, &arena);
        transition = (struct transition){.kinds = 1, .settled = decode(cases[i].settled, &arena)};
        assert_described(transition_settle(now, &transition, &arena), cases[i].after, &arena);
        assert_described(now, cases[i].now, &arena); /* is not changed */
        arena_deinit(&arena);
    }
}

static void the_later_of_two_transitions_wins(void **state)
{
    struct transition first, second, both;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    first = (struct transition){.kinds = TRANSITION_IOPS,
                                .due_ms = 20,
                                .settled = decode("{\"ProvisionedThroughput\":{\"ReadCapacityUnits\":2},"
                                                  "\"GlobalSecondaryIndexes\":[{\"IndexName\":\"i\","
                                                  "\"ProvisionedThroughput\":{\"ReadCapacityUnits\":3}}]}",
                                                  &arena)};
    second =
        (struct transition){.kinds = TRANSITION_WARM,
                            .due_ms = 10,
                            .settled = decode("{\"WarmThroughput\":{\"ReadUnitsPerSecond\":4},"
                                              "\"GlobalSecondaryIndexes\":[{\"IndexName\":\"i\","
                                              "\"WarmThroughput\":{\"ReadUnitsPerSecond\":5}},{\"IndexName\":\"j\","
                                              "\"WarmThroughput\":{\"ReadUnitsPerSecond\":6}}]}",
                                              &arena)};
    assert_true(transition_merge(&both, &first, &second, &arena));
    assert_int_equal(both.kinds, TRANSITION_IOPS | TRANSITION_WARM);
    assert_int_equal(both.due_ms, 20);
    assert_described(
        both.settled,
        "{\"ProvisionedThroughput\":{\"ReadCapacityUnits\":2},\"WarmThroughput\":{\"ReadUnitsPerSecond\":4},"
        "\"GlobalSecondaryIndexes\":[{\"IndexName\":\"i\",\"ProvisionedThroughput\":{\"ReadCapacityUnits\":3}"
        ",\"WarmThroughput\":{\"ReadUnitsPerSecond\":5}},{\"IndexName\":\"j\",\"WarmThroughput\":{"
        "\"ReadUnitsPerSecond\":6}}]}",
        &arena);
    assert_true(transition_merge(&both, &(struct transition){0}, &second, &arena));
    assert_ptr_equal(both.settled, second.settled);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_transition_settles),
        cmocka_unit_test(the_later_of_two_transitions_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
