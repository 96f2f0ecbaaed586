/* SPDX-License-Identifier: Apache-2.0 */
/* expiry: an item's entry in the expiry index of its table: which items time to live will end, in the order of their
 * times.
 *
 * A table with time to live has such an index, with an id of its own and its entries in the family of their items' shard:
 *
 *   index id (4, big-endian) · seconds since 1970 (8, big-endian) · the base key without its id        value: nothing
 *
 * An item has an entry when its attribute is a number from 0 on that a time can be; fractions of a second are dropped.
 * Writes keep it in the item's own batch. Part of the format.
 */
#ifndef SERVER_TABLE_EXPIRY_H
#define SERVER_TABLE_EXPIRY_H

#include "base/buf.h"
#include "catalog/table.h"
#include "format/itemcodec.h"

/* When the item ends by its attribute; false: never. */
bool expiry_of_item(uint64_t *seconds, const struct time_to_live *ttl, const struct item *item);
bool expiry_of_stored(uint64_t *seconds, const struct time_to_live *ttl, const struct stored_item *item);

/* The key of the entry. base_key: of the item, with its table's id. */
void expiry_key(struct buf *key, const struct time_to_live *ttl, uint64_t seconds, struct bytes base_key);

/* What all entries from that time on are not less than, and all before it are less than. */
void expiry_bound(struct buf *key, const struct time_to_live *ttl, uint64_t seconds);

/* When the item of an entry ends, by the entry's key. 0 when the key is too short for a time. */
uint64_t expiry_key_seconds(struct bytes key);

/* The item's key of an entry's. False when it is too short for one, or there is no memory (base_key->failed). */
bool expiry_base_key(struct buf *base_key, uint32_t table_id, struct bytes key);

/* The values of the item's key, encoded, in an entry's key; absent when it is too short for one. */
struct bytes expiry_key_values(struct bytes key);

#endif
