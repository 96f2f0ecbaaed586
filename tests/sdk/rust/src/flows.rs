// SPDX-License-Identifier: Apache-2.0
//! ../cases/flows.json: what is about the SDK's own types, errors, paginators, waiters and retries.
use std::collections::{BTreeMap, HashMap, HashSet};
use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::config::StalledStreamProtectionConfig;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, ConditionCheck, Delete, Get, KeySchemaElement, KeyType, KeysAndAttributes,
    Put, PutRequest, ReturnValuesOnConditionCheckFailure, ScalarAttributeType, StreamSpecification, StreamViewType,
    TransactGetItem, TransactWriteItem, Update, WriteRequest,
};
use aws_sdk_dynamodbstreams::types::{OperationType, Record, ShardIteratorType};
use serde::{Deserialize, Serialize};
use serde_dynamo::{from_item, from_items, to_item};
use tokio::task::JoinSet;

use crate::support::*;
use crate::{Test, test};

pub fn all() -> Vec<Test> {
    vec![
        flow("flow: values", values()),
        flow("flow: big item", big_item()),
        flow("flow: typed errors", typed_errors()),
        flow("flow: paging", paging()),
        flow("flow: waiters", waiters()),
        flow("flow: batches", batches()),
        flow("flow: transactions", transactions()),
        flow("flow: streams", streams()),
        flow("flow: retries", retries()),
        flow("flow: concurrent clients", concurrent_clients()),
        flow("types of one's own", own_types()),
    ]
}

/// A flow fails by a panic.
fn flow(name: &'static str, run: impl Future<Output = ()> + Send + 'static) -> Test {
    test(name, async {
        run.await;
        Ok(())
    })
}

async fn put(client: &Client, table: &str, item: Item) {
    client.put_item().table_name(table).set_item(Some(item)).send().await.expect("PutItem");
}

async fn get(client: &Client, table: &str, key: Item) -> Option<Item> {
    client.get_item().table_name(table).set_key(Some(key)).consistent_read(true).send().await.expect("GetItem").item
}

fn pk(text: &str) -> Item {
    item([("pk", s(text))])
}

fn blob(bytes: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|&text| text.to_owned()).collect()
}

// --- Values ---

/// Of lists and maps in an item, which is itself the first of 32 levels.
const LEVELS: usize = 31;

/// Lists in maps in lists, so many levels of them.
fn nested(levels: usize) -> AttributeValue {
    (0..levels).fold(s("deep"), |inner, level| match level % 2 {
        0 => AttributeValue::L(vec![inner]),
        _ => AttributeValue::M(item([("m", inner)])),
    })
}

async fn values() {
    let table = create_table("hash").await;
    let smallest = format!("0.{}1", "0".repeat(129));
    let largest = format!("{}{}", "9".repeat(38), "0".repeat(88));
    let kept = item([
        ("pk", s("ключ 鍵 🔑")),
        ("binary", blob(&[0, 1, 127, 128, 255])),
        ("no text", s("")),
        ("no bytes", blob(&[])),
        ("yes", AttributeValue::Bool(true)),
        ("no", AttributeValue::Bool(false)),
        ("nothing", AttributeValue::Null(true)),
        ("texts", AttributeValue::Ss(texts(&["", "a", "ä", "😀"]))),
        ("numbers", AttributeValue::Ns(texts(&["-1", "0", "2.5"]))),
        ("bytes", AttributeValue::Bs(vec![Blob::new([1]), Blob::new([255, 0])])),
        ("deep", nested(LEVELS)),
        ("exact", n("1234567890.1234567890123456789012345678")),
        ("smallest", n(&smallest)),
        ("largest", n(&largest)),
        ("имя 名前 😀", s("Zażółć gęślą jaźń 日本語 العربية 👩‍👩‍👧 \u{0}\u{7f}\"\\/")),
    ]);
    let mut sent = kept.clone();
    sent.insert("smallest".to_owned(), n("1E-130"));
    sent.insert("largest".to_owned(), n("9.9999999999999999999999999999999999999E+125"));
    put(&CLIENT, &table, sent).await;
    let key = pk("ключ 鍵 🔑");
    let got = get(&CLIENT, &table, key).await.expect("the item");
    assert_eq!(plain_item(&got), plain_item(&kept));
    assert_eq!(got["binary"].as_b().expect("binary").as_ref(), [0, 1, 127, 128, 255]);
    assert!(got["texts"].is_ss() && got["numbers"].is_ns() && got["bytes"].is_bs() && got["nothing"].is_null());

    let deeper = CLIENT.put_item().table_name(&table).item("pk", s("deeper")).item("deep", nested(LEVELS + 1)).send().await;
    assert_eq!(deeper.expect_err("a level too many").code(), Some("ValidationException"));
}

