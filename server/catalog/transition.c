/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/transition.h"

struct TableDescription *description_draft(const struct TableDescription *description, struct arena *arena)
{
    struct TableDescription *draft = ARENA_NEW(arena, struct TableDescription);
    size_t count = description->GlobalSecondaryIndexes.count;
    struct GlobalSecondaryIndexDescription *indexes;

    if (draft == NULL)
        return NULL;
    *draft = *description;
    if (count == 0)
        return draft;
    indexes = ARENA_ARRAY(arena, struct GlobalSecondaryIndexDescription, count);
    if (indexes == NULL)
        return NULL;
    memcpy(indexes, description->GlobalSecondaryIndexes.at, count * sizeof(*indexes));
    draft->GlobalSecondaryIndexes.at = indexes;
    return draft;
}

struct GlobalSecondaryIndexDescription *description_index(const struct TableDescription *description, struct bytes name)
{
    for (size_t i = 0; i < description->GlobalSecondaryIndexes.count; i++) {
        const struct GlobalSecondaryIndexDescription *index = &description->GlobalSecondaryIndexes.at[i];

        if (bytes_equal(index->IndexName, name))
            return (struct GlobalSecondaryIndexDescription *)(uintptr_t)index;
    }
    return NULL;
}

bool description_has_index_in(const struct TableDescription *description, enum IndexStatus status)
{
    for (size_t i = 0; i < description->GlobalSecondaryIndexes.count; i++) {
        if (description->GlobalSecondaryIndexes.at[i].IndexStatus.value == (int)status)
            return true;
    }
    return false;
}

static bool schema_uses(const struct KeySchema *schema, struct bytes name)
{
    for (size_t i = 0; i < schema->count; i++) {
        if (bytes_equal(schema->at[i].AttributeName, name))
            return true;
    }
    return false;
}

static bool attribute_used(const struct TableDescription *description, struct bytes name)
{
    if (schema_uses(&description->KeySchema, name))
        return true;
    for (size_t i = 0; i < description->LocalSecondaryIndexes.count; i++) {
        if (schema_uses(&description->LocalSecondaryIndexes.at[i].KeySchema, name))
            return true;
    }
    for (size_t i = 0; i < description->GlobalSecondaryIndexes.count; i++) {
        if (schema_uses(&description->GlobalSecondaryIndexes.at[i].KeySchema, name))
            return true;
    }
    return false;
}

static bool prune_attributes(struct TableDescription *description, struct arena *arena)
{
    size_t count = 0;
    struct AttributeDefinition *kept =
        ARENA_ARRAY(arena, struct AttributeDefinition, description->AttributeDefinitions.count);

    if (kept == NULL)
        return false;
    for (size_t i = 0; i < description->AttributeDefinitions.count; i++) {
        const struct AttributeDefinition *definition = &description->AttributeDefinitions.at[i];

        if (attribute_used(description, definition->AttributeName))
            kept[count++] = *definition;
    }
    description->AttributeDefinitions.at = kept;
    description->AttributeDefinitions.count = count;
    return true;
}

/* The next status of one index; false when it is gone. */
static bool settle_index(struct GlobalSecondaryIndexDescription *index,
                         const struct GlobalSecondaryIndexDescription *change)
{
    switch (index->IndexStatus.value) {
    case IndexStatus_DELETING:
        return false;
    case IndexStatus_CREATING:
        if (index->Backfilling == API_ABSENT)
            index->IndexStatus = API_ENUM(IndexStatus_ACTIVE);
        else
            index->Backfilling = API_TRUE;
        break;
    case IndexStatus_UPDATING:
        index->IndexStatus = API_ENUM(IndexStatus_ACTIVE);
        break;
    default:
        break;
    }
    if (change == NULL)
        return true;
    if (change->ProvisionedThroughput != NULL)
        index->ProvisionedThroughput = change->ProvisionedThroughput;
    if (change->WarmThroughput != NULL)
        index->WarmThroughput = change->WarmThroughput;
    return true;
}

static void settle_indexes(struct TableDescription *draft, const struct TableDescription *settled)
{
    struct GlobalSecondaryIndexDescription *indexes =
        (struct GlobalSecondaryIndexDescription *)(uintptr_t)draft->GlobalSecondaryIndexes.at;
    size_t count = 0;

    for (size_t i = 0; i < draft->GlobalSecondaryIndexes.count; i++) {
        const struct GlobalSecondaryIndexDescription *change =
            settled != NULL ? description_index(settled, indexes[i].IndexName) : NULL;

        if (settle_index(&indexes[i], change))
            indexes[count++] = indexes[i];
    }
    draft->GlobalSecondaryIndexes.count = count;
    if (count == 0)
        draft->GlobalSecondaryIndexes.set = false;
}

