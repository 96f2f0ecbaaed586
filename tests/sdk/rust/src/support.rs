// SPDX-License-Identifier: Apache-2.0
//! What the tests share: clients, tables of their own, the cases, and how an answer is compared with what it must have.
use std::collections::HashMap;
use std::fmt::Display;
use std::future::Future;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{AsyncSleep, BehaviorVersion, Builder, Config, Region, Sleep, StalledStreamProtectionConfig};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value, json};

use crate::json::Json;
use crate::operations::{Failure, send};

pub type Item = HashMap<String, AttributeValue>;

// --- Clients ---

pub fn endpoint() -> String {
    std::env::var("STATOR_ENDPOINT").unwrap_or_else(|_| "http://127.0.0.1:8000".to_owned())
}

pub fn region() -> Region {
    Region::new("eu-central-1")
}

pub fn credentials() -> Credentials {
    Credentials::new("test.key-1", "secret", None, None, "tests")
}

/// Without time-outs, for the machine may be slow; a test has a limit of its own.
pub fn config_for(url: &str) -> Builder {
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(region())
        .credentials_provider(credentials())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

pub fn client_for(url: &str) -> Client {
    Client::from_conf(config_for(url).build())
}

/// One client that most tests share.
pub static CLIENT: LazyLock<Client> = LazyLock::new(|| client_for(&endpoint()));

/// The SDK's waiters look every 20 seconds, which cannot be set; what can be given is how to sleep.
#[derive(Debug)]
struct Hurried;

impl AsyncSleep for Hurried {
    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(tokio::time::sleep(duration / 1000))
    }
}

/// A client for waiters. It sleeps a thousandth of the time.
pub static WAITING: LazyLock<Client> = LazyLock::new(|| Client::from_conf(config_for(&endpoint()).sleep_impl(Hurried).build()));

pub const PATIENCE: Duration = Duration::from_secs(120);

// --- Tables ---

