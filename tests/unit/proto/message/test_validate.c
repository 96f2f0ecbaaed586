/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as captured from the service: [M] the public conformance suite of May 2026, [O] of October 2026, [D]
 * dynalite's tests, [A] a catalogue of degenerate requests to the control plane of October 2026. */
#include "unit/unit.h"

#include "base/arena.h"
#include "message/message.h"

#define ROOM (1 << 20)

#define AT(value, path)   "Value " value " at '" path "' failed to satisfy constraint: "
#define MUST(path)        "Value at '" path "' failed to satisfy constraint: "
#define NOT_NULL          "Member must not be null"
#define LONGER(n)         "Member must have length greater than or equal to " #n
#define SHORTER(n)        "Member must have length less than or equal to " #n
#define MORE(n)           "Member must have value greater than or equal to " #n
#define LESS(n)           "Member must have value less than or equal to " #n
#define ONE_OF(values)    "Member must satisfy enum value set: [" values "]"
#define NAME              "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
#define ONE               "1 validation error detected: "
#define SEVERAL(n)        #n " validation errors detected: "
#define CAPACITY(value)   AT("'" value "'", "returnConsumedCapacity") ONE_OF("INDEXES, TOTAL, NONE")
#define COLLECTION(value) AT("'" value "'", "returnItemCollectionMetrics") ONE_OF("SIZE, NONE")
#define RETURN(value)     AT("'" value "'", "returnValues") ONE_OF("ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW")
#define RETURN_NEWER      "Failed to satisfy constraint: " ONE_OF("ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE")
#define A256              A64 A64 A64 A64
#define A64               "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY               "\"Key\":{\"pk\":{\"S\":\"a\"}}"
#define ITEM              "\"Item\":{\"pk\":{\"S\":\"a\"}}"
#define KEYS              "[{\"AttributeName\":\"a\",\"KeyType\":\"HASH\"}]"
#define DEFINITIONS       "[{\"AttributeName\":\"a\",\"AttributeType\":\"S\"}]"
#define BATCH_KEYS        "Map keys must satisfy constraint: [" SHORTER(255) ", " LONGER(3) ", " NAME "]"

/* Nothing is wrong. */
#define GOOD ""
/* In both wordings. */
#define SAME NULL

