/* SPDX-License-Identifier: Apache-2.0 */
#include "op/table_options.h"
#include "op/table_schema.h"
#include "op/table_throughput.h"
#include "op/update_table.h"

#define INVALID       "One or more parameter values were invalid: "
#define UNITS_BLOCKED 1000000000000 /* above it the service blocks the action altogether */

const struct UpdateGlobalSecondaryIndexAction *update_action(const struct UpdateTableInput *in, struct bytes name)
{
    for (size_t i = 0; i < in->GlobalSecondaryIndexUpdates.count; i++) {
        const struct UpdateGlobalSecondaryIndexAction *action = in->GlobalSecondaryIndexUpdates.at[i].Update;

        if (action != NULL && bytes_equal(action->IndexName, name))
            return action;
    }
    return NULL;
}

struct GlobalSecondaryIndexDescription *update_settled_index(struct update *update, struct bytes name)
{
    struct GlobalSecondaryIndexDescriptionList *list = &update->settled->GlobalSecondaryIndexes;
    struct GlobalSecondaryIndexDescription *there = description_index(update->settled, name), *indexes;

    if (there != NULL)
        return there;
    if (list->at == NULL) { /* room for those of the table and one new one */
        list->at = ARENA_ARRAY(&update->job->arena, struct GlobalSecondaryIndexDescription,
                               update->now->GlobalSecondaryIndexes.count + 1);
        if (list->at == NULL)
            return NULL;
        list->set = true;
    }
    indexes = (struct GlobalSecondaryIndexDescription *)(uintptr_t)list->at;
    there = &indexes[list->count++];
    there->IndexName = name;
    return there;
}

static enum stator_rc in_use(const struct update *update, struct bytes name, const char *text, struct stator_error *err)
{
    return stator_fail(err, STATOR_RESOURCE_IN_USE, TABLE_IN_USE "%s Table: %.*s Index: %.*s", text,
                       BYTES_ARG(update->table->name), BYTES_ARG(name));
}

/* The draft's index of that name, which an action is for. */
static enum stator_rc find_index(struct GlobalSecondaryIndexDescription **out, struct update *update, struct bytes name,
                                 const char *verb, struct stator_error *err)
{
    *out = description_index(update->draft, name);
    if (*out != NULL)
        return STATOR_OK;
    if (table_index(update->table, name) != NULL)
        return stator_fail(err, STATOR_VALIDATION, "Cannot %s an index that is not a GlobalSecondaryIndex: %.*s", verb,
                           BYTES_ARG(name));
    return stator_fail(err, STATOR_RESOURCE_NOT_FOUND, "Requested resource not found: Index %.*s for table %.*s",
                       BYTES_ARG(name), BYTES_ARG(update->table->name));
}

/* --- Limits over all actions -------------------------------------------------------------------------------------- */

static enum stator_rc refuse_second(struct stator_error *err)
{
    return stator_fail(err, STATOR_LIMIT_EXCEEDED,
                       "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per "
                       "table");
}

/* The index whose creation or deletion is under way, or NULL. */
static const struct GlobalSecondaryIndexDescription *online_index(const struct TableDescription *description)
{
    for (size_t i = 0; i < description->GlobalSecondaryIndexes.count; i++) {
        const struct GlobalSecondaryIndexDescription *index = &description->GlobalSecondaryIndexes.at[i];

        if (index->IndexStatus.value == IndexStatus_CREATING || index->IndexStatus.value == IndexStatus_DELETING)
            return index;
    }
    return NULL;
}

static enum stator_rc check_one_online(const struct update *update, struct stator_error *err)
{
    const struct GlobalSecondaryIndexDescription *online = online_index(update->now);
    const struct GlobalSecondaryIndexUpdateList *updates = &update->in->GlobalSecondaryIndexUpdates;
    size_t count = 0;
    struct bytes name = {NULL, 0};

