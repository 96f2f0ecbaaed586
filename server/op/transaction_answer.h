/* SPDX-License-Identifier: Apache-2.0 */
/* transaction_answer: what a transaction answers with besides items: capacity, item collections, cancellation reasons.
 */
#ifndef SERVER_OP_TRANSACTION_ANSWER_H
#define SERVER_OP_TRANSACTION_ANSWER_H

#include "op/batch.h"
#include "op/transaction.h"

/* Reads and writes of transactions cost double, and tell which of the two they are. */
#define TRANSACTION_COST 2

enum transaction_cost { TRANSACTION_READS, TRANSACTION_WRITES };

/* ConsumedCapacity of each table of the batch, or not set when it was not asked for. Without memory arena->failed. */
struct ConsumedCapacityMultiple transaction_capacity(const struct batch *batch, const struct api_enum *wanted,
                                                     enum transaction_cost cost, struct arena *arena);

/* ItemCollectionMetrics of the items written; table_of: of each action, its place in the batch. Likewise. */
struct ItemCollectionMetricsPerTable transaction_metrics(const struct transaction *transaction,
                                                         const struct batch *batch, const size_t *table_of);

/* TransactionCanceledException with the reasons, one for each action. results: NULL, or what conditions saw. */
STATOR_MUST_CHECK enum stator_rc transaction_cancelled(const struct transaction *transaction,
                                                       const struct stator_error *reasons,
                                                       const struct write_result *results);

#endif
