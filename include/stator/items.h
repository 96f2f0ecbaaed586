/* SPDX-License-Identifier: Apache-2.0 */
/* items: reading and writing items: one at a time, by key and by scan, in batches, in transactions, in PartiQL.
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
#ifndef STATOR_ITEMS_H
#define STATOR_ITEMS_H

#include "stator/call.h"
#include "stator/member.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

enum stator_attribute_action {
    STATOR_ATTRIBUTE_ACTION_ADD = 1,
    STATOR_ATTRIBUTE_ACTION_DELETE,
    STATOR_ATTRIBUTE_ACTION_PUT,
};

enum stator_batch_statement_error_code_enum {
    STATOR_BATCH_STATEMENT_ERROR_CODE_ENUM_THROTTLING_ERROR = 1,
    STATOR_BATCH_STATEMENT_ERROR_CODE_ENUM_INTERNAL_SERVER_ERROR,
    STATOR_BATCH_STATEMENT_ERROR_CODE_ENUM_VALIDATION_ERROR,
    STATOR_BATCH_STATEMENT_ERROR_CODE_ENUM_TRANSACTION_CONFLICT,
    STATOR_BATCH_STATEMENT_ERROR_CODE_ENUM_PROVISIONED_THROUGHPUT_EXCEEDED,
    STATOR_BATCH_STATEMENT_ERROR_CODE_ENUM_ITEM_COLLECTION_SIZE_LIMIT_EXCEEDED,
    STATOR_BATCH_STATEMENT_ERROR_CODE_ENUM_RESOURCE_NOT_FOUND,
    STATOR_BATCH_STATEMENT_ERROR_CODE_ENUM_DUPLICATE_ITEM,
    STATOR_BATCH_STATEMENT_ERROR_CODE_ENUM_ACCESS_DENIED,
    STATOR_BATCH_STATEMENT_ERROR_CODE_ENUM_CONDITIONAL_CHECK_FAILED,
    STATOR_BATCH_STATEMENT_ERROR_CODE_ENUM_REQUEST_LIMIT_EXCEEDED,
};

enum stator_comparison_operator {
    STATOR_COMPARISON_OPERATOR_IN = 1,
    STATOR_COMPARISON_OPERATOR_NULL,
    STATOR_COMPARISON_OPERATOR_BETWEEN,
    STATOR_COMPARISON_OPERATOR_LT,
    STATOR_COMPARISON_OPERATOR_NOT_CONTAINS,
    STATOR_COMPARISON_OPERATOR_EQ,
    STATOR_COMPARISON_OPERATOR_GT,
    STATOR_COMPARISON_OPERATOR_NOT_NULL,
    STATOR_COMPARISON_OPERATOR_NE,
    STATOR_COMPARISON_OPERATOR_LE,
    STATOR_COMPARISON_OPERATOR_BEGINS_WITH,
    STATOR_COMPARISON_OPERATOR_GE,
    STATOR_COMPARISON_OPERATOR_CONTAINS,
};

enum stator_conditional_operator {
    STATOR_CONDITIONAL_OPERATOR_OR = 1,
    STATOR_CONDITIONAL_OPERATOR_AND,
};

enum stator_return_consumed_capacity {
    STATOR_RETURN_CONSUMED_CAPACITY_INDEXES = 1,
    STATOR_RETURN_CONSUMED_CAPACITY_TOTAL,
    STATOR_RETURN_CONSUMED_CAPACITY_NONE,
};

enum stator_return_item_collection_metrics {
    STATOR_RETURN_ITEM_COLLECTION_METRICS_SIZE = 1,
    STATOR_RETURN_ITEM_COLLECTION_METRICS_NONE,
};

enum stator_return_value {
    STATOR_RETURN_VALUE_ALL_NEW = 1,
    STATOR_RETURN_VALUE_UPDATED_OLD,
    STATOR_RETURN_VALUE_ALL_OLD,
    STATOR_RETURN_VALUE_NONE,
    STATOR_RETURN_VALUE_UPDATED_NEW,
};

enum stator_return_values_on_condition_check_failure {
    STATOR_RETURN_VALUES_ON_CONDITION_CHECK_FAILURE_ALL_OLD = 1,
    STATOR_RETURN_VALUES_ON_CONDITION_CHECK_FAILURE_NONE,
};

enum stator_select {
    STATOR_SELECT_SPECIFIC_ATTRIBUTES = 1,
    STATOR_SELECT_COUNT,
    STATOR_SELECT_ALL_ATTRIBUTES,
    STATOR_SELECT_ALL_PROJECTED_ATTRIBUTES,
};

struct stator_attribute_value_update;
struct stator_keys_and_attributes;
struct stator_expected_attribute_value;
struct stator_condition;
struct stator_capacity;
struct stator_vector_capacity;
struct stator_batch_statement_error;
struct stator_batch_statement_request;
struct stator_batch_statement_response;
struct stator_condition_check;
struct stator_consumed_capacity;
struct stator_delete;
struct stator_delete_request;
struct stator_get;
struct stator_item_collection_metrics;
struct stator_item_response;
struct stator_parameterized_statement;
struct stator_put;
struct stator_put_request;
struct stator_transact_get_item;
struct stator_transact_write_item;
struct stator_update;
struct stator_write_request;

struct stator_attribute_name_list {
    const struct stator_bytes *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_attribute_value_list {
    const struct stator_value *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_consumed_capacity_multiple {
    const struct stator_consumed_capacity *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_item_collection_metrics_multiple {
    const struct stator_item_collection_metrics *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_item_collection_size_estimate_range {
    const struct stator_number *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_item_list {
    const struct stator_item *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_item_response_list {
    const struct stator_item_response *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_key_list {
    const struct stator_item *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_parameterized_statements {
    const struct stator_parameterized_statement *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_partiql_batch_request {
    const struct stator_batch_statement_request *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_partiql_batch_response {
    const struct stator_batch_statement_response *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_prepared_statement_parameters {
    const struct stator_value *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_transact_get_item_list {
    const struct stator_transact_get_item *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_transact_write_item_list {
    const struct stator_transact_write_item *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_write_requests {
    const struct stator_write_request *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_attribute_value_update {
    struct stator_enum action; /* enum stator_attribute_action */
    struct stator_value value;
};