    for (size_t i = 0; i < updates->count; i++) {
        if (updates->at[i].Update != NULL)
            continue;
        count++;
        name = updates->at[i].Create != NULL ? updates->at[i].Create->IndexName : updates->at[i].Delete->IndexName;
    }
    if (count > 1 || (count == 1 && online != NULL && !bytes_equal(online->IndexName, name)))
        return refuse_second(err);
    return STATOR_OK;
}

static enum stator_rc check_blocked(const struct update *update, struct stator_error *err)
{
    const struct GlobalSecondaryIndexUpdateList *updates = &update->in->GlobalSecondaryIndexUpdates;

    for (size_t i = 0; i < updates->count; i++) {
        const struct UpdateGlobalSecondaryIndexAction *action = updates->at[i].Update;

        if (action == NULL || action->ProvisionedThroughput == NULL)
            continue;
        if (action->ProvisionedThroughput->ReadCapacityUnits.value > UNITS_BLOCKED ||
            action->ProvisionedThroughput->WriteCapacityUnits.value > UNITS_BLOCKED)
            return stator_fail(err, STATOR_VALIDATION,
                               "This operation cannot be performed with given input values. Please contact DynamoDB "
                               "service team for more info: Action Blocked: IndexUpdate");
    }
    return STATOR_OK;
}

/* --- Update ------------------------------------------------------------------------------------------------------- */

static enum stator_rc check_update_status(const struct update *update,
                                          const struct GlobalSecondaryIndexDescription *index, struct stator_error *err)
{
    switch (index->IndexStatus.value) {
    case IndexStatus_DELETING:
        return in_use(update, index->IndexName, "Index is being deleted.", err);
    case IndexStatus_UPDATING:
        return in_use(update, index->IndexName, "Index is being updated.", err);
    case IndexStatus_CREATING:
        if (index->Backfilling != API_TRUE)
            return in_use(update, index->IndexName, "Index is being created but is not backfilling yet. ", err);
        return STATOR_OK;
    default:
        return STATOR_OK;
    }
}

/* An index that is being backfilled keeps its status. */
static void set_updating(struct update *update, struct GlobalSecondaryIndexDescription *index)
{
    update->kinds |= TRANSITION_INDEXES;
    if (index->IndexStatus.value == IndexStatus_ACTIVE)
        index->IndexStatus = API_ENUM(IndexStatus_UPDATING);
}

static enum stator_rc update_provisioned(struct update *update, struct GlobalSecondaryIndexDescription *index,
                                         const struct ProvisionedThroughput *asked, struct stator_error *err)
{
    struct arena *arena = &update->job->arena;
    struct GlobalSecondaryIndexDescription *settled;
    struct GlobalSecondaryIndexWarmThroughputDescription *warm;
    struct throughput_change change;

    STATOR_TRY(throughput_check_bounds(asked, err));
    STATOR_TRY(throughput_check_quota(asked, NULL, NULL, index->IndexName, op_region(update->job), err));
    STATOR_TRY(
        throughput_change(&change, index->ProvisionedThroughput, asked, index->IndexName, update->seconds, arena, err));
    settled = update_settled_index(update, index->IndexName);
    warm = ARENA_NEW(arena, struct GlobalSecondaryIndexWarmThroughputDescription);
    if (settled == NULL || warm == NULL)
        return stator_fail_memory(err);
    if (index->WarmThroughput != NULL) { /* follows the highest capacity there ever was */
        *warm = *index->WarmThroughput;
        if (warm->ReadUnitsPerSecond.value < asked->ReadCapacityUnits.value)
            warm->ReadUnitsPerSecond = asked->ReadCapacityUnits;
        if (warm->WriteUnitsPerSecond.value < asked->WriteCapacityUnits.value)
            warm->WriteUnitsPerSecond = asked->WriteCapacityUnits;
        settled->WarmThroughput = warm;
    }
    index->ProvisionedThroughput = change.answered;
    settled->ProvisionedThroughput = change.settled;
    set_updating(update, index);
    return STATOR_OK;
}

