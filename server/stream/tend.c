/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/tend.h"

#include <stdlib.h>

#include "catalog/catalog.h"
#include "stream/record.h"
#include "stream/streams.h"

#define ROUND_MS_MAX   60000 /* records may stay so much longer than the retention */
#define ROUND_MS_MIN   100
#define SHARDS_AT_ONCE 256 /* that one batch deletes */

static struct bytes record_key(uint8_t out[STREAM_RECORD_KEY_BYTES], const struct stream *stream,
                               const struct lane *lane, uint64_t number)
{
    return stream_record_key(out, stream->id, lane->index, number);
}

/* --- Trimming a lane ---------------------------------------------------------------------------------------------- */

/* The last record below `until`, plus 1, and the first one from there on. */
static enum stator_rc find_border(uint64_t *trimmed, uint64_t *oldest, struct streams *streams, struct stream *stream,
                                  struct lane *lane, uint64_t until, struct stator_error *err)
{
    uint8_t lower[STREAM_RECORD_KEY_BYTES], upper[STREAM_RECORD_KEY_BYTES], key[STREAM_RECORD_KEY_BYTES];
    struct store_iterator *it = store_iterator_open(streams->store, stream_family(stream, lane->index),
                                                    record_key(lower, stream, lane, lane->trimmed),
                                                    record_key(upper, stream, lane, UINT64_MAX), NULL, STORE_ANY);
    enum stator_rc rc = STATOR_OK;
    uint64_t number;

    *trimmed = lane->trimmed;
    *oldest = until;
    if (it == NULL)
        return stator_fail_memory(err);
    store_iterator_seek_back(it, record_key(key, stream, lane, until - 1));
    if (store_iterator_valid(it) && stream_record_key_read(&number, store_iterator_key(it)))
        *trimmed = number + 1;
    else
        rc = store_iterator_status(it, err);
    store_iterator_seek(it, record_key(key, stream, lane, until));
    if (store_iterator_valid(it) && stream_record_key_read(&number, store_iterator_key(it)))
        *oldest = number;
    store_iterator_close(it);
    return rc;
}

static void delete_shard(const struct stream *stream, const struct lane *lane, uint64_t start,
                         struct store_batch *batch)
{
    const struct stream_key key = {.stream = stream->id, .kind = STREAM_KEY_SHARD, .lane = lane->index, .start = start};
    uint8_t bytes[STREAM_KEY_BYTES_MAX];

    store_batch_delete(batch, STORE_CATALOG, stream_key_write(bytes, &key));
}

static void note_trimmed(const struct stream *stream, const struct lane *lane, uint64_t trimmed,
                         struct store_batch *batch)
{
    const struct stream_key key = {.stream = stream->id, .kind = STREAM_KEY_TRIMMED, .lane = lane->index};
    const uint64_t value = __builtin_bswap64(trimmed);
    uint8_t bytes[STREAM_KEY_BYTES_MAX];

    store_batch_put(batch, STORE_CATALOG, stream_key_write(bytes, &key), bytes_of(&value, sizeof(value)));
}

/* Not synced: what a power cut brings back is trimmed again. *more is set when there is more to trim at once. */
static enum stator_rc trim_lane(struct streams *streams, struct stream *stream, struct lane *lane, uint64_t cutoff,
                                bool *more, struct stator_error *err)
{
    uint64_t starts[SHARDS_AT_ONCE], until = lane_trimmable(lane, cutoff), trimmed, oldest;
    uint8_t first[STREAM_RECORD_KEY_BYTES], end[STREAM_RECORD_KEY_BYTES];
    struct store_batch *batch;
    enum stator_rc rc;
    size_t gone;

    if (until == 0)
        return STATOR_OK;
    STATOR_TRY(find_border(&trimmed, &oldest, streams, stream, lane, until, err));
    gone = lane_trim(lane, &trimmed, until, starts, SHARDS_AT_ONCE);
    if (gone < SHARDS_AT_ONCE)
        lane->oldest = oldest;
    if (trimmed == lane->deleted && gone == 0)
        return STATOR_OK;
    batch = store_batch_new(streams->store);
    if (batch == NULL)
        return stator_fail_memory(err);
    store_batch_delete_range(batch, stream_family(stream, lane->index), record_key(first, stream, lane, lane->deleted),
                             record_key(end, stream, lane, trimmed));
    note_trimmed(stream, lane, trimmed, batch);
    for (size_t i = 0; i < gone; i++)
        delete_shard(stream, lane, starts[i], batch);
    store_batch_frees(batch, STORE_FREES_NOW);
    rc = store_write(streams->store, batch, true, err);
    if (rc == STATOR_OK) {
        lane_drop_shards(lane, gone);
        lane->deleted = trimmed;
        *more |= gone == SHARDS_AT_ONCE;
        rc = store_drop_files(streams->store, stream_family(stream, lane->index), record_key(first, stream, lane, 0),
                              record_key(end, stream, lane, trimmed), err);
    }
    store_batch_free(batch);
    return rc;
}

/* --- Rolling over ------------------------------------------------------------------------------------------------- */

/* It makes space, for a shard that is over can be trimmed as a whole; and it writes only what is small, once for a lane that
 * has records. */
static enum stator_rc roll_lane(struct streams *streams, struct stream *stream, struct lane *lane, uint64_t now_ms,
                                struct stator_error *err)
{
    struct lane_ticket ticket;
    struct durable_mark mark = {0};
    struct store_batch *batch;
    enum stator_rc rc = STATOR_OK;

