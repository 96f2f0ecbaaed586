// SPDX-License-Identifier: Apache-2.0
//! DynamoDB's JSON and the SDK's types. The SDK has no reflection, so each structure that a case uses is named here with its
//! members; a case with one that is not named fails.
//!
//! A member's name in the API is made from the name in Rust: `set_table_name` sets TableName.
use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::*;
use aws_smithy_types::base64;
use serde_json::{Map, Value, json};

/// `set_table_name` or `table_name`: TableName. What is written in capitals there is named here.
pub fn api_name(rust: &str) -> String {
    let words = rust.strip_prefix("set_").unwrap_or(rust).split('_');
    let capital = |word: &str| if word == "gb" { "GB".to_owned() } else { word[..1].to_uppercase() + &word[1..] };
    words.map(capital).collect()
}

// --- From JSON to what is sent ---

pub trait Given: Sized {
    fn given(json: &Value) -> Result<Self, String>;
}

/// The builder with the members of the JSON object, by the setters named. All of the object must be taken.
#[macro_export]
macro_rules! set_members {
    ($builder:expr, $json:expr; $($set:ident)*) => {{
        let object = $json.as_object().ok_or_else(|| format!("{} is no object", $json))?;
        #[allow(unused_mut)]
        let (mut builder, mut taken) = ($builder, 0);
        $(if let Some(member) = object.get(&$crate::json::api_name(stringify!($set))) {
            builder = builder.$set(Some($crate::json::Given::given(member)?));
            taken += 1;
        })*
        if taken != object.len() {
            return Err(format!("src/ does not name all members of {}", $json).into());
        }
        builder
    }};
}

/// Structures and their setters; with `!` those whose build() refuses when a required member is missing.
macro_rules! given {
    ($($type:ident { $($set:ident)* })*) => {
        $(impl Given for $type {
            fn given(json: &Value) -> Result<Self, String> {
                Ok(set_members!($type::builder(), json; $($set)*).build())
            }
        })*
    };
    (! $($type:ident { $($set:ident)* })*) => {
        $(impl Given for $type {
            fn given(json: &Value) -> Result<Self, String> {
                set_members!($type::builder(), json; $($set)*).build().map_err(|error| error.to_string())
            }
        })*
    };
}

given! {
    AttributeValueUpdate { set_action set_value }
    AutoScalingSettingsUpdate { set_minimum_units set_maximum_units }
    ExpectedAttributeValue { set_attribute_value_list set_comparison_operator set_exists set_value }
    GlobalSecondaryIndexUpdate { set_create set_delete }
    OnDemandThroughput { set_max_read_request_units set_max_write_request_units }
    Projection { set_non_key_attributes set_projection_type }
    TransactGetItem { set_get }
    TransactWriteItem { set_condition_check set_delete set_put set_update }
    WriteRequest { set_delete_request set_put_request }
}

given! { !
    AttributeDefinition { set_attribute_name set_attribute_type }
    BatchStatementRequest { set_consistent_read set_parameters set_statement }
    Condition { set_attribute_value_list set_comparison_operator }
    ConditionCheck {
        set_condition_expression set_expression_attribute_names set_expression_attribute_values set_key set_table_name
    }
    CreateGlobalSecondaryIndexAction { set_index_name set_key_schema set_projection }
    Delete { set_condition_expression set_expression_attribute_names set_expression_attribute_values set_key set_table_name }
    DeleteGlobalSecondaryIndexAction { set_index_name }
    DeleteRequest { set_key }
    Get { set_expression_attribute_names set_key set_projection_expression set_table_name }
    GlobalSecondaryIndex { set_index_name set_key_schema set_projection }
    KeySchemaElement { set_attribute_name set_key_type }
    KeysAndAttributes {
        set_attributes_to_get set_consistent_read set_expression_attribute_names set_keys set_projection_expression
    }
    LocalSecondaryIndex { set_index_name set_key_schema set_projection }
    ParameterizedStatement { set_parameters set_statement }
    PointInTimeRecoverySpecification { set_point_in_time_recovery_enabled set_recovery_period_in_days }
    ProvisionedThroughput { set_read_capacity_units set_write_capacity_units }
    Put { set_condition_expression set_expression_attribute_names set_expression_attribute_values set_item set_table_name }
    PutRequest { set_item }
    StreamSpecification { set_stream_enabled set_stream_view_type }
    Tag { set_key set_value }
    TimeToLiveSpecification { set_attribute_name set_enabled }
    Update {
        set_condition_expression set_expression_attribute_names set_expression_attribute_values set_key set_table_name
        set_update_expression
    }
}

