/* SPDX-License-Identifier: Apache-2.0 */
/* statement: which items a PartiQL statement means: from its WHERE to one item's key, or to ranges of keys. Pure.
 */
#ifndef SERVER_PLAN_STATEMENT_H
#define SERVER_PLAN_STATEMENT_H

#include "partiql/partiql.h"
#include "plan/query.h"

/* What counts as giving a key attribute its value. */
enum statement_keying {
    STATEMENT_WRITES, /* = */
    STATEMENT_READS,  /* =, and IN with one member */
    STATEMENT_CHECKS, /* =; a second, different one is a condition like others */
};

/* The table's key as conditions on equality give it, and what else there is. */
struct statement_key {
    struct item key;         /* whole when nothing is missing */
    bool missing;            /* a key attribute has no condition */
    struct bytes conflict;   /* a key attribute with two different values, or absent */
    const struct expr *rest; /* the other conditions, or NULL */
};

STATOR_MUST_CHECK enum stator_rc plan_statement_key(struct statement_key *out, const struct table *table,
                                                    const struct expr *where, enum statement_keying keying,
                                                    struct arena *arena, struct stator_error *err);

/* One item's key for an UPDATE or a DELETE; faults as ExecuteStatement tells them. */
STATOR_MUST_CHECK enum stator_rc plan_statement_write_key(struct statement_key *out, const struct table *table,
                                                          const struct expr *where, struct arena *arena,
                                                          struct stator_error *err);

#define STATEMENT_RANGES_MAX 50 /* the service's limit */

/* A part of one partition. */
struct statement_range {
    const struct value *hash;
    uint32_t shard;
    struct bytes lower, upper;   /* as in struct page_request */
    const struct expr **filters; /* conditions beside those on the key that lead here */
    size_t filter_count;
};

struct statement_ranges {
    bool keyed; /* false: the whole index is read */
    struct statement_range *at;
    size_t count;
    bool filtered; /* WHERE has more to say than which keys */
    bool forward;
};

/* What a SELECT reads of the request's index, in the order of reading; of `request` only table and index are looked
 * at. Texts of errors are the service's. */
STATOR_MUST_CHECK enum stator_rc plan_statement_ranges(struct statement_ranges *out,
                                                       const struct partiql_statement *statement,
                                                       const struct page_request *request, const struct ring *ring,
                                                       struct arena *arena, struct stator_error *err);

/* Fills where to read of `request`, and where to go on (start_key, set or not). */
STATOR_MUST_CHECK enum stator_rc plan_statement_page(struct page_request *request,
                                                     const struct statement_ranges *ranges, size_t range,
                                                     const struct ring *ring, const struct item *start_key,
                                                     struct arena *arena, struct stator_error *err);

#endif