    if (!lane_take_to_roll(lane, &ticket, now_ms, &stream->limits))
        return STATOR_OK;
    batch = store_batch_new(streams->store);
    durable_mark_begin(&mark);
    if (batch == NULL) {
        rc = stator_fail_memory(err);
    } else {
        stream_store_shard(stream, lane->index, ticket.number, ticket.parent, ticket.before, batch);
        store_batch_frees(batch, STORE_FREES_NOW);
        rc = store_write(streams->store, batch, true, err);
    }
    lane_end(lane, &ticket,
             rc == STATOR_OK                ? LANE_STORED
             : store_broken(streams->store) ? LANE_UNKNOWN
                                            : LANE_NOT_STORED,
             durable_mark_end(&mark, streams->durability));
    store_batch_free(batch);
    return rc;
}

/* --- Streams ------------------------------------------------------------------------------------------------------ */

/* All that there is of it. Its id is never used again, so a range of records can go as a whole; the catalog's keys go one
 * by one, because whoever opens the streams would still see a range. */
static enum stator_rc remove_stream(struct streams *streams, struct stream *stream, struct stator_error *err)
{
    const struct stream_key about = {.stream = stream->id, .kind = STREAM_KEY_ABOUT};
    uint8_t first[STREAM_RECORD_KEY_BYTES], end[STREAM_RECORD_KEY_BYTES], bytes[STREAM_KEY_BYTES_MAX];
    struct store_batch *batch = store_batch_new(streams->store);
    enum stator_rc rc;

    if (batch == NULL)
        return stator_fail_memory(err);
    store_batch_delete(batch, STORE_CATALOG, stream_key_write(bytes, &about));
    for (uint32_t i = 0; i < stream->about.lanes; i++) {
        const struct lane *lane = &stream->lanes[i];
        const struct stream_key trimmed = {.stream = stream->id, .kind = STREAM_KEY_TRIMMED, .lane = i};

        store_batch_delete_range(batch, stream_family(stream, i), record_key(first, stream, lane, 0),
                                 record_key(end, stream, lane, UINT64_MAX));
        store_batch_delete(batch, STORE_CATALOG, stream_key_write(bytes, &trimmed));
        for (size_t k = 0; k < lane->count; k++) /* closed, and only this thread trims: it does not change */
            delete_shard(stream, lane, lane->shards[k].start, batch);
    }
    store_batch_frees(batch, STORE_FREES_NOW);
    catalog_note_erased(streams->store, stream->id, batch);
    rc = store_write(streams->store, batch, true, err);
    store_batch_free(batch);
    if (rc == STATOR_OK)
        streams_remove(streams, stream);
    return rc;
}

static void report(streams_failed *failed, const struct stream *stream, enum stator_rc rc,
                   const struct stator_error *err)
{
    if (rc != STATOR_OK && failed != NULL)
        failed(stream->about.table_name, err);
}

/* What fails keeps nothing else from being done, and is done in the next round again. */
static void tend_stream(struct streams *streams, struct stream *stream, uint64_t now_ms, bool *more,
                        streams_failed *failed)
{
    uint64_t disabled_ms = atomic_load(&stream->disabled_ms),
             retention_ms = (uint64_t)streams->options.retention_s * 1000;
    uint64_t cutoff = now_ms > retention_ms ? (now_ms - retention_ms) << STREAM_MS_SHIFT : 0;
    struct stator_error err;

    if (disabled_ms != 0 && now_ms >= disabled_ms && now_ms - disabled_ms >= retention_ms) {
        report(failed, stream, remove_stream(streams, stream, &err), &err);
        return;
    }
    for (uint32_t i = 0; i < stream->about.lanes; i++) {
        if (disabled_ms == 0)
            report(failed, stream, roll_lane(streams, stream, &stream->lanes[i], now_ms, &err), &err);
        report(failed, stream, trim_lane(streams, stream, &stream->lanes[i], cutoff, more, &err), &err);
    }
}

/* All listed streams, held. NULL without memory or without streams. */
static struct stream **hold_all(struct streams *streams, size_t *count)
{
    struct stream **all;

    *count = 0;
    pthread_rwlock_rdlock(&streams->lock);
    all = streams->count != 0 ? malloc(streams->count * sizeof(struct stream *)) : NULL;
    for (size_t i = 0; all != NULL && i < streams->count; i++) {
        if (!streams->at[i]->listed)
            continue;
        stream_hold(streams->at[i]);
        all[(*count)++] = streams->at[i];
    }
    pthread_rwlock_unlock(&streams->lock);
    return all;
}

static uint64_t round_ms(const struct streams_options *options)
{
    uint64_t shortest = options->retention_s < options->shard_s ? options->retention_s : options->shard_s;
    uint64_t ms = shortest * 1000 / 10;

    if (ms > ROUND_MS_MAX)
        return ROUND_MS_MAX;
    return ms < ROUND_MS_MIN ? ROUND_MS_MIN : ms;
}

uint64_t streams_tend(struct streams *streams, uint64_t now_ms, streams_failed *failed)
{
    size_t count;
    struct stream **all = hold_all(streams, &count);
    bool more = false;

    for (size_t i = 0; i < count; i++) {
        tend_stream(streams, all[i], now_ms, &more, failed);
        stream_release(all[i]);
    }
    free(all);
    if (more)
        return now_ms;
    return count != 0 ? now_ms + round_ms(&streams->options) : STREAMS_NEVER;
}
