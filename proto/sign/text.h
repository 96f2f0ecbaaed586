/* SPDX-License-Identifier: Apache-2.0 */
/* text: writing into a block whose size was measured before. Private to this folder. */
#ifndef PROTO_SIGN_TEXT_H
#define PROTO_SIGN_TEXT_H

#include "base/bytes.h"

/* Both write at `at` and return where the next one goes. */
static inline uint8_t *put(uint8_t *at, struct bytes text)
{
    if (text.len != 0)
        memcpy(at, text.at, text.len);
    return at + text.len;
}

static inline uint8_t *put_byte(uint8_t *at, uint8_t byte)
{
    *at = byte;
    return at + 1;
}

#endif
