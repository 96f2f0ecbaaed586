/* SPDX-License-Identifier: Apache-2.0 */
/* What the service refuses because of the state a table is in. Admission is by member, not by status: deletion
 * protection and warm throughput may always change, the table's throughput only when it is quiet. */
#include "op/update_table.h"

static enum stator_rc busy(struct stator_error *err, const char *text, struct bytes table)
{
    return stator_fail(err, STATOR_RESOURCE_IN_USE, TABLE_IN_USE "%s%.*s", text, BYTES_ARG(table));
}

/* "... Table: t Stream: 2026-11-21T02:03:04.567 Operation: ENABLE" */
static enum stator_rc busy_stream(const struct update *update, const char *text, struct stator_error *err)
{
    const struct StreamSpecification *stream = update->now->StreamSpecification;

    return stator_fail(err, STATOR_RESOURCE_IN_USE, TABLE_IN_USE "%s Table: %.*s Stream: %.*s Operation: %s", text,
                       BYTES_ARG(update->table->name), BYTES_ARG(update->now->LatestStreamLabel),
                       stream != NULL && stream->StreamEnabled == API_TRUE ? "ENABLE" : "DISABLE");
}

static enum stator_rc busy_class(const struct update *update, const char *text, struct stator_error *err)
{
    const struct TableDescription *settled = update->table->extras->transition.settled;
    const struct TableClassSummary *class = settled != NULL ? settled->TableClassSummary : NULL;

    return stator_fail(err, STATOR_RESOURCE_IN_USE,
                       TABLE_IN_USE "%s when a table class update is in progress. Table: %.*s "
                                    "TableClassUpdateInProgress: %s",
                       text, BYTES_ARG(update->table->name),
                       class != NULL && class->TableClass.value == TableClass_STANDARD_INFREQUENT_ACCESS
                           ? "STANDARD_INFREQUENT_ACCESS"
                           : "STANDARD");
}

/* The first index that is being created and not yet backfilled, or is being deleted. */
static const struct GlobalSecondaryIndexDescription *occupying_index(const struct update *update)
{
    for (size_t i = 0; i < update->now->GlobalSecondaryIndexes.count; i++) {
        const struct GlobalSecondaryIndexDescription *index = &update->now->GlobalSecondaryIndexes.at[i];

        if (index->IndexStatus.value == IndexStatus_DELETING ||
            (index->IndexStatus.value == IndexStatus_CREATING && index->Backfilling == API_FALSE))
            return index;
    }
    return NULL;
}

static enum stator_rc busy_index(const struct update *update, const char *what,
                                 const struct GlobalSecondaryIndexDescription *index, struct stator_error *err)
{
    return stator_fail(err, STATOR_RESOURCE_IN_USE,
                       TABLE_IN_USE "Can't change %s when an index is being %s. Table: %.*s Indexes: [%.*s]", what,
                       index->IndexStatus.value == IndexStatus_DELETING ? "deleted" : "created",
                       BYTES_ARG(update->table->name), BYTES_ARG(index->IndexName));
}

static enum stator_rc check_iops(const struct update *update, unsigned under_way, struct stator_error *err)
{
    const struct GlobalSecondaryIndexDescription *index = occupying_index(update);

    if ((under_way & TRANSITION_IOPS) != 0)
        return busy(err, "Table IOPS are currently being updated. Table: ", update->table->name);
    if ((under_way & TRANSITION_STREAM) != 0)
        return busy_stream(update, "Can't change table IOPS when stream status is being updated.", err);
    if ((under_way & TRANSITION_CLASS) != 0)
        return busy_class(update, "Can't change table IOPS", err);
    if (index != NULL)
        return busy_index(update, "table IOPS", index, err);
    return STATOR_OK;
}

static enum stator_rc check_stream(const struct update *update, unsigned under_way, struct stator_error *err)
{
    const struct GlobalSecondaryIndexDescription *index = occupying_index(update);

