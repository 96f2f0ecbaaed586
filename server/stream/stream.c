/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/stream.h"

#include <stdlib.h>

#include "clock/clock.h"
#include "stream/record.h"

#define ABOUT_MAX ((size_t)64 << 10) /* of six texts: an ARN of 1 KB, names of 255 bytes, an access key */

uint64_t stream_now_ms(void)
{
    return clock_ms();
}

struct stream *stream_new(uint32_t id, const struct stream_about *about, uint32_t shards,
                          const struct lane_limits *limits)
{
    struct stream *stream = calloc(1, sizeof(*stream));

    if (stream == NULL)
        return NULL;
    atomic_init(&stream->references, 1);
    atomic_init(&stream->disabled_ms, about->disabled_ms);
    stream->id = id;
    stream->shards = shards;
    stream->limits = *limits;
    buf_init(&stream->stored, ABOUT_MAX);
    stream_about_write(&stream->stored, about);
    stream->lanes = calloc(about->lanes, sizeof(*stream->lanes));
    if (stream->stored.failed || stream->lanes == NULL ||
        !stream_about_read(&stream->about, buf_bytes(&stream->stored))) {
        buf_deinit(&stream->stored);
        free(stream->lanes);
        free(stream);
        return NULL;
    }
    for (uint32_t i = 0; i < about->lanes; i++)
        lane_init(&stream->lanes[i], i);
    return stream;
}

void stream_hold(struct stream *stream)
{
    atomic_fetch_add(&stream->references, 1);
}

void stream_release(struct stream *stream)
{
    if (stream == NULL || atomic_fetch_sub(&stream->references, 1) != 1)
        return;
    for (uint32_t i = 0; i < stream->about.lanes; i++)
        lane_deinit(&stream->lanes[i]);
    free(stream->lanes);
    buf_deinit(&stream->stored);
    free(stream);
}

uint32_t stream_family(const struct stream *stream, uint32_t lane)
{
    return STORE_SHARD(lane % stream->shards);
}

uint64_t stream_lag_ms(const struct stream *stream, uint64_t now_ms)
{
    uint64_t most_ms = 0;

    for (uint32_t i = 0; i < stream->about.lanes; i++) {
        uint64_t lag_ms = lane_lag_ms(&stream->lanes[i], now_ms);

        most_ms = lag_ms > most_ms ? lag_ms : most_ms;
    }
    return most_ms;
}

struct bytes stream_region(const struct stream *stream)
{
    struct bytes arn = stream->about.arn; /* arn:aws:dynamodb:region:... */
    const uint8_t *end;

    for (int colons = 0; colons < 3; colons++) {
        const uint8_t *colon = memchr(arn.at, ':', arn.len);

        if (colon == NULL)
            return BYTES("");
        arn = bytes_of(colon + 1, (size_t)(arn.at + arn.len - colon - 1));
    }
    end = memchr(arn.at, ':', arn.len);
    return end == NULL ? BYTES("") : bytes_of(arn.at, (size_t)(end - arn.at));
}

/* With as many lanes as there are shards an item's record lies beside it. */
static uint32_t lane_of(const struct stream *stream, uint32_t shard, uint64_t token)
{
    return stream->about.lanes == stream->shards ? shard : (uint32_t)(token % stream->about.lanes);
}

void stream_enter(struct stream_entry *entry, struct stream *stream, uint32_t shard, uint64_t token,
                  struct store_batch *batch)
{
    struct lane_ticket *ticket = &entry->ticket;

    stream_hold(stream);
    entry->stream = stream;
    entry->lane = lane_of(stream, shard, token);
    lane_take(&stream->lanes[entry->lane], ticket, stream_now_ms(), &stream->limits);
    if (ticket->rolls)
        stream_store_shard(stream, entry->lane, ticket->number, ticket->parent, ticket->before, batch);
}

void stream_put(const struct stream_entry *entry, struct bytes record, struct store_batch *batch)
{
    uint8_t key[STREAM_RECORD_KEY_BYTES];

    store_batch_put(batch, stream_family(entry->stream, entry->lane),
                    stream_record_key(key, entry->stream->id, entry->lane, entry->ticket.number), record);
}

void stream_leave(struct stream_entry *entry, enum lane_outcome outcome, uint64_t epoch)
{
    if (entry->stream == NULL)
        return;
    lane_end(&entry->stream->lanes[entry->lane], &entry->ticket, outcome, epoch);
    stream_release(entry->stream);
    entry->stream = NULL;
}
