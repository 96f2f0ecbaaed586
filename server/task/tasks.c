/* SPDX-License-Identifier: Apache-2.0 */
#include "task/tasks.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "clock/clock.h"
#include "stream/tend.h"
#include "table/backfill.h"
#include "table/compare.h"
#include "table/token.h"
#include "task/settle.h"
#include "task/sweep.h"
#include "watch/log.h"

#define STEP_ITEMS  64   /* of a backfill while the catalog's change lock is held: a few milliseconds */
#define ROUND_STEPS 16   /* of one backfill before other tables are looked at */
#define SAVE_MS     1000 /* between two notes of how far a backfill got */
#define RETRY_MS    1000 /* after a failed write */
#define NOTE_MAX    ((size_t)256 * 1024)
#define SWEEP_MS    (60 * 1000) /* between two looks for tokens whose time is over */
#define SWEEP_MAX   256         /* tokens before other work is looked at */
#define NEVER       UINT64_MAX

/* A backfill under way. */
struct backfill {
    struct backfill *next;
    uint32_t id; /* of the index */
    struct walk walk;
    bool filled; /* all items were walked over: the index is being compared with its table */
    struct compare compare;
    uint64_t saved_ms;
    bool seen; /* in this round: its index is still there */
};

struct tasks {
    struct database *db;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards stop and woken */
    pthread_cond_t changed;
    bool stop, woken;
    struct backfill *backfills; /* of the thread alone, like all below */
    struct sweeps sweeps;
    uint64_t due_ms;         /* monotonic: when to look again */
    uint64_t tokens_ms;      /* likewise: when to sweep tokens */
    uint64_t tokens_from_ms; /* since 1970: no token is older */
};

/* Tables in some transition, each held. */
struct work {
    struct table **at;
    size_t count, capacity;
};

static void look_again_in(struct tasks *tasks, uint64_t wait_ms)
{
    uint64_t at_ms = clock_monotonic_ms() + wait_ms;

    if (at_ms < tasks->due_ms)
        tasks->due_ms = at_ms;
}

/* Whether that time, since 1970, has come; if not, it is looked at again then. */
static bool is_due(struct tasks *tasks, uint64_t due_ms)
{
    uint64_t now_ms = clock_ms();

    if (due_ms <= now_ms)
        return true;
    look_again_in(tasks, due_ms - now_ms);
    return false;
}

/* --- Backfill ----------------------------------------------------------------------------------------------------- */

static void backfill_free(struct backfill *backfill)
{
    walk_deinit(&backfill->walk);
    compare_deinit(&backfill->compare);
    free(backfill);
}

/* A note is the shard (4 bytes, big-endian) and the last base key done in it. */
static enum stator_rc load_walk(struct database *db, struct backfill *backfill, struct stator_error *err)
{
    struct store_pinned pinned;
    uint8_t key[5];

    STATOR_TRY(
        store_get(db->store, STORE_CATALOG, catalog_backfill_key(key, backfill->id), STORE_ANY, NULL, &pinned, err));
    if (!bytes_present(pinned.value))
        return STATOR_OK;
    if (pinned.value.len >= 4 && read_be32(pinned.value.at) <= store_shards(db->store)) {
        backfill->walk.shard = read_be32(pinned.value.at);
        buf_append(&backfill->walk.after, pinned.value.at + 4, pinned.value.len - 4);
    }
    store_release(&pinned);
    return STATOR_OK;
}

/* Not synced: the entries that the note vouches for are before it in the WAL. */
static void save_walk(struct database *db, struct backfill *backfill)
{
    struct store_batch *batch = store_batch_new(db->store);
    struct stator_error err;
    struct buf note;
    uint8_t key[5];

    if (batch == NULL)
        return;
    buf_init(&note, NOTE_MAX);
    buf_append_be32(&note, backfill->walk.shard);
    buf_append_bytes(&note, buf_bytes(&backfill->walk.after));
    if (!note.failed) {
        store_batch_put(batch, STORE_CATALOG, catalog_backfill_key(key, backfill->id), buf_bytes(&note));
        if (store_write(db->store, batch, true, &err) == STATOR_OK)
            backfill->saved_ms = clock_monotonic_ms();
    }
    buf_deinit(&note);
    store_batch_free(batch);
}

/* The backfill of that index; a new one starts where its note says, once every writer knows the index. */
static struct backfill *backfill_of(struct tasks *tasks, uint32_t id)
{
    struct backfill *backfill;
    struct stator_error err;

