/* SPDX-License-Identifier: Apache-2.0 */
/* A counter's value and every delta are 8 bytes, little-endian, two's complement; sums wrap. Adding is associative, so
 * the engine may fold any run of deltas into one, whenever it likes: a write never has to read the counter.
 *
 *      -2  is  FE FF FF FF FF FF FF FF
 */
#include "store/rocks.h"

#include <stdlib.h>

void counter_encode(uint8_t out[COUNTER_BYTES], int64_t value)
{
    uint64_t bits = (uint64_t)value;

    for (int i = 0; i < COUNTER_BYTES; i++)
        out[i] = (uint8_t)(bits >> (8 * i));
}

bool counter_decode(int64_t *out, struct bytes value)
{
    uint64_t bits = 0;

    if (value.len != COUNTER_BYTES)
        return false;
    for (int i = 0; i < COUNTER_BYTES; i++)
        bits |= (uint64_t)value.at[i] << (8 * i);
    *out = (int64_t)bits;
    return true;
}

/* Adds to *sum; false when the bytes are no delta: the engine then reports corruption rather than a wrong sum. */
static bool add(uint64_t *sum, const char *at, size_t len)
{
    int64_t delta;

    if (!counter_decode(&delta, bytes_of(at, len)))
        return false;
    *sum += (uint64_t)delta;
    return true;
}

static char *merge(uint64_t sum, const char *const *operands, const size_t *lens, int count, unsigned char *success,
                   size_t *len)
{
    uint8_t *out = malloc(COUNTER_BYTES);

    stator_assert(out != NULL); /* 8 bytes on a compaction thread, with nobody to tell */
    *success = 1;
    for (int i = 0; i < count; i++) {
        if (!add(&sum, operands[i], lens[i]))
            *success = 0;
    }
    counter_encode(out, (int64_t)sum);
    *len = COUNTER_BYTES;
    return (char *)out;
}

static char *merge_full(void *state, const char *key, size_t key_len, const char *existing, size_t existing_len,
                        const char *const *operands, const size_t *lens, int count, unsigned char *success, size_t *len)
{
    uint64_t sum = 0;
    bool sound = existing == NULL || add(&sum, existing, existing_len);
    char *out = merge(sum, operands, lens, count, success, len);

    (void)state, (void)key, (void)key_len;
    if (!sound)
        *success = 0;
    return out;
}

static char *merge_partial(void *state, const char *key, size_t key_len, const char *const *operands,
                           const size_t *lens, int count, unsigned char *success, size_t *len)
{
    (void)state, (void)key, (void)key_len;
    return merge(0, operands, lens, count, success, len);
}

static void destroy(void *state)
{
    (void)state;
}

/* Kept in every directory: a database whose operator has another name does not open. */
static const char *name(void *state)
{
    (void)state;
    return "stator.sum64";
}

rocksdb_mergeoperator_t *counter_merge_operator(void)
{
    return rocksdb_mergeoperator_create(NULL, destroy, merge_full, merge_partial, NULL, name);
}
