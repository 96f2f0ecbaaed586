/* SPDX-License-Identifier: Apache-2.0 */
/* A database for unit tests, in memory or in a directory, and an audit of what is in it. */
#ifndef TESTS_UNIT_SERVER_DATABASE_H
#define TESTS_UNIT_SERVER_DATABASE_H

#include "table/database.h"

/* Opens store, ring, latches and durability; no catalog. dir NULL: in memory. Ends with database_close. */
void database_open(struct database *db, const char *dir, enum store_durability durability);
void database_close(struct database *db);

/* Fails the test unless every index of the table, that of expiry included, has exactly the entries that its base items
 * call for, byte for byte, and the counters in the store and in index_state are the sums of what is there. */
void database_audit(struct database *db, const struct table *table);

/* Puts or deletes one item; JSON of the item or the key. */
void database_put(struct database *db, const struct table *table, const char *item);
void database_delete(struct database *db, const struct table *table, const char *key);

/* The base items there are. */
size_t database_items(struct database *db, const struct table *table);

#endif
