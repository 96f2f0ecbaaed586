/* SPDX-License-Identifier: Apache-2.0 */
/* budget: the work that all expressions of one request may still cause.
 *
 * Limit:  a unit is a byte that is searched or parsed, at most 3 ns; comparing costs a sixteenth of that, a step of an
 *         expression or a member of a list as much as 16 bytes.
 */
#ifndef PROTO_EXPR_BUDGET_H
#define PROTO_EXPR_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPR_STEP_COST  16
#define EXPR_OVER_TEXT  "The server is shutting down"
#define EXPR_SPENT_TEXT "The expressions of the request compare more than those of one request may"

struct expr_budget {
    uint64_t left;
    bool later; /* the work may go on elsewhere, with a larger budget: STATOR_AGAIN, and no error, when it is spent */
    const _Atomic bool *over; /* true: no request has time left, all end with an error; NULL: never */
};

/* NULL is allowed. */
static inline bool expr_budget_is_over(const struct expr_budget *budget)
{
    return budget != NULL && budget->over != NULL && *budget->over;
}

/* Work that has a limit of its own, as parsing an item has: false where it is to go on elsewhere. NULL is allowed. */
static inline bool expr_budget_allows(struct expr_budget *budget, uint64_t cost)
{
    if (budget == NULL || !budget->later)
        return true;
    if (cost >= budget->left)
        return false;
    budget->left -= cost;
    return true;
}

/* What it costs to answer an item's JSON: it is copied, or parsed for a projection. */
static inline uint64_t expr_answer_cost(uint64_t json_bytes, bool projected)
{
    return projected ? json_bytes : json_bytes / 16;
}

#endif
