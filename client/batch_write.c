/* SPDX-License-Identifier: Apache-2.0 */
/* A batch is the JSON of its requests in one buf, each at a known place, so that items may go as soon as they are put
 * and a batch is sent again without being encoded again. What the service leaves over takes the batch's place. */
#include "call.h"
#include "cast.h"
#include "check.h"
#include "memory.h"
#include "rounds.h"
#include "value/number.h"
#include "value/value.h"
#include "json/writer.h"

#include "stator/batch.h"

#define BATCH_MAX 25

/* 25 items of 400 KB whose JSON may be many times as long; the service takes 16 MiB. */
#define BATCH_BYTES_MAX ((size_t)64 << 20)

/* One request of the batch: places in `json` and, of the key it writes, in `keys`. */
struct request {
    size_t at, len;
    size_t key_at, key_len;
};

struct stator_writer {
    struct stator_call *call; /* borrowed */
    char *table, *partition_key, *sort_key;
    struct buf json, keys, list; /* requests; their keys; the list that was sent last */
    struct request requests[BATCH_MAX];
    size_t count;
    unsigned rounds_max;
    uint64_t written, replaced;
    enum stator_rc rc; /* of the batch that failed */
};

static void writer_free(struct stator_writer *writer)
{
    const struct stator_allocator *allocator = &writer->call->client->allocator;

    buf_deinit(&writer->json);
    buf_deinit(&writer->keys);
    buf_deinit(&writer->list);
    memory_free(allocator, writer->table);
    memory_free(allocator, writer->partition_key);
    memory_free(allocator, writer->sort_key);
    memory_free(allocator, writer);
}

struct stator_writer *stator_writer_new(struct stator_call *call, const struct stator_writer_options *options)
{
    const struct stator_allocator *allocator = &call->client->allocator;
    struct stator_writer *writer = memory_new(allocator, sizeof(*writer));

    if (writer == NULL)
        return NULL;
    writer->call = call;
    writer->rounds_max = options->rounds_max;
    buf_init_with(&writer->json, BATCH_BYTES_MAX, allocator);
    buf_init_with(&writer->keys, BATCH_BYTES_MAX, allocator);
    buf_init_with(&writer->list, BATCH_BYTES_MAX, allocator);
    if (memory_copy_text(&writer->table, allocator, options->table) &&
        memory_copy_text(&writer->partition_key, allocator, options->partition_key) &&
        memory_copy_text(&writer->sort_key, allocator, options->sort_key))
        return writer;
    writer_free(writer);
    return NULL;
}

/* --- Sending ------------------------------------------------------------------------------------------------------ */

/* Writes the batch as one list. */
static void write_list(struct stator_writer *writer)
{
    buf_reset(&writer->list);
    buf_append_byte(&writer->list, '[');
    for (size_t i = 0; i < writer->count; i++) {
        if (i > 0)
            buf_append_byte(&writer->list, ',');
        buf_append(&writer->list, writer->json.at + writer->requests[i].at, writer->requests[i].len);
    }
    buf_append_byte(&writer->list, ']');
}

/* The requests that the service has left over, or NULL. */
static const struct stator_write_requests *left_over(const struct stator_batch_write_item_output *out)
{
    if (out->unprocessed_items.count == 0 || out->unprocessed_items.at[0].value.count == 0)
        return NULL;
    return &out->unprocessed_items.at[0].value;
}

static bool all_are_requests(const struct stator_write_requests *left)
{
    for (size_t i = 0; left != NULL && i < left->count; i++)
        if (left->at[i].put_request == NULL && left->at[i].delete_request == NULL)
            return false;
    return true;
}

static void write_left_over(struct stator_writer *writer, const struct stator_write_requests *left)
{
    struct json_writer json = json_writer_of(&writer->list);

    buf_reset(&writer->list);
    json_array_begin(&json);
    for (size_t i = 0; i < left->count; i++) {
        const struct stator_write_request *request = &left->at[i];
        const struct stator_item *item =
            request->put_request != NULL ? &request->put_request->item : &request->delete_request->key;

        json_object_begin(&json);
        json_key(&json, request->put_request != NULL ? BYTES("PutRequest") : BYTES("DeleteRequest"));
        json_object_begin(&json);
        json_key(&json, request->put_request != NULL ? BYTES("Item") : BYTES("Key"));
        item_write(&writer->list, cast_item(item));
        json.comma = true;
        json_object_end(&json);
        json_object_end(&json);
    }
    json_array_end(&json);
}