static enum stator_rc update_index_warm(struct update *update, struct GlobalSecondaryIndexDescription *index,
                                        const struct WarmThroughput *asked, struct stator_error *err)
{
    const struct GlobalSecondaryIndexWarmThroughputDescription *warm = index->WarmThroughput;
    struct TableWarmThroughputDescription now = {.Status = API_ENUM(TableStatus_ACTIVE)};
    const struct TableWarmThroughputDescription *next;
    struct GlobalSecondaryIndexWarmThroughputDescription *warming;
    struct GlobalSecondaryIndexDescription *settled = update_settled_index(update, index->IndexName);
    struct arena *arena = &update->job->arena;

    if (warm != NULL) {
        now.ReadUnitsPerSecond = warm->ReadUnitsPerSecond;
        now.WriteUnitsPerSecond = warm->WriteUnitsPerSecond;
    }
    STATOR_TRY(throughput_change_warm(&next, &now, asked, index->IndexName, arena, err));
    STATOR_TRY(throughput_check_quota(NULL, NULL, asked, index->IndexName, op_region(update->job), err));
    warming = ARENA_NEW(arena, struct GlobalSecondaryIndexWarmThroughputDescription);
    if (settled == NULL || warming == NULL)
        return stator_fail_memory(err);
    if (warm != NULL)
        *warming = *warm;
    warming->Status = API_ENUM(IndexStatus_UPDATING);
    settled->WarmThroughput = throughput_index_warm(next, arena);
    if (settled->WarmThroughput == NULL)
        return stator_fail_memory(err);
    index->WarmThroughput = warming;
    update->kinds |= TRANSITION_WARM;
    return STATOR_OK;
}

static enum stator_rc update_index_on_demand(struct update *update, struct GlobalSecondaryIndexDescription *index,
                                             const struct OnDemandThroughput *asked, struct stator_error *err)
{
    if (!update->on_demand)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "%s for OnDemandThroughput for index : %.*s cannot be specified when the table "
                                   "BillingMode is PROVISIONED",
                           asked->MaxReadRequestUnits.set ? "MaxReadRequestUnits" : "MaxWriteRequestUnits",
                           BYTES_ARG(index->IndexName));
    STATOR_TRY(throughput_check_on_demand(asked, index->IndexName, true, err));
    STATOR_TRY(throughput_check_quota(NULL, asked, NULL, index->IndexName, op_region(update->job), err));
    if (!throughput_merge_on_demand(&index->OnDemandThroughput, index->OnDemandThroughput, asked, false,
                                    &update->job->arena))
        return stator_fail_memory(err);
    set_updating(update, index);
    return STATOR_OK;
}

static enum stator_rc update_index(struct update *update, const struct UpdateGlobalSecondaryIndexAction *action,
                                   struct stator_error *err)
{
    bool becomes_on_demand = update->in->BillingMode.value == BillingMode_PAY_PER_REQUEST;
    bool switches = update->on_demand && update->in->ProvisionedThroughput != NULL;
    bool others = update_has_on_demand(action->OnDemandThroughput) || update_has_warm(action->WarmThroughput);
    struct GlobalSecondaryIndexDescription *index;

    STATOR_TRY(find_index(&index, update, action->IndexName, "update", err));
    if (switches) /* its new throughput came with the switch of the billing mode */
        return STATOR_OK;
    if ((update->on_demand || becomes_on_demand) && (action->ProvisionedThroughput != NULL || !others))
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID
                           "The only Updates for index: %.*s when TableThroughputMode is PAY_PER_REQUEST can be "
                           "to OnDemandThroughput, WarmThroughput",
                           BYTES_ARG(action->IndexName));
    if (action->ProvisionedThroughput == NULL && !others)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: %.*s",
                           BYTES_ARG(action->IndexName));
    STATOR_TRY(check_update_status(update, index, err));
    if (action->ProvisionedThroughput != NULL)
        STATOR_TRY(update_provisioned(update, index, action->ProvisionedThroughput, err));
    if (update_has_on_demand(action->OnDemandThroughput))
        STATOR_TRY(update_index_on_demand(update, index, action->OnDemandThroughput, err));
    if (update_has_warm(action->WarmThroughput))
        STATOR_TRY(update_index_warm(update, index, action->WarmThroughput, err));
    return STATOR_OK;
}

