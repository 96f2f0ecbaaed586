/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <inttypes.h>
#include <limits.h>

#include "stator/command.h"
#include "unit/client/scarcity.h"

#define TABLE "\"TableName\":\"T\""
#define KEY   "\"Key\":{\"pk\":{\"S\":\"x\"}}"

/* --- Without arguments -------------------------------------------------------------------------------------------- */

static const struct {
    const char *text, *operation, *json;
} plain[] = {
    {"GetItem T {pk: 'x'}", "GetItem", "{" TABLE "," KEY "}"},
    {" getitem\tT{ \"pk\" : \"x\" }\n", "GetItem", "{" TABLE "," KEY "}"},
    {"GetItem arn:aws:dynamodb:eu-1:000:table/T {`pk`: 'x'} CONSISTENT", "GetItem",
     "{\"TableName\":\"arn:aws:dynamodb:eu-1:000:table/T\"," KEY ",\"ConsistentRead\":true}"},
    {"GetItem `T` {pk: 'x'} RETURN a, b.c[3].d, `odd name`, a", "GetItem",
     "{" TABLE "," KEY
     ",\"ProjectionExpression\":\"#n1 , #n2.#n3[3].#n4 , #n5 , #n1\",\"ExpressionAttributeNames\":{\"#n1\":\"a\","
     "\"#n2\":\"b\",\"#n3\":\"c\",\"#n4\":\"d\",\"#n5\":\"odd name\"}}"},
    {"PutItem T {}", "PutItem", "{" TABLE ",\"Item\":{}}"},
    {"PutItem T {pk: 'it''s', s: \"a\\n\\u00e4\", n: -1.50e2, p: +3, t: true, f: false, u: null, b: b'aGk=', "
     "l: [1, 'a', [], {a: 1,},], m: {a-b.c: 1, 'd e': 2, 3d: 3}, ss: <<'b', 'a', 'b'>>, ns: <<2, 1>>, "
     "bs: <<b'AA=='>>}",
     "PutItem",
     "{" TABLE ",\"Item\":{\"b\":{\"B\":\"aGk=\"},\"bs\":{\"BS\":[\"AA==\"]},\"f\":{\"BOOL\":false},"
     "\"l\":{\"L\":[{\"N\":\"1\"},{\"S\":\"a\"},{\"L\":[]},{\"M\":{\"a\":{\"N\":\"1\"}}}]},"
     "\"m\":{\"M\":{\"3d\":{\"N\":\"3\"},\"a-b.c\":{\"N\":\"1\"},\"d e\":{\"N\":\"2\"}}},\"n\":{\"N\":\"-150\"},"
     "\"ns\":{\"NS\":[\"1\",\"2\"]},\"p\":{\"N\":\"3\"},\"pk\":{\"S\":\"it's\"},\"s\":{\"S\":\"a\\n\xC3\xA4\"},"
     "\"ss\":{\"SS\":[\"a\",\"b\"]},\"t\":{\"BOOL\":true},\"u\":{\"NULL\":true}}}"},
    {"PutItem T {pk: 'x'} IF attribute_not_exists(pk) OR (size(a.b) >= 3 and not c in ('d', 4)) RETURN ALL_OLD",
     "PutItem",
     "{" TABLE ",\"Item\":{\"pk\":{\"S\":\"x\"}},\"ConditionExpression\":\"attribute_not_exists ( #n1 ) OR ( size ( "
     "#n2.#n3 ) >= :v1 and not #n4 in ( :v2 , :v3 ) )\",\"ExpressionAttributeNames\":{\"#n1\":\"pk\",\"#n2\":\"a\","
     "\"#n3\":\"b\",\"#n4\":\"c\"},\"ExpressionAttributeValues\":{\":v1\":{\"N\":\"3\"},\":v2\":{\"S\":\"d\"},"
     "\":v3\":{\"N\":\"4\"}},\"ReturnValues\":\"ALL_OLD\"}"},
    {"UpdateItem T {pk: 'x'}", "UpdateItem", "{" TABLE "," KEY "}"},
    {"UpdateItem T {pk: 'x'} SET a = a + 1, b = b -1, c = if_not_exists(c, -1), d[0] = [1] REMOVE e, f[2] ADD g -1, h "
     "<<'i'>> DELETE j <<2>> IF k != 'l' AND true = true RETURN ALL_NEW",
     "UpdateItem",
     "{" TABLE "," KEY
     ",\"UpdateExpression\":\"SET #n1 = #n1 + :v1 , #n2 = #n2 - :v2 , #n3 = if_not_exists ( #n3 , :v3 ) , #n4[0] = :v4 "
     "REMOVE #n5 , #n6[2] ADD #n7 :v5 , #n8 :v6 DELETE #n9 :v7\",\"ConditionExpression\":\"#n10 <> :v8 AND :v9 = "
     ":v10\","
     "\"ExpressionAttributeNames\":{\"#n1\":\"a\",\"#n2\":\"b\",\"#n3\":\"c\",\"#n4\":\"d\",\"#n5\":\"e\",\"#n6\":"
     "\"f\","
     "\"#n7\":\"g\",\"#n8\":\"h\",\"#n9\":\"j\",\"#n10\":\"k\"},\"ExpressionAttributeValues\":{\":v1\":{\"N\":\"1\"},"
     "\":v2\":{\"N\":\"1\"},\":v3\":{\"N\":\"-1\"},\":v4\":{\"L\":[{\"N\":\"1\"}]},\":v5\":{\"N\":\"-1\"},"
     "\":v6\":{\"SS\":[\"i\"]},\":v7\":{\"NS\":[\"2\"]},\":v8\":{\"S\":\"l\"},\":v9\":{\"BOOL\":true},"
     "\":v10\":{\"BOOL\":true}},\"ReturnValues\":\"ALL_NEW\"}"},
    {"UpdateItem T {pk: 'x'} IF a = 1 SET b = 2", "UpdateItem",
     "{" TABLE "," KEY ",\"UpdateExpression\":\"SET #n2 = :v2\",\"ConditionExpression\":\"#n1 = :v1\","
     "\"ExpressionAttributeNames\":{\"#n1\":\"a\",\"#n2\":\"b\"},"
     "\"ExpressionAttributeValues\":{\":v1\":{\"N\":\"1\"},\":v2\":{\"N\":\"2\"}}}"},
    {"DeleteItem T {pk: 'x'} IF a.IF = 1 AND `LIMIT` = 2 AND limit = 3", "DeleteItem",
     "{" TABLE "," KEY ",\"ConditionExpression\":\"#n1.#n2 = :v1 AND #n3 = :v2 AND #n4 = :v3\","
     "\"ExpressionAttributeNames\":{\"#n1\":\"a\",\"#n2\":\"IF\",\"#n3\":\"LIMIT\",\"#n4\":\"limit\"},"
     "\"ExpressionAttributeValues\":{\":v1\":{\"N\":\"1\"},\":v2\":{\"N\":\"2\"},\":v3\":{\"N\":\"3\"}}}"},
    {"Query T INDEX by-age WHERE pk = 'x' AND age BETWEEN 1 AND 2 FILTER begins_with(a, 'b') RETURN a LIMIT 10 REVERSE "
     "AFTER {pk: 'y'}",
     "Query",
     "{" TABLE ",\"IndexName\":\"by-age\",\"KeyConditionExpression\":\"#n1 = :v1 AND #n2 BETWEEN :v2 AND :v3\","
     "\"FilterExpression\":\"begins_with ( #n3 , :v4 "
     ")\",\"ProjectionExpression\":\"#n3\",\"ExpressionAttributeNames\":{"
     "\"#n1\":\"pk\",\"#n2\":\"age\",\"#n3\":\"a\"},\"ExpressionAttributeValues\":{\":v1\":{\"S\":\"x\"},"
     "\":v2\":{\"N\":\"1\"},\":v3\":{\"N\":\"2\"},\":v4\":{\"S\":\"b\"}},\"ScanIndexForward\":false,\"Limit\":10,"
     "\"ExclusiveStartKey\":{\"pk\":{\"S\":\"y\"}}}"},
    {"Query T LIMIT 1e1 RETURN COUNT WHERE pk='100%'", "Query",
     "{" TABLE ",\"KeyConditionExpression\":\"#n1 = :v1\",\"ExpressionAttributeNames\":{\"#n1\":\"pk\"},"
     "\"ExpressionAttributeValues\":{\":v1\":{\"S\":\"100%\"}},\"Select\":\"COUNT\",\"Limit\":10}"},
    {"Scan T", "Scan", "{" TABLE "}"},
    {"Scan T SEGMENT 0 OF 4 CONSISTENT", "Scan",
     "{" TABLE ",\"ConsistentRead\":true,\"Segment\":0,\"TotalSegments\":4}"},
    {"SELECT * FROM \"T\" WHERE a = 'it''s 100%' -- don't\n AND \"b\" = 1 /* ' */", "ExecuteStatement",
     "{\"Statement\":\"SELECT * FROM \\\"T\\\" WHERE a = 'it''s 100%' -- don't\\n AND \\\"b\\\" = 1 /* ' */\"}"},
    {"delete from T where a = 1", "ExecuteStatement", "{\"Statement\":\"delete from T where a = 1\"}"},
};

