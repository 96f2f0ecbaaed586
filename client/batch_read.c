/* SPDX-License-Identifier: Apache-2.0 */
/* Keys are asked for 100 at a time; those that the service leaves over are asked for again before the next hundred. */
#include "call.h"
#include "cast.h"
#include "memory.h"
#include "rounds.h"
#include "value/value.h"

#include "stator/batch.h"

#define BATCH_MAX 100

/* 100 keys of 3 KiB, escaped. */
#define KEYS_BYTES_MAX ((size_t)4 << 20)

struct stator_reader {
    struct stator_call *call; /* borrowed */
    struct stator_reader_options options;
    size_t asked;    /* keys of options that have been asked for */
    struct buf left; /* the JSON list of keys left over; empty: none */
    size_t left_count;
    const struct stator_item_list *items; /* of the answer at hand */
    size_t item;                          /* the next of them */
    struct rounds rounds;
    uint32_t pause_ms; /* before keys that were left over are asked for again */
    enum stator_rc rc;
};

struct stator_reader *stator_reader_new(struct stator_call *call, const struct stator_reader_options *options)
{
    struct stator_reader *reader = memory_new(&call->client->allocator, sizeof(*reader));

    if (reader == NULL)
        return NULL;
    reader->call = call;
    reader->options = *options;
    reader->rounds.rounds_max = options->rounds_max;
    buf_init_with(&reader->left, KEYS_BYTES_MAX, &call->client->allocator);
    return reader;
}

/* The keys to ask for: those left over, else the next of the caller's. */
static struct stator_key_list next_keys(struct stator_reader *reader, size_t *count)
{
    size_t rest = reader->options.count - reader->asked;
    struct stator_key_list keys = {.set = true};

    if (reader->left_count > 0) {
        *count = reader->left_count;
        keys.json = stator_bytes_of(reader->left.at, reader->left.len);
        return keys;
    }
    *count = rest > BATCH_MAX ? BATCH_MAX : rest;
    keys.at = reader->options.keys + reader->asked;
    keys.count = *count;
    reader->asked += *count;
    return keys;
}

/* Writes down keys to be asked for again; NULL: none. */
static void keep_keys(struct stator_reader *reader, const struct stator_key_list *keys)
{
    buf_reset(&reader->left);
    reader->left_count = keys == NULL ? 0 : keys->count;
    buf_append_byte(&reader->left, '[');
    for (size_t i = 0; i < reader->left_count; i++) {
        if (i > 0)
            buf_append_byte(&reader->left, ',');
        if (keys->at[i].json.at != NULL)
            buf_append_bytes(&reader->left, cast_bytes(keys->at[i].json));
        else
            item_write(&reader->left, cast_item(&keys->at[i]));
    }
    buf_append_byte(&reader->left, ']');
}

static enum stator_rc ask(struct stator_reader *reader, struct stator_key_list keys,
                          const struct stator_batch_get_item_output **out)
{
    const struct stator_reader_options *options = &reader->options;
    struct stator_batch_get_request_map_entry entry = {
        .key = stator_text(options->table),
        .value = {.keys = keys,
                  .consistent_read = options->consistent ? STATOR_TRUE : STATOR_UNSET,
                  .projection_expression = stator_text(options->projection_expression),
                  .expression_attribute_names = options->names}};

    return stator_batch_get_item(
        reader->call, &(struct stator_batch_get_item_input){.request_items = {.at = &entry, .count = 1, .set = true}},
        out);
}

/* Asks once. A batch that is throttled as a whole is left over as a whole. */
static enum stator_rc fetch(struct stator_reader *reader)
{
    const struct stator_batch_get_item_output *out = NULL;
    size_t count;
    struct stator_key_list keys = next_keys(reader, &count);
    enum stator_rc rc;

    if (reader->left_count != 0)
        call_pause(reader->pause_ms);
    rc = ask(reader, keys, &out);
    reader->items = NULL;
    reader->item = 0;
    if (rc != STATOR_OK && !rounds_throttled(rc))
        return rc;
    if (rc == STATOR_OK && out->responses.count > 0)
        reader->items = &out->responses.at[0].value;
    if (rc == STATOR_OK)
        keep_keys(reader, out->unprocessed_keys.count == 0 ? NULL : &out->unprocessed_keys.at[0].value.keys);
    else if (keys.json.at == NULL)
        keep_keys(reader, &keys);
    if (reader->left.failed)
        return call_fail(reader->call, STATOR_NO_MEMORY, "No memory for the keys that are left");
    reader->pause_ms = 0;
    if (!rounds_next(&reader->rounds, reader->left_count < count, &reader->pause_ms))
        return call_fail(reader->call, STATOR_THROTTLING, "The service leaves keys of the batch unprocessed");
    return STATOR_OK;
}

const struct stator_item *stator_reader_next(struct stator_reader *reader)
{
    if (reader == NULL)
        return NULL;
    while (reader->rc == STATOR_OK) {
        if (reader->items != NULL && reader->item < reader->items->count)
            return &reader->items->at[reader->item++];
        if (reader->left_count == 0 && reader->asked == reader->options.count)
            return NULL;
        reader->rc = fetch(reader);
    }
    return NULL;
}

enum stator_rc stator_reader_end(struct stator_reader *reader)
{
    enum stator_rc rc = reader == NULL ? STATOR_NO_MEMORY : reader->rc;

    if (reader == NULL)
        return rc;
    buf_deinit(&reader->left);
    memory_free(&reader->call->client->allocator, reader);
    return rc;
}
