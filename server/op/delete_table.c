/* SPDX-License-Identifier: Apache-2.0 */
/* DeleteTable: the table becomes DELETING; it and its items are gone for the next request, or after --transition-ms.
 * What is erased is a range of keys, so a table of any size goes at once. */
#include "op/engine.h"
#include "op/table_change.h"

static enum stator_rc in_use(struct stator_error *err, const char *before, struct bytes name, const char *after)
{
    return stator_fail(err, STATOR_RESOURCE_IN_USE, TABLE_IN_USE "%s%.*s%s", before, BYTES_ARG(name), after);
}

static enum stator_rc check(const struct table *table, struct stator_error *err)
{
    const struct TableDescription *description = table->description;
    unsigned under_way = table->extras->transition.kinds;

    if (table->status == TableStatus_CREATING)
        return in_use(err, "Table is being created: ", table->name, "");
    if (table->status == TableStatus_DELETING)
        return in_use(err, "Table is being deleted: ", table->name, "");
    if (description->DeletionProtectionEnabled == API_TRUE)
        return stator_fail(err, STATOR_VALIDATION,
                           "Resource cannot be deleted as it is currently protected against deletion. Disable deletion "
                           "protection first.");
    if (description_has_index_in(description, IndexStatus_CREATING) ||
        description_has_index_in(description, IndexStatus_UPDATING) ||
        description_has_index_in(description, IndexStatus_DELETING))
        return stator_fail(err, STATOR_RESOURCE_IN_USE,
                           TABLE_IN_USE "Cannot delete table while indexes are being created, updated, or deleted.");
    if ((under_way & TRANSITION_STREAM) != 0)
        return stator_fail(err, STATOR_RESOURCE_IN_USE,
                           TABLE_IN_USE "Cannot delete table while stream is being enabled/disabled.");
    if (under_way != 0)
        return in_use(err, "Table: ", table->name, " is in the process of being updated.");
    return STATOR_OK;
}

/* The service answers without keys, attributes and indexes. */
static const struct TableDescription *answer(struct engine *engine, const struct table *table, struct arena *arena)
{
    struct TableDescription *out = table_describe(engine, table->description, table, op_now(), arena);

    if (out == NULL)
        return NULL;
    out->TableStatus = API_ENUM(TableStatus_DELETING);
    out->AttributeDefinitions = (struct AttributeDefinitions){0};
    out->KeySchema = (struct KeySchema){0};
    out->LocalSecondaryIndexes = (struct LocalSecondaryIndexDescriptionList){0};
    out->GlobalSecondaryIndexes = (struct GlobalSecondaryIndexDescriptionList){0};
    out->WarmThroughput = NULL;
    out->CreationDateTime = (struct api_double){0};
    return out;
}

/* Within a change of the catalog. */
static enum stator_rc delete_table(struct engine *engine, struct job *job)
{
    const struct DeleteTableInput *in = job->input;
    struct DeleteTableOutput *out = ARENA_NEW(&job->arena, struct DeleteTableOutput);
    struct TableDescription *draft;
    struct table_change change;
    struct table *table;

    if (out == NULL)
        return stator_fail_memory(&job->error);
    STATOR_TRY(op_table(&table, engine, job, in->TableName, OP_CONTROL));
    STATOR_TRY(check(table, &job->error));
    draft = description_draft(table->description, &job->arena);
    out->TableDescription = answer(engine, table, &job->arena);
    if (draft == NULL || out->TableDescription == NULL)
        return stator_fail_memory(&job->error);
    draft->TableStatus = API_ENUM(TableStatus_DELETING);
    change = (struct table_change){.previous = table, .draft = draft, .extras = *table->extras};
    change.extras.transition = (struct transition){.kinds = TRANSITION_DELETE};
    job->output = out;
    return table_change_store(engine, job, &change, true);
}

enum stator_rc op_delete_table(struct engine *engine, struct job *job)
{
    enum stator_rc rc;

    if (!job->on_worker)
        return STATOR_AGAIN;
    catalog_change_begin(engine->db.catalog);
    rc = delete_table(engine, job);
    catalog_change_end(engine->db.catalog);
    return rc;
}
