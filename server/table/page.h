/* SPDX-License-Identifier: Apache-2.0 */
/* page: one page of a Query or a Scan, read in steps.
 *
 * In:     where to read (an index, a key range in one shard for a query, a range of tokens over all shards for a scan),
 *         what to keep, and when to stop: 1 MB of evaluated items, or the limit.
 * Out:    the page's items as JSON at the end of the caller's buffer, counts, the key to go on from, and what it evaluated.
 * Thread: one at a time; it may move to another thread between steps.
 */
#ifndef SERVER_TABLE_PAGE_H
#define SERVER_TABLE_PAGE_H

#include "format/itemcodec.h"
#include "plan/query.h"
#include "table/database.h"

#define PAGE_BYTES_MAX ((size_t)1024 * 1024) /* evaluated, before filter and projection */

struct page {
    const struct page_request *request;
    struct database *db;
    struct expr_budget *budget;      /* borrowed; of the filter; NULL: none */
    struct arena *arena;             /* of the job: what lasts */
    struct arena scratch;            /* of the item at hand */
    struct store_iterator *iterator; /* within a step alone: an open one keeps all memtables of its time in memory */
    bool iterator_lasts;             /* nothing ends it early: the position is noted when the step ends */
    struct store_snapshot *snapshot; /* with fetch: index and base at one moment */
    uint32_t shard;
    struct buf position;   /* where to go on; empty: at the beginning */
    bool position_is_next; /* it is the key of the next item, else of the last that was evaluated */

    bool done;
    struct buf *items; /* borrowed: a JSON array that has begun */
    uint32_t count, scanned;
    size_t evaluated_bytes; /* of the index (or base) read */
    size_t fetched_units;   /* table reads of fetch: each item rounded up to 4 KB */
    bool more;              /* stopped by limit or size: last_key is set */
    struct item last_key;   /* LastEvaluatedKey */
};

/* request, items and arena are borrowed until page_deinit. items ends with '[' or with an item that came before. */
void page_init(struct page *page, struct database *db, const struct page_request *request, struct buf *items,
               struct arena *arena);
void page_deinit(struct page *page);

/* Evaluates up to items_max more items. STATOR_OK: look at page->done. STATOR_AGAIN (may_wait false): the next item is
 * not in memory, or the budget is spent; call again with may_wait. A page whose filter costs much ends early, with a
 * last_key. */
STATOR_MUST_CHECK enum stator_rc page_step(struct page *page, uint32_t items_max, bool may_wait,
                                           struct stator_error *err);

#endif
