/* SPDX-License-Identifier: Apache-2.0 */
/* A shard waits until its parent has been read to the end, is read until it has no next iterator, and is then done; when
 * one is done the stream is described again, for the shards that split from it. */
#include "base/memory.h"
#include "call.h"
#include "memory.h"

#include "stator/tables.h"
#include "stator/tail.h"

#define POLL_MS_DEFAULT   500
#define SHARD_ID_MAX      66   /* with the NUL: the service's longest has 65 characters */
#define SEQUENCE_MAX      41   /* the same: 40 */
#define ITERATOR_MAX      2049 /* the same: 2,048 */
#define ARN_MAX           1284
#define DESCRIBE_AGAIN_MS 1000 /* while all shards are done, and the stream does not say that it is off */

enum shard_state { SHARD_WAITING, SHARD_READING, SHARD_DONE };

struct shard {
    enum shard_state state;
    bool from_latest; /* begins at what comes, not at what is there */
    bool listed;      /* by the last description */
    int64_t due_ms;   /* when to look next */
    uint64_t turn;    /* of all looks at shards the number of the last at this one; 0 before it */
    char id[SHARD_ID_MAX], parent[SHARD_ID_MAX];
    char sequence[SEQUENCE_MAX]; /* of the last record given out; "" when none was */
    char iterator[ITERATOR_MAX]; /* "" when one must be asked for */
};

struct stator_tail {
    struct stator_call *call; /* borrowed */
    char *table;
    char arn[ARN_MAX]; /* "" until the table has said it */
    bool from_start, described, off;
    uint32_t poll_ms;
    int64_t describe_ms; /* when to describe the stream again; INT64_MAX: not before a shard is done */

    struct shard *shards;
    size_t count, capacity;

    struct shard *current; /* whose records these are */
    const struct stator_record_list *records;
    size_t record;  /* the next of them */
    uint64_t turns; /* looks at shards so far */

    uint64_t gaps;
    enum stator_rc rc;
};

struct stator_tail *stator_tail_new(struct stator_call *call, const struct stator_tail_options *options)
{
    const struct stator_allocator *allocator = &call->client->allocator;
    struct stator_tail *tail = memory_new(allocator, sizeof(*tail));

    if (tail == NULL)
        return NULL;
    tail->call = call;
    tail->from_start = options->from_start;
    tail->poll_ms = options->poll_ms == 0 ? POLL_MS_DEFAULT : options->poll_ms;
    if (options->stream_arn != NULL)
        snprintf(tail->arn, sizeof(tail->arn), "%s", options->stream_arn);
    if (options->table != NULL && (tail->table = memory_text(allocator, options->table)) == NULL) {
        memory_free(allocator, tail);
        return NULL;
    }
    return tail;
}

void stator_tail_free(struct stator_tail *tail)
{
    const struct stator_allocator *allocator;

    if (tail == NULL)
        return;
    allocator = &tail->call->client->allocator;
    memory_free(allocator, tail->shards);
    memory_free(allocator, tail->table);
    memory_free(allocator, tail);
}

bool stator_tail_ended(const struct stator_tail *tail)
{
    if (tail == NULL || !tail->described || !tail->off)
        return false;
    if (tail->records != NULL && tail->record < tail->records->count)
        return false;
    for (size_t i = 0; i < tail->count; i++)
        if (tail->shards[i].state != SHARD_DONE)
            return false;
    return true;
}

uint64_t stator_tail_gaps(const struct stator_tail *tail)
{
    return tail == NULL ? 0 : tail->gaps;
}

enum stator_rc stator_tail_rc(const struct stator_tail *tail)
{
    return tail == NULL ? STATOR_NO_MEMORY : tail->rc;
}

/* A copy, cut at the room there is; what the service sends is never longer. */
static void keep(char *out, size_t room, struct stator_bytes text)
{
    size_t len = text.len < room ? text.len : room - 1;

    if (len != 0)
        memcpy(out, text.at, len);
    out[len] = '\0';
}

/* --- Which shards there are ---------------------------------------------------------------------------------------- */

static enum stator_rc find_stream(struct stator_tail *tail)
{
    const struct stator_describe_table_output *out;
    struct stator_bytes arn;

    if (tail->arn[0] != '\0')
        return STATOR_OK;
    STATOR_TRY(stator_describe_table(
        tail->call, &(struct stator_describe_table_input){.table_name = stator_text(tail->table)}, &out));
    arn = out->table == NULL ? stator_text(NULL) : out->table->latest_stream_arn;
    if (arn.at == NULL)
        return call_fail(tail->call, STATOR_RESOURCE_NOT_FOUND, "The table has no stream");
    keep(tail->arn, sizeof(tail->arn), arn);
    return STATOR_OK;
}

static struct shard *find_shard(struct stator_tail *tail, const char *id)
{
    for (size_t i = 0; i < tail->count; i++)
        if (strcmp(tail->shards[i].id, id) == 0)
            return &tail->shards[i];
    return NULL;
}

