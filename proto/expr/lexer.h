/* SPDX-License-Identifier: Apache-2.0 */
/* lexer: the tokens that all five expression languages share.
 *
 * In:     the text of an expression, at most EXPR_TEXT_MAX bytes.
 * Out:    tokens as views into the text. Keywords are names here; each parser knows its own.
 * A name begins with a letter; "#" and ":" may be followed by any of letters, digits and "_". What no language knows
 * is a token of its own, one character long, so that a syntax error can quote it.
 */
#ifndef PROTO_EXPR_LEXER_H
#define PROTO_EXPR_LEXER_H

#include "base/bytes.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,      /* abc_1 */
    TOKEN_NAME_REF,  /* #abc */
    TOKEN_VALUE_REF, /* :abc */
    TOKEN_NUMBER,    /* 12: only ever a list index */
    TOKEN_LPAREN,
    TOKEN_RPAREN,
    TOKEN_LBRACKET,
    TOKEN_RBRACKET,
    TOKEN_DOT,
    TOKEN_COMMA,
    TOKEN_EQ,
    TOKEN_NE,
    TOKEN_LT,
    TOKEN_LE,
    TOKEN_GT,
    TOKEN_GE,
    TOKEN_PLUS,
    TOKEN_MINUS,
    TOKEN_UNKNOWN,
};

struct token {
    enum token_kind kind;
    struct bytes text; /* of TOKEN_END: empty, at the end of the expression */
};

/* The token at or after offset, blanks skipped. */
struct token lexer_token(struct bytes expression, size_t offset);

/* Whether a TOKEN_NAME is the keyword (given in capitals), in any case. */
bool token_is_keyword(const struct token *token, const char *keyword);

#endif
