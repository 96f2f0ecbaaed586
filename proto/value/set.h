/* SPDX-License-Identifier: Apache-2.0 */
/* set: order among the members of a set. Private to this folder. */
#ifndef PROTO_VALUE_SET_H
#define PROTO_VALUE_SET_H

#include "value/value.h"

/* The type of the members of a set of that type. */
enum value_type set_member_type(enum value_type set);

/* Whether the members are in strictly ascending order: sorted, and none twice. */
bool set_is_canonical(const struct value *members, size_t count);

/* A member's place in the order of its set. */
struct place {
    uint64_t prefix; /* of two members, the one with the lesser prefix is the lesser */
    const struct value *member;
};

/* The members in order; those that are equal stay in the order given. NULL when the arena is full. */
const struct place *set_order(const struct value *members, size_t count, struct arena *arena);

/* The canonical set of members in that order; of those that are equal the first stays. False when the arena is full. */
bool set_make_ordered(struct value *out, enum value_type type, const struct place *order, size_t count,
                      struct arena *arena);

#endif
