// SPDX-License-Identifier: Apache-2.0
//! The operations of the cases, by their names in the API: JSON in, JSON out, the SDK's builders and types between.
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use serde_json::Value;

use crate::{members_of, set_members};

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// The service said so: the error's name and its message.
    Refused { code: String, message: String },
    /// Anything else, as text.
    Other(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { code, message } => write!(out, "{code}: {message}"),
            Self::Other(text) => out.write_str(text),
        }
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self::Other(text)
    }
}

impl<E, R> From<SdkError<E, R>> for Failure
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        match (&error, error.code()) {
            (SdkError::ServiceError(_), Some(code)) => {
                Self::Refused { code: code.to_owned(), message: error.message().unwrap_or_default().to_owned() }
            }
            _ => Self::Other(DisplayErrorContext(&error).to_string()),
        }
    }
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, Failure>> + Send + 'a>>;

macro_rules! operations {
    ($($name:literal $call:ident { $($set:ident)* } -> { $($field:ident)* })*) => {
        pub fn send<'a>(client: &'a Client, operation: &'a str, input: &'a Value) -> Answer<'a> {
            match operation {
                $($name => Box::pin(async move {
                    let _answer = set_members!(client.$call(), input; $($set)*).send().await?;
                    Ok(members_of!(_answer; $($field)*))
                }),)*
                _ => Box::pin(async move { Err(Failure::Other(format!("src/operations.rs does not name {operation}"))) }),
            }
        }
    };
}

