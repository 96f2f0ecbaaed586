/* SPDX-License-Identifier: Apache-2.0 */
/* The service checks a request in two layers, and which one speaks is what the two wordings differ in.
 *
 * The older layer looks at every member in the order of the tables and reports up to ten failures at once, with
 * camelCase paths and the values: "2 validation errors detected: Value '' at 'tableName' failed to satisfy constraint:
 * ...; Value null at 'key' failed ...".
 *
 * The newer layer comes before it and checks lengths and ranges of the published model only. It reports its first
 * failure alone, with PascalCase paths and no value: "1 validation error detected: Value at 'TableName' failed ...". It
 * does not look at a request in which something required is missing, nor at one nested more than LAYER_DEPTH_MAX
 * levels: those are left to the older layer altogether. Operations came under it one after another; `newer` below says
 * which and since when. Four of them also say in words of their own that two enumerations are wrong.
 *
 * What the older layer lets pass, the newer one does too. So a good request is walked over once. */
#include "message/check.h"
#include "message/message.h"
#include "message/tables.h"

#define LAYER_DEPTH_MAX 62 /* levels of M and L */

/* The operations of the newer layer. */
static const struct newer {
    const struct shape *input;
    enum wording since; /* WORDING_CLASSIC: before June 2026 */
    bool shallow;       /* only the request's own members */
    bool words;         /* own words for ReturnValues and ConditionalOperator, in WORDING_CURRENT */
} newer[] = {
    {&shape_of_GetItemInput, WORDING_CLASSIC, false, false},
    {&shape_of_BatchGetItemInput, WORDING_CLASSIC, false, false},
    {&shape_of_QueryInput, WORDING_CLASSIC, false, true},
    {&shape_of_SearchVectorsInput, WORDING_CLASSIC, false, false},
    {&shape_of_PutItemInput, WORDING_CURRENT, false, true},
    {&shape_of_UpdateItemInput, WORDING_CURRENT, false, true},
    {&shape_of_DeleteItemInput, WORDING_CURRENT, false, true},
    {&shape_of_BatchWriteItemInput, WORDING_CURRENT, true, false},
    {&shape_of_ScanInput, WORDING_CURRENT, true, false},
    {&shape_of_TransactGetItemsInput, WORDING_CURRENT, false, false},
    {&shape_of_TransactWriteItemsInput, WORDING_CURRENT, false, false},
};

static const struct newer *newer_of(const struct shape *input, enum wording wording)
{
    for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++)
        if (newer[i].input == input)
            return wording == WORDING_CURRENT || newer[i].since == WORDING_CLASSIC ? &newer[i] : NULL;
    return NULL;
}

static const struct member *member_called(const struct shape *shape, const char *name)
{
    for (size_t i = 0; i < shape->count; i++)
        if (bytes_equal_string(shape->members[i].name, name))
            return &shape->members[i];
    return NULL;
}

/* "N validation errors detected: " and what was found. */
static enum stator_rc fail_check(struct stator_error *err, const struct check *check)
{
    return stator_fail(err, STATOR_VALIDATION, "%u validation error%s detected: %.*s", check->count,
                       check->count == 1 ? "" : "s", (int)check->text.len, check->text.at);
}

/* --- Depth ------------------------------------------------------------------------------------------------------- */

static bool is_deep(uint8_t kind, const struct shape *shape, const void *slot);

static bool has_deep_member(const struct shape *shape, const void *structure)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct member *member = &shape->members[i];
        const void *slot = member_at(member, structure);

        if (slot_present(member->kind, slot) && is_deep(member->kind, member->shape, slot))
            return true;
    }
    return false;
}

static bool has_deep_element(const struct shape *shape, const struct api_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const uint8_t *slot = (const uint8_t *)element_at(shape, list, i) + shape->value_offset;

        if (shape->element_kind == KIND_STRUCTURE ? has_deep_member(shape->element, slot)
                                                  : is_deep(shape->element_kind, shape->element, slot))
            return true;
    }
    return false;
}

/* Whether an attribute value in it is nested too deeply for the newer layer. */
static bool is_deep(uint8_t kind, const struct shape *shape, const void *slot)
{
    const struct item *item = slot;

    switch ((enum kind)kind) {
    case KIND_VALUE:
        return value_depth(slot) > LAYER_DEPTH_MAX;
    case KIND_ITEM:
        for (size_t i = 0; i < item->count; i++)
            if (value_depth(&item->attributes[i].value) > LAYER_DEPTH_MAX)
                return true;
        return false;
    case KIND_LIST:
    case KIND_MAP:
        return has_deep_element(shape, slot);
    case KIND_STRUCTURE:
        return has_deep_member(shape, *(const void *const *)slot);
    default:
        return false;
    }
}

bool message_is_deep(const struct shape *shape, const void *in)
{
    return has_deep_member(shape, in);
}

/* --- Words of the newer layer for enumerations ------------------------------------------------------------------- */

