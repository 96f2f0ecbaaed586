/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions for unit tests. A failed parse fails the test; a NULL text is a NULL tree. */
#ifndef TESTS_UNIT_SERVER_EXPRESSIONS_H
#define TESTS_UNIT_SERVER_EXPRESSIONS_H

#include "expr/expr.h"

/* values: DynamoDB JSON of what the expression's ":v" stand for, or NULL. */
const struct expr *condition_of(const char *text, enum expr_language language, const char *values, struct arena *arena);
struct update *update_of(const char *text, const char *values, struct arena *arena);
struct projection *projection_of(const char *text, struct arena *arena);

#endif
