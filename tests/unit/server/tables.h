/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for unit tests, made from a line of text: "pk:S sk:N | lsi l:S | gsi g:S h:N". The first word of the base and
 * of a global index is its hash attribute, the others are range attributes; a local index names its range attribute.
 * Words of an index that are no attributes: "-" KEYS_ONLY, "+a +b" INCLUDE a and b (else ALL), "~" CREATING and being
 * filled (a global one). "ttl exp" in the place of an index: time to live by the attribute exp.
 */
#ifndef TESTS_UNIT_SERVER_TABLES_H
#define TESTS_UNIT_SERVER_TABLES_H

#include "base/arena.h"
#include "catalog/table.h"

/* With references; ends with table_release. Fails the test when the line is no table. */
struct table *table_of(const char *line, struct arena *arena);

/* A later version: what has the same place in the line shares its counters with `previous`. */
struct table *table_version_of(const char *line, const struct table *previous, struct arena *arena);

/* The same with ids from first_id on, for several tables in one database. previous: NULL, or as above. */
struct table *table_numbered(const char *line, uint32_t first_id, const struct table *previous, struct arena *arena);

/* An item of DynamoDB JSON, parsed. Fails the test when it is none. */
struct item item_of(const char *json, struct arena *arena);

#endif
