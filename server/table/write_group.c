/* SPDX-License-Identifier: Apache-2.0 */
#include "table/write_group.h"

#include "table/read.h"
#include "table/tell.h"

static void scratch_init(struct write_scratch *scratch, const struct stator_allocator *memory)
{
    buf_init_with(&scratch->key, STORED_ITEM_BYTES_MAX, memory);
    buf_init_with(&scratch->stored, STORED_ITEM_BYTES_MAX, memory);
    buf_init_with(&scratch->old_key, STORED_ITEM_BYTES_MAX, memory);
    buf_init_with(&scratch->new_key, STORED_ITEM_BYTES_MAX, memory);
    buf_init_with(&scratch->old_entry, STORED_ITEM_BYTES_MAX, memory);
    buf_init_with(&scratch->new_entry, STORED_ITEM_BYTES_MAX, memory);
    buf_init_with(&scratch->record, TELL_RECORD_BYTES_MAX, memory);
}

static void scratch_deinit(struct write_scratch *scratch)
{
    buf_deinit(&scratch->key);
    buf_deinit(&scratch->stored);
    buf_deinit(&scratch->old_key);
    buf_deinit(&scratch->new_key);
    buf_deinit(&scratch->old_entry);
    buf_deinit(&scratch->new_entry);
    buf_deinit(&scratch->record);
}

enum stator_rc write_group_open(struct write_group *group, struct database *db, const struct write *writes,
                                struct write_result *results, size_t count, struct arena *arena,
                                struct stator_error *err)
{
    *group = (struct write_group){
        .site = {.db = db,
                 .arena = arena,
                 .batch = store_batch_new(db->store),
                 .scratch = &group->scratch,
                 .charged = &group->charged},
        .steps = ARENA_ARRAY(arena, struct write_step, count),
        .latches = ARENA_ARRAY(arena, uint32_t, count),
        .count = count,
    };
    scratch_init(&group->scratch, arena->allocator);
    for (size_t i = 0; i < count; i++)
        results[i] = (struct write_result){0};
    if (group->site.batch == NULL || group->steps == NULL || group->latches == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        STATOR_TRY(write_step_init(&group->steps[i], &group->site, &writes[i], &results[i], err));
        group->latches[i] = group->steps[i].latch;
    }
    return STATOR_OK;
}

enum stator_rc write_group_check_free(const struct write_group *group, struct stator_error *err)
{
    struct running *running = group->site.db->running;
    enum stator_rc rc = STATOR_OK;

    for (size_t i = 0; running != NULL && i < group->count; i++) {
        if (!running_has(running, group->steps[i].hash))
            continue;
        group->steps[i].result->in_transaction = true;
        rc = stator_fail(err, STATOR_TRANSACTION_CONFLICT, WRITE_CONFLICT_TEXT);
    }
    return rc;
}

static enum stator_rc warm_one(const struct write_step *step, enum store_tier tier, struct stator_error *err)
{
    struct store_pinned pinned = {0};
    enum stator_rc rc =
        store_get(step->site->db->store, STORE_SHARD(step->base.shard), step->key, tier, NULL, &pinned, err);

    store_release(&pinned);
    return rc;
}

/* Has the items brought from the disk. A quick job that needs many of them is none. */
static enum stator_rc warm(const struct write_group *group, struct stator_error *err)
{
    for (size_t i = 0; i < group->count; i++) {
        enum stator_rc rc = warm_one(&group->steps[i], STORE_CACHED, err);

        if (rc == STATOR_AGAIN && expr_budget_allows(group->steps[i].write->budget, READ_DISK_COST))
            rc = warm_one(&group->steps[i], STORE_ANY, err);
        STATOR_TRY(rc);
    }
    return STATOR_OK;
}

enum stator_rc write_group_take(struct write_group *group, enum write_wait wait, bool *fresh, uint32_t *busy,
                                struct stator_error *err)
{
    struct latch_table *latches = group->site.db->latches;
    size_t count = group->count;
    uint32_t held;

    if (wait != WAIT_NOT)
        STATOR_TRY(warm(group, err));
    if (wait == WAIT_ALL) {
        latch_take_many(latches, group->latches, &count);
    } else if (!latch_try_many(latches, group->latches, &count, &held)) {
        *busy = 1 + held;
        return STATOR_AGAIN;
    }
    group->latch_count = count;
    *fresh = true;
    for (size_t i = 0; i < group->count; i++)
        *fresh = *fresh && !atomic_load(&group->steps[i].write->table->superseded);
    return STATOR_OK;
}

/* Of many items no more than one at a time is held in the store's memory, which nobody counts. */
static enum stator_rc forget_old(const struct write_group *group, size_t i, struct stator_error *err)
{
    struct write_result *result = group->steps[i].result;
    bool wanted = result->existed && result->condition_failed && group->steps[i].write->returns_old;
    struct bytes text = wanted ? arena_copy(group->site.arena, result->old.text) : (struct bytes){0};

    result->old = (struct stored_item){.text = text, .shortened = result->old.shortened};
    result->old_item = (struct item){0};
    store_release(&result->pinned);
    return wanted && !bytes_present(text) ? stator_fail_memory(err) : STATOR_OK;
}

