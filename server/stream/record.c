/* SPDX-License-Identifier: Apache-2.0 */
/* A record is kept as the JSON that GetRecords answers with, so that writing it is a copy of what the write has at hand,
 * and reading it is one too. Of an old image beside a new one only what differs is kept: most changes touch a part of an
 * item, and what is not written costs neither the log nor the disk.
 *
 *   version (1: 1) · flags (1) · size (4) · lengths (4 each) of keys, new image, head, tail · keys · new image · old one
 *   flags: event in bits 0 and 1, 4 expired, 8 there is a new image, 16 there is an old one, 32 numbers in the images are
 *   shortened (as in stored items; the first release did not know that); numbers are big-endian
 *   The old image begins with the first `head` bytes of the new one and ends with its last `tail` ones.
 *
 * An INSERT of {"pk":{"S":"a"}} with a new image:
 *
 *   01 09 00000006 00000010 00000010 00000000 00000000 {"pk":{"S":"a"}} {"pk":{"S":"a"}}
 *
 * Its key lies in the family of its lane's shard: the stream's id (4), which is one of the ids of indexes and like them
 * never used again, the lane (1), the number (8).
 */
#include "stream/record.h"

#include "message/message.h"
#include "shard/ring.h"
#include "stream/lane.h"
#include "stream/name.h"
#include "json/writer.h"

#define VERSION      1
#define HEADER_BYTES 22

enum { FLAG_EVENT = 3, FLAG_EXPIRED = 4, FLAG_NEW = 8, FLAG_OLD = 16, FLAG_SHORTENED = 32 };

/* How many bytes are the same from the start on. */
static size_t common_head(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len, at = 0;

    while (len - at >= 8 && memcmp(a.at + at, b.at + at, 8) == 0)
        at += 8;
    while (at < len && a.at[at] == b.at[at])
        at++;
    return at;
}

/* How many at the end, of what is left behind their common head. */
static size_t common_tail(struct bytes a, struct bytes b, size_t head)
{
    size_t len = (a.len < b.len ? a.len : b.len) - head, tail = 0;

    while (len - tail >= 8 && memcmp(a.at + a.len - tail - 8, b.at + b.len - tail - 8, 8) == 0)
        tail += 8;
    while (tail < len && a.at[a.len - tail - 1] == b.at[b.len - tail - 1])
        tail++;
    return tail;
}

void stream_record_write(struct buf *buf, const struct stream_record *record)
{
    unsigned flags = (unsigned)record->event | (record->expired ? FLAG_EXPIRED : 0) |
                     (bytes_present(record->new_image) ? FLAG_NEW : 0) |
                     (bytes_present(record->old_image) ? FLAG_OLD : 0) | (record->shortened ? FLAG_SHORTENED : 0);
    struct bytes old = record->old_image;
    size_t head = 0, tail = 0;

    if (bytes_present(record->new_image) && bytes_present(old)) {
        head = common_head(record->new_image, old);
        tail = common_tail(record->new_image, old, head);
        old = bytes_of(old.at + head, old.len - head - tail);
    }
    buf_append_byte(buf, VERSION);
    buf_append_byte(buf, (uint8_t)flags);
    buf_append_be32(buf, record->size_bytes);
    buf_append_be32(buf, (uint32_t)record->keys.len);
    buf_append_be32(buf, (uint32_t)record->new_image.len);
    buf_append_be32(buf, (uint32_t)head);
    buf_append_be32(buf, (uint32_t)tail);
    buf_append_bytes(buf, record->keys);
    buf_append_bytes(buf, record->new_image);
    buf_append_bytes(buf, old);
}

/* Where the images are, behind the header. */
static bool read_images(struct stream_record *out, struct bytes stored, unsigned flags)
{
    uint64_t keys = read_be32(stored.at + 6), image = read_be32(stored.at + 10);
    uint64_t head = read_be32(stored.at + 14), tail = read_be32(stored.at + 18);
    const uint8_t *at = stored.at + HEADER_BYTES;

    if (keys + image > stored.len - HEADER_BYTES || head + tail > image)
        return false;
    out->keys = bytes_of(at, keys);
    if ((flags & FLAG_NEW) != 0)
        out->new_image = bytes_of(at + keys, image);
    if ((flags & FLAG_OLD) == 0)
        return true;
    out->old_head = bytes_of(at + keys, head);
    out->old_tail = bytes_of(at + keys + image - tail, tail);
    out->old_image = bytes_of(at + keys + image, stored.len - HEADER_BYTES - keys - image);
    return true;
}

bool stream_record_read(struct stream_record *out, struct bytes stored)
{
    *out = (struct stream_record){.event = STREAM_INSERT};
    if (stored.len < HEADER_BYTES || stored.at[0] != VERSION || (stored.at[1] & FLAG_EVENT) == 0)
        return false;
    out->event = (enum stream_event)(stored.at[1] & FLAG_EVENT);
    out->expired = (stored.at[1] & FLAG_EXPIRED) != 0;
    out->shortened = (stored.at[1] & FLAG_SHORTENED) != 0;
    out->size_bytes = read_be32(stored.at + 2);
    return read_images(out, stored, stored.at[1]);
}

