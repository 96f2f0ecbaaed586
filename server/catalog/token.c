/* SPDX-License-Identifier: Apache-2.0 */
/* A token's record, under 'k' · length of the namespace (2 bytes, big-endian) · namespace · token:
 *
 *   version (1 byte: 1) · done, ms since 1970 (8) · digest of the request (32) · number of tables (1) · table ... table
 *   table: read units (4) · length of the name (2) · name
 *
 * All numbers are big-endian. A transaction on the table "t" whose item a repetition reads with 2 units:
 *
 *   01  0000019AAB2C3D4E  <32 bytes>  01  00000002 0001 74
 *
 * Beside it is an empty record under 'e' · done (8) · the token's key, in the order of time, for the sweep.
 */
#include "catalog/token.h"

#define RECORD_VERSION 1
#define HEAD_BYTES     ((size_t)1 + 8 + TOKEN_DIGEST_BYTES + 1)
#define TABLE_HEAD     ((size_t)4 + 2)

static void append_be16(struct buf *buf, size_t value)
{
    buf_append_byte(buf, (uint8_t)(value >> 8));
    buf_append_byte(buf, (uint8_t)value);
}

void token_record_write(struct buf *buf, const struct token_record *record)
{
    buf_append_byte(buf, RECORD_VERSION);
    buf_append_be64(buf, record->done_ms);
    buf_append(buf, record->digest, sizeof(record->digest));
    buf_append_byte(buf, (uint8_t)record->table_count);
    for (size_t i = 0; i < record->table_count; i++) {
        buf_append_be32(buf, record->tables[i].read_units);
        append_be16(buf, record->tables[i].name.len);
        buf_append_bytes(buf, record->tables[i].name);
    }
}

static enum stator_rc damaged(struct stator_error *err)
{
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "the record of a token is damaged");
}

static enum stator_rc read_tables(struct token_table *tables, size_t count, const uint8_t *at, const uint8_t *end,
                                  struct stator_error *err)
{
    for (size_t i = 0; i < count; i++) {
        size_t len;

        if ((size_t)(end - at) < TABLE_HEAD)
            return damaged(err);
        tables[i].read_units = read_be32(at);
        len = (size_t)at[4] << 8 | at[5];
        at += TABLE_HEAD;
        if ((size_t)(end - at) < len)
            return damaged(err);
        tables[i].name = bytes_of(at, len);
        at += len;
    }
    return at == end ? STATOR_OK : damaged(err);
}

enum stator_rc token_record_read(struct token_record *out, struct bytes stored, struct arena *arena,
                                 struct stator_error *err)
{
    const uint8_t *end = stored.at + stored.len;
    struct token_table *tables;

    if (stored.len == 0)
        return damaged(err);
    if (stored.at[0] != RECORD_VERSION)
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                           "the record of a token has format %u; this Stator reads %d", stored.at[0], RECORD_VERSION);
    if (stored.len < HEAD_BYTES)
        return damaged(err);
    out->done_ms = read_be64(stored.at + 1);
    memcpy(out->digest, stored.at + 9, sizeof(out->digest));
    out->table_count = stored.at[HEAD_BYTES - 1];
    tables = ARENA_ARRAY(arena, struct token_table, out->table_count);
    if (tables == NULL)
        return stator_fail_memory(err);
    out->tables = tables;
    return read_tables(tables, out->table_count, stored.at + HEAD_BYTES, end, err);
}

void token_key_write(struct buf *buf, struct bytes namespace_, struct bytes token)
{
    buf_append_byte(buf, 'k');
    append_be16(buf, namespace_.len);
    buf_append_bytes(buf, namespace_);
    buf_append_bytes(buf, token);
}

void token_expiry_write(struct buf *buf, uint64_t done_ms, struct bytes token_key)
{
    buf_append_bytes(buf, TOKEN_EXPIRY_FIRST);
    buf_append_be64(buf, done_ms);
    buf_append_bytes(buf, token_key);
}

bool token_expiry_read(uint64_t *done_ms, struct bytes *token_key, struct bytes expiry)
{
    if (expiry.len < 1 + 8 + 3 || expiry.at[0] != 'e')
        return false;
    *done_ms = read_be64(expiry.at + 1);
    *token_key = bytes_of(expiry.at + 9, expiry.len - 9);
    return true;
}
