/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>

#include "base/memory.h"

#if defined(__SANITIZE_ADDRESS__)
#define BLOCK_IS_CHUNK 1
#else
#define BLOCK_IS_CHUNK 0
#endif

#define CHUNK_BYTES_MIN ((size_t)4096)        /* the first chunk: most requests need no second */
#define CHUNK_BYTES_MAX ((size_t)1024 * 1024) /* growth stops doubling here */
#define ALIGN           alignof(max_align_t)

struct arena_chunk {
    struct arena_chunk *older;
    size_t len; /* of data */
    alignas(max_align_t) uint8_t data[];
};

void arena_init(struct arena *arena, size_t max_bytes)
{
    arena_init_with(arena, max_bytes, NULL);
}

void arena_init_with(struct arena *arena, size_t max_bytes, const struct stator_allocator *allocator)
{
    *arena = (struct arena){.max_bytes = max_bytes, .allocator = allocator};
}

static void free_chunks(const struct arena *arena, struct arena_chunk *chunk)
{
    while (chunk != NULL) {
        struct arena_chunk *older = chunk->older;

        memory_release(arena->allocator, chunk);
        chunk = older;
    }
}

void arena_deinit(struct arena *arena)
{
    free_chunks(arena, arena->chunks);
    arena_init_with(arena, arena->max_bytes, arena->allocator);
}

void arena_reset(struct arena *arena)
{
    struct arena_chunk *kept = arena->chunks;

    arena->failed = false;
    arena->exhausted = false;
    if (kept == NULL)
        return;
    if (BLOCK_IS_CHUNK || kept->len > CHUNK_BYTES_MIN * 16) {
        arena_deinit(arena);
        return;
    }
    free_chunks(arena, kept->older);
    kept->older = NULL;
    arena->at = kept->data;
    arena->end = kept->data + kept->len;
    arena->used_bytes = 0;
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    while (arena->chunks != mark.chunks) {
        struct arena_chunk *chunk = arena->chunks;

        arena->chunks = chunk->older;
        memory_release(arena->allocator, chunk);
    }
    arena->at = mark.at;
    arena->end = mark.chunks == NULL ? NULL : mark.chunks->data + mark.chunks->len;
    arena->used_bytes = mark.used_bytes;
}

static bool add_chunk(struct arena *arena, size_t len)
{
    size_t wanted = CHUNK_BYTES_MIN;
    struct arena_chunk *chunk;

    if (arena->chunks != NULL)
        wanted = arena->chunks->len * 2;
    if (wanted > CHUNK_BYTES_MAX)
        wanted = CHUNK_BYTES_MAX;
    if (BLOCK_IS_CHUNK || wanted < len)
        wanted = len;
    chunk = memory_allocate(arena->allocator, sizeof(*chunk) + wanted);
    if (chunk == NULL)
        return false;
    chunk->older = arena->chunks;
    chunk->len = wanted;
    arena->chunks = chunk;
    arena->at = chunk->data;
    arena->end = chunk->data + wanted;
    return true;
}

static void *refuse(struct arena *arena)
{
    arena->failed = true;
    return NULL;
}

void *arena_alloc(struct arena *arena, size_t len)
{
    uint8_t *block;

    if (len > arena->max_bytes || arena->used_bytes > arena->max_bytes - len) {
        arena->exhausted = true;
        return refuse(arena);
    }
    if (!BLOCK_IS_CHUNK)
        len = (len + ALIGN - 1) & ~(ALIGN - 1);
    if (BLOCK_IS_CHUNK || (size_t)(arena->end - arena->at) < len || arena->chunks == NULL) {
        if (!add_chunk(arena, len))
            return refuse(arena);
    }
    block = arena->at;
    arena->at += len;
    arena->used_bytes += len;
    return block;
}

void *arena_calloc(struct arena *arena, size_t count, size_t len)
{
    size_t total;
    void *block;

    if (__builtin_mul_overflow(count, len, &total))
        return refuse(arena);
    block = arena_alloc(arena, total);
    if (block != NULL && total != 0)
        memset(block, 0, total);
    return block;
}

struct bytes arena_copy(struct arena *arena, struct bytes source)
{
    uint8_t *block = arena_alloc(arena, source.len);

    if (block == NULL)
        return (struct bytes){NULL, 0};
    if (source.len != 0)
        memcpy(block, source.at, source.len);
    return (struct bytes){block, source.len};
}
