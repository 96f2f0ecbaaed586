/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

static bool continues(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

size_t utf8_sequence(struct bytes text)
{
    const uint8_t *at = text.at;

    if (text.len >= 1 && at[0] < 0x80)
        return 1;
    if (text.len >= 2 && at[0] >= 0xC2 && at[0] <= 0xDF && continues(at[1]))
        return 2;
    if (text.len >= 3 && (at[0] & 0xF0) == 0xE0 && continues(at[1]) && continues(at[2])) {
        if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F))
            return 0; /* overlong, or a surrogate */
        return 3;
    }
    if (text.len >= 4 && at[0] >= 0xF0 && at[0] <= 0xF4 && continues(at[1]) && continues(at[2]) && continues(at[3])) {
        if ((at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F))
            return 0; /* overlong, or past U+10FFFF */
        return 4;
    }
    return 0;
}

bool utf8_valid(struct bytes text)
{
    while (text.len != 0) {
        size_t len = utf8_sequence(text);

        if (len == 0)
            return false;
        text.at += len;
        text.len -= len;
    }
    return true;
}

size_t utf8_encode(uint8_t out[4], uint32_t code_point)
{
    if (code_point < 0x80) {
        out[0] = (uint8_t)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (uint8_t)(0xC0 | code_point >> 6);
        out[1] = (uint8_t)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (uint8_t)(0xE0 | code_point >> 12);
        out[1] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (code_point & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | code_point >> 18);
    out[1] = (uint8_t)(0x80 | (code_point >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (code_point & 0x3F));
    return 4;
}

size_t utf8_utf16_units(struct bytes text)
{
    size_t units = 0;

    for (size_t i = 0; i < text.len; i++)
        units += !continues(text.at[i]) + (text.at[i] >= 0xF0); /* a sequence of four bytes is two units */
    return units;
}
