/* SPDX-License-Identifier: Apache-2.0 */
/* write_group: changes of one or many items that become visible and durable together, or not at all.
 *
 *      open     encodes the keys                                        nothing is held yet
 *      take     the latches of all items                                all or none
 *      prepare  each write: its read, its condition, its part of the batch
 *      commit   the batch, once; or do not call it, and nothing has happened
 *      close    always, after open whatever it gave
 *
 * No item may be in a group twice. The caller may add to `site.batch` what is to be stored with the writes, and sets
 * `more` then.
 * Thread: one at a time. Latches are held from take to close: nothing between them waits for a sync.
 */
#ifndef SERVER_TABLE_WRITE_GROUP_H
#define SERVER_TABLE_WRITE_GROUP_H

#include "table/write_step.h"

#define WRITE_CONFLICT_TEXT "Transaction is ongoing for the item" /* the service's words */

struct write_group {
    struct write_site site;
    struct write_scratch scratch;
    struct write_step *steps;
    size_t count;
    uint32_t *latches;
    size_t latch_count; /* of those that are held */
    size_t charged;     /* bytes of the batch, or of one before it, that are charged to the request */
    bool more;          /* the caller has put something into the batch: it is stored whatever the writes do */
};

/* writes and results: count of each; they stay the caller's and outlive the group. The results are cleared here;
 * write_result_release each in the end. */
STATOR_MUST_CHECK enum stator_rc write_group_open(struct write_group *group, struct database *db,
                                                  const struct write *writes, struct write_result *results,
                                                  size_t count, struct arena *arena, struct stator_error *err);

/* Where contention is refused: STATOR_TRANSACTION_CONFLICT when items are in a transaction under way; their results say
 * so. Before
 * take, which waits for its end. */
STATOR_MUST_CHECK enum stator_rc write_group_check_free(const struct write_group *group, struct stator_error *err);

/* All latches or, with STATOR_AGAIN, none: *busy is 1 + the one that another holds. Who may wait for the disk does so
 * before, so that what is read under the latches is in memory. !*fresh: the version of one of the tables is superseded,
 * and nothing may be prepared. */
STATOR_MUST_CHECK enum stator_rc write_group_take(struct write_group *group, enum write_wait wait, bool *fresh,
                                                  uint32_t *busy, struct stator_error *err);

/* Write i. A condition that fails is STATOR_OK and told by its result; the error of one write does not hinder preparing
 * the next, but then there is nothing to commit. STATOR_AGAIN as table_write says. */
STATOR_MUST_CHECK enum stator_rc write_group_prepare(struct write_group *group, size_t i, enum write_wait wait,
                                                     struct stator_error *err);

/* Leaves all but the first `count` out, none of which is prepared, and releases the latches that only they need. */
void write_group_cut(struct write_group *group, size_t count);

/* Stores what all prepared writes have to store. */
STATOR_MUST_CHECK enum stator_rc write_group_commit(struct write_group *group, enum write_wait wait,
                                                    struct stator_error *err);

void write_group_close(struct write_group *group);

#endif
