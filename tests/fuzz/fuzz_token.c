/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the stored record of a token, and as the key of its expiry. What is read is written again to the same
 * bytes, or refused with a text. */
#include <stdlib.h>

#include "catalog/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_expiry(struct bytes bytes)
{
    struct bytes key;
    uint64_t done_ms;
    struct buf buf;

    if (!token_expiry_read(&done_ms, &key, bytes))
        return;
    buf_init(&buf, TOKEN_KEY_MAX);
    token_expiry_write(&buf, done_ms, key);
    if (!bytes_equal(buf_bytes(&buf), bytes))
        abort();
    buf_deinit(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stator_error err = {.message = ""};
    struct token_record record;
    struct arena arena;
    struct buf again;

    if (size > TOKEN_RECORD_MAX)
        return 0;
    read_expiry(bytes_of(data, size));
    arena_init(&arena, (size_t)1 << 20);
    buf_init(&again, TOKEN_RECORD_MAX);
    if (token_record_read(&record, bytes_of(data, size), &arena, &err) == STATOR_OK) {
        token_record_write(&again, &record);
        if (!bytes_equal(buf_bytes(&again), bytes_of(data, size)))
            abort();
    } else if (err.message[0] == '\0') {
        abort();
    }
    buf_deinit(&again);
    arena_deinit(&arena);
    return 0;
}
