/* SPDX-License-Identifier: Apache-2.0 */
/* Calls around a table that run out of memory: they fail alone, and leave everything as it was. */
#include "unit/server/op/jobs.h"
#include "unit/unit.h"

#define ARN    "'ResourceArn':'arn:aws:dynamodb:us-east-1:000000000000:table/test'"
#define STREAM "'TableName':'test','StreamArn':'arn:aws:kinesis:us-east-1:000000000000:stream/one'"

static void append(char *out, size_t size, const char *text)
{
    size_t len = strlen(out);

    snprintf(out + len, size - len, "%s\n", text);
}

/* All that these calls can change, as text. */
static void settings(char *out, size_t size, struct engine *engine)
{
    static const struct step reads[] = {
        {"ListTagsOfResource", "{" ARN "}", NULL},
        {"GetResourcePolicy", "{" ARN "}", NULL},
        {"DescribeContinuousBackups", "{'TableName':'test'}", NULL},
        {"DescribeKinesisStreamingDestination", "{'TableName':'test'}", NULL},
        {"DescribeContributorInsights", "{'TableName':'test','IndexName':'gsi'}", NULL},
    };
    static struct answer answer;

    out[0] = '\0';
    for (size_t i = 0; i < COUNT_OF(reads); i++) {
        char request[1024];

        run_job(&answer, engine, operation_named(reads[i].operation),
                quoted(request, sizeof(request), reads[i].request), true, JOB_ARENA_MAX);
        append(out, size, answer.text);
    }
}

static void memory_ends(void **state)
{
    static const struct step steps[] = {
        {"TagResource", "{" ARN ",'Tags':[{'Key':'a','Value':'1'},{'Key':'b','Value':'2'}]}", ""},
        {"TagResource", "{" ARN ",'Tags':[{'Key':'b','Value':'3'},{'Key':'c','Value':''}]}", ""},
        {"UntagResource", "{" ARN ",'TagKeys':['a','none']}", ""},
        {"ListTagsOfResource", "{" ARN "}", "{'Tags':[{'Key':'b','Value':'3'},{'Key':'c','Value':''}]}"},
        {"PutResourcePolicy",
         "{" ARN
         ",'Policy':'{\\'Statement\\':{\\'Effect\\':\\'deny\\',\\'Principal\\':{\\'AWS\\':[\\'111111111111\\']},"
         "\\'Action\\':[\\'a:B\\',\\'a:C\\'],\\'Resource\\':\\'*\\',\\'Condition\\':{\\'k\\':{\\'l\\':[\\'m\\']}}}}'}",
         "~{'RevisionId':'"},
        {"GetResourcePolicy", "{" ARN "}", "~{'Policy':'{\\'Version\\':\\'2008-10-17\\',\\'Statement\\':["},
        {"DeleteResourcePolicy", "{" ARN "}", "~{'RevisionId':'"},
        {"UpdateContinuousBackups",
         "{'TableName':'test','PointInTimeRecoverySpecification':{'PointInTimeRecoveryEnabled':true}}",
         "~'RecoveryPeriodInDays':35"},
        {"DescribeContinuousBackups", "{'TableName':'test'}", "~'RecoveryPeriodInDays':35"},
        {"EnableKinesisStreamingDestination", "{" STREAM "}", "~'DestinationStatus':'ENABLING'"},
        {"UpdateKinesisStreamingDestination",
         "{" STREAM ",'UpdateKinesisStreamingConfiguration':{'ApproximateCreationDateTimePrecision':'MICROSECOND'}}",
         "~'DestinationStatus':'UPDATING'"},
        {"DisableKinesisStreamingDestination", "{" STREAM "}", "~'DestinationStatus':'DISABLING'"},
        {"DescribeKinesisStreamingDestination", "{'TableName':'test'}", "~'DestinationStatus':'DISABLED'"},
        {"UpdateContributorInsights", "{'TableName':'test','IndexName':'gsi','ContributorInsightsAction':'ENABLE'}",
         "~'ContributorInsightsStatus':'ENABLING'"},
        {"DescribeContributorInsights", "{'TableName':'test','IndexName':'gsi'}", "~'DynamoDBContributorInsights-PKC-"},
        {"ListContributorInsights", "{}",
         "{'ContributorInsightsSummaries':[{'TableName':'test','IndexName':'gsi','ContributorInsightsStatus':'ENABLED',"
         "'ContributorInsightsMode':'ACCESSED_AND_THROTTLED_KEYS'}]}"},
        {"DescribeLimits", "{}", "~'TableMaxReadCapacityUnits':40000"},
        {"DescribeEndpoints", "{}", "~'CachePeriodInMinutes':1440"},
    };
    static char before[1 << 16], after[1 << 16];
    struct engine *engine = open_engine(NULL);
    static struct answer answer;

    (void)state;
    fill(engine);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        size_t refused = 0;
        char request[4096];

        quoted(request, sizeof(request), steps[i].request);
        settings(before, sizeof(before), engine);
        for (size_t max = 0;; max += 24) {
            run_job(&answer, engine, operation_named(steps[i].operation), request, refused % 2 == 0, max);
            if (answer.rc == STATOR_OK)
                break;
            refused++;
            if (!is_memory_error(&answer))
                fail_msg("%s with %zu bytes: %s", steps[i].operation, max, answer.text);
            settings(after, sizeof(after), engine);
            if (strcmp(before, after) != 0)
                fail_msg("%s with %zu bytes failed and changed\n%sto\n%s", steps[i].operation, max, before, after);
        }
        if (!is_expected(answer.text, steps[i].answer))
            fail_msg("%s:\n%s\nis not\n%s", steps[i].operation, answer.text, steps[i].answer);
        assert_true(refused > 1);
    }
    engine_close(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
