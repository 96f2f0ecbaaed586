/* SPDX-License-Identifier: Apache-2.0 */
/* UpdateTable: one change a call, with few exceptions. The answer shows the old values with a status; the new ones are
 * shown when the transition is over, which is for the next request unless --transition-ms says otherwise. */
#include "op/update_table.h"

#include "op/table_options.h"
#include "op/table_stream.h"
#include "op/table_throughput.h"

#define INVALID "One or more parameter values were invalid: "

static const struct bytes the_table = {NULL, 0};

/* --- Throughput --------------------------------------------------------------------------------------------------- */

/* At least as warm as that. NULL when the arena is full. */
static const struct TableWarmThroughputDescription *at_least_as_warm(const struct TableWarmThroughputDescription *warm,
                                                                     int64_t read, int64_t write, struct arena *arena)
{
    struct TableWarmThroughputDescription *out = ARENA_NEW(arena, struct TableWarmThroughputDescription);

    if (out == NULL)
        return NULL;
    if (warm != NULL)
        *out = *warm;
    if (!out->ReadUnitsPerSecond.set || out->ReadUnitsPerSecond.value < read)
        out->ReadUnitsPerSecond = API_INTEGER(read);
    if (!out->WriteUnitsPerSecond.set || out->WriteUnitsPerSecond.value < write)
        out->WriteUnitsPerSecond = API_INTEGER(write);
    out->Status = API_ENUM(TableStatus_ACTIVE);
    return out;
}

static enum stator_rc change_provisioned(struct update *update, struct stator_error *err)
{
    const struct ProvisionedThroughput *asked = update->in->ProvisionedThroughput;
    struct arena *arena = &update->job->arena;
    struct throughput_change change;

    STATOR_TRY(
        throughput_change(&change, update->now->ProvisionedThroughput, asked, the_table, update->seconds, arena, err));
    STATOR_TRY(throughput_check_quota(asked, NULL, NULL, the_table, op_region(update->job), err));
    update->draft->TableStatus = API_ENUM(TableStatus_UPDATING);
    update->draft->ProvisionedThroughput = change.answered;
    update->settled->ProvisionedThroughput = change.settled;
    update->settled->WarmThroughput = at_least_as_warm(update->now->WarmThroughput, asked->ReadCapacityUnits.value,
                                                       asked->WriteCapacityUnits.value, arena);
    update->kinds |= TRANSITION_IOPS;
    return update->settled->WarmThroughput != NULL ? STATOR_OK : stator_fail_memory(err);
}

static struct BillingModeSummary *billing(struct update *update, enum BillingMode mode)
{
    struct BillingModeSummary *out = ARENA_NEW(&update->job->arena, struct BillingModeSummary);

    if (out == NULL)
        return NULL;
    if (update->now->BillingModeSummary != NULL)
        *out = *update->now->BillingModeSummary;
    out->BillingMode = API_ENUM(mode);
    return out;
}

/* One index goes on demand with its table: zeros at once, and a decrease is counted. */
static bool index_to_on_demand(struct update *update, struct GlobalSecondaryIndexDescription *index)
{
    struct arena *arena = &update->job->arena;
    struct ProvisionedThroughputDescription *zero = ARENA_NEW(arena, struct ProvisionedThroughputDescription);
    struct ProvisionedThroughputDescription *after = ARENA_NEW(arena, struct ProvisionedThroughputDescription);
    struct GlobalSecondaryIndexDescription *settled = update_settled_index(update, index->IndexName);
    const struct GlobalSecondaryIndexWarmThroughputDescription *warm = index->WarmThroughput;
    struct TableWarmThroughputDescription as_table = {0};

    if (zero == NULL || after == NULL || settled == NULL)
        return false;
    if (index->ProvisionedThroughput != NULL)
        *zero = *index->ProvisionedThroughput;
    zero->NumberOfDecreasesToday = API_INTEGER(throughput_decreases_today(zero, update->seconds));
    zero->ReadCapacityUnits = zero->WriteCapacityUnits = API_INTEGER(0);
    *after = *zero;
    after->NumberOfDecreasesToday = API_INTEGER(zero->NumberOfDecreasesToday.value + 1);
    after->LastDecreaseDateTime = API_DOUBLE(update->seconds);
    index->ProvisionedThroughput = zero;
    settled->ProvisionedThroughput = after;
    if (warm != NULL) {
        as_table.ReadUnitsPerSecond = warm->ReadUnitsPerSecond;
        as_table.WriteUnitsPerSecond = warm->WriteUnitsPerSecond;
    }
    settled->WarmThroughput = throughput_index_warm(
        at_least_as_warm(&as_table, THROUGHPUT_ON_DEMAND_READ, THROUGHPUT_ON_DEMAND_WRITE, arena), arena);
    if (index->IndexStatus.value == IndexStatus_ACTIVE)
        index->IndexStatus = API_ENUM(IndexStatus_UPDATING);
    return settled->WarmThroughput != NULL;
}

