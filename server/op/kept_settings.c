/* SPDX-License-Identifier: Apache-2.0 */
#include "op/kept_settings.h"

#include "op/table_options.h"
#include "watch/log.h"

enum {
    RECOVERY = 1,
    POLICY = 2,
    KINESIS = 4,
    INSIGHTS = 8,
    ENCRYPTION = 16,
    CLASS = 32,
    WARM = 64,
    REPLICATION = 128,
    THROUGHPUT = 256,
};

/* A warning where somebody may rely on what is not done. */
static const struct effect {
    unsigned setting;
    enum log_level level;
    const char *name, *lacks;
} effects[] = {
    {RECOVERY, LOG_LEVEL_WARN, "PointInTimeRecovery", "no backups are made and nothing can be restored"},
    {POLICY, LOG_LEVEL_WARN, "ResourcePolicy", "it is not enforced: whoever reaches the server has the data"},
    {KINESIS, LOG_LEVEL_WARN, "KinesisStreamingDestination", "nothing is sent to Kinesis"},
    {ENCRYPTION, LOG_LEVEL_WARN, "SSESpecification",
     "the files are as encrypted as the disk they are on, by no key of KMS"},
    {INSIGHTS, LOG_LEVEL_INFO, "ContributorInsights", "no keys are counted"},
    {CLASS, LOG_LEVEL_INFO, "TableClass", "all tables are stored alike"},
    {WARM, LOG_LEVEL_INFO, "WarmThroughput", "nothing is warmed up"},
    {REPLICATION, LOG_LEVEL_INFO, "GlobalTableSettingsReplicationMode", "there are no replicas"},
    {THROUGHPUT, LOG_LEVEL_INFO, "throughput", "nobody is throttled without --enforce-throughput"},
};

static unsigned when(bool made, unsigned setting)
{
    return made ? setting : 0;
}

/* What a table and an index can both be given. */
static unsigned throughput(const struct ProvisionedThroughput *provisioned, const struct OnDemandThroughput *maximum,
                           const struct WarmThroughput *warm)
{
    return when(provisioned != NULL || maximum != NULL, THROUGHPUT) | when(warm != NULL, WARM);
}

/* And a table alone, when it is made and later. */
static unsigned options(const struct SSESpecification *sse, int class)
{
    return when(sse != NULL && options_sse_enabled(sse), ENCRYPTION) |
           when(class == TableClass_STANDARD_INFREQUENT_ACCESS, CLASS);
}

static unsigned of_create_table(const void *input)
{
    const struct CreateTableInput *in = input;
    unsigned made = throughput(in->ProvisionedThroughput, in->OnDemandThroughput, in->WarmThroughput) |
                    options(in->SSESpecification, in->TableClass.value) |
                    when(bytes_present(in->ResourcePolicy), POLICY);

    for (size_t i = 0; i < in->GlobalSecondaryIndexes.count; i++) {
        const struct GlobalSecondaryIndex *index = &in->GlobalSecondaryIndexes.at[i];

        made |= throughput(index->ProvisionedThroughput, index->OnDemandThroughput, index->WarmThroughput);
    }
    return made;
}

static unsigned of_update_table(const void *input)
{
    const struct UpdateTableInput *in = input;
    unsigned made =
        throughput(in->ProvisionedThroughput, in->OnDemandThroughput, in->WarmThroughput) |
        options(in->SSESpecification, in->TableClass.value) |
        when(in->GlobalTableSettingsReplicationMode.value == GlobalTableSettingsReplicationMode_ENABLED, REPLICATION);

    for (size_t i = 0; i < in->GlobalSecondaryIndexUpdates.count; i++) {
        const struct GlobalSecondaryIndexUpdate *change = &in->GlobalSecondaryIndexUpdates.at[i];

        if (change->Create != NULL)
            made |= throughput(change->Create->ProvisionedThroughput, change->Create->OnDemandThroughput,
                               change->Create->WarmThroughput);
        if (change->Update != NULL)
            made |= throughput(change->Update->ProvisionedThroughput, change->Update->OnDemandThroughput,
                               change->Update->WarmThroughput);
    }
    return made;
}

static unsigned of_recovery(const void *input)
{
    const struct UpdateContinuousBackupsInput *in = input;

    return when(in->PointInTimeRecoverySpecification->PointInTimeRecoveryEnabled == API_TRUE, RECOVERY);
}

static unsigned of_insights(const void *input)
{
    const struct UpdateContributorInsightsInput *in = input;

    return when(in->ContributorInsightsAction.value == ContributorInsightsAction_ENABLE, INSIGHTS);
}

static unsigned of_kinesis(const void *input)
{
    (void)input;
    return KINESIS;
}

static unsigned of_policy(const void *input)
{
    (void)input;
    return POLICY;
}

static unsigned (*const made_by[OPERATION_COUNT])(const void *input) = {
    [OPERATION_CreateTable] = of_create_table,           [OPERATION_EnableKinesisStreamingDestination] = of_kinesis,
    [OPERATION_PutResourcePolicy] = of_policy,           [OPERATION_UpdateContinuousBackups] = of_recovery,
    [OPERATION_UpdateContributorInsights] = of_insights, [OPERATION_UpdateKinesisStreamingDestination] = of_kinesis,
    [OPERATION_UpdateTable] = of_update_table,
};

void kept_settings_tell(struct engine *engine, const struct job *job)
{
    unsigned made, told;

    if (made_by[job->operation] == NULL)
        return;
    made = made_by[job->operation](job->input);
    if (engine->options.enforce_throughput)
        made &= ~(unsigned)THROUGHPUT;
    told = atomic_fetch_or(&engine->settings_told, made);
    for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++) {
        if ((made & ~told & effects[i].setting) != 0)
            LOG_LINE(effects[i].level, "a setting is kept and has no effect yet",
                     LOG_STRING("setting", effects[i].name), LOG_STRING("so", effects[i].lacks),
                     LOG_STRING("request_id", job->request_id));
    }
}
