/* SPDX-License-Identifier: Apache-2.0 */
#include "message/message.h"

#include <stddef.h>

#include "message/tables.h"

#define TEXT(literal)                                                                                                  \
    {                                                                                                                  \
        (const uint8_t *)("" literal), sizeof(literal) - 1                                                             \
    }

/* --- Members of structures and values of enumerations ----------------------------------------------------------- */

#define STRUCTURE_BEGIN(shape_) static const struct member members_of_##shape_[] = {
#define MEMBER_LIMITED(owner, name_, kind_, shape_, need_, min_, max_)                                                 \
    {.name = TEXT(#name_),                                                                                             \
     .quoted = TEXT("\"" #name_ "\":"),                                                                                \
     .shape = &shape_of_##shape_,                                                                                      \
     .min = min_,                                                                                                      \
     .max = max_,                                                                                                      \
     .offset = offsetof(struct owner, name_),                                                                          \
     .kind = KIND_##kind_,                                                                                             \
     .need = need_},
#define MEMBER(owner, name_, kind_, shape_, need_) MEMBER_LIMITED(owner, name_, kind_, shape_, need_, NO_MIN, NO_MAX)
#define STRUCTURE_END(shape_)                                                                                          \
    }                                                                                                                  \
    ;
#define ENUM_BEGIN(shape_)        static const struct bytes values_of_##shape_[] = {
#define ENUM_VALUE(shape_, value) TEXT(#value),
#define ENUM_END(shape_)                                                                                               \
    }                                                                                                                  \
    ;
#include "message/api.def"

/* --- Patterns ---------------------------------------------------------------------------------------------------- */

#define PATTERN(name_, text_)                                                                                          \
    static const struct pattern pattern_of_##name_ = {.text = text_, .matches = pattern_##name_};
#include "message/api.def"

/* NULL for NO_PATTERN or NO_SHAPE, else what follows: the probe of a missing one brings a second argument of its own.
 */
#define PROBE_NO_PATTERN           ~, NULL
#define PROBE_NO_SHAPE             ~, NULL
#define SECOND(first, second, ...) second
#define SECOND_OF(...)             SECOND(__VA_ARGS__)
#define PATTERN_OR_NULL(name_)     SECOND_OF(PROBE_##name_, &pattern_of_##name_, ~)
#define SHAPE_OR_NULL(output_)     SECOND_OF(PROBE_##output_, &shape_of_##output_, ~)

/* --- Shapes ------------------------------------------------------------------------------------------------------ */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SCALAR(shape_, kind_, min_, max_)                                                                              \
    const struct shape shape_of_##shape_ = {.name = TEXT(#shape_), .kind = KIND_##kind_, .min = min_, .max = max_};