async fn big_item() {
    let table = create_table("hash").await;
    let sized = |bytes: usize| item([("pk", s("k")), ("v", s("x".repeat(bytes - "pkkv".len())))]);
    let whole = sized(409_600);
    put(&CLIENT, &table, whole.clone()).await;
    assert_eq!(get(&CLIENT, &table, pk("k")).await, Some(whole));
    let error = CLIENT.put_item().table_name(&table).set_item(Some(sized(409_601))).send().await.expect_err("a byte too many");
    assert_eq!(error.code(), Some("ValidationException"));
    assert_eq!(error.message(), Some("Item size has exceeded the maximum allowed size"));
}

// --- Errors ---

async fn typed_errors() {
    let table = create_table("hash").await;
    let stored = item([("pk", s("k")), ("v", n(1))]);
    put(&CLIENT, &table, stored.clone()).await;
    refused_tables(&table).await;
    failed_conditions(&table, &stored).await;
    cancelled_transactions(&table, &stored).await;

    let error = CLIENT.get_item().table_name(&table).set_key(Some(HashMap::new())).send().await.expect_err("no key");
    assert!(matches!(error, SdkError::ServiceError(_)));
    assert_eq!(error.code(), Some("ValidationException"));
    assert_eq!(error.message(), Some("The provided key element does not match the schema"));
}

async fn refused_tables(table: &str) {
    let error = CLIENT.get_item().table_name(unique_name()).key("pk", s("k")).send().await.expect_err("no table");
    assert_eq!(error.raw_response().map(|raw| raw.status().as_u16()), Some(400));
    let request_id = error.raw_response().and_then(|raw| raw.headers().get("x-amzn-requestid")).unwrap_or_default();
    assert_eq!(request_id.len(), 52);
    let error = error.as_service_error().expect("an error of the service");
    assert!(error.is_resource_not_found_exception(), "{error:?}");
    assert_eq!(error.message(), Some("Requested resource not found"));

    let error = create(&CLIENT, table).await.expect_err("the same again");
    assert!(error.as_service_error().is_some_and(|error| error.is_resource_in_use_exception()), "{error:?}");
}

type Created = Result<
    aws_sdk_dynamodb::operation::create_table::CreateTableOutput,
    SdkError<aws_sdk_dynamodb::operation::create_table::CreateTableError>,
>;

/// CreateTable by the builders of the SDK.
async fn create(client: &Client, table: &str) -> Created {
    let attribute = AttributeDefinition::builder().attribute_name("pk").attribute_type(ScalarAttributeType::S);
    let key = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash);
    let call = client.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
    call.attribute_definitions(attribute.build().expect("all members")).key_schema(key.build().expect("all members")).send().await
}

async fn failed_conditions(table: &str, stored: &Item) {
    let absent = "attribute_not_exists(pk)";
    let old = ReturnValuesOnConditionCheckFailure::AllOld;
    let put = CLIENT.put_item().table_name(table).set_item(Some(pk("k"))).condition_expression(absent);
    let update = CLIENT.update_item().table_name(table).key("pk", s("k")).condition_expression(absent);
    let delete = CLIENT.delete_item().table_name(table).key("pk", s("k")).condition_expression(absent);
    // The same of three operations, whose errors are three types.
    macro_rules! fails_with {
        ($call:expr, $item:expr) => {{
            let error = $call.send().await.expect_err("a failed condition").into_service_error();
            assert!(error.is_conditional_check_failed_exception(), "{error:?}");
            assert_eq!(error.message(), Some("The conditional request failed"));
            let source = std::error::Error::source(&error).expect("the exception itself");
            let exception = source.downcast_ref::<aws_sdk_dynamodb::types::error::ConditionalCheckFailedException>();
            assert_eq!(exception.expect("of its type").item(), $item);
        }};
    }
    fails_with!(put.clone(), None);
    fails_with!(put.return_values_on_condition_check_failure(old.clone()), Some(stored));
    fails_with!(update.return_values_on_condition_check_failure(old.clone()), Some(stored));
    fails_with!(delete.return_values_on_condition_check_failure(old), Some(stored));
}

