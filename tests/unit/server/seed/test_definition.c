/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>

#include "seed/definition.h"

/* In texts here ' stands for ", in YAML too. */
static struct bytes text_of(const char *text, struct arena *arena)
{
    struct bytes copy = arena_copy(arena, bytes_of_string(text));

    for (size_t i = 0; i < copy.len; i++)
        if (copy.at[i] == '\'')
            ((uint8_t *)(uintptr_t)copy.at)[i] = '"';
    return copy;
}

static enum stator_rc read_text(struct definitions *out, enum tree_form form, const char *text, struct arena *arena,
                                struct stator_error *err)
{
    struct tree_source source = {.path = "f", .form = form, .text = text_of(text, arena)};

    memset(err, 0, sizeof(*err));
    return definitions_read(out, &source, BYTES("eu-west-1"), arena, err);
}

static void assert_json(struct bytes actual, const char *expected, struct arena *arena)
{
    struct bytes wanted = text_of(expected, arena);

    if (!bytes_equal(actual, wanted))
        fail_msg("\n%.*s\nis not\n%.*s", BYTES_ARG(actual), BYTES_ARG(wanted));
}

#define DEFINITIONS "'AttributeDefinitions':[{'AttributeName':'a','AttributeType':'S'}]"
#define SCHEMA      "'KeySchema':[{'AttributeName':'a','KeyType':'HASH'}]"

/* --- Requests ----------------------------------------------------------------------------------------------------- */