static void commands_become_requests(void **state)
{
    struct stator_builder *builder = stator_builder_new(NULL, 0);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(plain); i++) {
        struct stator_request request;
        struct stator_error err = {0};

        if (stator_command_build_list(builder, &request, &err, stator_text(plain[i].text), NULL, 0) != STATOR_OK)
            fail_msg("%s: %s", plain[i].text, err.message);
        assert_string_equal(request.operation, plain[i].operation);
        assert_string_equal((const char *)request.json.at, plain[i].json);
        assert_int_equal(request.json.len, strlen(plain[i].json));
    }
    stator_builder_free(builder);
}

static void what_is_wrong_is_told_at_its_place(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "Column 1: a command begins with GetItem, PutItem, UpdateItem, DeleteItem, Query or Scan, or it is SQL: "
             "SELECT, INSERT, UPDATE, DELETE"},
        {"Drop T", "Column 1: a command begins with GetItem, PutItem, UpdateItem, DeleteItem, Query or Scan, or it is "
                   "SQL: SELECT, INSERT, UPDATE, DELETE"},
        {"GetItem", "Column 8: a name is missing"},
        {"GetItem T", "Column 10: an item is missing: {name: value, ...} or %m"},
        {"GetItem T pk", "Column 11: an item is missing: {name: value, ...} or %m"},
        {"GetItem T {", "Column 12: the name of an attribute is missing"},
        {"GetItem T {pk", "Column 14: ':' is missing"},
        {"GetItem T {pk 'x'}", "Column 15: ':' is missing"},
        {"GetItem T {pk: x}", "Column 16: x is no value; a text stands in quotes"},
        {"GetItem T {pk:}",
         "Column 15: a value is missing: a text in quotes, a number, [...], {...}, <<...>> or a verb"},
        {"GetItem T {pk: 'x'", "Column 19: ',' or '}' is missing"},
        {"GetItem T {pk: 'x' sk: 1}", "Column 20: ',' or '}' is missing"},
        {"GetItem T {pk: 'x}", "Column 16: a quote is not closed"},
        {"GetItem T {pk: 'x\xC3\xA4', sk: 1x}", "Column 26: a number ends in a letter"},
        {"GetItem T {pk: 1e999}", "Column 16: Number overflow. Attempting to store a number with magnitude larger than "
                                  "supported range"},
        {"GetItem T {pk: 1, pk: 2}", "Column 11: The name \"pk\" is given twice"},
        {"GetItem T {pk: \"\\x\"}", "Column 16: a text in \"...\" is no JSON string"},
        {"GetItem T {pk: b'x'}", "Column 16: b'...' is no base64"},
        {"GetItem T {pk: <<>>}", "Column 16: A set may not be empty"},
        {"GetItem T {pk: <<1, 'a'>>}", "Column 16: A set is of strings, of numbers, or of binaries"},
        {"GetItem T {pk: <<true>>}", "Column 16: A set is of strings, of numbers, or of binaries"},
        {"GetItem T {pk: [1 2]}", "Column 19: ',' is missing"},
        {"GetItem T {pk: - 1}",
         "Column 16: a value is missing: a text in quotes, a number, [...], {...}, <<...>> or a verb"},
        {"GetItem T {pk: 'x'} IF a = 1", "Column 21: GetItem goes on with RETURN, CONSISTENT, in capitals"},
        {"GetItem T {pk: 'x'} return a", "Column 21: GetItem goes on with RETURN, CONSISTENT, in capitals"},
        {"GetItem T {pk: 'x'} RETURN", "Column 27: an expression is missing"},
        {"GetItem T {pk: 'x'} RETURN a.", "Column 30: a name is missing behind the point"},
        {"GetItem T {pk: 'x'} RETURN a.1", "Column 30: a name is missing behind the point"},
        {"GetItem T {pk: 'x'} RETURN 'a'", "Column 28: a value stands where names of attributes are wanted"},
        {"GetItem T {pk: 'x'} RETURN a[b]", "Column 30: an index is a number"},
        {"GetItem T {pk: 'x'} RETURN a[1", "Column 31: ']' is missing"},
        {"GetItem T {pk: 'x'} RETURN a RETURN b", "Column 37: a clause is there twice"},
        {"GetItem T {pk: 'x'} CONSISTENT CONSISTENT", "Column 32: a clause is there twice"},
        {"PutItem T {pk: 'x'} RETURN a",
         "Column 28: RETURN is NONE, ALL_OLD, UPDATED_OLD, ALL_NEW or UPDATED_NEW of what is written"},
        {"PutItem T {pk: 'x'} IF a = :v", "Column 28: : means nothing in an expression"},
        {"PutItem T {pk: 'x'} IF #n = 1", "Column 24: # means nothing in an expression"},
        {"PutItem T {pk: 'x'} IF a \xC3\xA4 1", "Column 26: \xC3\xA4 means nothing in an expression"},
        {"PutItem T {pk: '\xFF'}", "Column 1: a command is no UTF-8"},
        {"UpdateItem T {pk: 'x'} SET a = 1 IF b = 1 REMOVE c", "Column 43: a clause is there twice"},
        {"Query T", "Column 8: Query needs WHERE with a condition on its key"},
        {"Query T WHERE", "Column 14: an expression is missing"},
        {"Query T WHERE a = 1 LIMIT -1", "Column 27: a whole number is missing"},
        {"Query T WHERE a = 1 LIMIT 1.5", "Column 27: a whole number is missing"},
        {"Query T WHERE a = 1 LIMIT '1'", "Column 27: a whole number is missing"},
        {"Query T WHERE a = 1 INDEX", "Column 26: a name is missing"},
        {"Scan T SEGMENT 1", "Column 17: a segment is one OF a number of segments"},
        {"Scan T WHERE a = 1",
         "Column 8: Scan goes on with RETURN, INDEX, FILTER, LIMIT, AFTER, SEGMENT, CONSISTENT, in "
         "capitals"},
        {"Scan T %",
         "Column 8: Scan goes on with RETURN, INDEX, FILTER, LIMIT, AFTER, SEGMENT, CONSISTENT, in capitals"},
        {"Scan %a", "Column 6: there are only 0 arguments"},
        {"Scan %s", "Column 6: %s is no verb for a name: that is %a"},
        {"Scan T FILTER a = %v", "Column 19: there are only 0 arguments"},
        {"Scan T FILTER a = %s", "Column 19: with a list of arguments a value is %v"},
        {"Scan T FILTER a = %q",
         "Column 19: %q is no verb: there are %s %d %u %f %N %b %B %v %m for values, %a for names"},
        {"Scan T FILTER a = %\xC3\xA4",
         "Column 19: %\xC3\xA4 is no verb: there are %s %d %u %f %N %b %B %v %m for values, %a for names"},
        {"Scan T FILTER a = %",
         "Column 19: % is no verb: there are %s %d %u %f %N %b %B %v %m for values, %a for names"},
        {"Scan T FILTER %m", "Column 15: with a list of arguments a value is %v"},
        {"SELECT * FROM T WHERE a = 'x", "Column 27: a quote is not closed"},
        {"SELECT * FROM T WHERE a = ?", "Column 27: there are only 0 arguments"},
    };
    struct stator_builder *builder = stator_builder_new(NULL, 0);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stator_request request = {.operation = "untouched"};
        struct stator_error err = {0};

        assert_int_equal(stator_command_build_list(builder, &request, &err, stator_text(cases[i].text), NULL, 0),
                         STATOR_VALIDATION);
        if (strcmp(err.message, cases[i].message) != 0)
            fail_msg("%s: \"%s\" is not \"%s\"", cases[i].text, err.message, cases[i].message);
        assert_int_equal(err.rc, STATOR_VALIDATION);
        assert_string_equal(request.operation, "untouched");
    }
    stator_builder_free(builder);
}

