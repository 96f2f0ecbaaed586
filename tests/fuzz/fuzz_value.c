/* SPDX-License-Identifier: Apache-2.0 */
/* Reads any text as an item: what is read must be written canonically, read back as the same, and be written as the
 * same bytes. Faults must have words that an answer can carry. The bytes themselves go through base64 and back. */
#include <stdlib.h>

#include "base/utf8.h"
#include "value/base64.h"
#include "value/value.h"

#define LIMIT ((size_t)64 << 20)

static void check(bool condition)
{
    if (!condition)
        abort();
}

static bool items_equal(const struct item *a, const struct item *b)
{
    struct value left = {.type = VALUE_M, .count = a->count, .attributes = a->attributes};
    struct value right = {.type = VALUE_M, .count = b->count, .attributes = b->attributes};

    return value_equal(&left, &right);
}

static void check_good(const struct item *item, struct arena *arena)
{
    struct item again;
    struct buf once, twice;

    buf_init(&once, LIMIT);
    buf_init(&twice, LIMIT);
    item_write(&once, item);
    check(!once.failed);
    check(item_read_stored(&again, buf_bytes(&once), arena));
    check(items_equal(item, &again));
    check(item_size(item) == item_size(&again));
    item_write(&twice, &again);
    check(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
    for (size_t i = 0; i < item->count; i++) {
        check(item_find(item, item->attributes[i].name) == &item->attributes[i].value);
        check(value_depth(&item->attributes[i].value) <= JSON_DEPTH_MAX);
    }
    buf_deinit(&twice);
    buf_deinit(&once);
}

static void check_faulty(const struct item *item)
{
    const struct value *fault = item_fault(item);
    struct stator_error err;

    check(fault != NULL && utf8_valid(fault->text) && utf8_valid(*fault->older));
    check(item_check(item, VALUE_LAYER_CURRENT, &err) == STATOR_VALIDATION);
}

static void check_base64(struct bytes data, struct arena *arena)
{
    struct bytes back, raw = {0};
    struct buf text;
    bool full = false;

    buf_init(&text, LIMIT);
    base64_encode(&text, data);
    check(base64_decode(&back, buf_bytes(&text), arena, &full) && bytes_equal(back, data));
    if (base64_decode(&raw, data, arena, &full)) {
        buf_reset(&text);
        base64_encode(&text, raw);
        check(bytes_equal(buf_bytes(&text), data));
    }
    check(!full);
    buf_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* what libFuzzer calls */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_reader reader;
    struct stator_error err;
    struct arena arena;
    struct item item;

    arena_init(&arena, LIMIT);
    check_base64(bytes_of(data, size), &arena);
    json_reader_init(&reader, bytes_of(data, size), &arena);
    if (item_read(&item, &reader, json_next(&reader), &arena, &err) == STATOR_OK) {
        if (item.fault)
            check_faulty(&item);
        else if (item.set)
            check_good(&item, &arena);
    } else {
        check(err.rc == STATOR_SERIALIZATION);
    }
    arena_deinit(&arena);
    return 0;
}
