/* SPDX-License-Identifier: Apache-2.0 */
#include "value/base64.h"

static const uint8_t letters[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define LETTER 0x40

/* The six bits of a letter, with LETTER set; 0 of any other byte. */
static const uint8_t bits_of[256] = {
    ['A'] = LETTER + 0,  ['B'] = LETTER + 1,  ['C'] = LETTER + 2,  ['D'] = LETTER + 3,  ['E'] = LETTER + 4,
    ['F'] = LETTER + 5,  ['G'] = LETTER + 6,  ['H'] = LETTER + 7,  ['I'] = LETTER + 8,  ['J'] = LETTER + 9,
    ['K'] = LETTER + 10, ['L'] = LETTER + 11, ['M'] = LETTER + 12, ['N'] = LETTER + 13, ['O'] = LETTER + 14,
    ['P'] = LETTER + 15, ['Q'] = LETTER + 16, ['R'] = LETTER + 17, ['S'] = LETTER + 18, ['T'] = LETTER + 19,
    ['U'] = LETTER + 20, ['V'] = LETTER + 21, ['W'] = LETTER + 22, ['X'] = LETTER + 23, ['Y'] = LETTER + 24,
    ['Z'] = LETTER + 25, ['a'] = LETTER + 26, ['b'] = LETTER + 27, ['c'] = LETTER + 28, ['d'] = LETTER + 29,
    ['e'] = LETTER + 30, ['f'] = LETTER + 31, ['g'] = LETTER + 32, ['h'] = LETTER + 33, ['i'] = LETTER + 34,
    ['j'] = LETTER + 35, ['k'] = LETTER + 36, ['l'] = LETTER + 37, ['m'] = LETTER + 38, ['n'] = LETTER + 39,
    ['o'] = LETTER + 40, ['p'] = LETTER + 41, ['q'] = LETTER + 42, ['r'] = LETTER + 43, ['s'] = LETTER + 44,
    ['t'] = LETTER + 45, ['u'] = LETTER + 46, ['v'] = LETTER + 47, ['w'] = LETTER + 48, ['x'] = LETTER + 49,
    ['y'] = LETTER + 50, ['z'] = LETTER + 51, ['0'] = LETTER + 52, ['1'] = LETTER + 53, ['2'] = LETTER + 54,
    ['3'] = LETTER + 55, ['4'] = LETTER + 56, ['5'] = LETTER + 57, ['6'] = LETTER + 58, ['7'] = LETTER + 59,
    ['8'] = LETTER + 60, ['9'] = LETTER + 61, ['+'] = LETTER + 62, ['/'] = LETTER + 63,
};

/* Four letters to three bytes. False when one of them is no letter. */
static bool decode_group(uint8_t *to, const uint8_t *at)
{
    uint8_t a = bits_of[at[0]], b = bits_of[at[1]], c = bits_of[at[2]], d = bits_of[at[3]];

    to[0] = (uint8_t)(a << 2 | (b & 0x3F) >> 4);
    to[1] = (uint8_t)(b << 4 | (c & 0x3F) >> 2);
    to[2] = (uint8_t)(c << 6 | (d & 0x3F));
    return (a & b & c & d & LETTER) != 0;
}

/* The last group, with pads of '=': its two or one bytes. The bits that do not fill a byte must be 0. */
static bool decode_padded(uint8_t *to, const uint8_t *at, size_t pads)
{
    uint8_t group[4] = {at[0], at[1], pads == 2 ? 'A' : at[2], 'A'};
    uint8_t raw[3];
    bool good = decode_group(raw, group) && raw[3 - pads] == 0;

    memcpy(to, raw, 3 - pads);
    return good;
}

bool base64_decode(struct bytes *out, struct bytes text, struct arena *arena, bool *full)
{
    size_t groups = text.len / 4;
    size_t pads = 0;
    uint8_t *block;
    bool good = true;

    if (text.len % 4 != 0)
        return false;
    if (groups != 0 && text.at[text.len - 1] == '=')
        pads = text.at[text.len - 2] == '=' ? 2 : 1;
    block = arena_alloc(arena, groups * 3);
    if (block == NULL) {
        *full = true;
        return false;
    }
    for (size_t i = 0; i < groups - (pads != 0); i++)
        good &= decode_group(block + 3 * i, text.at + 4 * i);
    if (pads != 0)
        good &= decode_padded(block + 3 * (groups - 1), text.at + 4 * (groups - 1), pads);
    if (good)
        *out = bytes_of(block, groups * 3 - pads);
    return good;
}

enum base64_fault base64_why(struct bytes text, uint8_t *letter)
{
    size_t body = text.len;
    uint8_t last;

    if (text.len % 4 != 0)
        return BASE64_LENGTH;
    while (body != 0 && text.len - body < 2 && text.at[body - 1] == '=')
        body--;
    last = body != 0 ? bits_of[text.at[body - 1]] : 0;
    if ((last & ((1u << 2 * (text.len - body)) - 1)) != 0)
        return BASE64_LAST;
    for (size_t i = 0; i < body; i++) {
        if (bits_of[text.at[i]] == 0) {
            *letter = text.at[i];
            return BASE64_LETTER;
        }
    }
    return BASE64_LAST; /* not reached for a text that was refused */
}

static void encode_group(uint8_t *to, uint8_t a, uint8_t b, uint8_t c)
{
    to[0] = letters[a >> 2];
    to[1] = letters[(a & 3) << 4 | b >> 4];
    to[2] = letters[(b & 15) << 2 | c >> 6];
    to[3] = letters[c & 63];
}

void base64_encode(struct buf *buf, struct bytes raw)
{
    size_t whole = raw.len / 3;
    size_t rest = raw.len % 3;
    size_t len = (whole + (rest != 0)) * 4;
    uint8_t *to;

    if (len == 0)
        return;
    to = buf_reserve(buf, len);
    if (to == NULL)
        return;
    for (size_t i = 0; i < whole; i++)
        encode_group(to + 4 * i, raw.at[3 * i], raw.at[3 * i + 1], raw.at[3 * i + 2]);
    if (rest != 0) {
        encode_group(to + 4 * whole, raw.at[3 * whole], rest == 2 ? raw.at[3 * whole + 1] : 0, 0);
        memset(to + len - (3 - rest), '=', 3 - rest);
    }
    buf->len += len;
}
