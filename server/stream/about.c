/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a stream in the catalog's family, under keys that begin with 's' and the stream's id (4 bytes,
 * big-endian, like all numbers here):
 *
 *   's' id 00                          version (1: 1) · lanes (4) · view (4) · created (8) · disabled (8) · six texts, each
 *                                      with its length (4) before it: namespace, table, ARN, label, hash and range key
 *   's' id 01 lane (1)                 records of the lane below this number (8) are trimmed
 *   's' id 02 lane (1) start (8)       a shard: its parent's start (8; 0: none) and the parent's last number (8)
 *
 *   73 00000009 02 01 000001A000000001     the first shard of lane 1: no parent
 *   -> 0000000000000000 0000000000000000
 */
#include "stream/stream.h"

#define ABOUT_VERSION 1
#define ABOUT_FIXED   25

static void write_text(struct buf *buf, struct bytes text)
{
    buf_append_be32(buf, (uint32_t)text.len);
    buf_append_bytes(buf, text);
}

void stream_about_write(struct buf *buf, const struct stream_about *about)
{
    buf_append_byte(buf, ABOUT_VERSION);
    buf_append_be32(buf, about->lanes);
    buf_append_be32(buf, (uint32_t)about->view);
    buf_append_be64(buf, about->created_ms);
    buf_append_be64(buf, about->disabled_ms);
    write_text(buf, about->namespace_);
    write_text(buf, about->table_name);
    write_text(buf, about->arn);
    write_text(buf, about->label);
    write_text(buf, about->hash_name);
    write_text(buf, about->range_name);
}

static bool read_text(struct bytes *out, struct bytes *rest)
{
    if (rest->len < 4 || read_be32(rest->at) > rest->len - 4)
        return false;
    *out = bytes_of(rest->at + 4, read_be32(rest->at));
    *rest = bytes_of(out->at + out->len, rest->len - 4 - out->len);
    return true;
}

bool stream_about_read(struct stream_about *out, struct bytes stored)
{
    struct bytes rest;

    if (stored.len < ABOUT_FIXED || stored.at[0] != ABOUT_VERSION)
        return false;
    out->lanes = read_be32(stored.at + 1);
    out->view = (enum StreamViewType)read_be32(stored.at + 5);
    out->created_ms = read_be64(stored.at + 9);
    out->disabled_ms = read_be64(stored.at + 17);
    rest = bytes_of(stored.at + ABOUT_FIXED, stored.len - ABOUT_FIXED);
    return out->lanes >= 1 && out->lanes <= STREAM_LANES_MAX && out->view >= StreamViewType_OLD_IMAGE &&
           out->view <= StreamViewType_NEW_IMAGE && read_text(&out->namespace_, &rest) &&
           read_text(&out->table_name, &rest) && read_text(&out->arn, &rest) && read_text(&out->label, &rest) &&
           read_text(&out->hash_name, &rest) && read_text(&out->range_name, &rest) && rest.len == 0;
}

struct bytes stream_key_write(uint8_t out[STREAM_KEY_BYTES_MAX], const struct stream_key *key)
{
    const uint32_t id = __builtin_bswap32(key->stream);
    const uint64_t start = __builtin_bswap64(key->start);
    size_t len = 6;

    out[0] = 's';
    memcpy(out + 1, &id, sizeof(id));
    out[5] = (uint8_t)key->kind;
    if (key->kind != STREAM_KEY_ABOUT)
        out[len++] = (uint8_t)key->lane;
    if (key->kind == STREAM_KEY_SHARD) {
        memcpy(out + len, &start, sizeof(start));
        len += sizeof(start);
    }
    return bytes_of(out, len);
}

bool stream_key_read(struct stream_key *out, struct bytes key)
{
    static const size_t lengths[] = {[STREAM_KEY_ABOUT] = 6, [STREAM_KEY_TRIMMED] = 7, [STREAM_KEY_SHARD] = 15};

    *out = (struct stream_key){.kind = STREAM_KEY_ABOUT};
    if (key.len < 6 || key.at[0] != 's' || key.at[5] > STREAM_KEY_SHARD || key.len != lengths[key.at[5]])
        return false;
    out->stream = read_be32(key.at + 1);
    out->kind = (enum stream_key_kind)key.at[5];
    if (key.len > 6)
        out->lane = key.at[6];
    if (key.len > 7)
        out->start = read_be64(key.at + 7);
    return true;
}

void stream_store_shard(const struct stream *stream, uint32_t lane, uint64_t start, uint64_t parent,
                        uint64_t parent_last, struct store_batch *batch)
{
    const struct stream_key key = {.stream = stream->id, .kind = STREAM_KEY_SHARD, .lane = lane, .start = start};
    const uint64_t value[2] = {__builtin_bswap64(parent), __builtin_bswap64(parent_last)};
    uint8_t bytes[STREAM_KEY_BYTES_MAX];

    store_batch_put(batch, STORE_CATALOG, stream_key_write(bytes, &key), bytes_of(value, sizeof(value)));
}
