/* SPDX-License-Identifier: Apache-2.0 */
/* UpdateTimeToLive: the answer tells the request again; DescribeTimeToLive shows how far it is. Enabling makes an expiry
 * index, which writers keep from then on and which is filled for the items that are there, at once in a small table, else
 * by background tasks. Disabling drops it. */
#include "op/engine.h"
#include "op/table_change.h"
#include "task/settle.h"
#include "task/tasks.h"

/* What is on its way is over in the words that what it becomes is told with. */
static bool is_on(const struct time_to_live *ttl)
{
    return ttl->status == TimeToLiveStatus_ENABLING || ttl->status == TimeToLiveStatus_ENABLED;
}

static enum stator_rc check(const struct engine *engine, const struct table *table,
                            const struct TimeToLiveSpecification *asked, uint64_t now_ms, struct stator_error *err)
{
    const struct time_to_live *ttl = &table->extras->ttl;
    bool enable = asked->Enabled == API_TRUE;

    if (table->status == TableStatus_CREATING)
        return stator_fail(err, STATOR_RESOURCE_IN_USE, TABLE_IN_USE "Table %.*s is being created",
                           BYTES_ARG(table->name));
    if (is_on(ttl) && !bytes_equal(ttl->attribute, asked->AttributeName))
        return stator_fail(err, STATOR_VALIDATION,
                           "TimeToLive is active on a different AttributeName: current AttributeName is %.*s",
                           BYTES_ARG(ttl->attribute));
    if (is_on(ttl) == enable)
        return stator_fail(err, STATOR_VALIDATION, "TimeToLive is already %s", enable ? "enabled" : "disabled");
    if (ttl->status == TimeToLiveStatus_DISABLING ||
        (ttl->status != 0 && now_ms < ttl->changed_ms + (uint64_t)engine->options.ttl_cooldown_s * 1000))
        return stator_fail(err, STATOR_VALIDATION,
                           "Time to live has been modified multiple times within a fixed interval");
    return STATOR_OK;
}

static bool drop_index(struct table_extras *extras, struct arena *arena)
{
    uint32_t *dropped = ARENA_ARRAY(arena, uint32_t, extras->dropped_count + 1);

    if (dropped == NULL)
        return false;
    if (extras->dropped_count != 0)
        memcpy(dropped, extras->dropped, extras->dropped_count * sizeof(*dropped));
    dropped[extras->dropped_count++] = extras->ttl.id;
    extras->dropped = dropped;
    extras->ttl.id = 0;
    return true;
}

static enum stator_rc change(struct table_extras *extras, struct engine *engine, struct job *job,
                             const struct TimeToLiveSpecification *asked, uint64_t now_ms)
{
    struct time_to_live *ttl = &extras->ttl;
    bool at_once = engine->options.transition_ms == 0;

    ttl->changed_ms = now_ms;
    ttl->due_ms = now_ms + engine->options.transition_ms;
    if (asked->Enabled == API_TRUE) {
        ttl->status = TimeToLiveStatus_ENABLING;
        ttl->attribute = asked->AttributeName;
        return catalog_new_id(&ttl->id, engine->db.catalog, &job->error);
    }
    ttl->status = at_once ? TimeToLiveStatus_DISABLED : TimeToLiveStatus_DISABLING;
    if (at_once)
        ttl->attribute = (struct bytes){NULL, 0};
    return drop_index(extras, &job->arena) ? STATOR_OK : stator_fail_memory(&job->error);
}

/* The change is stored, so the request has succeeded. Where this fails, background tasks meet what is left. */
static void settle_stored(struct engine *engine, const struct table *previous)
{
    struct table *table = catalog_find(engine->db.catalog, previous->namespace_, previous->name);
    struct stator_error unseen;
    enum stator_rc rc = STATOR_OK;

    if (table != NULL && table->extras->ttl.status == TimeToLiveStatus_ENABLING)
        rc = task_settle_ttl(&engine->db, table, &unseen);
    (void)rc;
    table_release(table);
    tasks_wake(engine->tasks);
}

/* Within a change of the catalog. */
static enum stator_rc update_time_to_live(struct engine *engine, struct job *job)
{
    const struct UpdateTimeToLiveInput *in = job->input;
    struct UpdateTimeToLiveOutput *out = ARENA_NEW(&job->arena, struct UpdateTimeToLiveOutput);
    uint64_t now_ms = (uint64_t)(op_now() * 1000);
    struct table_change change_of;
    struct table *table;

    if (out == NULL)
        return stator_fail_memory(&job->error);
    out->TimeToLiveSpecification = in->TimeToLiveSpecification;
    STATOR_TRY(op_table(&table, engine, job, in->TableName, OP_CONTROL));
    STATOR_TRY(check(engine, table, in->TimeToLiveSpecification, now_ms, &job->error));
    job->output = out;
    if (table->status == TableStatus_DELETING) /* the service says yes, and the table is gone */
        return STATOR_OK;
    change_of = (struct table_change){.previous = table, .draft = table->description, .extras = *table->extras};
    STATOR_TRY(change(&change_of.extras, engine, job, in->TimeToLiveSpecification, now_ms));
    STATOR_TRY(table_change_store(engine, job, &change_of, false));
    if (engine->options.transition_ms == 0)
        settle_stored(engine, table);
    return STATOR_OK;
}

enum stator_rc op_update_time_to_live(struct engine *engine, struct job *job)
{
    enum stator_rc rc;

    if (!job->on_worker)
        return STATOR_AGAIN;
    catalog_change_begin(engine->db.catalog);
    rc = update_time_to_live(engine, job);
    catalog_change_end(engine->db.catalog);
    return rc;
}
