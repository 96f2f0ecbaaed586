/* SPDX-License-Identifier: Apache-2.0 */
/* CreateTable: checks, then a new table in the status CREATING, which is ACTIVE for the next request unless
 * --transition-ms says otherwise. */
#include <math.h>
#include <stdio.h>
#include <sys/random.h>

#include "op/engine.h"
#include "op/meter.h"
#include "op/policy.h"
#include "op/table_change.h"
#include "op/table_options.h"
#include "op/table_schema.h"
#include "op/table_stream.h"
#include "op/table_throughput.h"

static enum stator_rc refuse_unsupported(const struct CreateTableInput *in, struct stator_error *err)
{
    const char *member = in->VectorIndexes.count != 0                        ? "VectorIndexes"
                         : bytes_present(in->GlobalTableSourceArn)           ? "GlobalTableSourceArn"
                         : in->GlobalTableSettingsReplicationMode.value != 0 ? "GlobalTableSettingsReplicationMode"
                                                                             : NULL;

    if (member == NULL)
        return STATOR_OK;
    return stator_fail(err, STATOR_VALIDATION,
                       "One or more parameter values were invalid: %s is not supported by "
                       "Stator yet",
                       member);
}

/* What can be told without looking at any table, in the service's order. */
static enum stator_rc check(const struct CreateTableInput *in, struct arena *arena, struct stator_error *err)
{
    STATOR_TRY(refuse_unsupported(in, err));
    STATOR_TRY(throughput_check_new_table(in, err));
    STATOR_TRY(table_schema_check(in, arena, err));
    if (in->StreamSpecification != NULL)
        STATOR_TRY(options_check_new_stream(in->StreamSpecification, err));
    if (in->SSESpecification != NULL)
        STATOR_TRY(options_check_sse(in->SSESpecification, err));
    return options_check_tags(&in->Tags, err);
}

static enum stator_rc check_quotas(const struct CreateTableInput *in, struct bytes region, struct stator_error *err)
{
    static const struct bytes table = {NULL, 0};

    STATOR_TRY(throughput_check_quota(in->ProvisionedThroughput, in->OnDemandThroughput, in->WarmThroughput, table,
                                      region, err));
    for (size_t i = 0; i < in->GlobalSecondaryIndexes.count; i++) {
        const struct GlobalSecondaryIndex *index = &in->GlobalSecondaryIndexes.at[i];

        STATOR_TRY(throughput_check_quota(index->ProvisionedThroughput, index->OnDemandThroughput,
                                          index->WarmThroughput, index->IndexName, region, err));
    }
    return STATOR_OK;
}

static enum stator_rc check_name_free(struct engine *engine, struct bytes namespace_, struct bytes name,
                                      struct stator_error *err)
{
    struct table *there = catalog_find(engine->db.catalog, namespace_, name);
    bool creating = there != NULL && there->status == TableStatus_CREATING, exists = there != NULL;

    table_release(there);
    if (creating)
        return stator_fail(err, STATOR_RESOURCE_IN_USE, TABLE_IN_USE "Table is being created: %.*s", BYTES_ARG(name));
    if (exists)
        return stator_fail(err, STATOR_RESOURCE_IN_USE, "Table already exists: %.*s", BYTES_ARG(name));
    if (catalog_count(engine->db.catalog, namespace_) >= CATALOG_TABLES_MAX)
        return stator_fail(err, STATOR_LIMIT_EXCEEDED,
                           "Subscriber limit exceeded: There is a limit of %d tables per subscriber",
                           CATALOG_TABLES_MAX);
    if (catalog_count_all(engine->db.catalog) >= CATALOG_TABLES_ALL_MAX)
        return stator_fail(err, STATOR_LIMIT_EXCEEDED,
                           "Subscriber limit exceeded: There is a limit of %d tables for all subscribers together",
                           CATALOG_TABLES_ALL_MAX);
    return STATOR_OK;
}

/* --- The description --- */

/* A random UUID, version 4. */
static struct bytes new_table_id(struct arena *arena)
{
    uint64_t random[2];
    char text[40];

    stator_assert(getrandom(random, sizeof(random), 0) == (ssize_t)sizeof(random));
    snprintf(text, sizeof(text), "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(random[0] >> 32),
             (unsigned)(random[0] >> 16 & 0xFFFF), (unsigned)(random[0] & 0xFFF),
             (unsigned)(random[1] >> 48 & 0x3FFF) | 0x8000, (unsigned long long)(random[1] & 0xFFFFFFFFFFFF));
    return arena_copy(arena, bytes_of_string(text));
}

static struct bytes index_arn(struct bytes table_arn, struct bytes index, struct arena *arena)
{
    return OPTIONS_JOIN(arena, table_arn, BYTES("/index/"), index);
}

