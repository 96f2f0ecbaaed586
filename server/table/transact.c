/* SPDX-License-Identifier: Apache-2.0 */
#include "table/transact.h"

#include "table/write_group.h"

/* A refusal speaks against its action alone; any other failure ends the request. */
static bool is_reason(enum stator_rc rc)
{
    return rc == STATOR_VALIDATION || rc == STATOR_TRANSACTION_CONFLICT;
}

/* The budget is the whole request's. */
static bool is_spent(const struct write *write)
{
    return write->budget != NULL && write->budget->left == 0;
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

/* A write transaction at work. */
struct working {
    struct transact_write *transact;
    struct write_group group;
    struct running_entry *entries; /* of its items, while contention is refused */
    size_t entered;                /* entries before this one are looked at */
    bool cancelled;
};

/* An item that another transaction works on speaks against its action; the other items become ours. */
static enum stator_rc enter_items(struct working *w, struct database *db, struct arena *arena, struct stator_error *err)
{
    if (db->running == NULL)
        return STATOR_OK;
    w->entries = ARENA_ARRAY(arena, struct running_entry, w->transact->count);
    if (w->entries == NULL)
        return stator_fail_memory(err);
    for (; w->entered < w->transact->count; w->entered++) {
        w->entries[w->entered].id = w->group.steps[w->entered].hash;
        if (running_enter(db->running, &w->entries[w->entered]))
            continue;
        w->cancelled = true;
        stator_fail(&w->transact->reasons[w->entered], STATOR_TRANSACTION_CONFLICT, WRITE_CONFLICT_TEXT);
    }
    return STATOR_OK;
}

static void leave_items(struct working *w, struct database *db)
{
    for (size_t i = 0; i < w->entered; i++)
        if (w->transact->reasons[i].rc != STATOR_TRANSACTION_CONFLICT)
            running_leave(db->running, &w->entries[i]);
}

/* Every action is looked at: the answer gives the reason of each. */
static enum stator_rc prepare_all(struct working *w, enum write_wait wait, struct stator_error *err)
{
    struct transact_write *t = w->transact;

    for (size_t i = 0; i < t->count; i++) {
        enum stator_rc rc;

        if (expr_budget_is_over(t->writes[i].budget))
            return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, EXPR_OVER_TEXT);
        rc = write_group_prepare(&w->group, i, wait, &t->reasons[i]);

        if (rc != STATOR_OK && (!is_reason(rc) || is_spent(&t->writes[i]))) {
            *err = t->reasons[i];
            return rc;
        }
        t->reasons[i].rc = rc;
        if (t->results[i].condition_failed)
            stator_fail(&t->reasons[i], STATOR_CONDITIONAL_CHECK_FAILED, "The conditional request failed");
        w->cancelled |= t->reasons[i].rc != STATOR_OK;
    }
    return STATOR_OK;
}

static enum stator_rc commit(struct working *w, struct database *db, enum write_wait wait, struct stator_error *err)
{
    struct transact_write *t = w->transact;
    bool marked = t->mark != NULL && !store_read_only(db->store); /* else it is refused, and leaves no mark */
    enum stator_rc rc;

    if (t->before_commit != NULL)
        STATOR_TRY(t->before_commit(t->context, w->group.site.batch, err));
    w->group.more = t->mark != NULL;
    if (marked)
        durable_mark_begin(t->mark);
    rc = write_group_commit(&w->group, wait, err);
    if (marked && (rc == STATOR_OK || store_read_only(db->store))) /* it may be stored */
        durable_mark_end(t->mark, db->durability);
    else if (marked)
        durable_mark_undo(t->mark);
    return rc;
}

static enum stator_rc write_taken(struct working *w, struct database *db, enum write_wait wait,
                                  struct stator_error *err)
{
    STATOR_TRY(prepare_all(w, wait, err));
    if (w->cancelled)
        return stator_fail(err, STATOR_TRANSACTION_CANCELED, "Transaction cancelled");
    return commit(w, db, wait, err);
}

static enum stator_rc write_opened(struct working *w, struct database *db, enum write_wait wait, struct arena *arena,
                                   struct stator_error *err)
{
    bool fresh;

