/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what a stream keeps or a client gives back: a record, a stream, its keys, a number, a shard, an iterator.
 * What is read is written to the same bytes. The first byte chooses. */
#include <stdlib.h>

#include "stream/name.h"
#include "stream/record.h"
#include "stream/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Touches every byte, so that the sanitizer sees one that is not ours. */
static void touch(struct bytes bytes)
{
    volatile uint8_t sum = 0;

    for (size_t i = 0; i < bytes.len; i++)
        sum = (uint8_t)(sum + bytes.at[i]);
}

static void read_record(struct bytes stored, struct buf *buf)
{
    struct stream_record record, back;
    struct buf old, old_back;

    if (!stream_record_read(&record, stored))
        return;
    touch(record.keys);
    touch(record.new_image);
    buf_init(&old, 1 << 20);
    buf_init(&old_back, 1 << 20);
    stream_record_old(&old, &record);
    if (bytes_present(record.old_image))
        record.old_image = buf_bytes(&old);
    stream_record_write(buf, &record);
    require(stream_record_read(&back, buf_bytes(buf)) && bytes_equal(back.keys, record.keys) &&
            bytes_equal(back.new_image, record.new_image));
    stream_record_old(&old_back, &back);
    require(bytes_equal(buf_bytes(&old), buf_bytes(&old_back)));
    buf_deinit(&old);
    buf_deinit(&old_back);
}

static void read_about(struct bytes stored, struct buf *buf)
{
    struct stream_about about;

    if (!stream_about_read(&about, stored))
        return;
    stream_about_write(buf, &about);
    require(bytes_equal(buf_bytes(buf), stored));
}

static void read_key(struct bytes bytes)
{
    uint8_t again[STREAM_KEY_BYTES_MAX];
    struct stream_key key;

    if (stream_key_read(&key, bytes))
        require(bytes_equal(stream_key_write(again, &key), bytes));
}

static void read_name(struct bytes text, struct buf *buf)
{
    uint64_t number;

    if (stream_number_read(&number, text)) {
        stream_number_write(buf, number);
        require(bytes_equal(buf_bytes(buf), text));
    }
    buf_reset(buf);
    if (stream_shard_read(&number, text)) {
        stream_shard_write(buf, number);
        require(bytes_equal(buf_bytes(buf), text));
    }
}

static void read_position(struct bytes text, struct buf *buf)
{
    struct stream_position position;
    struct arena arena;
    struct bytes arn;

    arena_init(&arena, 1 << 20);
    if (stream_position_read(&position, &arn, text, &arena)) {
        stream_position_write(buf, &position, arn);
        require(bytes_equal(buf_bytes(buf), text));
    }
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest;
    struct buf buf;

    if (size == 0)
        return 0;
    rest = bytes_of(data + 1, size - 1);
    buf_init(&buf, 1 << 20);
    switch (data[0] % 5) {
    case 0:
        read_record(rest, &buf);
        break;
    case 1:
        read_about(rest, &buf);
        break;
    case 2:
        read_key(rest);
        break;
    case 3:
        read_name(rest, &buf);
        break;
    default:
        read_position(rest, &buf);
    }
    buf_deinit(&buf);
    return 0;
}
