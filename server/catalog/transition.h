/* SPDX-License-Identifier: Apache-2.0 */
/* transition: a change to a table that was accepted and is not over: what the description will say when it is.
 *
 * The service answers UpdateTable with the old values and a status, and shows the new values when the status is ACTIVE
 * again. A transition keeps those new values beside the description. Pure: time is an argument.
 *
 *   table   CREATING, UPDATING -> ACTIVE                 DELETING -> gone (whoever settles removes it)
 *   index   CREATING, made with its table -> ACTIVE      CREATING, Backfilling false -> CREATING, Backfilling true
 *           UPDATING -> ACTIVE                           DELETING -> gone
 */
#ifndef SERVER_CATALOG_TRANSITION_H
#define SERVER_CATALOG_TRANSITION_H

#include "base/arena.h"
#include "message/api.h"

/* Why a table is UPDATING; a set of these. What else may change meanwhile depends on them. */
enum transition_kind {
    TRANSITION_CREATE = 1,
    TRANSITION_IOPS = 2,    /* provisioned throughput of the table */
    TRANSITION_BILLING = 4, /* with TRANSITION_IOPS */
    TRANSITION_STREAM = 8,
    TRANSITION_CLASS = 16,
    TRANSITION_SSE = 32,
    TRANSITION_WARM = 64,
    TRANSITION_INDEXES = 128, /* some global index changes its status */
    TRANSITION_DELETE = 256,
};

struct transition {
    unsigned kinds;                         /* 0: none is under way */
    uint64_t due_ms;                        /* since 1970: when it is over */
    const struct TableDescription *settled; /* members that will differ, of an index by its name; or NULL */
};

/* The description once the transition is over. Shares what does not change with `now`. A stream that was disabled and
 * an encryption that was turned off leave it; so do the indexes that were DELETING, and the attribute definitions that
 * no key uses any more. NULL when the arena is full. */
struct TableDescription *transition_settle(const struct TableDescription *now, const struct transition *transition,
                                           struct arena *arena);

/* What is under way and one change more: the later's members win, and both are over together. False when the arena is
 * full. */
bool transition_merge(struct transition *out, const struct transition *under_way, const struct transition *later,
                      struct arena *arena);

/* A copy of the description whose top members, and whose list of global indexes, may be changed. NULL when the arena is
 * full. */
struct TableDescription *description_draft(const struct TableDescription *description, struct arena *arena);

/* The global index of that name in a description, or NULL; the list of a draft may be changed through it. */
struct GlobalSecondaryIndexDescription *description_index(const struct TableDescription *description,
                                                          struct bytes name);

/* Whether any global index has that status. */
bool description_has_index_in(const struct TableDescription *description, enum IndexStatus status);

#endif