/* --- Delete ------------------------------------------------------------------------------------------------------- */

static enum stator_rc delete_index(struct update *update, struct bytes name, struct stator_error *err)
{
    struct GlobalSecondaryIndexDescription *index;

    STATOR_TRY(find_index(&index, update, name, "delete", err));
    if (index->IndexStatus.value == IndexStatus_DELETING)
        return in_use(update, name, "Index is being deleted.", err);
    if (index->IndexStatus.value == IndexStatus_CREATING && index->Backfilling != API_TRUE)
        return in_use(update, name,
                      "Index creation is in resource allocation phase. Retry deletion during backfilling phase or when "
                      "the index is active.",
                      err);
    index->IndexStatus = API_ENUM(IndexStatus_DELETING);
    index->Backfilling = API_ABSENT;
    update->draft->TableStatus = API_ENUM(TableStatus_UPDATING);
    update->kinds |= TRANSITION_INDEXES;
    return STATOR_OK;
}

/* --- Create ------------------------------------------------------------------------------------------------------- */

static enum stator_rc check_create_throughput(const struct update *update,
                                              const struct CreateGlobalSecondaryIndexAction *create, bool on_demand,
                                              struct stator_error *err)
{
    const struct GlobalSecondaryIndex as_new = {.IndexName = create->IndexName,
                                                .ProvisionedThroughput = create->ProvisionedThroughput,
                                                .OnDemandThroughput = create->OnDemandThroughput,
                                                .WarmThroughput = create->WarmThroughput};

    if (on_demand && create->ProvisionedThroughput != NULL)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: %.*s "
                                   "when BillingMode is PAY_PER_REQUEST",
                           BYTES_ARG(create->IndexName));
    if (!on_demand && create->ProvisionedThroughput == NULL)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: %.*s",
                           BYTES_ARG(create->IndexName));
    STATOR_TRY(throughput_check_new_index(on_demand, &as_new, err));
    return throughput_check_quota(create->ProvisionedThroughput, create->OnDemandThroughput, create->WarmThroughput,
                                  create->IndexName, op_region(update->job), err);
}

static bool has_key(const struct KeySchema *schema, struct bytes name)
{
    for (size_t i = 0; i < schema->count; i++)
        if (bytes_equal(schema->at[i].AttributeName, name))
            return true;
    return false;
}

/* The request's definitions and those of the table that it does not repeat, which are the ones that hold. */
static bool join_definitions(struct AttributeDefinitions *out, const struct update *update)
{
    const struct AttributeDefinitions *asked = &update->in->AttributeDefinitions;
    const struct AttributeDefinitions *there = &update->now->AttributeDefinitions;
    struct AttributeDefinition *all =
        ARENA_ARRAY(&update->job->arena, struct AttributeDefinition, asked->count + there->count);
    size_t count = 0;

    if (all == NULL)
        return false;
    for (size_t i = 0; i < there->count; i++)
        all[count++] = there->at[i];
    for (size_t i = 0; i < asked->count; i++)
        if (table_schema_definition(there, asked->at[i].AttributeName) == NULL)
            all[count++] = asked->at[i];
    *out = (struct AttributeDefinitions)API_LIST(all, count);
    return true;
}

/* "Schema:[SchemaElement: key{g:S:HASH}, SchemaElement: key{h:N:RANGE}]", as the service prints keys in messages. Types
 * are those of `first`, then of `second`. */
