/* SPDX-License-Identifier: Apache-2.0 */
#include "task/sweep.h"

#include <stdlib.h>

#include "clock/clock.h"
#include "table/expire.h"
#include "watch/log.h"

#define STEP_ENTRIES 256  /* before other tables, and a stop, are looked at: a few milliseconds */
#define RETRY_MS     1000 /* after a failed write, or without memory */
#define RETRY_MS_MAX 8000 /* between two tries of what fails again and again: an item may be damaged for good */
#define NONE_FAILED  UINT64_MAX
/* What the thread may use for a table is a share of its time. A pass that has deleted takes most of it: there is more to
 * delete when it ends. A whole one passes over all that was deleted and is not yet compacted away; such passes take a small
 * share, and between them it is looked at what has ended since. Pauses after failures are no part of a pass: they say
 * nothing about what the next one takes. */
#define REST_OF_BUSY(pass_ms)  ((pass_ms) / 4)
#define REST_OF_IDLE(pass_ms)  (pass_ms)
#define REST_OF_WHOLE(pass_ms) ((pass_ms)*10)

struct sweep {
    struct sweep *next;
    uint32_t id; /* of the expiry index */
    struct expire_cursor cursor;
    uint64_t now_s;            /* of the pass under way */
    uint64_t due_ms, began_ms; /* of the next step, of this pass without its pauses; monotonic */
    uint64_t whole_ms;         /* monotonic: when the next whole pass is due */
    /* What ended before was deleted, but for what failed and what was written since. 0: nothing is known. */
    uint64_t done_s;
    uint64_t failed_s;      /* when the first of those items ended that could not be deleted; or NONE_FAILED */
    uint64_t retry_ms;      /* monotonic: when a pass begins with those */
    uint64_t retry_rest_ms; /* between the last two such passes */
    bool whole;             /* the pass looks at all that has ended */
    bool retries;           /* the pass looks at all that failed */
    bool under_way, seen;
    bool busy; /* the pass has deleted something */
};

bool sweeps_wanted(const struct table *table)
{
    return table->extras->ttl.status == TimeToLiveStatus_ENABLED &&
           (table->status == TableStatus_ACTIVE || table->status == TableStatus_UPDATING);
}

static struct sweep *sweep_of(struct sweeps *sweeps, uint32_t id)
{
    struct sweep *sweep;

    for (sweep = sweeps->first; sweep != NULL; sweep = sweep->next) {
        if (sweep->id == id)
            return sweep;
    }
    sweep = calloc(1, sizeof(*sweep));
    if (sweep == NULL)
        return NULL;
    sweep->id = id;
    sweep->failed_s = NONE_FAILED;
    buf_init(&sweep->cursor.after, EXPIRE_KEY_MAX);
    sweep->next = sweeps->first;
    sweeps->first = sweep;
    return sweep;
}

static void begin_pass(struct sweep *sweep, uint64_t now_ms)
{
    sweep->under_way = true;
    sweep->began_ms = now_ms;
    sweep->busy = false;
    sweep->now_s = clock_ms() / 1000;
    sweep->whole = now_ms >= sweep->whole_ms || sweep->now_s < sweep->done_s;
    sweep->retries = sweep->failed_s != NONE_FAILED && (sweep->whole || now_ms >= sweep->retry_ms);
    sweep->cursor.from_s = sweep->whole ? 0 : sweep->retries ? sweep->failed_s : sweep->done_s;
    sweep->cursor.failed = 0;
    sweep->cursor.shard = 0;
    buf_reset(&sweep->cursor.after);
}