static struct shard *add_shard(struct stator_tail *tail)
{
    if (tail->count == tail->capacity) {
        size_t capacity = tail->capacity == 0 ? 8 : 2 * tail->capacity;
        struct shard *grown = memory_resize(&tail->call->client->allocator, tail->shards, capacity * sizeof(*grown));

        if (grown == NULL)
            return NULL;
        tail->shards = grown;
        tail->capacity = capacity;
    }
    return memset(&tail->shards[tail->count++], 0, sizeof(*tail->shards));
}

/* Notes a shard of the description. Of the first, unless reading is from the start, closed ones are past. */
static enum stator_rc note_shard(struct stator_tail *tail, const struct stator_shard *seen)
{
    bool closed = seen->sequence_number_range != NULL && seen->sequence_number_range->ending_sequence_number.at != NULL;
    bool only_new = !tail->described && !tail->from_start;
    char id[SHARD_ID_MAX];
    struct shard *shard;

    keep(id, sizeof(id), seen->shard_id);
    shard = find_shard(tail, id);
    if (shard == NULL) {
        shard = add_shard(tail);
        if (shard == NULL)
            return call_fail(tail->call, STATOR_NO_MEMORY, "No memory for a shard");
        memcpy(shard->id, id, sizeof(id));
        keep(shard->parent, sizeof(shard->parent), seen->parent_shard_id);
        shard->from_latest = only_new;
        shard->state = only_new && closed ? SHARD_DONE : SHARD_WAITING;
    }
    shard->listed = true;
    return STATOR_OK;
}

static enum stator_rc list_shards(struct stator_tail *tail)
{
    char last[SHARD_ID_MAX] = "";

    for (size_t i = 0; i < tail->count; i++)
        tail->shards[i].listed = false;
    do {
        const struct stator_describe_stream_output *out;
        const struct stator_stream_description *stream;
        struct stator_describe_stream_input in = {.stream_arn = stator_text(tail->arn)};

        if (last[0] != '\0')
            in.exclusive_start_shard_id = stator_text(last);
        STATOR_TRY(stator_describe_stream(tail->call, &in, &out));
        stream = out->stream_description;
        if (stream == NULL)
            return call_fail(tail->call, STATOR_BAD_ANSWER, "The answer describes no stream");
        for (size_t i = 0; i < stream->shards.count; i++)
            STATOR_TRY(note_shard(tail, &stream->shards.at[i]));
        tail->off = stream->stream_status.value == STATOR_STREAM_STATUS_DISABLED;
        keep(last, sizeof(last), stream->last_evaluated_shard_id);
    } while (last[0] != '\0');
    return STATOR_OK;
}

/* Forgets shards that are read and no longer listed. */
static void drop_past_shards(struct stator_tail *tail)
{
    size_t kept = 0;

    for (size_t i = 0; i < tail->count; i++)
        if (tail->shards[i].listed || tail->shards[i].state == SHARD_READING)
            tail->shards[kept++] = tail->shards[i];
    tail->count = kept;
}

/* One that comes after another began when that was closed, and is read from there. */
static void start_shard(const struct stator_tail *tail, struct shard *shard)
{
    shard->state = SHARD_READING;
    if (tail->described)
        shard->from_latest = false;
}

static void start_shards(struct stator_tail *tail)
{
    for (size_t i = 0; i < tail->count; i++) {
        struct shard *shard = &tail->shards[i];
        const struct shard *parent = find_shard(tail, shard->parent);

        if (shard->state == SHARD_WAITING && (parent == NULL || parent->state == SHARD_DONE))
            start_shard(tail, shard);
    }
}

static enum stator_rc open_iterator(struct stator_tail *tail, struct shard *shard);

static enum stator_rc describe(struct stator_tail *tail)
{
    STATOR_TRY(find_stream(tail));
    STATOR_TRY(list_shards(tail));
    drop_past_shards(tail);
    start_shards(tail);
    for (size_t i = 0; i < tail->count && !tail->described; i++)
        if (tail->shards[i].state == SHARD_READING)
            STATOR_TRY(open_iterator(tail, &tail->shards[i]));
    tail->described = true;
    tail->describe_ms = INT64_MAX;
    for (size_t i = 0; i < tail->count; i++)
        if (tail->shards[i].state != SHARD_DONE)
            return STATOR_OK;
    tail->describe_ms = call_clock_ms() + DESCRIBE_AGAIN_MS;
    return STATOR_OK;
}

/* --- Reading a shard ----------------------------------------------------------------------------------------------- */

static enum stator_rc ask_iterator(struct stator_tail *tail, struct shard *shard, enum stator_shard_iterator_type type)
{
    const struct stator_get_shard_iterator_output *out;
    struct stator_get_shard_iterator_input in = {.stream_arn = stator_text(tail->arn),
                                                 .shard_id = stator_text(shard->id),
                                                 .shard_iterator_type = {.value = (int)type}};

    if (type == STATOR_SHARD_ITERATOR_TYPE_AFTER_SEQUENCE_NUMBER)
        in.sequence_number = stator_text(shard->sequence);
    STATOR_TRY(stator_get_shard_iterator(tail->call, &in, &out));
    keep(shard->iterator, sizeof(shard->iterator), out->shard_iterator);
    return STATOR_OK;
}

