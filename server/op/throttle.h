/* SPDX-License-Identifier: Apache-2.0 */
/* throttle: throughput as the service enforces it, with --enforce-throughput; without it everything is let in.
 *
 * Every provisioned table and global index has a bucket for reads and one for writes that keeps what was not used for
 * 300 seconds; one on demand has them when it has a maximum, and they keep one second's worth. Local indexes use their
 * table's. A partition (here: a few partition keys of a table or index) gives 3,000 read and 1,000 write units a second
 * whatever its table has. What a request takes is known when it is done: it is let in while anything is left, and
 * charged afterwards.
 *
 * A refusal is ProvisionedThroughputExceededException, or on demand ThrottlingException, with the reasons.
 * Thread: [any].
 */
#ifndef SERVER_OP_THROTTLE_H
#define SERVER_OP_THROTTLE_H

#include "op/engine.h"
#include "plan/query.h"
#include "shard/bucket.h"

#define THROTTLE_PARTITIONS 8192 /* buckets that the partitions of all tables share by their tokens */

struct throttle_partition {
    struct bucket buckets[2];
};

/* What is about to be read or written, or has been. */
struct throttle_use {
    const struct table *table;
    const struct index *index; /* of that table; the base, too */
    enum capacity_kind kind;
    bool one_partition; /* not a Scan */
    uint64_t token;     /* of it */
    double reserved;    /* units that earlier parts of the same request are not yet charged with */
};

static inline bool throttle_is_on(const struct engine *engine)
{
    return engine->partitions != NULL && !engine->lenient;
}

/* The item with that key (or the whole item) of the table. */
struct throttle_use throttle_use_of_item(const struct engine *engine, const struct table *table,
                                         enum capacity_kind kind, const struct item *key);

/* A page of a Query, which reads one partition, or of a Scan. */
struct throttle_use throttle_use_of_page(const struct page_request *request);

/* STATOR_OK, or the refusal, in job->error. */
STATOR_MUST_CHECK enum stator_rc throttle_admit(struct engine *engine, struct job *job, const struct throttle_use *use);

/* The global indexes that a write changes (index_units: of each of table->indexes; NULL: none): one that has nothing
 * left holds up the write. reserved, if given, likewise. */
STATOR_MUST_CHECK enum stator_rc throttle_admit_indexes(struct engine *engine, struct job *job,
                                                        const struct table *table, const uint32_t *index_units,
                                                        const double *reserved);

/* Also without enforcement: what was consumed is the job's to be counted with. */
void throttle_charge(struct engine *engine, struct job *job, const struct throttle_use *use, double units);

/* A write that is done: units of the table's item and of each of its indexes. */
void throttle_charge_write(struct engine *engine, struct job *job, const struct table *table, const struct item *key,
                           double units, const uint32_t *index_units);

/* Forgets a refusal: of a part of a request whose other parts are done. */
void throttle_forgive(struct job *job);

#endif