#define STRING_SHAPE(shape_, min_, max_, pattern_)                                                                     \
    const struct shape shape_of_##shape_ = {                                                                           \
        .name = TEXT(#shape_), .kind = KIND_STRING, .min = min_, .max = max_, .pattern = PATTERN_OR_NULL(pattern_)};
#define NAME_SHAPE(shape_, called_)                                                                                    \
    const struct shape shape_of_##shape_ = {                                                                           \
        .name = TEXT(#shape_), .kind = KIND_STRING, .min = NO_MIN, .max = NO_MAX, .called = called_};
#define INTEGER_SHAPE(shape_, min_, max_)   SCALAR(shape_, INTEGER, min_, max_)
#define LONG_SHAPE(shape_, min_, max_)      SCALAR(shape_, LONG, min_, max_)
#define DOUBLE_SHAPE(shape_, min_, max_)    SCALAR(shape_, DOUBLE, min_, max_)
#define TIMESTAMP_SHAPE(shape_, min_, max_) SCALAR(shape_, TIMESTAMP, min_, max_)
#define BOOLEAN_SHAPE(shape_, min_, max_)   SCALAR(shape_, BOOLEAN, min_, max_)
#define VALUE_SHAPE(shape_)                 SCALAR(shape_, VALUE, NO_MIN, NO_MAX)
#define ITEM_SHAPE(shape_, key_)            SCALAR(shape_, ITEM, NO_MIN, NO_MAX)
#define ENUM_BEGIN(shape_)                                                                                             \
    const struct shape shape_of_##shape_ = {                                                                           \
        .name = TEXT(#shape_), .kind = KIND_ENUM, .count = COUNT(values_of_##shape_), .values = values_of_##shape_};
#define LIST_SHAPE(shape_, kind_, element_, min_, max_)                                                                \
    const struct shape shape_of_##shape_ = {.name = TEXT(#shape_),                                                     \
                                            .kind = KIND_LIST,                                                         \
                                            .element_kind = KIND_##kind_,                                              \
                                            .size = sizeof(API_E_##kind_(element_)),                                   \
                                            .min = min_,                                                               \
                                            .max = max_,                                                               \
                                            .element = &shape_of_##element_};
#define MAP_SHAPE(shape_, key_, kind_, element_, min_, max_)                                                           \
    const struct shape shape_of_##shape_ = {.name = TEXT(#shape_),                                                     \
                                            .kind = KIND_MAP,                                                          \
                                            .element_kind = KIND_##kind_,                                              \
                                            .size = sizeof(struct shape_##_entry),                                     \
                                            .value_offset = offsetof(struct shape_##_entry, value),                    \
                                            .min = min_,                                                               \
                                            .max = max_,                                                               \
                                            .key = &shape_of_##key_,                                                   \
                                            .element = &shape_of_##element_};
#define STRUCTURE_BEGIN(shape_)                                                                                        \
    const struct shape shape_of_##shape_ = {.name = TEXT(#shape_),                                                     \
                                            .kind = KIND_STRUCTURE,                                                    \
                                            .count = COUNT(members_of_##shape_),                                       \
                                            .size = sizeof(struct shape_),                                             \
                                            .members = members_of_##shape_};
#include "message/api.def"

/* --- Operations -------------------------------------------------------------------------------------------------- */

#define PREFIX_DYNAMODB "DynamoDB_20120810."
#define PREFIX_STREAMS  "DynamoDBStreams_20120810."

static const struct operation_info operations[OPERATION_COUNT] = {
#define OPERATION(name_, service_, input_, output_)                                                                    \
    [OPERATION_##name_] = {.name = #name_,                                                                             \
                           .target = PREFIX_##service_ #name_,                                                         \
                           .input = &shape_of_##input_,                                                                \
                           .output = SHAPE_OR_NULL(output_)},
#include "message/api.def"
};

static const struct bytes targets[OPERATION_COUNT] = {
#define OPERATION(name_, service_, input_, output_) [OPERATION_##name_] = TEXT(PREFIX_##service_ #name_),
#include "message/api.def"
};

enum operation operation_of_target(struct bytes target)
{
    for (int i = OPERATION_NONE + 1; i < OPERATION_COUNT; i++)
        if (targets[i].len == target.len && memcmp(targets[i].at, target.at, target.len) == 0)
            return (enum operation)i;
    return OPERATION_NONE;
}

const struct operation_info *operation_info(enum operation operation)
{
    stator_assert(operation > OPERATION_NONE && operation < OPERATION_COUNT);
    return &operations[operation];
}

struct bytes message_enum_name(const struct shape *shape, int value)
{
    stator_assert(shape->kind == KIND_ENUM && value > 0 && value <= shape->count);
    return shape->values[value - 1];
}

bool slot_present(uint8_t kind, const void *slot)
{
    switch ((enum kind)kind) {
    case KIND_STRING:
        return ((const struct bytes *)slot)->at != NULL;
    case KIND_INTEGER:
    case KIND_LONG:
        return ((const struct api_integer *)slot)->set;
    case KIND_DOUBLE:
    case KIND_TIMESTAMP:
        return ((const struct api_double *)slot)->set;
    case KIND_BOOLEAN:
        return *(const enum api_boolean *)slot != API_ABSENT;
    case KIND_ENUM:
        return ((const struct api_enum *)slot)->value != 0;
    case KIND_VALUE:
        return ((const struct value *)slot)->type != VALUE_ABSENT;
    case KIND_ITEM:
        return ((const struct item *)slot)->set;
    case KIND_LIST:
    case KIND_MAP:
        return ((const struct api_list *)slot)->set;
    case KIND_STRUCTURE:
        return *(const void *const *)slot != NULL;
    }
    return false;
}
