/* SPDX-License-Identifier: Apache-2.0 */
/* fault: the words for values that are well typed but not allowed. Private to this folder. Each makes *out a
 * VALUE_FAULT found at `offset` of the request's text; those that return false found the arena full.
 */
#ifndef PROTO_VALUE_FAULT_H
#define PROTO_VALUE_FAULT_H

#include "value/set.h"

/* Faults whose words are always the same. */
enum fault {
    FAULT_NO_TYPE,    /* {} */
    FAULT_MANY_TYPES, /* {"S":"a","N":"1"} */
    FAULT_NULL_FALSE, /* {"NULL":false} */
    FAULT_EMPTY_SS,   /* and the same for the other sets */
    FAULT_EMPTY_NS,
    FAULT_EMPTY_BS,
    FAULT_NULL_IN_SS,    /* {"SS":[null]} */
    FAULT_DUPLICATES_NS, /* names no member, unlike the other sets */
    FAULT_TOO_LARGE,     /* no attribute's value can be */
};

void fault_make(struct value *out, enum fault fault, size_t offset);

/* text is what number_parse has refused. */
bool fault_make_number(struct value *out, struct bytes text, size_t offset, struct arena *arena);

/* A set in which a member occurs twice. members are as sent; order as set_order gives it. */
bool fault_make_duplicates(struct value *out, enum value_type set, const struct value *members,
                           const struct place *order, size_t count, size_t offset, struct arena *arena);

#endif
