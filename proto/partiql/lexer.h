/* SPDX-License-Identifier: Apache-2.0 */
/* lexer: the tokens of a PartiQL statement.
 *
 * In:     the statement's text, at most PARTIQL_TEXT_MAX bytes of UTF-8.
 * Out:    all its tokens, comments and blanks left out, in the request's arena; the last is PARTIQL_END.
 * The service reads all tokens before it parses the first: what is none anywhere is told before any fault of grammar.
 */
#ifndef PROTO_PARTIQL_LEXER_H
#define PROTO_PARTIQL_LEXER_H

#include "base/arena.h"
#include "base/error.h"

#define PARTIQL_TEXT_MAX 8192 /* bytes; the model allows as many characters */

enum partiql_token_kind {
    PARTIQL_END,
    PARTIQL_NAME,      /* abc */
    PARTIQL_QUOTED,    /* "abc" */
    PARTIQL_KEYWORD,   /* a word that is no name unless quoted; operators in words, too */
    PARTIQL_STRING,    /* 'abc' */
    PARTIQL_NUMBER,    /* 1.5e3 */
    PARTIQL_PARAMETER, /* ? */
    PARTIQL_SYMBOL,    /* = <> << ( and all others */
};

struct partiql_token {
    enum partiql_token_kind kind;
    struct bytes text;             /* names and strings: without quotes; others as written; "!=" is "<>" */
    uint32_t line, column, length; /* in characters, line and column from 1; quotes included */
};

/* STATOR_VALIDATION when the text has what is no token. */
STATOR_MUST_CHECK enum stator_rc partiql_tokens(const struct partiql_token **out, size_t *count, struct bytes text,
                                                struct arena *arena, struct stator_error *err);

/* Whether it is that symbol, or that keyword or unquoted name (given in small letters), in any case. */
bool partiql_is(const struct partiql_token *token, const char *word);

/* "Statement wasn't well formed, can't be processed: " and the detail. */
enum stator_rc partiql_malformed(struct stator_error *err, const char *detail);

#endif
