/* SPDX-License-Identifier: Apache-2.0 */
/* keycodec: the bytes of keys in a shard's family. memcmp order of encoded keys is the order that users see.
 *
 *   index id (4, big-endian) · token (8, big-endian) · key value ... key value
 *
 * A base item:   index id of the table · token of its partition key · partition key · sort key (if any)
 * A local index: index id · token of the partition key · partition key · index sort key · base sort key
 * A global one:  index id · token of its hash attributes · its hash attributes · its range attributes · base partition
 *                key · base sort key
 *
 * A value says neither its type (the schema knows it) nor its length; each encoding ends itself, so values follow each
 * other and a prefix of values is a prefix of bytes. Layout of each type, with an example: keycodec.c. Part of the
 * format: never change it.
 *
 * Thread: [any], pure.
 */
#ifndef SERVER_FORMAT_KEYCODEC_H
#define SERVER_FORMAT_KEYCODEC_H

#include "base/buf.h"
#include "base/error.h"
#include "value/value.h"

#define KEY_PREFIX_BYTES 12 /* index id and token */
/* Of a whole key: eight attributes of an index and two of the base, every byte escaped, take half of it. */
#define KEY_BYTES_MAX ((size_t)64 * 1024)

void key_append_prefix(struct buf *buf, uint32_t index_id, uint64_t token);

/* value is an S, N or B. */
void key_append_value(struct buf *buf, const struct value *value);

/* For begins_with on an S or B: what every encoded value with that prefix starts with. */
void key_append_value_prefix(struct buf *buf, const struct value *value);

/* Reads one value of the type from *key and moves *key past it. False, and *key stays, if the bytes are no such
 * encoding or memory is used up. Texts are in the arena. */
bool key_read_value(struct value *out, enum value_type type, struct bytes *key, struct arena *arena);

/* Makes *buf the smallest key greater than every key that starts with its bytes. False when there is none (all 0xff).
 */
bool key_successor(struct buf *buf);

#endif
