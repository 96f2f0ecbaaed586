/* SPDX-License-Identifier: Apache-2.0 */
/* legacy: the members that expressions replaced, as the same trees. All texts of errors are the service's. Trees are in the
 * arena and borrow from the members. A member that is not in the request leaves *out as it is. Pure.
 */
#ifndef SERVER_PLAN_LEGACY_H
#define SERVER_PLAN_LEGACY_H

#include "expr/expr.h"
#include "message/api.h"

/* Expected, joined by ConditionalOperator. */
STATOR_MUST_CHECK enum stator_rc legacy_expected(const struct expr **out, const struct ExpectedAttributeMap *expected,
                                                 const struct api_enum *conditional_operator, struct arena *arena,
                                                 struct stator_error *err);

/* QueryFilter or ScanFilter, joined by ConditionalOperator. */
STATOR_MUST_CHECK enum stator_rc legacy_filter(const struct expr **out, const struct FilterConditionMap *filter,
                                               const struct api_enum *conditional_operator, struct arena *arena,
                                               struct stator_error *err);

/* KeyConditions: one or two, joined by AND. */
STATOR_MUST_CHECK enum stator_rc legacy_key_conditions(const struct expr **out, const struct KeyConditions *conditions,
                                                       struct arena *arena, struct stator_error *err);

/* AttributeUpdates. */
STATOR_MUST_CHECK enum stator_rc legacy_updates(struct update **out, const struct AttributeUpdates *updates,
                                                struct arena *arena, struct stator_error *err);

/* AttributesToGet. */
STATOR_MUST_CHECK enum stator_rc legacy_attributes_to_get(struct projection **out,
                                                          const struct AttributeNameList *names, struct arena *arena,
                                                          struct stator_error *err);

#endif
