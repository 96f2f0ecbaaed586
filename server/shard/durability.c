/* SPDX-License-Identifier: Apache-2.0 */
/* Why an answer released here rests on the disk.
 *
 * `current` is the epoch that a write ending now belongs to; `reached` is the last epoch known to be on disk. The
 * syncer does, in this order:
 *
 *      S1  e = current           (only the syncer changes it)
 *      S2  current = e + 1
 *      S3  store_sync
 *      S4  reached = e           (when S3 succeeded)
 *
 * 1. A write is covered by its epoch. The writer does W1: store_write, then W2: epoch = current. Let W2 have read e.
 *    All operations on `current` are sequentially consistent, so there is one order of them that agrees with each
 *    thread's own; in it W2 stands before S2 of epoch e, for after S2 it would have read e + 1 or more. W1 has returned
 *    before W2 and S3 begins after S2, so S3 begins when W1 has returned: its bytes are in the log that is synced.
 *    Hence: reached >= e implies that the write is on disk. (The engine's own lock around its log gives the same: had
 * S3 locked it before W1 did, S2 would happen before W2.)
 *
 * 2. A reader waits for all that it may have seen. Let it have seen write w and then do R1: load in_flight, R2: load
 *    mark.epoch or, when R1 gave more than 0, current. w was visible to the reader, so w's durable_mark_begin happened
 *    before R1 (the engine publishes w by release and acquire) and R1 reads a value no older than that increment.
 *    - R1 read more than 0: w may not have ended. R2 reads current, after w's bytes were in the log (the engine writes
 *      its log before it shows the write): by 1., with R2 in the place of W2, that epoch covers w.
 *    - R1 read 0: w's decrement is among what R1 has read, since in_flight counts w in between. The decrement is a
 *      release, later ones are read-modify-writes and continue its release sequence, R1 is an acquire: what w did
 *      before, raising mark.epoch to its own epoch, happened before R2. mark.epoch only rises: R2 covers w.
 *    R1 must come before R2: the other way round a write could end in between and be missed.
 *
 * 3. Nobody waits for ever. A wait is put on the list after its epoch was read; the syncer takes the whole list before
 *    S1, so every wait it took has an epoch <= e, and ends with this sync.
 *
 * 4. A sync costs as much for one as for many, most of it in the kernel. So the syncer lets those who have just been
 *    answered come back, to share the next sync with those who wait already: it begins when nearly as many wait as
 *    there were under way, or enough, or twice as long after the last sync as that took. Who comes later waits for no
 *    company.
 *
 * Lock order: `lock` is the innermost lock of the server; `done` is called without it.
 */
#include "shard/durability.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "watch/log.h"

#define COMPANY_NS_MAX 500000u     /* longest that a sync is put off */
#define SLOW_NS        1000000000u /* a sync that is worth a line */
#define COMPANY_ENOUGH 32          /* answers: more make a sync hardly cheaper for each */

struct durability {
    struct store *store; /* borrowed */
    bool has_thread;     /* STORE_FULL; otherwise every epoch is reached */
    pthread_t thread;

    _Atomic uint64_t current;       /* written by the syncer; starts at 1, so that a cleared mark is reached */
    _Atomic uint64_t reached;       /* written by the syncer */
    struct histogram times, groups; /* likewise */
    _Atomic uint64_t began_ns;      /* likewise: when the sync under way began, monotonic; 0: none is */

    pthread_mutex_t lock;              /* guards all below */
    pthread_cond_t wake;               /* the syncer sleeps here while nobody waits */
    pthread_cond_t ended;              /* durability_wait sleeps here */
    struct durable_wait *first, *last; /* in the order in which they came */
    uint32_t waiting;                  /* answers in that list */
    uint32_t expected;                 /* a sleeping syncer is not woken for fewer */
    uint64_t wanted;                   /* the newest epoch that a thread in durability_wait has asked for */
    bool sleeping, stopping, failed;
    struct stator_error failure; /* of the sync that failed; constant once failed is set */
};