static enum stator_rc switch_to_on_demand(struct update *update, struct stator_error *err)
{
    struct arena *arena = &update->job->arena;
    struct ProvisionedThroughputDescription *zero = ARENA_NEW(arena, struct ProvisionedThroughputDescription);
    struct ProvisionedThroughputDescription *after = ARENA_NEW(arena, struct ProvisionedThroughputDescription);
    struct BillingModeSummary *switching = billing(update, BillingMode_PAY_PER_REQUEST);
    struct BillingModeSummary *switched = billing(update, BillingMode_PAY_PER_REQUEST);

    if (zero == NULL || after == NULL || switching == NULL || switched == NULL)
        return stator_fail_memory(err);
    *after = *update->now->ProvisionedThroughput;
    after->NumberOfDecreasesToday = API_INTEGER(throughput_decreases_today(after, update->seconds));
    after->ReadCapacityUnits = after->WriteCapacityUnits = API_INTEGER(0);
    *zero = *after;
    zero->LastDecreaseDateTime = API_DOUBLE(update->seconds);
    switched->LastUpdateToPayPerRequestDateTime = API_DOUBLE(update->seconds);
    update->draft->TableStatus = API_ENUM(TableStatus_UPDATING);
    update->draft->ProvisionedThroughput = zero;
    update->draft->BillingModeSummary = switching;
    update->settled->ProvisionedThroughput = after;
    update->settled->BillingModeSummary = switched;
    update->settled->WarmThroughput =
        at_least_as_warm(update->now->WarmThroughput, THROUGHPUT_ON_DEMAND_READ, THROUGHPUT_ON_DEMAND_WRITE, arena);
    for (size_t i = 0; i < update->now->GlobalSecondaryIndexes.count; i++) {
        struct bytes name = update->now->GlobalSecondaryIndexes.at[i].IndexName;

        if (!index_to_on_demand(update, description_index(update->draft, name)))
            return stator_fail_memory(err);
    }
    update->kinds |= TRANSITION_IOPS | TRANSITION_BILLING;
    return update->settled->WarmThroughput != NULL ? STATOR_OK : stator_fail_memory(err);
}

/* Every index needs a throughput of its own. */
static enum stator_rc check_all_indexes_given(const struct update *update, struct stator_error *err)
{
    char names[1024];
    size_t len = 0;

    for (size_t i = 0; i < update->now->GlobalSecondaryIndexes.count; i++) {
        struct bytes name = update->now->GlobalSecondaryIndexes.at[i].IndexName;
        const struct UpdateGlobalSecondaryIndexAction *action = update_action(update->in, name);

        if (action != NULL && action->ProvisionedThroughput != NULL)
            continue;
        if (len + name.len + 1 < sizeof(names)) {
            if (len != 0)
                names[len++] = ',';
            memcpy(names + len, name.at, name.len);
            len += name.len;
        }
    }
    if (len == 0)
        return STATOR_OK;
    return stator_fail(err, STATOR_VALIDATION, INVALID "ProvisionedThroughput must be specified for index: %.*s",
                       (int)len, names);
}

static const struct ProvisionedThroughputDescription *
provisioned_again(const struct ProvisionedThroughputDescription *now, const struct ProvisionedThroughput *asked,
                  struct arena *arena)
{
    struct ProvisionedThroughputDescription *out = ARENA_NEW(arena, struct ProvisionedThroughputDescription);

    if (out == NULL)
        return NULL;
    *out = *now;
    out->ReadCapacityUnits = asked->ReadCapacityUnits;
    out->WriteCapacityUnits = asked->WriteCapacityUnits;
    return out;
}