static void append_schema(struct buf *out, const struct KeySchema *schema, const struct AttributeDefinitions *first,
                          const struct AttributeDefinitions *second)
{
    buf_append_literal(out, "Schema:[");
    for (size_t i = 0; i < schema->count; i++) {
        struct bytes name = schema->at[i].AttributeName;
        const struct AttributeDefinition *definition = table_schema_definition(first, name);
        struct bytes type, kind = message_enum_text(KeyType, schema->at[i].KeyType.value);

        if (definition == NULL)
            definition = table_schema_definition(second, name);
        type = message_enum_text(ScalarAttributeType, definition->AttributeType.value);
        buf_printf(out, "%sSchemaElement: key{%.*s:%.*s:%.*s}", i == 0 ? "" : ", ", BYTES_ARG(name), BYTES_ARG(type),
                   BYTES_ARG(kind));
    }
    buf_append_byte(out, ']');
}

/* The first key, of the table or of an index, that the attribute is part of. */
static const struct KeySchema *schema_with(const struct TableDescription *now, struct bytes name)
{
    if (has_key(&now->KeySchema, name))
        return &now->KeySchema;
    for (size_t i = 0; i < now->LocalSecondaryIndexes.count; i++)
        if (has_key(&now->LocalSecondaryIndexes.at[i].KeySchema, name))
            return &now->LocalSecondaryIndexes.at[i].KeySchema;
    for (size_t i = 0; i < now->GlobalSecondaryIndexes.count; i++)
        if (has_key(&now->GlobalSecondaryIndexes.at[i].KeySchema, name))
            return &now->GlobalSecondaryIndexes.at[i].KeySchema;
    return &now->KeySchema;
}

static enum stator_rc fail_redefined(const struct update *update, const struct KeySchema *schema, struct bytes name,
                                     struct stator_error *err)
{
    const struct AttributeDefinitions *asked = &update->in->AttributeDefinitions;
    const struct AttributeDefinitions *there = &update->now->AttributeDefinitions;
    struct buf text;
    enum stator_rc rc;

    buf_init(&text, STATOR_ERROR_MESSAGE_MAX);
    buf_append_literal(&text, "Existing schema: ");
    append_schema(&text, schema_with(update->now, name), there, there);
    buf_append_literal(&text, " New schema: ");
    append_schema(&text, schema, asked, there);
    rc = stator_fail(err, STATOR_VALIDATION,
                     INVALID "Attributes cannot be redefined. Please check that your attribute has the same type as "
                             "previously defined. %.*s",
                     BYTES_ARG(buf_bytes(&text)));
    buf_deinit(&text);
    return rc;
}

/* The type of an attribute that is a key of the table or of an index cannot change. All of the schema are defined. */
static enum stator_rc check_types(const struct update *update, const struct KeySchema *schema, struct stator_error *err)
{
    for (size_t i = 0; i < schema->count; i++) {
        struct bytes name = schema->at[i].AttributeName;
        const struct AttributeDefinition *asked = table_schema_definition(&update->in->AttributeDefinitions, name);
        const struct AttributeDefinition *there = table_schema_definition(&update->now->AttributeDefinitions, name);

        if (asked != NULL && there != NULL && asked->AttributeType.value != there->AttributeType.value)
            return fail_redefined(update, schema, name, err);
    }
    return STATOR_OK;
}

/* Keeps the definitions of attributes that are keys of the draft. */
static bool keep_used(struct TableDescription *draft, const struct AttributeDefinitions *definitions,
                      const struct KeySchema *added, struct arena *arena)
{
    struct AttributeDefinition *kept = ARENA_ARRAY(arena, struct AttributeDefinition, definitions->count);
    size_t count = 0;

    if (kept == NULL)
        return false;
    for (size_t i = 0; i < definitions->count; i++) {
        struct bytes name = definitions->at[i].AttributeName;
        bool used = table_schema_definition(&draft->AttributeDefinitions, name) != NULL;

        if (used || has_key(added, name))
            kept[count++] = definitions->at[i];
    }
    draft->AttributeDefinitions = (struct AttributeDefinitions)API_LIST(kept, count);
    return table_schema_sort_definitions(&draft->AttributeDefinitions, arena);
}