/* The newest epoch of all these, and of one more. */
static uint64_t newest_epoch(const struct durable_wait *waits, uint64_t newest)
{
    for (; waits != NULL; waits = waits->next)
        newest = waits->epoch > newest ? waits->epoch : newest;
    return newest;
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Calls done of the whole list; each may free its wait. */
static void end_waits(struct durability *d, struct durable_wait *waits, enum stator_rc rc)
{
    while (waits != NULL) {
        struct durable_wait *next = waits->next;

        waits->done(waits, durability_reached(d, waits->epoch) ? STATOR_OK : rc);
        waits = next;
    }
}

/* S1 to S4. */
static enum stator_rc sync_epoch(struct durability *d, struct stator_error *err)
{
    uint64_t epoch = atomic_load(&d->current), began_ns = now_ns(), took_ns;
    enum stator_rc rc;

    atomic_store(&d->began_ns, began_ns);
    atomic_store(&d->current, epoch + 1);
    rc = store_sync(d->store, err);
    atomic_store(&d->began_ns, 0);
    took_ns = now_ns() - began_ns;
    histogram_count(&d->times, HISTOGRAM_TIMES, took_ns);
    if (took_ns >= SLOW_NS)
        LOG_LINE(LOG_LEVEL_WARN, "a sync of the disk took long: whoever wrote has waited for it",
                 LOG_NUMBER("took_ms", (int64_t)(took_ns / 1000000)));
    if (rc == STATOR_OK)
        atomic_store(&d->reached, epoch);
    return rc;
}

/* 4. of the top. Called and returns with the lock held. */
static void await_company(struct durability *d, uint32_t answered, uint64_t took_ns)
{
    uint64_t end = now_ns() + (took_ns < COMPANY_NS_MAX / 2 ? 2 * took_ns : COMPANY_NS_MAX);
    struct timespec until = {.tv_sec = (time_t)(end / 1000000000u), .tv_nsec = (long)(end % 1000000000u)};
    uint32_t under_way = answered + d->waiting;
    int error = 0;

    d->expected = under_way - (under_way + 15) / 16;
    if (d->expected > COMPANY_ENOUGH)
        d->expected = COMPANY_ENOUGH;
    d->sleeping = true;
    while (d->waiting < d->expected && durability_reached(d, d->wanted) && !d->stopping && error == 0)
        error = pthread_cond_timedwait(&d->wake, &d->lock, &until);
    d->sleeping = false;
    d->expected = 0;
}

/* One epoch for all that wait now. Called and returns with the lock held; syncs and calls done without it. */
static void run_epoch(struct durability *d)
{
    struct durable_wait *waits = d->first;
    struct stator_error err = {.rc = STATOR_OK};
    enum stator_rc rc = STATOR_OK;
    uint64_t wanted = d->wanted, began = now_ns(), took;
    uint32_t answered = d->waiting;
    bool failed = d->failed;

    d->first = d->last = NULL;
    d->waiting = 0;
    pthread_mutex_unlock(&d->lock);
    if (!failed && !durability_reached(d, newest_epoch(waits, wanted))) {
        histogram_count(&d->groups, HISTOGRAM_SIZES, answered + (durability_reached(d, wanted) ? 0 : 1));
        rc = sync_epoch(d, &err);
    }
    pthread_mutex_lock(&d->lock);
    if (rc != STATOR_OK) {
        LOG_LINE(LOG_LEVEL_ERROR, "a sync of the disk failed", LOG_STRING("reason", err.message));
        d->failure = err;
        d->failed = true;
    }
    if (d->failed)
        rc = d->failure.rc;
    pthread_cond_broadcast(&d->ended);
    pthread_mutex_unlock(&d->lock);
    took = now_ns() - began;
    end_waits(d, waits, rc);
    pthread_mutex_lock(&d->lock);
    if (!d->failed)
        await_company(d, answered, took);
}

static void *sync_for_ever(void *argument)
{
    struct durability *d = argument;

    pthread_setname_np(pthread_self(), "syncer");
    pthread_mutex_lock(&d->lock);
    for (;;) {
        if (d->first != NULL || (!durability_reached(d, d->wanted) && !d->failed)) {
            run_epoch(d);
        } else if (d->stopping) {
            break;
        } else {
            d->sleeping = true;
            pthread_cond_wait(&d->wake, &d->lock);
            d->sleeping = false;
        }
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

/* await_company's time is the monotonic clock's. */
static void init_wake(struct durability *d)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&d->wake, &attributes);
    pthread_condattr_destroy(&attributes);
}

enum stator_rc durability_start(struct durability **out, struct store *store, enum store_durability mode,
                                struct stator_error *err)
{
    struct durability *d = calloc(1, sizeof(*d));
    int error;

    *out = NULL;
    if (d == NULL)
        return stator_fail_memory(err);
    d->store = store;
    d->has_thread = mode == STORE_FULL;
    atomic_init(&d->current, 1);
    pthread_mutex_init(&d->lock, NULL);
    init_wake(d);
    pthread_cond_init(&d->ended, NULL);
    error = d->has_thread ? pthread_create(&d->thread, NULL, sync_for_ever, d) : 0;
    if (error != 0) {
        d->has_thread = false;
        durability_stop(d);
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "The syncer thread cannot be started: %s.",
                           strerror(error));
    }
    *out = d;
    return STATOR_OK;
}

