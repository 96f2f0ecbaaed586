/* SPDX-License-Identifier: Apache-2.0 */
/* index: the entries that one item has in the indexes of its table. */
#ifndef SERVER_TABLE_INDEX_H
#define SERVER_TABLE_INDEX_H

#include "base/buf.h"
#include "table/database.h"

/* Where an encoded key lives. */
struct location {
    uint32_t family;
    uint64_t token; /* of its hash attributes */
};

/* The key of the item's entry in `index` of `table` (the base, too). False when the item is not in the index: it lacks
 * a key attribute, or has it with another type. `attributes` is the whole item; a key alone will do for the base. */
bool index_key(struct buf *key, struct location *where, const struct database *db, const struct table *table,
               const struct index *index, const struct item *attributes);

/* The part of the item that the index keeps: its own keys, the table's keys, and what the projection names. Shares the
 * item's values. False when the arena is full. */
bool index_project(struct item *out, const struct table *table, const struct index *index, const struct item *item,
                   struct arena *arena);

#endif