/* --- Arguments ---------------------------------------------------------------------------------------------------- */

static void assert_request(struct stator_builder *builder, const char *json, const char *format, ...)
{
    struct stator_request request;
    struct stator_error err = {0};
    va_list arguments;
    enum stator_rc rc;

    va_start(arguments, format);
    rc = stator_command_build_va(builder, &request, &err, format, arguments);
    va_end(arguments);
    if (json[0] == 'C') {
        assert_int_equal(rc, STATOR_VALIDATION);
        assert_string_equal(err.message, json);
    } else {
        if (rc != STATOR_OK)
            fail_msg("%s: %s", format, err.message);
        assert_string_equal((const char *)request.json.at, json);
    }
}

static void verbs_take_their_arguments(void **state)
{
    struct stator_builder *builder = stator_builder_new(NULL, 0);
    struct stator_value tags = STATOR_SS(stator_s("b"), stator_s("a"));
    struct stator_item key = STATOR_ITEM(stator_attr("pk", stator_s("x")));

    (void)state;
    assert_request(builder, "{" TABLE "," KEY "}", "GetItem %a {%a: %s}", "T", "pk", "x");
    assert_request(builder, "{" TABLE "," KEY "}", "GetItem %.*a {%.*a: %.*s}", 1, "TABLE", 2, "pkey", 1, "xyz");
    assert_request(builder, "{" TABLE "," KEY "}", "GetItem T %m", &key);
    assert_request(builder,
                   "{" TABLE ",\"Item\":{\"a\":{\"L\":[{\"N\":\"-1\"},{\"N\":\"4294967295\"},{\"N\":\"-2\"},"
                   "{\"N\":\"18446744073709551615\"},{\"N\":\"-9223372036854775808\"},{\"N\":\"7\"},{\"N\":\"8\"}]}}}",
                   "PutItem T {a: [%d, %u, %ld, %llu, %" PRId64 ", %zu, %jd]}", -1, UINT_MAX, -2L, ULLONG_MAX,
                   INT64_MIN, (size_t)7, (intmax_t)8);
    assert_request(builder,
                   "{" TABLE ",\"Item\":{\"a\":{\"L\":[{\"N\":\"0.1\"},{\"N\":\"-150\"},{\"N\":"
                   "\"12345678901234567890123456789.5\"},{\"N\":\"12\"}]}}}",
                   "PutItem T {a: [%f, %g, %N, %.*N]}", 0.1, -1.5e2, "12345678901234567890123456789.50", 2, "123");
    assert_request(builder,
                   "{" TABLE
                   ",\"Item\":{\"b\":{\"B\":\"AAE=\"},\"e\":{\"B\":\"\"},\"m\":{\"M\":{\"pk\":{\"S\":\"x\"}}},"
                   "\"n\":{\"BOOL\":false},\"s\":{\"S\":\"\"},\"t\":{\"SS\":[\"a\",\"b\"]},\"y\":{\"BOOL\":true}}}",
                   "PutItem T {b: %b, e: %b, y: %B, n: %B, t: %v, m: %m, s: %.*s}", "\0\1", (size_t)2, NULL, (size_t)0,
                   5, 0, &tags, &key, 0, NULL);
    assert_request(builder,
                   "{" TABLE ",\"Item\":{\"a\":{\"NS\":[\"1\",\"2\"]},\"p\":{\"S\":\"100%\"},\"q\":{\"S\":\"%s\"}}}",
                   "PutItem T {a: <<%d, %f>>, p: '100%%', q: \"%%s\"}", 2, 1.0);
    assert_request(builder,
                   "{" TABLE ",\"IndexName\":\"i\",\"KeyConditionExpression\":\"#n1 = :v1 AND #n2 < :v2\","
                   "\"ExpressionAttributeNames\":{\"#n1\":\"pk\",\"#n2\":\"no: name\"},"
                   "\"ExpressionAttributeValues\":{\":v1\":{\"S\":\"x\"},\":v2\":{\"N\":\"3\"}},\"Limit\":5,"
                   "\"ExclusiveStartKey\":{\"pk\":{\"S\":\"x\"}}}",
                   "Query T WHERE %a = %s AND %a < %d INDEX %a LIMIT %d AFTER %m", "pk", "x", "no: name", 3, "i", 5,
                   &key);
    assert_request(builder,
                   "{\"Statement\":\"SELECT * FROM \\\"T\\\"\\\"\\\" WHERE a = ? AND b IN (?,?) AND c = '%'\","
                   "\"Parameters\":[{\"S\":\"x' OR 'a' = 'a\"},{\"N\":\"1\"},{\"SS\":[\"a\",\"b\"]}]}",
                   "SELECT * FROM %a WHERE a = %s AND b IN (%d,%v) AND c = '%%'", "T\"", "x' OR 'a' = 'a", 1, &tags);
    stator_builder_free(builder);
}