static enum stator_rc send_list(struct stator_writer *writer, const struct stator_batch_write_item_output **out)
{
    struct stator_batch_write_item_request_map_entry entry = {.key = stator_text(writer->table)};
    struct stator_batch_write_item_input in = {.request_items = {.at = &entry, .count = 1, .set = true}};

    entry.value = (struct stator_write_requests){
        .set = true, .json = stator_bytes_of(buf_bytes(&writer->list).at, writer->list.len)};
    return stator_batch_write_item(writer->call, &in, out);
}

/* Sends the list once. *count goes from how many requests it has to how many are left, which are the list then. */
static enum stator_rc send_round(struct stator_writer *writer, size_t *count)
{
    const struct stator_batch_write_item_output *out;
    const struct stator_write_requests *left;
    enum stator_rc rc = send_list(writer, &out);
    size_t left_count;

    if (rc != STATOR_OK)
        return rounds_throttled(rc) ? STATOR_OK : rc;
    left = left_over(out);
    left_count = left == NULL ? 0 : left->count;
    if (left_count > *count || !all_are_requests(left))
        return call_fail(writer->call, STATOR_BAD_ANSWER, "The answer leaves over what was not sent");
    writer->written += *count - left_count;
    *count = left_count;
    if (left != NULL)
        write_left_over(writer, left);
    return STATOR_OK;
}

/* Sends the list until nothing of it is left. */
static enum stator_rc send_all(struct stator_writer *writer)
{
    struct rounds rounds = {.rounds_max = writer->rounds_max};
    size_t count = writer->count;

    for (;;) {
        size_t before = count;
        uint32_t pause_ms;

        if (writer->list.failed)
            return call_fail(writer->call, STATOR_NO_MEMORY, "No memory for a batch, or it is far too long");
        STATOR_TRY(send_round(writer, &count));
        if (count == 0)
            return STATOR_OK;
        if (!rounds_next(&rounds, count < before, &pause_ms))
            return call_fail(writer->call, STATOR_THROTTLING, "The service leaves requests of the batch unprocessed");
        call_pause(pause_ms);
    }
}

enum stator_rc stator_writer_flush(struct stator_writer *writer)
{
    if (writer == NULL)
        return STATOR_NO_MEMORY;
    if (writer->rc != STATOR_OK || writer->count == 0)
        return writer->rc;
    write_list(writer);
    writer->rc = send_all(writer);
    if (writer->rc != STATOR_OK)
        return writer->rc;
    writer->written += writer->replaced;
    writer->replaced = 0;
    writer->count = 0;
    buf_reset(&writer->json);
    buf_reset(&writer->keys);
    buf_reset(&writer->list);
    return STATOR_OK;
}

/* --- Adding ------------------------------------------------------------------------------------------------------- */

static const struct value *find(const struct stator_item *item, const char *name)
{
    return cast_value(stator_item_get(item, name));
}

/* A key's value so that equal keys have equal bytes: 1 and 1.0 are one number. */
static void write_key_value(struct buf *keys, const struct value *value)
{
    char digits[NUMBER_TEXT_MAX];
    struct value canonical = *value;
    struct number number;

    if (value->type == VALUE_N && number_parse(&number, value->text, NULL) == STATOR_OK)
        canonical.text = bytes_of(digits, number_format(digits, &number));
    value_write(keys, &canonical);
}

/* Writes the key's values; whether the item has them as attributes that can be looked at. */
static bool write_key(struct stator_writer *writer, const struct stator_item *item)
{
    const char *names[] = {writer->partition_key, writer->sort_key};

    for (size_t i = 0; i < 2; i++) {
        const struct value *value = names[i] == NULL ? NULL : find(item, names[i]);

        if (names[i] == NULL)
            continue;
        if (value == NULL)
            return false;
        write_key_value(&writer->keys, value);
    }
    return true;
}