fn put_in(table: &str, item: Item) -> TransactWriteItem {
    let put = Put::builder().table_name(table).set_item(Some(item)).build().expect("all members");
    TransactWriteItem::builder().put(put).build()
}

async fn cancelled_transactions(table: &str, stored: &Item) {
    let check = ConditionCheck::builder()
        .table_name(table)
        .key("pk", s("k"))
        .condition_expression("v = :two")
        .expression_attribute_values(":two", n(2))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build();
    let check = TransactWriteItem::builder().condition_check(check.expect("all members")).build();
    let call = CLIENT.transact_write_items().transact_items(put_in(table, pk("never"))).transact_items(check);
    match call.send().await.expect_err("a failed condition").into_service_error() {
        TransactWriteItemsError::TransactionCanceledException(error) => {
            let reasons = error.cancellation_reasons();
            let codes: Vec<_> = reasons.iter().map(|reason| (reason.code(), reason.message(), reason.item())).collect();
            let failed = (Some("ConditionalCheckFailed"), Some("The conditional request failed"), Some(stored));
            assert_eq!(codes, [(Some("None"), None, None), failed]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(get(&CLIENT, table, pk("never")).await, None);

    let call = CLIENT.transact_write_items().client_request_token(unique_name());
    call.clone().transact_items(put_in(table, pk("token"))).send().await.expect("the first with this token");
    let error = call.transact_items(put_in(table, pk("another"))).send().await.expect_err("another with this token");
    assert!(error.as_service_error().is_some_and(|error| error.is_idempotent_parameter_mismatch_exception()), "{error:?}");
}

// --- Pages, waiters ---

async fn paging() {
    let table = create_table("range").await;
    let names: Vec<_> = (0..100).map(|i| format!("{i:02}")).collect();
    for name in &names {
        put(&CLIENT, &table, item([("pk", s("p")), ("sk", s(name))])).await;
    }
    let names_of =
        |items: Vec<Item>| -> Vec<String> { items.iter().map(|item| item["sk"].as_s().expect("a text").clone()).collect() };

    let query =
        CLIENT.query().table_name(&table).limit(7).key_condition_expression("pk = :p").expression_attribute_values(":p", s("p"));
    let found = query.clone().into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.expect("Query");
    assert_eq!(names_of(found), names);
    let mut pages = query.into_paginator().send();
    let mut counts = Vec::new();
    while let Some(page) = pages.try_next().await.expect("Query") {
        counts.push(page.count());
    }
    assert_eq!(counts, [vec![7; 14], vec![2]].concat());

    let scan = CLIENT.scan().table_name(&table).limit(7);
    let mut found = names_of(scan.clone().into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.expect("Scan"));
    found.sort();
    assert_eq!(found, names);

    let segments: JoinSet<_> =
        (0..4).map(|i| scan.clone().segment(i).total_segments(4).into_paginator().items().send().collect()).collect();
    let segments: Vec<Result<Vec<Item>, _>> = segments.join_all().await;
    let mut found: Vec<_> = segments.into_iter().flat_map(|items| names_of(items.expect("a segment"))).collect();
    found.sort();
    assert_eq!(found, names);

    let prefix = unique_name();
    let tables: Vec<_> = (0..5).map(|i| format!("{prefix}-{i}")).collect();
    for name in &tables {
        create(&CLIENT, name).await.expect("CreateTable");
    }
    let listed =
        CLIENT.list_tables().limit(3).into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.expect("ListTables");
    let mine: Vec<_> = listed.into_iter().filter(|name| name.starts_with(&prefix)).collect();
    assert_eq!(mine, tables);
}

async fn waiters() {
    let table = unique_name();
    let exists = WAITING.wait_until_table_exists().table_name(&table);
    // It waits from before there is such a table.
    let waiting = tokio::spawn(exists.wait(PATIENCE));
    create(&CLIENT, &table).await.expect("CreateTable");
    let found = waiting.await.expect("no panic").expect("the table exists").into_result().expect("DescribeTable");
    assert_eq!(found.table().and_then(|table| table.table_status()).map(|status| status.as_str()), Some("ACTIVE"));

    CLIENT.delete_table().table_name(&table).send().await.expect("DeleteTable");
    let gone = WAITING.wait_until_table_not_exists().table_name(&table).wait(PATIENCE).await.expect("the table is gone");
    assert!(gone.into_result().expect_err("no DescribeTable").into_service_error().is_resource_not_found_exception());
}

// --- Many items ---

async fn batches() {
    let table = create_table("hash").await;
    let key = |i: usize| pk(&format!("{i}"));
    let request = |item: Item| {
        let put = PutRequest::builder().set_item(Some(item)).build().expect("all members");
        WriteRequest::builder().put_request(put).build()
    };
    let items: Vec<Item> = (0..60).map(|i| item([("pk", s(format!("{i}"))), ("n", n(i))])).collect();
    for chunk in items.chunks(25) {
        let requests = chunk.iter().cloned().map(request).collect();
        let answer = CLIENT.batch_write_item().request_items(&table, requests).send().await.expect("BatchWriteItem");
        assert!(answer.unprocessed_items().is_none_or(HashMap::is_empty));
    }
    let keys = |count| KeysAndAttributes::builder().set_keys(Some((0..count).map(key).collect())).build().expect("all members");
    let answer = CLIENT.batch_get_item().request_items(&table, keys(100)).send().await.expect("BatchGetItem");
    assert!(answer.unprocessed_keys().is_none_or(HashMap::is_empty));
    let mut found = answer.responses.expect("responses").remove(&table).expect("of the table");
    found.sort_by_key(|item| item["n"].as_n().expect("a number").parse::<usize>().expect("a number"));
    assert_eq!(found, items);

    big_batches(&table, keys(60)).await;
}

/// 60 items of 390 KB are more than one answer holds.
async fn big_batches(table: &str, keys: KeysAndAttributes) {
    for i in 0..60 {
        put(&CLIENT, table, item([("pk", s(format!("{i}"))), ("v", s("x".repeat(390_000)))])).await;
    }
    let mut wanted = Some(HashMap::from([(table.to_owned(), keys)]));
    let (mut found, mut rounds) = (HashSet::new(), 0);
    while wanted.as_ref().is_some_and(|wanted| !wanted.is_empty()) {
        let answer = CLIENT.batch_get_item().set_request_items(wanted).send().await.expect("BatchGetItem");
        for item in answer.responses.into_iter().flat_map(|mut responses| responses.remove(table).unwrap_or_default()) {
            assert_eq!(item["v"].as_s().expect("a text").len(), 390_000);
            assert!(found.insert(item["pk"].as_s().expect("a text").clone()), "the same item twice");
        }
        wanted = answer.unprocessed_keys;
        rounds += 1;
        assert!(rounds <= 60, "each round gives something");
    }
    assert_eq!(found.len(), 60);
    assert!(rounds > 1, "there were no unprocessed keys");
}

async fn transactions() {
    let table = create_table("hash").await;
    put(&CLIENT, &table, item([("pk", s("u")), ("n", n(1))])).await;
    put(&CLIENT, &table, pk("d")).await;
    let update = Update::builder()
        .table_name(&table)
        .key("pk", s("u"))
        .update_expression("ADD n :one")
        .expression_attribute_values(":one", n(1));
    let delete = Delete::builder().table_name(&table).key("pk", s("d"));
    let check =
        ConditionCheck::builder().table_name(&table).key("pk", s("absent")).condition_expression("attribute_not_exists(pk)");
    let call = CLIENT
        .transact_write_items()
        .client_request_token(unique_name())
        .transact_items(put_in(&table, item([("pk", s("new")), ("b", blob(&[1, 2]))])))
        .transact_items(TransactWriteItem::builder().update(update.build().expect("all members")).build())
        .transact_items(TransactWriteItem::builder().delete(delete.build().expect("all members")).build())
        .transact_items(TransactWriteItem::builder().condition_check(check.build().expect("all members")).build());
    call.clone().send().await.expect("the transaction");
    call.send().await.expect("the same again");

    let mut call = CLIENT.transact_get_items();
    for name in ["new", "u", "d", "absent"] {
        let get = Get::builder().table_name(&table).key("pk", s(name)).build().expect("all members");
        call = call.transact_items(TransactGetItem::builder().get(get).build());
    }
    let answer = call.send().await.expect("TransactGetItems");
    let found: Vec<_> = answer.responses().iter().map(|response| response.item().cloned()).collect();
    let new = item([("pk", s("new")), ("b", blob(&[1, 2]))]);
    assert_eq!(found, [Some(new), Some(item([("pk", s("u")), ("n", n(2))])), None, None]);
}

async fn concurrent_clients() {
    let table = create_table("hash").await;
    let own: Vec<_> = (0..4).map(|_| client_for(&endpoint())).collect();
    let shared = vec![CLIENT.clone()];
    for (counter, clients) in [("shared", shared), ("own", own)] {
        let mut workers = JoinSet::new();
        for i in 0..16 {
            let client = &clients[i % clients.len()];
            let add = client.update_item().table_name(&table).key("pk", s(counter)).update_expression("ADD n :one");
            let add = add.expression_attribute_values(":one", n(1));
            workers.spawn(async move {
                for _ in 0..25 {
                    add.clone().send().await.expect("UpdateItem");
                }
            });
        }
        workers.join_all().await;
        assert_eq!(get(&CLIENT, &table, pk(counter)).await.expect("the counter")["n"], n(400), "{counter}");
    }
}

// --- Streams ---

fn streams_client() -> aws_sdk_dynamodbstreams::Client {
    let config = aws_sdk_dynamodbstreams::Config::builder()
        .behavior_version(aws_sdk_dynamodbstreams::config::BehaviorVersion::latest())
        .endpoint_url(endpoint())
        .region(region())
        .credentials_provider(credentials())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    aws_sdk_dynamodbstreams::Client::from_conf(config.build())
}

/// All that there is of a stream, from its beginning.
async fn records_of(client: &aws_sdk_dynamodbstreams::Client, arn: &str) -> Vec<Record> {
    let described = client.describe_stream().stream_arn(arn).send().await.expect("DescribeStream");
    let mut records = Vec::new();
    for shard in described.stream_description().expect("a description").shards() {
        let from = client.get_shard_iterator().stream_arn(arn).shard_id(shard.shard_id().expect("a shard's id"));
        let begin = from.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await.expect("GetShardIterator");
        let mut next = begin.shard_iterator;
        while let Some(iterator) = next.take() {
            let page = client.get_records().shard_iterator(iterator).send().await.expect("GetRecords");
            next = page.next_shard_iterator.filter(|_| page.records.as_ref().is_some_and(|records| !records.is_empty()));
            records.extend(page.records.unwrap_or_default());
        }
    }
    records
}

/// An item of the test of streams, in a type of one's own.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Counted {
    pk: String,
    n: u64,
}

async fn streams() {
    let table = create_table("hash").await;
    let both = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewAndOldImages);
    CLIENT
        .update_table()
        .table_name(&table)
        .stream_specification(both.build().expect("all members"))
        .send()
        .await
        .expect("UpdateTable");
    WAITING.wait_until_table_exists().table_name(&table).wait(PATIENCE).await.expect("the table is active again");
    let counted = |n| Counted { pk: "k".to_owned(), n };
    for i in [1, 2] {
        put(&CLIENT, &table, to_item(counted(i)).expect("an item")).await;
    }
    CLIENT.delete_item().table_name(&table).key("pk", s("k")).send().await.expect("DeleteItem");

    let client = streams_client();
    let listed = client.list_streams().table_name(&table).send().await.expect("ListStreams");
    let arn = listed.streams()[0].stream_arn().expect("an ARN").to_owned();
    let end = Instant::now() + PATIENCE;
    let mut records = records_of(&client, &arn).await;
    while records.len() < 3 && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(50)).await;
        records = records_of(&client, &arn).await;
    }
    let image = |image: Option<HashMap<String, aws_sdk_dynamodbstreams::types::AttributeValue>>| -> Option<Counted> {
        image.map(|image| from_item(image).expect("the type"))
    };
    let changes: Vec<_> = records
        .into_iter()
        .map(|record| {
            let change = record.dynamodb.expect("a change");
            assert_eq!(change.keys.as_ref().and_then(|keys| keys["pk"].as_s().ok()).map(String::as_str), Some("k"));
            (record.event_name.expect("an event's name"), image(change.old_image), image(change.new_image))
        })
        .collect();
    let inserted = (OperationType::Insert, None, Some(counted(1)));
    let changed = (OperationType::Modify, Some(counted(1)), Some(counted(2)));
    assert_eq!(changes, [inserted, changed, (OperationType::Remove, Some(counted(2)), None)]);

    let error = client.describe_stream().stream_arn(format!("{}xxx", &arn[..arn.len() - 3])).send().await.expect_err("no stream");
    assert!(error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()), "{error:?}");
}

