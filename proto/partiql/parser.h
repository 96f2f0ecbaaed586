/* SPDX-License-Identifier: Apache-2.0 */
/* parser: what the parser of expressions and that of statements share. */
#ifndef PROTO_PARTIQL_PARSER_H
#define PROTO_PARTIQL_PARSER_H

#include "partiql/ast.h"

struct partiql_parser {
    const struct partiql_token *token; /* not yet consumed; the last is PARTIQL_END and is never passed */
    size_t parameters;
    unsigned depth;
    struct arena *arena;
    struct stator_error *err;
};

enum stator_rc parse_fail(struct partiql_parser *parser, const char *detail);

/* A node without children at the token at hand, which is not consumed. */
STATOR_MUST_CHECK enum stator_rc parse_node(struct partiql_parser *parser, enum partiql_kind kind,
                                            struct partiql_node **out);

/* Adds a child; fails when the node gets too deep. */
STATOR_MUST_CHECK enum stator_rc parse_add(struct partiql_parser *parser, struct partiql_node *node,
                                           struct partiql_node *child);

/* Consumes the token if it is that symbol or word. */
bool parse_accept(struct partiql_parser *parser, const char *word);

/* Consumes that symbol, or fails: "Expected RIGHT_PAREN". */
STATOR_MUST_CHECK enum stator_rc parse_expect(struct partiql_parser *parser, const char *symbol, const char *name);

/* Operators that bind tighter than `precedence` and their operands; -1: all. */
STATOR_MUST_CHECK enum stator_rc parse_expression(struct partiql_parser *parser, int precedence,
                                                  struct partiql_node **out);

/* A name and what follows it with "." and "[": a target. */
STATOR_MUST_CHECK enum stator_rc parse_simple_path(struct partiql_parser *parser, struct partiql_node **out);

/* Expressions between commas, as children of node. */
STATOR_MUST_CHECK enum stator_rc parse_list(struct partiql_parser *parser, struct partiql_node *node);

/* --- Statements: where a term may stand they may stand, too ---------------------------------------------------------
 */

/* Whether the token at hand begins one. */
bool parse_begins_statement(const struct partiql_parser *parser);
STATOR_MUST_CHECK enum stator_rc parse_statement(struct partiql_parser *parser, struct partiql_node **out);

#endif
