/* SPDX-License-Identifier: Apache-2.0 */
/* query: from a key condition and a start key to the keys that a Query or Scan reads. Pure.
 */
#ifndef SERVER_PLAN_QUERY_H
#define SERVER_PLAN_QUERY_H

#include "catalog/table.h"
#include "expr/expr.h"
#include "shard/ring.h"

struct page_request {
    const struct table *table; /* held by the caller */
    const struct index *index; /* of that table; the base, too */
    bool forward;
    bool count_only;           /* Select COUNT */
    bool fetch;                /* a local index: each item is read from the base, for what the index does not keep */
    uint32_t limit;            /* items to evaluate; 0: no limit */
    const struct expr *filter; /* or NULL */
    const struct projection *projection; /* or NULL */

    /* Query: the keys from lower up to, not including, upper, in the family of that shard. */
    bool one_shard;
    uint32_t shard;
    struct bytes lower, upper;

    /* Scan: the tokens from token_first to token_last, in all shards, one after the other. */
    uint64_t token_first, token_last;

    /* ExclusiveStartKey, encoded, and its shard. */
    struct bytes start_after;
    uint32_t start_shard;
    bool start_in_brief; /* Scan: a start key of other attributes than the table's is told in few words */
};

/* A Query of a table without a sort key: one item at most, and nothing to go on behind it. */
bool plan_query_finds_one(const struct page_request *request);

/* Fills where (one_shard, shard, lower, upper, start_after, start_shard) from request->table, index and forward.
 * condition is a parsed key condition (of either kind); start_key is ExclusiveStartKey (set or not). Texts of errors
 * are the service's, in its order. Bytes are in the arena. */
STATOR_MUST_CHECK enum stator_rc plan_query(struct page_request *request, const struct ring *ring,
                                            const struct expr *condition, const struct item *start_key,
                                            struct arena *arena, struct stator_error *err);

/* The same for a Scan of segment `segment` of `segments` (0 of 1: the whole). */
STATOR_MUST_CHECK enum stator_rc plan_scan(struct page_request *request, const struct ring *ring, uint32_t segment,
                                           uint32_t segments, const struct item *start_key, struct arena *arena,
                                           struct stator_error *err);

#endif
