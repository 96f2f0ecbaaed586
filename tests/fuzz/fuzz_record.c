/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the stored record of a table. The first byte chooses: the record as it is, or a version and one section
 * of ids around a description, so that the structures behind the lengths are reached. What is read is written, read and
 * written again to the same bytes, and makes a table or is refused with a text. */
#include <stdlib.h>
#include <string.h>

#include "catalog/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const struct record *record)
{
    struct stator_error err = {.message = ""};
    struct buf first, second;
    struct record back;
    struct arena arena;

    buf_init(&first, RECORD_MAX * 8);
    buf_init(&second, RECORD_MAX * 8);
    arena_init(&arena, RECORD_MAX * 64);
    record_write(&first, record);
    if (first.failed || record_read(&back, buf_bytes(&first), &arena, &err) != STATOR_OK)
        abort();
    record_write(&second, &back);
    if (!bytes_equal(buf_bytes(&first), buf_bytes(&second)))
        abort();
    buf_deinit(&first);
    buf_deinit(&second);
    arena_deinit(&arena);
}

static void read_table(struct bytes stored)
{
    struct stator_error err = {.message = ""};
    struct table *table;

    if (table_read(&table, BYTES("ns"), stored, &err) == STATOR_OK)
        table_release(table);
    else if (err.message[0] == '\0')
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char wrapping[] = "\x01\x01\x00\x00\x00\x08\x00\x00\x00\x07\x00\x00\x00\x08\x02";
    struct stator_error err = {.message = ""};
    struct record record;
    struct arena arena;
    struct buf stored;

    if (size == 0 || size > RECORD_MAX)
        return 0;
    arena_init(&arena, RECORD_MAX * 64);
    buf_init(&stored, RECORD_MAX * 2);
    if (data[0] & 1) {
        buf_append(&stored, wrapping, sizeof(wrapping) - 1);
        buf_append_be32(&stored, (uint32_t)(size - 1));
    }
    buf_append(&stored, data + 1, size - 1);
    if (record_read(&record, buf_bytes(&stored), &arena, &err) == STATOR_OK)
        write_again(&record);
    else if (err.message[0] == '\0')
        abort();
    read_table(buf_bytes(&stored));
    buf_deinit(&stored);
    arena_deinit(&arena);
    return 0;
}
