/* SPDX-License-Identifier: Apache-2.0 */
/* log_read: reads a file of the engine's log format, without the engine: its write-ahead logs and its manifests.
 *
 * Blocks of 32 KiB hold fragments: a checksum (4 bytes, CRC-32C of what follows the length, masked) · a length
 * (2, little-endian) · a kind (1) · so many bytes. A record is one whole fragment, or a first, some middle and a last one. A fragment never
 * crosses a block; what is too short for a header at a block's end is zeros.
 * https://github.com/facebook/rocksdb/wiki/Write-Ahead-Log-File-Format
 *
 * Thread: [any]; a reader belongs to one.
 */
#ifndef SERVER_STORE_LOG_READ_H
#define SERVER_STORE_LOG_READ_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"

#define LOG_BLOCK_BYTES 32768

enum log_read {
    LOG_RECORD, /* one is in reader.record */
    LOG_GAP,    /* the bytes from reader.gap on are no record; the next call looks for one behind them */
    LOG_END,    /* of the file */
    LOG_FAILED, /* the file cannot be read, or there is no memory: reader.error is errno's */
};

struct log_reader {
    int fd;
    uint8_t *block;
    size_t block_len, at;  /* what of the block there is, and is read */
    uint64_t block_offset; /* in the file */
    int error;
    bool
        by_blocks; /* set it after log_reader_init: behind a gap the next block is read, whose first header is the engine's own */
    bool in_gap;
    bool bad; /* a part of the file was met that the disk cannot read: bad_at is its first byte */
    uint64_t bad_at;
    struct buf record; /* of LOG_RECORD, until the next call */
    bool begins_block; /* LOG_RECORD begins a block: its first header is the engine's own, also behind a gap */
    uint64_t end;      /* offset behind the last record */
    uint64_t gap;      /* of LOG_GAP */
};

/* How a record of a write-ahead log begins. */
struct log_batch {
    uint64_t sequence;   /* of its first change; never lower than in the records in front of it */
    uint32_t count;      /* changes */
    struct bytes behind; /* the changes */
};

/* False: it is too short. */
bool log_batch_of(struct log_batch *out, struct bytes record);

/* The descriptor stays the caller's. False: no memory. log_reader_deinit in both cases. */
STATOR_MUST_CHECK bool log_reader_init(struct log_reader *reader, int fd);
void log_reader_deinit(struct log_reader *reader);

/* A part that the disk cannot read (EIO) is read as zeros, and so is a gap.
 * Behind a gap a record may be one that somebody has put into a value, unless by_blocks is set: such a one proves nothing
 * by itself.
 * A log is made longer with zeros before it is written: they are a gap, too, and so is a record that the file's end cuts.
 * Gaps that follow each other are one. */
enum log_read log_reader_next(struct log_reader *reader);

/* Appends a record in that form. *offset counts the bytes of the file so far. */
void log_append_record(struct buf *out, uint64_t *offset, struct bytes record);

#endif
