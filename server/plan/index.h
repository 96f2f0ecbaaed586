/* SPDX-License-Identifier: Apache-2.0 */
/* index: where an item and its entries in the indexes live, and what an entry keeps. Pure. */
#ifndef SERVER_PLAN_INDEX_H
#define SERVER_PLAN_INDEX_H

#include "base/buf.h"
#include "catalog/table.h"
#include "shard/ring.h"

/* Where an encoded key lives. */
struct location {
    uint32_t shard;
    uint64_t token; /* of its hash attributes */
};

/* The key of the item's entry in `index` of `table` (the base, too). False when the item is not in the index: it lacks
 * a key attribute, or has it with another type. `attributes` is the whole item; a key alone will do for the base. */
bool index_key(struct buf *key, struct location *where, const struct ring *ring, const struct table *table,
               const struct index *index, const struct item *attributes);

/* The common beginning of the keys of all entries with these hash attributes: prefix and hash values. */
bool index_hash_prefix(struct buf *key, struct location *where, const struct ring *ring, const struct index *index,
                       const struct item *hash_attributes);

/* Whether the index's entries have the attribute: a key of the index or of the table, or named by its projection. */
bool index_keeps(const struct table *table, const struct index *index, struct bytes name);

/* The part of the item that the index keeps: its own keys, the table's keys, and what the projection names. Shares the
 * item's values. False when the arena is full. */
bool index_project(struct item *out, const struct table *table, const struct index *index, const struct item *item,
                   struct arena *arena);

#endif
