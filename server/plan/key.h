/* SPDX-License-Identifier: Apache-2.0 */
/* key: whether a request's keys and items fit the table's schema, in the service's words. Pure. */
#ifndef SERVER_PLAN_KEY_H
#define SERVER_PLAN_KEY_H

#include "catalog/table.h"
#include "expr/expr.h"

/* A Key member: exactly the table's key attributes, of its types, not empty, not too long. */
STATOR_MUST_CHECK enum stator_rc key_check(const struct table *table, const struct item *key, struct stator_error *err);

/* A whole item to be put: has the key, and no index key attribute of another type. */
STATOR_MUST_CHECK enum stator_rc key_check_item(const struct table *table, const struct item *item,
                                                struct stator_error *err);

/* An update may not touch the key, nor reach into an index's key attribute, nor give it what is of another type in any
 * case. */
STATOR_MUST_CHECK enum stator_rc key_check_update(const struct table *table, const struct update *update,
                                                  struct stator_error *err);

/* Paths of a projection or a condition may not reach into key attributes. Either may be NULL. */
STATOR_MUST_CHECK enum stator_rc key_check_paths(const struct table *table, const struct projection *projection,
                                                 const struct expr *condition, struct stator_error *err);

/* One attribute of a key, by its schema: present, of the type, not empty, of an allowed length. */
STATOR_MUST_CHECK enum stator_rc key_check_attribute(const struct item *key, const struct key_attribute *attribute,
                                                     bool is_hash, struct stator_error *err);

/* A key attribute's value, of the right type: no longer than it may be. */
STATOR_MUST_CHECK enum stator_rc key_check_length(const struct value *value, bool is_hash, struct stator_error *err);

/* The table's key attributes of an item (which has them), in the arena; count 0 without memory. */
struct item key_of_item(const struct table *table, const struct item *item, struct arena *arena);

#endif
