/* SPDX-License-Identifier: Apache-2.0 */
/* Batches, and the two steps of a durable write: into the WAL, onto the disk. */
#include "store/rocks.h"

#include <stdlib.h>
#include <time.h>

#include "store/log_ahead.h"

#define KEPT_BYTES_MAX   ((size_t)64 << 10) /* a cleared batch that grew past this gives its memory back */
#define ENTRY_OVERHEAD   12                 /* tags and lengths of one entry, roughly */
#define LOG_BUFFER_BYTES ((size_t)1 << 20)  /* the engine's default of writable_file_max_buffer_size */
#define STALL_PAUSE_MS   2
#define STALL_MS_MAX     10000 /* longer than any stall of a sound disk */

struct store_batch *store_batch_new(struct store *store)
{
    struct store_batch *batch = malloc(sizeof(*batch));

    if (batch != NULL)
        *batch = (struct store_batch){.store = store, .batch = rocksdb_writebatch_create()};
    return batch;
}

void store_batch_free(struct store_batch *batch)
{
    if (batch == NULL)
        return;
    rocksdb_writebatch_destroy(batch->batch);
    free(batch);
}

size_t store_batch_bytes(const struct store_batch *batch)
{
    return batch->bytes;
}

void store_batch_clear(struct store_batch *batch)
{
    if (batch->bytes > KEPT_BYTES_MAX) {
        rocksdb_writebatch_destroy(batch->batch);
        batch->batch = rocksdb_writebatch_create();
    } else {
        rocksdb_writebatch_clear(batch->batch);
    }
    batch->bytes = 0;
    batch->frees = STORE_FREES_NOTHING;
}

void store_batch_frees(struct store_batch *batch, enum store_frees frees)
{
    batch->frees = frees;
}

void store_batch_put(struct store_batch *batch, uint32_t family, struct bytes key, struct bytes value)
{
    batch->bytes += key.len + value.len + ENTRY_OVERHEAD;
    rocksdb_writebatch_put_cf(batch->batch, family_of(batch->store, family), chars(key), key.len, chars(value),
                              value.len);
}

void store_batch_delete(struct store_batch *batch, uint32_t family, struct bytes key)
{
    batch->bytes += key.len + ENTRY_OVERHEAD;
    rocksdb_writebatch_delete_cf(batch->batch, family_of(batch->store, family), chars(key), key.len);
}

void store_batch_delete_range(struct store_batch *batch, uint32_t family, struct bytes first, struct bytes end)
{
    batch->bytes += first.len + end.len + ENTRY_OVERHEAD;
    rocksdb_writebatch_delete_range_cf(batch->batch, family_of(batch->store, family), chars(first), first.len,
                                       chars(end), end.len);
}

void store_batch_add(struct store_batch *batch, struct bytes counter_key, int64_t delta)
{
    uint8_t operand[COUNTER_BYTES];

    counter_encode(operand, delta);
    batch->bytes += counter_key.len + COUNTER_BYTES + ENTRY_OVERHEAD;
    rocksdb_writebatch_merge_cf(batch->batch, family_of(batch->store, STORE_COUNTERS), chars(counter_key),
                                counter_key.len, (const char *)operand, sizeof(operand));
}

void store_hurry(struct store *store)
{
    atomic_store(&store->hurried, true);
}

bool store_read_only(const struct store *store)
{
    return atomic_load(&store->read_only);
}

/* The log's buffer goes to the file: with log_lock held alone. */
static void flush_buffer(struct store *store, char **why)
{
    rocksdb_flush_wal(store->db, 0, why);
    log_room_arrive_all(&store->log_room);
}

/* The write is done, as far as readers see. Where this fails the sync will, which everybody waits for. */
static void flush_buffer_early(struct store *store)
{
    struct stator_error err;
    char *why = NULL;

    flush_buffer(store, &why);
    if (why != NULL)
        (void)fault_of_sync(store, &err, why);
}

