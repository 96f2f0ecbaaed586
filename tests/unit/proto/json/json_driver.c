/* SPDX-License-Identifier: Apache-2.0 */
/* For json_oracle.py: reads texts, each behind a line with its length, and answers "no", or "ok" and the text as the
 * writer writes what the reader has read. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "json/reader.h"
#include "json/writer.h"

#define LIMIT ((size_t)16 << 20)

/* One token goes from reader to writer. False after the last one. */
static bool copy_token(struct json_writer *writer, enum json_token token, struct bytes text)
{
    switch (token) {
    case JSON_BAD:
    case JSON_END:
        return false;
    case JSON_OBJECT_BEGIN:
        json_object_begin(writer);
        break;
    case JSON_OBJECT_END:
        json_object_end(writer);
        break;
    case JSON_ARRAY_BEGIN:
        json_array_begin(writer);
        break;
    case JSON_ARRAY_END:
        json_array_end(writer);
        break;
    case JSON_KEY:
        json_key(writer, text);
        break;
    case JSON_STRING:
        json_string(writer, text);
        break;
    case JSON_NUMBER:
        json_raw(writer, text);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        json_bool(writer, token == JSON_TRUE);
        break;
    case JSON_NULL:
        json_null(writer);
        break;
    }
    return true;
}

static void answer(struct bytes text, struct arena *arena, struct buf *out)
{
    struct json_writer writer = json_writer_of(out);
    struct json_reader reader;
    enum json_token token;

    buf_reset(out);
    arena_reset(arena);
    json_reader_init(&reader, text, arena);
    do
        token = json_next(&reader);
    while (copy_token(&writer, token, reader.text));
    stator_assert(json_valid(text) == (token == JSON_END));
    if (token == JSON_END)
        printf("ok %.*s\n", BYTES_ARG(buf_bytes(out)));
    else
        printf("no\n");
}

int main(void)
{
    struct arena arena;
    struct buf out;
    size_t len;

    arena_init(&arena, LIMIT);
    buf_init(&out, LIMIT);
    while (scanf("%zu", &len) == 1 && getchar() == '\n' && len < LIMIT) {
        uint8_t *text = malloc(len); /* of its own length, so that a read past its end is seen */

        stator_assert(text != NULL && fread(text, 1, len, stdin) == len);
        answer(bytes_of(text, len), &arena, &out);
        free(text);
    }
    buf_deinit(&out);
    arena_deinit(&arena);
    return 0;
}