static const struct request {
    enum operation operation;
    const char *body, *current, *classic;
} requests[] = {
    {OPERATION_GetItem, "{\"TableName\":\"abc\"," KEY "}", GOOD, SAME},
    {OPERATION_GetItem, "{\"TableName\":\"arn:aws:dynamodb:x:1:table/abc\"," KEY "}", GOOD, SAME},
    {OPERATION_ListTables, "{}", GOOD, SAME},

    /* Names of tables of items. */
    {OPERATION_PutItem, "{" ITEM "}", ONE AT("null", "tableName") NOT_NULL, SAME}, /* MO */
    {OPERATION_PutItem, "{\"TableName\":\"\"," ITEM "}", ONE MUST("TableName") LONGER(1),
     ONE AT("''", "tableName") LONGER(1)}, /* MO */
    {OPERATION_PutItem, "{\"TableName\":\"" A256 "\"," ITEM "}", ONE AT("'" A256 "'", "tableName") SHORTER(255),
     SAME}, /* MO */
    {OPERATION_PutItem, "{\"TableName\":\"bad table!@#\"," ITEM "}", ONE AT("'bad table!@#'", "tableName") NAME,
     SAME}, /* MO */
    {OPERATION_PutItem, "{\"TableName\":\"" A256 A256 A256 A256 "a\"," ITEM "}", ONE MUST("TableName") SHORTER(1024),
     ONE AT("'" A256 A256 A256 A256 "a'", "tableName") SHORTER(255)},
    {OPERATION_UpdateItem, "{\"TableName\":\"\",\"Key\":{}}", ONE MUST("TableName") LONGER(1),
     ONE AT("''", "tableName") LONGER(1)}, /* MO */
    {OPERATION_DeleteItem, "{\"TableName\":\"\",\"Key\":{}}", ONE MUST("TableName") LONGER(1),
     ONE AT("''", "tableName") LONGER(1)}, /* MO */
    {OPERATION_Scan, "{\"TableName\":\"\"}", ONE MUST("TableName") LONGER(1), ONE AT("''", "tableName") LONGER(1)},

    /* With something required missing the older layer speaks. */
    {OPERATION_UpdateItem, "{\"TableName\":\"\"}",
     SEVERAL(2) AT("''", "tableName") LONGER(1) "; " AT("null", "key") NOT_NULL, SAME}, /* O */
    {OPERATION_UpdateItem, "{\"TableName\":\"\",\"ReturnConsumedCapacity\":\"INVALID\",\"ReturnValues\":\"INVALID\"}",
     SEVERAL(4) CAPACITY("INVALID") "; " AT("''", "tableName") LONGER(1) "; " RETURN("INVALID") "; " AT("null", "key")
         NOT_NULL,
     SAME}, /* O */
    {OPERATION_UpdateItem,
     "{\"TableName\":\"abc\",\"Expected\":{\"a\":{\"Exists\":false},\"b\":{\"Exists\":false}},"
     "\"ConditionalOperator\":\"XOR\"}",
     SEVERAL(2) AT("'XOR'", "conditionalOperator") ONE_OF("OR, AND") "; " AT("null", "key") NOT_NULL, SAME}, /* O */
    {OPERATION_GetItem, "{\"AttributesToGet\":[],\"ReturnConsumedCapacity\":\"hi\",\"TableName\":\"abc;\"}",
     SEVERAL(4) AT("'[]'", "attributesToGet") LONGER(1) "; " CAPACITY("hi") "; " AT("null", "key") NOT_NULL
     "; " AT("'abc;'", "tableName") NAME,
     SAME}, /* D */

    /* Enumerations of writes. */
    {OPERATION_PutItem,
     "{\"TableName\":\"abc\"," ITEM
     ",\"ReturnConsumedCapacity\":\"INVALID\",\"ReturnItemCollectionMetrics\":\"INVALID\","
     "\"ReturnValues\":\"INVALID\"}",
     SEVERAL(3) CAPACITY("INVALID") "; " RETURN_NEWER "; " COLLECTION("INVALID"),
     SEVERAL(3) RETURN("INVALID") "; " CAPACITY("INVALID") "; " COLLECTION("INVALID")}, /* O, M */
    {OPERATION_PutItem, "{\"TableName\":\"\",\"Item\":{},\"ReturnValues\":\"INVALID\"}",
     ONE MUST("TableName") LONGER(1),
     SEVERAL(2) RETURN("INVALID") "; " AT("''", "tableName") LONGER(1)}, /* O: both cohorts */
    {OPERATION_DeleteItem,
     "{\"TableName\":\"abc\"," KEY ",\"ReturnValues\":\"INVALID\",\"ReturnConsumedCapacity\":\"INVALID\"}",
     SEVERAL(2) CAPACITY("INVALID") "; " RETURN_NEWER,
     SEVERAL(2) RETURN("INVALID") "; " CAPACITY("INVALID")}, /* O, M */
    {OPERATION_UpdateItem,
     "{\"TableName\":\"abc\"," KEY ",\"ReturnValues\":\"INVALID\",\"ReturnConsumedCapacity\":\"INVALID\"}",
     ONE RETURN_NEWER, SEVERAL(2) CAPACITY("INVALID") "; " RETURN("INVALID")}, /* O, M */
    {OPERATION_PutItem, "{\"TableName\":\"abc\"," ITEM ",\"ConditionalOperator\":\"XOR\"}", GOOD,
     ONE AT("'XOR'", "conditionalOperator") ONE_OF("OR, AND")},
    {OPERATION_Query,
     "{\"TableName\":\"abc\",\"KeyConditions\":{\"a\":{\"ComparisonOperator\":\"EQ\"}},\"QueryFilter\":{"
     "\"b\":{\"ComparisonOperator\":\"NULL\"},\"c\":{\"ComparisonOperator\":\"NULL\"}},"
     "\"ConditionalOperator\":\"XOR\",\"Select\":\"BOGUS\"}",
     "Failed to satisfy constraint: " ONE_OF("ALL, OR"),
     SEVERAL(2) AT("'BOGUS'", "select") ONE_OF(
         "SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES") "; " AT("'XOR'", "conditionalOperator")
         ONE_OF("OR, AND")}, /* O */

    /* Query and Scan. */
    {OPERATION_Query, "{\"TableName\":\"abc\",\"Limit\":0}", ONE MUST("Limit") MORE(1), SAME}, /* M */
    {OPERATION_Query, "{\"TableName\":\"abc\",\"Select\":\"INVALID_VALUE\"}",
     ONE AT("'INVALID_VALUE'", "select") ONE_OF("SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES"),
     SAME}, /* M */
    {OPERATION_Scan, "{\"TableName\":\"abc\",\"Limit\":0}", ONE MUST("Limit") MORE(1),
     ONE AT("'0'", "limit") MORE(1)}, /* O of September, M */
    {OPERATION_Scan,
     "{\"TableName\":\"abc;\",\"IndexName\":\"h;\",\"Segment\":-1,\"TotalSegments\":1000001,\"ScanFilter\":{\"a\":{},"
     "\"b\":{\"ComparisonOperator\":\"\"}}}",
     SEVERAL(7) AT("'h;'", "indexName") LONGER(3) "; " AT("'h;'", "indexName") NAME
     "; " AT("'1000001'", "totalSegments") LESS(1000000) "; " AT("'abc;'", "tableName") NAME
     "; " AT("null", "scanFilter.a.member.comparisonOperator") NOT_NULL
     "; " AT("''", "scanFilter.b.member.comparisonOperator")
         ONE_OF("IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS") "; " AT(
             "'-1'", "segment") MORE(0),
     SAME}, /* D, its order apart */

    /* Batches. */
    {OPERATION_BatchGetItem, "{\"RequestItems\":{}}", ONE MUST("RequestItems") LONGER(1),
     "The requestItems parameter is required for BatchGetItem"}, /* O, M */
    {OPERATION_BatchWriteItem, "{\"RequestItems\":{}}", ONE MUST("RequestItems") LONGER(1),
     "The requestItems parameter is required for BatchWriteItem"},                 /* O, M */
    {OPERATION_BatchGetItem, "{}", ONE AT("null", "requestItems") NOT_NULL, SAME}, /* D */
    {OPERATION_BatchGetItem, "{\"RequestItems\":{\"tbl\":{\"Keys\":[]}}}",
     ONE MUST("RequestItems.tbl.member.Keys") LONGER(1), SAME}, /* O */
    {OPERATION_BatchGetItem, "{\"RequestItems\":{\"tbl\":{}}}", ONE AT("null", "requestItems.tbl.member.keys") NOT_NULL,
     SAME}, /* D */
    {OPERATION_BatchGetItem, "{\"RequestItems\":{\"bad!name\":{\"Keys\":[{\"pk\":{\"S\":\"a\"}}]}}}",
     ONE AT("'{\"bad!name\":{\"Keys\":[{\"pk\":{\"S\":\"a\"}}]}}'", "requestItems") BATCH_KEYS, SAME}, /* O */
    {OPERATION_BatchGetItem,
     "{\"ReturnConsumedCapacity\":\"BOGUS\",\"RequestItems\":{\"bad!name\":{\"Keys\":[{\"pk\":{\"S\":\"a\"}}]}}}",
     SEVERAL(2) AT("'{\"bad!name\":{\"Keys\":[{\"pk\":{\"S\":\"a\"}}]}}'", "requestItems") BATCH_KEYS
     "; " CAPACITY("BOGUS"),
     SAME}, /* O */
    {OPERATION_BatchGetItem, "{\"RequestItems\":{\"bad!name\":{\"Keys\":[{\"pk\":{\"N\":\"a\"}}]}}}",
     ONE AT("'{\"bad!name\":{\"Keys\":[{}]}}'", "requestItems") BATCH_KEYS, SAME},
    {OPERATION_BatchWriteItem, "{\"RequestItems\":{\"tbl\":[]}}",
     ONE AT("'{tbl=[]}'", "requestItems") "Map value must satisfy constraint: [" SHORTER(25) ", " LONGER(1) "]",
     SAME}, /* O */
    {OPERATION_BatchWriteItem, "{\"RequestItems\":{\"bad!name\":[{\"DeleteRequest\":{\"Key\":{}}}]}}",
     ONE AT("'{bad!name=[WriteRequest(putRequest=null, deleteRequest=DeleteRequest(key={}))]}'", "requestItems")
         BATCH_KEYS,
     SAME}, /* O */
    {OPERATION_BatchGetItem,
     "{\"RequestItems\":{\"arn:aws:dynamodb:us-east-1:000000000000:table/abc\":{\"Keys\":[{}]}}}", GOOD, SAME},
    {OPERATION_BatchWriteItem,
     "{\"ReturnConsumedCapacity\":\"BOGUS\",\"RequestItems\":{\"bad!name\":[{\"PutRequest\":{\"Item\":{}}}]}}",
     ONE CAPACITY("BOGUS"), SAME}, /* O */
    {OPERATION_BatchWriteItem,
     "{\"ReturnConsumedCapacity\":\"BOGUS\",\"ReturnItemCollectionMetrics\":\"BOGUS2\",\"RequestItems\":{\"abc\":["
     "{\"PutRequest\":{\"Item\":{}}}]}}",
     SEVERAL(2) CAPACITY("BOGUS") "; " COLLECTION("BOGUS2"), SAME}, /* O */
    {OPERATION_BatchWriteItem, "{\"RequestItems\":{\"aa;\":[{\"PutRequest\":{},\"DeleteRequest\":{}}]}}",
     SEVERAL(2) AT("null", "requestItems.aa;.member.1.member.putRequest.item") NOT_NULL
     "; " AT("null", "requestItems.aa;.member.1.member.deleteRequest.key") NOT_NULL,
     SAME}, /* D */

    /* Transactions. */
    {OPERATION_TransactGetItems, "{\"TransactItems\":[]}", ONE MUST("TransactItems") LONGER(1),
     ONE AT("'[]'", "transactItems") LONGER(1)}, /* O, M */
    {OPERATION_TransactWriteItems, "{\"TransactItems\":[]}", ONE MUST("TransactItems") LONGER(1),
     ONE AT("'[]'", "transactItems") LONGER(1)}, /* O, M */
    {OPERATION_TransactWriteItems,
     "{\"TransactItems\":[{}],\"ClientRequestToken\":\"1234567890123456789012345678901234567\","
     "\"ReturnConsumedCapacity\":\"BOGUS\"}",
     ONE MUST("ClientRequestToken") SHORTER(36),
     SEVERAL(2) AT("'1234567890123456789012345678901234567'", "clientRequestToken")
         SHORTER(36) "; " CAPACITY("BOGUS")}, /* O: both */
    {OPERATION_TransactWriteItems,
     "{\"TransactItems\":[{}],\"ReturnItemCollectionMetrics\":\"BOGUS2\",\"ReturnConsumedCapacity\":\"BOGUS\"}",
     SEVERAL(2) CAPACITY("BOGUS") "; " COLLECTION("BOGUS2"), SAME}, /* O */
    {OPERATION_SearchVectors,
     "{\"TableName\":\"abc\",\"IndexName\":\"abc\",\"SearchVector\":[{\"N\":\"1\"}],\"TopK\":0}",
     ONE MUST("TopK") MORE(1), SAME}, /* O */
    {OPERATION_ExecuteStatement, "{\"Statement\":\"x\",\"Parameters\":[]}", ONE AT("'[]'", "parameters") LONGER(1),
     SAME},

    /* Tables. */
    {OPERATION_CreateTable, "{}", "The parameter 'TableName' is required but was not present in the request",
     SAME}, /* MD */
    {OPERATION_DescribeTimeToLive, "{}", "The parameter 'TableName' is required but was not present in the request",
     SAME}, /* D */
    {OPERATION_CreateTable, "{\"TableName\":\"ab\",\"AttributeDefinitions\":" DEFINITIONS ",\"KeySchema\":" KEYS "}",
     ONE AT("'ab'", "tableName") LONGER(3), SAME}, /* MO */
    {OPERATION_CreateTable, "{\"TableName\":\"\",\"KeySchema\":[]}",
     SEVERAL(2) AT("''", "tableName") LONGER(3) "; " AT("''", "tableName") NAME, SAME}, /* M: only the name */
    {OPERATION_DescribeTable, "{\"TableName\":\"\"}",
     SEVERAL(2) AT("''", "tableName") LONGER(3) "; " AT("''", "tableName") NAME, SAME}, /* A */
    {OPERATION_CreateTable, "{\"TableName\":\"abc;\"}",
     SEVERAL(3) AT("null", "keySchema") NOT_NULL "; " AT("'abc;'", "tableName") NAME
     "; " AT("null", "attributeDefinitions") NOT_NULL,
     SAME}, /* D, its order apart */
    {OPERATION_CreateTable,
     "{\"TableName\":\"abc\",\"AttributeDefinitions\":[{}],\"KeySchema\":[{\"AttributeName\":\"pk\",\"KeyType\":"
     "\"HASH\"},{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"},{\"AttributeName\":\"x\",\"KeyType\":\"Woop\"}]}",
     SEVERAL(4) AT("'[KeySchemaElement(attributeName=pk, keyType=HASH), KeySchemaElement(attributeName=sk, "
                   "keyType=RANGE), KeySchemaElement(attributeName=x, keyType=Woop)]'",
                   "keySchema") SHORTER(2) "; " AT("'Woop'", "keySchema.3.member.keyType")
         ONE_OF("HASH, RANGE") "; " AT("null", "attributeDefinitions.1.member.attributeType") NOT_NULL
     "; " AT("null", "attributeDefinitions.1.member.attributeName") NOT_NULL,
     SAME}, /* MA */
    {OPERATION_CreateTable,
     "{\"TableName\":\"abc\",\"AttributeDefinitions\":[{\"AttributeName\":\"b\",\"AttributeType\":\"SS\"}],"
     "\"KeySchema\":" KEYS "}",
     ONE AT("'SS'", "attributeDefinitions.1.member.attributeType") ONE_OF("B, N, S"), SAME}, /* MD */
    {OPERATION_CreateTable,
     "{\"TableName\":\"abc\",\"AttributeDefinitions\":" DEFINITIONS ",\"KeySchema\":" KEYS
     ",\"LocalSecondaryIndexes\":[{"
     "\"IndexName\":\"l1\",\"KeySchema\":" KEYS ",\"Projection\":{}}],\"GlobalSecondaryIndexes\":[{\"IndexName\":"
     "\"g1\",\"KeySchema\":" KEYS ",\"Projection\":{}}]}",
     SEVERAL(2) AT("'g1'", "globalSecondaryIndexes.1.member.indexName")
         LONGER(3) "; " AT("'l1'", "localSecondaryIndexes.1.member.indexName") LONGER(3),
     SAME}, /* O */
    {OPERATION_UpdateTable,
     "{\"TableName\":\"abc\",\"GlobalSecondaryIndexUpdates\":[{\"Update\":{\"IndexName\":\"abc\","
     "\"ProvisionedThroughput\":{}}}]}",
     SEVERAL(2) AT("null", "globalSecondaryIndexUpdates.1.member.update.provisionedThroughput.writeCapacityUnits")
         NOT_NULL "; " AT("null", "globalSecondaryIndexUpdates.1.member.update.provisionedThroughput.readCapacityUnits")
             NOT_NULL,
     SAME}, /* A */
    {OPERATION_CreateTable,
     "{\"TableName\":\"abc\",\"AttributeDefinitions\":" DEFINITIONS ",\"KeySchema\":" KEYS ",\"StreamSpecification\":{"
     "\"StreamEnabled\":true,\"StreamViewType\":\"\"},\"SSESpecification\":{\"KMSMasterKeyId\":\"\"}}",
     SEVERAL(2) AT("''", "sSESpecification.kMSMasterKeyId") LONGER(1) "; " AT(
         "''", "streamSpecification.streamViewType") ONE_OF("OLD_IMAGE, KEYS_ONLY, NEW_AND_OLD_IMAGES, NEW_IMAGE"),
     SAME}, /* A */
    {OPERATION_UpdateTimeToLive, "{\"TableName\":\"abc\",\"TimeToLiveSpecification\":{}}",
     SEVERAL(2) AT("null", "timeToLiveSpecification.attributeName") NOT_NULL
     "; " AT("null", "timeToLiveSpecification.enabled") NOT_NULL,
     SAME}, /* A */
    {OPERATION_UpdateContributorInsights,
     "{\"TableName\":\"abc\",\"ContributorInsightsAction\":\"ENABLE\",\"ContributorInsightsMode\":\"\"}",
     ONE AT("''", "contributorInsightsMode") ONE_OF("THROTTLED_KEYS, ACCESSED_AND_THROTTLED_KEYS"), SAME}, /* A */
    {OPERATION_UpdateContributorInsights,
     "{\"TableName\":\"abc\",\"ContributorInsightsAction\":\"ENABLE\",\"IndexName\":\"\"}",
     "IndexName must be at least 3 characters long and at most 255 characters long", SAME}, /* A */
    {OPERATION_DescribeGlobalTable, "{\"GlobalTableName\":\"\"}",
     "TableName must be at least 3 characters long and at most 255 characters long", SAME}, /* A */
    {OPERATION_ListTables, "{\"Limit\":101,\"ExclusiveStartTableName\":\"a;\"}",
     SEVERAL(3) AT("'a;'", "exclusiveStartTableName") NAME "; " AT("'a;'", "exclusiveStartTableName")
         LONGER(3) "; " AT("'101'", "limit") LESS(100),
     SAME}, /* D */
    {OPERATION_ListTables, "{\"ExclusiveStartTableName\":\"\"}",
     SEVERAL(2) AT("''", "exclusiveStartTableName") NAME "; " AT("''", "exclusiveStartTableName") LONGER(3),
     SAME}, /* A */
    {OPERATION_CreateBackup, "{\"TableName\":\"abc\",\"BackupName\":\"\"}",
     SEVERAL(2) AT("''", "backupName") NAME "; " AT("''", "backupName") LONGER(3), SAME}, /* A */
    {OPERATION_PutItem, "{\"TableName\":\"a\\u0000\"," ITEM "}", ONE AT("'a?'", "tableName") NAME, SAME},
    {OPERATION_EnableKinesisStreamingDestination, "{\"TableName\":\"abc\",\"StreamArn\":\"\"}",
     ONE AT("''", "streamArn") LONGER(37), SAME}, /* A */
    {OPERATION_TagResource, "{}", GOOD, SAME},    /* AD: its own words */

    /* The service stops listing after ten. */
    {OPERATION_CreateTable,
     "{\"TableName\":\"abc\",\"AttributeDefinitions\":[{},{},{},{},{},{}],\"KeySchema\":" KEYS "}",
     SEVERAL(10) AT("null", "attributeDefinitions.1.member.attributeType") NOT_NULL
     "; " AT("null", "attributeDefinitions.1.member.attributeName") NOT_NULL
     "; " AT("null", "attributeDefinitions.2.member.attributeType") NOT_NULL
     "; " AT("null", "attributeDefinitions.2.member.attributeName") NOT_NULL
     "; " AT("null", "attributeDefinitions.3.member.attributeType") NOT_NULL
     "; " AT("null", "attributeDefinitions.3.member.attributeName") NOT_NULL
     "; " AT("null", "attributeDefinitions.4.member.attributeType") NOT_NULL
     "; " AT("null", "attributeDefinitions.4.member.attributeName") NOT_NULL
     "; " AT("null", "attributeDefinitions.5.member.attributeType") NOT_NULL
     "; " AT("null", "attributeDefinitions.5.member.attributeName") NOT_NULL,
     SAME},
};

