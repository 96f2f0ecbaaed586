/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"

#define CAPACITY_MIN   ((size_t)256)
#define KEPT_BYTES_MAX ((size_t)64 * 1024)

void buf_init(struct buf *buf, size_t max_bytes)
{
    buf_init_with(buf, max_bytes, NULL);
}

void buf_init_with(struct buf *buf, size_t max_bytes, const struct stator_allocator *allocator)
{
    *buf = (struct buf){.max_bytes = max_bytes, .allocator = allocator};
}

void buf_deinit(struct buf *buf)
{
    memory_release(buf->allocator, buf->at);
    buf_init_with(buf, buf->max_bytes, buf->allocator);
}

void buf_reset(struct buf *buf)
{
    if (buf->capacity > KEPT_BYTES_MAX)
        buf_deinit(buf);
    buf->len = 0;
    buf->failed = false;
}

uint8_t *buf_reserve(struct buf *buf, size_t len)
{
    size_t wanted = buf->capacity < CAPACITY_MIN ? CAPACITY_MIN : buf->capacity;
    uint8_t *grown;

    if (buf->failed)
        return NULL;
    if (buf->capacity - buf->len >= len && buf->at != NULL)
        return buf->at + buf->len;
    if (len > buf->max_bytes || buf->len > buf->max_bytes - len) {
        buf->failed = true;
        return NULL;
    }
    while (wanted - buf->len < len)
        wanted *= 2;
    if (wanted > buf->max_bytes)
        wanted = buf->max_bytes;
    grown = memory_resize(buf->allocator, buf->at, wanted);
    if (grown == NULL) {
        buf->failed = true;
        return NULL;
    }
    buf->at = grown;
    buf->capacity = wanted;
    return buf->at + buf->len;
}

void buf_append_slow(struct buf *buf, const void *data, size_t len)
{
    uint8_t *room = buf_reserve(buf, len);

    if (room == NULL)
        return;
    if (len != 0)
        memcpy(room, data, len);
    buf->len += len;
}

void buf_append_be32(struct buf *buf, uint32_t value)
{
    value = __builtin_bswap32(value);
    buf_append(buf, &value, sizeof(value));
}

void buf_append_be64(struct buf *buf, uint64_t value)
{
    value = __builtin_bswap64(value);
    buf_append(buf, &value, sizeof(value));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    int len;
    uint8_t *room;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    room = len < 0 ? NULL : buf_reserve(buf, (size_t)len + 1);
    if (room == NULL) {
        buf->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf((char *)room, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
}
