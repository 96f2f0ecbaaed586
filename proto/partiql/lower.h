/* SPDX-License-Identifier: Apache-2.0 */
/* lower: from nodes to the trees of proto/expr, by way of its drafts, whose checks are the expressions' own. Private to
 * this folder. */
#ifndef PROTO_PARTIQL_LOWER_H
#define PROTO_PARTIQL_LOWER_H

#include "partiql/ast.h"

struct lowering {
    struct parser parser; /* for the checks of proto/expr: arena, err, operators */
    const struct value *parameters;
    size_t parameter_count;
};

/* STATOR_VALIDATION: the text, " at " and where the token stands. */
enum stator_rc lower_fail_at(struct lowering *lowering, const struct partiql_token *token, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "Unsupported operation: Plus" */
enum stator_rc lower_unsupported(struct lowering *lowering, const struct partiql_node *node);

/* The text in small letters, for a message; empty without memory. */
const char *lower_letters(struct lowering *lowering, struct bytes text);

/* A literal or a parameter. Literals within it may be no parameters. */
STATOR_MUST_CHECK enum stator_rc lower_value(struct lowering *lowering, const struct value **out,
                                             const struct partiql_node *node);

/* Whether the node is a value as lower_value takes it, or fails to take it. */
bool lower_is_value(const struct partiql_node *node);

/* A name with steps. */
STATOR_MUST_CHECK enum stator_rc lower_path(struct lowering *lowering, struct path *out,
                                            const struct partiql_node *node);
bool lower_is_path(const struct partiql_node *node);

/* A draft with its tree, which takes its place in the list. */
STATOR_MUST_CHECK enum stator_rc lower_draft(struct lowering *lowering, struct draft **out, enum draft_kind kind,
                                             enum expr_type type, struct bytes text);
STATOR_MUST_CHECK enum stator_rc lower_operand(struct lowering *lowering, struct draft *draft, struct draft *operand);
STATOR_MUST_CHECK enum stator_rc lower_finish(struct lowering *lowering, struct draft *draft);

/* A path or a value as a draft. */
STATOR_MUST_CHECK enum stator_rc lower_leaf(struct lowering *lowering, struct draft **out,
                                            const struct partiql_node *node);

STATOR_MUST_CHECK enum stator_rc lower_where(struct lowering *lowering, const struct expr **out,
                                             const struct partiql_node *node);

STATOR_MUST_CHECK enum stator_rc lower_update(struct lowering *lowering, struct update **out,
                                              const struct partiql_node *statement);

#endif
