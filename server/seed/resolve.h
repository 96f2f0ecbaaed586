/* SPDX-License-Identifier: Apache-2.0 */
/* resolve: the functions of a CloudFormation template that need nothing but the template: Ref of parameters with a default
 * and of pseudo parameters, Fn::Sub, Fn::Join, Fn::Select, Fn::Split, Fn::FindInMap, Fn::If and conditions.
 *
 * In:     a node that is needed. Out: the same without a function at its top; what is inside of it is not looked at.
 * Limit:  RESOLVE_STEPS_MAX nodes in one template, so that functions within functions end, and RESOLVE_LOOKS_MAX members
 *         passed by in search of names, so that many functions over long maps do.
 * Thread: one at a time.
 */
#ifndef SERVER_SEED_RESOLVE_H
#define SERVER_SEED_RESOLVE_H

#include "seed/tree.h"

#define RESOLVE_STEPS_MAX  100000
#define RESOLVE_LOOKS_MAX  20000000
#define RESOLVE_TEXT_MAX   65536
#define RESOLVE_ACCOUNT_ID "000000000000"

struct resolver {
    const char *path;
    struct bytes region;                                   /* AWS::Region */
    const struct node *parameters, *mappings, *conditions; /* of the template; may be NULL */
    struct arena *arena;
    struct stator_error *err;
    unsigned steps, depth; /* 0 */
    size_t looks;          /* 0 */
};

/* *out is NULL for a null and for AWS::NoValue. */
STATOR_MUST_CHECK enum stator_rc resolve(const struct node **out, struct resolver *r, const struct node *node);

/* The text of a scalar; absent likewise. */
STATOR_MUST_CHECK enum stator_rc resolve_text(struct bytes *out, struct resolver *r, const struct node *node);

/* Whether the condition of that name holds. */
STATOR_MUST_CHECK enum stator_rc resolve_condition(bool *out, struct resolver *r, struct bytes name, uint32_t line);

#endif
