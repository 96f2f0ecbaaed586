/* SPDX-License-Identifier: Apache-2.0 */
#include "op/next_token.h"

#include "base/utf8.h"
#include "value/base64.h"
#include "value/number.h"

#define VERSION    1
#define HEAD_BYTES 13
#define TEXT_MAX   32768 /* the model's */

#define ATTRIBUTES_MAX (2 * 2 * KEY_PARTS_MAX) /* of a table's key and an index's */

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

/* --- The key: not as JSON, where control characters take so much room that a token could be too long --------------- */

static void append_text(struct buf *buf, struct bytes text)
{
    buf_append_byte(buf, (uint8_t)(text.len >> 8));
    buf_append_byte(buf, (uint8_t)text.len);
    buf_append_bytes(buf, text);
}

static void append_key(struct buf *buf, const struct item *key)
{
    for (size_t i = 0; i < key->count; i++) {
        append_text(buf, key->attributes[i].name);
        buf_append_byte(buf, (uint8_t)key->attributes[i].value.type);
        append_text(buf, key->attributes[i].value.text);
    }
}

static bool take_text(struct bytes *out, struct bytes *rest)
{
    size_t len;

    if (rest->len < 2)
        return false;
    len = (size_t)rest->at[0] << 8 | rest->at[1];
    if (rest->len - 2 < len)
        return false;
    *out = bytes_of(rest->at + 2, len);
    *rest = bytes_of(rest->at + 2 + len, rest->len - 2 - len);
    return true;
}

/* Anybody may have written the token: a value must be one as requests' values become. */
static bool is_value(const struct value *value)
{
    char text[NUMBER_TEXT_MAX];
    struct number number;

    switch (value->type) {
    case VALUE_S:
        return utf8_valid(value->text);
    case VALUE_B:
        return true;
    case VALUE_N:
        return number_parse(&number, value->text, NULL) == STATOR_OK &&
               bytes_equal(value->text, bytes_of(text, number_format(text, &number)));
    default:
        return false;
    }
}

static bool take_attribute(struct attribute *out, struct bytes *rest)
{
    if (!take_text(&out->name, rest) || rest->len == 0)
        return false;
    out->value = (struct value){.type = (enum value_type)rest->at[0]};
    *rest = bytes_of(rest->at + 1, rest->len - 1);
    return take_text(&out->value.text, rest) && is_value(&out->value);
}

static bool read_key(struct item *out, struct bytes rest, struct arena *arena)
{
    struct attribute *attributes = ARENA_ARRAY(arena, struct attribute, ATTRIBUTES_MAX);
    size_t count = 0;

    for (; attributes != NULL && rest.len != 0; count++) {
        if (count == ATTRIBUTES_MAX || !take_attribute(&attributes[count], &rest))
            return false;
        if (count != 0 && bytes_compare(attributes[count - 1].name, attributes[count].name) >= 0)
            return false;
    }
    *out = (struct item){.attributes = attributes, .count = count, .set = true};
    return attributes != NULL;
}

/* --- Tokens ------------------------------------------------------------------------------------------------------- */

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
        append_key(&raw, &token->key);
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
    if (!read_key(&out->key, bytes_of(raw.at + HEAD_BYTES, raw.len - HEAD_BYTES), arena))
        return arena->failed ? stator_fail_memory(err) : stator_fail(err, STATOR_VALIDATION, "Invalid NextToken");
    return STATOR_OK;
}