    for (backfill = tasks->backfills; backfill != NULL; backfill = backfill->next) {
        if (backfill->id == id)
            return backfill;
    }
    backfill = calloc(1, sizeof(*backfill));
    if (backfill == NULL)
        return NULL;
    backfill->id = id;
    backfill->saved_ms = clock_monotonic_ms();
    walk_init(&backfill->walk);
    compare_init(&backfill->compare);
    if (load_walk(tasks->db, backfill, &err) != STATOR_OK) {
        backfill_free(backfill);
        return NULL;
    }
    latch_barrier(tasks->db->latches);
    backfill->next = tasks->backfills;
    tasks->backfills = backfill;
    return backfill;
}

/* The index is complete: ACTIVE. Within a change. */
static enum stator_rc finish_backfill(struct tasks *tasks, const struct table *table, const struct index *index,
                                      struct stator_error *err)
{
    struct GlobalSecondaryIndexDescription *description;
    struct TableDescription *draft;
    struct store_batch *batch = store_batch_new(tasks->db->store);
    struct arena arena;
    enum stator_rc rc;
    uint8_t key[5];

    arena_init(&arena, (size_t)1 << 20);
    draft = description_draft(table->description, &arena);
    if (batch == NULL || draft == NULL) {
        rc = stator_fail_memory(err);
    } else {
        description = description_index(draft, index->name);
        description->IndexStatus = API_ENUM(IndexStatus_ACTIVE);
        description->Backfilling = API_ABSENT;
        store_batch_delete(batch, STORE_CATALOG, catalog_backfill_key(key, index->state->id));
        rc = task_put(tasks->db, table, draft, table->extras, batch, NULL, err);
    }
    arena_deinit(&arena);
    store_batch_free(batch);
    return rc;
}

/* The expiry index is complete: ENABLED. Within a change. */
static enum stator_rc finish_expiry(struct tasks *tasks, const struct table *table, struct stator_error *err)
{
    struct store_batch *batch = store_batch_new(tasks->db->store);
    enum stator_rc rc;
    uint8_t key[5];

    if (batch == NULL)
        return stator_fail_memory(err);
    store_batch_delete(batch, STORE_CATALOG, catalog_backfill_key(key, table->extras->ttl.id));
    rc = task_put_ttl(tasks->db, table, TimeToLiveStatus_ENABLED, batch, err);
    store_batch_free(batch);
    return rc;
}

struct mending {
    struct database *db;
    const struct index *index; /* NULL: of expiry */
};

static enum stator_rc mend(void *context, const struct compare_difference *difference, struct stator_error *err)
{
    const struct mending *mending = context;

    return compare_mend(mending->db, mending->index, difference, err);
}

static void tell_compared(const struct table *table, const struct index *index, const struct compare *compare)
{
    const struct bytes name = index != NULL ? index->name : BYTES("(time to live)");

    if (compare->differences != 0)
        LOG_LINE(LOG_LEVEL_ERROR, "a new index was not what its table calls for, was mended and is compared again",
                 LOG_TEXT("table", table->name), LOG_TEXT("index", name),
                 LOG_NUMBER("differences", (int64_t)compare->differences));
    else
        LOG_LINE(LOG_LEVEL_INFO, "a new index was compared with its table and is complete",
                 LOG_TEXT("table", table->name), LOG_TEXT("index", name), LOG_NUMBER("items", (int64_t)compare->items),
                 LOG_NUMBER("entries", (int64_t)compare->entries));
}

/* *sound: all was compared, and nothing had to be mended. Until then the index is not complete. */
static enum stator_rc step_compare(struct tasks *tasks, struct backfill *backfill, const struct table *table,
                                   const struct index *index, bool *sound, struct stator_error *err)
{
    struct mending mending = {tasks->db, index};
    const struct compare_request request = {.table = table, .index = index, .differs = mend, .context = &mending};
    bool done;

    *sound = false;
    STATOR_TRY(table_compare(tasks->db, &backfill->compare, &request, STEP_ITEMS, &done, err));
    if (!done)
        return STATOR_OK;
    tell_compared(table, index, &backfill->compare);
    *sound = backfill->compare.differences == 0;
    compare_restart(&backfill->compare);
    return STATOR_OK;
}

/* Of a global index, or, with NULL, of the expiry index. Within a change, so that it is not erased meanwhile. */
static enum stator_rc step_index(struct tasks *tasks, const struct table *table, const struct index *index,
                                 struct stator_error *err)
{
    struct backfill *backfill = backfill_of(tasks, index != NULL ? index->state->id : table->extras->ttl.id);
    bool sound;

