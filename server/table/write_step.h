/* SPDX-License-Identifier: Apache-2.0 */
/* write_step: one item's change on its way into a batch: what it reads, whether its condition holds, and all that it
 * stores. Known to this folder alone; write_group.h has the latches and the commit.
 *
 * Thread: that of its group, which holds the item's latch from before write_step_prepare to after the commit.
 */
#ifndef SERVER_TABLE_WRITE_STEP_H
#define SERVER_TABLE_WRITE_STEP_H

#include "plan/index.h"
#include "stream/stream.h"
#include "table/write.h"

/* Buffers that the steps of a group use in turn. */
struct write_scratch {
    struct buf key, stored, old_key, new_key, old_entry, new_entry, record;
};

/* What a step works with; its group's. */
struct write_site {
    struct database *db;
    struct arena *arena;
    struct store_batch *batch;
    struct write_scratch *scratch;
    size_t *charged; /* bytes of the batch that are charged to the request */
};

struct write_step {
    const struct write_site *site;
    const struct write *write;
    struct write_result *result;
    struct bytes key;                    /* of the base item; in the arena */
    struct location base;                /* where it lives */
    uint64_t hash;                       /* of the key */
    uint32_t latch;                      /* its stripe */
    bool nothing;                        /* there is nothing to store: no change, or the condition failed */
    int64_t *count_deltas, *byte_deltas; /* [0] the base, [1 + i] index i */
    struct stream_entry entry;           /* the change's record in the table's stream: tell.h */
};

/* Clears the result, encodes the key and finds the latch. Site, write and result stay the caller's and outlive the
 * step. */
STATOR_MUST_CHECK enum stator_rc write_step_init(struct write_step *step, const struct write_site *site,
                                                 const struct write *write, struct write_result *result,
                                                 struct stator_error *err);

/* Everything between the read and the commit: fills the result and adds to the batch what is to be stored. An error
 * may leave some of it in the batch, which then must not be written. */
STATOR_MUST_CHECK enum stator_rc write_step_prepare(struct write_step *step, enum store_tier tier,
                                                    struct stator_error *err);

/* After the batch is stored: adds the change to the live counts. */
void write_step_publish(const struct write_step *step);

#endif
