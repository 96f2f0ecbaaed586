/* SPDX-License-Identifier: Apache-2.0 */
/* arena: memory of one request. Blocks are cut from growing chunks and freed all at once.
 *
 * Limit:  `max_bytes` in total; past it arena_alloc gives NULL and that request alone fails.
 * Owns:   its chunks. The first one is kept by arena_reset, so a warm arena costs no malloc.
 * Thread: one at a time.
 * Under AddressSanitizer each block is a malloc of its own, so that an overrun is seen.
 */
#ifndef PROTO_BASE_ARENA_H
#define PROTO_BASE_ARENA_H

#include "base/bytes.h"
#include "stator/memory.h"

struct arena_chunk; /* lives in arena.c */

struct arena {
    struct arena_chunk *chunks; /* newest first */
    uint8_t *at, *end;          /* what is left of the newest */
    size_t used_bytes;          /* handed out since the last reset */
    size_t max_bytes;
    const struct stator_allocator *allocator; /* of the chunks; NULL: malloc */
    bool failed;    /* a block has been refused since the last reset: whoever went on without it can be found out */
    bool exhausted; /* by max_bytes, not by the machine */
};

/* How far an arena was used. */
struct arena_mark {
    struct arena_chunk *chunks;
    uint8_t *at;
    size_t used_bytes;
};

void arena_init(struct arena *arena, size_t max_bytes);

/* The same, with chunks from an allocator, which is borrowed and may be NULL. */
void arena_init_with(struct arena *arena, size_t max_bytes, const struct stator_allocator *allocator);

/* Frees every chunk. The arena may be used again afterwards. */
void arena_deinit(struct arena *arena);

/* Forgets all blocks, keeps at most one chunk of ordinary size. */
void arena_reset(struct arena *arena);

static inline struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->chunks, arena->at, arena->used_bytes};
}

/* Forgets all blocks since the mark, which no reset may lie behind. */
void arena_rewind(struct arena *arena, struct arena_mark mark);

/* Aligned for any type, not cleared. NULL when the limit or the machine's memory is used up. len may be 0: the block
 * is then a valid pointer to nothing. */
void *arena_alloc(struct arena *arena, size_t len);

/* The same, cleared, for count blocks of len; NULL also when count * len overflows. */
void *arena_calloc(struct arena *arena, size_t count, size_t len);

/* A copy that lives as long as the arena. `.at` is NULL when memory is used up. */
struct bytes arena_copy(struct arena *arena, struct bytes source);

/* A block of one `type`, cleared. */
#define ARENA_NEW(arena, type)          ((type *)arena_calloc((arena), 1, sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_calloc((arena), (count), sizeof(type)))

#endif