    if (backfill == NULL)
        return stator_fail_memory(err);
    backfill->seen = true;
    if (!backfill->filled) {
        STATOR_TRY(table_backfill(tasks->db, table, index, &backfill->walk, STEP_ITEMS, &backfill->filled, err));
        if (backfill->filled || clock_monotonic_ms() - backfill->saved_ms >= SAVE_MS)
            save_walk(tasks->db, backfill);
        return STATOR_OK;
    }
    STATOR_TRY(step_compare(tasks, backfill, table, index, &sound, err));
    if (!sound)
        return STATOR_OK;
    STATOR_TRY(index != NULL ? finish_backfill(tasks, table, index, err) : finish_expiry(tasks, table, err));
    backfill->seen = false; /* freed after the round */
    return STATOR_OK;
}

/* Frees those whose index is complete or gone. */
static void forget_backfills(struct tasks *tasks)
{
    struct backfill **at = &tasks->backfills;

    while (*at != NULL) {
        struct backfill *backfill = *at;

        if (backfill->seen) {
            backfill->seen = false;
            at = &backfill->next;
        } else {
            *at = backfill->next;
            backfill_free(backfill);
        }
    }
}

/* --- One table ---------------------------------------------------------------------------------------------------- */

static const struct index *backfilling_index(const struct table *table)
{
    for (size_t i = 0; i < table->index_count; i++) {
        if (table->indexes[i].status == IndexStatus_CREATING && table->indexes[i].backfilling)
            return &table->indexes[i];
    }
    return NULL;
}

static bool ttl_changes(const struct table *table)
{
    enum TimeToLiveStatus status = table->extras->ttl.status;

    return status == TimeToLiveStatus_ENABLING || status == TimeToLiveStatus_DISABLING;
}

static bool needs_work(const struct table *table)
{
    return table->extras->transition.kinds != 0 || table->extras->dropped_count != 0 ||
           table->status == TableStatus_DELETING || backfilling_index(table) != NULL || ttl_changes(table) ||
           sweeps_wanted(table);
}

static enum stator_rc step_ttl(struct tasks *tasks, struct table *table, struct stator_error *err)
{
    if (table->extras->ttl.status == TimeToLiveStatus_DISABLING)
        return task_put_ttl(tasks->db, table, TimeToLiveStatus_DISABLED, NULL, err);
    return step_index(tasks, table, NULL, err);
}

/* One step of the current version. *more: another step may be made at once. Within a change. */
static enum stator_rc step_table(struct tasks *tasks, struct table *table, bool *more, struct stator_error *err)
{
    const struct transition *transition = &table->extras->transition;
    const struct index *index = backfilling_index(table);
    bool waits = transition->kinds != 0 && !is_due(tasks, transition->due_ms);

    *more = true;
    if (!waits &&
        (transition->kinds != 0 || table->extras->dropped_count != 0 || table->status == TableStatus_DELETING))
        return task_settle(tasks->db, table, err);
    if (index != NULL)
        return step_index(tasks, table, index, err);
    if (ttl_changes(table) && table->status != TableStatus_DELETING && is_due(tasks, table->extras->ttl.due_ms))
        return step_ttl(tasks, table, err);
    *more = false;
    return STATOR_OK;
}

static bool stopping(struct tasks *tasks)
{
    bool stop;

    pthread_mutex_lock(&tasks->mutex);
    stop = tasks->stop;
    pthread_mutex_unlock(&tasks->mutex);
    return stop;
}

static void log_failed(struct bytes table, const struct stator_error *err)
{
    LOG_LINE(LOG_LEVEL_ERROR, "background work on a table failed and will be tried again", LOG_TEXT("table", table),
             LOG_STRING("reason", err->message));
}

/* Some steps of the table of that name and state, if it is still there. */
static void work_on(struct tasks *tasks, const struct table *found)
{
    bool more = true;
    int i;

    for (i = 0; more && i < ROUND_STEPS && !stopping(tasks); i++) {
        struct stator_error err;
        struct table *table;
        enum stator_rc rc = STATOR_OK;

        more = false;
        catalog_change_begin(tasks->db->catalog);
        table = catalog_find(tasks->db->catalog, found->namespace_, found->name);
        if (table != NULL && table->state == found->state)
            rc = step_table(tasks, table, &more, &err);
        table_release(table);
        catalog_change_end(tasks->db->catalog);
        if (rc != STATOR_OK) {
            log_failed(found->name, &err);
            look_again_in(tasks, RETRY_MS);
            return;
        }
    }
    if (more || i > 1) /* there is more to do, or what was done calls for something else */
        look_again_in(tasks, 0);
}

/* --- The thread --------------------------------------------------------------------------------------------------- */

static void collect(void *context, struct table *table)
{
    struct work *work = context;

    if (!needs_work(table))
        return;
    if (work->count == work->capacity) {
        size_t capacity = work->capacity == 0 ? 16 : work->capacity * 2;
        struct table **at = realloc(work->at, capacity * sizeof(struct table *));

        if (at == NULL)
            return; /* found again in the next round */
        work->at = at;
        work->capacity = capacity;
    }
    table_hold(table);
    work->at[work->count++] = table;
}