/* However it looks, an argument is a value or a name. */
static void arguments_are_never_read(void **state)
{
    static const char *const texts[] = {"'} IF a = 1 --", "\"}", "%s%s%n", ":v1", "#n1", "x\\", "`", "\n", "{", "1"};
    struct stator_builder *builder = stator_builder_new(NULL, 0);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct stator_request request;
        struct stator_answer answer; /* which is read just like that: {"Item":{...}} */
        const struct stator_value *value;

        assert_int_equal(
            stator_command_build(builder, &request, NULL, "PutItem %a {%a: %s, b: 1}", texts[i], texts[i], texts[i]),
            STATOR_OK);
        assert_int_equal(stator_answer_read(builder, &answer, request.json, NULL), STATOR_OK);
        assert_true(answer.count == 1 && answer.items[0].count == 2);
        value = stator_item_get(&answer.items[0], texts[i]);
        assert_non_null(value);
        assert_true(value->type == STATOR_TYPE_S && stator_is(value->text, texts[i]));
        assert_int_equal(stator_command_build(builder, &request, NULL, "PutItem T {} IF %a = %s", texts[i], texts[i]),
                         STATOR_OK);
        assert_non_null(strstr((const char *)request.json.at, "\"ConditionExpression\":\"#n1 = :v1\""));
    }
    stator_builder_free(builder);
}

