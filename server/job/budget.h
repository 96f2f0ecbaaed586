/* SPDX-License-Identifier: Apache-2.0 */
/* budget: one roof over the memory of all requests: bodies, what they become, what they put into a batch of the store,
 * answers that nobody has taken yet. Not the engine's own, nor the kernel's.
 *
 * In:     sizes, or blocks by way of its allocator, which charges a block for as long as it lives.
 * Out:    yes, or no: then that request alone is refused, with an error that clients repeat.
 * Limit:  `max` for pieces that are large. A small piece passes until BUDGET_MARGIN above it, so that small requests and
 *         an operator's are answered when large ones have used up the roof.
 * Thread: [any].
 */
#ifndef SERVER_JOB_BUDGET_H
#define SERVER_JOB_BUDGET_H

#include <stdatomic.h>

#include "base/bytes.h"
#include "stator/memory.h"

#define BUDGET_SMALL  ((size_t)64 * 1024)
#define BUDGET_MARGIN ((size_t)32 * 1024 * 1024)

struct budget {
    size_t max; /* bytes */
    _Atomic size_t used;
    _Atomic uint64_t refused;          /* pieces */
    _Atomic size_t given;              /* bytes given back since the last budget_settle that did something */
    _Atomic uint64_t settled_ms;       /* when that was */
    struct stator_allocator allocator; /* for arena_init_with and buf_init_with */
    struct stator_allocator beside;    /* the same, for what must be had: charged above the roof, too */
};

/* [main] The budget stays where it is. */
void budget_init(struct budget *budget, size_t max);

bool budget_take(struct budget *budget, size_t bytes);

/* Of a budget's allocator, or NULL: the one that takes above its roof; then what others want is refused until it is given
 * back. */
const struct stator_allocator *budget_beside(const struct stator_allocator *allocator);

/* A piece that is not small whatever its size. */
bool budget_take_large(struct budget *budget, size_t bytes);

void budget_give(struct budget *budget, size_t bytes);

/* Bytes above three quarters of the roof: memory is short, and what is not needed should go. */
size_t budget_missing(const struct budget *budget);

static inline bool budget_is_short(const struct budget *budget)
{
    return budget_missing(budget) != 0;
}

/* malloc keeps what is freed, for the next; this gives it back to the system. For a time when nobody needs it warm, or when
 * memory is short: what is kept is not counted, and would stand beside the roof. Does nothing where little was given back,
 * or within a second of the last time. now_ms: monotonic. It takes 0.1 ms, and 5 ms for 64 MiB in small pieces. */
void budget_settle(struct budget *budget, uint64_t now_ms);

/* Whether it would do something now or soon. */
bool budget_is_unsettled(const struct budget *budget);

/* The first `len` bytes of a block of the allocator are not needed any more: the pages go back to the system, and are no
 * longer charged. The block is still to be released. */
void budget_trim(struct budget *budget, void *block, size_t len);

#endif
