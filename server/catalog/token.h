/* SPDX-License-Identifier: Apache-2.0 */
/* token: the bytes that remember a ClientRequestToken in the catalog's family. Layout with an example: token.c. Part of
 * the format. Pure.
 */
#ifndef SERVER_CATALOG_TOKEN_H
#define SERVER_CATALOG_TOKEN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define TOKEN_DIGEST_BYTES 32
#define TOKEN_KEY_MAX      ((size_t)128 * 1024) /* a namespace has at most 64 KiB */
#define TOKEN_RECORD_MAX   ((size_t)64 * 1024)  /* 100 tables with names of 255 bytes are half of it */

/* What a repetition is charged for one table. */
struct token_table {
    struct bytes name;
    uint32_t read_units;
};

struct token_record {
    uint64_t done_ms;                   /* since 1970 */
    uint8_t digest[TOKEN_DIGEST_BYTES]; /* of the request */
    const struct token_table *tables;
    size_t table_count;
};

void token_record_write(struct buf *buf, const struct token_record *record);

/* Views into `stored` and the arena. Bytes that are none, or of a newer version, are STATOR_INTERNAL_SERVER_ERROR. */
STATOR_MUST_CHECK enum stator_rc token_record_read(struct token_record *out, struct bytes stored, struct arena *arena,
                                                   struct stator_error *err);

/* Appends the key of a token's record. */
void token_key_write(struct buf *buf, struct bytes namespace_, struct bytes token);

/* Appends the key by which a record is found when its time is over: they are in the order of time. */
void token_expiry_write(struct buf *buf, uint64_t done_ms, struct bytes token_key);

/* All keys of expiries lie between these. */
#define TOKEN_EXPIRY_FIRST BYTES("e")
#define TOKEN_EXPIRY_END   BYTES("f")

/* Reads such a key; false when it is none. The token's key is a view into it. */
bool token_expiry_read(uint64_t *done_ms, struct bytes *token_key, struct bytes expiry);

#endif