// --- Retries ---

/// How many faults the go-between has given to a table.
async fn faults(url: &str, table: &str) -> usize {
    let (host, path) = (url.trim_start_matches("http://").to_owned(), format!("/faults/{table}"));
    let ask = move || -> std::io::Result<String> {
        let mut connection = TcpStream::connect(&host)?;
        write!(connection, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = tokio::task::spawn_blocking(ask).await.expect("no panic").expect("the go-between answers");
    answer.rsplit("\r\n\r\n").next().and_then(|count| count.parse().ok()).expect("a number")
}

fn retrying(url: &str, attempts: u32) -> Client {
    let retry = RetryConfig::standard()
        .with_max_attempts(attempts)
        .with_initial_backoff(Duration::from_millis(10))
        .with_max_backoff(Duration::from_millis(50));
    Client::from_conf(config_for(url).retry_config(retry).build())
}

async fn retries() {
    let url = std::env::var("STATOR_FAULTY").expect("STATOR_FAULTY is the address of the go-between");
    let client = retrying(&url, 3);
    for kind in ["internal", "unavailable", "throughput", "throttling", "drop"] {
        let table = format!("fail-{kind}-2-{}", unique_name());
        create_named("hash", &table).await;
        put(&client, &table, pk("k")).await;
        assert_eq!(get(&client, &table, pk("k")).await, Some(pk("k")), "{kind}");
        assert_eq!(faults(&url, &table).await, 2, "{kind}");
    }
    for (kind, attempts) in [("internal", 3), ("throughput", 2), ("internal", 1)] {
        let table = format!("fail-{kind}-1000-{}", unique_name());
        let error = retrying(&url, attempts).put_item().table_name(&table).set_item(Some(pk("k"))).send().await.expect_err(kind);
        let error = error.as_service_error().expect("an error of the service");
        let of_its_type = if kind == "internal" {
            error.is_internal_server_error()
        } else {
            error.is_provisioned_throughput_exceeded_exception()
        };
        assert!(of_its_type, "{error:?}");
        assert_eq!(faults(&url, &table).await, attempts as usize, "{kind}");
    }
}

// --- Types of one's own ---

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Contact {
    Mail { address: String },
    Phone { number: u64, private: bool },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Person {
    pk: String,
    sk: String,
    age: Option<u8>,
    height: f64,
    balance: i64,
    contacts: Vec<Contact>,
    scores: BTreeMap<String, Vec<i32>>,
    #[serde(with = "serde_dynamo::string_set")]
    tags: HashSet<String>,
    #[serde(with = "serde_dynamo::number_set")]
    lucky: Vec<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

async fn own_types() {
    let table = create_table("range").await;
    let person = |i: u8| Person {
        pk: "people".to_owned(),
        sk: format!("{i}"),
        age: (i > 1).then_some(i),
        height: 1.75,
        balance: i64::MIN,
        contacts: vec![
            Contact::Mail { address: "käthe@example.org".to_owned() },
            Contact::Phone { number: 49_30_123_456, private: true },
        ],
        scores: BTreeMap::from([("chess".to_owned(), vec![1, -2]), ("none".to_owned(), vec![])]),
        tags: HashSet::from(["a".to_owned(), "ä".to_owned()]),
        lucky: vec![7, u64::MAX],
        note: None,
    };
    let people: Vec<_> = (0..3).map(person).collect();
    for person in &people {
        put(&CLIENT, &table, to_item(person).expect("an item")).await;
    }
    let key = item([("pk", s("people")), ("sk", s("2"))]);
    let stored = get(&CLIENT, &table, key).await.expect("the item");
    assert!(stored["tags"].is_ss() && stored["lucky"].is_ns() && stored["contacts"].is_l() && !stored.contains_key("note"));
    assert_eq!(from_item::<_, Person>(stored).expect("a person"), people[2]);

    let query =
        CLIENT.query().table_name(&table).key_condition_expression("pk = :p").expression_attribute_values(":p", s("people"));
    let items = query.limit(2).into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.expect("Query");
    assert_eq!(from_items::<_, Person>(items).expect("people"), people);
}
