/* SPDX-License-Identifier: Apache-2.0 */
#include "task/reclaim.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "catalog/catalog.h"
#include "clock/clock.h"
#include "watch/log.h"

#define LOOK_MS  5000          /* between two looks while there is nothing to do */
#define SPACE_MS 500           /* between two looks whether a disk has space again that another program has filled */
#define RETRY_MS 10000         /* after a step that did not help, or had no room */
#define REST_MAX 5000          /* ms after one step */
#define ID_BYTES 4             /* what all keys of a table or an index begin with */
#define AT_ONCE  ((uint64_t)0) /* there is more to do */

struct reclaim {
    struct store *store; /* borrowed */
    pthread_t thread;
    pthread_mutex_t mutex; /* guards stop, asked and state */
    pthread_cond_t changed;
    bool stop, asked;
    struct reclaim_state state;
    struct store_sweep sweep; /* of the thread alone, like all below */
    uint32_t from_id;         /* notes of lower ids wait for room */
    bool waits;               /* there were such in the last look */
    uint64_t damage_told;     /* of store_damaged_compactions */
    uint32_t erased_id;       /* the note that is looked at; 0: none */
    uint64_t erased_moment;   /* when it was first seen */
    uint64_t idle_moment;     /* of the store, when there was nothing to do */
    bool log_is_short;        /* made so since something was written last */
};

/* --- What was erased ---------------------------------------------------------------------------------------------- */

struct range {
    uint8_t first[ID_BYTES], end[ID_BYTES];
};

static struct range range_of(uint32_t id)
{
    const uint32_t first = __builtin_bswap32(id), end = __builtin_bswap32(id + 1);
    struct range range;

    memcpy(range.first, &first, ID_BYTES);
    memcpy(range.end, &end, ID_BYTES);
    return range;
}

/* The first note from that id on, or 0. */
static uint32_t find_note(struct store *store, uint32_t from)
{
    uint8_t lower[CATALOG_ERASED_KEY_BYTES], upper[CATALOG_ERASED_KEY_BYTES];
    struct store_iterator *it = store_iterator_open(store, STORE_CATALOG, catalog_erased_key(lower, from),
                                                    catalog_erased_key(upper, UINT32_MAX), NULL, STORE_ANY);
    uint32_t id = 0;

    if (it == NULL)
        return 0;
    store_iterator_seek_first(it);
    if (store_iterator_valid(it))
        id = catalog_erased_id(store_iterator_key(it));
    store_iterator_close(it);
    return id;
}

/* Deletes the range once more (files that are gone may have had its deletion), or the note. */
static enum stator_rc write_erased(struct store *store, uint32_t id, bool done, struct stator_error *err)
{
    struct store_batch *batch = store_batch_new(store);
    const struct range range = range_of(id);
    uint8_t key[CATALOG_ERASED_KEY_BYTES];
    enum stator_rc rc;

    if (batch == NULL)
        return stator_fail_memory(err);
    if (done)
        store_batch_delete(batch, STORE_CATALOG, catalog_erased_key(key, id));
    for (uint32_t shard = 0; !done && shard < store_shards(store); shard++)
        store_batch_delete_range(batch, STORE_SHARD(shard), bytes_of(range.first, ID_BYTES),
                                 bytes_of(range.end, ID_BYTES));
    store_batch_frees(batch, STORE_FREES_NOW);
    rc = store_write(store, batch, true, err);
    store_batch_free(batch);
    return rc;
}

static enum stator_rc drop(struct store *store, uint32_t id, struct stator_error *err)
{
    const struct range range = range_of(id);

    for (uint32_t shard = 0; shard < store_shards(store); shard++)
        STATOR_TRY(store_drop_files(store, STORE_SHARD(shard), bytes_of(range.first, ID_BYTES),
                                    bytes_of(range.end, ID_BYTES), err));
    return write_erased(store, id, false, err);
}

static enum store_reclaimed rewrite_rest(struct store *store, uint32_t id)
{
    const struct range range = range_of(id);
    enum store_reclaimed done = STORE_RECLAIM_NOTHING;

    for (uint32_t shard = 0; shard < store_shards(store) && done <= STORE_RECLAIM_NOTHING; shard++)
        done = store_compact_range(store, STORE_SHARD(shard), bytes_of(range.first, ID_BYTES),
                                   bytes_of(range.end, ID_BYTES));
    return done;
}

/* In how many milliseconds to go on; LOOK_MS: nothing is noted, or nothing but what has no room. The files go at once, on a
 * full disk, too; what they shared with others is rewritten when there is room, and does not keep other notes waiting. */
