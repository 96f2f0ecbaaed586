/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/lane.h"

#include <stdlib.h>

#include "shard/durability.h"

void lane_init(struct lane *lane, uint32_t index)
{
    *lane = (struct lane){.index = index};
    pthread_mutex_init(&lane->lock, NULL);
}

void lane_deinit(struct lane *lane)
{
    stator_assert(lane->first == NULL);
    pthread_mutex_destroy(&lane->lock);
    free(lane->shards);
}

/* Room for one shard more, so that a roll-over cannot fail once it is stored. */
static bool reserve(struct lane *lane)
{
    size_t capacity = lane->capacity == 0 ? 4 : 2 * lane->capacity;
    struct stream_shard *shards;

    if (lane->count < lane->capacity)
        return true;
    shards = realloc(lane->shards, capacity * sizeof(*shards));
    if (shards == NULL)
        return false;
    lane->shards = shards;
    lane->capacity = capacity;
    return true;
}

static struct stream_shard *open_shard(const struct lane *lane)
{
    return &lane->shards[lane->count - 1];
}

bool lane_add_shard(struct lane *lane, uint64_t start, uint64_t parent, uint64_t parent_last)
{
    if (!reserve(lane))
        return false;
    if (lane->count != 0)
        open_shard(lane)->last = parent_last;
    lane->shards[lane->count++] = (struct stream_shard){.start = start, .last = start, .parent = parent};
    lane->last = start > lane->last ? start : lane->last;
    lane->stored = lane->last;
    return true;
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

static bool is_due(const struct lane *lane, uint64_t now_ms, const struct lane_limits *limits)
{
    uint64_t began_ms = open_shard(lane)->start >> STREAM_MS_SHIFT;

    if (lane->rolling || lane->closed || lane->records == 0)
        return false;
    return lane->records >= limits->shard_records || (now_ms > began_ms && now_ms - began_ms >= limits->shard_ms);
}

static void give_number(struct lane *lane, struct lane_ticket *ticket, uint64_t now_ms)
{
    uint64_t number = now_ms << STREAM_MS_SHIFT | lane->index;

    if (number <= lane->last) /* several in a millisecond, or a clock that was put back */
        number = lane->last + STREAM_NUMBER_STEP;
    *ticket = (struct lane_ticket){.number = number, .before = lane->last, .previous = lane->newest};
    lane->last = number;
    if (lane->newest != NULL)
        lane->newest->next = ticket;
    else
        lane->first = ticket;
    lane->newest = ticket;
}

static void begin_roll(struct lane *lane, struct lane_ticket *ticket)
{
    ticket->rolls = true;
    ticket->parent = open_shard(lane)->start;
    ticket->counted = lane->records;
    lane->rolling = true;
    lane->records = 0;
}

void lane_take(struct lane *lane, struct lane_ticket *ticket, uint64_t now_ms, const struct lane_limits *limits)
{
    pthread_mutex_lock(&lane->lock);
    give_number(lane, ticket, now_ms);
    if (is_due(lane, now_ms, limits) && reserve(lane))
        begin_roll(lane, ticket);
    lane->records++;
    pthread_mutex_unlock(&lane->lock);
}

bool lane_take_to_roll(struct lane *lane, struct lane_ticket *ticket, uint64_t now_ms, const struct lane_limits *limits)
{
    bool due;

    pthread_mutex_lock(&lane->lock);
    due = is_due(lane, now_ms, limits) && reserve(lane);
    if (due) {
        give_number(lane, ticket, now_ms);
        begin_roll(lane, ticket);
        ticket->bare = true;
    }
    pthread_mutex_unlock(&lane->lock);
    return due;
}

static void end_roll(struct lane *lane, const struct lane_ticket *ticket, bool stored, uint64_t epoch)
{
    struct stream_shard *parent = open_shard(lane);

    lane->rolling = false;
    if (!stored) {
        lane->records += ticket->counted;
        return;
    }
    parent->last = ticket->before;
    lane->shards[lane->count++] =
        (struct stream_shard){.start = ticket->number, .last = ticket->number, .parent = parent->start, .epoch = epoch};
}

static bool has_unread(const struct lane *lane)
{
    return lane->newest_record != 0 && lane->newest_record >= lane->read_until && lane->newest_record >= lane->trimmed;
}

static void note_record(struct lane *lane, uint64_t number)
{
    if (!has_unread(lane))
        lane->unread_ms = number >> STREAM_MS_SHIFT;
    if (number > lane->newest_record)
        lane->newest_record = number;
}

void lane_end(struct lane *lane, struct lane_ticket *ticket, enum lane_outcome outcome, uint64_t epoch)
{
    bool stored = outcome == LANE_STORED;

    pthread_mutex_lock(&lane->lock);
    if (ticket->previous != NULL)
        ticket->previous->next = ticket->next;
    else
        lane->first = ticket->next;
    if (ticket->next != NULL)
        ticket->next->previous = ticket->previous;
    else
        lane->newest = ticket->previous;
    if (stored && epoch > lane->epoch)
        lane->epoch = epoch;
    if (stored && ticket->number > lane->stored)
        lane->stored = ticket->number;
    if (stored && !ticket->bare)
        note_record(lane, ticket->number);
    if (outcome == LANE_UNKNOWN && (lane->unknown == 0 || ticket->number < lane->unknown))
        lane->unknown = ticket->number;
    if (ticket->rolls)
        end_roll(lane, ticket, stored, epoch);
    pthread_mutex_unlock(&lane->lock);
}

void lane_close(struct lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    open_shard(lane)->last = lane->last;
    lane->closed = true;
    pthread_mutex_unlock(&lane->lock);
}

/* --- Looking ------------------------------------------------------------------------------------------------------ */

static uint64_t horizon(const struct lane *lane)
{
    uint64_t least = lane->stored + 1;

    if (lane->first != NULL && lane->first->number < least)
        least = lane->first->number;
    return lane->unknown != 0 && lane->unknown < least ? lane->unknown : least;
}

/* Behind all that the last shard has, or may get from what is in flight or not known. */
static uint64_t last_end(const struct lane *lane)
{
    return (lane->first == NULL && lane->unknown == 0 ? lane->stored : lane->last) + 1;
}

/* The first shard that begins at or after that number. The lock is held. */
static size_t lower_bound(const struct lane *lane, uint64_t start)
{
    size_t low = 0, high = lane->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (lane->shards[middle].start < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* How many of the shards this thread may see. */
static size_t shown(const struct lane *lane)
{
    size_t count = lane->count;

    while (count > 1 && !durable_shows(lane->shards[count - 1].epoch))
        count--;
    return count;
}

/* Of so many that are shown. */
static struct lane_view view_of(const struct lane *lane, size_t at, size_t count)
{
    const bool is_last = at + 1 == count, is_closed = lane->closed && count == lane->count;
    struct lane_view view = {.shard = lane->shards[at], .until = horizon(lane), .trimmed = lane->trimmed};

    durable_saw(lane->epoch);
    view.open = is_last && !is_closed;
    if (!view.open)
        view.end = is_last ? last_end(lane) : lane->shards[at + 1].start;
    if (is_last && is_closed)
        view.shard.last = view.end - 1;
    if (!view.open && view.until > view.end)
        view.until = view.end;
    if (is_last && count < lane->count && view.until > lane->shards[count].start)
        view.until = lane->shards[count].start;
    return view;
}

bool lane_look(struct lane *lane, uint64_t start, struct lane_view *view)
{
    size_t at, count;
    bool found;

    pthread_mutex_lock(&lane->lock);
    at = lower_bound(lane, start);
    count = shown(lane);
    found = at < count && lane->shards[at].start == start;
    if (found)
        *view = view_of(lane, at, count);
    pthread_mutex_unlock(&lane->lock);
    return found;
}

size_t lane_list(struct lane *lane, uint64_t after, struct lane_view *views, size_t max)
{
    size_t count = 0;

    pthread_mutex_lock(&lane->lock);
    for (size_t at = lower_bound(lane, after + 1), all = shown(lane); at < all && count < max; at++)
        views[count++] = view_of(lane, at, all);
    pthread_mutex_unlock(&lane->lock);
    return count;
}

void lane_note_read(struct lane *lane, uint64_t next)
{
    pthread_mutex_lock(&lane->lock);
    if (next > lane->read_until)
        lane->read_until = next;
    if (next >> STREAM_MS_SHIFT > lane->unread_ms)
        lane->unread_ms = next >> STREAM_MS_SHIFT;
    pthread_mutex_unlock(&lane->lock);
}

uint64_t lane_lag_ms(struct lane *lane, uint64_t now_ms)
{
    uint64_t since_ms, lag_ms = 0;

    pthread_mutex_lock(&lane->lock);
    since_ms = lane->trimmed >> STREAM_MS_SHIFT > lane->unread_ms ? lane->trimmed >> STREAM_MS_SHIFT : lane->unread_ms;
    if (has_unread(lane) && now_ms > since_ms)
        lag_ms = now_ms - since_ms;
    pthread_mutex_unlock(&lane->lock);
    return lag_ms;
}

/* --- Trimming ----------------------------------------------------------------------------------------------------- */

/* What is hidden and not deleted is what a store that failed left. */
static bool has_old(const struct lane *lane, uint64_t until)
{
    return lane->deleted < lane->trimmed || (lane->count >= 2 && lane->shards[1].start <= until) ||
           (until > lane->trimmed && until > lane->oldest);
}

uint64_t lane_trimmable(struct lane *lane, uint64_t cutoff)
{
    uint64_t until;

    pthread_mutex_lock(&lane->lock);
    until = horizon(lane);
    if (until > cutoff)
        until = cutoff;
    if (!has_old(lane, until))
        until = 0;
    else if (until < lane->trimmed)
        until = lane->trimmed;
    pthread_mutex_unlock(&lane->lock);
    return until;
}

size_t lane_trim(struct lane *lane, uint64_t *trimmed, uint64_t cutoff, uint64_t *starts, size_t max)
{
    size_t gone = 0;

    pthread_mutex_lock(&lane->lock);
    while (gone < max && gone + 1 < lane->count && lane->shards[gone + 1].start <= cutoff &&
           lane->shards[gone + 1].start <= horizon(lane)) {
        starts[gone] = lane->shards[gone].start;
        gone++;
        if (*trimmed < lane->shards[gone].start)
            *trimmed = lane->shards[gone].start;
    }
    if (*trimmed > lane->trimmed)
        lane->trimmed = *trimmed;
    *trimmed = lane->trimmed;
    pthread_mutex_unlock(&lane->lock);
    return gone;
}

void lane_drop_shards(struct lane *lane, size_t count)
{
    pthread_mutex_lock(&lane->lock);
    lane->count -= count;
    memmove(lane->shards, lane->shards + count, lane->count * sizeof(*lane->shards));
    pthread_mutex_unlock(&lane->lock);
}