/* Decodes and validates; NULL when nothing is wrong, else err's text. */
static const char *validate(enum operation operation, const char *body, enum wording wording, struct stator_error *err)
{
    const struct shape *input = operation_info(operation)->input;
    struct arena arena;
    enum stator_rc rc;
    void *in;

    arena_init(&arena, ROOM);
    if (message_decode(&in, input, bytes_of_string(body), &arena, err) != STATOR_OK)
        fail_msg("%s is not read: %s", body, err->message);
    rc = message_validate(input, in, wording, err);
    arena_deinit(&arena);
    assert_true(rc == STATOR_OK || rc == STATOR_VALIDATION);
    return rc == STATOR_OK ? NULL : err->message;
}

static void says_what_the_service_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        for (int wording = WORDING_CURRENT; wording <= WORDING_CLASSIC; wording++) {
            const char *expected =
                wording == WORDING_CLASSIC && requests[i].classic != SAME ? requests[i].classic : requests[i].current;
            struct stator_error err;
            const char *actual = validate(requests[i].operation, requests[i].body, (enum wording)wording, &err);

            if (strcmp(actual == NULL ? GOOD : actual, expected) != 0)
                fail_msg("%s\n  gives %s\n  not   %s", requests[i].body, actual == NULL ? "nothing" : actual, expected);
        }
    }
}

