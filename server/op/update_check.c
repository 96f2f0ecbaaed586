/* SPDX-License-Identifier: Apache-2.0 */
#include "op/table_options.h"
#include "op/table_throughput.h"
#include "op/update_table.h"

#define INVALID "One or more parameter values were invalid: "

bool update_has_warm(const struct WarmThroughput *warm)
{
    return warm != NULL && (warm->ReadUnitsPerSecond.set || warm->WriteUnitsPerSecond.set);
}

bool update_has_on_demand(const struct OnDemandThroughput *on_demand)
{
    return on_demand != NULL && (on_demand->MaxReadRequestUnits.set || on_demand->MaxWriteRequestUnits.set);
}

static enum stator_rc invalid(struct stator_error *err, const char *text)
{
    return stator_fail(err, STATOR_VALIDATION, INVALID "%s", text);
}

static enum stator_rc refuse_unsupported(const struct UpdateTableInput *in, struct stator_error *err)
{
    const char *member = in->ReplicaUpdates.set                              ? "ReplicaUpdates"
                         : in->GlobalTableWitnessUpdates.set                 ? "GlobalTableWitnessUpdates"
                         : in->MultiRegionConsistency.value != 0             ? "MultiRegionConsistency"
                         : in->DisassociationProtectionEnabled != API_ABSENT ? "DisassociationProtectionEnabled"
                         : in->VectorIndexUpdates.set                        ? "VectorIndexUpdates"
                                                                             : NULL;

    if (member == NULL)
        return STATOR_OK;
    return stator_fail(err, STATOR_VALIDATION, INVALID "%s is not supported by Stator yet", member);
}

/* The kinds of change that a request asks for. */
enum {
    ASKS_IOPS = 1,
    ASKS_BILLING = 2,
    ASKS_STREAM = 4,
    ASKS_INDEXES = 8,
    ASKS_SSE = 16,
    ASKS_PROTECTION = 32,
    ASKS_ON_DEMAND = 64,
    ASKS_WARM = 128,
    ASKS_CLASS = 256,
    ASKS_REPLICATION = 512,
};

static unsigned asked(const struct UpdateTableInput *in)
{
    return (in->ProvisionedThroughput != NULL ? ASKS_IOPS : 0u) | (in->BillingMode.value != 0 ? ASKS_BILLING : 0u) |
           (in->StreamSpecification != NULL ? ASKS_STREAM : 0u) |
           (in->GlobalSecondaryIndexUpdates.count != 0 ? ASKS_INDEXES : 0u) |
           (in->SSESpecification != NULL ? ASKS_SSE : 0u) |
           (in->DeletionProtectionEnabled != API_ABSENT ? ASKS_PROTECTION : 0u) |
           (update_has_on_demand(in->OnDemandThroughput) ? ASKS_ON_DEMAND : 0u) |
           (update_has_warm(in->WarmThroughput) ? ASKS_WARM : 0u) | (in->TableClass.value != 0 ? ASKS_CLASS : 0u) |
           (in->GlobalTableSettingsReplicationMode.value != 0 ? ASKS_REPLICATION : 0u);
}

static enum stator_rc check_billing(const struct UpdateTableInput *in, struct stator_error *err)
{
    if (in->BillingMode.value == BillingMode_PROVISIONED && in->ProvisionedThroughput == NULL)
        return invalid(err, "ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
    if (in->BillingMode.value == BillingMode_PAY_PER_REQUEST && in->ProvisionedThroughput != NULL)
        return invalid(err, "ProvisionedThroughput cannot be specified when BillingMode is PAY_PER_REQUEST");
    if (in->ProvisionedThroughput != NULL)
        return throughput_check_bounds(in->ProvisionedThroughput, err);
    return STATOR_OK;
}

static bool creates_index(const struct UpdateTableInput *in)
{
    for (size_t i = 0; i < in->GlobalSecondaryIndexUpdates.count; i++) {
        if (in->GlobalSecondaryIndexUpdates.at[i].Create != NULL)
            return true;
    }
    return false;
}

static bool deletes_index(const struct UpdateTableInput *in)
{
    for (size_t i = 0; i < in->GlobalSecondaryIndexUpdates.count; i++) {
        if (in->GlobalSecondaryIndexUpdates.at[i].Delete != NULL)
            return true;
    }
    return false;
}

/* One change a call, with few exceptions. */
static enum stator_rc check_combination(const struct UpdateTableInput *in, unsigned asks, struct stator_error *err)
{
    static const struct {
        unsigned alone;
        const char *text;
    } exclusive[] = {
        {ASKS_SSE, "Server-Side Encryption modification must be the only operation in the request"},
        {ASKS_CLASS, "TableClass modification must be the only operation in the request"},
        {ASKS_PROTECTION, "DeletionProtection modification must be the only operation in the request"},
    };

