/* SPDX-License-Identifier: Apache-2.0 */
/* The patterns of api.def, one function each. All of them match whole texts; texts are well-formed UTF-8. */
#include "message/tables.h"

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter_or_digit(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
}

/* A text of at least one byte, each of which `allowed` takes. */
static bool all(struct bytes text, bool (*allowed)(uint8_t c))
{
    for (size_t i = 0; i < text.len; i++)
        if (!allowed(text.at[i]))
            return false;
    return text.len > 0;
}

static bool in_name(uint8_t c)
{
    return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-';
}

bool pattern_Name(struct bytes text)
{
    return all(text, in_name);
}

static bool in_print(uint8_t c)
{
    return c >= 0x20 && c <= 0x7E;
}

bool pattern_Printable(struct bytes text)
{
    return all(text, in_print);
}

static bool not_dollar(uint8_t c)
{
    return c != '$';
}

bool pattern_NoDollar(struct bytes text)
{
    return all(text, not_dollar);
}

bool pattern_Account(struct bytes text)
{
    return text.len == 12 && all(text, is_digit);
}

static bool is_hex(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

bool pattern_HexSixteens(struct bytes text)
{
    return text.len % 16 == 0 && all(text, is_hex);
}

static bool is_delimiter(uint8_t c)
{
    return c == ',' || c == ';' || c == ':' || c == '|' || c == '\t' || c == ' ';
}

bool pattern_Delimiter(struct bytes text)
{
    return text.len == 1 && all(text, is_delimiter);
}

static bool in_header(uint8_t c)
{
    return in_print(c) && c != '"' && c != ',';
}

bool pattern_Header(struct bytes text)
{
    return text.len == 0 || all(text, in_header);
}

/* Everything but control characters, U+FFFE and U+FFFF; those two are EF BF BE and EF BF BF. */
bool pattern_Text(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];

        if (c < 0x20 && c != '\r' && c != '\n' && c != '\t')
            return false;
        if (c == 0xEF && text.len - i >= 3 && text.at[i + 1] == 0xBF && text.at[i + 2] >= 0xBE)
            return false;
    }
    return true;
}

/* Letters and digits at both ends, which are not one character; between them also '.', '-' and '_'. */
bool pattern_Bucket(struct bytes text)
{
    return text.len >= 2 && all(text, in_name) && is_letter_or_digit(text.at[0]) &&
           is_letter_or_digit(text.at[text.len - 1]);
}