static void arguments_may_be_wrong(void **state)
{
    struct stator_builder *builder = stator_builder_new(NULL, 0);
    struct stator_value untyped = {0};
    struct stator_item finished = stator_item_json("{}");

    (void)state;
    assert_request(builder, "Column 16: the argument of %s is NULL", "PutItem T {pk: %s}", NULL);
    assert_request(builder, "Column 16: the length for %.*s is negative", "PutItem T {pk: %.*s}", -1, "x");
    assert_request(builder, "Column 16: A string (S) is no UTF-8", "PutItem T {pk: %s}", "\xFF");
    assert_request(builder, "Column 16: The parameter cannot be converted to a numeric value: 1x", "PutItem T {pk: %N}",
                   "1x");
    assert_request(builder, "Column 16: An infinity or what is not a number is no N", "PutItem T {pk: %f}", 1e308 * 10);
    assert_request(builder, "Column 16: the argument of %b is NULL", "PutItem T {pk: %b}", NULL, (size_t)1);
    assert_request(builder, "Column 16: the argument of %v is NULL", "PutItem T {pk: %v}", NULL);
    assert_request(builder, "Column 16: A value has no type", "PutItem T {pk: %v}", &untyped);
    assert_request(builder, "Column 11: the argument of %m is NULL", "PutItem T %m", NULL);
    assert_request(builder, "Column 11: an item of finished JSON cannot be part of a command", "PutItem T %m",
                   &finished);
    assert_request(builder, "Column 16: %a is a name, but a value stands here", "PutItem T {pk: %a}", "x");
    assert_request(builder, "Column 12: a name is empty or no UTF-8", "PutItem T {%a: 1}", "");
    assert_request(builder, "Column 9: %s is no verb for a name: that is %a", "PutItem %s {pk: 1}", "T");
    assert_request(builder, "Column 11: %s is no verb for an item: that is %m, or {...}", "PutItem T %s", "{}");
    assert_request(builder, "Column 16: a % inside of quotes is %%; an argument stands without quotes",
                   "PutItem T {pk: '%s'}", "x");
    assert_request(builder, "Column 28: a % inside of quotes is %%; an argument stands without quotes",
                   "SELECT * FROM T WHERE a = '%s'", "x");
    assert_request(builder, "Column 27: an argument is a verb, like %s, and no ?", "SELECT * FROM T WHERE a = ?", "x");
    assert_request(builder, "Column 16: %ls is no verb: there are %s %d %u %f %N %b %B %v %m for values, %a for names",
                   "PutItem T {pk: %ls}", L"x");
    stator_builder_free(builder);
}

