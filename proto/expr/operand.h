/* SPDX-License-Identifier: Apache-2.0 */
/* operand: the value of a SET, and what ADD and DELETE make of an attribute. */
#ifndef PROTO_EXPR_OPERAND_H
#define PROTO_EXPR_OPERAND_H

#include "expr/expr.h"

/* What an update has made so far: of no value more than its size by DynamoDB's rules. When it is more than an item may
 * have, what is made no longer matters: the rest is only checked. */
struct growth {
    size_t bytes;
    bool over;
};

struct change {
    struct item_source *old; /* the item before */
    struct growth *growth;
    bool legacy;
    struct arena *arena;
    struct stator_error *err;
};

/* Adds a value that goes into the item. */
void growth_add(struct growth *growth, const struct value *value);

/* Of any operand. */
STATOR_MUST_CHECK enum stator_rc operand_value(const struct change *change, const struct value **out,
                                               const struct expr *operand);

/* there + added: numbers, sets, and lists for legacy updates. `there` may be NULL. */
STATOR_MUST_CHECK enum stator_rc operand_add(const struct change *change, struct value *out, const struct value *there,
                                             const struct value *added);

/* A set without some of its members; out->type is VALUE_ABSENT when nothing is left. `there` may be NULL. */
STATOR_MUST_CHECK enum stator_rc operand_delete(const struct change *change, struct value *out,
                                                const struct value *there, const struct value *deleted);

#endif
