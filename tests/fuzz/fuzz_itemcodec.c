/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a stored item: nothing is read outside them. And any bytes that are the JSON of an item: stored and read
 * back it is the same, and each attribute is found.
 */
#include <stdlib.h>

#include "format/itemcodec.h"

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Touches every byte, so that the sanitizer sees one that is not ours. */
static void touch(struct bytes bytes)
{
    volatile uint8_t sum = 0;

    for (size_t i = 0; i < bytes.len; i++)
        sum = (uint8_t)(sum + bytes.at[i]);
}

/* What is damaged may be answered as anything, within bounds. */
static void answer(const struct stored_item *item)
{
    const struct item whole = stored_item_answer(item);
    struct buf buf;

    buf_init(&buf, stored_item_answer_bytes(item));
    item_write(&buf, &whole);
    touch(buf_bytes(&buf));
    buf_deinit(&buf);
}

/* What is answered whole is what is answered attribute by attribute. */
static void require_same_answer(const struct stored_item *stored, const struct item *item)
{
    const struct item whole = stored_item_answer(stored);
    struct buf one, other;

    buf_init(&one, stored_item_answer_bytes(stored));
    buf_init(&other, 1 << 28);
    item_write(&one, &whole);
    item_write(&other, item);
    require(!one.failed && !other.failed && bytes_equal(buf_bytes(&one), buf_bytes(&other)));
    buf_deinit(&one);
    buf_deinit(&other);
}

static void read_as_stored(struct bytes stored, struct arena *arena)
{
    static const char *const names[] = {"", "a", "n", "\x01", "\"", "zz", "\xf0\x9f\x98\x80"};
    struct stored_item item;
    struct item parsed;
    struct item_source_stored source;

    if (!stored_item_open(&item, stored))
        return;
    touch(item.text);
    answer(&item);
    require(item_source_stored_init(&source, &item, arena));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        touch(stored_item_attribute(&item, bytes_of_string(names[i]), NULL));
        source.source.attribute(&source.source, bytes_of_string(names[i]));
    }
    if (stored_item_parse(&parsed, &item, arena))
        for (size_t i = 0; i < parsed.count; i++)
            touch(stored_item_attribute(&item, parsed.attributes[i].name, NULL));
}

static void store_and_read(struct bytes json, struct arena *arena)
{
    struct json_reader reader;
    struct stored_item stored;
    struct item item, again;
    struct item_source_stored source;
    struct buf buf;

    json_reader_init(&reader, json, arena);
    if (item_read(&item, &reader, json_next(&reader), arena, NULL) != STATOR_OK || item.fault)
        return;
    buf_init(&buf, 1 << 24);
    item_store(&buf, &item);
    require(!buf.failed);
    require(stored_item_open(&stored, buf_bytes(&buf)));
    require(stored.attribute_count == item.count && stored.size_bytes == item_size(&item));
    require_same_answer(&stored, &item);
    require(stored_item_parse(&again, &stored, arena) && again.count == item.count);
    require(item_source_stored_init(&source, &stored, arena));
    for (size_t i = 0; i < item.count; i++) {
        const struct value *value = source.source.attribute(&source.source, item.attributes[i].name);

        require(value != NULL && value_equal(value, &item.attributes[i].value));
        require(bytes_equal(again.attributes[i].name, item.attributes[i].name));
        require(value_equal(&again.attributes[i].value, value));
    }
    buf_deinit(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena arena;

    arena_init(&arena, (size_t)64 << 20);
    read_as_stored(bytes_of(data, len), &arena);
    store_and_read(bytes_of(data, len), &arena);
    arena_deinit(&arena);
    return 0;
}
