/* SPDX-License-Identifier: Apache-2.0 */
/* batch: what BatchGetItem and BatchWriteItem share: their tables, and keys given twice. A batch is so many independent
 * reads or writes: nothing about it is atomic but each single one.
 */
#ifndef SERVER_OP_BATCH_H
#define SERVER_OP_BATCH_H

#include "op/request.h"

/* One table of the request. */
struct batch_table {
    struct table *table;
    double units;          /* consumed so far */
    uint32_t *index_units; /* likewise of each of table->indexes; writes only */
};

struct batch {
    struct batch_table *tables; /* in the order of RequestItems */
    size_t count;
};

/* Finds the tables named. */
STATOR_MUST_CHECK enum stator_rc batch_open(struct batch **out, struct engine *engine, struct job *job,
                                            const struct bytes *names, size_t count);

/* "Provided list of item keys contains duplicates" when two keys are equal. */
STATOR_MUST_CHECK enum stator_rc batch_check_distinct(const struct item *keys, size_t count, struct stator_error *err);

/* ConsumedCapacity for each table, or not set when it was not asked for. */
struct ConsumedCapacityMultiple batch_capacity(const struct batch *batch, const struct api_enum *wanted,
                                               struct arena *arena);

#endif
