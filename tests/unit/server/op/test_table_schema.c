/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "message/message.h"
#include "op/java_order.h"
#include "op/table_schema.h"
#include "op/table_throughput.h"

#define INVALID "One or more parameter values were invalid: "

#define A    "{\"AttributeName\":\"a\",\"AttributeType\":\"S\"}"
#define B    "{\"AttributeName\":\"b\",\"AttributeType\":\"S\"}"
#define C    "{\"AttributeName\":\"c\",\"AttributeType\":\"S\"}"
#define H(n) "{\"AttributeName\":\"" n "\",\"KeyType\":\"HASH\"}"
#define R(n) "{\"AttributeName\":\"" n "\",\"KeyType\":\"RANGE\"}"

#define ALL            "\"Projection\":{\"ProjectionType\":\"ALL\"}"
#define INDEX(n, k, p) "{\"IndexName\":\"" n "\",\"KeySchema\":[" k "]," p "}"
#define LSI(list)      ",\"LocalSecondaryIndexes\":[" list "]"
#define GSI(list)      ",\"GlobalSecondaryIndexes\":[" list "]"
#define TABLE(d, k)    "{\"AttributeDefinitions\":[" d "],\"KeySchema\":[" k "]"
#define ON_DEMAND      ",\"BillingMode\":\"PAY_PER_REQUEST\"}"
#define UNITS(r, w)    "\"ProvisionedThroughput\":{\"ReadCapacityUnits\":" r ",\"WriteCapacityUnits\":" w "}"
#define PROVISIONED    "," UNITS("1", "1") "}"

struct check_case {
    const char *request, *message; /* NULL: allowed */
};

