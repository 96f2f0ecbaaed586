/* SPDX-License-Identifier: Apache-2.0 */
/* utf8: what counts as text. Overlong forms, surrogates and code points past U+10FFFF are not. */
#ifndef PROTO_BASE_UTF8_H
#define PROTO_BASE_UTF8_H

#include "base/bytes.h"

/* Length in bytes of the well-formed sequence at the start of text, or 0. */
size_t utf8_sequence(struct bytes text);

bool utf8_valid(struct bytes text);

/* Writes a code point (not a surrogate, at most U+10FFFF) as 1 to 4 bytes and returns how many. */
size_t utf8_encode(uint8_t out[4], uint32_t code_point);

/* Code units of text (well-formed) in UTF-16: what Java, and so the service, calls the length of a string. */
size_t utf8_utf16_units(struct bytes text);

#endif
