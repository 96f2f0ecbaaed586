/* SPDX-License-Identifier: Apache-2.0 */
#include "op/engine.h"

/* What was once enabled is forgotten: a table that is DISABLED names no attribute. */
static struct TimeToLiveDescription *describe(const struct time_to_live *ttl, struct arena *arena)
{
    struct TimeToLiveDescription *out = ARENA_NEW(arena, struct TimeToLiveDescription);

    if (out == NULL)
        return NULL;
    out->TimeToLiveStatus = API_ENUM(ttl->status != 0 ? ttl->status : TimeToLiveStatus_DISABLED);
    if (bytes_present(ttl->attribute))
        out->AttributeName = arena_copy(arena, ttl->attribute);
    return out;
}

static enum stator_rc make_output(struct job *job, const struct table *table)
{
    struct DescribeTimeToLiveOutput *out = ARENA_NEW(&job->arena, struct DescribeTimeToLiveOutput);
    const char *state = table->status == TableStatus_CREATING   ? "CREATING"
                        : table->status == TableStatus_DELETING ? "DELETING"
                                                                : NULL;

    if (state != NULL)
        return stator_fail(&job->error, STATOR_VALIDATION,
                           "Cannot describe time to live while table is in %s state: Current table state is %s", state,
                           state);
    if (out == NULL)
        return stator_fail_memory(&job->error);
    out->TimeToLiveDescription = describe(&table->extras->ttl, &job->arena);
    job->output = out;
    return STATOR_OK;
}

enum stator_rc op_describe_time_to_live(struct engine *engine, struct job *job)
{
    const struct DescribeTimeToLiveInput *in = job->input;
    struct table *table;

    STATOR_TRY(op_table(&table, engine, job, in->TableName, OP_CONTROL));
    return make_output(job, table);
}
