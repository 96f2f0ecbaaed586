/* SPDX-License-Identifier: Apache-2.0 */
/* resource: what an ARN in a request names, and changes of what is kept with a table but is not in its description:
 * tags, policies, settings. Shared by the operations around a table.
 */
#ifndef SERVER_OP_RESOURCE_H
#define SERVER_OP_RESOURCE_H

#include "op/engine.h"

/* A table, or a stream of one. Account and region of an ARN do not matter here, as in TableName. */
struct resource {
    struct bytes table;  /* its name */
    struct bytes stream; /* the stream's label; absent for the table itself */
};

/* STATOR_VALIDATION, in the service's words, when the ARN is neither. */
STATOR_MUST_CHECK enum stator_rc resource_of_arn(struct resource *out, struct bytes arn, struct stator_error *err);

/* The same for a tag operation's ResourceArn, before any table is looked at. `given` is whether the list it needs is
 * there, and `list` how the service calls that. */
STATOR_MUST_CHECK enum stator_rc resource_check_tagging(struct bytes arn, bool given, const char *list,
                                                        struct stator_error *err);

/* Runs `change` within a change of the catalog. STATOR_AGAIN on a loop: it waits for the disk. */
STATOR_MUST_CHECK enum stator_rc resource_change(struct engine *engine, struct job *job, operation_step *change);

/* Stores the table with these extras in place of its own. Within a change. */
STATOR_MUST_CHECK enum stator_rc resource_store(struct engine *engine, struct job *job, const struct table *table,
                                                const struct table_extras *extras);

/* Refuses a table that is not there yet or not for long, with ResourceInUseException. */
STATOR_MUST_CHECK enum stator_rc resource_check_settled(const struct table *table, struct stator_error *err);

/* The table a tag operation's ResourceArn names, held until the job is done; the service has words of its own for one
 * that is not found. */
STATOR_MUST_CHECK enum stator_rc resource_tagged_table(struct table **out, struct engine *engine, struct job *job,
                                                       struct bytes arn);

#endif
