/* SPDX-License-Identifier: Apache-2.0 */
#include "op/next_token.h"

#include "value/base64.h"

#define VERSION    1
#define HEAD_BYTES 13
#define TEXT_MAX   32768 /* the model's */

/* What statement and parameters come to. */
static bool fingerprint(uint64_t *out, const struct statement *statement)
{
    struct buf buf;
    bool good;

    buf_init(&buf, (size_t)64 << 20);
    buf_append_bytes(&buf, statement->text);
    for (size_t i = 0; i < statement->parameters->count; i++) {
        buf_append_byte(&buf, 0);
        value_write(&buf, &statement->parameters->at[i]);
    }
    good = !buf.failed;
    *out = ring_token(buf_bytes(&buf));
    buf_deinit(&buf);
    return good;
}

struct bytes next_token_write(const struct next_token *token, const struct statement *statement, struct arena *arena)
{
    struct buf raw, text;
    struct bytes out = {0};
    uint64_t print;

    if (!fingerprint(&print, statement))
        return out;
    buf_init(&raw, TEXT_MAX);
    buf_init(&text, TEXT_MAX);
    buf_append_byte(&raw, VERSION);
    buf_append_be64(&raw, print);
    buf_append_be32(&raw, token->range);
    if (token->key.set)
        item_write(&raw, &token->key);
    base64_encode(&text, buf_bytes(&raw));
    if (!raw.failed && !text.failed)
        out = arena_copy(arena, buf_bytes(&text));
    buf_deinit(&raw);
    buf_deinit(&text);
    return out;
}

enum stator_rc next_token_read(struct next_token *out, struct bytes text, const struct statement *statement,
                               struct arena *arena, struct stator_error *err)
{
    struct bytes raw;
    uint64_t print;
    bool full = false;

    *out = (struct next_token){0};
    if (!base64_decode(&raw, text, arena, &full) || raw.len < HEAD_BYTES || raw.at[0] != VERSION)
        return full ? stator_fail_memory(err) : stator_fail(err, STATOR_VALIDATION, "Invalid NextToken");
    if (!fingerprint(&print, statement))
        return stator_fail_memory(err);
    if (read_be64(raw.at + 1) != print)
        return stator_fail(err, STATOR_VALIDATION, "NextToken does not match request");
    out->range = read_be32(raw.at + 9);
    if (raw.len == HEAD_BYTES)
        return STATOR_OK;
    if (!item_read_stored(&out->key, bytes_of(raw.at + HEAD_BYTES, raw.len - HEAD_BYTES), arena))
        return arena->failed ? stator_fail_memory(err) : stator_fail(err, STATOR_VALIDATION, "Invalid NextToken");
    out->key.set = true;
    return STATOR_OK;
}