/* New units are shown at once; what was set for on-demand use is dropped. */
static enum stator_rc switch_to_provisioned(struct update *update, struct stator_error *err)
{
    const struct ProvisionedThroughput *asked = update->in->ProvisionedThroughput;
    struct arena *arena = &update->job->arena;
    struct TableDescription *draft = update->draft;

    STATOR_TRY(check_all_indexes_given(update, err));
    STATOR_TRY(throughput_check_quota(asked, NULL, NULL, the_table, op_region(update->job), err));
    draft->TableStatus = API_ENUM(TableStatus_UPDATING);
    draft->BillingModeSummary = billing(update, BillingMode_PROVISIONED);
    draft->ProvisionedThroughput = provisioned_again(update->now->ProvisionedThroughput, asked, arena);
    draft->OnDemandThroughput = NULL;
    if (draft->BillingModeSummary == NULL || draft->ProvisionedThroughput == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < update->now->GlobalSecondaryIndexes.count; i++) {
        struct bytes name = update->now->GlobalSecondaryIndexes.at[i].IndexName;
        struct GlobalSecondaryIndexDescription *index = description_index(draft, name);
        const struct UpdateGlobalSecondaryIndexAction *action = update_action(update->in, name);

        STATOR_TRY(throughput_check_bounds(action->ProvisionedThroughput, err));
        STATOR_TRY(
            throughput_check_quota(action->ProvisionedThroughput, NULL, NULL, name, op_region(update->job), err));
        index->ProvisionedThroughput =
            provisioned_again(index->ProvisionedThroughput, action->ProvisionedThroughput, arena);
        index->OnDemandThroughput = NULL;
        if (index->ProvisionedThroughput == NULL)
            return stator_fail_memory(err);
        if (index->IndexStatus.value == IndexStatus_ACTIVE)
            index->IndexStatus = API_ENUM(IndexStatus_UPDATING);
    }
    update->kinds |= TRANSITION_IOPS | TRANSITION_BILLING;
    return STATOR_OK;
}

static enum stator_rc update_throughput(struct update *update, struct stator_error *err)
{
    int mode = update->in->BillingMode.value;

    if (update->in->ProvisionedThroughput == NULL) {
        if (mode == 0)
            return STATOR_OK;
        if (!update->on_demand)
            return switch_to_on_demand(update, err);
        update->answer_updating = true;
        return STATOR_OK;
    }
    if (!update->on_demand)
        return change_provisioned(update, err);
    if (mode != BillingMode_PROVISIONED)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode "
                                   "is PAY_PER_REQUEST");
    return switch_to_provisioned(update, err);
}

static enum stator_rc update_on_demand(struct update *update, struct stator_error *err)
{
    const struct OnDemandThroughput *asked = update->in->OnDemandThroughput;
    bool on_demand = update->on_demand || update->in->BillingMode.value == BillingMode_PAY_PER_REQUEST;
    struct arena *arena = &update->job->arena;

    if (!update_has_on_demand(asked))
        return STATOR_OK;
    if (!on_demand)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "%s for OnDemandThroughput cannot be specified when the table BillingMode is "
                                   "PROVISIONED",
                           asked->MaxReadRequestUnits.set ? "MaxReadRequestUnits" : "MaxWriteRequestUnits");
    STATOR_TRY(throughput_check_on_demand(asked, the_table, true, err));
    STATOR_TRY(throughput_check_quota(NULL, asked, NULL, the_table, op_region(update->job), err));
    if (!throughput_merge_on_demand(&update->answer_on_demand, update->now->OnDemandThroughput, asked, true, arena) ||
        !throughput_merge_on_demand(&update->draft->OnDemandThroughput, update->now->OnDemandThroughput, asked, false,
                                    arena))
        return stator_fail_memory(err);
    return STATOR_OK;
}

static enum stator_rc update_warm(struct update *update, struct stator_error *err)
{
    const struct TableWarmThroughputDescription *now = update->now->WarmThroughput;
    struct TableWarmThroughputDescription *warming;
    struct arena *arena = &update->job->arena;

