/* SPDX-License-Identifier: Apache-2.0 */
/* What a server may answer: the body of an error, and that of every operation. The first byte says which. */
#include <stdint.h>
#include <stdlib.h>

#include "call.h"
#include "failure.h"

#define ARENA_MAX (64 << 20)

static void read_failure(struct bytes body, struct arena *arena)
{
    struct stator_failure failure = {.message = ""};
    struct exchange exchange;

    exchange_init(&exchange, 1 << 20, NULL);
    exchange.status = 400;
    buf_append_bytes(&exchange.body, body);
    failure_read(&failure, &exchange, arena);
    if (failure.rc == STATOR_OK || failure.message == NULL || failure.cancellation_count > 100)
        abort();
    if ((failure.rc == STATOR_BAD_ANSWER) != (failure.type.len == 0))
        abort();
    exchange_deinit(&exchange);
}

static void decode(const struct operation_info *info, struct bytes body, struct arena *arena)
{
    struct stator_error err;
    void *out = NULL;
    struct buf again;

    if (info->output == NULL || message_decode(&out, info->output, body, arena, &err) != STATOR_OK)
        return;
    buf_init(&again, ARENA_MAX);
    message_encode(&again, info->output, out); /* all of it can be read */
    buf_deinit(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;

    if (size == 0)
        return 0;
    arena_init(&arena, ARENA_MAX);
    if (data[0] % OPERATION_COUNT == OPERATION_NONE)
        read_failure(bytes_of(data + 1, size - 1), &arena);
    else
        decode(operation_info((enum operation)(data[0] % OPERATION_COUNT)), bytes_of(data + 1, size - 1), &arena);
    arena_deinit(&arena);
    return 0;
}