static void a_list_serves_as_arguments(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        const char *json; /* or the message */
    } cases[] = {
        {"GetItem %a {pk: %v}", 2, "{\"TableName\":\"x\",\"Key\":{\"pk\":{\"N\":\"1\"}}}"},
        {"GetItem %a {pk: %v, m: '100%%'} AFTER %m", 3,
         "Column 33: GetItem goes on with RETURN, CONSISTENT, in capitals"},
        {"Query %a WHERE pk = %v AFTER %m", 3,
         "{\"TableName\":\"x\",\"KeyConditionExpression\":\"#n1 = :v1\",\"ExpressionAttributeNames\":{\"#n1\":\"pk\"},"
         "\"ExpressionAttributeValues\":{\":v1\":{\"N\":\"1\"}},\"ExclusiveStartKey\":{\"a\":{\"NULL\":true}}}"},
        {"SELECT * FROM %a WHERE a = ? AND b = %v", 3,
         "{\"Statement\":\"SELECT * FROM \\\"x\\\" WHERE a = ? AND b = ?\",\"Parameters\":[{\"N\":\"1\"},"
         "{\"M\":{\"a\":{\"NULL\":true}}}]}"},
        {"GetItem %a {pk: %v}", 3, "Column 20: there are 3 arguments, but only 2 are asked for"},
        {"GetItem %a {pk: %v}", 1, "Column 17: there are only 1 arguments"},
        {"GetItem T {pk: %v, %a: 1}", 2, "Column 20: the argument of %a is no string (S)"},
        {"GetItem T %m", 1, "Column 11: the argument of %m is no map (M)"},
        {"GetItem T {pk: '%'}", 1, "Column 16: a % inside of quotes is %%; an argument stands without quotes"},
    };
    struct stator_value arguments[] = {stator_s("x"), stator_n("1"), STATOR_M(stator_attr("a", stator_null()))};
    struct stator_builder *builder = stator_builder_new(NULL, 0);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stator_request request;
        struct stator_error err = {0};
        enum stator_rc rc =
            stator_command_build_list(builder, &request, &err, stator_text(cases[i].text), arguments, cases[i].count);

        if (cases[i].json[0] == 'C')
            assert_string_equal(err.message, cases[i].json);
        else
            assert_string_equal(rc == STATOR_OK ? (const char *)request.json.at : err.message, cases[i].json);
    }
    stator_builder_free(builder);
}

