/* SPDX-License-Identifier: Apache-2.0 */
/* tables: tables and their settings: keys, indexes, throughput, time to live, tags.
 *
 * Made by client/api.py from proto/message/api.def; changes belong there.
 *
 * A function sends *in and waits for the answer. Members have the names of DynamoDB's API reference, in lower case, and
 * mean what it says; zero leaves one out. STATOR_OK: *out is the answer, a view into the call, good until its next use;
 * out may be NULL. Otherwise *out is NULL and stator_call_failure(call) says why. Beside its own errors any operation can
 * fail with STATOR_VALIDATION, with the errors of credentials and throttling, and with the client's own (stator/error.h).
 *
 * Its twin ..._start does not wait: stator/async.h. *in is read before it returns. done may be NULL. STATOR_OK: done will
 * be called, once; otherwise it will not, and stator_call_failure(call) says why, but for STATOR_MISUSE of a call that is
 * under way, which goes on undisturbed. ..._answer is what the last call's *out would be: NULL if it was not that
 * operation or did not do well.
 */
#ifndef STATOR_TABLES_H
#define STATOR_TABLES_H

#include "stator/call.h"
#include "stator/items.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

enum stator_billing_mode {
    STATOR_BILLING_MODE_PROVISIONED = 1,
    STATOR_BILLING_MODE_PAY_PER_REQUEST,
};

enum stator_continuous_backups_status {
    STATOR_CONTINUOUS_BACKUPS_STATUS_ENABLED = 1,
    STATOR_CONTINUOUS_BACKUPS_STATUS_DISABLED,
};

enum stator_disassociation_mode {
    STATOR_DISASSOCIATION_MODE_WAIT_FOR_REPLICATION = 1,
};

enum stator_global_table_settings_replication_mode {
    STATOR_GLOBAL_TABLE_SETTINGS_REPLICATION_MODE_ENABLED = 1,
    STATOR_GLOBAL_TABLE_SETTINGS_REPLICATION_MODE_ENABLED_WITH_OVERRIDES,
    STATOR_GLOBAL_TABLE_SETTINGS_REPLICATION_MODE_DISABLED,
};

enum stator_index_status {
    STATOR_INDEX_STATUS_ACTIVE = 1,
    STATOR_INDEX_STATUS_UPDATING,
    STATOR_INDEX_STATUS_DELETING,
    STATOR_INDEX_STATUS_CREATING,
};

enum stator_key_type {
    STATOR_KEY_TYPE_HASH = 1,
    STATOR_KEY_TYPE_RANGE,
};

enum stator_multi_region_consistency {
    STATOR_MULTI_REGION_CONSISTENCY_EVENTUAL = 1,
    STATOR_MULTI_REGION_CONSISTENCY_STRONG,
};

enum stator_point_in_time_recovery_status {
    STATOR_POINT_IN_TIME_RECOVERY_STATUS_ENABLED = 1,
    STATOR_POINT_IN_TIME_RECOVERY_STATUS_DISABLED,
};

enum stator_projection_type {
    STATOR_PROJECTION_TYPE_ALL = 1,
    STATOR_PROJECTION_TYPE_INCLUDE,
    STATOR_PROJECTION_TYPE_KEYS_ONLY,
};

enum stator_replica_status {
    STATOR_REPLICA_STATUS_ARCHIVED = 1,
    STATOR_REPLICA_STATUS_INACCESSIBLE_ENCRYPTION_CREDENTIALS,
    STATOR_REPLICA_STATUS_ACTIVE,
    STATOR_REPLICA_STATUS_UPDATING,
    STATOR_REPLICA_STATUS_REGION_DISABLED,
    STATOR_REPLICA_STATUS_DELETING,
    STATOR_REPLICA_STATUS_CREATING,
    STATOR_REPLICA_STATUS_REPLICATION_NOT_AUTHORIZED,
    STATOR_REPLICA_STATUS_CREATION_FAILED,
    STATOR_REPLICA_STATUS_ARCHIVING,
};

enum stator_sse_status {
    STATOR_SSE_STATUS_ENABLING = 1,
    STATOR_SSE_STATUS_ENABLED,
    STATOR_SSE_STATUS_DISABLING,
    STATOR_SSE_STATUS_UPDATING,
    STATOR_SSE_STATUS_DISABLED,
};

enum stator_sse_type {
    STATOR_SSE_TYPE_AES256 = 1,
    STATOR_SSE_TYPE_KMS,
};

enum stator_scalar_attribute_type {
    STATOR_SCALAR_ATTRIBUTE_TYPE_B = 1,
    STATOR_SCALAR_ATTRIBUTE_TYPE_N,
    STATOR_SCALAR_ATTRIBUTE_TYPE_S,
};

enum stator_search_schema_element_type {
    STATOR_SEARCH_SCHEMA_ELEMENT_TYPE_HASH = 1,
    STATOR_SEARCH_SCHEMA_ELEMENT_TYPE_INLINE_FILTER,
};

