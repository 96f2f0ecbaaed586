/* SPDX-License-Identifier: Apache-2.0 */
/* engine: what every operation's file shares: the database, the options, and the small steps they all take. */
#ifndef SERVER_OP_ENGINE_H
#define SERVER_OP_ENGINE_H

#include <stdatomic.h>

#include "op/op.h"
#include "table/database.h"

struct tasks; /* server/task: background work */
struct reclaim;
struct throttle_partition;
struct meters;

struct engine {
    struct database db;
    struct engine_options options;
    struct tasks *tasks;
    struct reclaim *reclaim;
    struct throttle_partition *partitions; /* throttle.h; NULL: throughput is not enforced */
    bool lenient;                          /* nor for the time being; set before loops start */
    struct meters *meters;
    _Atomic bool hurried;         /* engine_hurry */
    _Atomic uint64_t damage_told; /* so many of store_damaged_reads are in the log */
    atomic_uint settings_told;    /* kept_settings.c */
};

/* What an operation's step returns. The operation leaves its output structure in job->output, or an error in
 * job->error. */
typedef enum stator_rc operation_step(struct engine *engine, struct job *job);

/* One for each operation that is built; named by op.c's table. The rc: STATOR_OK (out encoded by the caller from
 * job->output), STATOR_AGAIN (call again on a worker), or the error that is in job->error. */
operation_step op_create_table, op_describe_table, op_list_tables, op_update_table, op_delete_table;
operation_step op_get_item, op_put_item, op_update_item, op_delete_item, op_query, op_scan;
operation_step op_describe_time_to_live, op_update_time_to_live;
operation_step op_batch_get_item, op_batch_write_item, op_transact_get_items, op_transact_write_items;
operation_step op_execute_statement, op_batch_execute_statement, op_execute_transaction;
operation_step op_tag_resource, op_untag_resource, op_list_tags_of_resource, op_describe_limits, op_describe_endpoints;
operation_step op_put_resource_policy, op_get_resource_policy, op_delete_resource_policy;
operation_step op_describe_continuous_backups, op_update_continuous_backups;
operation_step op_enable_kinesis_streaming_destination, op_disable_kinesis_streaming_destination;
operation_step op_update_kinesis_streaming_destination, op_describe_kinesis_streaming_destination;
operation_step op_update_contributor_insights, op_describe_contributor_insights, op_list_contributor_insights;
operation_step op_describe_table_replica_auto_scaling, op_update_table_replica_auto_scaling;
operation_step op_list_streams, op_describe_stream, op_get_shard_iterator, op_get_records;
operation_step op_create_global_table, op_update_global_table, op_describe_global_table, op_list_global_tables;
operation_step op_describe_global_table_settings, op_update_global_table_settings;

/* Encodes job->output before the change that it tells of is stored: what there is no room to answer is not done. */
STATOR_MUST_CHECK enum stator_rc op_encode(struct job *job);

/* The namespace of a request by --isolate-by: "" or "region", "access key", "region/access key". */
struct bytes op_namespace(const struct engine *engine, struct job *job);

/* Region and account of ARNs made for this request: the credential's region, or us-east-1; account 000000000000. */
struct bytes op_region(const struct job *job);
#define OP_ACCOUNT "000000000000"

/* The table that TableName (a name or an ARN) means. The job holds it until its answer is encoded, so that an answer may
 * borrow from it. Absent: ResourceNotFoundException in the words of the data plane ("Requested resource not found") or
 * of the control plane ("Requested resource not found: Table: X not found"). The data plane also refuses tables that
 * are not yet ACTIVE. With --isolate-by region an ARN of elsewhere is refused. */
enum op_plane { OP_DATA, OP_CONTROL };
STATOR_MUST_CHECK enum stator_rc op_table(struct table **out, struct engine *engine, struct job *job,
                                          struct bytes table_name, enum op_plane plane);

/* With --isolate-by region: whether an ARN is of another region than the request's, or of another account than ours. A
 * name that is no ARN is neither. */
bool op_is_elsewhere(const struct engine *engine, const struct job *job, struct bytes arn);
bool op_is_of_others(const struct engine *engine, struct bytes arn);

/* With --isolate-by region: the error for an ARN of another region or account. A name is none. */
STATOR_MUST_CHECK enum stator_rc op_check_arn(const struct engine *engine, struct job *job, struct bytes name);

/* The bare table name in a TableName member: itself, or the name inside a table's ARN. */
struct bytes op_table_name(struct bytes table_name_or_arn);

/* Seconds since 1970 with milliseconds, for descriptions. */
double op_now(void);

#endif
