/* SPDX-License-Identifier: Apache-2.0 */
#include "message/growing.h"

void *growing_next(struct growing *growing, size_t size, struct arena *arena)
{
    void *slot;

    if (growing->count == growing->capacity) {
        size_t capacity = growing->capacity == 0 ? 4 : growing->capacity * 2;
        uint8_t *at = capacity > SIZE_MAX / 2 / size ? NULL : arena_alloc(arena, capacity * size);

        if (at == NULL)
            return NULL;
        if (growing->count != 0)
            memcpy(at, growing->at, growing->count * size);
        growing->at = at;
        growing->capacity = capacity;
    }
    slot = growing->at + growing->count * size;
    memset(slot, 0, size);
    return slot;
}

void growing_finish(const struct growing *growing, struct api_list *out)
{
    *out = (struct api_list){.at = growing->at, .count = growing->count, .set = true};
}

/* A map's entry begins with its key. */
static struct bytes entry_key(const struct growing *entries, size_t size, size_t i)
{
    struct bytes key;

    memcpy(&key, entries->at + i * size, sizeof(key));
    return key;
}

/* Sorts the positions from[0..count) by key, keeping the order of equal keys; spare has the same room. */
static void positions_sort(const struct growing *entries, size_t size, uint32_t *from, uint32_t *spare, size_t count)
{
    size_t half = count / 2, left = 0, right = half;

    if (count < 2)
        return;
    positions_sort(entries, size, from, spare, half);
    positions_sort(entries, size, from + half, spare, count - half);
    for (size_t i = 0; i < count; i++) {
        bool take_left = right == count || (left < half && bytes_compare(entry_key(entries, size, from[left]),
                                                                         entry_key(entries, size, from[right])) <= 0);

        spare[i] = take_left ? from[left++] : from[right++];
    }
    memcpy(from, spare, count * sizeof(*from));
}

bool growing_unite(struct growing *entries, size_t size, struct arena *arena)
{
    size_t count = entries->count, kept = 0;
    uint32_t *positions;
    bool *dropped;

    if (count < 2)
        return true;
    positions = ARENA_ARRAY(arena, uint32_t, count * 2);
    dropped = ARENA_ARRAY(arena, bool, count);
    if (positions == NULL || dropped == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        positions[i] = (uint32_t)i;
    positions_sort(entries, size, positions, positions + count, count);
    for (size_t i = 1, first = 0; i < count; i++) {
        if (bytes_equal(entry_key(entries, size, positions[first]), entry_key(entries, size, positions[i]))) {
            memcpy(entries->at + positions[first] * size, entries->at + positions[i] * size, size);
            dropped[positions[i]] = true;
        } else {
            first = i;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (dropped[i])
            continue;
        if (kept != i)
            memcpy(entries->at + kept * size, entries->at + i * size, size);
        kept++;
    }
    entries->count = kept;
    return true;
}