/// At most 36 characters, for it is a ClientRequestToken too.
pub fn unique_name() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    format!("rs-{:x}-{:x}", now.as_nanos(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn schema(names: &[&str]) -> Value {
    let kinds = ["HASH", "RANGE"];
    names.iter().zip(kinds).map(|(name, kind)| json!({"AttributeName": name, "KeyType": kind})).collect()
}

fn attributes(types: &[(&str, &str)]) -> Value {
    types.iter().map(|(name, kind)| json!({"AttributeName": name, "AttributeType": kind})).collect()
}

/// A CreateTable of one of the kinds that cases ask for.
fn table_of(kind: &str, name: &str) -> Value {
    let (types, key): (&[_], &[_]) = match kind {
        "hash" => (&[("pk", "S")], &["pk"]),
        "range" => (&[("pk", "S"), ("sk", "S")], &["pk", "sk"]),
        "rangeN" => (&[("pk", "S"), ("sk", "N")], &["pk", "sk"]),
        "rangeB" => (&[("pk", "S"), ("sk", "B")], &["pk", "sk"]),
        "indexed" => (&[("pk", "S"), ("sk", "S"), ("l", "N"), ("g", "S")], &["pk", "sk"]),
        _ => panic!("no kind of table is called {kind}"),
    };
    let mut table = json!({"TableName": name, "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": attributes(types),
        "KeySchema": schema(key)});
    if kind == "indexed" {
        table["LocalSecondaryIndexes"] =
            json!([{"IndexName": "local", "KeySchema": schema(&["pk", "l"]), "Projection": {"ProjectionType": "KEYS_ONLY"}}]);
        table["GlobalSecondaryIndexes"] = json!([{"IndexName": "global", "KeySchema": schema(&["g", "l"]),
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["inc"]}}]);
    }
    table
}

pub async fn create_named(kind: &str, name: &str) {
    send(&CLIENT, "CreateTable", &table_of(kind, name)).await.unwrap_or_else(|error| panic!("CreateTable {name}: {error}"));
    WAITING.wait_until_table_exists().table_name(name).wait(PATIENCE).await.expect("the table becomes active");
}

pub async fn create_table(kind: &str) -> String {
    let name = unique_name();
    create_named(kind, &name).await;
    name
}

// --- Items ---

pub fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub fn item<const COUNT: usize>(attributes: [(&str, AttributeValue); COUNT]) -> Item {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

// --- Cases ---

pub const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../cases");

pub fn load_cases(name: &str) -> Value {
    let path = format!("{CASES}/{name}.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names of all files of scenarios.
pub fn scenario_files() -> Vec<String> {
    let entries = std::fs::read_dir(format!("{CASES}/scenarios")).expect("the folder of scenarios");
    let names = entries.map(|entry| entry.expect("a file").file_name().into_string().expect("a name"));
    let mut names: Vec<_> = names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect();
    names.sort();
    names
}

/// What a text of a case stands for: {table} is the table's name, {x*5} is xxxxx.
fn meant(text: &str, table: &str) -> String {
    let repeated = text.strip_prefix("{x*").and_then(|rest| rest.strip_suffix('}')).and_then(|count| count.parse().ok());
    repeated.map_or_else(|| text.replace("{table}", table), |count| "x".repeat(count))
}

pub fn to_api(case: &Value, table: &str) -> Value {
    match case {
        Value::String(text) => meant(text, table).into(),
        Value::Array(elements) => elements.iter().map(|element| to_api(element, table)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (meant(name, table), to_api(member, table))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// Adds the names and values that an expression uses, of those given.
pub fn add_placeholders(request: &mut Value, expression: &str, names: &Value, values: &Value) {
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let uses =
        |name: &str| expression.match_indices(name).any(|(at, _)| !expression[at + name.len()..].starts_with(part_of_name));
    for (member, from) in [("ExpressionAttributeNames", names), ("ExpressionAttributeValues", values)] {
        let used: Map<_, _> = from
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| uses(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if !used.is_empty() {
            request[member] = used.into();
        }
    }
}

// --- Comparing ---

/// Without absent members, sets in order: answers and cases can be compared.
pub fn plain(value: &Value) -> Value {
    match value {
        Value::Array(elements) => elements.iter().map(plain).collect(),
        Value::Object(members) => {
            let present = members.iter().filter(|(_, member)| !member.is_null());
            present.map(|(name, member)| (name.clone(), plain_member(name, member))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

fn plain_member(name: &str, member: &Value) -> Value {
    match (name, member) {
        ("SS" | "NS" | "BS", Value::Array(elements)) => {
            let mut sorted = elements.clone();
            sorted.sort_by_key(Value::to_string);
            sorted.into()
        }
        _ => plain(member),
    }
}

pub fn plain_item(item: &Item) -> Value {
    plain(&item.json())
}

/// Members that must be equal; other objects may have more.
const WHOLE: [&str; 8] =
    ["Item", "Items", "Attributes", "LastEvaluatedKey", "ItemCollectionKey", "Responses", "UnprocessedItems", "UnprocessedKeys"];

pub fn has(actual: &Value, expected: &Value, place: &str) -> Result<(), String> {
    let differs = || Err(format!("{place} is {actual}, not {expected}"));
    match (expected, actual) {
        (Value::Object(members), Value::Object(found)) => {
            for (name, member) in members {
                let Some(value) = found.get(name) else {
                    return Err(format!("{place} has no {name}, or src/ does not name it"));
                };
                has_member(name, value, member, &format!("{place}.{name}"))?;
            }
            Ok(())
        }
        (Value::Array(elements), Value::Array(found)) if elements.len() == found.len() => {
            let mut pairs = elements.iter().zip(found).enumerate();
            pairs.try_for_each(|(i, (element, value))| has(value, element, &format!("{place}[{i}]")))
        }
        (Value::Number(number), _) if actual.as_f64() == number.as_f64() => Ok(()),
        _ if expected == actual => Ok(()),
        _ => differs(),
    }
}

fn has_member(name: &str, actual: &Value, expected: &Value, place: &str) -> Result<(), String> {
    if !WHOLE.contains(&name) || expected.is_null() {
        return has(actual, expected, place);
    }
    let (actual, expected) = (plain(actual), plain(expected));
    if actual == expected { Ok(()) } else { Err(format!("{place} is {actual}, not {expected}")) }
}

/// Whether a text is what a pattern says, in which "..." stands for anything.
fn matches(text: &str, pattern: &str) -> bool {
    let Some((first, rest)) = pattern.split_once("...") else {
        return text == pattern;
    };
    let Some(after) = text.strip_prefix(first) else {
        return false;
    };
    (0..=after.len()).filter(|&at| after.is_char_boundary(at)).any(|at| matches(&after[at..], rest))
}

const ENVELOPE: &str = "1 validation error detected: "; // of the wording of 2026

/// The error is "Name: message". The envelope is left aside unless it is expected.
pub fn is_refused(answer: Result<Value, Failure>, expected: &str) -> Result<(), String> {
    match answer {
        Ok(answer) => Err(format!("answered {} instead of {expected}", plain(&answer))),
        Err(Failure::Other(text)) => Err(format!("{text}, instead of {expected}")),
        Err(Failure::Refused { code, message }) => {
            let message = if expected.contains(ENVELOPE) { message } else { message.replacen(ENVELOPE, "", 1) };
            let actual = format!("{code}: {message}");
            if matches(&actual, expected) { Ok(()) } else { Err(format!("refused with {actual}, not {expected}")) }
        }
    }
}

pub fn text_of(error: impl Display) -> String {
    error.to_string()
}

/// Repeats the attempt until it succeeds, for at most a minute.
pub async fn until<F: Future<Output = Result<(), String>>>(attempt: impl Fn() -> F) -> Result<(), String> {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        match attempt().await {
            Err(_) if Instant::now() < end => tokio::time::sleep(Duration::from_millis(30)).await,
            outcome => return outcome,
        }
    }
}
