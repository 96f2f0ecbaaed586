/* SPDX-License-Identifier: Apache-2.0 */
/* Being written on branch expr. Until it lands, legacy members are refused. */
#include "plan/legacy.h"

static enum stator_rc refuse(bool set, struct stator_error *err)
{
    return set ? stator_fail(err, STATOR_VALIDATION, "Stator does not support legacy members yet") : STATOR_OK;
}

enum stator_rc legacy_expected(const struct expr **out, const struct ExpectedAttributeMap *expected,
                               const struct api_enum *conditional_operator, struct arena *arena,
                               struct stator_error *err)
{
    (void)out;
    (void)conditional_operator;
    (void)arena;
    return refuse(expected->set, err);
}

enum stator_rc legacy_filter(const struct expr **out, const struct FilterConditionMap *filter,
                             const struct api_enum *conditional_operator, struct arena *arena,
                             struct stator_error *err)
{
    (void)out;
    (void)conditional_operator;
    (void)arena;
    return refuse(filter->set, err);
}

enum stator_rc legacy_key_conditions(const struct expr **out, const struct KeyConditions *conditions,
                                     struct arena *arena, struct stator_error *err)
{
    (void)out;
    (void)arena;
    return refuse(conditions->set, err);
}

enum stator_rc legacy_updates(struct update **out, const struct AttributeUpdates *updates, struct arena *arena,
                              struct stator_error *err)
{
    (void)out;
    (void)arena;
    return refuse(updates->set, err);
}

enum stator_rc legacy_attributes_to_get(struct projection **out, const struct AttributeNameList *names,
                                        struct arena *arena, struct stator_error *err)
{
    (void)out;
    (void)arena;
    return refuse(names->set, err);
}
