/* SPDX-License-Identifier: Apache-2.0 */
/* operand: the value of a SET, and what ADD and DELETE make of an attribute. */
#ifndef PROTO_EXPR_OPERAND_H
#define PROTO_EXPR_OPERAND_H

#include "expr/expr.h"

struct change {
    struct item_source *old; /* the item before */
    bool legacy;
    struct arena *arena;
    struct stator_error *err;
};

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
