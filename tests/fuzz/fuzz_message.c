/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the input of any operation: the first byte names the operation, the rest is the body. What decodes is
 * validated in both wordings, and its encoding decodes and encodes to the same bytes again. */
#include <stdlib.h>

#include "base/arena.h"
#include "message/message.h"
#include "json/reader.h"

#define ROOM (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode(struct buf *buf, const struct shape *shape, const void *in)
{
    buf_reset(buf);
    message_encode(buf, shape, in);
    if (buf->failed)
        abort();
}

static void validate(const struct shape *shape, const void *in, enum wording wording)
{
    struct stator_error err = {.message = ""};
    enum stator_rc rc = message_validate(shape, in, wording, &err);

    if (rc != STATOR_OK && (rc != STATOR_VALIDATION || err.message[0] == '\0'))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct shape *shape;
    struct arena arena, again;
    struct buf first, second;
    struct stator_error err = {.message = ""};
    void *in;

    if (size == 0)
        return 0;
    shape = operation_info((enum operation)(1 + data[0] % (OPERATION_COUNT - 1)))->input;
    arena_init(&arena, ROOM);
    arena_init(&again, ROOM);
    buf_init(&first, ROOM);
    buf_init(&second, ROOM);
    if (message_decode(&in, shape, bytes_of(data + 1, size - 1), &arena, &err) == STATOR_OK) {
        validate(shape, in, WORDING_CURRENT);
        validate(shape, in, WORDING_CLASSIC);
        encode(&first, shape, in);
        if (!json_valid(buf_bytes(&first)))
            abort();
        if (message_decode(&in, shape, buf_bytes(&first), &again, &err) != STATOR_OK)
            abort();
        encode(&second, shape, in);
        if (bytes_compare(buf_bytes(&first), buf_bytes(&second)) != 0)
            abort();
    } else if (err.rc == STATOR_SERIALIZATION && (err.message[0] != '\0') != json_valid(bytes_of(data + 1, size - 1))) {
        abort(); /* a text says what is wrong with JSON; bad JSON gets none */
    }
    arena_deinit(&arena);
    arena_deinit(&again);
    buf_deinit(&first);
    buf_deinit(&second);
    return 0;
}
