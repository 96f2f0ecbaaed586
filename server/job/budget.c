/* SPDX-License-Identifier: Apache-2.0 */
#include "job/budget.h"

#include <malloc.h>
#include <stdalign.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Before each block: what is charged for it. A block that is no larger than an arena's first chunk is not charged: each
 * request in flight has one, and their number has a limit of its own. */
struct head {
    alignas(max_align_t) size_t charged;
    size_t trimmed; /* bytes from the head on, in whole pages */
    size_t mapped;  /* the whole block's, when it is one of the system's own; 0: malloc's */
};

#define FREE_OF_CHARGE ((size_t)8 * 1024)

#define SETTLE_MS    1000
#define SETTLE_LEAST ((size_t)1024 * 1024)

static bool take(struct budget *budget, size_t bytes, size_t most)
{
    size_t used = atomic_load_explicit(&budget->used, memory_order_relaxed);

    do {
        if (bytes > most || used > most - bytes) {
            atomic_fetch_add_explicit(&budget->refused, 1, memory_order_relaxed);
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(&budget->used, &used, used + bytes, memory_order_relaxed,
                                                    memory_order_relaxed));
    return true;
}

bool budget_take(struct budget *budget, size_t bytes)
{
    return take(budget, bytes, bytes <= BUDGET_SMALL ? budget->max + BUDGET_MARGIN : budget->max);
}

bool budget_take_large(struct budget *budget, size_t bytes)
{
    return take(budget, bytes, budget->max);
}

void budget_give(struct budget *budget, size_t bytes)
{
    atomic_fetch_sub_explicit(&budget->used, bytes, memory_order_relaxed);
    if (bytes != 0)
        atomic_fetch_add_explicit(&budget->given, bytes, memory_order_relaxed);
}

bool budget_is_unsettled(const struct budget *budget)
{
    return atomic_load_explicit(&budget->given, memory_order_relaxed) >= SETTLE_LEAST;
}

void budget_settle(struct budget *budget, uint64_t now_ms)
{
    uint64_t last_ms = atomic_load_explicit(&budget->settled_ms, memory_order_relaxed);

    if (now_ms - last_ms < SETTLE_MS || !budget_is_unsettled(budget) ||
        !atomic_compare_exchange_strong(&budget->settled_ms, &last_ms, now_ms))
        return;
    atomic_store_explicit(&budget->given, 0, memory_order_relaxed);
    malloc_trim(0);
}

static size_t charge_of(size_t len)
{
    return len <= FREE_OF_CHARGE ? 0 : len;
}

/* While memory is short large blocks are the system's own: malloc would keep what is freed beside the roof. Otherwise it
 * keeps them warm, which is faster. */
#define MAPPED_LEAST ((size_t)128 * 1024)

static struct head *make_block(const struct budget *budget, size_t len)
{
    size_t whole = sizeof(struct head) + len;
    struct head *head;

    if (len < MAPPED_LEAST || !budget_is_short(budget)) {
        head = malloc(whole);
        if (head != NULL)
            *head = (struct head){0};
        return head;
    }
    head = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (head == MAP_FAILED)
        return NULL;
    head->mapped = whole;
    return head;
}

static struct head *resize_block(struct head *head, size_t len)
{
    size_t whole = sizeof(*head) + len;

    if (head->mapped == 0)
        return realloc(head, whole);
    head = mremap(head, head->mapped, whole, MREMAP_MAYMOVE);
    if (head == MAP_FAILED)
        return NULL;
    head->mapped = whole;
    return head;
}

static void free_block(struct head *head)
{
    if (head->mapped != 0)
        munmap(head, head->mapped);
    else
        free(head);
}

static bool charge(struct budget *budget, size_t bytes, bool beside)
{
    if (!beside)
        return budget_take(budget, bytes);
    atomic_fetch_add_explicit(&budget->used, bytes, memory_order_relaxed);
    return true;
}

static void *make(struct budget *budget, size_t len, bool beside)
{
    size_t charged = charge_of(len);
    struct head *head;

    if (charged != 0 && !charge(budget, charged, beside))
        return NULL;
    head = make_block(budget, len);
    if (head == NULL) {
        budget_give(budget, charged);
        return NULL;
    }
    head->charged = charged;
    return head + 1;
}

/* Grows or shrinks. What is grown is charged before, so that both are never there uncharged. */
static void *remake(struct budget *budget, void *block, size_t len, bool beside)
{
    struct head *head;
    size_t after = charge_of(len), before;

    if (block == NULL)
        return make(budget, len, beside);
    head = (struct head *)block - 1;
    before = head->charged;
    if (after > before && !charge(budget, after - before, beside))
        return NULL;
    head = resize_block(head, len);
    if (head == NULL) {
        if (after > before)
            budget_give(budget, after - before);
        return NULL;
    }
    if (after < before)
        budget_give(budget, before - after);
    head->charged = after;
    return head + 1;
}

static void *allocate(size_t len, void *user)
{
    return make(user, len, false);
}

static void *resize(void *block, size_t len, void *user)
{
    return remake(user, block, len, false);
}

static void *allocate_beside(size_t len, void *user)
{
    return make(user, len, true);
}

static void *resize_beside(void *block, size_t len, void *user)
{
    return remake(user, block, len, true);
}

static void release(void *block, void *user)
{
    struct head *head = block;

    if (block == NULL)
        return;
    head--;
    budget_give(user, head->charged);
    free_block(head);
}

size_t budget_missing(const struct budget *budget)
{
    size_t used = atomic_load_explicit(&budget->used, memory_order_relaxed), most = budget->max - budget->max / 4;

    return used > most ? used - most : 0;
}

void budget_trim(struct budget *budget, void *block, size_t len)
{
    struct head *head = (struct head *)block - 1;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)(head + 1) + head->trimmed + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)block + len) / page * page;
    size_t bytes;

    if (end <= first)
        return;
    bytes = end - first;
    if (bytes > head->charged)
        bytes = head->charged;
    if (madvise((void *)first, end - first, MADV_DONTNEED) != 0)
        return;
    head->trimmed = end - (uintptr_t)block;
    head->charged -= bytes;
    budget_give(budget, bytes);
}

const struct stator_allocator *budget_beside(const struct stator_allocator *allocator)
{
    return allocator != NULL ? &((const struct budget *)allocator->user)->beside : NULL;
}

void budget_init(struct budget *budget, size_t max)
{
    *budget = (struct budget){
        .max = max,
        .allocator = {.allocate = allocate, .resize = resize, .release = release, .user = budget},
        .beside = {.allocate = allocate_beside, .resize = resize_beside, .release = release, .user = budget},
    };
}