static bool append_index(struct update *update, const struct CreateGlobalSecondaryIndexAction *create)
{
    struct GlobalSecondaryIndexDescriptionList *list = &update->draft->GlobalSecondaryIndexes;
    struct arena *arena = &update->job->arena;
    struct GlobalSecondaryIndexDescription *indexes =
        ARENA_ARRAY(arena, struct GlobalSecondaryIndexDescription, list->count + 1);
    struct GlobalSecondaryIndexDescription *index, *settled = update_settled_index(update, create->IndexName);

    if (indexes == NULL || settled == NULL)
        return false;
    if (list->count != 0)
        memcpy(indexes, list->at, list->count * sizeof(*indexes));
    index = &indexes[list->count];
    index->IndexName = create->IndexName;
    index->KeySchema = create->KeySchema;
    index->Projection = create->Projection;
    index->IndexStatus = API_ENUM(IndexStatus_CREATING);
    index->Backfilling = API_FALSE;
    index->ProvisionedThroughput = throughput_describe(create->ProvisionedThroughput, arena);
    index->IndexArn = OPTIONS_JOIN(arena, update->draft->TableArn, BYTES("/index/"), create->IndexName);
    if (update_has_on_demand(create->OnDemandThroughput))
        index->OnDemandThroughput = create->OnDemandThroughput;
    settled->WarmThroughput = throughput_index_warm(
        throughput_describe_warm(create->ProvisionedThroughput, create->WarmThroughput, arena), arena);
    *list = (struct GlobalSecondaryIndexDescriptionList)API_LIST(indexes, list->count + 1);
    return table_schema_sort_projection(&index->Projection, arena) && index->ProvisionedThroughput != NULL &&
           bytes_present(index->IndexArn) && settled->WarmThroughput != NULL;
}

static enum stator_rc create_index(struct update *update, const struct CreateGlobalSecondaryIndexAction *create,
                                   struct stator_error *err)
{
    bool on_demand = update->in->BillingMode.value != 0 ? update->in->BillingMode.value == BillingMode_PAY_PER_REQUEST
                                                        : update->on_demand;
    const struct GlobalSecondaryIndexDescription *there = description_index(update->draft, create->IndexName);
    struct AttributeDefinitions definitions;

    if (there != NULL && there->IndexStatus.value == IndexStatus_DELETING)
        return in_use(update, create->IndexName, "Index is being deleted.", err);
    if (table_index(update->table, create->IndexName) != NULL)
        return stator_fail(err, STATOR_VALIDATION, "Attempting to create an index which already exists");
    if (!join_definitions(&definitions, update))
        return stator_fail_memory(err);
    STATOR_TRY(table_schema_check_index(create, &definitions, &update->job->arena, err));
    STATOR_TRY(check_types(update, &create->KeySchema, err));
    STATOR_TRY(check_create_throughput(update, create, on_demand, err));
    if (update->draft->GlobalSecondaryIndexes.count >= TABLE_GLOBAL_INDEXES_MAX)
        return stator_fail(
            err, STATOR_LIMIT_EXCEEDED,
            "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of %d",
            TABLE_GLOBAL_INDEXES_MAX);
    if (!append_index(update, create) ||
        !keep_used(update->draft, &definitions, &create->KeySchema, &update->job->arena))
        return stator_fail_memory(err);
    update->draft->TableStatus = API_ENUM(TableStatus_UPDATING);
    update->kinds |= TRANSITION_INDEXES;
    return STATOR_OK;
}

enum stator_rc update_indexes(struct update *update, struct stator_error *err)
{
    const struct GlobalSecondaryIndexUpdateList *updates = &update->in->GlobalSecondaryIndexUpdates;

    STATOR_TRY(check_one_online(update, err));
    STATOR_TRY(check_blocked(update, err));
    for (size_t i = 0; i < updates->count; i++) {
        if (updates->at[i].Update != NULL)
            STATOR_TRY(update_index(update, updates->at[i].Update, err));
        else if (updates->at[i].Delete != NULL)
            STATOR_TRY(delete_index(update, updates->at[i].Delete->IndexName, err));
        else
            STATOR_TRY(create_index(update, updates->at[i].Create, err));
    }
    return STATOR_OK;
}
