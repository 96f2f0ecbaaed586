/* SPDX-License-Identifier: Apache-2.0 */
/* The public structures are those of proto under public names. Here the compiler proves it, so that the rest of the
 * client may take the one for the other (all of Stator is built with -fno-strict-aliasing). */
#include "message/api.h"
#include "value/value.h"

#include "stator/items.h"
#include "stator/streams.h"
#include "stator/tables.h"

#define SAME_SIZE(ours, theirs)                                                                                        \
    _Static_assert(sizeof(ours) == sizeof(theirs) && _Alignof(ours) == _Alignof(theirs), #ours " is not " #theirs);
#define SAME_PLACE(ours, our_member, theirs, their_member)                                                             \
    _Static_assert(offsetof(ours, our_member) == offsetof(theirs, their_member), #ours "." #our_member " has moved");

SAME_SIZE(struct stator_bytes, struct bytes)
SAME_PLACE(struct stator_bytes, len, struct bytes, len)

SAME_SIZE(struct stator_value, struct value)
SAME_PLACE(struct stator_value, boolean, struct value, boolean)
SAME_PLACE(struct stator_value, text, struct value, text)
SAME_PLACE(struct stator_value, count, struct value, count)
SAME_PLACE(struct stator_value, in, struct value, members)
SAME_PLACE(struct stator_value, in, struct value, attributes)
_Static_assert((int)STATOR_TYPE_M == (int)VALUE_M && (int)STATOR_TYPE_S == (int)VALUE_S, "types are in another order");

SAME_SIZE(struct stator_attribute, struct attribute)
SAME_PLACE(struct stator_attribute, value, struct attribute, value)

SAME_SIZE(struct stator_item, struct item)
SAME_PLACE(struct stator_item, count, struct item, count)
SAME_PLACE(struct stator_item, set, struct item, set)
SAME_PLACE(struct stator_item, fault, struct item, fault)
SAME_PLACE(struct stator_item, json, struct item, json)

SAME_SIZE(struct stator_integer, struct api_integer)
SAME_PLACE(struct stator_integer, set, struct api_integer, set)
SAME_SIZE(struct stator_number, struct api_double)
SAME_PLACE(struct stator_number, set, struct api_double, set)
SAME_SIZE(struct stator_enum, struct api_enum)
SAME_PLACE(struct stator_enum, text, struct api_enum, text)
SAME_SIZE(enum stator_flag, enum api_boolean)
_Static_assert((int)STATOR_TRUE == (int)API_TRUE && (int)STATOR_FALSE == (int)API_FALSE, "flags are in another order");

#define PUBLIC_STRUCTURE(shape, name) SAME_SIZE(struct stator_##name, struct shape)
#define PUBLIC_MEMBER(shape, member, name, public_member)                                                              \
    SAME_PLACE(struct stator_##name, public_member, struct shape, member)
#define PUBLIC_COLLECTION(shape, name)                                                                                 \
    SAME_SIZE(struct stator_##name, struct shape)                                                                      \
    SAME_PLACE(struct stator_##name, count, struct shape, count)                                                       \
    SAME_PLACE(struct stator_##name, set, struct shape, set)                                                           \
    SAME_PLACE(struct stator_##name, json, struct shape, json)
#define PUBLIC_ENTRY(shape, name)                                                                                      \
    SAME_SIZE(struct stator_##name##_entry, struct shape##_entry)                                                      \
    SAME_PLACE(struct stator_##name##_entry, value, struct shape##_entry, value)
#define PUBLIC_ENUM(shape, name, last, twin) _Static_assert((int)last == (int)twin, #shape " has changed");
#include "api.def"