/* Takes away an earlier request of the same key. */
static void replace(struct stator_writer *writer, size_t key_at, size_t key_len)
{
    for (size_t i = 0; i < writer->count; i++) {
        const struct request *earlier = &writer->requests[i];

        if (earlier->key_len != key_len ||
            memcmp(writer->keys.at + earlier->key_at, writer->keys.at + key_at, key_len) != 0)
            continue;
        writer->count--;
        writer->replaced++;
        memmove(&writer->requests[i], &writer->requests[i + 1], (writer->count - i) * sizeof(*earlier));
        return;
    }
}

/* The batch is over; what was put before this request is left. */
static enum stator_rc refuse(struct stator_writer *writer, const struct stator_error *why)
{
    write_list(writer);
    writer->rc = call_refuse(writer->call, why);
    return writer->rc;
}

/* Writes the request behind the others. prefix is `{"PutRequest":{"Item":` or its like; two braces end it. */
static struct request write_request(struct stator_writer *writer, struct bytes prefix, const struct stator_item *item)
{
    struct request request = {.at = writer->json.len, .key_at = writer->keys.len};

    buf_append_bytes(&writer->json, prefix);
    if (item->json.at != NULL)
        buf_append(&writer->json, item->json.at, item->json.len);
    else
        item_write(&writer->json, cast_item(item));
    buf_append_literal(&writer->json, "}}");
    request.len = writer->json.len - request.at;
    if (writer->partition_key != NULL && write_key(writer, item))
        request.key_len = writer->keys.len - request.key_at;
    return request;
}

/* The service takes 16 MiB, of which the rest of the request needs little. */
#define BATCH_BYTES_SENT ((size_t)15 << 20)

static enum stator_rc add(struct stator_writer *writer, struct bytes prefix, const struct stator_item *item)
{
    struct stator_error err = {.rc = STATOR_NO_MEMORY, .message = "No memory for a batch, or it is far too long"};
    struct request request;

    if (writer == NULL)
        return STATOR_NO_MEMORY;
    if (writer->rc != STATOR_OK)
        return writer->rc;
    if (item->json.at == NULL && check_item(cast_item(item), &err) != STATOR_OK)
        return refuse(writer, &err);
    request = write_request(writer, prefix, item);
    if (writer->json.failed || writer->keys.failed)
        return refuse(writer, &err);
    if (writer->count > 0 && writer->json.len > BATCH_BYTES_SENT) {
        writer->json.len = request.at;
        writer->keys.len = request.key_at;
        STATOR_TRY(stator_writer_flush(writer));
        request = write_request(writer, prefix, item);
        if (writer->json.failed || writer->keys.failed)
            return refuse(writer, &err);
    }
    if (request.key_len != 0)
        replace(writer, request.key_at, request.key_len);
    writer->requests[writer->count++] = request;
    return writer->count == BATCH_MAX ? stator_writer_flush(writer) : STATOR_OK;
}

enum stator_rc stator_writer_put(struct stator_writer *writer, const struct stator_item *item)
{
    return add(writer, BYTES("{\"PutRequest\":{\"Item\":"), item);
}

enum stator_rc stator_writer_delete(struct stator_writer *writer, const struct stator_item *key)
{
    return add(writer, BYTES("{\"DeleteRequest\":{\"Key\":"), key);
}

uint64_t stator_writer_written(const struct stator_writer *writer)
{
    return writer == NULL ? 0 : writer->written;
}

struct stator_bytes stator_writer_left(const struct stator_writer *writer)
{
    if (writer == NULL || writer->rc == STATOR_OK || writer->list.failed || writer->count == 0)
        return stator_text("");
    return stator_bytes_of(buf_bytes(&writer->list).at, writer->list.len);
}

enum stator_rc stator_writer_end(struct stator_writer *writer, uint64_t *written)
{
    enum stator_rc rc = stator_writer_flush(writer);

    if (written != NULL)
        *written = stator_writer_written(writer);
    if (writer != NULL)
        writer_free(writer);
    return rc;
}
