/* SPDX-License-Identifier: Apache-2.0 */
/* base64: RFC 4648, padded. */
#ifndef PROTO_VALUE_BASE64_H
#define PROTO_VALUE_BASE64_H

#include "base/arena.h"
#include "base/buf.h"

/* Decodes strict padded base64 (unused bits must be 0). False when text is not; *out is then untouched. NULL in
 * out->at with true never happens: an arena that is full gives false and sets *full. */
bool base64_decode(struct bytes *out, struct bytes text, struct arena *arena, bool *full);

enum base64_fault {
    BASE64_LENGTH, /* not a multiple of 4 */
    BASE64_LAST,   /* the last letter has bits that belong to no byte */
    BASE64_LETTER, /* *letter is none */
};

/* Why base64_decode has refused text. Where several reasons hold, the first of these. */
enum base64_fault base64_why(struct bytes text, uint8_t *letter);

void base64_encode(struct buf *buf, struct bytes raw);

#endif
