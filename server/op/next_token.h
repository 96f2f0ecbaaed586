/* SPDX-License-Identifier: Apache-2.0 */
/* next_token: where a SELECT goes on: the range, and the last key read in it. A token belongs to its statement and
 * parameters: with others it is refused.
 *
 * Bytes, in base64: version 1, 8 bytes that stand for statement and parameters, 4 bytes range (big-endian), then the
 * attributes of the last key, or nothing: from the range's beginning. An attribute is length of the name (2) · name ·
 * enum value_type (1) · length of the text (2) · text.
 */
#ifndef SERVER_OP_NEXT_TOKEN_H
#define SERVER_OP_NEXT_TOKEN_H

#include "op/statement.h"

struct next_token {
    uint32_t range;
    struct item key; /* not set: from the beginning */
};

/* The text, in the arena; absent when it is full. */
struct bytes next_token_write(const struct next_token *token, const struct statement *statement, struct arena *arena);

STATOR_MUST_CHECK enum stator_rc next_token_read(struct next_token *out, struct bytes text,
                                                 const struct statement *statement, struct arena *arena,
                                                 struct stator_error *err);

#endif
