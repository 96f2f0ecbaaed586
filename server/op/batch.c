/* SPDX-License-Identifier: Apache-2.0 */
#include "op/batch.h"

enum stator_rc batch_open(struct batch **out, struct engine *engine, struct job *job, const struct bytes *names,
                          size_t count)
{
    struct batch *batch = ARENA_NEW(&job->arena, struct batch);

    if (batch == NULL)
        return stator_fail_memory(&job->error);
    batch->tables = ARENA_ARRAY(&job->arena, struct batch_table, count);
    if (batch->tables == NULL)
        return stator_fail_memory(&job->error);
    *out = batch;
    for (size_t i = 0; i < count; i++) {
        struct batch_table *table = &batch->tables[i];

        STATOR_TRY(op_table(&table->table, engine, job, names[i], OP_DATA));
        batch->count++;
        table->index_units = ARENA_ARRAY(&job->arena, uint32_t, table->table->index_count);
        if (table->index_units == NULL)
            return stator_fail_memory(&job->error);
    }
    return STATOR_OK;
}

enum stator_rc batch_check_distinct(const struct item *keys, size_t count, struct stator_error *err)
{
    for (size_t i = 1; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (item_equal(&keys[i], &keys[k]))
                return stator_fail(err, STATOR_VALIDATION, "Provided list of item keys contains duplicates");
    return STATOR_OK;
}

struct ConsumedCapacityMultiple batch_capacity(const struct batch *batch, const struct api_enum *wanted,
                                               struct arena *arena)
{
    struct ConsumedCapacity *list = ARENA_ARRAY(arena, struct ConsumedCapacity, batch->count);
    struct ConsumedCapacityMultiple out = {0};

    if (list == NULL ||
        (wanted->value != ReturnConsumedCapacity_TOTAL && wanted->value != ReturnConsumedCapacity_INDEXES))
        return out;
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_table *table = &batch->tables[i];
        const struct ConsumedCapacity *one =
            request_capacity(wanted, table->table, table->units, table->index_units, arena);

        if (one == NULL)
            return out;
        list[i] = *one;
    }
    out.at = list;
    out.count = batch->count;
    out.set = true;
    return out;
}
