/* SPDX-License-Identifier: Apache-2.0 */
/* update: the language of UpdateExpression, and what a statement costs. */
#ifndef PROTO_EXPR_UPDATE_PARSER_H
#define PROTO_EXPR_UPDATE_PARSER_H

#include "expr/draft.h"

/* A clause as it was written. */
struct clause_draft {
    enum update_action action;
    struct path path;
    struct draft *operand; /* NULL: REMOVE */
};

struct update_drafts {
    struct pointers clauses; /* of struct clause_draft, in the order of the text */
    const char *repeated;    /* the first section that stands twice, or NULL */
    unsigned sections;       /* one bit for each action */
};

STATOR_MUST_CHECK enum stator_rc update_parse(struct update_drafts *out, struct parser *parser);

/* Everything that can be wrong with a well-formed update, in the service's order; resolves drafts and paths. */
STATOR_MUST_CHECK enum stator_rc update_check(struct parser *parser, struct update_drafts *drafts);

/* What is checked of one function or operator whose operands, and itself, have their trees: counts and types. */
STATOR_MUST_CHECK enum stator_rc update_check_operand(struct parser *parser, const struct draft *draft);

/* What the statement costs when it adds to empty sets. */
size_t update_cost(const struct update *update);

#endif
