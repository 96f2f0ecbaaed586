/* SPDX-License-Identifier: Apache-2.0 */
/* budget: the work that all expressions of one request may still cause.
 *
 * Limit:  a unit is a byte that is searched or parsed, at most 3 ns; comparing costs a sixteenth of that, a step of an
 *         expression or a member of a list as much as 16 bytes.
 */
#ifndef PROTO_EXPR_BUDGET_H
#define PROTO_EXPR_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define EXPR_STEP_COST  16
#define EXPR_SPENT_TEXT "The expressions of the request compare more than those of one request may"

struct expr_budget {
    uint64_t left;
    bool later; /* the work may go on elsewhere, with a larger budget: STATOR_AGAIN, and no error, when it is spent */
};

#endif
