/* SPDX-License-Identifier: Apache-2.0 */
/* table_throughput: capacity of tables and global indexes: what the service allows, what its descriptions say, and the
 * bookkeeping of increases and decreases. In its words. Pure: time is an argument.
 *
 * An absent index name means the table itself.
 */
#ifndef SERVER_OP_TABLE_THROUGHPUT_H
#define SERVER_OP_TABLE_THROUGHPUT_H

#include "base/arena.h"
#include "base/error.h"
#include "message/api.h"

#define THROUGHPUT_MAX             40000 /* of one table or index: TableMaxReadCapacityUnits of an account */
#define THROUGHPUT_ON_DEMAND_READ  12000 /* what an on-demand table takes at once */
#define THROUGHPUT_ON_DEMAND_WRITE 4000

/* --- Checks before any table is looked at --- */

STATOR_MUST_CHECK enum stator_rc throughput_check_bounds(const struct ProvisionedThroughput *provisioned,
                                                         struct stator_error *err);

/* Billing mode, ProvisionedThroughput, OnDemandThroughput and WarmThroughput of CreateTable. */
STATOR_MUST_CHECK enum stator_rc throughput_check_new_table(const struct CreateTableInput *in,
                                                            struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc throughput_check_new_index(bool on_demand, const struct GlobalSecondaryIndex *index,
                                                            struct stator_error *err);

/* Each member at least 1, or with may_clear -1. */
STATOR_MUST_CHECK enum stator_rc throughput_check_on_demand(const struct OnDemandThroughput *units, struct bytes index,
                                                            bool may_clear, struct stator_error *err);

/* --- Quotas, which the service checks last --- */

STATOR_MUST_CHECK enum stator_rc throughput_check_quota(const struct ProvisionedThroughput *provisioned,
                                                        const struct OnDemandThroughput *on_demand,
                                                        const struct WarmThroughput *warm, struct bytes index,
                                                        struct bytes region, struct stator_error *err);

/* --- Descriptions; NULL when the arena is full --- */

/* NULL: on demand, which shows zeros. */
const struct ProvisionedThroughputDescription *throughput_describe(const struct ProvisionedThroughput *provisioned,
                                                                   struct arena *arena);

/* The warm throughput of a new table or index: what was asked for, for the rest what it has by itself. */
const struct TableWarmThroughputDescription *throughput_describe_warm(const struct ProvisionedThroughput *provisioned,
                                                                      const struct WarmThroughput *asked,
                                                                      struct arena *arena);

/* A table's warm throughput as an index's: the same numbers, the status of an index. */
const struct GlobalSecondaryIndexWarmThroughputDescription *
throughput_index_warm(const struct TableWarmThroughputDescription *warm, struct arena *arena);

/* Members that are set, with -1 for "none" left out. *out is NULL when none is left. False when the arena is full. */
bool throughput_merge_on_demand(const struct OnDemandThroughput **out, const struct OnDemandThroughput *now,
                                const struct OnDemandThroughput *change, bool keep_cleared, struct arena *arena);

/* --- Changes of provisioned throughput --- */

struct throughput_change {
    const struct ProvisionedThroughputDescription *answered; /* old units, new times: what UpdateTable answers */
    const struct ProvisionedThroughputDescription *settled;
};

/* Refuses what changes nothing, and a decrease too many today (4, then one in an hour). */
STATOR_MUST_CHECK enum stator_rc throughput_change(struct throughput_change *out,
                                                   const struct ProvisionedThroughputDescription *now,
                                                   const struct ProvisionedThroughput *change, struct bytes index,
                                                   double seconds, struct arena *arena, struct stator_error *err);

/* Refuses a warm throughput below the current one. *out: the new one, ACTIVE. */
STATOR_MUST_CHECK enum stator_rc throughput_change_warm(const struct TableWarmThroughputDescription **out,
                                                        const struct TableWarmThroughputDescription *now,
                                                        const struct WarmThroughput *change, struct bytes index,
                                                        struct arena *arena, struct stator_error *err);

/* Decreases counted today, UTC: the stored count is of the day of the last decrease. */
int64_t throughput_decreases_today(const struct ProvisionedThroughputDescription *provisioned, double seconds);

#endif