void durability_stop(struct durability *d)
{
    if (d == NULL)
        return;
    if (d->has_thread) {
        pthread_mutex_lock(&d->lock);
        d->stopping = true;
        pthread_cond_signal(&d->wake);
        pthread_mutex_unlock(&d->lock);
        pthread_join(d->thread, NULL);
    }
    /* What nobody waited for. A failure has nobody left to tell, and promises nothing: the store says it on reopening.
     */
    (void)!store_sync(d->store, NULL);
    pthread_cond_destroy(&d->ended);
    pthread_cond_destroy(&d->wake);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

void durable_mark_begin(struct durable_mark *mark)
{
    atomic_fetch_add(&mark->in_flight, 1);
}

uint64_t durable_mark_end(struct durable_mark *mark, struct durability *d)
{
    uint64_t epoch = atomic_load(&d->current); /* W2 */
    uint64_t before = atomic_load(&mark->epoch);

    while (before < epoch && !atomic_compare_exchange_weak(&mark->epoch, &before, epoch))
        ;
    atomic_fetch_sub(&mark->in_flight, 1);
    durable_saw(epoch);
    return epoch;
}

void durable_mark_undo(struct durable_mark *mark)
{
    atomic_fetch_sub(&mark->in_flight, 1);
}

void durable_mark_look(const struct durable_mark *mark, const struct durability *d)
{
    if (atomic_load(&mark->in_flight) != 0)    /* R1 */
        durable_saw(atomic_load(&d->current)); /* R2 */
    else
        durable_saw(atomic_load(&mark->epoch));
}

static _Thread_local uint64_t seen;
static _Thread_local const struct durability *frozen_at;

void durable_seen_begin(uint64_t epoch, const struct durability *frozen)
{
    seen = epoch;
    frozen_at = frozen;
}

bool durable_shows(uint64_t epoch)
{
    return frozen_at == NULL || durability_reached(frozen_at, epoch);
}

void durable_saw(uint64_t epoch)
{
    if (frozen_at == NULL && epoch > seen)
        seen = epoch;
}

uint64_t durable_seen(void)
{
    return seen;
}

bool durability_reached(const struct durability *d, uint64_t epoch)
{
    return !d->has_thread || epoch <= atomic_load(&d->reached);
}

void durability_await(struct durability *d, struct durable_wait *wait)
{
    bool wake;

    if (!d->has_thread) {
        wait->done(wait, STATOR_OK);
        return;
    }
    wait->next = NULL;
    pthread_mutex_lock(&d->lock);
    stator_assert(!d->stopping);
    if (d->last != NULL)
        d->last->next = wait;
    else
        d->first = wait;
    d->last = wait;
    d->waiting += wait->answers;
    wake = d->sleeping && d->waiting >= d->expected;
    pthread_mutex_unlock(&d->lock);
    if (wake) /* without the lock, or the syncer would wake only to wait for it */
        pthread_cond_signal(&d->wake);
}

enum stator_rc durability_wait(struct durability *d, uint64_t epoch, struct stator_error *err)
{
    if (durability_reached(d, epoch))
        return STATOR_OK;
    pthread_mutex_lock(&d->lock);
    if (d->wanted < epoch)
        d->wanted = epoch;
    if (d->sleeping)
        pthread_cond_signal(&d->wake);
    while (!durability_reached(d, epoch) && !d->failed)
        pthread_cond_wait(&d->ended, &d->lock);
    pthread_mutex_unlock(&d->lock);
    return durability_reached(d, epoch) ? STATOR_OK : durability_failure(d, err);
}

void durability_stats(const struct durability *d, struct durability_stats *out)
{
    *out = (struct durability_stats){{{0}, 0}, {{0}, 0}};
    histogram_read(&out->times, &d->times);
    histogram_read(&out->groups, &d->groups);
}

uint64_t durability_sync_ns(const struct durability *d)
{
    uint64_t began_ns = atomic_load(&d->began_ns), now = now_ns();

    return began_ns != 0 && now > began_ns ? now - began_ns : 0;
}

enum stator_rc durability_failure(struct durability *d, struct stator_error *err)
{
    enum stator_rc rc = STATOR_OK;

    pthread_mutex_lock(&d->lock);
    if (d->failed)
        rc = stator_fail(err, d->failure.rc, "%s", d->failure.message);
    pthread_mutex_unlock(&d->lock);
    return rc;
}
