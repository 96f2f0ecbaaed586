/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked of global tables, of which there is none here: each operation says so as the service does of a table
 * without replicas. A request's form is checked before that. */
#include <stdio.h>

#include "op/engine.h"

#define INVALID "One or more parameter values were invalid"

/* --- Global tables of 2017, which the service does not make any more --- */

static enum stator_rc no_global_table_of_2017(struct job *job, const char *prefix, struct bytes name)
{
    return stator_fail(&job->error, STATOR_GLOBAL_TABLE_NOT_FOUND, "%sGlobal table with name: '%.*s' does not exist.",
                       prefix, BYTES_ARG(name));
}

static enum stator_rc not_of_2017(struct job *job)
{
    return stator_fail(&job->error, STATOR_VALIDATION,
                       INVALID ": DynamoDB global tables version 2017.11.29 is not supported. We recommend using "
                               "DynamoDB global tables version 2019.11.21, instead of version 2017.11.29 (Legacy).");
}

enum stator_rc op_create_global_table(struct engine *engine, struct job *job)
{
    (void)engine;
    return not_of_2017(job);
}

enum stator_rc op_update_global_table(struct engine *engine, struct job *job)
{
    const struct UpdateGlobalTableInput *in = job->input;
    bool creates = false, deletes = false;

    (void)engine;
    for (size_t i = 0; i < in->ReplicaUpdates.count; i++) {
        creates = creates || in->ReplicaUpdates.at[i].Create != NULL;
        deletes = deletes || in->ReplicaUpdates.at[i].Delete != NULL;
    }
    if (creates)
        return not_of_2017(job);
    if (!deletes)
        return stator_fail(&job->error, STATOR_VALIDATION, INVALID);
    return no_global_table_of_2017(job, "Global table not found: ", in->GlobalTableName);
}

enum stator_rc op_describe_global_table(struct engine *engine, struct job *job)
{
    const struct DescribeGlobalTableInput *in = job->input;

    (void)engine;
    return no_global_table_of_2017(job, "Global table not found: ", in->GlobalTableName);
}

enum stator_rc op_describe_global_table_settings(struct engine *engine, struct job *job)
{
    const struct DescribeGlobalTableSettingsInput *in = job->input;

    (void)engine;
    return no_global_table_of_2017(job, "", in->GlobalTableName);
}

enum stator_rc op_update_global_table_settings(struct engine *engine, struct job *job)
{
    const struct UpdateGlobalTableSettingsInput *in = job->input;

    (void)engine;
    return no_global_table_of_2017(job, "", in->GlobalTableName);
}

/* "eu-west-1", "us-gov-east-1", and those to come: letters, where in the world they lie, a digit. */
static bool looks_like_region(struct bytes text)
{
    static const char *const directions[] = {"north",     "south",     "east",      "west",     "central",
                                             "northeast", "northwest", "southeast", "southwest"};
    size_t word = text.len < 2 ? 0 : text.len - 2, end = word;

    if (end == 0 || text.at[end] != '-' || text.at[end + 1] < '1' || text.at[end + 1] > '9')
        return false;
    for (size_t i = 0; i < end; i++)
        if (text.at[i] != '-' && (text.at[i] < 'a' || text.at[i] > 'z'))
            return false;
    while (word > 0 && text.at[word - 1] != '-')
        word--;
    for (size_t i = 0; i < sizeof(directions) / sizeof(directions[0]) && word > 2; i++)
        if (bytes_equal_string(bytes_of(text.at + word, end - word), directions[i]))
            return true;
    return false;
}

/* Of a region that it does not know the service fails in these words, with 500. */
enum stator_rc op_list_global_tables(struct engine *engine, struct job *job)
{
    const struct ListGlobalTablesInput *in = job->input;
    struct ListGlobalTablesOutput *out = ARENA_NEW(&job->arena, struct ListGlobalTablesOutput);

    (void)engine;
    if (out == NULL)
        return stator_fail_memory(&job->error);
    if (bytes_present(in->RegionName) && !bytes_equal(in->RegionName, op_region(job)) &&
        !looks_like_region(in->RegionName)) {
        job->as_service = true;
        return stator_fail(&job->error, STATOR_INTERNAL_SERVER_ERROR, "Internal server error");
    }
    out->GlobalTables.set = true;
    job->output = out;
    return STATOR_OK;
}