struct stator_attribute_updates_entry {
    struct stator_bytes key;
    struct stator_attribute_value_update value;
};
struct stator_attribute_updates {
    const struct stator_attribute_updates_entry *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_expression_attribute_name_map_entry {
    struct stator_bytes key;
    struct stator_bytes value;
};
struct stator_expression_attribute_name_map {
    const struct stator_expression_attribute_name_map_entry *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_keys_and_attributes {
    struct stator_expression_attribute_name_map expression_attribute_names;
    struct stator_key_list keys; /* required; 1 to 100 elements */
    enum stator_flag consistent_read;
    struct stator_bytes projection_expression;
    struct stator_attribute_name_list attributes_to_get; /* at least 1 elements */
};

struct stator_batch_get_request_map_entry {
    struct stator_bytes key;
    struct stator_keys_and_attributes value;
};
struct stator_batch_get_request_map {
    const struct stator_batch_get_request_map_entry *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_batch_get_response_map_entry {
    struct stator_bytes key;
    struct stator_item_list value;
};
struct stator_batch_get_response_map {
    const struct stator_batch_get_response_map_entry *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_batch_write_item_request_map_entry {
    struct stator_bytes key;
    struct stator_write_requests value;
};
struct stator_batch_write_item_request_map {
    const struct stator_batch_write_item_request_map_entry *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_expected_attribute_value {
    struct stator_attribute_value_list attribute_value_list;
    struct stator_enum comparison_operator; /* enum stator_comparison_operator */
    enum stator_flag exists;
    struct stator_value value;
};

struct stator_expected_attribute_map_entry {
    struct stator_bytes key;
    struct stator_expected_attribute_value value;
};
struct stator_expected_attribute_map {
    const struct stator_expected_attribute_map_entry *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_condition {
    struct stator_attribute_value_list attribute_value_list;
    struct stator_enum comparison_operator; /* required; enum stator_comparison_operator */
};

struct stator_filter_condition_map_entry {
    struct stator_bytes key;
    struct stator_condition value;
};
struct stator_filter_condition_map {
    const struct stator_filter_condition_map_entry *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_item_collection_metrics_per_table_entry {
    struct stator_bytes key;
    struct stator_item_collection_metrics_multiple value;
};
struct stator_item_collection_metrics_per_table {
    const struct stator_item_collection_metrics_per_table_entry *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_key_conditions_entry {
    struct stator_bytes key;
    struct stator_condition value;
};
struct stator_key_conditions {
    const struct stator_key_conditions_entry *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_capacity {
    struct stator_number read_capacity_units;
    struct stator_number write_capacity_units;
    struct stator_number capacity_units;
};

struct stator_secondary_indexes_capacity_map_entry {
    struct stator_bytes key;
    struct stator_capacity value;
};
struct stator_secondary_indexes_capacity_map {
    const struct stator_secondary_indexes_capacity_map_entry *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_vector_capacity {
    struct stator_number vector_search_request_bytes;
    struct stator_number vector_write_request_bytes;
};

struct stator_vector_indexes_capacity_map_entry {
    struct stator_bytes key;
    struct stator_vector_capacity value;
};
struct stator_vector_indexes_capacity_map {
    const struct stator_vector_indexes_capacity_map_entry *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_batch_execute_statement_input {
    struct stator_enum return_consumed_capacity;    /* enum stator_return_consumed_capacity */
    struct stator_partiql_batch_request statements; /* required; 1 to 25 elements */
};

struct stator_batch_execute_statement_output {
    struct stator_partiql_batch_response responses;
    struct stator_consumed_capacity_multiple consumed_capacity;
};

struct stator_batch_get_item_input {
    struct stator_batch_get_request_map request_items; /* required; 1 to 100 elements */
    struct stator_enum return_consumed_capacity;       /* enum stator_return_consumed_capacity */
};

struct stator_batch_get_item_output {
    struct stator_batch_get_response_map responses;
    struct stator_batch_get_request_map unprocessed_keys;
    struct stator_consumed_capacity_multiple consumed_capacity;
};

struct stator_batch_statement_error {
    struct stator_enum code; /* enum stator_batch_statement_error_code_enum */
    struct stator_bytes message;
    struct stator_item item;
};

struct stator_batch_statement_request {
    struct stator_enum
        return_values_on_condition_check_failure; /* enum stator_return_values_on_condition_check_failure */
    enum stator_flag consistent_read;
    struct stator_bytes statement;                          /* required; 1 to 8192 characters */
    struct stator_prepared_statement_parameters parameters; /* at least 1 elements */
};

struct stator_batch_statement_response {
    const struct stator_batch_statement_error *error;
    struct stator_bytes table_name;
    struct stator_item item;
};

struct stator_batch_write_item_input {
    struct stator_batch_write_item_request_map request_items; /* required; 1 to 25 elements */
    struct stator_enum return_consumed_capacity;              /* enum stator_return_consumed_capacity */
    struct stator_enum return_item_collection_metrics;        /* enum stator_return_item_collection_metrics */
};

struct stator_batch_write_item_output {
    struct stator_batch_write_item_request_map unprocessed_items;
    struct stator_item_collection_metrics_per_table item_collection_metrics;
    struct stator_consumed_capacity_multiple consumed_capacity;
};

struct stator_condition_check {
    struct stator_bytes condition_expression; /* required */
    struct stator_enum
        return_values_on_condition_check_failure; /* enum stator_return_values_on_condition_check_failure */
    struct stator_expression_attribute_name_map expression_attribute_names;
    struct stator_item expression_attribute_values;
    struct stator_item key;         /* required */
    struct stator_bytes table_name; /* required; 1 to 255 characters */
};

struct stator_consumed_capacity {
    struct stator_bytes table_name;
    struct stator_number capacity_units;
    struct stator_number read_capacity_units;
    struct stator_number write_capacity_units;
    const struct stator_capacity *table;
    struct stator_secondary_indexes_capacity_map local_secondary_indexes;
    struct stator_secondary_indexes_capacity_map global_secondary_indexes;
    struct stator_vector_indexes_capacity_map vector_indexes;
};

struct stator_delete {
    struct stator_bytes condition_expression;
    struct stator_enum
        return_values_on_condition_check_failure; /* enum stator_return_values_on_condition_check_failure */
    struct stator_expression_attribute_name_map expression_attribute_names;
    struct stator_item expression_attribute_values;
    struct stator_item key;         /* required */
    struct stator_bytes table_name; /* required; 1 to 255 characters */
};

struct stator_delete_item_input {
    struct stator_enum return_values;        /* enum stator_return_value */
    struct stator_enum conditional_operator; /* enum stator_conditional_operator */
    struct stator_bytes condition_expression;
    struct stator_enum
        return_values_on_condition_check_failure; /* enum stator_return_values_on_condition_check_failure */
    struct stator_expression_attribute_name_map expression_attribute_names;
    struct stator_item expression_attribute_values;
    struct stator_expected_attribute_map expected;
    struct stator_enum return_consumed_capacity;       /* enum stator_return_consumed_capacity */
    struct stator_enum return_item_collection_metrics; /* enum stator_return_item_collection_metrics */
    struct stator_item key;                            /* required */
    struct stator_bytes table_name;                    /* required; 1 to 255 characters */
};

struct stator_delete_item_output {
    struct stator_item attributes;
    const struct stator_consumed_capacity *consumed_capacity;
    const struct stator_item_collection_metrics *item_collection_metrics;
};

struct stator_delete_request {
    struct stator_item key; /* required */
};

struct stator_execute_statement_input {
    struct stator_enum
        return_values_on_condition_check_failure; /* enum stator_return_values_on_condition_check_failure */
    struct stator_bytes next_token;               /* 1 to 32768 characters */
    enum stator_flag consistent_read;
    struct stator_bytes statement;                          /* required; 1 to 8192 characters */
    struct stator_integer limit;                            /* at least 1 */
    struct stator_enum return_consumed_capacity;            /* enum stator_return_consumed_capacity */
    struct stator_prepared_statement_parameters parameters; /* at least 1 elements */
};

struct stator_execute_statement_output {
    struct stator_item_list items;
    struct stator_bytes next_token;
    const struct stator_consumed_capacity *consumed_capacity;
    struct stator_item last_evaluated_key;
};

struct stator_execute_transaction_input {
    struct stator_bytes client_request_token;                   /* 1 to 36 characters */
    struct stator_parameterized_statements transact_statements; /* required; 1 to 100 elements */
    struct stator_enum return_consumed_capacity;                /* enum stator_return_consumed_capacity */
};

struct stator_execute_transaction_output {
    struct stator_item_response_list responses;
    struct stator_consumed_capacity_multiple consumed_capacity;
};

struct stator_get {
    struct stator_expression_attribute_name_map expression_attribute_names;
    struct stator_bytes projection_expression;
    struct stator_item key;         /* required */
    struct stator_bytes table_name; /* required; 1 to 255 characters */
};

struct stator_get_item_input {
    struct stator_expression_attribute_name_map expression_attribute_names;
    enum stator_flag consistent_read;
    struct stator_bytes projection_expression;
    struct stator_attribute_name_list attributes_to_get; /* at least 1 elements */
    struct stator_enum return_consumed_capacity;         /* enum stator_return_consumed_capacity */
    struct stator_item key;                              /* required */
    struct stator_bytes table_name;                      /* required; 1 to 255 characters */
};

struct stator_get_item_output {
    struct stator_item item;
    const struct stator_consumed_capacity *consumed_capacity;
};

struct stator_item_collection_metrics {
    struct stator_item item_collection_key;
    struct stator_item_collection_size_estimate_range size_estimate_range_gb;
};

struct stator_item_response {
    struct stator_item item;
};

struct stator_parameterized_statement {
    struct stator_enum
        return_values_on_condition_check_failure;           /* enum stator_return_values_on_condition_check_failure */
    struct stator_bytes statement;                          /* required; 1 to 8192 characters */
    struct stator_prepared_statement_parameters parameters; /* at least 1 elements */
};

struct stator_put {
    struct stator_item item; /* required */
    struct stator_bytes condition_expression;
    struct stator_enum
        return_values_on_condition_check_failure; /* enum stator_return_values_on_condition_check_failure */
    struct stator_expression_attribute_name_map expression_attribute_names;
    struct stator_item expression_attribute_values;
    struct stator_bytes table_name; /* required; 1 to 255 characters */
};

struct stator_put_item_input {
    struct stator_enum return_values;        /* enum stator_return_value */
    struct stator_enum conditional_operator; /* enum stator_conditional_operator */
    struct stator_item item;                 /* required */
    struct stator_bytes condition_expression;
    struct stator_enum
        return_values_on_condition_check_failure; /* enum stator_return_values_on_condition_check_failure */
    struct stator_expression_attribute_name_map expression_attribute_names;
    struct stator_item expression_attribute_values;
    struct stator_expected_attribute_map expected;
    struct stator_enum return_consumed_capacity;       /* enum stator_return_consumed_capacity */
    struct stator_enum return_item_collection_metrics; /* enum stator_return_item_collection_metrics */
    struct stator_bytes table_name;                    /* required; 1 to 255 characters */
};

struct stator_put_item_output {
    struct stator_item attributes;
    const struct stator_consumed_capacity *consumed_capacity;
    const struct stator_item_collection_metrics *item_collection_metrics;
};

struct stator_put_request {
    struct stator_item item; /* required */
};

struct stator_query_input {
    struct stator_enum select; /* enum stator_select */
    struct stator_expression_attribute_name_map expression_attribute_names;
    struct stator_bytes index_name; /* 3 to 255 characters */
    struct stator_item exclusive_start_key;
    struct stator_bytes projection_expression;
    struct stator_filter_condition_map query_filter;
    struct stator_enum return_consumed_capacity; /* enum stator_return_consumed_capacity */
    enum stator_flag scan_index_forward;
    struct stator_bytes table_name;          /* required; 1 to 255 characters */
    struct stator_enum conditional_operator; /* enum stator_conditional_operator */
    struct stator_bytes key_condition_expression;
    struct stator_item expression_attribute_values;
    enum stator_flag consistent_read;
    struct stator_attribute_name_list attributes_to_get; /* at least 1 elements */
    struct stator_integer limit;                         /* at least 1 */
    struct stator_bytes filter_expression;
    struct stator_key_conditions key_conditions;
};

struct stator_query_output {
    struct stator_item_list items;
    struct stator_integer count;
    struct stator_integer scanned_count;
    struct stator_item last_evaluated_key;
    const struct stator_consumed_capacity *consumed_capacity;
};

struct stator_scan_input {
    struct stator_enum select; /* enum stator_select */
    struct stator_expression_attribute_name_map expression_attribute_names;
    struct stator_bytes index_name; /* 3 to 255 characters */
    struct stator_item exclusive_start_key;
    struct stator_integer total_segments; /* 1 to 1000000 */
    struct stator_bytes projection_expression;
    struct stator_enum return_consumed_capacity; /* enum stator_return_consumed_capacity */
    struct stator_bytes table_name;              /* required; 1 to 255 characters */
    struct stator_enum conditional_operator;     /* enum stator_conditional_operator */
    struct stator_filter_condition_map scan_filter;
    struct stator_item expression_attribute_values;
    struct stator_integer segment; /* 0 to 999999 */
    enum stator_flag consistent_read;
    struct stator_attribute_name_list attributes_to_get; /* at least 1 elements */
    struct stator_integer limit;                         /* at least 1 */
    struct stator_bytes filter_expression;
};

struct stator_scan_output {
    struct stator_item_list items;
    struct stator_integer count;
    struct stator_integer scanned_count;
    struct stator_item last_evaluated_key;
    const struct stator_consumed_capacity *consumed_capacity;
};

struct stator_transact_get_item {
    const struct stator_get *get; /* required */
};

struct stator_transact_get_items_input {
    struct stator_transact_get_item_list transact_items; /* required; 1 to 100 elements */
    struct stator_enum return_consumed_capacity;         /* enum stator_return_consumed_capacity */
};

struct stator_transact_get_items_output {
    struct stator_consumed_capacity_multiple consumed_capacity;
    struct stator_item_response_list responses;
};

struct stator_transact_write_item {
    const struct stator_update *update;
    const struct stator_condition_check *condition_check;
    const struct stator_delete *delete_;
    const struct stator_put *put;
};

struct stator_transact_write_items_input {
    struct stator_transact_write_item_list transact_items; /* required; 1 to 100 elements */
    struct stator_bytes client_request_token;              /* 1 to 36 characters */
    struct stator_enum return_consumed_capacity;           /* enum stator_return_consumed_capacity */
    struct stator_enum return_item_collection_metrics;     /* enum stator_return_item_collection_metrics */
};

struct stator_transact_write_items_output {
    struct stator_consumed_capacity_multiple consumed_capacity;
    struct stator_item_collection_metrics_per_table item_collection_metrics;
};

struct stator_update {
    struct stator_bytes condition_expression;
    struct stator_enum
        return_values_on_condition_check_failure; /* enum stator_return_values_on_condition_check_failure */
    struct stator_expression_attribute_name_map expression_attribute_names;
    struct stator_item expression_attribute_values;
    struct stator_bytes update_expression; /* required */
    struct stator_item key;                /* required */
    struct stator_bytes table_name;        /* required; 1 to 255 characters */
};

struct stator_update_item_input {
    struct stator_bytes condition_expression;
    struct stator_expression_attribute_name_map expression_attribute_names;
    struct stator_expected_attribute_map expected;
    struct stator_enum return_consumed_capacity; /* enum stator_return_consumed_capacity */
    struct stator_bytes table_name;              /* required; 1 to 255 characters */
    struct stator_enum return_values;            /* enum stator_return_value */
    struct stator_enum conditional_operator;     /* enum stator_conditional_operator */
    struct stator_enum
        return_values_on_condition_check_failure; /* enum stator_return_values_on_condition_check_failure */
    struct stator_attribute_updates attribute_updates;
    struct stator_item expression_attribute_values;
    struct stator_bytes update_expression;
    struct stator_enum return_item_collection_metrics; /* enum stator_return_item_collection_metrics */
    struct stator_item key;                            /* required */
};

struct stator_update_item_output {
    struct stator_item attributes;
    const struct stator_consumed_capacity *consumed_capacity;
    const struct stator_item_collection_metrics *item_collection_metrics;
};

struct stator_write_request {
    const struct stator_put_request *put_request;
    const struct stator_delete_request *delete_request;
};

/* Reads an item by its key. out->item is not set when there is none. The service's own errors:
 * ProvisionedThroughputExceededException, ResourceNotFoundException, RequestLimitExceeded, InternalServerError,
 * ThrottlingException. */
STATOR_MUST_CHECK enum stator_rc stator_get_item(struct stator_call *call, const struct stator_get_item_input *in,
                                                 const struct stator_get_item_output **out);
STATOR_MUST_CHECK enum stator_rc stator_get_item_start(struct stator_async *async, struct stator_call *call,
                                                       const struct stator_get_item_input *in, stator_done *done,
                                                       void *user);
const struct stator_get_item_output *stator_get_item_answer(const struct stator_call *call);

/* Writes an item, in place of one with the same key. The service's own errors: ConditionalCheckFailedException,
 * ProvisionedThroughputExceededException, ResourceNotFoundException, ItemCollectionSizeLimitExceededException,
 * TransactionConflictException, RequestLimitExceeded, InternalServerError, ReplicatedWriteConflictException,
 * ThrottlingException. */
STATOR_MUST_CHECK enum stator_rc stator_put_item(struct stator_call *call, const struct stator_put_item_input *in,
                                                 const struct stator_put_item_output **out);
STATOR_MUST_CHECK enum stator_rc stator_put_item_start(struct stator_async *async, struct stator_call *call,
                                                       const struct stator_put_item_input *in, stator_done *done,
                                                       void *user);
const struct stator_put_item_output *stator_put_item_answer(const struct stator_call *call);

/* Changes attributes of an item, or makes it. The service's own errors: ConditionalCheckFailedException,
 * ProvisionedThroughputExceededException, ResourceNotFoundException, ItemCollectionSizeLimitExceededException,
 * TransactionConflictException, RequestLimitExceeded, InternalServerError, ReplicatedWriteConflictException,
 * ThrottlingException. */
STATOR_MUST_CHECK enum stator_rc stator_update_item(struct stator_call *call, const struct stator_update_item_input *in,
                                                    const struct stator_update_item_output **out);
STATOR_MUST_CHECK enum stator_rc stator_update_item_start(struct stator_async *async, struct stator_call *call,
                                                          const struct stator_update_item_input *in, stator_done *done,
                                                          void *user);
const struct stator_update_item_output *stator_update_item_answer(const struct stator_call *call);

/* Deletes an item by its key; without one there it does well all the same. The service's own errors:
 * ConditionalCheckFailedException, ProvisionedThroughputExceededException, ResourceNotFoundException,
 * ItemCollectionSizeLimitExceededException, TransactionConflictException, RequestLimitExceeded, InternalServerError,
 * ReplicatedWriteConflictException, ThrottlingException. */
STATOR_MUST_CHECK enum stator_rc stator_delete_item(struct stator_call *call, const struct stator_delete_item_input *in,
                                                    const struct stator_delete_item_output **out);
STATOR_MUST_CHECK enum stator_rc stator_delete_item_start(struct stator_async *async, struct stator_call *call,
                                                          const struct stator_delete_item_input *in, stator_done *done,
                                                          void *user);
const struct stator_delete_item_output *stator_delete_item_answer(const struct stator_call *call);

/* Reads items of one partition in the order of their sort key, a page at a time: stator/page.h goes on. The service's
 * own errors: ProvisionedThroughputExceededException, ResourceNotFoundException, RequestLimitExceeded,
 * InternalServerError, ThrottlingException. */
STATOR_MUST_CHECK enum stator_rc stator_query(struct stator_call *call, const struct stator_query_input *in,
                                              const struct stator_query_output **out);
STATOR_MUST_CHECK enum stator_rc stator_query_start(struct stator_async *async, struct stator_call *call,
                                                    const struct stator_query_input *in, stator_done *done, void *user);
const struct stator_query_output *stator_query_answer(const struct stator_call *call);

/* Reads a whole table or index, a page at a time: stator/page.h goes on. The service's own errors:
 * ProvisionedThroughputExceededException, ResourceNotFoundException, RequestLimitExceeded, InternalServerError,
 * ThrottlingException. */
STATOR_MUST_CHECK enum stator_rc stator_scan(struct stator_call *call, const struct stator_scan_input *in,
                                             const struct stator_scan_output **out);
STATOR_MUST_CHECK enum stator_rc stator_scan_start(struct stator_async *async, struct stator_call *call,
                                                   const struct stator_scan_input *in, stator_done *done, void *user);
const struct stator_scan_output *stator_scan_answer(const struct stator_call *call);

/* Reads up to 100 items. What was not read is in out->unprocessed_keys: stator/batch.h goes on. The service's own
 * errors: ProvisionedThroughputExceededException, ResourceNotFoundException, RequestLimitExceeded,
 * InternalServerError, ThrottlingException. */
STATOR_MUST_CHECK enum stator_rc stator_batch_get_item(struct stator_call *call,
                                                       const struct stator_batch_get_item_input *in,
                                                       const struct stator_batch_get_item_output **out);
STATOR_MUST_CHECK enum stator_rc stator_batch_get_item_start(struct stator_async *async, struct stator_call *call,
                                                             const struct stator_batch_get_item_input *in,
                                                             stator_done *done, void *user);
const struct stator_batch_get_item_output *stator_batch_get_item_answer(const struct stator_call *call);

/* Puts or deletes up to 25 items, each on its own. What was not written is in out->unprocessed_items: stator/batch.h
 * goes on. The service's own errors: ProvisionedThroughputExceededException, ResourceNotFoundException,
 * ItemCollectionSizeLimitExceededException, RequestLimitExceeded, InternalServerError,
 * ReplicatedWriteConflictException, ThrottlingException. */
STATOR_MUST_CHECK enum stator_rc stator_batch_write_item(struct stator_call *call,
                                                         const struct stator_batch_write_item_input *in,
                                                         const struct stator_batch_write_item_output **out);
STATOR_MUST_CHECK enum stator_rc stator_batch_write_item_start(struct stator_async *async, struct stator_call *call,
                                                               const struct stator_batch_write_item_input *in,
                                                               stator_done *done, void *user);
const struct stator_batch_write_item_output *stator_batch_write_item_answer(const struct stator_call *call);

/* Reads up to 100 items as of one moment. The service's own errors: ResourceNotFoundException,
 * TransactionCanceledException, ProvisionedThroughputExceededException, RequestLimitExceeded, InternalServerError,
 * ThrottlingException. */
STATOR_MUST_CHECK enum stator_rc stator_transact_get_items(struct stator_call *call,
                                                           const struct stator_transact_get_items_input *in,
                                                           const struct stator_transact_get_items_output **out);
STATOR_MUST_CHECK enum stator_rc stator_transact_get_items_start(struct stator_async *async, struct stator_call *call,
                                                                 const struct stator_transact_get_items_input *in,
                                                                 stator_done *done, void *user);
const struct stator_transact_get_items_output *stator_transact_get_items_answer(const struct stator_call *call);

/* Up to 100 writes and checks, all or none. Without a client_request_token the library makes one, so that a repeated
 * attempt is not a second transaction. Refused, the reasons are in the failure. The service's own errors:
 * ResourceNotFoundException, TransactionCanceledException, TransactionInProgressException,
 * IdempotentParameterMismatchException, ProvisionedThroughputExceededException, RequestLimitExceeded,
 * InternalServerError, ThrottlingException. */
STATOR_MUST_CHECK enum stator_rc stator_transact_write_items(struct stator_call *call,
                                                             const struct stator_transact_write_items_input *in,
                                                             const struct stator_transact_write_items_output **out);
STATOR_MUST_CHECK enum stator_rc stator_transact_write_items_start(struct stator_async *async, struct stator_call *call,
                                                                   const struct stator_transact_write_items_input *in,
                                                                   stator_done *done, void *user);
const struct stator_transact_write_items_output *stator_transact_write_items_answer(const struct stator_call *call);

/* One PartiQL statement. The service's own errors: ConditionalCheckFailedException,
 * ProvisionedThroughputExceededException, ResourceNotFoundException, ItemCollectionSizeLimitExceededException,
 * TransactionConflictException, RequestLimitExceeded, InternalServerError, DuplicateItemException,
 * ThrottlingException. */
STATOR_MUST_CHECK enum stator_rc stator_execute_statement(struct stator_call *call,
                                                          const struct stator_execute_statement_input *in,
                                                          const struct stator_execute_statement_output **out);
STATOR_MUST_CHECK enum stator_rc stator_execute_statement_start(struct stator_async *async, struct stator_call *call,
                                                                const struct stator_execute_statement_input *in,
                                                                stator_done *done, void *user);
const struct stator_execute_statement_output *stator_execute_statement_answer(const struct stator_call *call);

/* Up to 25 PartiQL statements, each on its own. The service's own errors: RequestLimitExceeded, InternalServerError,
 * ThrottlingException. */
STATOR_MUST_CHECK enum stator_rc
stator_batch_execute_statement(struct stator_call *call, const struct stator_batch_execute_statement_input *in,
                               const struct stator_batch_execute_statement_output **out);
STATOR_MUST_CHECK enum stator_rc
stator_batch_execute_statement_start(struct stator_async *async, struct stator_call *call,
                                     const struct stator_batch_execute_statement_input *in, stator_done *done,
                                     void *user);
const struct stator_batch_execute_statement_output *
stator_batch_execute_statement_answer(const struct stator_call *call);

/* Up to 100 PartiQL statements, all or none. The token is as with stator_transact_write_items. The service's own
 * errors: ResourceNotFoundException, TransactionCanceledException, TransactionInProgressException,
 * IdempotentParameterMismatchException, ProvisionedThroughputExceededException, RequestLimitExceeded,
 * InternalServerError, ThrottlingException. */
STATOR_MUST_CHECK enum stator_rc stator_execute_transaction(struct stator_call *call,
                                                            const struct stator_execute_transaction_input *in,
                                                            const struct stator_execute_transaction_output **out);
STATOR_MUST_CHECK enum stator_rc stator_execute_transaction_start(struct stator_async *async, struct stator_call *call,
                                                                  const struct stator_execute_transaction_input *in,
                                                                  stator_done *done, void *user);
const struct stator_execute_transaction_output *stator_execute_transaction_answer(const struct stator_call *call);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