    STATOR_TRY(enter_items(w, db, arena, err));
    if (w->cancelled)
        return stator_fail(err, STATOR_TRANSACTION_CANCELED, "Transaction cancelled");
    STATOR_TRY(write_group_take(&w->group, wait, &fresh, &w->transact->busy, err));
    w->transact->stale = !fresh;
    if (!fresh)
        return STATOR_OK;
    return write_taken(w, db, wait, err);
}

enum stator_rc table_transact_write(struct database *db, struct transact_write *t, enum write_wait wait,
                                    struct arena *arena, struct stator_error *err)
{
    struct working w = {.transact = t};
    enum stator_rc rc;

    t->stale = false;
    t->busy = 0;
    for (size_t i = 0; i < t->count; i++) {
        t->reasons[i].rc = STATOR_OK;
        t->reasons[i].message[0] = '\0';
    }
    rc = write_group_open(&w.group, db, t->writes, t->results, t->count, arena, err);
    if (rc == STATOR_OK)
        rc = write_opened(&w, db, wait, arena, err);
    write_group_close(&w.group);
    leave_items(&w, db);
    return rc;
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

/* The item is copied, and the store's memory given back: nobody counts that. */
static enum stator_rc keep_item(struct read_result *result, struct arena *arena, struct stator_error *err)
{
    struct bytes stored = arena_copy(arena, result->pinned.value);

    store_release(&result->pinned);
    if (!bytes_present(stored))
        return stator_fail_memory(err);
    return stored_item_open(&result->item, stored)
               ? STATOR_OK
               : stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "A stored item is damaged");
}

static enum stator_rc read_one(struct database *db, struct transact_read *read, const struct store_snapshot *snapshot,
                               bool may_wait, struct arena *arena)
{
    STATOR_TRY(
        table_get_paid(db, read->table, read->key, snapshot, may_wait, read->budget, &read->result, &read->reason));
    if (db->running != NULL && running_has(db->running, read->result.hash))
        return stator_fail(&read->reason, STATOR_TRANSACTION_CONFLICT, WRITE_CONFLICT_TEXT);
    if (!read->result.exists)
        return STATOR_OK;
    if (!expr_budget_allows(read->budget,
                            expr_answer_cost(stored_item_answer_bytes(&read->result.item), read->projected)))
        return STATOR_AGAIN;
    return keep_item(&read->result, arena, &read->reason);
}

static enum stator_rc read_all(struct database *db, struct transact_read *reads, size_t count,
                               const struct store_snapshot *snapshot, bool may_wait, struct arena *arena,
                               struct stator_error *err)
{
    bool cancelled = false;
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++) {
        enum stator_rc rc = read_one(db, &reads[i], snapshot, may_wait, arena);

        if (rc != STATOR_OK && !is_reason(rc)) {
            *err = reads[i].reason;
            return rc;
        }
        cancelled |= rc != STATOR_OK;
        bytes += reads[i].result.exists ? reads[i].result.item.size_bytes : 0;
        if (bytes > TRANSACT_BYTES_MAX)
            return stator_fail(err, STATOR_VALIDATION, TRANSACT_BYTES_TEXT);
    }
    if (cancelled)
        return stator_fail(err, STATOR_TRANSACTION_CANCELED, "Transaction cancelled");
    return STATOR_OK;
}

enum stator_rc table_transact_read(struct database *db, struct transact_read *reads, size_t count, bool may_wait,
                                   struct arena *arena, struct stator_error *err)
{
    struct store_snapshot *snapshot = store_snapshot_take(db->store);
    enum stator_rc rc;

    for (size_t i = 0; i < count; i++) {
        reads[i].result = (struct read_result){0};
        reads[i].reason.rc = STATOR_OK;
        reads[i].reason.message[0] = '\0';
    }
    if (snapshot == NULL)
        return stator_fail_memory(err);
    rc = read_all(db, reads, count, snapshot, may_wait, arena, err);
    store_snapshot_drop(db->store, snapshot);
    return rc;
}
