/* SPDX-License-Identifier: Apache-2.0 */
#include "task/settle.h"

#include "table/backfill.h"
#include "table/compare.h"

#define SETTLE_ARENA_MAX ((size_t)16 << 20)
#define SETTLE_ITEMS_MAX 256 /* that a request waits for: some milliseconds */

static enum stator_rc ids_of(const uint32_t **out, size_t *count, const struct TableDescription *description,
                             const struct table *previous, struct arena *arena, struct stator_error *err)
{
    size_t locals = description->LocalSecondaryIndexes.count, globals = description->GlobalSecondaryIndexes.count;
    uint32_t *ids = ARENA_ARRAY(arena, uint32_t, 1 + locals + globals);

    if (ids == NULL)
        return stator_fail_memory(err);
    ids[0] = previous->base.state->id;
    for (size_t i = 0; i < locals; i++)
        ids[1 + i] = table_id_of(previous, description->LocalSecondaryIndexes.at[i].IndexName);
    for (size_t i = 0; i < globals; i++)
        ids[1 + locals + i] = table_id_of(previous, description->GlobalSecondaryIndexes.at[i].IndexName);
    *out = ids;
    *count = 1 + locals + globals;
    return STATOR_OK;
}

enum stator_rc task_put(struct database *db, const struct table *previous, const struct TableDescription *description,
                        const struct table_extras *extras, struct store_batch *batch, struct table **out,
                        struct stator_error *err)
{
    struct table_source source = {
        .namespace_ = previous->namespace_, .description = description, .extras = extras, .previous = previous};
    struct table *table = NULL;
    struct arena arena;
    enum stator_rc rc;

    arena_init(&arena, SETTLE_ARENA_MAX);
    rc = ids_of(&source.ids, &source.id_count, description, previous, &arena, err);
    if (rc == STATOR_OK)
        rc = table_new(&table, &source, err);
    arena_deinit(&arena);
    if (rc == STATOR_OK)
        rc = catalog_put(db->catalog, table, batch, err);
    if (rc == STATOR_OK && out != NULL)
        *out = table;
    else
        table_release(table);
    return rc;
}

static void erase(const struct database *db, uint32_t id, struct store_batch *batch)
{
    struct index_state state = {.id = id};
    const struct index index = {.state = &state};
    uint8_t key[5];

    store_batch_frees(batch, STORE_FREES_NOW);
    catalog_note_erased(db->store, id, batch);
    table_erase(db, &index, batch);
    store_batch_delete(batch, STORE_CATALOG, catalog_backfill_key(key, id));
}

static enum stator_rc remove_table(struct database *db, struct table *table, struct stator_error *err)
{
    struct store_batch *batch = store_batch_new(db->store);
    struct stream *stream;
    uint64_t now_ms = stream_now_ms();
    enum stator_rc rc;

    if (batch == NULL)
        return stator_fail_memory(err);
    stream = table->extras->stream != 0 ? streams_find(db->streams, table->extras->stream) : NULL;
    latch_barrier(db->latches); /* no writer goes on with a version that was ACTIVE */
    erase(db, table->base.state->id, batch);
    if (table->extras->ttl.id != 0)
        erase(db, table->extras->ttl.id, batch);
    for (size_t i = 0; i < table->index_count; i++)
        erase(db, table->indexes[i].state->id, batch);
    for (size_t i = 0; i < table->extras->dropped_count; i++)
        erase(db, table->extras->dropped[i], batch);
    rc = stream != NULL ? streams_end(stream, now_ms, batch, err) : STATOR_OK;
    if (rc == STATOR_OK)
        rc = catalog_remove(db->catalog, table, batch, err);
    if (rc == STATOR_OK && stream != NULL)
        streams_ended(stream, now_ms);
    stream_release(stream);
    store_batch_free(batch);
    return rc;
}

/* The dropped ids and those of the indexes that the settled description no longer has. */
static bool drop(struct table_extras *extras, const struct table *table, const struct TableDescription *settled,
                 struct arena *arena)
{
    uint32_t *dropped = ARENA_ARRAY(arena, uint32_t, extras->dropped_count + table->index_count);
    size_t count = extras->dropped_count;