    if (!update_has_warm(update->in->WarmThroughput) || now == NULL)
        return STATOR_OK;
    STATOR_TRY(throughput_change_warm(&update->settled->WarmThroughput, now, update->in->WarmThroughput, the_table,
                                      arena, err));
    STATOR_TRY(throughput_check_quota(NULL, NULL, update->in->WarmThroughput, the_table, op_region(update->job), err));
    warming = ARENA_NEW(arena, struct TableWarmThroughputDescription);
    if (warming == NULL)
        return stator_fail_memory(err);
    *warming = *now;
    warming->Status = API_ENUM(TableStatus_UPDATING);
    update->draft->WarmThroughput = warming;
    update->kinds |= TRANSITION_WARM;
    return STATOR_OK;
}

/* --- Other members ------------------------------------------------------------------------------------------------ */

static enum stator_rc update_stream(struct update *update, struct stator_error *err)
{
    const struct StreamSpecification *asked = update->in->StreamSpecification, *now = update->now->StreamSpecification;
    bool enabled = now != NULL && now->StreamEnabled == API_TRUE;

    if (asked == NULL)
        return STATOR_OK;
    if (asked->StreamEnabled == API_TRUE && enabled)
        return stator_fail(err, STATOR_VALIDATION, "Table already has an enabled stream: TableName: %.*s",
                           BYTES_ARG(update->table->name));
    if (asked->StreamEnabled != API_TRUE && !enabled)
        return stator_fail(err, STATOR_VALIDATION, "Table has no stream to disable: TableName: %.*s",
                           BYTES_ARG(update->table->name));
    update->draft->StreamSpecification = asked;
    if (asked->StreamEnabled == API_TRUE)
        STATOR_TRY(
            table_stream_name(update->engine, update->table->namespace_, update->draft, update->seconds, update->job));
    update->draft->TableStatus = API_ENUM(TableStatus_UPDATING);
    update->kinds |= TRANSITION_STREAM;
    return STATOR_OK;
}

static enum stator_rc update_sse(struct update *update, struct stator_error *err)
{
    const struct SSESpecification *asked = update->in->SSESpecification;
    const struct SSEDescription *now = update->now->SSEDescription;
    struct arena *arena = &update->job->arena;
    struct SSEDescription *changing, *off;

    if (asked == NULL)
        return STATOR_OK;
    if (!options_sse_enabled(asked) && now == NULL)
        return stator_fail(err, STATOR_VALIDATION, INVALID "Table is already encrypted by default");
    if (now != NULL && bytes_present(asked->KMSMasterKeyId) && bytes_equal(asked->KMSMasterKeyId, now->KMSMasterKeyArn))
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter "
                                   "if you want to change Master Key");
    changing = ARENA_NEW(arena, struct SSEDescription);
    off = ARENA_NEW(arena, struct SSEDescription);
    if (changing == NULL || off == NULL)
        return stator_fail_memory(err);
    if (now != NULL)
        *changing = *now;
    changing->Status = API_ENUM(SSEStatus_UPDATING);
    off->Status = API_ENUM(SSEStatus_DISABLED);
    update->draft->SSEDescription = changing;
    update->settled->SSEDescription =
        options_sse_enabled(asked) ? options_describe_sse(asked, op_region(update->job), BYTES(OP_ACCOUNT), arena)
                                   : off;
    update->kinds |= TRANSITION_SSE;
    return update->settled->SSEDescription != NULL ? STATOR_OK : stator_fail_memory(err);
}

static enum stator_rc update_class(struct update *update, struct stator_error *err)
{
    const struct TableClassSummary *now = update->now->TableClassSummary;
    int class = now != NULL ? now->TableClass.value : (int)TableClass_STANDARD, asked = update->in->TableClass.value;
    struct TableClassSummary *after;

    if (asked == 0)
        return STATOR_OK;
    if (asked == class) {
        update->answer_updating = true;
        return STATOR_OK;
    }
    after = ARENA_NEW(&update->job->arena, struct TableClassSummary);
    if (after == NULL)
        return stator_fail_memory(err);
    after->TableClass = API_ENUM(asked);
    after->LastUpdateDateTime = API_DOUBLE(update->seconds);
    update->draft->TableStatus = API_ENUM(TableStatus_UPDATING);
    update->settled->TableClassSummary = after;
    update->kinds |= TRANSITION_CLASS;
    return STATOR_OK;
}