    for (size_t i = 0; i < sizeof(exclusive) / sizeof(exclusive[0]); i++) {
        if ((asks & exclusive[i].alone) != 0 && asks != exclusive[i].alone)
            return invalid(err, exclusive[i].text);
    }
    if ((asks & ASKS_WARM) != 0 && creates_index(in))
        return invalid(err, "Create global secondary index cannot be specified when updating WarmThroughput");
    if ((asks & ASKS_WARM) != 0 && asks != ASKS_WARM)
        return invalid(err, "WarmThroughput must be the only operation in the request");
    if ((asks & ASKS_ON_DEMAND) != 0 && (asks & ~(unsigned)(ASKS_ON_DEMAND | ASKS_BILLING)) != 0)
        return invalid(err, "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request");
    if ((asks & ASKS_STREAM) != 0 && (asks & ASKS_IOPS) != 0)
        return invalid(err, "You cannot modify stream status while updating table IOPS");
    if (creates_index(in) || deletes_index(in)) {
        if ((asks & ASKS_IOPS) != 0)
            return invalid(err, "You cannot create or delete index while updating table IOPS");
        if ((asks & ASKS_STREAM) != 0)
            return invalid(err, "You cannot create or delete index while changing stream status");
    }
    return STATOR_OK;
}

static struct bytes update_name(const struct GlobalSecondaryIndexUpdate *update)
{
    return update->Update != NULL   ? update->Update->IndexName
           : update->Create != NULL ? update->Create->IndexName
                                    : update->Delete->IndexName;
}

static enum stator_rc check_index_update(const struct UpdateTableInput *in, size_t at, struct stator_error *err)
{
    const struct GlobalSecondaryIndexUpdate *update = &in->GlobalSecondaryIndexUpdates.at[at];
    int actions = (update->Update != NULL) + (update->Create != NULL) + (update->Delete != NULL);

    if (actions == 0)
        return invalid(err, "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                            "GlobalSecondaryIndexUpdate.Delete must not be null");
    if (actions > 1)
        return invalid(err, "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object");
    for (size_t i = 0; i < at; i++) {
        if (bytes_equal(update_name(&in->GlobalSecondaryIndexUpdates.at[i]), update_name(update)))
            return stator_fail(err, STATOR_VALIDATION,
                               INVALID "Only one global secondary index update per index is allowed simultaneously. "
                                       "Index: %.*s",
                               BYTES_ARG(update_name(update)));
    }
    if (update->Update != NULL && update->Update->WarmThroughput != NULL &&
        !update_has_warm(update->Update->WarmThroughput))
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond "
                                   "specified for index: %.*s",
                           BYTES_ARG(update->Update->IndexName));
    if (update->Create != NULL && in->AttributeDefinitions.count == 0)
        return stator_fail(err, STATOR_VALIDATION, INVALID "AttributeDefinitions is not specified for index: %.*s",
                           BYTES_ARG(update->Create->IndexName));
    return STATOR_OK;
}

enum stator_rc table_update_check(const struct UpdateTableInput *in, struct stator_error *err)
{
    unsigned asks = asked(in);

    STATOR_TRY(refuse_unsupported(in, err));
    if (asks == 0 && (in->WarmThroughput != NULL || in->OnDemandThroughput != NULL)) /* {} alone: so does the service */
        return stator_fail(err, STATOR_INTERNAL_FAILURE, "%s", "");
    if (asks == 0)
        return stator_fail(err, STATOR_VALIDATION,
                           "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
                           "GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, "
                           "ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, "
                           "OnDemandThroughput, WarmThroughput or TableClass is required");
    STATOR_TRY(check_billing(in, err));
    if (in->GlobalSecondaryIndexUpdates.set && in->GlobalSecondaryIndexUpdates.count == 0)
        return invalid(err, "List of GlobalSecondaryIndexUpdates is empty");
    for (size_t i = 0; i < in->GlobalSecondaryIndexUpdates.count; i++)
        STATOR_TRY(check_index_update(in, i, err));
    STATOR_TRY(check_combination(in, asks, err));
    if (in->StreamSpecification != NULL)
        STATOR_TRY(options_check_stream(in->StreamSpecification, err));
    if (in->SSESpecification != NULL)
        STATOR_TRY(options_check_sse(in->SSESpecification, err));
    return STATOR_OK;
}
