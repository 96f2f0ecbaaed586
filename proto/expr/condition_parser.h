/* SPDX-License-Identifier: Apache-2.0 */
/* condition: the language of ConditionExpression, FilterExpression and KeyConditionExpression, in three steps. */
#ifndef PROTO_EXPR_CONDITION_PARSER_H
#define PROTO_EXPR_CONDITION_PARSER_H

#include "expr/draft.h"

/* Reads the whole text. *out is the last of the drafts. */
STATOR_MUST_CHECK enum stator_rc condition_parse(struct draft **out, struct parser *parser);

/* Everything that can be wrong with a well-formed condition, in the service's order; resolves the drafts. */
STATOR_MUST_CHECK enum stator_rc condition_check(struct parser *parser);

/* What is checked of one condition whose operands, and itself, have their trees: counts, equal operands, types. */
STATOR_MUST_CHECK enum stator_rc condition_check_one(struct parser *parser, const struct draft *draft);

/* A function of conditions by its name in any case: its name and type; absent: there is none. */
struct bytes condition_function(struct bytes name, enum expr_type *type);

/* Turns "value < name" into "name > value"; in the trees that condition_check has made. */
void key_condition_turn(struct parser *parser);

/* What a key condition may not say, as far as no table is needed to know it. */
STATOR_MUST_CHECK enum stator_rc key_condition_check(const struct expr *condition, struct stator_error *err);

/* "=", "BETWEEN", "contains": how messages name it. */
const char *condition_operator_name(enum expr_type type);

#endif