static void settle_members(struct TableDescription *draft, const struct TableDescription *settled)
{
    if (settled->ProvisionedThroughput != NULL)
        draft->ProvisionedThroughput = settled->ProvisionedThroughput;
    if (settled->BillingModeSummary != NULL)
        draft->BillingModeSummary = settled->BillingModeSummary;
    if (settled->WarmThroughput != NULL)
        draft->WarmThroughput = settled->WarmThroughput;
    if (settled->TableClassSummary != NULL)
        draft->TableClassSummary = settled->TableClassSummary;
    if (settled->SSEDescription != NULL)
        draft->SSEDescription =
            settled->SSEDescription->Status.value == SSEStatus_DISABLED ? NULL : settled->SSEDescription;
}

struct TableDescription *transition_settle(const struct TableDescription *now, const struct transition *transition,
                                           struct arena *arena)
{
    struct TableDescription *draft = description_draft(now, arena);
    size_t before = now->GlobalSecondaryIndexes.count;

    if (draft == NULL)
        return NULL;
    if (draft->TableStatus.value == TableStatus_CREATING || draft->TableStatus.value == TableStatus_UPDATING)
        draft->TableStatus = API_ENUM(TableStatus_ACTIVE);
    if (transition->settled != NULL)
        settle_members(draft, transition->settled);
    settle_indexes(draft, transition->settled);
    if (draft->StreamSpecification != NULL && draft->StreamSpecification->StreamEnabled != API_TRUE)
        draft->StreamSpecification = NULL;
    if (draft->GlobalSecondaryIndexes.count != before && !prune_attributes(draft, arena))
        return NULL;
    return draft;
}

/* The indexes named in either; what `later` says of one wins, member by member. */
static bool merge_indexes(struct TableDescription *out, const struct TableDescription *later, struct arena *arena)
{
    size_t count = out->GlobalSecondaryIndexes.count;
    struct GlobalSecondaryIndexDescription *indexes =
        ARENA_ARRAY(arena, struct GlobalSecondaryIndexDescription, count + later->GlobalSecondaryIndexes.count);

    if (indexes == NULL)
        return false;
    if (count != 0)
        memcpy(indexes, out->GlobalSecondaryIndexes.at, count * sizeof(*indexes));
    out->GlobalSecondaryIndexes.at = indexes;
    for (size_t i = 0; i < later->GlobalSecondaryIndexes.count; i++) {
        const struct GlobalSecondaryIndexDescription *change = &later->GlobalSecondaryIndexes.at[i];
        struct GlobalSecondaryIndexDescription *there = description_index(out, change->IndexName);

        if (there == NULL) {
            there = &indexes[count++];
            there->IndexName = change->IndexName;
            out->GlobalSecondaryIndexes.count = count;
        }
        if (change->ProvisionedThroughput != NULL)
            there->ProvisionedThroughput = change->ProvisionedThroughput;
        if (change->WarmThroughput != NULL)
            there->WarmThroughput = change->WarmThroughput;
    }
    out->GlobalSecondaryIndexes.set = count != 0;
    return true;
}

bool transition_merge(struct transition *out, const struct transition *under_way, const struct transition *later,
                      struct arena *arena)
{
    struct TableDescription *settled;

    out->kinds = under_way->kinds | later->kinds;
    out->due_ms = later->due_ms > under_way->due_ms ? later->due_ms : under_way->due_ms;
    out->settled = later->settled != NULL ? later->settled : under_way->settled;
    if (under_way->settled == NULL || later->settled == NULL)
        return true;
    settled = description_draft(under_way->settled, arena);
    if (settled == NULL)
        return false;
    if (later->settled->ProvisionedThroughput != NULL)
        settled->ProvisionedThroughput = later->settled->ProvisionedThroughput;
    if (later->settled->BillingModeSummary != NULL)
        settled->BillingModeSummary = later->settled->BillingModeSummary;
    if (later->settled->WarmThroughput != NULL)
        settled->WarmThroughput = later->settled->WarmThroughput;
    if (later->settled->TableClassSummary != NULL)
        settled->TableClassSummary = later->settled->TableClassSummary;
    if (later->settled->SSEDescription != NULL)
        settled->SSEDescription = later->settled->SSEDescription;
    out->settled = settled;
    return merge_indexes(settled, later->settled, arena);
}