enum stator_stream_view_type {
    STATOR_STREAM_VIEW_TYPE_OLD_IMAGE = 1,
    STATOR_STREAM_VIEW_TYPE_KEYS_ONLY,
    STATOR_STREAM_VIEW_TYPE_NEW_AND_OLD_IMAGES,
    STATOR_STREAM_VIEW_TYPE_NEW_IMAGE,
};

enum stator_table_class {
    STATOR_TABLE_CLASS_STANDARD_INFREQUENT_ACCESS = 1,
    STATOR_TABLE_CLASS_STANDARD,
};

enum stator_table_status {
    STATOR_TABLE_STATUS_ARCHIVED = 1,
    STATOR_TABLE_STATUS_INACCESSIBLE_ENCRYPTION_CREDENTIALS,
    STATOR_TABLE_STATUS_ACTIVE,
    STATOR_TABLE_STATUS_UPDATING,
    STATOR_TABLE_STATUS_DELETING,
    STATOR_TABLE_STATUS_CREATING,
    STATOR_TABLE_STATUS_REPLICATION_NOT_AUTHORIZED,
    STATOR_TABLE_STATUS_ARCHIVING,
};

enum stator_time_to_live_status {
    STATOR_TIME_TO_LIVE_STATUS_ENABLING = 1,
    STATOR_TIME_TO_LIVE_STATUS_ENABLED,
    STATOR_TIME_TO_LIVE_STATUS_DISABLING,
    STATOR_TIME_TO_LIVE_STATUS_DISABLED,
};

enum stator_vector_distance_function {
    STATOR_VECTOR_DISTANCE_FUNCTION_COSINE = 1,
    STATOR_VECTOR_DISTANCE_FUNCTION_DOT_PRODUCT,
    STATOR_VECTOR_DISTANCE_FUNCTION_EUCLIDEAN,
};

enum stator_witness_status {
    STATOR_WITNESS_STATUS_ACTIVE = 1,
    STATOR_WITNESS_STATUS_DELETING,
    STATOR_WITNESS_STATUS_CREATING,
};

struct stator_archival_summary;
struct stator_attribute_definition;
struct stator_billing_mode_summary;
struct stator_continuous_backups_description;
struct stator_create_global_secondary_index_action;
struct stator_create_global_table_witness_group_member_action;
struct stator_create_replication_group_member_action;
struct stator_create_vector_index_action;
struct stator_delete_global_secondary_index_action;
struct stator_delete_global_table_witness_group_member_action;
struct stator_delete_replication_group_member_action;
struct stator_delete_vector_index_action;
struct stator_disassociate_replication_group_member_action;
struct stator_endpoint;
struct stator_global_secondary_index;
struct stator_global_secondary_index_description;
struct stator_global_secondary_index_update;
struct stator_global_secondary_index_warm_throughput_description;
struct stator_global_table_witness_description;
struct stator_global_table_witness_group_update;
struct stator_key_schema_element;
struct stator_local_secondary_index;
struct stator_local_secondary_index_description;
struct stator_on_demand_throughput;
struct stator_on_demand_throughput_override;
struct stator_point_in_time_recovery_description;
struct stator_point_in_time_recovery_specification;
struct stator_projection;
struct stator_provisioned_throughput;
struct stator_provisioned_throughput_description;
struct stator_provisioned_throughput_override;
struct stator_replica_description;
struct stator_replica_global_secondary_index;
struct stator_replica_global_secondary_index_description;
struct stator_replication_group_update;
struct stator_restore_summary;
struct stator_sse_description;
struct stator_sse_specification;
struct stator_search_schema_element;
struct stator_stream_specification;
struct stator_table_class_summary;
struct stator_table_description;
struct stator_table_warm_throughput_description;
struct stator_tag;
struct stator_time_to_live_description;
struct stator_time_to_live_specification;
struct stator_update_global_secondary_index_action;
struct stator_update_replication_group_member_action;
struct stator_vector_attribute_definition;
struct stator_vector_index;
struct stator_vector_index_description;
struct stator_vector_index_update;
struct stator_warm_throughput;

