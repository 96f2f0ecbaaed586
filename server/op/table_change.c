/* SPDX-License-Identifier: Apache-2.0 */
#include "op/table_change.h"

#include "op/table_stream.h"
#include "op/table_throughput.h"
#include "task/settle.h"
#include "task/tasks.h"

/* --- Storing --- */

/* The ids of the description's tables and indexes: those they have, new ones for new ones. */
static enum stator_rc ids_of(const uint32_t **out, size_t *count, struct catalog *catalog,
                             const struct TableDescription *description, const struct table *previous,
                             struct arena *arena, struct stator_error *err)
{
    size_t locals = description->LocalSecondaryIndexes.count, globals = description->GlobalSecondaryIndexes.count;
    uint32_t *ids = ARENA_ARRAY(arena, uint32_t, 1 + locals + globals);

    if (ids == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < 1 + locals + globals; i++) {
        struct bytes name = {NULL, 0};

        if (i > locals)
            name = description->GlobalSecondaryIndexes.at[i - 1 - locals].IndexName;
        else if (i > 0)
            name = description->LocalSecondaryIndexes.at[i - 1].IndexName;
        ids[i] = previous != NULL ? table_id_of(previous, name) : 0;
        if (ids[i] == 0)
            STATOR_TRY(catalog_new_id(&ids[i], catalog, err));
    }
    *out = ids;
    *count = 1 + locals + globals;
    return STATOR_OK;
}

/* Definitions stay in memory: 10,000 tables with 20 indexes and 50 tags each would take gigabytes. What does not grow is
 * always stored. */
static enum stator_rc check_room(const struct engine *engine, const struct table *table, const struct table *previous,
                                 struct stator_error *err)
{
    size_t before = previous != NULL ? previous->arena.used_bytes : 0, after = table->arena.used_bytes;
    size_t most = engine->options.tables_bytes;

    if (most == 0 || after <= before ||
        catalog_bytes(engine->db.catalog) + streams_bytes(engine->db.streams) - before + after <= most)
        return STATOR_OK;
    return stator_fail(err, STATOR_LIMIT_EXCEEDED,
                       "Subscriber limit exceeded: The definitions of all tables, and the streams that are kept, those "
                       "of deleted tables too, take the %zu MiB of memory that this server has for them",
                       most >> 20);
}

static enum stator_rc put(struct table **out, struct engine *engine, struct job *job, const struct table_change *change,
                          const struct TableDescription *description, const struct table_extras *extras)
{
    struct table_extras own = *extras;
    struct table_stream stream = {.engine = engine};
    struct table_source source = {
        .namespace_ = change->previous != NULL ? change->previous->namespace_ : change->namespace_,
        .description = description,
        .extras = &own,
        .previous = change->previous,
    };
    enum stator_rc rc;

    *out = NULL;
    STATOR_TRY(ids_of(&source.ids, &source.id_count, engine->db.catalog, description, change->previous, &job->arena,
                      &job->error));
    rc = table_stream_begin(&stream, source.namespace_, change->previous, description, &own, &job->error);
    if (rc == STATOR_OK)
        rc = table_new(out, &source, &job->error);
    if (rc == STATOR_OK)
        rc = check_room(engine, *out, change->previous, &job->error);
    if (rc == STATOR_OK)
        rc = catalog_put(engine->db.catalog, *out, stream.batch, &job->error);
    table_stream_end(&stream, rc == STATOR_OK);
    if (rc != STATOR_OK) {
        table_release(*out);
        *out = NULL;
    }
    return rc;
}

/* Stores the description as it will be, when nothing has to be erased first. */
static enum stator_rc put_settled(struct engine *engine, struct job *job, const struct table_change *change)
{
    struct table_extras extras = change->extras;
    const struct TableDescription *settled = transition_settle(change->draft, &change->extras.transition, &job->arena);
    struct table *table;

    if (settled == NULL)
        return stator_fail_memory(&job->error);
    extras.transition = (struct transition){0};
    STATOR_TRY(put(&table, engine, job, change, settled, &extras));
    table_release(table);
    return STATOR_OK;
}

/* The change is stored, so the request has succeeded. Where settling fails, background tasks meet what is left. */
static void settle_stored(struct engine *engine, struct table *table)
{
    struct stator_error unseen;
    enum stator_rc rc = task_settle(&engine->db, table, &unseen);

    (void)rc;
}

enum stator_rc table_change_store(struct engine *engine, struct job *job, struct table_change *change, bool begins)
{
    uint64_t due_ms = (uint64_t)(op_now() * 1000) + engine->options.transition_ms;
    struct transition *transition = &change->extras.transition;
    bool erases = change->draft->TableStatus.value == TableStatus_DELETING ||
                  description_has_index_in(change->draft, IndexStatus_DELETING);
    bool at_once = begins && engine->options.transition_ms == 0;
    struct table *table;
    enum stator_rc rc;

