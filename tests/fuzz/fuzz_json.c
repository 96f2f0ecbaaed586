/* SPDX-License-Identifier: Apache-2.0 */
/* Reads any text, writes what it read, reads that again: valid text must survive, and the writer's text must be a fixed
 * point. json_valid, json_skip and the reader must agree on what is JSON. */
#include <stdlib.h>

#include "json/reader.h"
#include "json/writer.h"

#define LIMIT ((size_t)64 << 20)

static void check(bool condition)
{
    if (!condition)
        abort();
}

/* Copies the tokens of text into out; numbers stay as written. */
static bool copy(struct buf *out, struct bytes text, struct arena *arena)
{
    struct json_writer writer = json_writer_of(out);
    struct json_reader reader;

    json_reader_init(&reader, text, arena);
    for (;;) {
        switch (json_next(&reader)) {
        case JSON_BAD:
            return false;
        case JSON_END:
            return true;
        case JSON_OBJECT_BEGIN:
            json_object_begin(&writer);
            break;
        case JSON_OBJECT_END:
            json_object_end(&writer);
            break;
        case JSON_ARRAY_BEGIN:
            json_array_begin(&writer);
            break;
        case JSON_ARRAY_END:
            json_array_end(&writer);
            break;
        case JSON_KEY:
            json_key(&writer, reader.text);
            break;
        case JSON_STRING:
            json_string(&writer, reader.text);
            break;
        case JSON_NUMBER:
            json_raw(&writer, reader.text);
            break;
        case JSON_TRUE:
            json_bool(&writer, true);
            break;
        case JSON_FALSE:
            json_bool(&writer, false);
            break;
        case JSON_NULL:
            json_null(&writer);
            break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* what libFuzzer calls */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = bytes_of(data, size);
    struct json_reader reader;
    struct arena arena;
    struct buf once, twice;
    bool valid;

    arena_init(&arena, LIMIT);
    buf_init(&once, LIMIT);
    buf_init(&twice, LIMIT);
    valid = copy(&once, text, &arena);
    check(json_valid(text) == valid);
    json_reader_init(&reader, text, &arena);
    check((json_skip(&reader, json_next(&reader)) && json_next(&reader) == JSON_END) == valid);
    if (valid) {
        check(!once.failed);
        check(copy(&twice, buf_bytes(&once), &arena));
        check(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
    }
    buf_deinit(&twice);
    buf_deinit(&once);
    arena_deinit(&arena);
    return 0;
}
