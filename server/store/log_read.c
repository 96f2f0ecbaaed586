/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log_read.h"

#include <errno.h>
#include <stdlib.h>

#include "store/io.h"
#include "store/log_crc.h"

#define HEADER_BYTES     7
#define BATCH_HEAD_BYTES 12 /* sequence (8), count of changes (4), little-endian */
#define RECORD_BYTES_MAX ((size_t)1 << 31)
#define MASK_DELTA       0xa282ead8u
/* In a gap each byte may be the first of a header. So many of a block are tried: bytes that look like headers may be many. */
#define TRIES_MAX 1024

enum { FRAGMENT_WHOLE = 1, FRAGMENT_FIRST = 2, FRAGMENT_MIDDLE = 3, FRAGMENT_LAST = 4 };

struct fragment {
    uint8_t kind;
    struct bytes payload;
};

static uint32_t read_le32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

bool log_batch_of(struct log_batch *out, struct bytes record)
{
    if (record.len < BATCH_HEAD_BYTES)
        return false;
    *out = (struct log_batch){.sequence = read_le32(record.at) | (uint64_t)read_le32(record.at + 4) << 32,
                              .count = read_le32(record.at + 8),
                              .behind = bytes_of(record.at + BATCH_HEAD_BYTES, record.len - BATCH_HEAD_BYTES)};
    return true;
}

bool log_reader_init(struct log_reader *reader, int fd)
{
    *reader = (struct log_reader){.fd = fd, .block = malloc(LOG_BLOCK_BYTES)};
    buf_init(&reader->record, RECORD_BYTES_MAX);
    return reader->block != NULL;
}

void log_reader_deinit(struct log_reader *reader)
{
    free(reader->block);
    buf_deinit(&reader->record);
}

/* The engine keeps it so, as a checksum of bytes that hold checksums would be a weak one. */
static uint32_t unmask(uint32_t masked)
{
    uint32_t rotated = masked - MASK_DELTA;

    return rotated >> 17 | rotated << 15;
}

static void append_le(struct buf *out, uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buf_append_byte(out, (uint8_t)(value >> 8 * i));
}

static uint32_t mask(uint32_t crc)
{
    return (crc >> 15 | crc << 17) + MASK_DELTA;
}

static void append_fragment(struct buf *out, uint8_t kind, struct bytes payload)
{
    uint32_t crc = log_crc_extend(log_crc_extend(0, (const char *)&kind, 1), (const char *)payload.at, payload.len);

    append_le(out, mask(crc), 4);
    append_le(out, (uint32_t)payload.len, 2);
    buf_append_byte(out, kind);
    buf_append_bytes(out, payload);
}

void log_append_record(struct buf *out, uint64_t *offset, struct bytes record)
{
    bool first = true, last = false;

    while (!last) {
        size_t left = LOG_BLOCK_BYTES - (size_t)(*offset % LOG_BLOCK_BYTES), len;

        if (left < HEADER_BYTES) {
            for (size_t i = 0; i < left; i++) /* up to 6, more than a number of append_le has */
                buf_append_byte(out, 0);
            *offset += left;
            continue;
        }
        last = record.len <= left - HEADER_BYTES;
        len = last ? record.len : left - HEADER_BYTES;
        append_fragment(
            out, (uint8_t)(first ? (last ? FRAGMENT_WHOLE : FRAGMENT_FIRST) : (last ? FRAGMENT_LAST : FRAGMENT_MIDDLE)),
            bytes_of(record.at, len));
        record = bytes_of(record.at + len, record.len - len);
        *offset += HEADER_BYTES + len;
        first = false;
    }
}

/* Where the disk cannot read a part of the block, the others count. */
static ssize_t read_block(struct log_reader *reader)
{
    uint64_t bad_at;
    ssize_t len = io_read_at(reader->fd, reader->block, LOG_BLOCK_BYTES, reader->block_offset);

    if (len >= 0 || errno != EIO)
        return len;
    len = io_read_past_bad(reader->fd, reader->block, LOG_BLOCK_BYTES, reader->block_offset, &bad_at);
    if (len >= 0 && !reader->bad && bad_at != UINT64_MAX) {
        reader->bad = true;
        reader->bad_at = bad_at;
    }
    return len;
}

/* LOG_RECORD: there is a block, perhaps a short one. */
static enum log_read next_block(struct log_reader *reader)
{
    ssize_t len;