/* Texts from dynalite's captures, the Parity suite and measurements on the service in October 2026. */
static const struct check_case create_cases[] = {
    {TABLE(A, H("a")) ON_DEMAND, NULL},
    {TABLE(A "," B, H("a") "," R("b")) PROVISIONED, NULL},
    /* throughput first */
    {TABLE("", H("a")) "}", INVALID "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode "
                                    "is PROVISIONED"},
    {TABLE("", H("a") "," H("a")) "," UNITS("1", "1") ON_DEMAND,
     INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"},
    {TABLE("", H("a")) "," UNITS("1000000000001", "1000000000001") "}",
     "Given value 1000000000001 for ReadCapacityUnits is out of bounds"},
    {TABLE("", H("a")) "," UNITS("1000000000000", "1000000000001") "}",
     "Given value 1000000000001 for WriteCapacityUnits is out of bounds"},
    {TABLE(A, H("a")) ",\"OnDemandThroughput\":{\"MaxReadRequestUnits\":10}" PROVISIONED,
     INVALID "MaxReadRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED."},
    {TABLE(A, H("a")) ",\"OnDemandThroughput\":{\"MaxReadRequestUnits\":0}" ON_DEMAND,
     INVALID "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range"},
    {TABLE(A, H("a")) ",\"OnDemandThroughput\":{}" ON_DEMAND, NULL},
    {TABLE(A, H("a")) ",\"WarmThroughput\":{\"ReadUnitsPerSecond\":1,\"WriteUnitsPerSecond\":1}" ON_DEMAND,
     INVALID "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput for OnDemand. "
             "See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"
             "#on-demand-capacity-mode-initial"},
    {TABLE(A, H("a")) ",\"WarmThroughput\":{\"ReadUnitsPerSecond\":5,\"WriteUnitsPerSecond\":5}," UNITS("10", "10") "}",
     INVALID "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than ReadCapacityUnits of "
             "ProvisionedThroughput"},
    {TABLE(A, H("a")) ",\"WarmThroughput\":{\"ReadUnitsPerSecond\":12001}" ON_DEMAND, NULL},
    /* keys and definitions */
    {TABLE("", H("a") "," H("a")) PROVISIONED, "Invalid KeySchema: Some index key attribute have no definition"},
    {TABLE("", H("a")) ON_DEMAND, "Invalid KeySchema: Some index key attribute have no definition"},
    {TABLE(A, H("a") "," R("a")) PROVISIONED, "Invalid KeySchema: Some index key attribute have no definition"},
    {TABLE(B, H("a")) PROVISIONED,
     INVALID "Some index key attributes are not defined in AttributeDefinitions. Keys: [a], AttributeDefinitions: [b]"},
    {TABLE(A "," A, H("a")) PROVISIONED, "Attribute Name is duplicated: a"},
    {TABLE(A "," B, H("a") "," H("a")) PROVISIONED,
     "Both the Hash Key and the Range Key element in the KeySchema have the same name"},
    {TABLE(A "," B, H("a") "," H("b")) PROVISIONED,
     "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"},
    {TABLE(A "," B, R("a") "," H("b")) PROVISIONED,
     "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
    {TABLE(A "," B, R("a") "," R("b")) PROVISIONED,
     "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
    {TABLE(A "," C "," B, H("a") "," R("b")) PROVISIONED,
     INVALID "Number of attributes in KeySchema does not exactly match number of attributes defined in "
             "AttributeDefinitions"},
    /* local indexes */
    {TABLE(A "," B, H("a")) LSI() PROVISIONED, INVALID "List of LocalSecondaryIndexes is empty"},
    {TABLE(A "," B, H("a")) LSI(INDEX("abc", R("c"), "\"Projection\":{}")) PROVISIONED,
     INVALID "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"},
    {TABLE(A "," B, H("a") "," R("b")) LSI(INDEX("abc", R("c") "," R("d"), ALL) "," INDEX("abc", R("e"), ALL))
         PROVISIONED,
     INVALID "Some index key attributes are not defined in AttributeDefinitions. Keys: [c, d], AttributeDefinitions: "
             "[a, b]"},
    {TABLE(A "," B, H("a") "," R("b")) LSI(INDEX("abc", R("a"), ALL)) PROVISIONED,
     "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
    {TABLE(A "," B, H("a") "," R("b")) LSI(INDEX("abc", H("a") "," H("a"), ALL)) PROVISIONED,
     "Both the Hash Key and the Range Key element in the KeySchema have the same name"},
    {TABLE(A "," B, H("a") "," R("b")) LSI(INDEX("abc", H("a") "," H("b"), ALL)) PROVISIONED,
     "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"},
    {TABLE(A "," B, H("a") "," R("b")) LSI(INDEX("abc", H("b"), ALL)) PROVISIONED,
     INVALID "Index KeySchema does not have a range key for index: abc"},
    {TABLE(A "," B, H("a") "," R("b")) LSI(INDEX("abc", H("b") "," R("a"), ALL)) PROVISIONED,
     INVALID "Index KeySchema does not have the same leading hash key as table KeySchema for index: abc. index hash "
             "key: b, table hash key: a"},
    {TABLE(A "," B, H("a") "," R("b")) LSI(INDEX("abc", H("a") "," R("b"), "\"Projection\":{}")) PROVISIONED,
     INVALID "Unknown ProjectionType: null"},
    {TABLE(A "," B, H("a") "," R("b")) LSI(
         INDEX("abc", H("a") "," R("b"), "\"Projection\":{\"ProjectionType\":\"ALL\",\"NonKeyAttributes\":[\"a\"]}"))
         PROVISIONED,
     INVALID "ProjectionType is ALL, but NonKeyAttributes is specified"},
    {TABLE(A "," B, H("a") "," R("b"))
         LSI(INDEX("abc", H("a") "," R("b"), "\"Projection\":{\"ProjectionType\":\"INCLUDE\"}")) PROVISIONED,
     INVALID "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"},
    {TABLE(A "," B, H("a") "," R("b"))
         LSI(INDEX("abc", H("a") "," R("b"),
                   "\"Projection\":{\"ProjectionType\":\"INCLUDE\",\"NonKeyAttributes\":[\"x\",\"x\"]}")) PROVISIONED,
     INVALID "Duplicate element in NonKeyAttributes: x"},
    {TABLE(A "," B, H("a") "," R("b"))
         LSI(INDEX("abc", H("a") "," R("b"), ALL) "," INDEX("abc", H("a") "," R("b"), ALL)) PROVISIONED,
     INVALID "Duplicate index name: abc"},
    {TABLE(A "," B, H("a") "," R("b"))
         LSI(INDEX("ab1", H("a") "," R("b"), ALL) "," INDEX("ab2", H("a") "," R("b"), ALL) "," INDEX(
             "ab3", H("a") "," R("b"), ALL) "," INDEX("ab4", H("a") "," R("b"),
                                                      ALL) "," INDEX("ab5", H("a") "," R("b"),
                                                                     ALL) "," INDEX("ab6", H("a") "," R("b"), ALL))
             PROVISIONED,
     INVALID "Number of LocalSecondaryIndexes exceeds per-table limit of 5"},
    /* global indexes */
    {TABLE(A "," B, H("a")) GSI() PROVISIONED, INVALID "List of GlobalSecondaryIndexes is empty"},
    {TABLE(A "," B, H("a")) GSI(INDEX("abc", R("c"), "\"Projection\":{}")) PROVISIONED,
     INVALID "Some index key attributes are not defined in AttributeDefinitions. Keys: [c], AttributeDefinitions: "
             "[a, b]"},
    {TABLE(A "," B, H("a") "," R("b")) GSI(INDEX("abc", R("a"), ALL)) PROVISIONED,
     "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
    {TABLE(A "," B, H("a")) GSI(
         INDEX("abc", H("a") "," R("b"), ALL) "," INDEX("abd", H("a") "," R("b"), UNITS("1", "1") "," ALL)) ON_DEMAND,
     INVALID "ProvisionedThroughput should not be specified for index: abd when BillingMode is PAY_PER_REQUEST"},
    {TABLE(A "," B, H("a")) GSI(INDEX("abc", H("a") "," R("b"), ALL)) PROVISIONED,
     INVALID "ProvisionedThroughput is not specified for index: abc"},
    {TABLE(A "," B, H("a")) GSI(INDEX("abc", H("b"), "\"OnDemandThroughput\":{\"MaxReadRequestUnits\":0}," ALL))
         ON_DEMAND,
     INVALID "Requested MaxReadRequestUnits for OnDemandThroughput for index : abc is outside of valid range"},
    {TABLE(A "," B, H("a") "," R("b")) LSI(INDEX("abc", H("a") "," R("b"), ALL))
         GSI(INDEX("abc", H("a") "," R("b"), ALL)) ON_DEMAND,
     INVALID "Duplicate index name: abc"},
    /* an attribute too many hides everything else */
    {TABLE(A "," B "," C, H("a")) GSI(INDEX("abc", H("b"), "\"Projection\":{}")) ON_DEMAND,
     INVALID "Some AttributeDefinitions are not used. AttributeDefinitions: [a, b, c], keys used: [a, b]"},
    /* keys of several attributes */
    {TABLE(A "," B "," C, H("a")) GSI(INDEX("abc", H("a") "," H("b") "," R("c"), ALL)) ON_DEMAND, NULL},
    {TABLE(A "," B "," C, H("a")) GSI(INDEX("abc", H("a") "," R("b") "," H("c"), ALL)) ON_DEMAND,
     INVALID "All HASH key attributes must precede RANGE key attributes in the KeySchema"},
    {TABLE(A "," B "," C, H("a")) GSI(INDEX("abc", H("a") "," H("b") "," R("c") "," R("b"), ALL)) ON_DEMAND,
     "The KeySchema contains multiple key attributes with the same name"},
    /* before definitions that nothing uses */
    {TABLE(A "," B "," C, H("a")) GSI(INDEX("abc", H("b") "," R("b"), ALL)) ON_DEMAND,
     "Both the Hash Key and the Range Key element in the KeySchema have the same name"},
    {TABLE(A "," B "," C, H("a") "," R("b")) LSI(INDEX("abc", H("a") "," R("a"), ALL)) ON_DEMAND,
     "Both the Hash Key and the Range Key element in the KeySchema have the same name"},
    {TABLE(A "," B "," C, H("a")) GSI(INDEX("abc", H("b") "," H("a") "," R("b"), ALL)) ON_DEMAND,
     "The KeySchema contains multiple key attributes with the same name"},
};

static enum stator_rc check(const char *request, struct arena *arena, struct stator_error *err)
{
    void *in;

    STATOR_TRY(message_decode(&in, &shape_of_CreateTableInput, bytes_of_string(request), arena, err));
    STATOR_TRY(throughput_check_new_table(in, err));
    return table_schema_check(in, arena, err);
}

static void a_new_table_is_checked_in_the_services_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(create_cases); i++) {
        const struct check_case *c = &create_cases[i];
        struct stator_error err = {0};
        struct arena arena;
        enum stator_rc rc;

        arena_init(&arena, 1 << 20);
        rc = check(c->request, &arena, &err);
        if (c->message == NULL && rc != STATOR_OK)
            fail_msg("%s: %s", c->request, err.message);
        if (c->message != NULL && (rc != STATOR_VALIDATION || strcmp(err.message, c->message) != 0))
            fail_msg("%s:\n  got    %s\n  wanted %s", c->request, err.message, c->message);
        arena_deinit(&arena);
    }
}

/* A table with n attributes and an index of the first `hashes` as HASH and the next `ranges` as RANGE. */
static enum stator_rc check_multiple(int hashes, int ranges, struct stator_error *err)
{
    struct arena arena;
    struct buf request;
    enum stator_rc rc;

    arena_init(&arena, 1 << 20);
    buf_init(&request, 1 << 16);
    buf_printf(&request, "{\"AttributeDefinitions\":[");
    for (int i = 0; i < hashes + ranges; i++)
        buf_printf(&request, "%s{\"AttributeName\":\"k%d\",\"AttributeType\":\"N\"}", i == 0 ? "" : ",", i);
    buf_printf(&request, "],\"KeySchema\":[" H("k0") "],\"BillingMode\":\"PAY_PER_REQUEST\",\"GlobalSecondaryIndexes\":"
                                                     "[{\"IndexName\":\"abc\"," ALL ",\"KeySchema\":[");
    for (int i = 0; i < hashes + ranges; i++)
        buf_printf(&request, "%s{\"AttributeName\":\"k%d\",\"KeyType\":\"%s\"}", i == 0 ? "" : ",", i,
                   i < hashes ? "HASH" : "RANGE");
    buf_printf(&request, "]}]}");
    buf_append_byte(&request, 0);
    rc = check((const char *)request.at, &arena, err);
    buf_deinit(&request);
    arena_deinit(&arena);
    return rc;
}

static void a_global_index_has_up_to_four_and_four_attributes(void **state)
{
    struct stator_error err;

    (void)state;
    for (int hashes = 1; hashes <= 5; hashes++) {
        for (int ranges = 0; ranges <= 5; ranges++) {
            enum stator_rc rc = check_multiple(hashes, ranges, &err);

            assert_int_equal(rc, hashes > 4 || ranges > 4 ? STATOR_VALIDATION : STATOR_OK);
            if (rc != STATOR_OK)
                assert_string_equal(err.message,
                                    hashes > 4 ? INVALID "The KeySchema exceeds the maximum allowed number of HASH "
                                                         "key attributes"
                                               : INVALID "The KeySchema exceeds the maximum allowed number of "
                                                         "RANGE key attributes");
        }
    }
}

/* As printed by the service for the sets {z...}: field notes of October 2026. */
static void sets_are_printed_in_javas_order(void **state)
{
    struct bytes defined[] = {BYTES("pk"), BYTES("sk"), BYTES("a"), BYTES("b"), BYTES("c")};
    struct bytes used[] = {BYTES("pk"), BYTES("sk"), BYTES("a")};
    struct bytes two[] = {BYTES("pk"), BYTES("sk")};
    char text[JAVA_SET_TEXT_MAX];

    (void)state;
    assert_int_equal(java_string_hash(BYTES("hello")), 99162322);
    assert_int_equal(java_string_hash(BYTES("\xF0\x9F\x94\x91")), 0xD83Du * 31 + 0xDD11u);
    java_set_text(text, defined, COUNT_OF(defined), java_sized_buckets(COUNT_OF(defined)));
    assert_string_equal(text, "[sk, a, b, pk, c]");
    java_set_text(text, used, COUNT_OF(used), java_set_buckets(COUNT_OF(used)));
    assert_string_equal(text, "[a, sk, pk]");
    java_set_text(text, two, COUNT_OF(two), java_sized_buckets(COUNT_OF(two)));
    assert_string_equal(text, "[sk, pk]");
}

static void a_long_set_is_cut(void **state)
{
    struct bytes names[200];
    char text[JAVA_SET_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        names[i] = BYTES("an attribute with a long name");
    java_set_text(text, names, COUNT_OF(names), java_set_buckets(COUNT_OF(names)));
    assert_true(strlen(text) < JAVA_SET_TEXT_MAX);
    assert_int_equal(text[strlen(text) - 1], ']');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_table_is_checked_in_the_services_words),
        cmocka_unit_test(a_global_index_has_up_to_four_and_four_attributes),
        cmocka_unit_test(sets_are_printed_in_javas_order),
        cmocka_unit_test(a_long_set_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
