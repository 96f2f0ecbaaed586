/* SPDX-License-Identifier: Apache-2.0 */
/* attributes: order among the attributes of a map or an item. Private to this folder; attributes_sort is in value.h. */
#ifndef PROTO_VALUE_ATTRIBUTES_H
#define PROTO_VALUE_ATTRIBUTES_H

#include "value/value.h"

/* Whether the names are in strictly ascending order: sorted, and none twice. */
bool attributes_ascend(const struct attribute *attributes, size_t count);

/* Copies attributes in the order of their names, of each name the last one given. Returns how many, or SIZE_MAX when
 * the arena is full. */
size_t attributes_copy_sorted(struct attribute *to, const struct attribute *from, size_t count, struct arena *arena);

#endif