/* --- How the replicas' throughput is scaled --- */

static enum stator_rc no_global_table(struct job *job, struct bytes name)
{
    struct bytes bare = op_table_name(name);

    return stator_fail(&job->error, STATOR_RESOURCE_NOT_FOUND, "Global table with name: '%.*s' does not exist.",
                       BYTES_ARG(bare));
}

enum stator_rc op_describe_table_replica_auto_scaling(struct engine *engine, struct job *job)
{
    const struct DescribeTableReplicaAutoScalingInput *in = job->input;

    (void)engine;
    return no_global_table(job, in->TableName);
}

static void add_name(char *list, size_t size, const char *name)
{
    size_t len = strlen(list);

    snprintf(list + len, size - len, "%s'%s'", len == 0 ? "" : ", ", name);
}

/* A dimension is scaled between two bounds by a policy, or not at all. */
static enum stator_rc check_settings(const struct AutoScalingSettingsUpdate *settings, struct job *job,
                                     struct bytes table)
{
    bool given[3], off;
    char wrong[100] = "";

    if (settings == NULL)
        return STATOR_OK;
    off = settings->AutoScalingDisabled == API_TRUE;
    given[0] = settings->MaximumUnits.set;
    given[1] = settings->ScalingPolicyUpdate != NULL;
    given[2] = settings->MinimumUnits.set;
    for (size_t i = 0; i < 3; i++) {
        static const char *const names[] = {"MaximumUnits", "ScalingPolicyUpdate", "MinimumUnits"};

        if (given[i] == off)
            add_name(wrong, sizeof(wrong), names[i]);
    }
    if (wrong[0] == '\0')
        return STATOR_OK;
    return stator_fail(&job->error, STATOR_VALIDATION,
                       "Failed to update settings for global table with name: ‘%.*s’: Parameters %s %s",
                       BYTES_ARG(table), wrong,
                       off ? "must be left blank when disabling auto scaling."
                           : "are required unless auto scaling is being disabled.");
}

static enum stator_rc check_replica(const struct ReplicaAutoScalingUpdate *replica, struct job *job, struct bytes table)
{
    const struct ReplicaGlobalSecondaryIndexAutoScalingUpdateList *indexes =
        &replica->ReplicaGlobalSecondaryIndexUpdates;

    if (replica->ReplicaProvisionedReadCapacityAutoScalingUpdate == NULL && indexes->count == 0)
        return stator_fail(&job->error, STATOR_VALIDATION,
                           "Failed to update settings for global table with name: ‘%.*s’ because at least one update "
                           "parameter must be specified for region: ‘%.*s’.",
                           BYTES_ARG(table), BYTES_ARG(replica->RegionName));
    STATOR_TRY(check_settings(replica->ReplicaProvisionedReadCapacityAutoScalingUpdate, job, table));
    for (size_t i = 0; i < indexes->count; i++)
        STATOR_TRY(check_settings(indexes->at[i].ProvisionedReadCapacityAutoScalingUpdate, job, table));
    return STATOR_OK;
}

enum stator_rc op_update_table_replica_auto_scaling(struct engine *engine, struct job *job)
{
    const struct UpdateTableReplicaAutoScalingInput *in = job->input;
    struct bytes table = op_table_name(in->TableName);

    (void)engine;
    STATOR_TRY(check_settings(in->ProvisionedWriteCapacityAutoScalingUpdate, job, table));
    for (size_t i = 0; i < in->GlobalSecondaryIndexUpdates.count; i++)
        STATOR_TRY(check_settings(in->GlobalSecondaryIndexUpdates.at[i].ProvisionedWriteCapacityAutoScalingUpdate, job,
                                  table));
    for (size_t i = 0; i < in->ReplicaUpdates.count; i++)
        STATOR_TRY(check_replica(&in->ReplicaUpdates.at[i], job, table));
    return no_global_table(job, in->TableName);
}
