/* SPDX-License-Identifier: Apache-2.0 */
/* check: whether values that a program made can be written as JSON at all. The writers of proto trust what they are
 * given; a program's N with a quote in it would be another request.
 */
#ifndef CLIENT_CHECK_H
#define CLIENT_CHECK_H

#include "base/error.h"
#include "value/value.h"

/* STATOR_VALIDATION for what the service would refuse for certain (text that is no number, no UTF-8, an empty set, a
 * member of another type than its set, too many levels), STATOR_MISUSE for what no text can say (no type, NULL with a
 * count). err, which may be NULL, names the attribute. Attributes may be in any order. Allocates nothing. An item's
 * `json` is not looked at. */
STATOR_MUST_CHECK enum stator_rc check_value(const struct value *value, struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc check_item(const struct item *item, struct stator_error *err);

#endif
