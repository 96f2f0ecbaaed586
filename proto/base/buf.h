/* SPDX-License-Identifier: Apache-2.0 */
/* buf: a growing writer that remembers its first failure, so an encoder writes twenty fields and asks once, at the end.
 *
 * Owns:   its memory; a buf is reused by buf_reset.
 * Limit:  `max_bytes`; a write past it, or without memory, sets `failed` and is dropped, and so are all later ones.
 * Thread: one at a time.
 */
#ifndef PROTO_BASE_BUF_H
#define PROTO_BASE_BUF_H

#include "base/bytes.h"
#include "stator/memory.h"

struct buf {
    uint8_t *at;
    size_t len, capacity, max_bytes;
    bool failed;
    const struct stator_allocator *allocator; /* NULL: malloc */
};

void buf_init(struct buf *buf, size_t max_bytes);

/* The same, with memory from an allocator, which is borrowed and may be NULL. */
void buf_init_with(struct buf *buf, size_t max_bytes, const struct stator_allocator *allocator);

void buf_deinit(struct buf *buf);

/* Empties it and clears `failed`; gives memory past 64 KiB back. */
void buf_reset(struct buf *buf);

/* Makes room for len more bytes and returns where they go, or NULL (then `failed` is set). The caller adds what it
 * wrote to buf->len. */
uint8_t *buf_reserve(struct buf *buf, size_t len);

void buf_append_slow(struct buf *buf, const void *data, size_t len); /* behind buf_append */

static inline void buf_append(struct buf *buf, const void *data, size_t len)
{
    if (!buf->failed && buf->capacity - buf->len >= len) {
        if (len != 0)
            memcpy(buf->at + buf->len, data, len);
        buf->len += len;
    } else {
        buf_append_slow(buf, data, len);
    }
}

static inline void buf_append_bytes(struct buf *buf, struct bytes bytes)
{
    buf_append(buf, bytes.at, bytes.len);
}

static inline void buf_append_byte(struct buf *buf, uint8_t byte)
{
    buf_append(buf, &byte, 1);
}

#define buf_append_literal(buf, literal) buf_append((buf), "" literal, sizeof(literal) - 1)

void buf_append_be32(struct buf *buf, uint32_t value);
void buf_append_be64(struct buf *buf, uint64_t value);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What was written; valid until the next write. */
static inline struct bytes buf_bytes(const struct buf *buf)
{
    return (struct bytes){buf->at != NULL ? buf->at : (const uint8_t *)"", buf->len};
}

static inline uint32_t read_be32(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return __builtin_bswap32(value);
}

static inline uint64_t read_be64(const uint8_t *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof(value));
    return __builtin_bswap64(value);
}

#endif
