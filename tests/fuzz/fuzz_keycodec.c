/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a key of several values: what is read encodes to the very bytes it was read from, and the order of two
 * encodings is the order of their values.
 */
#include <stdlib.h>

#include "format/keycodec.h"

#define VALUES_MAX 8

/* The order of the bytes is the order of the values. */
static void check_order(enum value_type type, const struct value *a, struct bytes key_a, const struct value *b,
                        struct bytes key_b)
{
    int values = value_compare(a, b), keys = bytes_compare(key_a, key_b);

    if (a->type == type && b->type == type && ((values > 0) != (keys > 0) || (values < 0) != (keys < 0)))
        abort();
}

static void check_values(enum value_type type, struct bytes key, struct arena *arena)
{
    struct value last = {0};
    struct bytes last_key = {0};
    struct buf buf;

    buf_init(&buf, 1 << 20);
    for (int i = 0; i < VALUES_MAX; i++) {
        struct bytes rest = key, one;
        struct value value;

        if (!key_read_value(&value, type, &rest, arena)) {
            if (rest.at != key.at || rest.len != key.len)
                abort();
            break;
        }
        one = bytes_of(key.at, key.len - rest.len);
        buf_reset(&buf);
        key_append_value(&buf, &value);
        if (buf.failed || !bytes_equal(buf_bytes(&buf), one))
            abort();
        if (i != 0)
            check_order(type, &last, last_key, &value, one);
        last = value;
        last_key = one;
        key = rest;
    }
    buf_deinit(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const enum value_type types[] = {VALUE_S, VALUE_N, VALUE_B};
    struct arena arena;

    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        check_values(types[i], bytes_of(data, len), &arena);
    arena_deinit(&arena);
    return 0;
}