/* --- Limits ------------------------------------------------------------------------------------------------------- */

static void long_and_deep_texts_end_well(void **state)
{
    struct stator_builder *builder = stator_builder_new(NULL, 0);
    struct stator_request request;
    struct stator_error err;
    size_t len = 1 << 20;
    char *text = malloc(len);

    (void)state;
    memset(text, '[', len);
    memcpy(text, "PutItem T {a:", 13);
    assert_int_equal(stator_command_build_list(builder, &request, &err, stator_bytes_of(text, len), NULL, 0),
                     STATOR_VALIDATION);
    assert_string_equal(err.message, "Column 46: Nesting Levels have exceeded supported limits");
    for (size_t i = 0; i < len; i++)
        text[i] = "abcdefghijklmnopqrstuvwxyz,"[(i + i / 27 % 26 * (i % 27 != 26)) % 27];
    memcpy(text, "Scan T RETURN a,", 16);
    (void)!stator_command_build_list(builder, &request, &err, stator_bytes_of(text, len), NULL, 0);
    memset(text, '1', len);
    memcpy(text, "Scan T RETURN ", 14);
    for (size_t i = 14; i + 8 < len; i += 8)
        snprintf(text + i, 9, "n%06zu,", i / 8);
    assert_int_equal(stator_command_build_list(builder, &request, &err, stator_bytes_of(text, len), NULL, 0),
                     STATOR_VALIDATION);
    assert_non_null(strstr(err.message, "there are more than 1000 names"));
    free(text);
    stator_builder_free(builder);
}

static enum stator_rc build_one(struct stator_builder *builder, struct stator_error *err)
{
    struct stator_value tags = STATOR_SS(stator_s("b"), stator_s("a"));
    struct stator_item key = STATOR_ITEM(stator_attr("pk", stator_s("x")));
    struct stator_request request;
    enum stator_rc rc;

    rc = stator_command_build(
        builder, &request, err,
        "UpdateItem %a {%a: %s, b: b'aGk=', 'c''d': \"\\n\"} SET a = %v, b.`c` = <<1, 2>> IF %a <> "
        "{a: [%d]} RETURN ALL_NEW",
        "T", "pk", "x", &tags, "d", 5);
    if (rc == STATOR_OK)
        rc = stator_command_build(builder, &request, err, "Query T WHERE a = 'x%%' AFTER %m RETURN a.b", &key);
    if (rc == STATOR_OK)
        rc = stator_command_build(builder, &request, err, "SELECT * FROM %a WHERE a = %m AND b = 'c'", "T", &key);
    return rc;
}

static void memory_may_run_out_anywhere(void **state)
{
    struct stator_request request;
    struct stator_error err;

    (void)state;
    assert_survives_scarcity(build_one);
    assert_int_equal(stator_command_build(NULL, &request, &err, "Scan T"), STATOR_NO_MEMORY);
    assert_int_equal(stator_command_build_list(NULL, &request, &err, stator_text("Scan T"), NULL, 0), STATOR_NO_MEMORY);
}

