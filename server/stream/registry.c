/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/registry.h"

#include <stdlib.h>

#include "stream/record.h"
#include "stream/streams.h"

/* A lane's shards, of which most have few. */
#define LANE_BYTES_BESIDE 512

static size_t lower_bound(const struct streams *streams, uint32_t id)
{
    size_t low = 0, high = streams->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (streams->at[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Takes over the reference. The lock is held for writing. */
static bool insert(struct streams *streams, struct stream *stream)
{
    size_t place = lower_bound(streams, stream->id), capacity = streams->capacity == 0 ? 16 : 2 * streams->capacity;

    if (streams->count == streams->capacity) {
        struct stream **at = realloc(streams->at, capacity * sizeof(struct stream *));

        if (at == NULL)
            return false;
        streams->at = at;
        streams->capacity = capacity;
    }
    memmove(&streams->at[place + 1], &streams->at[place], (streams->count - place) * sizeof(struct stream *));
    streams->at[place] = stream;
    streams->count++;
    return true;
}

void streams_remove(struct streams *streams, struct stream *stream)
{
    size_t place;

    pthread_rwlock_wrlock(&streams->lock);
    place = lower_bound(streams, stream->id);
    stator_assert(place < streams->count && streams->at[place] == stream);
    streams->count--;
    memmove(&streams->at[place], &streams->at[place + 1], (streams->count - place) * sizeof(struct stream *));
    pthread_rwlock_unlock(&streams->lock);
    stream_release(stream);
}

size_t streams_bytes(struct streams *streams)
{
    size_t bytes = 0;

    pthread_rwlock_rdlock(&streams->lock);
    for (size_t i = 0; i < streams->count; i++)
        bytes += sizeof(struct stream) + streams->at[i]->stored.capacity +
                 streams->at[i]->about.lanes * (sizeof(struct lane) + LANE_BYTES_BESIDE);
    pthread_rwlock_unlock(&streams->lock);
    return bytes;
}

/* --- Opening ------------------------------------------------------------------------------------------------------ */

static enum stator_rc damaged(struct stator_error *err)
{
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "what the catalog has of a stream is damaged");
}

static struct lane_limits limits_of(const struct streams *streams)
{
    return (struct lane_limits){.shard_ms = (uint64_t)streams->options.shard_s * 1000,
                                .shard_records = streams->options.shard_records};
}

static enum stator_rc load_about(struct streams *streams, uint32_t id, struct bytes value, struct stator_error *err)
{
    const struct lane_limits limits = limits_of(streams);
    struct stream_about about;
    struct stream *stream;

    if (!stream_about_read(&about, value))
        return damaged(err);
    stream = stream_new(id, &about, store_shards(streams->store), &limits);
    if (stream == NULL)
        return stator_fail_memory(err);
    stream->listed = true;
    if (insert(streams, stream))
        return STATOR_OK;
    stream_release(stream);
    return stator_fail_memory(err);
}

/* The keys of a stream follow each other: what it is, what is trimmed, then its shards, oldest first. */
static enum stator_rc load_key(struct streams *streams, struct bytes key_bytes, struct bytes value,
                               struct stator_error *err)
{
    struct stream *stream = streams->count != 0 ? streams->at[streams->count - 1] : NULL;
    struct stream_key key;

    if (!stream_key_read(&key, key_bytes))
        return damaged(err);
    if (key.kind == STREAM_KEY_ABOUT)
        return load_about(streams, key.stream, value, err);
    if (stream == NULL || stream->id != key.stream || key.lane >= stream->about.lanes)
        return damaged(err);
    if (key.kind == STREAM_KEY_TRIMMED && value.len == 8) {
        stream->lanes[key.lane].trimmed = stream->lanes[key.lane].deleted = read_be64(value.at);
        return STATOR_OK;
    }
    if (key.kind != STREAM_KEY_SHARD || value.len != 16)
        return damaged(err);
    return lane_add_shard(&stream->lanes[key.lane], key.start, read_be64(value.at), read_be64(value.at + 8))
               ? STATOR_OK
               : stator_fail_memory(err);
}

static enum stator_rc load_streams(struct streams *streams, struct stator_error *err)
{
    struct store_iterator *it =
        store_iterator_open(streams->store, STORE_CATALOG, BYTES("s"), BYTES("t"), NULL, STORE_ANY);
    enum stator_rc rc = STATOR_OK;

    if (it == NULL)
        return stator_fail_memory(err);
    for (store_iterator_seek_first(it); rc == STATOR_OK && store_iterator_valid(it); store_iterator_next(it))
        rc = load_key(streams, store_iterator_key(it), store_iterator_value(it), err);
    if (rc == STATOR_OK)
        rc = store_iterator_status(it, err);
    store_iterator_close(it);
    return rc;
}

/* Numbers go on behind the last record. What an iterator shows of trimmed ones does no harm: they were numbers, too. */
static enum stator_rc load_last(struct streams *streams, struct stream *stream, struct lane *lane,
                                struct stator_error *err)
{
    uint8_t lower[STREAM_RECORD_KEY_BYTES], upper[STREAM_RECORD_KEY_BYTES];
    struct store_iterator *it = store_iterator_open(
        streams->store, stream_family(stream, lane->index), stream_record_key(lower, stream->id, lane->index, 0),
        stream_record_key(upper, stream->id, lane->index, UINT64_MAX), NULL, STORE_ANY);
    uint64_t number = 0;
    enum stator_rc rc;

    if (it == NULL)
        return stator_fail_memory(err);
    store_iterator_seek_last(it);
    if (store_iterator_valid(it) && !stream_record_key_read(&number, store_iterator_key(it)))
        rc = damaged(err);
    else
        rc = store_iterator_valid(it) ? STATOR_OK : store_iterator_status(it, err);
    store_iterator_close(it);
    if (number >= lane->trimmed)
        lane->newest_record = number;
    lane->unread_ms = lane->shards[0].start >> STREAM_MS_SHIFT;
    if (number >= lane->shards[lane->count - 1].start)
        lane->records = 1; /* how many there are is not known: the count begins again */
    if (lane->trimmed > number)
        number = lane->trimmed;
    if (number > lane->last)
        lane->last += (number - lane->last + STREAM_NUMBER_STEP - 1) / STREAM_NUMBER_STEP * STREAM_NUMBER_STEP;
    lane->stored = lane->last;
    return rc;
}

static enum stator_rc load_lanes(struct streams *streams, struct stream *stream, struct stator_error *err)
{
    for (uint32_t i = 0; i < stream->about.lanes; i++) {
        struct lane *lane = &stream->lanes[i];

        if (lane->count == 0)
            return damaged(err);
        STATOR_TRY(load_last(streams, stream, lane, err));
        if (stream->about.disabled_ms != 0)
            lane_close(lane);
    }
    return STATOR_OK;
}

enum stator_rc streams_open(struct streams **out, struct store *store, struct durability *durability,
                            const struct streams_options *options, struct stator_error *err)
{
    struct streams *streams = calloc(1, sizeof(*streams));
    enum stator_rc rc;

    *out = NULL;
    if (streams == NULL)
        return stator_fail_memory(err);
    streams->store = store;
    streams->durability = durability;
    streams->options = *options;
    if (streams->options.lanes == 0)
        streams->options.lanes = store_shards(store);
    pthread_rwlock_init(&streams->lock, NULL);
    rc = load_streams(streams, err);
    for (size_t i = 0; rc == STATOR_OK && i < streams->count; i++)
        rc = load_lanes(streams, streams->at[i], err);
    if (rc != STATOR_OK) {
        streams_close(streams);
        return rc;
    }
    *out = streams;
    return STATOR_OK;
}

void streams_close(struct streams *streams)
{
    if (streams == NULL)
        return;
    for (size_t i = 0; i < streams->count; i++)
        stream_release(streams->at[i]);
    free(streams->at);
    pthread_rwlock_destroy(&streams->lock);
    free(streams);
}

/* --- Looking ------------------------------------------------------------------------------------------------------ */

struct stream *streams_find(struct streams *streams, uint32_t id)
{
    struct stream *stream = NULL;
    size_t place;

    pthread_rwlock_rdlock(&streams->lock);
    place = lower_bound(streams, id);
    if (place < streams->count && streams->at[place]->id == id) {
        stream = streams->at[place];
        stream_hold(stream);
    }
    pthread_rwlock_unlock(&streams->lock);
    return stream;
}

static bool is_in(const struct stream *stream, struct bytes namespace_)
{
    return stream->listed && bytes_equal(stream->about.namespace_, namespace_);
}

struct stream *streams_named(struct streams *streams, struct bytes namespace_, struct bytes arn)
{
    struct stream *stream = NULL;

    pthread_rwlock_rdlock(&streams->lock);
    for (size_t i = streams->count; i > 0 && stream == NULL; i--) { /* the newest ones are asked for most */
        if (bytes_equal(streams->at[i - 1]->about.arn, arn) && is_in(streams->at[i - 1], namespace_))
            stream = streams->at[i - 1];
    }
    if (stream != NULL)
        stream_hold(stream);
    pthread_rwlock_unlock(&streams->lock);
    return stream;
}

static int by_arn(const void *a, const void *b)
{
    const struct stream *const *one = a, *const *other = b;

    return bytes_compare((*one)->about.arn, (*other)->about.arn);
}

enum stator_rc streams_list(struct streams *streams, struct bytes namespace_, struct bytes table_name,
                            struct bytes after, size_t max, struct stream ***out, size_t *count, bool *more,
                            struct arena *arena, struct stator_error *err)
{
    size_t found = 0;

    pthread_rwlock_rdlock(&streams->lock);
    *out = ARENA_ARRAY(arena, struct stream *, streams->count);
    for (size_t i = 0; *out != NULL && i < streams->count; i++) {
        struct stream *stream = streams->at[i];

        if (!is_in(stream, namespace_) ||
            (bytes_present(table_name) && !bytes_equal(stream->about.table_name, table_name)) ||
            (bytes_present(after) && bytes_compare(stream->about.arn, after) <= 0))
            continue;
        (*out)[found++] = stream;
    }
    if (found != 0)
        qsort(*out, found, sizeof(struct stream *), by_arn);
    *more = found > max;
    *count = found < max ? found : max;
    for (size_t i = 0; i < *count; i++)
        stream_hold((*out)[i]);
    pthread_rwlock_unlock(&streams->lock);
    return *out != NULL ? STATOR_OK : stator_fail_memory(err);
}

/* --- Changing ----------------------------------------------------------------------------------------------------- */

static void store_about(const struct stream *stream, struct bytes about, struct store_batch *batch)
{
    const struct stream_key key = {.stream = stream->id, .kind = STREAM_KEY_ABOUT};
    uint8_t bytes[STREAM_KEY_BYTES_MAX];

    store_batch_put(batch, STORE_CATALOG, stream_key_write(bytes, &key), about);
}

static bool add_first_shards(struct stream *stream, struct store_batch *batch)
{
    for (uint32_t i = 0; i < stream->about.lanes; i++) {
        uint64_t start = stream->about.created_ms << STREAM_MS_SHIFT | i;

        if (!lane_add_shard(&stream->lanes[i], start, 0, 0))
            return false;
        stream_store_shard(stream, i, start, 0, 0, batch);
    }
    return true;
}

enum stator_rc streams_add(struct streams *streams, struct stream **out, uint32_t id, struct stream_about *about,
                           struct store_batch *batch, struct stator_error *err)
{
    const struct lane_limits limits = limits_of(streams);
    struct stream *stream;
    bool added;

    *out = NULL;
    about->lanes = streams->options.lanes;
    about->created_ms = stream_now_ms();
    stream = stream_new(id, about, store_shards(streams->store), &limits);
    if (stream == NULL)
        return stator_fail_memory(err);
    if (!add_first_shards(stream, batch)) {
        stream_release(stream);
        return stator_fail_memory(err);
    }
    store_about(stream, buf_bytes(&stream->stored), batch);
    pthread_rwlock_wrlock(&streams->lock);
    added = insert(streams, stream);
    pthread_rwlock_unlock(&streams->lock);
    if (!added) {
        stream_release(stream);
        return stator_fail_memory(err);
    }
    *out = stream;
    return STATOR_OK;
}

void streams_show(struct streams *streams, struct stream *stream)
{
    pthread_rwlock_wrlock(&streams->lock);
    stream->listed = true;
    pthread_rwlock_unlock(&streams->lock);
}

void streams_drop(struct streams *streams, struct stream *stream)
{
    streams_remove(streams, stream);
}

enum stator_rc streams_end(struct stream *stream, uint64_t now_ms, struct store_batch *batch, struct stator_error *err)
{
    struct stream_about about = stream->about;
    struct buf buf;
    bool failed;

    about.disabled_ms = now_ms;
    buf_init(&buf, stream->stored.max_bytes);
    stream_about_write(&buf, &about);
    failed = buf.failed;
    if (!failed)
        store_about(stream, buf_bytes(&buf), batch);
    buf_deinit(&buf);
    return failed ? stator_fail_memory(err) : STATOR_OK;
}

void streams_ended(struct stream *stream, uint64_t now_ms)
{
    for (uint32_t i = 0; i < stream->about.lanes; i++)
        lane_close(&stream->lanes[i]);
    atomic_store(&stream->disabled_ms, now_ms);
}