/* n writes or gets of one table. */
static void batch(char *body, size_t size, const char *head, const char *one, int n, const char *tail)
{
    int len = snprintf(body, size, "%s", head);

    for (int i = 0; i < n; i++)
        len += snprintf(body + len, size - (size_t)len, "%s%s", i == 0 ? "" : ",", one);
    snprintf(body + len, size - (size_t)len, "%s", tail);
}

static void assert_begins_and_ends(const char *text, const char *begin, const char *end)
{
    if (text == NULL || strncmp(text, begin, strlen(begin)) != 0 || strlen(text) < strlen(end) ||
        strcmp(text + strlen(text) - strlen(end), end) != 0)
        fail_msg("%s\n  is not %s ... %s", text, begin, end);
}

#define ABSENT(head, tail) head ", iNT=null, dECIMAL=null, dOUBLE=null, " tail
#define PLAIN(head)                                                                                                    \
    ABSENT(head, "sS=null, nS=null, bS=null, iNTSET=null, dECIMALSET=null, dOUBLESET=null, m=null, l=null, ")

/* Values are printed as the service's own class prints itself [O], with members that no one else knows. */
static void values_are_printed_as_in_java(void **state)
{
    static const struct {
        const char *json, *java;
    } values[] = {
        {"{\"N\":\"1.50\"}", PLAIN("s=null, n=1.5, b=null") "nULL=null, bOOL=null"},
        {"{\"B\":\"AAA=\"}",
         PLAIN("s=null, n=null, b=java.nio.HeapByteBuffer[pos=0 lim=2 cap=2]") "nULL=null, bOOL=null"},
        {"{\"BOOL\":false}", PLAIN("s=null, n=null, b=null") "nULL=null, bOOL=false"},
        {"{\"NULL\":true}", PLAIN("s=null, n=null, b=null") "nULL=true, bOOL=null"},
        {"{\"SS\":[\"a\",\"b\"]}",
         ABSENT("s=null, n=null, b=null", "sS=[a, b], nS=null, bS=null, iNTSET=null, dECIMALSET=null, "
                                          "dOUBLESET=null, m=null, l=null, nULL=null, bOOL=null")},
        {"{\"L\":[{\"L\":[{\"L\":[{\"M\":{\"a\":{\"S\":\"x\"}}}]}]}]}", "m={a=...}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        char body[300], java[400];
        struct stator_error err;
        const char *text;

        snprintf(body, sizeof(body), "{\"RequestItems\":{\"a;\":[{\"PutRequest\":{\"Item\":{\"a\":%s}}}]}}",
                 values[i].json);
        snprintf(java, sizeof(java), "%s", values[i].java);
        text = validate(OPERATION_BatchWriteItem, body, WORDING_CURRENT, &err);
        if (text == NULL || strstr(text, java) == NULL)
            fail_msg("%s\n  has no %s", text == NULL ? "nothing" : text, java);
    }
}

static void others_are_printed_too(void **state)
{
    static char body[60000];
    struct stator_error err;

    (void)state;
    batch(body, sizeof(body), "{\"TransactItems\":[",
          "{\"Update\":{\"ExpressionAttributeNames\":{\"#a\":\"b\"},\"ReturnValuesOnConditionCheckFailure\":\"NONE\"}}",
          101, "]}");
    assert_begins_and_ends(validate(OPERATION_TransactWriteItems, body, WORDING_CURRENT, &err),
                           SEVERAL(10) "Value '[TransactWriteItem(update=Update(", "");
    batch(body, sizeof(body), "{\"TableName\":\"abc\",\"VectorIndexUpdates\":[", "{}", 2,
          "],\"GlobalTableWitnessUpdates\":[{},{}]}");
    assert_begins_and_ends(validate(OPERATION_UpdateTable, body, WORDING_CURRENT, &err),
                           ONE "Value '[GlobalTableWitnessGroupUpdate(",
                           ")]' at 'globalTableWitnessUpdates' failed to satisfy constraint: " SHORTER(1)); /* A */
}

/* Values too long for the error are cut inside, so that the constraint is still there. */
static void long_values_are_cut(void **state)
{
    static char body[200000];
    struct stator_error err;

    (void)state;
    batch(body, sizeof(body), "{\"RequestItems\":{\"tbl\":[", "{\"PutRequest\":{\"Item\":{\"pk\":{\"S\":\"bw\"}}}}", 26,
          "]}}");
    assert_begins_and_ends(
        validate(OPERATION_BatchWriteItem, body, WORDING_CLASSIC, &err),
        ONE "Value '{tbl=[WriteRequest(putRequest=PutRequest(item={pk=AttributeValue(s=bw, n=null, b=null, iNT=null, "
            "dECIMAL=null, dOUBLE=null, sS=null, nS=null, bS=null, iNTSET=null, dECIMALSET=null, dOUBLESET=null, "
            "m=null, l=null, nULL=null, bOOL=null)}, workloadProfileName=null), deleteRequest=null), WriteRequest(",
        "]}' at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [" SHORTER(
            25) ", " LONGER(1) "]"); /* M */
    batch(body, sizeof(body), "{\"RequestItems\":{\"tbl\":{\"Keys\":[", "{}", 101, "]}}}");
    assert_string_equal(validate(OPERATION_BatchGetItem, body, WORDING_CLASSIC, &err),
                        ONE MUST("RequestItems.tbl.member.Keys") SHORTER(100)); /* M */
    batch(body, sizeof(body), "{\"TransactItems\":[", "{\"Put\":{\"TableName\":\"abc\"," ITEM "}}", 101, "]}");
    assert_begins_and_ends(validate(OPERATION_TransactWriteItems, body, WORDING_CLASSIC, &err),
                           ONE "Value '[TransactWriteItem(",
                           "]' at 'transactItems' failed to satisfy constraint: " SHORTER(100));
    assert_string_equal(validate(OPERATION_TransactWriteItems, body, WORDING_CURRENT, &err),
                        ONE MUST("TransactItems") SHORTER(100)); /* O */
    batch(body, sizeof(body), "{\"TableName\":\"", "\xC3\xA9", 3000, "\"," ITEM "}");
    assert_begins_and_ends(validate(OPERATION_PutItem, body, WORDING_CLASSIC, &err),
                           SEVERAL(2) "Value '\xC3\xA9,\xC3\xA9,", NAME);
}

/* Past 62 levels the older layer answers; vectors in the suite's deepRequests [O]. */
static void deep_requests_are_old(void **state)
{
    static char body[20000];
    struct stator_error err;

    (void)state;
    for (int depth = 40; depth <= 63; depth += 23) {
        int len = snprintf(body, sizeof(body), "{\"TableName\":\"abc\",\"ReturnValues\":\"BOGUS\",\"Key\":{\"pk\":");

        for (int i = 0; i < depth; i++)
            len += snprintf(body + len, sizeof(body) - (size_t)len, "{\"M\":{\"n\":");
        len += snprintf(body + len, sizeof(body) - (size_t)len, "{\"S\":\"leaf\"}");
        for (int i = 0; i < depth; i++)
            len += snprintf(body + len, sizeof(body) - (size_t)len, "}}");
        snprintf(body + len, sizeof(body) - (size_t)len, "}}");
        assert_string_equal(validate(OPERATION_DeleteItem, body, WORDING_CURRENT, &err),
                            depth == 40 ? ONE RETURN_NEWER : ONE RETURN("BOGUS"));
    }
}

static const struct text {
    enum operation operation;
    const char *format; /* of the body */
    const char *good, *bad;
} texts[] = {
    {OPERATION_StartBulkPutItems,
     "{\"TableName\":\"abc\",\"InputS3Configuration\":{\"InputFormat\":\"ION\",\"S3Bucket\":\"%s\"},"
     "\"OutputS3Configuration\":{\"OutputType\":[\"ERROR\"]}}",
     "a_b.c-9", "a"},
    {OPERATION_StartBulkPutItems,
     "{\"TableName\":\"abc\",\"InputS3Configuration\":{\"InputFormat\":\"ION\",\"S3Bucket\":\"%s\"},"
     "\"OutputS3Configuration\":{\"OutputType\":[\"ERROR\"]}}",
     "aa", "a-"},
    {OPERATION_ExportTableToPointInTime, "{\"TableArn\":\"x\",\"S3Bucket\":\"bb\",\"S3BucketOwner\":\"%s\"}",
     "123456789012", "12345678901"},
    {OPERATION_ExportTableToPointInTime, "{\"TableArn\":\"x\",\"S3Bucket\":\"bb\",\"ClientToken\":\"%s\"}", "a\xC3\xA9",
     "a$"},
    {OPERATION_ListBulkOperations, "{\"NextToken\":\"%s\"}", "0123456789abcdef0123456789abcdef", "0123456789abcdeg"},
    {OPERATION_ListBulkOperations, "{\"NextToken\":\"%s\"}", "0123456789abcdef", "0123456789abcde"},
    {OPERATION_ImportTable,
     "{\"S3BucketSource\":{\"S3Bucket\":\"bb\"},\"InputFormat\":\"CSV\",\"InputFormatOptions\":{\"Csv\":{\"Delimiter\":"
     "\"%s\"}},\"TableCreationParameters\":{\"TableName\":\"abc\",\"AttributeDefinitions\":[],\"KeySchema\":" KEYS "}}",
     "\\t", "/"},
    {OPERATION_ImportTable,
     "{\"S3BucketSource\":{\"S3Bucket\":\"bb\"},\"InputFormat\":\"CSV\",\"InputFormatOptions\":{\"Csv\":{"
     "\"HeaderList\":"
     "[\"%s\"]}},\"TableCreationParameters\":{\"TableName\":\"abc\",\"AttributeDefinitions\":[],\"KeySchema\":" KEYS
     "}}",
     "a b", "a,b"},
    {OPERATION_UpdateTableReplicaAutoScaling,
     "{\"TableName\":\"abc\",\"ProvisionedWriteCapacityAutoScalingUpdate\":{\"AutoScalingRoleArn\":\"%s\"}}",
     "a\\t\xF0\x9F\x98\x80", "a\\u0001"},
    {OPERATION_UpdateTableReplicaAutoScaling,
     "{\"TableName\":\"abc\",\"ProvisionedWriteCapacityAutoScalingUpdate\":{\"AutoScalingRoleArn\":\"%s\"}}",
     "\xEF\xBF\xBD", "\xEF\xBF\xBE"},
    {OPERATION_UpdateTableReplicaAutoScaling,
     "{\"TableName\":\"abc\",\"ProvisionedWriteCapacityAutoScalingUpdate\":{\"ScalingPolicyUpdate\":{"
     "\"TargetTrackingScalingPolicyConfiguration\":{\"TargetValue\":70.0},\"PolicyName\":\"%s\"}}}",
     "a ~", "\xC3\xA9"},
    /* Characters outside the basic plane count twice. */
    {OPERATION_PutResourcePolicy, "{\"ResourceArn\":\"%s\",\"Policy\":\"{}\"}", "\xF0\x9F\x98\x80", ""},
    {OPERATION_ListTables, "{\"ExclusiveStartTableName\":\"%s\"}", "a.b", "a"},
};

static void texts_have_patterns(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        char body[1000];
        struct stator_error err;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(body, sizeof(body), texts[i].format, texts[i].good);
        if (validate(texts[i].operation, body, WORDING_CURRENT, &err) != NULL)
            fail_msg("%s is refused: %s", body, err.message);
        snprintf(body, sizeof(body), texts[i].format, texts[i].bad);
#pragma GCC diagnostic pop
        if (validate(texts[i].operation, body, WORDING_CURRENT, &err) == NULL)
            fail_msg("%s is taken", body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_the_service_says), cmocka_unit_test(values_are_printed_as_in_java),
        cmocka_unit_test(others_are_printed_too),     cmocka_unit_test(long_values_are_cut),
        cmocka_unit_test(deep_requests_are_old),      cmocka_unit_test(texts_have_patterns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