/* Where reading stopped; where that is gone, at the oldest there still is. */
static enum stator_rc open_iterator(struct stator_tail *tail, struct shard *shard)
{
    enum stator_rc rc;

    if (shard->sequence[0] == '\0')
        return ask_iterator(tail, shard,
                            shard->from_latest ? STATOR_SHARD_ITERATOR_TYPE_LATEST
                                               : STATOR_SHARD_ITERATOR_TYPE_TRIM_HORIZON);
    rc = ask_iterator(tail, shard, STATOR_SHARD_ITERATOR_TYPE_AFTER_SEQUENCE_NUMBER);
    if (rc != STATOR_TRIMMED_DATA_ACCESS)
        return rc;
    tail->gaps++;
    return ask_iterator(tail, shard, STATOR_SHARD_ITERATOR_TYPE_TRIM_HORIZON);
}

static void shard_done(struct stator_tail *tail, struct shard *shard)
{
    shard->state = SHARD_DONE;
    tail->describe_ms = call_clock_ms();
}

/* An iterator that is no longer good: another one is asked for at the next look. */
static enum stator_rc lost_place(struct stator_tail *tail, struct shard *shard, enum stator_rc rc)
{
    shard->iterator[0] = '\0';
    if (rc == STATOR_EXPIRED_ITERATOR && (shard->sequence[0] != '\0' || !shard->from_latest))
        return STATOR_OK;
    tail->gaps++; /* trimmed, or expired before it gave a record that says where it was */
    shard->sequence[0] = '\0';
    shard->from_latest = false;
    return STATOR_OK;
}

static enum stator_rc read_shard(struct stator_tail *tail, struct shard *shard)
{
    const struct stator_get_records_output *out;
    enum stator_rc rc;

    shard->turn = ++tail->turns;
    if (shard->iterator[0] == '\0')
        STATOR_TRY(open_iterator(tail, shard));
    rc = stator_get_records(tail->call,
                            &(struct stator_get_records_input){.shard_iterator = stator_text(shard->iterator)}, &out);
    if (rc == STATOR_EXPIRED_ITERATOR || rc == STATOR_TRIMMED_DATA_ACCESS)
        return lost_place(tail, shard, rc);
    if (rc != STATOR_OK)
        return rc;
    keep(shard->iterator, sizeof(shard->iterator), out->next_shard_iterator);
    if (shard->iterator[0] == '\0')
        shard_done(tail, shard);
    shard->due_ms = call_clock_ms() + (out->records.count == 0 ? tail->poll_ms : 0);
    tail->current = shard;
    tail->records = &out->records;
    tail->record = 0;
    return STATOR_OK;
}

/* --- One sequence -------------------------------------------------------------------------------------------------- */

static const struct stator_record *next_record(struct stator_tail *tail)
{
    const struct stator_record *record;

    if (tail->records == NULL || tail->record == tail->records->count) {
        tail->records = NULL; /* its memory goes with the next request */
        return NULL;
    }
    record = &tail->records->at[tail->record++];
    if (record->dynamodb != NULL)
        keep(tail->current->sequence, sizeof(tail->current->sequence), record->dynamodb->sequence_number);
    return record;
}

/* Of the shards that are due the one whose turn is longest ago, or NULL: one that always has records does not keep the
 * others waiting. *due_ms is when the next thing is to be done. */
static struct shard *due_shard(struct stator_tail *tail, int64_t now, int64_t *due_ms)
{
    struct shard *first = NULL;

    *due_ms = tail->describe_ms;
    for (size_t i = 0; i < tail->count; i++) {
        struct shard *shard = &tail->shards[i];

        if (shard->state != SHARD_READING)
            continue;
        if (shard->due_ms < *due_ms)
            *due_ms = shard->due_ms;
        if (shard->due_ms <= now && (first == NULL || shard->turn < first->turn))
            first = shard;
    }
    return first;
}

/* One request, if one is due at that time. False when none is. */
static bool step(struct stator_tail *tail, int64_t now, int64_t *due_ms)
{
    struct shard *shard;

    if (!tail->described || tail->describe_ms <= now) {
        tail->rc = describe(tail);
        return true;
    }
    shard = due_shard(tail, now, due_ms);
    if (shard == NULL)
        return false;
    tail->rc = read_shard(tail, shard);
    return true;
}

const struct stator_record *stator_tail_next(struct stator_tail *tail, uint32_t wait_ms)
{
    int64_t end_ms = call_clock_ms() + wait_ms;

    if (tail == NULL)
        return NULL;
    tail->rc = STATOR_OK;
    for (;;) {
        const struct stator_record *record = next_record(tail);
        int64_t now = call_clock_ms(), due_ms = now;

        if (record != NULL)
            return record;
        if (stator_tail_ended(tail))
            return NULL;
        if (step(tail, now < end_ms ? now : end_ms, &due_ms)) {
            if (tail->rc != STATOR_OK)
                return NULL;
            continue;
        }
        if (now >= end_ms)
            return NULL;
        call_pause((uint32_t)((due_ms < end_ms ? due_ms : end_ms) - now));
    }
}
