/* SPDX-License-Identifier: Apache-2.0 */
/* DescribeTableReplicaAutoScaling and UpdateTableReplicaAutoScaling: of global tables only, and there is none here. A
 * request's form is checked before that. */
#include <stdio.h>

#include "op/engine.h"

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