void stream_record_old(struct buf *buf, const struct stream_record *record)
{
    buf_append_bytes(buf, record->old_head);
    buf_append_bytes(buf, record->old_image);
    buf_append_bytes(buf, record->old_tail);
}

struct bytes stream_record_key(uint8_t out[STREAM_RECORD_KEY_BYTES], uint32_t stream, uint32_t lane, uint64_t number)
{
    const uint32_t id = __builtin_bswap32(stream);
    const uint64_t swapped = __builtin_bswap64(number);

    memcpy(out, &id, sizeof(id));
    out[4] = (uint8_t)lane;
    memcpy(out + 5, &swapped, sizeof(swapped));
    return bytes_of(out, STREAM_RECORD_KEY_BYTES);
}

bool stream_record_key_read(uint64_t *number, struct bytes key)
{
    if (key.len != STREAM_RECORD_KEY_BYTES)
        return false;
    *number = read_be64(key.at + 5);
    return true;
}

/* --- The answer --------------------------------------------------------------------------------------------------- */

/* eventID: 128 bits that follow from stream and number, the same whenever the record is read. */
static void write_event_id(struct json_writer *writer, uint32_t stream, uint64_t number)
{
    uint8_t key[STREAM_RECORD_KEY_BYTES];
    uint64_t high = ring_token(stream_record_key(key, stream, 0, number));
    uint64_t low = ring_token(stream_record_key(key, stream, 1, number));

    json_key(writer, BYTES("eventID"));
    writer->comma = true;
    buf_printf(writer->buf, "\"%016llx%016llx\"", (unsigned long long)high, (unsigned long long)low);
}

static void write_text(struct json_writer *writer, struct bytes key, struct bytes value)
{
    json_key(writer, key);
    json_string(writer, value);
}

static void write_raw(struct json_writer *writer, struct bytes key, struct bytes json)
{
    if (!bytes_present(json))
        return;
    json_key(writer, key);
    json_raw(writer, json);
}

static void write_image(struct json_writer *writer, struct bytes key, struct bytes json, bool shortened)
{
    const struct item image = {.json = json, .shortened = shortened};

    if (!bytes_present(json))
        return;
    json_key(writer, key);
    item_write(writer->buf, &image);
    writer->comma = true;
}

/* Its parts are no JSON each: they are put together first. */
static void write_old_shortened(struct json_writer *writer, const struct stream_record *record)
{
    struct buf whole;

    buf_init_with(&whole, SIZE_MAX, writer->buf->allocator);
    stream_record_old(&whole, record);
    write_image(writer, BYTES("OldImage"), buf_bytes(&whole), record->shortened);
    writer->buf->failed |= whole.failed;
    buf_deinit(&whole);
}

/* The member "dynamodb". The time is that of the number, in whole seconds as the service gives it. */
static void write_change(struct json_writer *writer, const struct stream_record *record, uint64_t number,
                         const struct stream_record_context *context)
{
    json_key(writer, BYTES("dynamodb"));
    json_object_begin(writer);
    json_key(writer, BYTES("ApproximateCreationDateTime"));
    json_double(writer, (double)((number >> STREAM_MS_SHIFT) / 1000));
    write_raw(writer, BYTES("Keys"), record->keys);
    write_image(writer, BYTES("NewImage"), record->new_image, record->shortened);
    if (bytes_present(record->old_image) && record->shortened) {
        write_old_shortened(writer, record);
    } else if (bytes_present(record->old_image)) {
        json_key(writer, BYTES("OldImage"));
        stream_record_old(writer->buf, record);
        writer->comma = true;
    }
    json_key(writer, BYTES("SequenceNumber"));
    buf_append_byte(writer->buf, '"');
    stream_number_write(writer->buf, number);
    buf_append_byte(writer->buf, '"');
    writer->comma = true;
    json_key(writer, BYTES("SizeBytes"));
    json_integer(writer, record->size_bytes);
    write_text(writer, BYTES("StreamViewType"), message_enum_text(StreamViewType, (int)context->view));
    json_object_end(writer);
}

void stream_record_answer(struct buf *buf, const struct stream_record *record, uint64_t number,
                          const struct stream_record_context *context)
{
    static const char *const events[] = {
        [STREAM_INSERT] = "INSERT", [STREAM_MODIFY] = "MODIFY", [STREAM_REMOVE] = "REMOVE"};
    struct json_writer writer = json_writer_of(buf);

    json_object_begin(&writer);
    write_event_id(&writer, context->stream, number);
    write_text(&writer, BYTES("eventName"), bytes_of_string(events[record->event]));
    write_text(&writer, BYTES("eventVersion"), BYTES("1.1"));
    write_text(&writer, BYTES("eventSource"), BYTES("aws:dynamodb"));
    write_text(&writer, BYTES("awsRegion"), context->region);
    write_change(&writer, record, number, context);
    if (record->expired)
        write_raw(&writer, BYTES("userIdentity"),
                  BYTES("{\"PrincipalId\":\"dynamodb.amazonaws.com\",\"Type\":\"Service\"}"));
    json_object_end(&writer);
}
