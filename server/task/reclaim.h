/* SPDX-License-Identifier: Apache-2.0 */
/* reclaim: space that deleted things take comes back.
 *
 * In:     the notes of what was erased (catalog_note_erased), the store's estimate of what is dead, an operator's wish.
 * Out:    the store's steps, one at a time: files of erased tables dropped and what is left of them rewritten; files rewritten
 *         that much is dead in, with a rest as long as the step took, and 5 seconds at most; on a full disk, and when nothing is
 *         written, a long log made short.
 * Owns:   a thread of its own: a step may take seconds, and time to live would wait for it. Nothing of it is stored but
 *         the notes, which a restart finds.
 * Thread: [any] reclaim_compact, reclaim_tell; [main] start and stop.
 */
#ifndef SERVER_TASK_RECLAIM_H
#define SERVER_TASK_RECLAIM_H

#include "store/store.h"

struct reclaim;

enum reclaim_compaction {
    RECLAIM_NONE,     /* nobody has asked since the start */
    RECLAIM_RUNNING,  /* everything is being rewritten */
    RECLAIM_DONE,     /* that has come to its end */
    RECLAIM_NO_SPACE, /* it was given up: the disk has no room for it, or the store is read-only */
    RECLAIM_DAMAGED,  /* it was given up: a file cannot be read */
};

struct reclaim_state {
    bool working;                       /* a step is under way, whoever wants it */
    enum reclaim_compaction compaction; /* the last one that an operator asked for */
    uint64_t left_bytes;                /* of files that it has yet to rewrite */
};

STATOR_MUST_CHECK enum stator_rc reclaim_start(struct reclaim **out, struct store *store, struct stator_error *err);

/* Ends the step under way, joins, frees. NULL is allowed. */
void reclaim_stop(struct reclaim *reclaim);

/* Everything is to be rewritten; if that is under way, it goes on. */
void reclaim_compact(struct reclaim *reclaim);

void reclaim_tell(struct reclaim *reclaim, struct reclaim_state *out);

#endif