/* With log_lock held. False, and nothing is on its way, where the log's buffer, which would be full, would go to the file. */
static bool fits_buffer(struct store *store, const struct store_batch *batch)
{
    if (log_room_set_out(&store->log_room, batch->bytes) <= LOG_BUFFER_BYTES || !store->log_is_buffered)
        return true;
    log_room_arrive(&store->log_room, batch->bytes);
    return false;
}

/* Takes log_lock, to be alone if others would have to wait for the write. False, and no lock: it would wait and may not. */
static bool enter(struct store *store, const struct store_batch *batch, bool may_wait, bool *alone)
{
    *alone = batch->bytes > STORE_LARGE_BYTES;
    if (!*alone) {
        if (!may_wait && pthread_rwlock_tryrdlock(&store->log_lock) != 0)
            return false;
        if (may_wait)
            pthread_rwlock_rdlock(&store->log_lock);
        if (fits_buffer(store, batch))
            return true;
        pthread_rwlock_unlock(&store->log_lock);
        *alone = true;
    }
    if (may_wait) {
        pthread_rwlock_wrlock(&store->log_lock);
        (void)log_room_set_out(&store->log_room, batch->bytes);
    }
    return may_wait;
}

/* What makes space is not held up with the others by compactions that may have none: the engine slows it down by little. One that
 * is stopped, by memtables that cannot be written, holds up all. */
static bool passes_others(struct store *store, const struct store_batch *batch)
{
    return batch->frees != STORE_FREES_NOTHING && stats_property(store, store->format, "rocksdb.is-write-stopped") == 0;
}

/* The write itself, of what has room in the log. */
static enum stator_rc write_batch(struct store *store, struct store_batch *batch, bool may_wait,
                                  struct stator_error *err)
{
    rocksdb_writeoptions_t *how = may_wait && passes_others(store, batch) ? store->write_slowed : store->write;
    enum stator_rc rc;
    char *why = NULL;

    rocksdb_write(store->db, how, batch->batch, &why);
    if (why == NULL)
        return STATOR_OK;
    rc = fault_of_write(store, err, why);
    if (rc == STATOR_AGAIN)
        atomic_fetch_add_explicit(&store->stalls, 1, memory_order_relaxed);
    log_room_give_back(&store->log_room, batch->bytes);
    return rc;
}

/* With log_lock held. */
static enum stator_rc admit_and_write(struct store *store, struct store_batch *batch, bool may_wait,
                                      struct stator_error *err)
{
    if (store_read_only(store))
        return fault_read_only(store, err);
    switch (log_room_take(&store->log_room, batch->bytes, may_wait)) {
    case LOG_ROOM_TAKEN:
        break;
    case LOG_ROOM_WOULD_WAIT:
        return STATOR_AGAIN;
    case LOG_ROOM_NONE:
        return fault_full(store, err);
    }
    return write_batch(store, batch, may_wait, err);
}

/* One attempt that never waits for a stalled engine: STATOR_AGAIN. Nor, unless it may, for another's writes of the log. */
static enum stator_rc try_write(struct store *store, struct store_batch *batch, bool may_wait, struct stator_error *err)
{
    enum stator_rc rc;
    bool alone;

    if (!enter(store, batch, may_wait, &alone))
        return STATOR_AGAIN;
    rc = admit_and_write(store, batch, may_wait, err);
    if (rc != STATOR_OK || !store->log_is_buffered)
        log_room_arrive(&store->log_room, batch->bytes);
    else if (alone)
        flush_buffer_early(store);
    pthread_rwlock_unlock(&store->log_lock);
    return rc;
}