    if (dropped == NULL)
        return false;
    if (count != 0)
        memcpy(dropped, extras->dropped, count * sizeof(*dropped));
    for (size_t i = 0; i < table->index_count; i++) {
        const struct index *index = &table->indexes[i];

        if (index->kind == INDEX_GLOBAL && description_index(settled, index->name) == NULL)
            dropped[count++] = index->state->id;
    }
    extras->dropped = dropped;
    extras->dropped_count = count;
    return true;
}

static enum stator_rc settle_transition(struct database *db, struct table *table, struct table **out,
                                        struct stator_error *err)
{
    struct table_extras extras = *table->extras;
    const struct TableDescription *settled;
    struct arena arena;
    enum stator_rc rc = STATOR_OK;

    arena_init(&arena, SETTLE_ARENA_MAX);
    settled = transition_settle(table->description, &extras.transition, &arena);
    extras.transition = (struct transition){0};
    if (settled == NULL || !drop(&extras, table, settled, &arena))
        rc = stator_fail_memory(err);
    if (rc == STATOR_OK)
        rc = task_put(db, table, settled, &extras, NULL, out, err);
    arena_deinit(&arena);
    return rc;
}

static enum stator_rc erase_dropped(struct database *db, struct table *table, struct stator_error *err)
{
    struct table_extras extras = *table->extras;
    struct store_batch *batch = store_batch_new(db->store);
    enum stator_rc rc;

    if (batch == NULL)
        return stator_fail_memory(err);
    latch_barrier(db->latches); /* no writer goes on with a version that had them */
    for (size_t i = 0; i < extras.dropped_count; i++)
        erase(db, extras.dropped[i], batch);
    extras.dropped = NULL;
    extras.dropped_count = 0;
    rc = task_put(db, table, table->description, &extras, batch, NULL, err);
    store_batch_free(batch);
    return rc;
}

enum stator_rc task_settle(struct database *db, struct table *table, struct stator_error *err)
{
    struct table *settled = NULL;
    enum stator_rc rc = STATOR_OK;

    if (table->status == TableStatus_DELETING)
        return remove_table(db, table, err);
    if (table->extras->transition.kinds != 0) {
        STATOR_TRY(settle_transition(db, table, &settled, err));
        table = settled;
    }
    if (table->extras->dropped_count != 0)
        rc = erase_dropped(db, table, err);
    table_release(settled);
    return rc;
}

enum stator_rc task_put_ttl(struct database *db, const struct table *table, enum TimeToLiveStatus status,
                            struct store_batch *batch, struct stator_error *err)
{
    struct table_extras extras = *table->extras;

    extras.ttl.status = status;
    if (status == TimeToLiveStatus_DISABLED)
        extras.ttl.attribute = (struct bytes){NULL, 0};
    return task_put(db, table, table->description, &extras, batch, NULL, err);
}

/* Only background tasks mend. */
static enum stator_rc note_difference(void *context, const struct compare_difference *difference,
                                      struct stator_error *err)
{
    (void)context, (void)difference, (void)err;
    return STATOR_OK;
}

/* *sound: all was compared, and there is no difference. */
static enum stator_rc compare_expiry(struct database *db, const struct table *table, bool *sound,
                                     struct stator_error *err)
{
    const struct compare_request request = {.table = table, .differs = note_difference};
    enum stator_rc rc = STATOR_OK;
    struct compare compare;
    bool done = false;

    compare_init(&compare);
    for (int walks = 0; rc == STATOR_OK && !done && walks < 2; walks++)
        rc = table_compare(db, &compare, &request, SETTLE_ITEMS_MAX, &done, err);
    *sound = done && compare.differences == 0;
    compare_deinit(&compare);
    return rc;
}

enum stator_rc task_settle_ttl(struct database *db, const struct table *table, struct stator_error *err)
{
    struct walk walk;
    enum stator_rc rc;
    bool done;

    latch_barrier(db->latches); /* every writer keeps the index */
    walk_init(&walk);
    rc = table_backfill(db, table, NULL, &walk, SETTLE_ITEMS_MAX, &done, err);
    walk_deinit(&walk);
    if (rc == STATOR_OK && done)
        rc = compare_expiry(db, table, &done, err);
    return rc == STATOR_OK && done ? task_put_ttl(db, table, TimeToLiveStatus_ENABLED, NULL, err) : rc;
}