    if (begins && due_ms > transition->due_ms)
        transition->due_ms = due_ms;
    if (at_once && !erases) {
        rc = put_settled(engine, job, change);
    } else {
        rc = put(&table, engine, job, change, change->draft, &change->extras);
        if (rc == STATOR_OK && at_once)
            settle_stored(engine, table);
        if (rc == STATOR_OK)
            table_release(table);
    }
    tasks_wake(engine->tasks);
    return rc;
}

/* --- Answering --- */

/* Whose counts an answer tells. */
struct counting {
    struct engine *engine;
    const struct table *table; /* NULL: it is being made */
};

/* After a failed sync what is in memory counts writes that nobody may see. */
static int64_t count_of(const struct counting *counting, const struct index_state *state, enum catalog_counter counter)
{
    const _Atomic int64_t *now = counter == COUNTER_ITEMS ? &state->item_count : &state->size_bytes;
    struct store *store = counting->engine->db.store;
    uint8_t key[8];
    int64_t kept;

    if (store_frozen(store) &&
        store_counter(store, catalog_counter_key(key, state->id, counter), &kept, NULL) == STATOR_OK)
        return kept;
    return atomic_load((_Atomic int64_t *)(uintptr_t)now);
}

static void count(struct api_integer *items, struct api_integer *size, const struct counting *counting,
                  const struct index_state *state)
{
    *items = API_INTEGER(state != NULL ? count_of(counting, state, COUNTER_ITEMS) : 0);
    *size = API_INTEGER(state != NULL ? count_of(counting, state, COUNTER_BYTES) : 0);
}

static const struct index_state *state_of(const struct table *table, struct bytes name)
{
    const struct index *index = table != NULL ? table_index(table, name) : NULL;

    return index != NULL ? index->state : NULL;
}

static bool refresh_decreases(const struct ProvisionedThroughputDescription **provisioned, double seconds,
                              struct arena *arena)
{
    struct ProvisionedThroughputDescription *copy;
    int64_t today;

    if (*provisioned == NULL)
        return true;
    today = throughput_decreases_today(*provisioned, seconds);
    if (today == (*provisioned)->NumberOfDecreasesToday.value)
        return true;
    copy = ARENA_NEW(arena, struct ProvisionedThroughputDescription);
    if (copy == NULL)
        return false;
    *copy = **provisioned;
    copy->NumberOfDecreasesToday = API_INTEGER(today);
    *provisioned = copy;
    return true;
}

static bool describe_locals(struct TableDescription *draft, const struct counting *counting, struct arena *arena)
{
    size_t total = draft->LocalSecondaryIndexes.count;
    struct LocalSecondaryIndexDescription *indexes;

    if (total == 0)
        return true;
    indexes = ARENA_ARRAY(arena, struct LocalSecondaryIndexDescription, total);
    if (indexes == NULL)
        return false;
    for (size_t i = 0; i < total; i++) {
        indexes[i] = draft->LocalSecondaryIndexes.at[i];
        count(&indexes[i].ItemCount, &indexes[i].IndexSizeBytes, counting,
              state_of(counting->table, indexes[i].IndexName));
    }
    draft->LocalSecondaryIndexes.at = indexes;
    return true;
}

static bool describe_globals(struct TableDescription *draft, const struct counting *counting, double seconds,
                             struct arena *arena)
{
    struct GlobalSecondaryIndexDescription *indexes =
        (struct GlobalSecondaryIndexDescription *)(uintptr_t)draft->GlobalSecondaryIndexes.at;

    for (size_t i = 0; i < draft->GlobalSecondaryIndexes.count; i++) {
        count(&indexes[i].ItemCount, &indexes[i].IndexSizeBytes, counting,
              state_of(counting->table, indexes[i].IndexName));
        if (!refresh_decreases(&indexes[i].ProvisionedThroughput, seconds, arena))
            return false;
    }
    return true;
}

struct TableDescription *table_describe(struct engine *engine, const struct TableDescription *description,
                                        const struct table *table, double seconds, struct arena *arena)
{
    const struct counting counting = {.engine = engine, .table = table};
    struct TableDescription *draft = description_draft(description, arena);

    if (draft == NULL)
        return NULL;
    count(&draft->ItemCount, &draft->TableSizeBytes, &counting, table != NULL ? table->base.state : NULL);
    if (!refresh_decreases(&draft->ProvisionedThroughput, seconds, arena) ||
        !describe_locals(draft, &counting, arena) || !describe_globals(draft, &counting, seconds, arena))
        return NULL;
    if (table != NULL) /* behind the counts: what they count is to be on the disk before the answer leaves */
        durable_mark_look(&table->state->mark, engine->db.durability);
    return draft;
}
