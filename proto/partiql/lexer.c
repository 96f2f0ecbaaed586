/* SPDX-License-Identifier: Apache-2.0 */
#include "partiql/lexer.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "partiql/keyword.h"

struct scan {
    struct bytes text;
    size_t at;
    uint32_t line, column;
    struct arena *arena;
    struct stator_error *err;
};

enum stator_rc partiql_malformed(struct stator_error *err, const char *detail)
{
    return stator_fail(err, STATOR_VALIDATION, "Statement wasn't well formed, can't be processed: %s", detail);
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool partiql_is(const struct partiql_token *token, const char *word)
{
    size_t len = strlen(word);

    if (token->kind != PARTIQL_NAME && token->kind != PARTIQL_KEYWORD && token->kind != PARTIQL_SYMBOL)
        return false;
    if (token->text.len != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (lower(token->text.at[i]) != (uint8_t)word[i])
            return false;
    return true;
}

/* The byte that far ahead; 0 behind the end. */
static uint8_t peek(const struct scan *scan, size_t ahead)
{
    return scan->at + ahead < scan->text.len ? scan->text.at[scan->at + ahead] : 0;
}

/* Over one character. */
static void step(struct scan *scan)
{
    size_t len = utf8_sequence(bytes_of(scan->text.at + scan->at, scan->text.len - scan->at));

    if (scan->text.at[scan->at] == '\n') {
        scan->line++;
        scan->column = 1;
    } else {
        scan->column++;
    }
    scan->at += len == 0 ? 1 : len;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_start(uint8_t c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || c == '$';
}

/* Blanks and comments. False when a comment does not end. */
static bool skip(struct scan *scan)
{
    for (;;) {
        if (scan->at < scan->text.len && is_blank(peek(scan, 0))) {
            step(scan);
        } else if (peek(scan, 0) == '-' && peek(scan, 1) == '-') {
            while (scan->at < scan->text.len && peek(scan, 0) != '\n')
                step(scan);
        } else if (peek(scan, 0) == '/' && peek(scan, 1) == '*') {
            step(scan);
            step(scan);
            while (scan->at < scan->text.len && !(peek(scan, 0) == '*' && peek(scan, 1) == '/'))
                step(scan);
            if (scan->at == scan->text.len)
                return false;
            step(scan);
            step(scan);
        } else {
            return true;
        }
    }
}

/* With each doubled quote a single one. */
static enum stator_rc halve_quotes(struct scan *scan, struct bytes *text, uint8_t quote)
{
    uint8_t *copy = arena_alloc(scan->arena, text->len);
    size_t len = 0;

    if (copy == NULL)
        return stator_fail_memory(scan->err);
    for (size_t i = 0; i < text->len; i++) {
        copy[len++] = text->at[i];
        i += text->at[i] == quote;
    }
    *text = bytes_of(copy, len);
    return STATOR_OK;
}

/* What is between the quotes, a doubled quote being one. */
static enum stator_rc quoted(struct scan *scan, struct partiql_token *token)
{
    uint8_t quote = peek(scan, 0);
    bool doubled = false;
    size_t from;

    token->kind = quote == '"' ? PARTIQL_QUOTED : PARTIQL_STRING;
    step(scan);
    for (from = scan->at; peek(scan, 0) != quote || peek(scan, 1) == quote; step(scan)) {
        if (scan->at == scan->text.len)
            return partiql_malformed(scan->err, "");
        if (peek(scan, 0) != quote)
            continue;
        doubled = true;
        step(scan);
    }
    token->text = bytes_of(scan->text.at + from, scan->at - from);
    step(scan);
    return doubled ? halve_quotes(scan, &token->text, quote) : STATOR_OK;
}

static size_t digits(struct scan *scan)
{
    size_t count = 0;

    for (; is_digit(peek(scan, 0)); count++)
        step(scan);
    return count;
}

/* Java's BigDecimal must be able to hold it: neither the exponent nor the digits behind the point less the exponent may
 * leave 32 bits. */
static bool exponent_fits(struct bytes text, size_t fraction)
{
    bool negative = text.at[0] == '-';
    int64_t exponent = 0;

    for (size_t i = text.at[0] == '-' || text.at[0] == '+'; i < text.len; i++) {
        exponent = exponent * 10 + (text.at[i] - '0');
        if (exponent > (int64_t)INT32_MAX + 1)
            return false;
    }
    if (negative)
        exponent = -exponent;
    return exponent == (int32_t)exponent && (int64_t)fraction - exponent == (int32_t)((int64_t)fraction - exponent);
}

static enum stator_rc number(struct scan *scan, struct partiql_token *token)
{
    size_t from = scan->at, fraction = 0, exponent;
    bool fits = true;

    token->kind = PARTIQL_NUMBER;
    digits(scan);
    if (peek(scan, 0) == '.') {
        step(scan);
        fraction = digits(scan);
    }
    if (lower(peek(scan, 0)) == 'e') {
        step(scan);
        exponent = scan->at;
        if (peek(scan, 0) == '+' || peek(scan, 0) == '-')
            step(scan);
        if (digits(scan) == 0)
            return partiql_malformed(scan->err, "");
        fits = exponent_fits(bytes_of(scan->text.at + exponent, scan->at - exponent), fraction);
    }
    if (!fits || is_name_start(peek(scan, 0)) || peek(scan, 0) == '.')
        return partiql_malformed(scan->err, "");
    token->text = bytes_of(scan->text.at + from, scan->at - from);
    return STATOR_OK;
}

static void word(struct scan *scan, struct partiql_token *token)
{
    size_t from = scan->at;

    while (is_name_start(peek(scan, 0)) || is_digit(peek(scan, 0)))
        step(scan);
    token->text = bytes_of(scan->text.at + from, scan->at - from);
    token->kind = partiql_keyword(token->text) ? PARTIQL_KEYWORD : PARTIQL_NAME;
}

static enum stator_rc symbol(struct scan *scan, struct partiql_token *token)
{
    static const char *const pairs[] = {"<>", "!=", "<=", ">=", "<<", ">>", "||"};
    static const char singles[] = "=<>+-*/%()[]{},.:;?@";
    size_t from = scan->at, len = 1;

    token->kind = peek(scan, 0) == '?' ? PARTIQL_PARAMETER : PARTIQL_SYMBOL;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (peek(scan, 0) == (uint8_t)pairs[i][0] && peek(scan, 1) == (uint8_t)pairs[i][1])
            len = 2;
    if (len == 1 && (peek(scan, 0) == 0 || strchr(singles, peek(scan, 0)) == NULL))
        return partiql_malformed(scan->err, "");
    for (size_t i = 0; i < len; i++)
        step(scan);
    token->text = bytes_of(scan->text.at + from, len);
    if (bytes_equal(token->text, BYTES("!=")))
        token->text = BYTES("<>");
    return STATOR_OK;
}

static enum stator_rc next(struct scan *scan, struct partiql_token *token)
{
    size_t from;
    enum stator_rc rc = STATOR_OK;
    uint8_t c;

    if (!skip(scan))
        return partiql_malformed(scan->err, "");
    from = scan->at;
    *token = (struct partiql_token){.kind = PARTIQL_END, .text = BYTES(""), .line = scan->line, .column = scan->column};
    if (scan->at == scan->text.len)
        return STATOR_OK;
    c = peek(scan, 0);
    if (c == '"' || c == '\'')
        rc = quoted(scan, token);
    else if (is_digit(c) || (c == '.' && is_digit(peek(scan, 1))))
        rc = number(scan, token);
    else if (is_name_start(c))
        word(scan, token);
    else
        rc = symbol(scan, token);
    token->length = (uint32_t)utf8_utf16_units(bytes_of(scan->text.at + from, scan->at - from));
    return rc;
}

enum stator_rc partiql_tokens(const struct partiql_token **out, size_t *count, struct bytes text, struct arena *arena,
                              struct stator_error *err)
{
    struct scan scan = {.text = text, .line = 1, .column = 1, .arena = arena, .err = err};
    struct partiql_token token = {.kind = PARTIQL_SYMBOL};
    struct buf tokens; /* the arena gets no more than there are */
    enum stator_rc rc = STATOR_OK;

    buf_init(&tokens, (text.len + 1) * sizeof(token));
    for (*count = 0; rc == STATOR_OK && token.kind != PARTIQL_END; ++*count) {
        rc = next(&scan, &token);
        buf_append(&tokens, &token, sizeof(token));
    }
    *out = tokens.failed ? NULL : (const struct partiql_token *)arena_copy(arena, buf_bytes(&tokens)).at;
    buf_deinit(&tokens);
    if (rc != STATOR_OK)
        return rc;
    return *out == NULL ? stator_fail_memory(err) : STATOR_OK;
}
