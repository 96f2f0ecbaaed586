/* SPDX-License-Identifier: Apache-2.0 */
/* reserved: the words that DynamoDB refuses as bare attribute names, in any case. */
#ifndef PROTO_EXPR_RESERVED_H
#define PROTO_EXPR_RESERVED_H

#include "base/bytes.h"

#define RESERVED_WORD_COUNT 573

bool reserved_word(struct bytes name);

#endif