enum stator_rc write_group_prepare(struct write_group *group, size_t i, enum write_wait wait, struct stator_error *err)
{
    enum stator_rc rc = write_step_prepare(&group->steps[i], wait != WAIT_NOT ? STORE_ANY : STORE_CACHED, err);

    if (group->count > 1)
        STATOR_TRY(forget_old(group, i, err));
    if (rc == STATOR_OK && wait == WAIT_NOT && store_batch_bytes(group->site.batch) > STORE_LARGE_BYTES)
        return STATOR_AGAIN; /* the store would say so, too, with more work done in vain */
    return rc;
}

static bool needs(const struct write_group *group, uint32_t latch)
{
    for (size_t i = 0; i < group->count; i++)
        if (group->steps[i].latch == latch)
            return true;
    return false;
}

void write_group_cut(struct write_group *group, size_t count)
{
    size_t kept = 0;

    group->count = count;
    for (size_t i = 0; i < group->latch_count; i++) {
        if (needs(group, group->latches[i]))
            group->latches[kept++] = group->latches[i];
        else
            latch_release(group->site.db->latches, group->latches[i]);
    }
    group->latch_count = kept;
}

/* Whoever sees one of the writes waits for the sync that covers it: by its item's mark, or by its table's. */
static void begin_marks(const struct write_group *group)
{
    for (size_t i = 0; i < group->latch_count; i++)
        durable_mark_begin(latch_mark(group->site.db->latches, group->latches[i]));
    for (size_t i = 0; i < group->count; i++)
        durable_mark_begin(&group->steps[i].write->table->state->mark);
}

/* The epoch is taken after the write: until then the marks count it as in flight. */
static uint64_t end_marks(const struct write_group *group)
{
    const struct database *db = group->site.db;
    uint64_t latest = 0;

    for (size_t i = 0; i < group->latch_count; i++) {
        uint64_t epoch = durable_mark_end(latch_mark(db->latches, group->latches[i]), db->durability);

        latest = epoch > latest ? epoch : latest;
    }
    for (size_t i = 0; i < group->count; i++)
        durable_mark_end(&group->steps[i].write->table->state->mark, db->durability);
    return latest;
}

static void undo_marks(const struct write_group *group)
{
    for (size_t i = 0; i < group->latch_count; i++)
        durable_mark_undo(latch_mark(group->site.db->latches, group->latches[i]));
    for (size_t i = 0; i < group->count; i++)
        durable_mark_undo(&group->steps[i].write->table->state->mark);
}

/* A failure that made the store read-only may have come after the bytes were in the log; but not for lack of space. */
static enum lane_outcome outcome_of(const struct write_group *group, enum stator_rc rc)
{
    if (rc == STATOR_OK)
        return LANE_STORED;
    return store_broken(group->site.db->store) ? LANE_UNKNOWN : LANE_NOT_STORED;
}

/* Whether the items take less space afterwards, or as much, however many records tell of it. */
static bool frees(const struct write_group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (!group->steps[i].nothing && group->steps[i].write->kind != WRITE_DELETE)
            return false;
    return true;
}

static enum stator_rc store_group(struct write_group *group, enum write_wait wait, struct stator_error *err)
{
    struct store *store = group->site.db->store;
    enum lane_outcome outcome;
    uint64_t epoch = 0;
    enum stator_rc rc;

    if (frees(group))
        store_batch_frees(group->site.batch, STORE_FREES_LATER);
    if (store_read_only(store)) /* refused: there is nothing that readers would have to wait for */
        return store_write(store, group->site.batch, wait != WAIT_NOT, err);
    begin_marks(group);
    rc = store_write(store, group->site.batch, wait != WAIT_NOT, err);
    outcome = outcome_of(group, rc);
    if (outcome == LANE_NOT_STORED)
        undo_marks(group);
    else
        epoch = end_marks(group);
    for (size_t i = 0; i < group->count; i++)
        tell_end(&group->steps[i], outcome, epoch);
    if (rc != STATOR_OK)
        return rc;
    for (size_t i = 0; i < group->count; i++)
        write_step_publish(&group->steps[i]);
    return STATOR_OK;
}

static bool has_nothing(const struct write_group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (!group->steps[i].nothing)
            return false;
    return true;
}

enum stator_rc write_group_commit(struct write_group *group, enum write_wait wait, struct stator_error *err)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct write *write = group->steps[i].write;

        if (write->before_commit != NULL && !group->steps[i].result->condition_failed)
            STATOR_TRY(write->before_commit(write->context, err));
    }
    return group->more || !has_nothing(group) ? store_group(group, wait, err) : STATOR_OK;
}

void write_group_close(struct write_group *group)
{
    for (size_t i = 0; group->steps != NULL && i < group->count; i++) /* those that nothing was stored of */
        tell_end(&group->steps[i], LANE_NOT_STORED, 0);
    latch_release_many(group->site.db->latches, group->latches, group->latch_count);
    group->latch_count = 0;
    store_batch_free(group->site.batch);
    scratch_deinit(&group->scratch);
}
