/* SPDX-License-Identifier: Apache-2.0 */
/* update_table: the parts of UpdateTable: what is checked before the table is known (update_check.c), what may change
 * while another change is under way (update_state.c), the table's own members (update_table.c) and its global indexes
 * (update_index.c).
 */
#ifndef SERVER_OP_UPDATE_TABLE_H
#define SERVER_OP_UPDATE_TABLE_H

#include "op/table_change.h"

/* An UpdateTable under way. */
struct update {
    struct engine *engine;
    struct job *job;
    const struct UpdateTableInput *in;
    const struct table *table;          /* the current version */
    const struct TableDescription *now; /* its description */
    struct TableDescription *draft;     /* the description while the transition lasts */
    struct TableDescription *settled;   /* what will differ afterwards */
    unsigned kinds;                     /* of the transition that this update begins */
    bool on_demand;                     /* the table's billing mode before */
    double seconds;                     /* now, since 1970 */
    bool answer_updating;               /* a change to what it was already: the answer says UPDATING all the same */
    const struct OnDemandThroughput *answer_on_demand; /* with the -1 of what was cleared; NULL: as in the draft */
};

/* Members that say nothing count as absent. */
bool update_has_warm(const struct WarmThroughput *warm);
bool update_has_on_demand(const struct OnDemandThroughput *on_demand);

/* What can be told without looking at any table. */
STATOR_MUST_CHECK enum stator_rc table_update_check(const struct UpdateTableInput *in, struct stator_error *err);

/* Whether the changes asked for may begin while others are under way. */
STATOR_MUST_CHECK enum stator_rc update_check_state(const struct update *update, struct stator_error *err);

/* GlobalSecondaryIndexUpdates: creates, updates and deletes. */
STATOR_MUST_CHECK enum stator_rc update_indexes(struct update *update, struct stator_error *err);

/* The action of that name, or NULL. */
const struct UpdateGlobalSecondaryIndexAction *update_action(const struct UpdateTableInput *in, struct bytes name);

/* The index's place in `settled`, made when it is not there. NULL when the arena is full. */
struct GlobalSecondaryIndexDescription *update_settled_index(struct update *update, struct bytes name);

#endif