static bool describe_locals(struct TableDescription *out, const struct CreateTableInput *in, struct arena *arena)
{
    size_t count = in->LocalSecondaryIndexes.count;
    struct LocalSecondaryIndexDescription *indexes;

    if (count == 0)
        return true;
    indexes = ARENA_ARRAY(arena, struct LocalSecondaryIndexDescription, count);
    if (indexes == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct LocalSecondaryIndex *asked = &in->LocalSecondaryIndexes.at[i];

        indexes[i].IndexName = asked->IndexName;
        indexes[i].KeySchema = asked->KeySchema;
        indexes[i].Projection = asked->Projection;
        indexes[i].IndexArn = index_arn(out->TableArn, asked->IndexName, arena);
        if (!table_schema_sort_projection(&indexes[i].Projection, arena) || !bytes_present(indexes[i].IndexArn))
            return false;
    }
    out->LocalSecondaryIndexes = (struct LocalSecondaryIndexDescriptionList)API_LIST(indexes, count);
    return true;
}

/* The index as it is created, and in *settled what it becomes. */
static bool describe_global(struct GlobalSecondaryIndexDescription *out,
                            struct GlobalSecondaryIndexDescription *settled, const struct GlobalSecondaryIndex *asked,
                            struct bytes table_arn, struct arena *arena)
{
    const struct OnDemandThroughput *on_demand = asked->OnDemandThroughput;

    out->IndexName = settled->IndexName = asked->IndexName;
    out->KeySchema = asked->KeySchema;
    out->Projection = asked->Projection;
    out->IndexStatus = API_ENUM(IndexStatus_CREATING);
    out->ProvisionedThroughput = throughput_describe(asked->ProvisionedThroughput, arena);
    out->IndexArn = index_arn(table_arn, asked->IndexName, arena);
    if (on_demand != NULL && (on_demand->MaxReadRequestUnits.set || on_demand->MaxWriteRequestUnits.set))
        out->OnDemandThroughput = on_demand;
    settled->WarmThroughput = throughput_index_warm(
        throughput_describe_warm(asked->ProvisionedThroughput, asked->WarmThroughput, arena), arena);
    return table_schema_sort_projection(&out->Projection, arena) && out->ProvisionedThroughput != NULL &&
           bytes_present(out->IndexArn) && settled->WarmThroughput != NULL;
}

static bool describe_globals(struct TableDescription *out, struct TableDescription *settled,
                             const struct CreateTableInput *in, struct arena *arena)
{
    size_t count = in->GlobalSecondaryIndexes.count;
    struct GlobalSecondaryIndexDescription *indexes, *changes;

    if (count == 0)
        return true;
    indexes = ARENA_ARRAY(arena, struct GlobalSecondaryIndexDescription, count);
    changes = ARENA_ARRAY(arena, struct GlobalSecondaryIndexDescription, count);
    if (indexes == NULL || changes == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!describe_global(&indexes[i], &changes[i], &in->GlobalSecondaryIndexes.at[i], out->TableArn, arena))
            return false;
    }
    out->GlobalSecondaryIndexes = (struct GlobalSecondaryIndexDescriptionList)API_LIST(indexes, count);
    settled->GlobalSecondaryIndexes = (struct GlobalSecondaryIndexDescriptionList)API_LIST(changes, count);
    return true;
}

static bool describe_throughput(struct TableDescription *out, struct TableDescription *settled,
                                const struct CreateTableInput *in, struct arena *arena)
{
    const struct OnDemandThroughput *on_demand = in->OnDemandThroughput;
    const struct WarmThroughput *asked = in->WarmThroughput;
    struct TableWarmThroughputDescription *warming;
    struct BillingModeSummary *billing, *billing_settled;

    out->ProvisionedThroughput = throughput_describe(in->ProvisionedThroughput, arena);
    settled->WarmThroughput = throughput_describe_warm(in->ProvisionedThroughput, asked, arena);
    if (out->ProvisionedThroughput == NULL || settled->WarmThroughput == NULL)
        return false;
    if (on_demand != NULL && (on_demand->MaxReadRequestUnits.set || on_demand->MaxWriteRequestUnits.set))
        out->OnDemandThroughput = on_demand;
    if (asked != NULL && (asked->ReadUnitsPerSecond.set || asked->WriteUnitsPerSecond.set)) {
        warming = ARENA_NEW(arena, struct TableWarmThroughputDescription);
        if (warming == NULL)
            return false;
        *warming = *settled->WarmThroughput;
        warming->Status = API_ENUM(TableStatus_UPDATING);
        out->WarmThroughput = warming;
    }
    if (in->BillingMode.value != BillingMode_PAY_PER_REQUEST)
        return true;
    billing = ARENA_NEW(arena, struct BillingModeSummary);
    billing_settled = ARENA_NEW(arena, struct BillingModeSummary);
    if (billing == NULL || billing_settled == NULL)
        return false;
    billing->BillingMode = API_ENUM(BillingMode_PAY_PER_REQUEST);
    *billing_settled = *billing;
    billing_settled->LastUpdateToPayPerRequestDateTime = out->CreationDateTime;
    out->BillingModeSummary = billing;
    settled->BillingModeSummary = billing_settled;
    return true;
}