    if ((under_way & TRANSITION_IOPS) != 0)
        return busy(err,
                    "Can't enable or disable stream while table IOPS are being updated. Table: ", update->table->name);
    if ((under_way & TRANSITION_STREAM) != 0)
        return busy_stream(update, "A stream status change is currently in progress.", err);
    if ((under_way & TRANSITION_CLASS) != 0)
        return busy_class(update, "Can't change stream status", err);
    if (index != NULL)
        return busy_index(update, "stream status", index, err);
    return STATOR_OK;
}

static enum stator_rc check_class(const struct update *update, unsigned under_way, struct stator_error *err)
{
    if ((under_way & TRANSITION_CLASS) != 0)
        return busy_class(update, "Can't update table class", err);
    if ((under_way & TRANSITION_STREAM) != 0)
        return busy_stream(update, "Can't update table class when stream status is being updated.", err);
    if ((under_way & TRANSITION_IOPS) != 0)
        return busy(err, "Can't update table class while table IOPS are being updated. Table: ", update->table->name);
    return STATOR_OK;
}

static enum stator_rc check_on_demand(const struct update *update, unsigned under_way, struct stator_error *err)
{
    const struct GlobalSecondaryIndexDescription *index = occupying_index(update);

    if ((under_way & TRANSITION_IOPS) != 0)
        return busy(err, "OnDemandThroughput cannot be updated while BillingMode update is in progress", BYTES(""));
    if ((under_way & TRANSITION_STREAM) != 0)
        return busy(err, "OnDemandThroughput cannot be updated while stream status update is in progress", BYTES(""));
    if ((under_way & TRANSITION_CLASS) != 0)
        return busy(err, "OnDemandThroughput cannot be updated while TableClass update is in progress", BYTES(""));
    if (index != NULL)
        return stator_fail(err, STATOR_RESOURCE_IN_USE,
                           TABLE_IN_USE "OnDemandThroughput cannot be updated while index %s is in progress for "
                                        "indexes: [%.*s]",
                           index->IndexStatus.value == IndexStatus_DELETING ? "deletion" : "creation",
                           BYTES_ARG(index->IndexName));
    return STATOR_OK;
}

/* Creating or deleting an index. */
static enum stator_rc check_index_set(const struct update *update, unsigned under_way, struct stator_error *err)
{
    if ((under_way & TRANSITION_IOPS) != 0)
        return busy(err,
                    "Can't create or delete indexes while table IOPS are being updated. Table: ", update->table->name);
    if ((under_way & TRANSITION_STREAM) != 0)
        return busy_stream(update, "Can't create or delete an index when stream status is being updated.", err);
    if ((under_way & TRANSITION_CLASS) != 0)
        return busy_class(update, "Can't create or delete an index", err);
    return STATOR_OK;
}

static bool changes_index_set(const struct UpdateTableInput *in)
{
    for (size_t i = 0; i < in->GlobalSecondaryIndexUpdates.count; i++) {
        if (in->GlobalSecondaryIndexUpdates.at[i].Update == NULL)
            return true;
    }
    return false;
}

enum stator_rc update_check_state(const struct update *update, struct stator_error *err)
{
    const struct UpdateTableInput *in = update->in;
    unsigned under_way = update->table->extras->transition.kinds;

    if (update->table->status == TableStatus_CREATING)
        return busy(err, "Table is being created: ", update->table->name);
    if (update->table->status == TableStatus_DELETING)
        return busy(err, "Table is being deleted: ", update->table->name);
    if (in->ProvisionedThroughput != NULL || in->BillingMode.value != 0)
        STATOR_TRY(check_iops(update, under_way, err));
    if (in->StreamSpecification != NULL)
        STATOR_TRY(check_stream(update, under_way, err));
    if (in->TableClass.value != 0)
        STATOR_TRY(check_class(update, under_way, err));
    if (update_has_on_demand(in->OnDemandThroughput))
        STATOR_TRY(check_on_demand(update, under_way, err));
    if (in->SSESpecification != NULL && (under_way & TRANSITION_SSE) != 0)
        return busy(err, "Server-Side Encryption is still being updated", BYTES(""));
    if (changes_index_set(in))
        STATOR_TRY(check_index_set(update, under_way, err));
    return STATOR_OK;
}
