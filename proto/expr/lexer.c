/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/lexer.h"

#include "base/utf8.h"

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_part(uint8_t c)
{
    return is_letter(c) || is_digit(c) || c == '_';
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* How many bytes from `from` on are parts of a name. */
static size_t name_length(struct bytes text, size_t from)
{
    size_t at = from;

    while (at < text.len && is_name_part(text.at[at]))
        at++;
    return at - from;
}

static size_t digits_length(struct bytes text)
{
    size_t at = 0;

    while (at < text.len && is_digit(text.at[at]))
        at++;
    return at;
}

static struct token token_of(enum token_kind kind, struct bytes rest, size_t len)
{
    return (struct token){kind, bytes_of(rest.at, len)};
}

/* "#abc" or ":abc"; a sign with nothing behind it is no token of the languages. */
static struct token reference(enum token_kind kind, struct bytes rest)
{
    size_t len = name_length(rest, 1);

    return len == 0 ? token_of(TOKEN_UNKNOWN, rest, 1) : token_of(kind, rest, 1 + len);
}

static struct token less(struct bytes rest)
{
    if (rest.len > 1 && rest.at[1] == '=')
        return token_of(TOKEN_LE, rest, 2);
    if (rest.len > 1 && rest.at[1] == '>')
        return token_of(TOKEN_NE, rest, 2);
    return token_of(TOKEN_LT, rest, 1);
}

static struct token greater(struct bytes rest)
{
    if (rest.len > 1 && rest.at[1] == '=')
        return token_of(TOKEN_GE, rest, 2);
    return token_of(TOKEN_GT, rest, 1);
}

/* One whole character, so that a message never holds a part of one. */
static struct token unknown(struct bytes rest)
{
    size_t len = utf8_sequence(rest);

    return token_of(TOKEN_UNKNOWN, rest, len == 0 ? 1 : len);
}

static struct token sign(struct bytes rest)
{
    switch (rest.at[0]) {
    case '(':
        return token_of(TOKEN_LPAREN, rest, 1);
    case ')':
        return token_of(TOKEN_RPAREN, rest, 1);
    case '[':
        return token_of(TOKEN_LBRACKET, rest, 1);
    case ']':
        return token_of(TOKEN_RBRACKET, rest, 1);
    case '.':
        return token_of(TOKEN_DOT, rest, 1);
    case ',':
        return token_of(TOKEN_COMMA, rest, 1);
    case '=':
        return token_of(TOKEN_EQ, rest, 1);
    case '+':
        return token_of(TOKEN_PLUS, rest, 1);
    case '-':
        return token_of(TOKEN_MINUS, rest, 1);
    case '<':
        return less(rest);
    case '>':
        return greater(rest);
    default:
        return unknown(rest);
    }
}

struct token lexer_token(struct bytes expression, size_t offset)
{
    struct bytes rest;
    uint8_t first;

    while (offset < expression.len && is_blank(expression.at[offset]))
        offset++;
    rest = bytes_of(expression.at + offset, expression.len - offset);
    if (rest.len == 0)
        return token_of(TOKEN_END, rest, 0);
    first = rest.at[0];
    if (is_letter(first))
        return token_of(TOKEN_NAME, rest, name_length(rest, 0));
    if (is_digit(first))
        return token_of(TOKEN_NUMBER, rest, digits_length(rest));
    if (first == '#')
        return reference(TOKEN_NAME_REF, rest);
    if (first == ':')
        return reference(TOKEN_VALUE_REF, rest);
    return sign(rest);
}

bool token_is_keyword(const struct token *token, const char *keyword)
{
    size_t len = strlen(keyword);

    if (token->kind != TOKEN_NAME || token->text.len != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = token->text.at[i];

        if (c >= 'a' && c <= 'z')
            c = (uint8_t)(c - 'a' + 'A');
        if (c != (uint8_t)keyword[i])
            return false;
    }
    return true;
}
