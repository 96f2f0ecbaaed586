/* SPDX-License-Identifier: Apache-2.0 */
/* request: what the item operations' inputs have in common: expressions with their placeholders, capacity, metrics. */
#ifndef SERVER_OP_REQUEST_H
#define SERVER_OP_REQUEST_H

#include "expr/expr.h"
#include "op/wording.h"
#include "plan/query.h"
#include "table/write.h"

/* A member that was given or not, by its name on the wire: for the rule that legacy members and expressions do not mix.
 */
struct request_member {
    const char *name;
    bool given;
};

/* The members of a request that do not go together. Arrays are in the service's order. */
struct request_members {
    const struct request_member *legacy, *expressions;
    size_t legacy_count, expression_count;
    const struct ExpressionAttributeNameMap *names;
    const struct item *values; /* NULL: the operation has none */
};

/* "Can not use both expression and non-expression parameters in the same request: ..." and "ExpressionAttributeNames
 * can only be specified when using expressions" and its like for values, which names them outside the envelope. */
STATOR_MUST_CHECK enum stator_rc request_check_members(const struct request_members *members,
                                                       struct wording_voice voice, struct stator_error *err);

/* A request's expressions: texts in (absent: not given), trees out (NULL likewise). */
struct expressions {
    struct bytes update_text, condition_text, key_condition_text, filter_text, projection_text;
    struct update *update;
    const struct expr *condition, *key_condition, *filter;
    struct projection *projection;
};

/* Checks the placeholders, parses all texts in the service's order, and refuses placeholders that none of them uses. */
STATOR_MUST_CHECK enum stator_rc request_parse(struct expressions *expressions,
                                               const struct ExpressionAttributeNameMap *names,
                                               const struct item *values, enum value_layer layer, struct job *job);

/* ConsumedCapacity of so many units of the table and of each of its indexes (NULL: none), or NULL when it was not asked
 * for. */
const struct ConsumedCapacity *request_capacity(const struct api_enum *wanted, const struct table *table,
                                                double table_units, const uint32_t *index_units, struct arena *arena);

/* Write units of the table: 1 KB each on the larger of the old and the new image; at least one. */
double request_write_units(const struct write_result *result);

/* ConsumedCapacity of a write, or NULL when it was not asked for. Here as below NULL is also given without memory,
 * which arena->failed tells: request_write and op_run look there. */
const struct ConsumedCapacity *request_write_capacity(const struct api_enum *wanted, const struct table *table,
                                                      const struct write_result *result, struct arena *arena);

/* ConsumedCapacity of a read: units of the table and, on an index, of it. */
const struct ConsumedCapacity *request_read_capacity(const struct api_enum *wanted, const struct table *table,
                                                     const struct index *index, double table_units, double index_units,
                                                     struct arena *arena);

/* ItemCollectionMetrics of the item's collection, or NULL: not asked for, or the table has no local index. */
const struct ItemCollectionMetrics *request_collection_metrics(const struct api_enum *wanted, struct engine *engine,
                                                               const struct table *table, const struct item *key,
                                                               struct arena *arena);

/* Read units: 4 KB each, half as much for an eventually consistent read; nothing read costs one unit (or half). */
double request_read_units(size_t bytes, bool consistent);

#define REQUEST_PARKINGS 16

/* What a write of this job waits for. One that has been parked many times waits like a task: others come first for ever
 * otherwise. */
static inline enum write_wait request_wait(const struct job *job)
{
    return !job->on_worker ? WAIT_NOT : job->parkings > REQUEST_PARKINGS ? WAIT_ALL : WAIT_DISK;
}

/* Does item_write->write on the table that TableName means; on a superseded version looks it up again. `check` is
 * called with each version found and says whether the request fits its schema. `answer` makes job->output before the
 * write is stored: without memory for it nothing is. The job holds the result's pinned value until its answer is
 * encoded. */
struct item_write;
typedef enum stator_rc write_check(const struct table *table, struct item_write *item_write, struct job *job);
typedef enum stator_rc write_answer(struct engine *engine, struct job *job, const struct item_write *item_write);
struct item_write {
    struct write write;
    struct write_result result;
    struct table *table;
    struct bytes table_name;
    write_check *check;
    write_answer *answer;
    struct engine *engine;
    struct job *job;
};
STATOR_MUST_CHECK enum stator_rc request_write(struct item_write *item_write, struct engine *engine, struct job *job);

/* The failed condition's error, with the item when ReturnValuesOnConditionCheckFailure is ALL_OLD. */
STATOR_MUST_CHECK enum stator_rc request_condition_failed(struct job *job, const struct api_enum *return_item,
                                                          const struct write_result *result);

#endif