static uint64_t follow_notes(struct reclaim *reclaim)
{
    uint32_t id = find_note(reclaim->store, reclaim->from_id);
    struct stator_error err;

    if (id == 0) {
        reclaim->waits = reclaim->from_id != 0;
        reclaim->from_id = 0;
        return LOOK_MS;
    }
    if (id != reclaim->erased_id) {
        reclaim->erased_moment = store_moment(reclaim->store);
        if (store_sync(reclaim->store, &err) != STATOR_OK) /* the store looks at what its last sync covered */
            return RETRY_MS;
        reclaim->erased_id = id;
    }
    if (store_is_looked_at(reclaim->store, reclaim->erased_moment))
        return LOOK_MS / 10;
    if (drop(reclaim->store, id, &err) != STATOR_OK)
        return RETRY_MS;
    if (rewrite_rest(reclaim->store, id) > STORE_RECLAIM_NOTHING)
        reclaim->from_id = id + 1;
    else if (write_erased(reclaim->store, id, true, &err) != STATOR_OK)
        return RETRY_MS;
    return AT_ONCE;
}

/* --- What is deleted, and what is asked for ------------------------------------------------------------------------ */

static uint64_t reclaim_step(struct reclaim *reclaim)
{
    uint64_t began_ms = clock_monotonic_ms(), dead, took_ms;

    switch (store_reclaim_step(reclaim->store, &dead)) {
    case STORE_RECLAIM_NOTHING:
        return LOOK_MS;
    case STORE_RECLAIM_NO_SPACE:
    case STORE_RECLAIM_DAMAGED:
    case STORE_RECLAIM_STOPPED:
        return RETRY_MS;
    case STORE_RECLAIM_DONE:
        break;
    }
    took_ms = clock_monotonic_ms() - began_ms;
    return took_ms > REST_MAX ? REST_MAX : took_ms + 1;
}

static void tell_compaction(struct reclaim *reclaim, enum reclaim_compaction compaction)
{
    pthread_mutex_lock(&reclaim->mutex);
    reclaim->state.compaction = compaction;
    reclaim->state.left_bytes = compaction == RECLAIM_RUNNING ? reclaim->sweep.left_bytes : 0;
    pthread_mutex_unlock(&reclaim->mutex);
}

static void compact_step(struct reclaim *reclaim)
{
    enum store_reclaimed done = store_compact_step(reclaim->store, &reclaim->sweep);

    tell_compaction(reclaim, done == STORE_RECLAIM_DONE      ? RECLAIM_RUNNING
                             : done == STORE_RECLAIM_NOTHING ? RECLAIM_DONE
                             : done == STORE_RECLAIM_DAMAGED ? RECLAIM_DAMAGED
                                                             : RECLAIM_NO_SPACE);
}

/* --- The thread --------------------------------------------------------------------------------------------------- */

/* Takes up what was asked for. Whether everything is to be rewritten. */
static bool takes_wish(struct reclaim *reclaim)
{
    bool runs;

    pthread_mutex_lock(&reclaim->mutex);
    if (reclaim->asked) {
        reclaim->sweep.family = 0;
        buf_reset(&reclaim->sweep.from);
        reclaim->asked = false;
    }
    runs = reclaim->state.compaction == RECLAIM_RUNNING;
    pthread_mutex_unlock(&reclaim->mutex);
    return runs;
}

/* The engine's own attempts nobody else hears of. */
static void tell_damage(struct reclaim *reclaim)
{
    const uint64_t met = store_damaged_compactions(reclaim->store);

    if (met != reclaim->damage_told)
        LOG_LINE(LOG_LEVEL_ERROR,
                 "a compaction met damage in the data directory: let stator check tell what, with the server "
                 "stopped, or put back a sound copy of it",
                 LOG_NUMBER("times", met));
    reclaim->damage_told = met;
}

static uint64_t revive(struct store *store)
{
    if (!store_revive(store))
        return SPACE_MS;
    LOG_LINE(LOG_LEVEL_WARN,
             "the disk of the data directory, which another program had filled, has space again: writes are taken");
    return AT_ONCE;
}

