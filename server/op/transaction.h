/* SPDX-License-Identifier: Apache-2.0 */
/* transaction: what TransactWriteItems, TransactGetItems and ExecuteTransaction share: tables, duplicates, limits,
 * tokens, cancellation reasons, capacity.
 *
 * In:     a list of actions, each of which `plan` turns into a write or a read once its table is known.
 * Out:    job->output as `answer` makes it, or the error in the job.
 * Thread: [any], one at a time for a job.
 */
#ifndef SERVER_OP_TRANSACTION_H
#define SERVER_OP_TRANSACTION_H

#include "op/request.h"

struct transaction;

struct transaction_action {
    struct bytes table_name; /* a name or an ARN */

    /* Filled in before, or by plan: all but `table`, before_commit and context. A read needs the key alone. */
    struct write write;
    const struct projection *projection; /* of a read; NULL: the whole item */
    enum stator_rc failure; /* what a failed condition is: STATOR_CONDITIONAL_CHECK_FAILED, STATOR_DUPLICATE_ITEM */
    bool return_old;        /* its reason shows the item */
};

struct transaction {
    struct engine *engine;
    struct job *job;
    struct transaction_action *actions;
    size_t count; /* 1 to 100; the model checks it */

    /* Whether action i fits its table: called for every action with each version of the tables that is found. Its
     * STATOR_VALIDATION is the reason why the transaction is cancelled, but for the few that the service tells of the
     * whole request. */
    enum stator_rc (*plan)(struct transaction *transaction, size_t i, const struct table *table,
                           struct stator_error *err);
    /* Makes job->output. A write's is called before anything is stored: without memory for it nothing is. */
    enum stator_rc (*answer)(struct transaction *transaction, struct stator_error *err);
    void *context; /* plan's and answer's */

    struct bytes token;    /* ClientRequestToken; absent: none. Writes only */
    struct bytes identity; /* equal bytes: the same request; only with a token */
    const struct api_enum *capacity_wanted;
    const struct api_enum *metrics_wanted; /* NULL: never */

    /* For answer. */
    struct ConsumedCapacityMultiple capacity;
    struct ItemCollectionMetricsPerTable metrics; /* writes */
    struct ItemResponse *responses;               /* reads: one for each action */
};

/* Whether it takes too long for a loop: ask before anything is done that would be done again on a worker. */
bool transaction_is_long(const struct transaction *transaction);

/* Does all writes or none of them. */
STATOR_MUST_CHECK enum stator_rc transaction_write(struct transaction *transaction);

/* Reads all items as of one moment. */
STATOR_MUST_CHECK enum stator_rc transaction_read(struct transaction *transaction);

#endif
