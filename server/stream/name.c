/* SPDX-License-Identifier: Apache-2.0 */
/* SequenceNumber: 10^20 plus the number, so that all have 21 digits, none is 0 at the left (a client may keep them as
 * integers), and their order as texts is that as numbers:
 *
 *      101873398826981654787
 *
 * ShardId: the millisecond in 20 digits, the rest of the start's number in 8 hexadecimal ones. Sorted as texts, parents
 * come before children:
 *
 *      shardId-00000001786612345678-00000103
 *
 * ShardIterator: the stream's ARN, "|1|", and base64 of 33 bytes: version (1: 1), the position's fields, big-endian (4,
 * 8, 8, 8), and the low half of a hash of them and the ARN, which tells a text that was cut or changed from one of ours.
 * Nothing is kept of an iterator, so it survives a restart.
 */
#include "stream/name.h"

#include <ctype.h>

#include "shard/ring.h"
#include "value/base64.h"

#define NUMBER_LOW_DIGITS 20 /* behind the leading 1 */
#define SHARD_PREFIX      BYTES("shardId-")
#define MS_SHIFT          20
#define LOW_MASK          (((uint64_t)1 << MS_SHIFT) - 1)

#define POSITION_VERSION 1
#define POSITION_BYTES   29 /* without the check */

void stream_number_write(struct buf *buf, uint64_t number)
{
    buf_printf(buf, "1%020llu", (unsigned long long)number);
}

static bool read_decimal(uint64_t *out, struct bytes digits)
{
    *out = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (!isdigit(digits.at[i]) || __builtin_mul_overflow(*out, 10, out) ||
            __builtin_add_overflow(*out, (uint64_t)(digits.at[i] - '0'), out))
            return false;
    }
    return true;
}

bool stream_number_read(uint64_t *out, struct bytes text)
{
    return text.len == STREAM_NUMBER_TEXT_BYTES && text.at[0] == '1' &&
           read_decimal(out, bytes_of(text.at + 1, NUMBER_LOW_DIGITS));
}

void stream_shard_write(struct buf *buf, uint64_t start)
{
    buf_printf(buf, "shardId-%020llu-%08x", (unsigned long long)(start >> MS_SHIFT), (unsigned)(start & LOW_MASK));
}

bool stream_shard_read(uint64_t *start, struct bytes text)
{
    uint64_t ms, low = 0;

    if (text.len != STREAM_SHARD_TEXT_BYTES || !bytes_starts_with(text, SHARD_PREFIX) || text.at[28] != '-' ||
        !read_decimal(&ms, bytes_of(text.at + 8, 20)))
        return false;
    for (size_t i = 29; i < STREAM_SHARD_TEXT_BYTES; i++) {
        uint8_t letter = text.at[i];

        if (!isdigit(letter) && (letter < 'a' || letter > 'f'))
            return false;
        low = low << 4 | (uint64_t)(isdigit(letter) ? letter - '0' : letter - 'a' + 10);
    }
    *start = ms << MS_SHIFT | low;
    return ms <= UINT64_MAX >> MS_SHIFT && low <= LOW_MASK;
}

static uint32_t check_of(struct bytes payload, struct bytes arn, struct buf *scratch)
{
    buf_append_bytes(scratch, payload);
    buf_append_bytes(scratch, arn);
    return (uint32_t)ring_token(buf_bytes(scratch));
}

static bool append_check(struct buf *payload, struct bytes arn)
{
    struct buf scratch;
    uint32_t check;
    bool made;

    buf_init(&scratch, POSITION_BYTES + arn.len);
    check = check_of(buf_bytes(payload), arn, &scratch);
    made = !scratch.failed;
    buf_deinit(&scratch);
    buf_append_be32(payload, check);
    return made;
}

void stream_position_write(struct buf *buf, const struct stream_position *position, struct bytes stream_arn)
{
    struct buf payload;

    buf_init(&payload, POSITION_BYTES + 4);
    buf_append_byte(&payload, POSITION_VERSION);
    buf_append_be32(&payload, position->stream);
    buf_append_be64(&payload, position->shard);
    buf_append_be64(&payload, position->number);
    buf_append_be64(&payload, position->issued_ms);
    if (!append_check(&payload, stream_arn) || payload.failed)
        buf->failed = true;
    buf_append_bytes(buf, stream_arn);
    buf_append_literal(buf, "|1|");
    base64_encode(buf, buf_bytes(&payload));
    buf_deinit(&payload);
}

/* Splits at the last "|1|". */
static bool split(struct bytes *arn, struct bytes *payload, struct bytes text)
{
    for (size_t at = text.len; at >= 3; at--) {
        if (memcmp(text.at + at - 3, "|1|", 3) == 0) {
            *arn = bytes_of(text.at, at - 3);
            *payload = bytes_of(text.at + at, text.len - at);
            return true;
        }
    }
    return false;
}

bool stream_position_read(struct stream_position *out, struct bytes *stream_arn, struct bytes text, struct arena *arena)
{
    struct bytes encoded, payload;
    struct buf scratch;
    bool same, full;

    if (!split(stream_arn, &encoded, text) || !base64_decode(&payload, encoded, arena, &full) ||
        payload.len != POSITION_BYTES + 4 || payload.at[0] != POSITION_VERSION)
        return false;
    buf_init(&scratch, POSITION_BYTES + stream_arn->len);
    same = check_of(bytes_of(payload.at, POSITION_BYTES), *stream_arn, &scratch) ==
               read_be32(payload.at + POSITION_BYTES) &&
           !scratch.failed;
    buf_deinit(&scratch);
    out->stream = read_be32(payload.at + 1);
    out->shard = read_be64(payload.at + 5);
    out->number = read_be64(payload.at + 13);
    out->issued_ms = read_be64(payload.at + 21);
    return same;
}