#define ENUM_NEWER     "Failed to satisfy constraint: Member must satisfy enum value set: "
#define RETURN_VALUES  ENUM_NEWER "[ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]"
#define CONDITIONAL    ENUM_NEWER "[ALL, OR]"
#define CONDITIONS_MIN 2 /* with fewer of them the operation says that ConditionalOperator is out of place */

static bool enum_is_bad(const struct member *member, const void *in)
{
    return member != NULL && ((const struct api_enum *)member_at(member, in))->value < 0;
}

/* How many conditions ConditionalOperator would join. */
static size_t conditions(const struct shape *input, const void *in)
{
    const struct member *member = member_called(input, input == &shape_of_QueryInput ? "QueryFilter" : "Expected");

    return ((const struct api_list *)member_at(member, in))->count;
}

/* The older layer's failures with the newer one's words among them. */
static enum stator_rc validate_words(const struct shape *input, const void *in, struct stator_error *err)
{
    const struct member *operator= member_called(input, "ConditionalOperator");
    const struct member *values = member_called(input, "ReturnValues");
    struct check check;

    if (input == &shape_of_UpdateItemInput && enum_is_bad(values, in))
        return stator_fail(err, STATOR_VALIDATION, "1 validation error detected: " RETURN_VALUES);
    if (enum_is_bad(operator, in) && conditions(input, in) >= CONDITIONS_MIN)
        return stator_fail(err, STATOR_VALIDATION, "%s" CONDITIONAL,
                           input == &shape_of_QueryInput ? "" : "1 validation error detected: ");
    check_init(&check, LAYER_OLDER);
    check.unchecked[0] = operator;
    check.unchecked[1] = values;
    if (enum_is_bad(values, in)) {
        check.after = member_called(input, "ReturnConsumedCapacity");
        check.instead = RETURN_VALUES;
    }
    check_request(&check, input, in);
    return check.count == 0 ? STATOR_OK : fail_check(err, &check);
}

/* --- The request ------------------------------------------------------------------------------------------------- */

/* What comes before everything else: the table of an operation on tables is missing, or its name is too short or too
 * long. */
static enum stator_rc validate_parameter(const struct shape *input, const void *in, struct stator_error *err)
{
    for (size_t i = 0; i < input->count; i++) {
        const struct member *member = &input->members[i];
        const struct bytes *name = member_at(member, in);
        struct check check;

        if (member->need != PARAMETER)
            continue;
        if (!bytes_present(*name))
            return stator_fail(err, STATOR_VALIDATION,
                               "The parameter '%.*s' is required but was not present in the request",
                               BYTES_ARG(member->name));
        if (name->len >= (size_t)member->shape->min && name->len <= (size_t)member->shape->max)
            continue;
        check_init(&check, LAYER_OLDER);
        check_member(&check, member, in);
        if (check.count != 0)
            return fail_check(err, &check);
    }
    return STATOR_OK;
}

/* The older layer found something: says it, unless the newer layer speaks before it. */
static enum stator_rc validate_layers(const struct shape *input, const void *in, enum wording wording,
                                      const struct check *older, struct stator_error *err)
{
    const struct newer *operation = newer_of(input, wording);
    struct check check;

    if (operation == NULL || older->missing || has_deep_member(input, in))
        return fail_check(err, older);
    check_init(&check, LAYER_NEWER);
    check.shallow = operation->shallow;
    check_request(&check, input, in);
    if (check.count != 0)
        return fail_check(err, &check);
    return operation->words && wording == WORDING_CURRENT ? validate_words(input, in, err) : fail_check(err, older);
}

/* A batch of nothing: one layer has a sentence for it, the other a constraint. */
static enum stator_rc validate_batch(const struct shape *input, const void *in, enum wording wording,
                                     struct stator_error *err)
{
    bool get = input == &shape_of_BatchGetItemInput;

    if (!get && input != &shape_of_BatchWriteItemInput)
        return STATOR_OK;
    if (get ? ((const struct BatchGetItemInput *)in)->RequestItems.count != 0
            : ((const struct BatchWriteItemInput *)in)->RequestItems.count != 0)
        return STATOR_OK;
    if (wording == WORDING_CLASSIC)
        return stator_fail(err, STATOR_VALIDATION, "The requestItems parameter is required for %s",
                           get ? "BatchGetItem" : "BatchWriteItem");
    return stator_fail(err, STATOR_VALIDATION,
                       "1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: Member must "
                       "have length greater than or equal to 1");
}

enum stator_rc message_validate(const struct shape *shape, const void *in, enum wording wording,
                                struct stator_error *err)
{
    struct check check;

    STATOR_TRY(validate_parameter(shape, in, err));
    check_init(&check, LAYER_OLDER);
    check_request(&check, shape, in);
    if (check.count != 0)
        STATOR_TRY(validate_layers(shape, in, wording, &check, err));
    if (check.bad != NULL)
        return stator_fail(err, STATOR_VALIDATION,
                           "%s must be at least 3 characters long and at most 255 characters long", check.bad->called);
    return validate_batch(shape, in, wording, err);
}