/* Time itself makes work here, so the thread looks each minute. */
static void sweep_tokens(struct tasks *tasks)
{
    uint64_t now_ms = clock_monotonic_ms();
    struct stator_error err;
    bool more = false;

    if (now_ms >= tasks->tokens_ms) {
        if (tokens_sweep(tasks->db, clock_ms(), SWEEP_MAX, &tasks->tokens_from_ms, &more, &err) != STATOR_OK)
            more = false;
        tasks->tokens_ms = more ? now_ms : now_ms + SWEEP_MS;
    }
    look_again_in(tasks, tasks->tokens_ms - now_ms);
}

static void tend_streams(struct tasks *tasks)
{
    uint64_t now_ms = clock_ms(), again_ms = streams_tend(tasks->db->streams, now_ms, log_failed);

    if (again_ms != STREAMS_NEVER)
        look_again_in(tasks, again_ms > now_ms ? again_ms - now_ms : 0);
}

static void round_of(struct tasks *tasks)
{
    struct work work = {0};

    tasks->due_ms = NEVER;
    catalog_each(tasks->db->catalog, collect, &work);
    for (size_t i = 0; i < work.count; i++) {
        work_on(tasks, work.at[i]);
        if (sweeps_wanted(work.at[i]) && !stopping(tasks))
            look_again_in(tasks, sweeps_step(&tasks->sweeps, tasks->db, work.at[i]));
        table_release(work.at[i]);
    }
    free(work.at);
    sweep_tokens(tasks);
    if (stopping(tasks))
        return;
    forget_backfills(tasks);
    sweeps_forget(&tasks->sweeps);
    tend_streams(tasks);
}

/* Until something changed or is due. False: stop. */
static bool wait_for_work(struct tasks *tasks)
{
    bool go_on;

    pthread_mutex_lock(&tasks->mutex);
    while (!tasks->stop && !tasks->woken) {
        struct timespec deadline = {.tv_sec = (time_t)(tasks->due_ms / 1000),
                                    .tv_nsec = (long)(tasks->due_ms % 1000) * 1000000};

        if (tasks->due_ms <= clock_monotonic_ms())
            break;
        pthread_cond_timedwait(&tasks->changed, &tasks->mutex, &deadline);
    }
    tasks->woken = false;
    go_on = !tasks->stop;
    pthread_mutex_unlock(&tasks->mutex);
    return go_on;
}

static void *run(void *argument)
{
    struct tasks *tasks = argument;

    /* Not niced: requests wait for the latches that it holds. */
    pthread_setschedparam(pthread_self(), SCHED_BATCH, &(const struct sched_param){0});
    do {
        round_of(tasks);
    } while (wait_for_work(tasks));
    while (tasks->backfills != NULL) {
        struct backfill *backfill = tasks->backfills;

        tasks->backfills = backfill->next;
        save_walk(tasks->db, backfill);
        backfill_free(backfill);
    }
    sweeps_deinit(&tasks->sweeps);
    return NULL;
}

enum stator_rc tasks_start(struct tasks **out, const struct tasks_options *options, struct stator_error *err)
{
    struct tasks *tasks = calloc(1, sizeof(*tasks));
    pthread_condattr_t attributes;

    *out = NULL;
    if (tasks == NULL)
        return stator_fail_memory(err);
    tasks->db = options->db;
    tasks->sweeps.interval_ms = options->ttl_interval_ms;
    pthread_mutex_init(&tasks->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&tasks->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&tasks->thread, NULL, run, tasks) != 0) {
        pthread_cond_destroy(&tasks->changed);
        pthread_mutex_destroy(&tasks->mutex);
        free(tasks);
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "no thread for background tasks could be started");
    }
    *out = tasks;
    return STATOR_OK;
}

void tasks_stop(struct tasks *tasks)
{
    if (tasks == NULL)
        return;
    pthread_mutex_lock(&tasks->mutex);
    tasks->stop = true;
    pthread_cond_signal(&tasks->changed);
    pthread_mutex_unlock(&tasks->mutex);
    pthread_join(tasks->thread, NULL);
    pthread_cond_destroy(&tasks->changed);
    pthread_mutex_destroy(&tasks->mutex);
    free(tasks);
}

void tasks_wake(struct tasks *tasks)
{
    pthread_mutex_lock(&tasks->mutex);
    tasks->woken = true;
    pthread_cond_signal(&tasks->changed);
    pthread_mutex_unlock(&tasks->mutex);
}
