/* SPDX-License-Identifier: Apache-2.0 */
/* prefix: what is compared first when texts are sorted. Private to this folder. */
#ifndef PROTO_VALUE_PREFIX_H
#define PROTO_VALUE_PREFIX_H

#include "base/buf.h"

/* The first eight bytes, big-endian, with zeros behind a shorter text: of two texts, the one with the lesser prefix is
 * the lesser. */
static inline uint64_t bytes_prefix(struct bytes text)
{
    uint64_t prefix = 0;

    if (text.len >= sizeof(prefix))
        return read_be64(text.at);
    for (size_t i = 0; i < text.len; i++)
        prefix |= (uint64_t)text.at[i] << (56 - 8 * i);
    return prefix;
}

#endif
