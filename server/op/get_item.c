/* SPDX-License-Identifier: Apache-2.0 */
#include "op/request.h"
#include "op/throttle.h"
#include "plan/attribute.h"
#include "plan/key.h"
#include "plan/legacy.h"
#include "table/read.h"

struct progress {
    struct table *table;
    struct read_result read;
};

static void release_pin(void *pinned)
{
    store_release(pinned);
}

/* Everything that needs no table, in the service's order. */
static enum stator_rc check(const struct GetItemInput *in, struct wording_voice voice, struct stator_error *err)
{
    const struct request_member legacy[] = {{"AttributesToGet", in->AttributesToGet.set}};
    const struct request_member expressions[] = {{"ProjectionExpression", bytes_present(in->ProjectionExpression)}};

    const struct request_members members = {legacy, expressions, 1, 1, &in->ExpressionAttributeNames, NULL};

    STATOR_TRY(request_check_members(&members, voice, err));
    return attribute_check_item(&in->Key, voice.layer, err);
}

static double units_of(const struct progress *progress, const struct GetItemInput *in)
{
    const struct read_result *read = &progress->read;

    return request_read_units(read->exists ? read->item.size_bytes : 0, in->ConsistentRead == API_TRUE);
}

static enum stator_rc answer(struct job *job, const struct progress *progress, const struct projection *projection)
{
    const struct GetItemInput *in = job->input;
    const struct read_result *read = &progress->read;
    struct GetItemOutput *out = ARENA_NEW(&job->arena, struct GetItemOutput);
    struct item_source_stored source;

    if (out == NULL)
        return stator_fail_memory(&job->error);
    if (read->exists && projection == NULL) {
        out->Item = stored_item_answer(&read->item);
    } else if (read->exists) {
        if (!item_source_stored_init(&source, &read->item, &job->arena))
            return stator_fail_memory(&job->error);
        STATOR_TRY(projection_apply(&out->Item, projection, &source.source, &job->arena, &job->error));
        out->Item.set = true;
    }
    out->ConsumedCapacity = request_read_capacity(&in->ReturnConsumedCapacity, progress->table, &progress->table->base,
                                                  units_of(progress, in), 0, &job->arena);
    job->output = out;
    return STATOR_OK;
}

static enum stator_rc read_item(struct progress *progress, struct engine *engine, struct job *job,
                                const struct projection *projection)
{
    const struct GetItemInput *in = job->input;

    struct throttle_use use;

    STATOR_TRY(key_check(progress->table, &in->Key, &job->error));
    STATOR_TRY(key_check_paths(progress->table, projection, NULL, &job->error));
    use = throttle_use_of_item(engine, progress->table, CAPACITY_READ, &in->Key);
    STATOR_TRY(throttle_admit(engine, job, &use));
    STATOR_TRY(table_get(&engine->db, progress->table, &in->Key, job->on_worker, &progress->read, &job->error));
    if (progress->read.exists &&
        !expr_budget_allows(&job->budget,
                            expr_answer_cost(stored_item_answer_bytes(&progress->read.item), projection != NULL)))
        return STATOR_AGAIN;
    throttle_charge(engine, job, &use, units_of(progress, in));
    return answer(job, progress, projection);
}

enum stator_rc op_get_item(struct engine *engine, struct job *job)
{
    const struct GetItemInput *in = job->input;
    struct expressions expressions = {.projection_text = in->ProjectionExpression};
    struct wording_voice voice = wording_voice(engine, job);
    struct progress *progress = ARENA_NEW(&job->arena, struct progress);

    if (progress == NULL || !job_defer(job, release_pin, &progress->read.pinned))
        return stator_fail_memory(&job->error);
    STATOR_TRY(check(in, voice, &job->error));
    STATOR_TRY(legacy_attributes_to_get(&expressions.projection, &in->AttributesToGet, &job->arena, &job->error));
    STATOR_TRY(request_parse(&expressions, &in->ExpressionAttributeNames, NULL, voice.layer, job));
    STATOR_TRY(op_table(&progress->table, engine, job, in->TableName, OP_DATA));
    return read_item(progress, engine, job, expressions.projection);
}