macro_rules! given_by {
    ($($type:ty: $get:expr;)*) => {
        $(impl Given for $type {
            fn given(json: &Value) -> Result<Self, String> {
                $get(json).ok_or_else(|| format!("{json} is no {}", stringify!($type)))
            }
        })*
    };
}

given_by! {
    String: |json: &Value| json.as_str().map(str::to_owned);
    bool: Value::as_bool;
    i64: Value::as_i64;
    i32: |json: &Value| json.as_i64().and_then(|number| number.try_into().ok());
    Blob: |json: &Value| json.as_str().and_then(|text| base64::decode(text).ok()).map(Blob::new);
}

impl<T: Given> Given for Vec<T> {
    fn given(json: &Value) -> Result<Self, String> {
        json.as_array().ok_or_else(|| format!("{json} is no list"))?.iter().map(T::given).collect()
    }
}

impl<T: Given> Given for HashMap<String, T> {
    fn given(json: &Value) -> Result<Self, String> {
        let object = json.as_object().ok_or_else(|| format!("{json} is no object"))?;
        object.iter().map(|(name, member)| Ok((name.clone(), T::given(member)?))).collect()
    }
}

impl Given for AttributeValue {
    fn given(json: &Value) -> Result<Self, String> {
        let members = json.as_object().filter(|members| members.len() == 1);
        let Some((kind, value)) = members.and_then(|members| members.iter().next()) else {
            return Err(format!("{json} is no attribute value"));
        };
        Ok(match kind.as_str() {
            "S" => Self::S(Given::given(value)?),
            "N" => Self::N(Given::given(value)?),
            "B" => Self::B(Given::given(value)?),
            "BOOL" => Self::Bool(Given::given(value)?),
            "NULL" => Self::Null(Given::given(value)?),
            "M" => Self::M(Given::given(value)?),
            "L" => Self::L(Given::given(value)?),
            "SS" => Self::Ss(Given::given(value)?),
            "NS" => Self::Ns(Given::given(value)?),
            "BS" => Self::Bs(Given::given(value)?),
            _ => return Err(format!("{json} is no attribute value")),
        })
    }
}

// --- From what is answered to JSON ---

/// Members that are absent are null, so that they differ from those that are not named here.
pub trait Json {
    fn json(&self) -> Value;
}

/// The object of the fields named.
#[macro_export]
macro_rules! members_of {
    ($answer:expr; $($field:ident)*) => {
        serde_json::Value::Object([
            $(($crate::json::api_name(stringify!($field)), $crate::json::Json::json(&$answer.$field)),)*
        ].into_iter().collect())
    };
}

macro_rules! answered {
    ($($type:ident { $($field:ident)* })*) => {
        $(impl Json for $type {
            fn json(&self) -> Value {
                members_of!(self; $($field)*)
            }
        })*
    };
}

