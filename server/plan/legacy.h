/* SPDX-License-Identifier: Apache-2.0 */
/* legacy: the members that expressions have replaced, as the same trees: Expected, QueryFilter, ScanFilter,
 * KeyConditions with ConditionalOperator; AttributeUpdates; AttributesToGet. Pure.
 *
 * In:     the decoded member, whose enumerations message_validate has found valid, but for ConditionalOperator, which
 *         the service looks at only where it joins two conditions; `layer`: in whose words faults of values are told.
 * Out:    a tree in the arena that borrows names and values from the request. A member that is not set, or empty,
 *         leaves *out as it was, so that an expression parsed before or after it stays.
 * Errors: STATOR_VALIDATION in the service's words. That legacy members and expressions do not mix is the operations'
 *         to check, before any of this.
 */
#ifndef SERVER_PLAN_LEGACY_H
#define SERVER_PLAN_LEGACY_H

#include "expr/expr.h"
#include "message/api.h"

STATOR_MUST_CHECK enum stator_rc legacy_expected(const struct expr **out, const struct ExpectedAttributeMap *expected,
                                                 const struct api_enum *conditional_operator, enum value_layer layer,
                                                 struct arena *arena, struct stator_error *err);

/* QueryFilter or ScanFilter. */
STATOR_MUST_CHECK enum stator_rc legacy_filter(const struct expr **out, const struct FilterConditionMap *filter,
                                               const struct api_enum *conditional_operator, enum value_layer layer,
                                               struct arena *arena, struct stator_error *err);

/* Which operators and attributes a table's keys allow is for plan_query to say. */
STATOR_MUST_CHECK enum stator_rc legacy_key_conditions(const struct expr **out, const struct KeyConditions *conditions,
                                                       enum value_layer layer, struct arena *arena,
                                                       struct stator_error *err);

STATOR_MUST_CHECK enum stator_rc legacy_updates(struct update **out, const struct AttributeUpdates *updates,
                                                enum value_layer layer, struct arena *arena, struct stator_error *err);

STATOR_MUST_CHECK enum stator_rc legacy_attributes_to_get(struct projection **out,
                                                          const struct AttributeNameList *names, struct arena *arena,
                                                          struct stator_error *err);

#endif
