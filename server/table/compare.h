/* SPDX-License-Identifier: Apache-2.0 */
/* compare: whether an index has the entries that the items of its table call for, and no others.
 *
 * In:     a table, and one of its indexes: the table itself (every item is where its key says), a local or a global
 *         index, or, with NULL, the expiry index.
 * Out:    a call for each difference; sums of what is there, for who compares counters and knows that nobody writes.
 *
 * Two walks: over the items, each of which must have its entry; then over the entries, each of which must have its item.
 * Writers may be at work, once all know the index: what looks wrong is looked at again under its item's latch, and only
 * then told. What they change behind a walk is right by their own doing.
 * Thread: background ones; steps wait for the disk. A latch is held for one item at a time.
 */
#ifndef SERVER_TABLE_COMPARE_H
#define SERVER_TABLE_COMPARE_H

#include "table/walk.h"

enum compare_kind {
    COMPARE_MISSING, /* an item has no entry */
    COMPARE_WRONG,   /* its entry is not what it should be; of a table: an item is not where it should be */
    COMPARE_EXTRA,   /* no item calls for the entry, or it cannot be read */
    COMPARE_DAMAGED, /* the item itself cannot be read: whether it has its entry is unknown */
};

/* The views are good until the call returns. Of an entry: where it is, or should be. */
struct compare_difference {
    enum compare_kind kind;
    uint32_t shard;
    struct bytes key, expected, present;    /* values are absent when there is none */
    uint64_t expected_bytes, present_bytes; /* by the service's rules; 0 when that cannot be read */
};

struct compare_request {
    const struct table *table;
    const struct index *index; /* &table->base, one of table->indexes, or NULL: of expiry */
    /* Under the latch of the item that the difference is about, if that is known. An error ends the step, and the next
     * comes to the same place. */
    enum stator_rc (*differs)(void *context, const struct compare_difference *difference, struct stator_error *err);
    void *context;
};

struct compare {
    struct walk walk;
    bool entries_now;                                 /* the second walk */
    uint64_t items, item_bytes, entries, entry_bytes; /* seen so far; bytes as counters have them */
    uint64_t differences;
};

void compare_init(struct compare *compare);
void compare_restart(struct compare *compare);
void compare_deinit(struct compare *compare);

/* Up to keys_max items or entries. *done: all have been compared. The table may be another version in each step. */
STATOR_MUST_CHECK enum stator_rc table_compare(struct database *db, struct compare *compare,
                                               const struct compare_request *request, uint32_t keys_max, bool *done,
                                               struct stator_error *err);

/* Makes one difference of a local, global or expiry index right, counters included: to be called by `differs`. One that is
 * COMPARE_DAMAGED is an error. */
STATOR_MUST_CHECK enum stator_rc compare_mend(struct database *db, const struct index *index,
                                              const struct compare_difference *difference, struct stator_error *err);

#endif