answered! {
    AttributeDefinition { attribute_name attribute_type }
    BatchStatementError { code item message }
    BatchStatementResponse { error item table_name }
    BillingModeSummary { billing_mode }
    Capacity { capacity_units read_capacity_units write_capacity_units }
    ConsumedCapacity {
        capacity_units global_secondary_indexes local_secondary_indexes read_capacity_units table table_name
        write_capacity_units
    }
    ContinuousBackupsDescription { continuous_backups_status point_in_time_recovery_description }
    ContributorInsightsSummary { contributor_insights_status index_name table_name }
    DeleteRequest { key }
    Endpoint { address cache_period_in_minutes }
    GlobalSecondaryIndexDescription { backfilling index_name index_status key_schema projection }
    GlobalTable { global_table_name }
    ItemCollectionMetrics { item_collection_key size_estimate_range_gb }
    ItemResponse { item }
    KeySchemaElement { attribute_name key_type }
    KeysAndAttributes { attributes_to_get consistent_read expression_attribute_names keys projection_expression }
    KinesisDataStreamDestination { approximate_creation_date_time_precision destination_status stream_arn }
    LocalSecondaryIndexDescription { index_name key_schema projection }
    OnDemandThroughput { max_read_request_units max_write_request_units }
    PointInTimeRecoveryDescription { point_in_time_recovery_status recovery_period_in_days }
    Projection { non_key_attributes projection_type }
    ProvisionedThroughputDescription { number_of_decreases_today read_capacity_units write_capacity_units }
    PutRequest { item }
    StreamSpecification { stream_enabled stream_view_type }
    TableClassSummary { table_class }
    TableDescription {
        attribute_definitions billing_mode_summary deletion_protection_enabled global_secondary_indexes item_count
        key_schema local_secondary_indexes on_demand_throughput provisioned_throughput stream_specification
        table_class_summary table_name table_size_bytes table_status warm_throughput
    }
    TableWarmThroughputDescription { read_units_per_second status write_units_per_second }
    Tag { key value }
    TimeToLiveDescription { attribute_name time_to_live_status }
    TimeToLiveSpecification { attribute_name enabled }
    WriteRequest { delete_request put_request }
}

macro_rules! as_they_are {
    ($($type:ty)*) => {
        $(impl Json for $type {
            fn json(&self) -> Value {
                json!(self)
            }
        })*
    };
}

as_they_are! { String bool i32 i64 f64 }

impl Json for Blob {
    fn json(&self) -> Value {
        json!(base64::encode(self))
    }
}

impl<T: Json> Json for Option<T> {
    fn json(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::json)
    }
}

impl<T: Json> Json for Vec<T> {
    fn json(&self) -> Value {
        self.iter().map(T::json).collect()
    }
}

impl<T: Json> Json for HashMap<String, T> {
    fn json(&self) -> Value {
        self.iter().map(|(name, member)| (name.clone(), member.json())).collect::<Map<_, _>>().into()
    }
}

impl Json for AttributeValue {
    fn json(&self) -> Value {
        match self {
            Self::S(value) => json!({"S": value}),
            Self::N(value) => json!({"N": value}),
            Self::B(value) => json!({"B": value.json()}),
            Self::Bool(value) => json!({"BOOL": value}),
            Self::Null(value) => json!({"NULL": value}),
            Self::M(value) => json!({"M": value.json()}),
            Self::L(value) => json!({"L": value.json()}),
            Self::Ss(value) => json!({"SS": value}),
            Self::Ns(value) => json!({"NS": value}),
            Self::Bs(value) => json!({"BS": value.json()}),
            other => panic!("the SDK does not know {other:?}"),
        }
    }
}

// --- Enumerations, both ways ---

macro_rules! enumerations {
    ($($type:ident)*) => {
        $(impl Given for $type {
            fn given(json: &Value) -> Result<Self, String> {
                Ok(Self::from(String::given(json)?.as_str()))
            }
        }
        impl Json for $type {
            fn json(&self) -> Value {
                json!(self.as_str())
            }
        })*
    };
}

enumerations! {
    ApproximateCreationDateTimePrecision AttributeAction BatchStatementErrorCodeEnum BillingMode ComparisonOperator
    ConditionalOperator ContinuousBackupsStatus ContributorInsightsAction ContributorInsightsMode
    ContributorInsightsStatus DestinationStatus IndexStatus KeyType PointInTimeRecoveryStatus ProjectionType
    ReturnConsumedCapacity ReturnItemCollectionMetrics ReturnValue ScalarAttributeType Select StreamViewType TableClass
    TableStatus TimeToLiveStatus
}
