/* SPDX-License-Identifier: Apache-2.0 */
/* attribute: what every attribute value in a request must keep to, in the service's words and order. Pure. */
#ifndef SERVER_PLAN_ATTRIBUTE_H
#define SERVER_PLAN_ATTRIBUTE_H

#include "value/value.h"

/* A value to compare or to update with: its fault in the layer's words, nesting beyond VALUE_DEPTH_MAX levels (one more
 * in the older layer), a name in a map that may not be. */
STATOR_MUST_CHECK enum stator_rc attribute_check_value(const struct value *value, enum value_layer layer,
                                                       struct stator_error *err);

/* The same for all values of an item or a key, after the names of its attributes. No layer allows a level more here. */
STATOR_MUST_CHECK enum stator_rc attribute_check_item(const struct item *item, enum value_layer layer,
                                                      struct stator_error *err);

/* ExpressionAttributeValues whose faults are checked already. The older layer says of which value it speaks. */
STATOR_MUST_CHECK enum stator_rc attribute_check_values(const struct item *values, enum value_layer layer,
                                                        struct stator_error *err);

/* An item that an update has made: its depth, which the service refuses here in fewer words. */
STATOR_MUST_CHECK enum stator_rc attribute_check_updated(const struct item *item, struct stator_error *err);

/* The name of an attribute of an item: neither empty nor longer than the service allows. */
STATOR_MUST_CHECK enum stator_rc attribute_check_name(struct bytes name, struct stator_error *err);

#endif