static bool describe_options(struct TableDescription *out, const struct CreateTableInput *in, struct bytes region,
                             struct arena *arena)
{
    struct TableClassSummary *class;

    out->DeletionProtectionEnabled = API_BOOLEAN(in->DeletionProtectionEnabled == API_TRUE);
    if (in->StreamSpecification != NULL && in->StreamSpecification->StreamEnabled == API_TRUE)
        out->StreamSpecification = in->StreamSpecification;
    if (in->SSESpecification != NULL && options_sse_enabled(in->SSESpecification)) {
        out->SSEDescription = options_describe_sse(in->SSESpecification, region, BYTES(OP_ACCOUNT), arena);
        if (out->SSEDescription == NULL)
            return false;
    }
    if (in->TableClass.value == 0)
        return true;
    class = ARENA_NEW(arena, struct TableClassSummary);
    if (class == NULL)
        return false;
    class->TableClass = API_ENUM(in->TableClass.value);
    out->TableClassSummary = class;
    return true;
}

static bool describe(struct TableDescription *out, struct TableDescription *settled, const struct job *job,
                     struct bytes name, struct arena *arena)
{
    const struct CreateTableInput *in = job->input;
    struct bytes region = op_region(job);

    out->TableName = name;
    out->AttributeDefinitions = in->AttributeDefinitions;
    out->KeySchema = in->KeySchema;
    out->TableStatus = API_ENUM(TableStatus_CREATING);
    out->CreationDateTime = API_DOUBLE(op_now());
    out->TableArn = OPTIONS_JOIN(arena, BYTES("arn:aws:dynamodb:"), region, BYTES(":" OP_ACCOUNT ":table/"), name);
    out->TableId = new_table_id(arena);
    return bytes_present(out->TableArn) && bytes_present(out->TableId) &&
           table_schema_sort_definitions(&out->AttributeDefinitions, arena) && describe_locals(out, in, arena) &&
           describe_globals(out, settled, in, arena) && describe_throughput(out, settled, in, arena) &&
           describe_options(out, in, region, arena);
}

/* Within a change of the catalog. */
static enum stator_rc create(struct engine *engine, struct job *job, struct bytes name, struct bytes policy)
{
    const struct CreateTableInput *in = job->input;
    struct TableDescription *draft = ARENA_NEW(&job->arena, struct TableDescription);
    struct TableDescription *settled = ARENA_NEW(&job->arena, struct TableDescription);
    struct CreateTableOutput *out = ARENA_NEW(&job->arena, struct CreateTableOutput);
    struct table_change change = {.namespace_ = op_namespace(engine, job), .draft = draft};

    STATOR_TRY(check_name_free(engine, change.namespace_, name, &job->error));
    STATOR_TRY(check_quotas(in, op_region(job), &job->error));
    if (draft == NULL || settled == NULL || out == NULL || !describe(draft, settled, job, name, &job->arena))
        return stator_fail_memory(&job->error);
    if (draft->StreamSpecification != NULL)
        STATOR_TRY(table_stream_name(engine, change.namespace_, draft, draft->CreationDateTime.value, job));
    change.extras.tags = in->Tags;
    change.extras.policy = policy;
    if (bytes_present(policy))
        change.extras.settings.policy_revision_ms = (uint64_t)llround(draft->CreationDateTime.value * 1000);
    change.extras.transition = (struct transition){.kinds = TRANSITION_CREATE, .settled = settled};
    out->TableDescription = table_describe(engine, draft, NULL, op_now(), &job->arena);
    if (out->TableDescription == NULL)
        return stator_fail_memory(&job->error);
    job->output = out;
    return table_change_store(engine, job, &change, true);
}

enum stator_rc op_create_table(struct engine *engine, struct job *job)
{
    const struct CreateTableInput *in = job->input;
    struct policy policy = {0};
    enum stator_rc rc;

    STATOR_TRY(check(in, &job->arena, &job->error));
    if (!job->on_worker)
        return STATOR_AGAIN;
    if (bytes_present(in->ResourcePolicy))
        STATOR_TRY(policy_read(&policy, in->ResourcePolicy, POLICY_OF_TABLE, &job->arena, &job->error));
    catalog_change_begin(engine->db.catalog);
    rc = create(engine, job, op_table_name(in->TableName), policy.text);
    catalog_change_end(engine->db.catalog);
    if (rc == STATOR_OK)
        meter_use_named(engine, job, op_namespace(engine, job), op_table_name(in->TableName));
    return rc;
}