    reader->block_offset += reader->block_len;
    reader->at = reader->block_len = 0;
    len = read_block(reader);
    if (len < 0) {
        reader->error = errno;
        return LOG_FAILED;
    }
    reader->block_len = (size_t)len;
    return len != 0 ? LOG_RECORD : LOG_END;
}

/* False: what is there is none. */
static bool take_fragment(struct log_reader *reader, struct fragment *out)
{
    const uint8_t *at = reader->block + reader->at;
    size_t left = reader->block_len - reader->at, len;

    if (left < HEADER_BYTES)
        return false;
    len = (size_t)at[4] | (size_t)at[5] << 8;
    if (at[6] < FRAGMENT_WHOLE || at[6] > FRAGMENT_LAST || len > left - HEADER_BYTES ||
        unmask(read_le32(at)) != log_crc_extend(0, (const char *)at + 6, len + 1))
        return false;
    *out = (struct fragment){.kind = at[6], .payload = bytes_of(at + HEADER_BYTES, len)};
    reader->at += HEADER_BYTES + len;
    return true;
}

static bool begins_record(const struct fragment *fragment)
{
    return fragment->kind == FRAGMENT_WHOLE || fragment->kind == FRAGMENT_FIRST;
}

/* Behind what is no fragment: to the next one in the block that begins a record, or to the block's end. */
static void pass_over(struct log_reader *reader)
{
    uint32_t tries = 0;

    while (!reader->by_blocks && ++reader->at + HEADER_BYTES <= reader->block_len && tries < TRIES_MAX) {
        const uint8_t *at = reader->block + reader->at;
        size_t here = reader->at;
        struct fragment fragment;

        if (at[6] != FRAGMENT_WHOLE && at[6] != FRAGMENT_FIRST)
            continue;
        tries++;
        if (take_fragment(reader, &fragment)) {
            reader->at = here;
            return;
        }
    }
    reader->at = reader->block_len;
}

/* True where it is to be told: gaps that follow each other are one. */
static bool begin_gap(struct log_reader *reader)
{
    bool first = !reader->in_gap;

    reader->in_gap = true;
    if (first)
        reader->gap = reader->end;
    return first;
}

/* To the next header: LOG_RECORD. What is too short for one ends a block, or is cut off by the file's end: LOG_GAP. */
static enum log_read to_header(struct log_reader *reader)
{
    enum log_read found = LOG_RECORD;

    while (found == LOG_RECORD && reader->block_len - reader->at < HEADER_BYTES) {
        bool cut = reader->block_len < LOG_BLOCK_BYTES && reader->at < reader->block_len;

        found = next_block(reader);
        if (cut && found == LOG_END)
            found = LOG_GAP;
    }
    return found;
}

/* One fragment that belongs where it stands: LOG_RECORD. After another the record that was under way is lost; where a record
 * begins instead, that one is read next. */
static enum log_read next_fragment(struct log_reader *reader, struct fragment *out, bool under_way)
{
    enum log_read found = to_header(reader);
    size_t at = reader->at;

    if (found == LOG_END && under_way)
        return LOG_GAP;
    if (found != LOG_RECORD)
        return found;
    if (!take_fragment(reader, out)) {
        pass_over(reader);
        return LOG_GAP;
    }
    if (begins_record(out) != under_way)
        return LOG_RECORD;
    if (under_way)
        reader->at = at;
    return LOG_GAP;
}

static bool keep(struct log_reader *reader, const struct fragment *fragment)
{
    buf_append_bytes(&reader->record, fragment->payload);
    if (reader->record.failed)
        reader->error = ENOMEM;
    return !reader->record.failed;
}

enum log_read log_reader_next(struct log_reader *reader)
{
    bool under_way = false;

    for (;;) {
        struct fragment fragment;
        enum log_read found = next_fragment(reader, &fragment, under_way);

        if (found == LOG_GAP && begin_gap(reader))
            return LOG_GAP;
        if (found == LOG_END || found == LOG_FAILED)
            return found;
        if (!under_way || found == LOG_GAP)
            buf_reset(&reader->record);
        under_way = found == LOG_RECORD;
        if (!under_way)
            continue;
        if (begins_record(&fragment))
            reader->begins_block = reader->at == HEADER_BYTES + fragment.payload.len;
        if (!keep(reader, &fragment))
            return LOG_FAILED;
        if (fragment.kind == FRAGMENT_WHOLE || fragment.kind == FRAGMENT_LAST) {
            reader->in_gap = false;
            reader->end = reader->block_offset + reader->at;
            return LOG_RECORD;
        }
    }
}
