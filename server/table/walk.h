/* SPDX-License-Identifier: Apache-2.0 */
/* walk: all keys of a table, or of one of its indexes, shard by shard, in steps.
 *
 * Thread: background ones; it waits for the disk. Between two steps anything may change: a key that is put behind the
 *         place where the walk is may be missed.
 */
#ifndef SERVER_TABLE_WALK_H
#define SERVER_TABLE_WALK_H

#include "base/buf.h"
#include "table/database.h"

/* Begins with walk_init; cleared it is at the start, too. */
struct walk {
    uint32_t shard;   /* being walked */
    struct buf after; /* the last key done in it; empty: none */
};

void walk_init(struct walk *walk);
void walk_restart(struct walk *walk);
void walk_deinit(struct walk *walk);

/* Called with each key; both views are good until it returns. An error ends the step, and the next begins with the same
 * key. */
typedef enum stator_rc walk_visit(void *context, uint32_t shard, struct bytes key, struct bytes value,
                                  struct stator_error *err);

/* Up to keys_max keys of the index of that id. *done is set when the last shard's end is reached. */
STATOR_MUST_CHECK enum stator_rc table_walk(struct database *db, uint32_t id, struct walk *walk, uint32_t keys_max,
                                            walk_visit *visit, void *context, bool *done, struct stator_error *err);

#endif