/* A stall of the engine ends, but its own waiting would hold log_lock, and has no end when its flushes fail. */
static bool awaits_stall(struct store *store, int tries)
{
    static const struct timespec pause = {.tv_nsec = STALL_PAUSE_MS * 1000000};

    if (tries >= STALL_MS_MAX / STALL_PAUSE_MS || atomic_load_explicit(&store->hurried, memory_order_relaxed))
        return false;
    nanosleep(&pause, NULL);
    atomic_fetch_add_explicit(&store->stall_ns, (uint64_t)pause.tv_nsec, memory_order_relaxed);
    return true;
}

enum stator_rc store_write(struct store *store, struct store_batch *batch, bool may_wait, struct stator_error *err)
{
    enum stator_rc rc;

    stator_assert(batch->store == store);
    if (store_read_only(store)) /* before the disk is looked at, or it would be said that space helps */
        return fault_read_only(store, err);
    if (!space_allows(store, batch->bytes, batch->frees))
        return fault_full(store, err);
    rc = try_write(store, batch, may_wait, err);
    for (int tries = 0; rc == STATOR_AGAIN && may_wait && awaits_stall(store, tries); tries++)
        rc = try_write(store, batch, true, err);
    if (rc == STATOR_AGAIN && may_wait)
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                           "The disk does not keep up with the writes: nothing was written.");
    return rc;
}

static void let_writers_in(void *context)
{
    struct store *store = context;

    pthread_rwlock_unlock(&store->log_lock);
}

/* Into the log goes how far it was synced before this sync: behind a hole that is the proof that something was there. Nobody
 * misses a mark that cannot be written, for the next one says more. */
static void put_mark(struct store *store)
{
    char *why = NULL;

    if (store->synced == NULL)
        return;
    buf_reset(&store->mark);
    synced_mark(store->synced, &store->mark);
    (void)log_room_set_out(&store->log_room, store->mark.len);
    if (log_room_take(&store->log_room, store->mark.len, true) == LOG_ROOM_TAKEN) {
        rocksdb_writebatch_clear(store->mark_batch);
        rocksdb_writebatch_put_log_data(store->mark_batch, (const char *)store->mark.at, store->mark.len);
        rocksdb_write(store->db, store->write, store->mark_batch, &why);
        if (why != NULL)
            log_room_give_back(&store->log_room, store->mark.len);
        rocksdb_free(why);
    }
    log_room_arrive(&store->log_room, store->mark.len);
}

/* Hands the log's buffer to the system, with all writers kept out. */
static enum stator_rc flush_log(struct store *store, struct stator_error *err)
{
    char *why = NULL;

    if (store_broken(store)) /* else the log is as it should be */
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                           "An earlier write or sync failed: whether the writes since are stored is not known until a "
                           "restart.");
    put_mark(store);
    flush_buffer(store, &why);
    return why != NULL ? fault_of_sync(store, err, why) : STATOR_OK;
}

/* One after the other, as the engine does them, too: a sync that fails must not freeze what is read (frozen.c) as of a time
 * before that of one which is still under way and succeeds. Writers are let in when the sync begins. The engine flushes its
 * buffer before that, so that a writer let in earlier would wait for its write(2). */
enum stator_rc store_sync(struct store *store, struct stator_error *err)
{
    const rocksdb_snapshot_t *begun;
    enum stator_rc rc;
    char *why = NULL;

    if (store->durability == STORE_NONE)
        return STATOR_OK;
    pthread_mutex_lock(&store->sync_lock);
    (void)log_room_refill(&store->log_room); /* while writers are let in; who finds none is refused */
    pthread_rwlock_wrlock(&store->log_lock);
    begun = frozen_begin(store);
    log_ahead_begin(let_writers_in, store);
    rc = flush_log(store, err);
    if (rc == STATOR_OK) {
        if (!log_ahead_sees_sync())
            log_ahead_end();
        rocksdb_flush_wal(store->db, 1, &why);
        rc = why != NULL ? fault_of_sync(store, err, why) : STATOR_OK;
    }
    log_ahead_end();
    frozen_end(store, begun, rc == STATOR_OK);
    pthread_mutex_unlock(&store->sync_lock);
    return rc;
}
