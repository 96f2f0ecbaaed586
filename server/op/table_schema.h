/* SPDX-License-Identifier: Apache-2.0 */
/* table_schema: what the service checks of keys, attribute definitions and indexes before it looks at any table. In its
 * words and in its order. Pure.
 */
#ifndef SERVER_OP_TABLE_SCHEMA_H
#define SERVER_OP_TABLE_SCHEMA_H

#include "base/arena.h"
#include "base/error.h"
#include "message/api.h"

#define TABLE_LOCAL_INDEXES_MAX  5
#define TABLE_GLOBAL_INDEXES_MAX 20
#define TABLE_PROJECTED_MAX      100 /* attributes named by all INCLUDE projections of a table */

/* Key schema, definitions and indexes of CreateTable, throughput of the indexes included. */
STATOR_MUST_CHECK enum stator_rc table_schema_check(const struct CreateTableInput *in, struct arena *arena,
                                                    struct stator_error *err);

/* A global index that UpdateTable adds: its keys must be among `definitions`. */
STATOR_MUST_CHECK enum stator_rc table_schema_check_index(const struct CreateGlobalSecondaryIndexAction *create,
                                                          const struct AttributeDefinitions *definitions,
                                                          struct arena *arena, struct stator_error *err);

/* The definition of that name, or NULL. */
const struct AttributeDefinition *table_schema_definition(const struct AttributeDefinitions *definitions,
                                                          struct bytes name);

/* Copies of a list in the order in which the service shows it: definitions by name, projected attributes by name.
 * False when the arena is full. */
bool table_schema_sort_definitions(struct AttributeDefinitions *definitions, struct arena *arena);
bool table_schema_sort_projection(const struct Projection **projection, struct arena *arena);

#endif
