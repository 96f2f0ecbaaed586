/* SPDX-License-Identifier: Apache-2.0 */
/* catalog: which tables there are. In memory for every request, in the store's catalog family for the next start.
 *
 * In:     new versions of tables.
 * Out:    held versions by name.
 * Owns:   the map of names and the ids. Borrows the store.
 * Thread: [any]. A reader-writer lock guards the map; changes (put, remove) are serialised by the caller's holding
 *         catalog_change_begin, which control-plane operations and tasks take for their whole read-change-write.
 */
#ifndef SERVER_CATALOG_CATALOG_H
#define SERVER_CATALOG_CATALOG_H

#include "base/error.h"
#include "catalog/table.h"
#include "store/store.h"

#define CATALOG_TABLES_MAX     2500  /* of one namespace: the service's default quota */
#define CATALOG_TABLES_ALL_MAX 10000 /* of all together: whoever may invent namespaces has not the whole memory */

struct catalog;

/* Loads all tables, their counters included. [main] */
STATOR_MUST_CHECK enum stator_rc catalog_open(struct catalog **out, struct store *store, struct stator_error *err);
void catalog_close(struct catalog *catalog);

/* The current version, held (table_release it), or NULL. */
struct table *catalog_find(struct catalog *catalog, struct bytes namespace_, struct bytes name);

/* Up to `max` names of the namespace after `after` (absent: from the start), sorted by bytes, copied into the arena.
 * *more tells whether others follow. */
STATOR_MUST_CHECK enum stator_rc catalog_list(struct catalog *catalog, struct bytes namespace_, struct bytes after,
                                              size_t max, struct bytes **names, size_t *count, bool *more,
                                              struct arena *arena, struct stator_error *err);
size_t catalog_count(struct catalog *catalog, struct bytes namespace_);

/* Of all namespaces. */
size_t catalog_count_all(struct catalog *catalog);

/* What their definitions take in memory, but for what malloc adds. Looks at each. */
size_t catalog_bytes(struct catalog *catalog);

/* Calls visit with every table, each held for the call: for start-up and tasks. */
void catalog_each(struct catalog *catalog, void (*visit)(void *context, struct table *table), void *context);

/* One change at a time. */
void catalog_change_begin(struct catalog *catalog);
void catalog_change_end(struct catalog *catalog);

/* A fresh index id, durable with the next catalog_put that uses it. Fails when all have been given. Within a change. */
STATOR_MUST_CHECK enum stator_rc catalog_new_id(uint32_t *out, struct catalog *catalog, struct stator_error *err);

/* Stores the version (in `batch` with whatever else the caller put there, in one atomic write, synced) and makes it
 * current; the version it replaces becomes superseded. The catalog holds a reference of its own. batch may be NULL.
 * Within a change. */
STATOR_MUST_CHECK enum stator_rc catalog_put(struct catalog *catalog, struct table *table, struct store_batch *batch,
                                             struct stator_error *err);

/* Removes it likewise. Within a change. */
STATOR_MUST_CHECK enum stator_rc catalog_remove(struct catalog *catalog, struct table *table, struct store_batch *batch,
                                                struct stator_error *err);

/* The two counters of an index in the store: what writes add to and catalog_open reads. out has 8 bytes. */
enum catalog_counter { COUNTER_ITEMS, COUNTER_BYTES };
struct bytes catalog_counter_key(uint8_t out[8], uint32_t index_id, enum catalog_counter counter);

/* In the family of the counters, whose keys are shorter: in front of a copy of a table's key, with a copy of its record. */
#define CATALOG_SECOND BYTES("definition ")

/* Adds a table's definition to a batch, for who has the store to itself; catalog_put does so by itself. */
STATOR_MUST_CHECK enum stator_rc catalog_add_definition(struct store_batch *batch, const struct table *table,
                                                        struct stator_error *err);

/* Where a backfill notes how far it got, in the catalog's family. out has 5 bytes. */
struct bytes catalog_backfill_key(uint8_t out[5], uint32_t index_id);

/* Notes, in a batch that deletes all keys of that id, that their space is to be got back, unless it is little: for
 * task/reclaim.h. */
void catalog_note_erased(struct store *store, uint32_t id, struct store_batch *batch);

/* The note, in the catalog's family, and the id that its key is about (0: it is no such key). */
#define CATALOG_ERASED_KEY_BYTES 5
struct bytes catalog_erased_key(uint8_t out[CATALOG_ERASED_KEY_BYTES], uint32_t id);
uint32_t catalog_erased_id(struct bytes key);

#endif