/* What failed is tried again soon, and less and less often while the first of it fails each time. */
static void note_failures(struct sweep *sweep, uint64_t now_ms)
{
    uint64_t before_s = sweep->failed_s, first_s = sweep->cursor.failed != 0 ? sweep->cursor.failed_s : NONE_FAILED;

    sweep->failed_s = sweep->retries || first_s < before_s ? first_s : before_s;
    if (!sweep->retries && before_s != NONE_FAILED)
        return; /* the pass that begins with those is still to come */
    if (!sweep->retries || first_s != before_s)
        sweep->retry_rest_ms = RETRY_MS;
    else if (sweep->retry_rest_ms < RETRY_MS_MAX)
        sweep->retry_rest_ms *= 2;
    sweep->retry_ms = now_ms + sweep->retry_rest_ms;
}

static void end_pass(struct sweep *sweep, uint32_t interval_ms)
{
    uint64_t now_ms = clock_monotonic_ms(), pass_ms = now_ms - sweep->began_ms;
    uint64_t rest_ms = sweep->busy ? REST_OF_BUSY(pass_ms) : REST_OF_IDLE(pass_ms);

    sweep->under_way = false;
    sweep->done_s = sweep->now_s;
    note_failures(sweep, now_ms);
    if (sweep->whole)
        sweep->whole_ms = now_ms + (sweep->busy ? rest_ms : REST_OF_WHOLE(pass_ms));
    sweep->due_ms = now_ms + (rest_ms > interval_ms ? rest_ms : interval_ms);
    if (sweep->failed_s != NONE_FAILED && sweep->retry_ms < sweep->due_ms)
        sweep->due_ms = sweep->retry_ms > now_ms + rest_ms ? sweep->retry_ms : now_ms + rest_ms;
}

/* For metrics. */
static void tell_deleted(struct sweep *sweep, const struct table *table)
{
    sweep->busy |= sweep->cursor.deleted != 0;
    if (sweep->cursor.deleted != 0)
        atomic_fetch_add(&table->state->ttl_deleted, sweep->cursor.deleted);
    sweep->cursor.deleted = 0;
}

uint64_t sweeps_step(struct sweeps *sweeps, struct database *db, const struct table *table)
{
    struct sweep *sweep = sweep_of(sweeps, table->extras->ttl.id);
    uint64_t now_ms = clock_monotonic_ms();
    struct stator_error err;
    enum stator_rc rc;
    bool done;

    if (sweep == NULL)
        return RETRY_MS;
    sweep->seen = true;
    if (now_ms < sweep->due_ms)
        return sweep->due_ms - now_ms;
    if (!sweep->under_way)
        begin_pass(sweep, now_ms);
    rc = table_expire(db, table, sweep->now_s, &sweep->cursor, STEP_ENTRIES, &done, &err);
    tell_deleted(sweep, table);
    if (rc != STATOR_OK) { /* and then goes on behind what failed */
        LOG_LINE(LOG_LEVEL_ERROR, "time to live could not delete an item and goes on", LOG_TEXT("table", table->name),
                 LOG_STRING("reason", err.message));
        sweep->due_ms = now_ms + RETRY_MS;
        sweep->began_ms += RETRY_MS;
        return RETRY_MS;
    }
    if (!done)
        return 0;
    end_pass(sweep, sweeps->interval_ms);
    atomic_store(&table->state->ttl_done_s, sweep->failed_s < sweep->done_s ? sweep->failed_s : sweep->done_s);
    return sweep->due_ms - now_ms;
}

static void sweep_free(struct sweep *sweep)
{
    buf_deinit(&sweep->cursor.after);
    free(sweep);
}

void sweeps_forget(struct sweeps *sweeps)
{
    struct sweep **at = &sweeps->first;

    while (*at != NULL) {
        struct sweep *sweep = *at;

        if (sweep->seen) {
            sweep->seen = false;
            at = &sweep->next;
        } else {
            *at = sweep->next;
            sweep_free(sweep);
        }
    }
}

void sweeps_deinit(struct sweeps *sweeps)
{
    for (struct sweep *sweep = sweeps->first; sweep != NULL; sweep = sweep->next)
        sweep->seen = false;
    sweeps_forget(sweeps);
}