operations! {
    "BatchExecuteStatement" batch_execute_statement { set_return_consumed_capacity set_statements } -> {
        consumed_capacity responses
    }
    "BatchGetItem" batch_get_item { set_request_items set_return_consumed_capacity } -> {
        consumed_capacity responses unprocessed_keys
    }
    "BatchWriteItem" batch_write_item { set_request_items set_return_consumed_capacity } -> {
        consumed_capacity unprocessed_items
    }
    "CreateTable" create_table {
        set_attribute_definitions set_billing_mode set_deletion_protection_enabled set_global_secondary_indexes
        set_key_schema set_local_secondary_indexes set_on_demand_throughput set_provisioned_throughput
        set_stream_specification set_table_class set_table_name
    } -> { table_description }
    "DeleteItem" delete_item {
        set_condition_expression set_conditional_operator set_expected set_expression_attribute_names
        set_expression_attribute_values set_key set_return_consumed_capacity set_return_item_collection_metrics
        set_return_values set_table_name
    } -> { attributes consumed_capacity item_collection_metrics }
    "DeleteResourcePolicy" delete_resource_policy { set_expected_revision_id set_resource_arn } -> { revision_id }
    "DeleteTable" delete_table { set_table_name } -> { table_description }
    "DescribeContinuousBackups" describe_continuous_backups { set_table_name } -> { continuous_backups_description }
    "DescribeContributorInsights" describe_contributor_insights { set_index_name set_table_name } -> {
        contributor_insights_rule_list contributor_insights_status index_name table_name
    }
    "DescribeEndpoints" describe_endpoints {} -> { endpoints }
    "DescribeKinesisStreamingDestination" describe_kinesis_streaming_destination { set_table_name } -> {
        kinesis_data_stream_destinations table_name
    }
    "DescribeLimits" describe_limits {} -> {
        account_max_read_capacity_units account_max_write_capacity_units table_max_read_capacity_units
        table_max_write_capacity_units
    }
    "DescribeTable" describe_table { set_table_name } -> { table }
    "DescribeTableReplicaAutoScaling" describe_table_replica_auto_scaling { set_table_name } -> {}
    "DescribeTimeToLive" describe_time_to_live { set_table_name } -> { time_to_live_description }
    "DisableKinesisStreamingDestination" disable_kinesis_streaming_destination { set_stream_arn set_table_name } -> {
        destination_status stream_arn table_name
    }
    "EnableKinesisStreamingDestination" enable_kinesis_streaming_destination { set_stream_arn set_table_name } -> {
        destination_status stream_arn table_name
    }
    "ExecuteStatement" execute_statement {
        set_consistent_read set_limit set_next_token set_parameters set_return_consumed_capacity set_statement
    } -> { consumed_capacity items last_evaluated_key next_token }
    "ExecuteTransaction" execute_transaction {
        set_client_request_token set_return_consumed_capacity set_transact_statements
    } -> {
        consumed_capacity responses
    }
    "GetItem" get_item {
        set_attributes_to_get set_consistent_read set_expression_attribute_names set_key set_projection_expression
        set_return_consumed_capacity set_table_name
    } -> { consumed_capacity item }
    "GetResourcePolicy" get_resource_policy { set_resource_arn } -> { policy revision_id }
    "ListContributorInsights" list_contributor_insights { set_table_name } -> { contributor_insights_summaries next_token }
    "ListGlobalTables" list_global_tables { set_region_name } -> { global_tables }
    "ListTagsOfResource" list_tags_of_resource { set_next_token set_resource_arn } -> { next_token tags }
    "PutItem" put_item {
        set_condition_expression set_conditional_operator set_expected set_expression_attribute_names
        set_expression_attribute_values set_item set_return_consumed_capacity set_return_item_collection_metrics
        set_return_values set_table_name
    } -> { attributes consumed_capacity item_collection_metrics }
    "PutResourcePolicy" put_resource_policy { set_expected_revision_id set_policy set_resource_arn } -> { revision_id }
    "Query" query {
        set_attributes_to_get set_conditional_operator set_consistent_read set_exclusive_start_key
        set_expression_attribute_names set_expression_attribute_values set_filter_expression set_index_name
        set_key_condition_expression set_key_conditions set_limit set_projection_expression set_query_filter
        set_return_consumed_capacity set_scan_index_forward set_select set_table_name
    } -> { consumed_capacity count items last_evaluated_key scanned_count }
    "Scan" scan {
        set_attributes_to_get set_conditional_operator set_consistent_read set_exclusive_start_key
        set_expression_attribute_names set_expression_attribute_values set_filter_expression set_index_name set_limit
        set_projection_expression set_return_consumed_capacity set_scan_filter set_segment set_select set_table_name
        set_total_segments
    } -> { consumed_capacity count items last_evaluated_key scanned_count }
    "TagResource" tag_resource { set_resource_arn set_tags } -> {}
    "TransactGetItems" transact_get_items { set_return_consumed_capacity set_transact_items } -> {
        consumed_capacity responses
    }
    "TransactWriteItems" transact_write_items {
        set_client_request_token set_return_consumed_capacity set_transact_items
    } -> {
        consumed_capacity
    }
    "UntagResource" untag_resource { set_resource_arn set_tag_keys } -> {}
    "UpdateContinuousBackups" update_continuous_backups { set_point_in_time_recovery_specification set_table_name } -> {
        continuous_backups_description
    }
    "UpdateContributorInsights" update_contributor_insights {
        set_contributor_insights_action set_index_name set_table_name
    } -> {
        contributor_insights_mode contributor_insights_status index_name table_name
    }
    "UpdateItem" update_item {
        set_attribute_updates set_condition_expression set_conditional_operator set_expected
        set_expression_attribute_names set_expression_attribute_values set_key set_return_consumed_capacity
        set_return_item_collection_metrics set_return_values set_table_name set_update_expression
    } -> { attributes consumed_capacity item_collection_metrics }
    "UpdateTable" update_table {
        set_attribute_definitions set_billing_mode set_deletion_protection_enabled set_global_secondary_index_updates
        set_provisioned_throughput set_table_name
    } -> { table_description }
    "UpdateTableReplicaAutoScaling" update_table_replica_auto_scaling {
        set_provisioned_write_capacity_auto_scaling_update set_table_name
    } -> {}
    "UpdateTimeToLive" update_time_to_live { set_table_name set_time_to_live_specification } -> {
        time_to_live_specification
    }
}