/* In how many milliseconds there may be more to do. */
static uint64_t round_of(struct reclaim *reclaim)
{
    bool compacts = takes_wish(reclaim), full = store_full(reclaim->store);
    uint64_t moment = store_moment(reclaim->store), wait_ms;

    if (store_starved(reclaim->store))
        return revive(reclaim->store);
    if (store_read_only(reclaim->store) && !compacts)
        return LOOK_MS;
    if (full && store_shorten_log(reclaim->store))
        return AT_ONCE;
    if (!compacts && !reclaim->waits && moment == reclaim->idle_moment) { /* nothing was written */
        if (!reclaim->log_is_short && store_shorten_log(reclaim->store))
            reclaim->idle_moment = 0; /* in tables it can be seen what is dead */
        reclaim->log_is_short = true;
        return LOOK_MS;
    }
    reclaim->log_is_short = false;
    wait_ms = follow_notes(reclaim);
    if (compacts) {
        compact_step(reclaim);
        return AT_ONCE;
    }
    if (wait_ms == LOOK_MS)
        wait_ms = reclaim_step(reclaim);
    if (wait_ms == LOOK_MS)
        reclaim->idle_moment = moment;
    return wait_ms;
}

static void wait_until(struct reclaim *reclaim, uint64_t at_ms)
{
    const struct timespec until = {.tv_sec = (time_t)(at_ms / 1000), .tv_nsec = (long)(at_ms % 1000) * 1000000};

    pthread_cond_timedwait(&reclaim->changed, &reclaim->mutex, &until);
}

/* No longer than SPACE_MS once the disk has stopped the store, whoever met that. False: stop. */
static bool wait_for(struct reclaim *reclaim, uint64_t wait_ms)
{
    const uint64_t began_ms = clock_monotonic_ms();
    uint64_t now_ms = began_ms;
    bool go_on;

    pthread_mutex_lock(&reclaim->mutex);
    while (!reclaim->stop && !reclaim->asked && now_ms - began_ms < wait_ms) {
        const uint64_t left_ms = began_ms + wait_ms - now_ms;

        if (store_starved(reclaim->store) && wait_ms > SPACE_MS)
            wait_ms = SPACE_MS;
        else
            wait_until(reclaim, now_ms + (left_ms < SPACE_MS ? left_ms : SPACE_MS));
        now_ms = clock_monotonic_ms();
    }
    go_on = !reclaim->stop;
    pthread_mutex_unlock(&reclaim->mutex);
    return go_on;
}

static void *run(void *argument)
{
    struct reclaim *reclaim = argument;
    uint64_t wait_ms = LOOK_MS; /* a start has other things to do */

    pthread_setschedparam(pthread_self(), SCHED_BATCH, &(const struct sched_param){0});
    while (wait_for(reclaim, wait_ms)) {
        wait_ms = round_of(reclaim);
        tell_damage(reclaim);
    }
    return NULL;
}

enum stator_rc reclaim_start(struct reclaim **out, struct store *store, struct stator_error *err)
{
    struct reclaim *reclaim = calloc(1, sizeof(*reclaim));
    pthread_condattr_t attributes;

    *out = NULL;
    if (reclaim == NULL)
        return stator_fail_memory(err);
    reclaim->store = store;
    buf_init(&reclaim->sweep.from, STORE_SWEEP_KEY_MAX);
    pthread_mutex_init(&reclaim->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&reclaim->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&reclaim->thread, NULL, run, reclaim) != 0) {
        pthread_cond_destroy(&reclaim->changed);
        pthread_mutex_destroy(&reclaim->mutex);
        free(reclaim);
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "no thread for getting space back could be started");
    }
    *out = reclaim;
    return STATOR_OK;
}

void reclaim_stop(struct reclaim *reclaim)
{
    if (reclaim == NULL)
        return;
    pthread_mutex_lock(&reclaim->mutex);
    reclaim->stop = true;
    pthread_cond_signal(&reclaim->changed);
    pthread_mutex_unlock(&reclaim->mutex);
    store_reclaim_stop(reclaim->store);
    pthread_join(reclaim->thread, NULL);
    pthread_cond_destroy(&reclaim->changed);
    pthread_mutex_destroy(&reclaim->mutex);
    buf_deinit(&reclaim->sweep.from);
    free(reclaim);
}

void reclaim_compact(struct reclaim *reclaim)
{
    pthread_mutex_lock(&reclaim->mutex);
    if (reclaim->state.compaction != RECLAIM_RUNNING) {
        reclaim->asked = true;
        reclaim->state.compaction = RECLAIM_RUNNING;
        pthread_cond_signal(&reclaim->changed);
    }
    pthread_mutex_unlock(&reclaim->mutex);
}

void reclaim_tell(struct reclaim *reclaim, struct reclaim_state *out)
{
    pthread_mutex_lock(&reclaim->mutex);
    *out = reclaim->state;
    pthread_mutex_unlock(&reclaim->mutex);
    out->working = store_is_reclaiming(reclaim->store);
}