static void tables(void **state)
{
    static const struct {
        enum tree_form form;
        const char *text;
        uint32_t line;
        const char *table, *create, *time_to_live, *backups; /* of the last one; NULL: none */
    } cases[] = {
        /* as they are */
        {TREE_JSON, "\n{'TableName':'t'," SCHEMA "}", 2, "t", "{'TableName':'t'," SCHEMA "}", NULL, NULL},
        {TREE_JSON, "[{'TableName':'s'},\n {'TableName' : 't'}]", 2, "t", "{'TableName' : 't'}", NULL, NULL},
        {TREE_JSON, "{'TableName':'t','TimeToLiveSpecification':{'Enabled':true,'AttributeName':'ttl'}}", 1, "t",
         "{'TableName':'t','TimeToLiveSpecification':{'Enabled':true,'AttributeName':'ttl'}}",
         "{'TableName':'t','TimeToLiveSpecification':{'Enabled':true,'AttributeName':'ttl'}}", NULL},
        /* as DescribeTable tells */
        {TREE_JSON,
         "{'Table':{'TableStatus':'ACTIVE','TableName':'t'," SCHEMA ",'ItemCount':5,'ProvisionedThroughput':"
         "{'NumberOfDecreasesToday':0,'ReadCapacityUnits':0,'WriteCapacityUnits':0},'BillingModeSummary':{"
         "'BillingMode':'PAY_PER_REQUEST','LastUpdateToPayPerRequestDateTime':1.5},'GlobalSecondaryIndexes':[{"
         "'IndexName':'i'," SCHEMA ",'Projection':{'ProjectionType':'ALL'},'IndexStatus':'ACTIVE',"
         "'ProvisionedThroughput':{'ReadCapacityUnits':0,'WriteCapacityUnits':0},'ItemCount':1}],"
         "'StreamSpecification':{'StreamEnabled':true,'StreamViewType':'KEYS_ONLY'},'TableClassSummary':{"
         "'TableClass':'STANDARD'},'DeletionProtectionEnabled':false}}",
         1, "t",
         "{'TableName':'t'," SCHEMA ",'GlobalSecondaryIndexes':[{'IndexName':'i'," SCHEMA
         ",'Projection':{'ProjectionType':'ALL'}}],'StreamSpecification':{'StreamEnabled':true,'StreamViewType':"
         "'KEYS_ONLY'},'DeletionProtectionEnabled':false,'BillingMode':'PAY_PER_REQUEST','TableClass':'STANDARD'}",
         NULL, NULL},
        {TREE_JSON,
         "{'Table':{'TableName':'t','ProvisionedThroughput':{'ReadCapacityUnits':5,'WriteCapacityUnits':6}}}", 1, "t",
         "{'TableName':'t','ProvisionedThroughput':{'ReadCapacityUnits':5,'WriteCapacityUnits':6}}", NULL, NULL},
        /* without its frame */
        {TREE_JSON,
         "{'TableName':'t','TableStatus':'ACTIVE','ProvisionedThroughput':{'NumberOfDecreasesToday':0,'"
         "ReadCapacityUnits':5,"
         "'WriteCapacityUnits':6},'TimeToLiveSpecification':{'AttributeName':'a','Enabled':true}}",
         1, "t", "{'TableName':'t','ProvisionedThroughput':{'ReadCapacityUnits':5,'WriteCapacityUnits':6}}",
         "{'TableName':'t','TimeToLiveSpecification':{'AttributeName':'a','Enabled':true}}", NULL},
        /* templates, in both languages */
        {TREE_JSON,
         "{'Resources':{'T':{'Type':'AWS::DynamoDB::Table','Properties':{'TableName':'t'," DEFINITIONS
         ",'BillingMode':'PAY_PER_REQUEST'}}}}",
         1, "t", "{'TableName':'t'," DEFINITIONS ",'BillingMode':'PAY_PER_REQUEST'}", NULL, NULL},
        {TREE_YAML,
         "AWSTemplateFormatVersion: 2010-09-09\nResources:\n  Music:\n    Type: AWS::DynamoDB::Table\n    Properties:\n"
         "      KeySchema:\n      - AttributeName: a\n        KeyType: HASH\n"
         "      ProvisionedThroughput: {ReadCapacityUnits: '5', WriteCapacityUnits: 6}\n"
         "      GlobalSecondaryIndexes:\n        - {IndexName: i, Projection: {ProjectionType: INCLUDE, "
         "NonKeyAttributes: [x, 1]}}\n"
         "      SSESpecification: {SSEEnabled: 'true', KMSMasterKeyId: !GetAtt Key.Arn}\n"
         "      StreamSpecification: {StreamViewType: NEW_IMAGE}\n"
         "      TimeToLiveSpecification: {AttributeName: ttl, Enabled: True}\n"
         "      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}\n"
         "      Tags: [{Key: k, Value: 7}]\n      DeletionProtectionEnabled: false\n",
         3, "Music",
         "{'TableName':'Music','KeySchema':[{'AttributeName':'a','KeyType':'HASH'}],'ProvisionedThroughput':{"
         "'ReadCapacityUnits':5,'WriteCapacityUnits':6},'GlobalSecondaryIndexes':[{'IndexName':'i','Projection':{"
         "'ProjectionType':'INCLUDE','NonKeyAttributes':['x','1']}}],'SSESpecification':{'Enabled':true},'Tags':[{"
         "'Key':'k','Value':'7'}],'DeletionProtectionEnabled':false,'StreamSpecification':{'StreamEnabled':true,"
         "'StreamViewType':'NEW_IMAGE'}}",
         "{'TableName':'Music','TimeToLiveSpecification':{'AttributeName':'ttl','Enabled':true}}",
         "{'TableName':'Music','PointInTimeRecoverySpecification':{'PointInTimeRecoveryEnabled':true}}"},
        {TREE_YAML,
         "Resources:\n  G:\n    Type: AWS::DynamoDB::GlobalTable\n    Properties:\n      TableName: g\n"
         "      BillingMode: PROVISIONED\n      Replicas: [{Region: eu-west-1}]\n"
         "      StreamSpecification: {StreamViewType: KEYS_ONLY}\n",
         2, "g",
         "{'TableName':'g','StreamSpecification':{'StreamEnabled':true,'StreamViewType':'KEYS_ONLY'},"
         "'BillingMode':'PAY_PER_REQUEST'}",
         NULL, NULL},
        {TREE_YAML, "Resources:\n  S: {Type: 'AWS::Serverless::SimpleTable'}\n", 2, "S",
         "{'TableName':'S','KeySchema':[{'AttributeName':'id','KeyType':'HASH'}],'AttributeDefinitions':[{"
         "'AttributeName':'id','AttributeType':'S'}],'BillingMode':'PAY_PER_REQUEST'}",
         NULL, NULL},
        {TREE_YAML,
         "Resources:\n  S:\n    Type: AWS::Serverless::SimpleTable\n    Properties:\n"
         "      PrimaryKey: {Name: n, Type: Number}\n      Tags: {k: v}\n"
         "      ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 1}\n",
         2, "S",
         "{'TableName':'S','ProvisionedThroughput':{'ReadCapacityUnits':1,'WriteCapacityUnits':1},'KeySchema':[{"
         "'AttributeName':'n','KeyType':'HASH'}],'AttributeDefinitions':[{'AttributeName':'n','AttributeType':'N'}],"
         "'Tags':[{'Key':'k','Value':'v'}]}",
         NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stator_error err;
        struct definitions out;
        struct arena arena;

        arena_init(&arena, 1 << 24);
        if (read_text(&out, cases[i].form, cases[i].text, &arena, &err) != STATOR_OK)
            fail_msg("case %zu: %s", i, err.message);
        assert_non_null(out.last);
        assert_int_equal(out.last->line, cases[i].line);
        assert_bytes_are(out.last->table, cases[i].table);
        assert_json(out.last->create, cases[i].create, &arena);
        assert_int_equal(bytes_present(out.last->time_to_live), cases[i].time_to_live != NULL);
        if (cases[i].time_to_live != NULL)
            assert_json(out.last->time_to_live, cases[i].time_to_live, &arena);
        assert_int_equal(bytes_present(out.last->backups), cases[i].backups != NULL);
        if (cases[i].backups != NULL)
            assert_json(out.last->backups, cases[i].backups, &arena);
        arena_deinit(&arena);
    }
}

/* --- Functions ---------------------------------------------------------------------------------------------------- */

#define HEAD                                                                                                           \
    "Parameters:\n  Stage: {Type: String, Default: dev}\n  Bare: {Type: String}\n"                                     \
    "  Names: {Type: CommaDelimitedList, Default: 'x,y,z'}\n"                                                          \
    "Mappings: {M: {dev: {Name: mapped}}}\n"                                                                           \
    "Conditions:\n  IsDev: !Equals [!Ref Stage, dev]\n  IsProd: !Not [!Condition IsDev]\n"                             \
    "  Both: !And [!Condition IsDev, !Equals [a, a]]\n  Either: !Or [!Condition IsProd, !Condition IsProd]\n"          \
    "  Loop: !Not [!Condition Loop]\n"                                                                                 \
    "Resources:\n  T:\n    Type: AWS::DynamoDB::Table\n    Properties:\n"

static void functions(void **state)
{
    static const struct {
        const char *name; /* of the table, in YAML */
        const char *result;
    } cases[] = {
        {"!Ref Stage", "dev"},
        {"{Ref: Stage}", "dev"},
        {"!Ref AWS::Region", "eu-west-1"},
        {"!Ref AWS::AccountId", "000000000000"},
        {"!Ref AWS::NoValue", "T"},
        {"!Sub music-${Stage}", "music-dev"},
        {"!Sub '${AWS::StackName}.${!x}$${Stage}'", "stator.${x}$dev"},
        {"!Sub ['${a}-${Stage}', {a: !Ref AWS::Partition}]", "aws-dev"},
        {"{'Fn::Sub': 'a${Stage}'}", "adev"},
        {"!Join ['-', [a, !Ref Stage, !Sub '${Stage}x']]", "a-dev-devx"},
        {"!Join ['.', !Ref Names]", "x.y.z"},
        {"!Join ['', !Split ['/', a/b/c]]", "abc"},
        {"!Select [1, !Ref Names]", "y"},
        {"!Select ['2', [a, b, !Ref Stage]]", "dev"},
        {"!FindInMap [M, !Ref Stage, Name]", "mapped"},
        {"!If [IsDev, a, b]", "a"},
        {"!If [IsProd, a, b]", "b"},
        {"!If [Both, a, b]", "a"},
        {"!If [Either, a, b]", "b"},
        {"!If [IsProd, a, !Ref AWS::NoValue]", "T"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stator_error err;
        struct definitions out;
        struct arena arena;
        char text[4096];

        arena_init(&arena, 1 << 24);
        snprintf(text, sizeof(text), HEAD "      TableName: %s\n", cases[i].name);
        if (read_text(&out, TREE_YAML, text, &arena, &err) != STATOR_OK)
            fail_msg("%s: %s", cases[i].name, err.message);
        assert_bytes_are(out.first->table, cases[i].result);
        arena_deinit(&arena);
    }
}

/* --- What is left out --------------------------------------------------------------------------------------------- */

static void others(void **state)
{
    struct stator_error err;
    struct definitions out;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 24);
    assert_int_equal(read_text(&out, TREE_YAML,
                               "Conditions: {No: !Equals [a, b]}\nResources:\n  Bucket: {Type: 'AWS::S3::Bucket', "
                               "Properties: {BucketName: !GetAtt x.y}}\n  Off: {Type: 'AWS::DynamoDB::Table', "
                               "Condition: No}\n  T:\n    Type: AWS::DynamoDB::Table\n    Properties:\n"
                               "      KinesisStreamSpecification: {StreamArn: !GetAtt S.Arn}\n",
                               &arena, &err),
                     STATOR_OK);
    assert_int_equal(out.count, 1);
    assert_int_equal(out.other_resources, 2);
    assert_bytes_are(out.ignored->name, "KinesisStreamSpecification");
    assert_int_equal(out.ignored->line, 8);
    assert_null(out.ignored->next);
    arena_deinit(&arena);
}

/* --- Refusals ----------------------------------------------------------------------------------------------------- */

#define PROPERTY(text) HEAD "      " text
#define PROPERTY_LINE  "f:16: "

static void refusals(void **state)
{
    static const struct {
        enum tree_form form;
        const char *text;
        const char *message; /* its beginning */
    } cases[] = {
        {TREE_JSON, "{\n 'TableName': 't',\n}", "f:3: this is no JSON (column "},
        {TREE_JSON, "", "f:1: this is no JSON (column 1)"},
        {TREE_JSON, "{} {}", "f:1: this is no JSON (column "},
        {TREE_JSON, "\n{'KeySchema':[]}", "f:2: neither a CreateTable request (it has no TableName)"},
        {TREE_JSON, "\n{'Item':{'a':{'S':'x'}}}",
         "f:2: an item, not a table: items are read of files called TABLE.jsonl"},
        {TREE_JSON, "5", "f:1: neither"},
        {TREE_JSON, "[\n5]", "f:2: neither"},
        {TREE_JSON, "{'Resources':[]}", "f:1: Resources must be an object"},
        {TREE_YAML, "", "f:1: this is no CloudFormation template: it has no Resources"},
        {TREE_YAML, "a: b", "f:1: this is no CloudFormation template"},
        {TREE_YAML, "a:\n  - b\n c: d", "f:3: this is no YAML: "},
        {TREE_YAML, "a: &x 1\nb: *x", "f:2: aliases (*name) are no part of CloudFormation's YAML"},
        {TREE_YAML, "Resources: {}\n---\nb: c", "f:2: a second document in one file"},
        {TREE_YAML, "a: 1\n? [x]\n: 1", "f:2: a name is no text"},
        {TREE_YAML, "a: \xff", "f: this is no YAML: "},
        {TREE_YAML, PROPERTY("TableName: !GetAtt x.Arn"), PROPERTY_LINE "Fn::GetAtt cannot be known here"},
        {TREE_YAML, PROPERTY("TableName: {'Fn::ImportValue': x}"),
         PROPERTY_LINE "Fn::ImportValue cannot be known here"},
        {TREE_YAML, PROPERTY("TableName: !Ref Bare"), PROPERTY_LINE "the parameter 'Bare' has no Default (line 3)"},
        {TREE_YAML,
         "Parameters: {P: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /x}}\nResources: {T: {Type: "
         "'AWS::DynamoDB::Table', Properties: {TableName: !Ref P}}}",
         "f:2: the parameter 'P' names one of Systems Manager, which is not here"},
        {TREE_YAML, PROPERTY("TableName: !Sub '${Nobody}'"), PROPERTY_LINE "'Nobody' is no parameter of this template"},
        {TREE_YAML, PROPERTY("TableName: !Sub '${Nobody'"), PROPERTY_LINE "Fn::Sub: a ${ without its }"},
        {TREE_YAML, PROPERTY("TableName: !Join [a]"), PROPERTY_LINE "Fn::Join has other arguments than it takes"},
        {TREE_YAML, PROPERTY("TableName: !Select [3, !Ref Names]"), PROPERTY_LINE "Fn::Select has no such member"},
        {TREE_YAML, PROPERTY("TableName: !FindInMap [M, dev, No]"), PROPERTY_LINE "Fn::FindInMap finds no 'No'"},
        {TREE_YAML, PROPERTY("TableName: !If [None, a, b]"), PROPERTY_LINE "there is no condition 'None'"},
        {TREE_YAML, PROPERTY("TableName: !If [Loop, a, b]"),
         "f:11: functions or conditions within each other go too deep"},
        {TREE_YAML, PROPERTY("TableName: [a]"), PROPERTY_LINE "a text was expected here"},
        {TREE_YAML, PROPERTY("KeySchema: a"), PROPERTY_LINE "'KeySchema' must be a list"},
        {TREE_YAML, PROPERTY("SSESpecification: a"), PROPERTY_LINE "'SSESpecification' must be an object"},
        {TREE_YAML, PROPERTY("DeletionProtectionEnabled: maybe"),
         PROPERTY_LINE "'DeletionProtectionEnabled' must be true or false"},
        {TREE_YAML, PROPERTY("ProvisionedThroughput: {ReadCapacityUnits: 5x}"),
         PROPERTY_LINE "'ReadCapacityUnits' must be a whole number"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stator_error err;
        struct definitions out;
        struct arena arena;

        arena_init(&arena, 1 << 24);
        assert_int_equal(read_text(&out, cases[i].form, cases[i].text, &arena, &err), STATOR_VALIDATION);
        if (strncmp(err.message, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("case %zu:\n%s\nis not\n%s", i, err.message, cases[i].message);
        arena_deinit(&arena);
    }
}

/* Files made to be expensive end early. */
static void limits(void **state)
{
    struct stator_error err;
    struct definitions out;
    struct arena arena;
    char *text = malloc(200000);
    size_t len;

    (void)state;
    assert_non_null(text);
    arena_init(&arena, 1 << 26);
    memset(text, '[', 70);
    text[70] = '\0';
    assert_int_equal(read_text(&out, TREE_JSON, text, &arena, &err), STATOR_VALIDATION);
    assert_string_equal(err.message, "f:1: nested deeper than 64 levels");
    assert_int_equal(read_text(&out, TREE_YAML, text, &arena, &err), STATOR_VALIDATION);
    assert_string_equal(err.message, "f:1: nested deeper than 64 levels");
    /* each name twice as long as the one before: a text of 2^40 bytes, were it not for the limit */
    len = (size_t)sprintf(text, "Mappings: {M: {m: {a0: x%064d", 0);
    for (int i = 1; i <= 40; i++)
        len += (size_t)sprintf(text + len, ", a%d: !Sub ['${p}${p}', {p: !FindInMap [M, m, a%d]}]", i, i - 1);
    sprintf(text + len,
            "}}}\nResources: {T: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: !FindInMap [M, m, a40]}}}");
    assert_int_equal(read_text(&out, TREE_YAML, text, &arena, &err), STATOR_VALIDATION);
    arena_deinit(&arena);
    free(text);
}

/* Each allocation fails once. */
static void memory_ends(void **state)
{
    static const char text[] = PROPERTY("TableName: !Join ['-', [!Sub 'x${Stage}', !Select [0, !Ref Names]]]\n"
                                        "      TimeToLiveSpecification: {AttributeName: a, Enabled: true}\n"
                                        "      Novel: 1\n");
    size_t max = 0;

    (void)state;
    for (;; max += 64) {
        struct stator_error err;
        struct definitions out;
        struct arena arena, copy;
        enum stator_rc rc;

        arena_init(&copy, 1 << 16);
        arena_init(&arena, max);
        {
            struct tree_source source = {.path = "f", .form = TREE_YAML, .text = text_of(text, &copy)};

            rc = definitions_read(&out, &source, BYTES("x"), &arena, &err);
        }
        arena_deinit(&arena);
        arena_deinit(&copy);
        if (rc == STATOR_OK)
            break;
        assert_int_not_equal(rc, STATOR_VALIDATION);
    }
    assert_true(max > 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables),   cmocka_unit_test(functions), cmocka_unit_test(others),
        cmocka_unit_test(refusals), cmocka_unit_test(limits),    cmocka_unit_test(memory_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