/* Kept and shown; there are no replicas that it could be of use to. */
static enum stator_rc update_replication(struct update *update, struct stator_error *err)
{
    const struct api_enum *asked = &update->in->GlobalTableSettingsReplicationMode;

    if (asked->value == GlobalTableSettingsReplicationMode_ABSENT)
        return STATOR_OK;
    if (asked->value == GlobalTableSettingsReplicationMode_ENABLED_WITH_OVERRIDES)
        return stator_fail(err, STATOR_VALIDATION,
                           "Value 'ENABLED_WITH_OVERRIDES' at 'GlobalTableSettingsReplicationMode' failed to satisfy "
                           "constraint: Only ENABLED and DISABLED settings replication are supported for a Regional "
                           "Table.");
    update->draft->GlobalTableSettingsReplicationMode = API_ENUM(asked->value);
    return STATOR_OK;
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

static enum stator_rc apply(struct update *update, struct stator_error *err)
{
    STATOR_TRY(update_check_state(update, err));
    STATOR_TRY(update_throughput(update, err));
    STATOR_TRY(update_on_demand(update, err));
    STATOR_TRY(update_warm(update, err));
    STATOR_TRY(update_stream(update, err));
    STATOR_TRY(update_sse(update, err));
    STATOR_TRY(update_class(update, err));
    STATOR_TRY(update_replication(update, err));
    if (update->in->DeletionProtectionEnabled != API_ABSENT)
        update->draft->DeletionProtectionEnabled = update->in->DeletionProtectionEnabled;
    return update_indexes(update, err);
}

static enum stator_rc answer(const struct update *update, struct stator_error *err)
{
    struct arena *arena = &update->job->arena;
    struct UpdateTableOutput *out = ARENA_NEW(arena, struct UpdateTableOutput);
    struct TableDescription *description =
        table_describe(update->engine, update->draft, update->table, update->seconds, arena);

    if (out == NULL || description == NULL)
        return stator_fail_memory(err);
    if (update->answer_updating)
        description->TableStatus = API_ENUM(TableStatus_UPDATING);
    if (update->answer_on_demand != NULL)
        description->OnDemandThroughput = update->answer_on_demand;
    out->TableDescription = description;
    update->job->output = out;
    return STATOR_OK;
}

static enum stator_rc store(struct engine *engine, struct update *update, struct stator_error *err)
{
    struct table_change change = {.previous = update->table, .draft = update->draft, .extras = *update->table->extras};
    const struct transition begun = {
        .kinds = update->kinds,
        .settled = update->settled,
    };

    if (update->kinds != 0 &&
        !transition_merge(&change.extras.transition, &update->table->extras->transition, &begun, &update->job->arena))
        return stator_fail_memory(err);
    return table_change_store(engine, update->job, &change, update->kinds != 0);
}

/* Within a change of the catalog. */
static enum stator_rc update_table(struct engine *engine, struct job *job)
{
    const struct UpdateTableInput *in = job->input;
    struct update update = {.engine = engine, .job = job, .in = in, .seconds = op_now()};
    struct table *table;

    STATOR_TRY(op_table(&table, engine, job, in->TableName, OP_CONTROL));
    update.table = table;
    update.now = table->description;
    update.draft = description_draft(table->description, &job->arena);
    update.settled = ARENA_NEW(&job->arena, struct TableDescription);
    update.on_demand = update.now->BillingModeSummary != NULL &&
                       update.now->BillingModeSummary->BillingMode.value == BillingMode_PAY_PER_REQUEST;
    if (update.draft == NULL || update.settled == NULL)
        return stator_fail_memory(&job->error);
    STATOR_TRY(apply(&update, &job->error));
    STATOR_TRY(answer(&update, &job->error));
    return store(engine, &update, &job->error);
}

enum stator_rc op_update_table(struct engine *engine, struct job *job)
{
    enum stator_rc rc;

    STATOR_TRY(table_update_check(job->input, &job->error));
    if (!job->on_worker)
        return STATOR_AGAIN;
    catalog_change_begin(engine->db.catalog);
    rc = update_table(engine, job);
    catalog_change_end(engine->db.catalog);
    return rc;
}