/* --- Answers ------------------------------------------------------------------------------------------------------ */

static void answers_are_read(void **state)
{
    static const struct {
        const char *json;
        bool bad;
        size_t count;
        int64_t counted;
        const char *first, *last_key, *next_token;
    } cases[] = {
        {.json = "{}", .counted = -1},
        {.json = "{\"Item\":{\"a\":{\"S\":\"x\\n\"}}}", .count = 1, .counted = -1, .first = "x\n"},
        {.json = "{\"Attributes\":{\"a\":{\"S\":\"y\"}},\"ConsumedCapacity\":{\"TableName\":\"T\"}}",
         .count = 1,
         .counted = -1,
         .first = "y"},
        {.json = "{\"Count\":2,\"Items\":[{\"a\":{\"S\":\"\\u0041\"}},{}],\"LastEvaluatedKey\":{\"a\":{\"S\":\"k\"}},"
                 "\"ScannedCount\":9}",
         .count = 2,
         .counted = 2,
         .first = "A",
         .last_key = "k"},
        {.json = "{\"Items\":[],\"NextToken\":\"t\\/\"}", .counted = -1, .next_token = "t/"},
        {.json = "{\"Count\":7,\"ScannedCount\":7}", .counted = 7},
        {.json = "{\"Item\":null}", .counted = -1},
        {.json = "", .bad = true},
        {.json = "[]", .bad = true},
        {.json = "{\"Items\":{}}", .bad = true},
        {.json = "{\"Items\":[1]}", .bad = true},
        {.json = "{\"Items\":[{}", .bad = true},
        {.json = "{\"Item\":{\"a\":1}}", .bad = true},
        {.json = "{\"Count\":\"1\"}", .bad = true},
        {.json = "{\"Count\":1.5}", .bad = true},
        {.json = "{\"NextToken\":\"t\"", .bad = true},
        {.json = "{}{}", .bad = true},
    };
    struct stator_builder *builder = stator_builder_new(NULL, 0);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stator_answer answer = {.counted = 77};
        struct stator_error err = {0};
        enum stator_rc rc = stator_answer_read(builder, &answer, stator_text(cases[i].json), &err);

        assert_int_equal(rc, cases[i].bad ? STATOR_BAD_ANSWER : STATOR_OK);
        assert_true(!cases[i].bad || (answer.counted == 77 && err.rc == STATOR_BAD_ANSWER));
        if (cases[i].bad)
            continue;
        assert_true(stator_is(answer.json, cases[i].json));
        assert_int_equal(answer.count, cases[i].count);
        assert_int_equal(answer.counted, cases[i].counted);
        assert_int_equal(answer.last_key.set, cases[i].last_key != NULL);
        if (cases[i].first != NULL)
            assert_true(stator_is(stator_value_text(stator_item_get(&answer.items[0], "a")), cases[i].first));
        if (cases[i].last_key != NULL)
            assert_true(stator_is(stator_value_text(stator_item_get(&answer.last_key, "a")), cases[i].last_key));
        assert_true(stator_is(answer.next_token, cases[i].next_token == NULL ? "" : cases[i].next_token));
    }
    stator_builder_free(builder);
}

static enum stator_rc read_one(struct stator_builder *builder, struct stator_error *err)
{
    struct stator_answer answer;

    return stator_answer_read(
        builder, &answer,
        stator_text("{\"Items\":[{\"a\":{\"S\":\"\\n\"}},{\"b\":{\"L\":[{\"NS\":[\"2\",\"1\"]}]}}],"
                    "\"LastEvaluatedKey\":{\"a\":{\"S\":\"k\"}},\"NextToken\":\"\\n\"}"),
        err);
}

static void answers_may_need_more_memory(void **state)
{
    (void)state;
    assert_survives_scarcity(read_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_become_requests),
        cmocka_unit_test(what_is_wrong_is_told_at_its_place),
        cmocka_unit_test(verbs_take_their_arguments),
        cmocka_unit_test(arguments_are_never_read),
        cmocka_unit_test(arguments_may_be_wrong),
        cmocka_unit_test(a_list_serves_as_arguments),
        cmocka_unit_test(long_and_deep_texts_end_well),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(answers_are_read),
        cmocka_unit_test(answers_may_need_more_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