struct stator_attribute_definitions {
    const struct stator_attribute_definition *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_endpoints {
    const struct stator_endpoint *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_global_secondary_index_description_list {
    const struct stator_global_secondary_index_description *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_global_secondary_index_list {
    const struct stator_global_secondary_index *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_global_secondary_index_update_list {
    const struct stator_global_secondary_index_update *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_global_table_witness_description_list {
    const struct stator_global_table_witness_description *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_global_table_witness_group_update_list {
    const struct stator_global_table_witness_group_update *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_key_schema {
    const struct stator_key_schema_element *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_local_secondary_index_description_list {
    const struct stator_local_secondary_index_description *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_local_secondary_index_list {
    const struct stator_local_secondary_index *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_non_key_attribute_name_list {
    const struct stator_bytes *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_replica_description_list {
    const struct stator_replica_description *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_replica_global_secondary_index_description_list {
    const struct stator_replica_global_secondary_index_description *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_replica_global_secondary_index_list {
    const struct stator_replica_global_secondary_index *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_replication_group_update_list {
    const struct stator_replication_group_update *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_search_schema {
    const struct stator_search_schema_element *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_table_name_list {
    const struct stator_bytes *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_tag_key_list {
    const struct stator_bytes *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_tag_list {
    const struct stator_tag *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_vector_index_description_list {
    const struct stator_vector_index_description *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_vector_index_list {
    const struct stator_vector_index *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_vector_index_update_list {
    const struct stator_vector_index_update *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_archival_summary {
    struct stator_number archival_date_time; /* seconds since 1970 */
    struct stator_bytes archival_reason;
    struct stator_bytes archival_backup_arn;
};

struct stator_attribute_definition {
    struct stator_enum attribute_type;  /* required; enum stator_scalar_attribute_type */
    struct stator_bytes attribute_name; /* required; 1 to 255 characters */
};

struct stator_billing_mode_summary {
    struct stator_enum billing_mode;                               /* enum stator_billing_mode */
    struct stator_number last_update_to_pay_per_request_date_time; /* seconds since 1970 */
};

struct stator_continuous_backups_description {
    struct stator_enum continuous_backups_status; /* enum stator_continuous_backups_status */
    const struct stator_point_in_time_recovery_description *point_in_time_recovery_description;
};

struct stator_create_global_secondary_index_action {
    const struct stator_warm_throughput *warm_throughput;
    const struct stator_on_demand_throughput *on_demand_throughput;
    struct stator_bytes index_name;             /* required; 3 to 255 characters */
    struct stator_key_schema key_schema;        /* required; at least 1 elements */
    const struct stator_projection *projection; /* required */
    const struct stator_provisioned_throughput *provisioned_throughput;
};

struct stator_create_global_table_witness_group_member_action {
    struct stator_bytes region_name; /* required */
};

struct stator_create_replication_group_member_action {
    struct stator_bytes kms_master_key_id; /* at least 1 characters */
    const struct stator_on_demand_throughput_override *on_demand_throughput_override;
    struct stator_replica_global_secondary_index_list global_secondary_indexes; /* at least 1 elements */
    const struct stator_provisioned_throughput_override *provisioned_throughput_override;
    struct stator_bytes region_name;
    struct stator_enum table_class_override; /* enum stator_table_class */
};

struct stator_create_table_input {
    struct stator_global_secondary_index_list global_secondary_indexes;
    struct stator_enum global_table_settings_replication_mode; /* enum stator_global_table_settings_replication_mode */
    struct stator_enum billing_mode;                           /* enum stator_billing_mode */
    struct stator_bytes global_table_source_arn;               /* 1 to 1024 characters */
    const struct stator_sse_specification *sse_specification;
    const struct stator_on_demand_throughput *on_demand_throughput;
    struct stator_key_schema key_schema; /* required; 1 to 2 elements */
    enum stator_flag deletion_protection_enabled;
    const struct stator_provisioned_throughput *provisioned_throughput;
    struct stator_bytes table_name; /* required; 3 to 255 characters */
    struct stator_tag_list tags;
    struct stator_enum table_class; /* enum stator_table_class */
    struct stator_vector_index_list vector_indexes;
    const struct stator_stream_specification *stream_specification;
    const struct stator_warm_throughput *warm_throughput;
    struct stator_bytes resource_policy;
    struct stator_attribute_definitions attribute_definitions; /* required */
    struct stator_local_secondary_index_list local_secondary_indexes;
};

struct stator_create_table_output {
    const struct stator_table_description *table_description;
};

struct stator_create_vector_index_action {
    struct stator_enum distance_function;       /* required; enum stator_vector_distance_function */
    struct stator_bytes index_name;             /* required; 3 to 255 characters */
    const struct stator_projection *projection; /* required */
    const struct stator_vector_attribute_definition *vector_attribute; /* required */
    struct stator_search_schema search_schema;                         /* at least 1 elements */
    struct stator_integer dimensions;                                  /* required; at least 1 */
};

struct stator_delete_global_secondary_index_action {
    struct stator_bytes index_name; /* required; 3 to 255 characters */
};

struct stator_delete_global_table_witness_group_member_action {
    struct stator_bytes region_name; /* required */
};

struct stator_delete_replication_group_member_action {
    struct stator_bytes region_name;
};

struct stator_delete_table_input {
    struct stator_bytes table_name; /* required; 3 to 255 characters */
};

struct stator_delete_table_output {
    const struct stator_table_description *table_description;
};

struct stator_delete_vector_index_action {
    struct stator_bytes index_name; /* required; 3 to 255 characters */
};

struct stator_describe_continuous_backups_input {
    struct stator_bytes table_name; /* required; 3 to 255 characters */
};

struct stator_describe_continuous_backups_output {
    const struct stator_continuous_backups_description *continuous_backups_description;
};

struct stator_describe_endpoints_request {
    char nothing; /* it has no members */
};

struct stator_describe_endpoints_response {
    struct stator_endpoints endpoints;
};

struct stator_describe_limits_input {
    char nothing; /* it has no members */
};

struct stator_describe_limits_output {
    struct stator_integer account_max_read_capacity_units;
    struct stator_integer account_max_write_capacity_units;
    struct stator_integer table_max_read_capacity_units;
    struct stator_integer table_max_write_capacity_units;
};

struct stator_describe_table_input {
    struct stator_bytes table_name; /* required; 3 to 255 characters */
};

struct stator_describe_table_output {
    const struct stator_table_description *table;
};

struct stator_describe_time_to_live_input {
    struct stator_bytes table_name; /* required; 3 to 255 characters */
};

struct stator_describe_time_to_live_output {
    const struct stator_time_to_live_description *time_to_live_description;
};

struct stator_disassociate_replication_group_member_action {
    struct stator_bytes region_name;        /* required */
    struct stator_enum disassociation_mode; /* required; enum stator_disassociation_mode */
};

struct stator_endpoint {
    struct stator_bytes address;
    struct stator_integer cache_period_in_minutes;
};

struct stator_global_secondary_index {
    const struct stator_warm_throughput *warm_throughput;
    const struct stator_on_demand_throughput *on_demand_throughput;
    struct stator_bytes index_name;             /* required; 3 to 255 characters */
    struct stator_key_schema key_schema;        /* required; at least 1 elements */
    const struct stator_projection *projection; /* required */
    const struct stator_provisioned_throughput *provisioned_throughput;
};

struct stator_global_secondary_index_description {
    struct stator_bytes index_name;
    struct stator_key_schema key_schema;
    const struct stator_projection *projection;
    struct stator_enum index_status; /* enum stator_index_status */
    enum stator_flag backfilling;
    const struct stator_provisioned_throughput_description *provisioned_throughput;
    struct stator_integer index_size_bytes;
    struct stator_integer item_count;
    struct stator_bytes index_arn;
    const struct stator_on_demand_throughput *on_demand_throughput;
    const struct stator_global_secondary_index_warm_throughput_description *warm_throughput;
};

struct stator_global_secondary_index_update {
    const struct stator_update_global_secondary_index_action *update;
    const struct stator_create_global_secondary_index_action *create;
    const struct stator_delete_global_secondary_index_action *delete_;
};

struct stator_global_secondary_index_warm_throughput_description {
    struct stator_integer read_units_per_second;
    struct stator_integer write_units_per_second;
    struct stator_enum status; /* enum stator_index_status */
};

struct stator_global_table_witness_description {
    struct stator_bytes region_name;
    struct stator_enum witness_status; /* enum stator_witness_status */
};

struct stator_global_table_witness_group_update {
    const struct stator_create_global_table_witness_group_member_action *create;
    const struct stator_delete_global_table_witness_group_member_action *delete_;
};

struct stator_key_schema_element {
    struct stator_bytes attribute_name; /* required; 1 to 255 characters */
    struct stator_enum key_type;        /* required; enum stator_key_type */
};

struct stator_list_tables_input {
    struct stator_bytes exclusive_start_table_name; /* 3 to 255 characters */
    struct stator_integer limit;                    /* 1 to 100 */
};

struct stator_list_tables_output {
    struct stator_table_name_list table_names;
    struct stator_bytes last_evaluated_table_name;
};

struct stator_list_tags_of_resource_input {
    struct stator_bytes next_token;
    struct stator_bytes resource_arn;
};

struct stator_list_tags_of_resource_output {
    struct stator_tag_list tags;
    struct stator_bytes next_token;
};

struct stator_local_secondary_index {
    struct stator_bytes index_name;             /* required; 3 to 255 characters */
    struct stator_key_schema key_schema;        /* required; 1 to 2 elements */
    const struct stator_projection *projection; /* required */
};

struct stator_local_secondary_index_description {
    struct stator_bytes index_name;
    struct stator_key_schema key_schema;
    const struct stator_projection *projection;
    struct stator_integer index_size_bytes;
    struct stator_integer item_count;
    struct stator_bytes index_arn;
};

struct stator_on_demand_throughput {
    struct stator_integer max_read_request_units;
    struct stator_integer max_write_request_units;
};

struct stator_on_demand_throughput_override {
    struct stator_integer max_read_request_units;
};

struct stator_point_in_time_recovery_description {
    struct stator_enum point_in_time_recovery_status; /* enum stator_point_in_time_recovery_status */
    struct stator_integer recovery_period_in_days;
    struct stator_number earliest_restorable_date_time; /* seconds since 1970 */
    struct stator_number latest_restorable_date_time;   /* seconds since 1970 */
};

struct stator_point_in_time_recovery_specification {
    struct stator_integer recovery_period_in_days;   /* 1 to 35 */
    enum stator_flag point_in_time_recovery_enabled; /* required */
};

struct stator_projection {
    struct stator_non_key_attribute_name_list non_key_attributes; /* 1 to 20 elements */
    struct stator_enum projection_type;                           /* enum stator_projection_type */
};

struct stator_provisioned_throughput {
    struct stator_integer write_capacity_units; /* required; at least 1 */
    struct stator_integer read_capacity_units;  /* required; at least 1 */
};

struct stator_provisioned_throughput_description {
    struct stator_number last_increase_date_time; /* seconds since 1970 */
    struct stator_number last_decrease_date_time; /* seconds since 1970 */
    struct stator_integer number_of_decreases_today;
    struct stator_integer read_capacity_units;
    struct stator_integer write_capacity_units;
};

struct stator_provisioned_throughput_override {
    struct stator_integer read_capacity_units; /* at least 1 */
};

struct stator_replica_description {
    struct stator_bytes region_name;
    struct stator_enum replica_status; /* enum stator_replica_status */
    struct stator_bytes replica_arn;
    struct stator_bytes replica_status_description;
    struct stator_bytes replica_status_percent_progress;
    struct stator_bytes kms_master_key_id;
    const struct stator_provisioned_throughput_override *provisioned_throughput_override;
    const struct stator_on_demand_throughput_override *on_demand_throughput_override;
    const struct stator_table_warm_throughput_description *warm_throughput;
    struct stator_replica_global_secondary_index_description_list global_secondary_indexes;
    struct stator_number replica_inaccessible_date_time; /* seconds since 1970 */
    const struct stator_table_class_summary *replica_table_class_summary;
    struct stator_enum global_table_settings_replication_mode; /* enum stator_global_table_settings_replication_mode */
};

struct stator_replica_global_secondary_index {
    const struct stator_on_demand_throughput_override *on_demand_throughput_override;
    const struct stator_provisioned_throughput_override *provisioned_throughput_override;
    struct stator_bytes index_name; /* required; 3 to 255 characters */
};

struct stator_replica_global_secondary_index_description {
    struct stator_bytes index_name;
    const struct stator_provisioned_throughput_override *provisioned_throughput_override;
    const struct stator_on_demand_throughput_override *on_demand_throughput_override;
    const struct stator_global_secondary_index_warm_throughput_description *warm_throughput;
};

struct stator_replication_group_update {
    const struct stator_create_replication_group_member_action *create;
    const struct stator_update_replication_group_member_action *update;
    const struct stator_delete_replication_group_member_action *delete_;
    const struct stator_disassociate_replication_group_member_action *disassociate;
};

struct stator_restore_summary {
    struct stator_bytes source_backup_arn;
    struct stator_bytes source_table_arn;
    struct stator_number restore_date_time; /* seconds since 1970 */
    enum stator_flag restore_in_progress;
};

struct stator_sse_description {
    struct stator_enum status;   /* enum stator_sse_status */
    struct stator_enum sse_type; /* enum stator_sse_type */
    struct stator_bytes kms_master_key_arn;
    struct stator_number inaccessible_encryption_date_time; /* seconds since 1970 */
};

struct stator_sse_specification {
    struct stator_bytes kms_master_key_id; /* at least 1 characters */
    struct stator_enum sse_type;           /* enum stator_sse_type */
    enum stator_flag enabled;
};

struct stator_search_schema_element {
    struct stator_bytes attribute_name;            /* required; up to 65535 characters */
    struct stator_enum search_schema_element_type; /* required; enum stator_search_schema_element_type */
};

struct stator_stream_specification {
    struct stator_enum stream_view_type; /* enum stator_stream_view_type */
    enum stator_flag stream_enabled;     /* required */
};

struct stator_table_class_summary {
    struct stator_enum table_class;             /* enum stator_table_class */
    struct stator_number last_update_date_time; /* seconds since 1970 */
};

struct stator_table_description {
    struct stator_attribute_definitions attribute_definitions;
    struct stator_bytes table_name;
    struct stator_key_schema key_schema;
    struct stator_enum table_status;         /* enum stator_table_status */
    struct stator_number creation_date_time; /* seconds since 1970 */
    const struct stator_provisioned_throughput_description *provisioned_throughput;
    struct stator_integer table_size_bytes;
    struct stator_integer item_count;
    struct stator_bytes table_arn;
    struct stator_bytes table_id;
    const struct stator_billing_mode_summary *billing_mode_summary;
    struct stator_local_secondary_index_description_list local_secondary_indexes;
    struct stator_global_secondary_index_description_list global_secondary_indexes;
    const struct stator_stream_specification *stream_specification;
    struct stator_bytes latest_stream_label;
    struct stator_bytes latest_stream_arn;
    struct stator_bytes global_table_version;
    struct stator_replica_description_list replicas;
    struct stator_global_table_witness_description_list global_table_witnesses;
    struct stator_enum global_table_settings_replication_mode; /* enum stator_global_table_settings_replication_mode */
    const struct stator_restore_summary *restore_summary;
    const struct stator_sse_description *sse_description;
    const struct stator_archival_summary *archival_summary;
    const struct stator_table_class_summary *table_class_summary;
    enum stator_flag deletion_protection_enabled;
    enum stator_flag disassociation_protection_enabled;
    const struct stator_on_demand_throughput *on_demand_throughput;
    const struct stator_table_warm_throughput_description *warm_throughput;
    struct stator_enum multi_region_consistency; /* enum stator_multi_region_consistency */
    struct stator_vector_index_description_list vector_indexes;
};

struct stator_table_warm_throughput_description {
    struct stator_integer read_units_per_second;
    struct stator_integer write_units_per_second;
    struct stator_enum status; /* enum stator_table_status */
};

struct stator_tag {
    struct stator_bytes key;
    struct stator_bytes value;
};

struct stator_tag_resource_input {
    struct stator_bytes resource_arn;
    struct stator_tag_list tags;
};

struct stator_time_to_live_description {
    struct stator_enum time_to_live_status; /* enum stator_time_to_live_status */
    struct stator_bytes attribute_name;
};

struct stator_time_to_live_specification {
    struct stator_bytes attribute_name; /* required; 1 to 255 characters */
    enum stator_flag enabled;           /* required */
};

struct stator_untag_resource_input {
    struct stator_tag_key_list tag_keys;
    struct stator_bytes resource_arn;
};

struct stator_update_continuous_backups_input {
    const struct stator_point_in_time_recovery_specification *point_in_time_recovery_specification; /* required */
    struct stator_bytes table_name; /* required; 3 to 255 characters */
};

struct stator_update_continuous_backups_output {
    const struct stator_continuous_backups_description *continuous_backups_description;
};

struct stator_update_global_secondary_index_action {
    const struct stator_warm_throughput *warm_throughput;
    const struct stator_on_demand_throughput *on_demand_throughput;
    struct stator_bytes index_name; /* required; 3 to 255 characters */
    const struct stator_provisioned_throughput *provisioned_throughput;
};

struct stator_update_replication_group_member_action {
    struct stator_bytes kms_master_key_id; /* at least 1 characters */
    const struct stator_on_demand_throughput_override *on_demand_throughput_override;
    struct stator_replica_global_secondary_index_list global_secondary_indexes; /* at least 1 elements */
    const struct stator_provisioned_throughput_override *provisioned_throughput_override;
    struct stator_bytes region_name;         /* required */
    struct stator_enum table_class_override; /* enum stator_table_class */
};

struct stator_update_table_input {
    struct stator_enum global_table_settings_replication_mode; /* enum stator_global_table_settings_replication_mode */
    struct stator_replication_group_update_list replica_updates; /* at least 1 elements */
    struct stator_enum billing_mode;                             /* enum stator_billing_mode */
    const struct stator_sse_specification *sse_specification;
    const struct stator_on_demand_throughput *on_demand_throughput;
    struct stator_global_table_witness_group_update_list global_table_witness_updates; /* 1 to 1 elements */
    struct stator_enum multi_region_consistency; /* enum stator_multi_region_consistency */
    enum stator_flag deletion_protection_enabled;
    const struct stator_provisioned_throughput *provisioned_throughput;
    enum stator_flag disassociation_protection_enabled;
    struct stator_bytes table_name; /* required; 3 to 255 characters */
    struct stator_enum table_class; /* enum stator_table_class */
    struct stator_global_secondary_index_update_list global_secondary_index_updates;
    const struct stator_stream_specification *stream_specification;
    const struct stator_warm_throughput *warm_throughput;
    struct stator_attribute_definitions attribute_definitions;
    struct stator_vector_index_update_list vector_index_updates;
};

struct stator_update_table_output {
    const struct stator_table_description *table_description;
};

struct stator_update_time_to_live_input {
    const struct stator_time_to_live_specification *time_to_live_specification; /* required */
    struct stator_bytes table_name;                                             /* required; 3 to 255 characters */
};

struct stator_update_time_to_live_output {
    const struct stator_time_to_live_specification *time_to_live_specification;
};

struct stator_vector_attribute_definition {
    struct stator_bytes attribute_name; /* required; 1 to 255 characters */
};

struct stator_vector_index {
    struct stator_enum distance_function;       /* required; enum stator_vector_distance_function */
    struct stator_bytes index_name;             /* required; 3 to 255 characters */
    const struct stator_projection *projection; /* required */
    const struct stator_vector_attribute_definition *vector_attribute; /* required */
    struct stator_search_schema search_schema;                         /* at least 1 elements */
    struct stator_integer dimensions;                                  /* required; at least 1 */
};

struct stator_vector_index_description {
    struct stator_bytes index_name;
    struct stator_search_schema search_schema;
    const struct stator_projection *projection;
    const struct stator_vector_attribute_definition *vector_attribute;
    struct stator_integer dimensions;
    struct stator_enum distance_function; /* enum stator_vector_distance_function */
    struct stator_enum index_status;      /* enum stator_index_status */
    enum stator_flag backfilling;
    struct stator_integer index_size_bytes;
    struct stator_integer item_count;
    struct stator_bytes index_arn;
};

struct stator_vector_index_update {
    const struct stator_create_vector_index_action *create;
    const struct stator_delete_vector_index_action *delete_;
};

struct stator_warm_throughput {
    struct stator_integer read_units_per_second;
    struct stator_integer write_units_per_second;
};

/* Makes a table. It is ready when stator_describe_table says ACTIVE: stator/wait.h waits for that. The service's own
 * errors: ResourceInUseException, LimitExceededException, InternalServerError. */
STATOR_MUST_CHECK enum stator_rc stator_create_table(struct stator_call *call,
                                                     const struct stator_create_table_input *in,
                                                     const struct stator_create_table_output **out);
STATOR_MUST_CHECK enum stator_rc stator_create_table_start(struct stator_async *async, struct stator_call *call,
                                                           const struct stator_create_table_input *in,
                                                           stator_done *done, void *user);
const struct stator_create_table_output *stator_create_table_answer(const struct stator_call *call);

/* What is known of a table. The service's own errors: ResourceNotFoundException, InternalServerError. */
STATOR_MUST_CHECK enum stator_rc stator_describe_table(struct stator_call *call,
                                                       const struct stator_describe_table_input *in,
                                                       const struct stator_describe_table_output **out);
STATOR_MUST_CHECK enum stator_rc stator_describe_table_start(struct stator_async *async, struct stator_call *call,
                                                             const struct stator_describe_table_input *in,
                                                             stator_done *done, void *user);
const struct stator_describe_table_output *stator_describe_table_answer(const struct stator_call *call);

/* Changes throughput, indexes, the stream and other settings. The service's own errors: ResourceInUseException,
 * ResourceNotFoundException, LimitExceededException, InternalServerError. */
STATOR_MUST_CHECK enum stator_rc stator_update_table(struct stator_call *call,
                                                     const struct stator_update_table_input *in,
                                                     const struct stator_update_table_output **out);
STATOR_MUST_CHECK enum stator_rc stator_update_table_start(struct stator_async *async, struct stator_call *call,
                                                           const struct stator_update_table_input *in,
                                                           stator_done *done, void *user);
const struct stator_update_table_output *stator_update_table_answer(const struct stator_call *call);

/* Deletes a table and all its items. The service's own errors: ResourceInUseException, ResourceNotFoundException,
 * LimitExceededException, InternalServerError. */
STATOR_MUST_CHECK enum stator_rc stator_delete_table(struct stator_call *call,
                                                     const struct stator_delete_table_input *in,
                                                     const struct stator_delete_table_output **out);
STATOR_MUST_CHECK enum stator_rc stator_delete_table_start(struct stator_async *async, struct stator_call *call,
                                                           const struct stator_delete_table_input *in,
                                                           stator_done *done, void *user);
const struct stator_delete_table_output *stator_delete_table_answer(const struct stator_call *call);

/* Names of tables, a page at a time: stator/page.h goes on. The service's own errors: InternalServerError. */
STATOR_MUST_CHECK enum stator_rc stator_list_tables(struct stator_call *call, const struct stator_list_tables_input *in,
                                                    const struct stator_list_tables_output **out);
STATOR_MUST_CHECK enum stator_rc stator_list_tables_start(struct stator_async *async, struct stator_call *call,
                                                          const struct stator_list_tables_input *in, stator_done *done,
                                                          void *user);
const struct stator_list_tables_output *stator_list_tables_answer(const struct stator_call *call);

/* Whether items expire, and by which attribute. The service's own errors: ResourceNotFoundException,
 * InternalServerError. */
STATOR_MUST_CHECK enum stator_rc stator_describe_time_to_live(struct stator_call *call,
                                                              const struct stator_describe_time_to_live_input *in,
                                                              const struct stator_describe_time_to_live_output **out);
STATOR_MUST_CHECK enum stator_rc stator_describe_time_to_live_start(struct stator_async *async,
                                                                    struct stator_call *call,
                                                                    const struct stator_describe_time_to_live_input *in,
                                                                    stator_done *done, void *user);
const struct stator_describe_time_to_live_output *stator_describe_time_to_live_answer(const struct stator_call *call);

/* Lets items expire, or no longer. The service's own errors: ResourceInUseException, ResourceNotFoundException,
 * LimitExceededException, InternalServerError. */
STATOR_MUST_CHECK enum stator_rc stator_update_time_to_live(struct stator_call *call,
                                                            const struct stator_update_time_to_live_input *in,
                                                            const struct stator_update_time_to_live_output **out);
STATOR_MUST_CHECK enum stator_rc stator_update_time_to_live_start(struct stator_async *async, struct stator_call *call,
                                                                  const struct stator_update_time_to_live_input *in,
                                                                  stator_done *done, void *user);
const struct stator_update_time_to_live_output *stator_update_time_to_live_answer(const struct stator_call *call);

/* Adds tags to a table. The service's own errors: LimitExceededException, ResourceNotFoundException,
 * InternalServerError, ResourceInUseException. */
STATOR_MUST_CHECK enum stator_rc stator_tag_resource(struct stator_call *call,
                                                     const struct stator_tag_resource_input *in);
STATOR_MUST_CHECK enum stator_rc stator_tag_resource_start(struct stator_async *async, struct stator_call *call,
                                                           const struct stator_tag_resource_input *in,
                                                           stator_done *done, void *user);

/* Takes tags from a table. The service's own errors: LimitExceededException, ResourceNotFoundException,
 * InternalServerError, ResourceInUseException. */
STATOR_MUST_CHECK enum stator_rc stator_untag_resource(struct stator_call *call,
                                                       const struct stator_untag_resource_input *in);
STATOR_MUST_CHECK enum stator_rc stator_untag_resource_start(struct stator_async *async, struct stator_call *call,
                                                             const struct stator_untag_resource_input *in,
                                                             stator_done *done, void *user);

/* The tags of a table. The service's own errors: ResourceNotFoundException, InternalServerError. */
STATOR_MUST_CHECK enum stator_rc stator_list_tags_of_resource(struct stator_call *call,
                                                              const struct stator_list_tags_of_resource_input *in,
                                                              const struct stator_list_tags_of_resource_output **out);
STATOR_MUST_CHECK enum stator_rc stator_list_tags_of_resource_start(struct stator_async *async,
                                                                    struct stator_call *call,
                                                                    const struct stator_list_tags_of_resource_input *in,
                                                                    stator_done *done, void *user);
const struct stator_list_tags_of_resource_output *stator_list_tags_of_resource_answer(const struct stator_call *call);

/* The account's limits. The service's own errors: InternalServerError. */
STATOR_MUST_CHECK enum stator_rc stator_describe_limits(struct stator_call *call,
                                                        const struct stator_describe_limits_input *in,
                                                        const struct stator_describe_limits_output **out);
STATOR_MUST_CHECK enum stator_rc stator_describe_limits_start(struct stator_async *async, struct stator_call *call,
                                                              const struct stator_describe_limits_input *in,
                                                              stator_done *done, void *user);
const struct stator_describe_limits_output *stator_describe_limits_answer(const struct stator_call *call);

/* The endpoint to use; an answer to clients that ask. */
STATOR_MUST_CHECK enum stator_rc stator_describe_endpoints(struct stator_call *call,
                                                           const struct stator_describe_endpoints_request *in,
                                                           const struct stator_describe_endpoints_response **out);
STATOR_MUST_CHECK enum stator_rc stator_describe_endpoints_start(struct stator_async *async, struct stator_call *call,
                                                                 const struct stator_describe_endpoints_request *in,
                                                                 stator_done *done, void *user);
const struct stator_describe_endpoints_response *stator_describe_endpoints_answer(const struct stator_call *call);

/* Whether point-in-time recovery is on. The service's own errors: TableNotFoundException, InternalServerError. */
STATOR_MUST_CHECK enum stator_rc
stator_describe_continuous_backups(struct stator_call *call, const struct stator_describe_continuous_backups_input *in,
                                   const struct stator_describe_continuous_backups_output **out);
STATOR_MUST_CHECK enum stator_rc
stator_describe_continuous_backups_start(struct stator_async *async, struct stator_call *call,
                                         const struct stator_describe_continuous_backups_input *in, stator_done *done,
                                         void *user);
const struct stator_describe_continuous_backups_output *
stator_describe_continuous_backups_answer(const struct stator_call *call);

/* Turns point-in-time recovery on or off. The service's own errors: TableNotFoundException,
 * ContinuousBackupsUnavailableException, InternalServerError. */
STATOR_MUST_CHECK enum stator_rc
stator_update_continuous_backups(struct stator_call *call, const struct stator_update_continuous_backups_input *in,
                                 const struct stator_update_continuous_backups_output **out);
STATOR_MUST_CHECK enum stator_rc
stator_update_continuous_backups_start(struct stator_async *async, struct stator_call *call,
                                       const struct stator_update_continuous_backups_input *in, stator_done *done,
                                       void *user);
const struct stator_update_continuous_backups_output *
stator_update_continuous_backups_answer(const struct stator_call *call);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
