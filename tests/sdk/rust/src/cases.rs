// SPDX-License-Identifier: Apache-2.0
//! The cases of ../cases: whole scenarios, expressions, key conditions, numbers.
use std::sync::Arc;

use serde_json::{Value, json};

use crate::operations::{Failure, send};
use crate::support::*;
use crate::{Test, test};

pub async fn all() -> Vec<Test> {
    let mut tests = scenarios();
    tests.extend(conditions().await);
    tests.extend(updates().await);
    tests.extend(projections().await);
    tests.extend(key_conditions().await);
    tests.extend(numbers().await);
    tests
}

async fn call(operation: &str, input: &Value) -> Result<Value, Failure> {
    send(&CLIENT, operation, input).await
}

/// An operation that must succeed.
async fn done(operation: &str, input: &Value) -> Result<Value, String> {
    call(operation, input).await.map_err(text_of)
}

fn pk(text: &str) -> Value {
    json!({"pk": {"S": text}})
}

/// The members of both objects.
fn merged(mut first: Value, second: &Value) -> Value {
    for (name, member) in second.as_object().into_iter().flatten() {
        first[name] = member.clone();
    }
    first
}

fn list(cases: &Value) -> Vec<Value> {
    cases.as_array().expect("a list of cases").clone()
}

fn text(case: &Value) -> String {
    case.as_str().expect("a text").to_owned()
}

fn same(actual: &Value, expected: &Value, what: &str) -> Result<(), String> {
    let (actual, expected) = (plain(actual), plain(expected));
    if actual == expected { Ok(()) } else { Err(format!("{what} is {actual}, not {expected}")) }
}

// --- Scenarios ---

fn scenarios() -> Vec<Test> {
    let mut tests = Vec::new();
    for file in scenario_files() {
        for scenario in list(&load_cases(&format!("scenarios/{file}"))) {
            tests.push(test(format!("{file}: {}", text(&scenario["name"])), async move { run_scenario(&scenario).await }));
        }
    }
    tests
}

async fn run_scenario(scenario: &Value) -> Result<(), String> {
    let table = match scenario["table"].as_str() {
        Some(kind) => create_table(kind).await,
        None => unique_name(),
    };
    for i in 0..scenario["setup"]["count"].as_u64().unwrap_or(0) {
        let (sk, n, odd) = (format!("{i:02}"), i.to_string(), (i % 2).to_string());
        let item = json!({"pk": {"S": "p"}, "sk": {"S": sk}, "n": {"N": n}, "odd": {"N": odd}});
        done("PutItem", &json!({"TableName": table, "Item": item})).await?;
    }
    for (i, step) in list(&scenario["steps"]).iter().enumerate() {
        let begin: String = step.to_string().chars().take(200).collect();
        run_step(step, &table).await.map_err(|error| format!("step {} {begin}: {error}", i + 1))?;
    }
    Ok(())
}

async fn run_step(step: &Value, table: &str) -> Result<(), String> {
    let step = list(step);
    let repeated = step[0] == "until";
    let step = if repeated { &step[1..] } else { &step[..] };
    let (operation, input) = (text(&step[0]), to_api(&step[1], table));
    let expected = to_api(step.get(2).unwrap_or(&json!({})), table);
    let attempt = || async {
        let answer = call(&operation, &input).await;
        match expected.as_str() {
            Some(message) => is_refused(answer, message),
            None => has(&answer.map_err(text_of)?, &expected, "the answer"),
        }
    };
    if repeated { until(attempt).await } else { attempt().await }
}

// --- Expressions ---

async fn conditions() -> Vec<Test> {
    let cases = Arc::new(load_cases("conditions"));
    let (table, item) = (create_table("hash").await, merged(pk("k"), &cases["item"]));
    done("PutItem", &json!({"TableName": table, "Item": item})).await.expect("the item of the conditions");
    // Each expression as a condition and as a filter.
    let requests = {
        let cases = cases.clone();
        move |expression: &str| {
            let mut put = json!({"TableName": table, "Item": item, "ConditionExpression": expression});
            let mut scan = json!({"TableName": table, "FilterExpression": expression});
            for request in [&mut put, &mut scan] {
                add_placeholders(request, expression, &cases["names"], &cases["values"]);
            }
            (put, scan)
        }
    };
    let mut tests = Vec::new();
    for expression in list(&cases["true"]) {
        let (put, scan) = requests(&text(&expression));
        tests.push(test(format!("holds: {}", text(&expression)), async move {
            done("PutItem", &put).await?;
            has(&done("Scan", &scan).await?, &json!({"Count": 1}), "as a filter")
        }));
    }
    for expression in list(&cases["false"]) {
        let (put, scan) = requests(&text(&expression));
        tests.push(test(format!("does not hold: {}", text(&expression)), async move {
            is_refused(call("PutItem", &put).await, "ConditionalCheckFailedException: The conditional request failed")?;
            has(&done("Scan", &scan).await?, &json!({"Count": 0}), "as a filter")
        }));
    }
    for case in list(&cases["errors"]) {
        let (expression, message) = (text(&case[0]), text(&case[1]));
        let (put, scan) = requests(&expression);
        tests.push(test(format!("refused: {expression}"), async move {
            let expected = |kind| format!("ValidationException: {}", message.replace("{kind}", kind));
            is_refused(call("PutItem", &put).await, &expected("ConditionExpression"))?;
            is_refused(call("Scan", &scan).await, &expected("FilterExpression"))
        }));
    }
    tests
}

async fn updates() -> Vec<Test> {
    let (cases, table) = (load_cases("updates"), create_table("hash").await);
    let mut tests = Vec::new();
    for (kind, refused) in [("done", false), ("refused", true)] {
        for (i, case) in list(&cases[kind]).into_iter().enumerate() {
            let (from, expression, outcome) = (case[0].clone(), text(&case[1]), case[2].clone());
            let key = pk(&format!("{kind} {i}"));
            let mut update = json!({"TableName": table, "Key": key, "UpdateExpression": expression, "ReturnValues": "ALL_NEW"});
            add_placeholders(&mut update, &expression, &cases["names"], &cases["values"]);
            let get = json!({"TableName": table, "Key": key, "ConsistentRead": true});
            tests.push(test(format!("{kind}: {expression} on {from}"), async move {
                if !from.is_null() {
                    done("PutItem", &json!({"TableName": get["TableName"], "Item": merged(key.clone(), &from)})).await?;
                }
                let before = done("GetItem", &get).await?["Item"].take();
                let answer = call("UpdateItem", &update).await;
                let after = done("GetItem", &get).await?["Item"].take();
                if refused {
                    is_refused(answer, &format!("ValidationException: {}", text(&outcome)))?;
                    return same(&after, &before, "the item after it");
                }
                let expected = merged(key, &outcome);
                same(&answer.map_err(text_of)?["Attributes"], &expected, "ALL_NEW")?;
                same(&after, &expected, "the item after it")
            }));
        }
    }
    tests
}

async fn projections() -> Vec<Test> {
    let (cases, table) = (load_cases("projections"), create_table("hash").await);
    let put = json!({"TableName": table, "Item": merged(pk("k"), &cases["item"])});
    done("PutItem", &put).await.expect("the item of the projections");
    let mut tests = Vec::new();
    for (kind, refused) in [("shown", false), ("errors", true)] {
        for case in list(&cases[kind]) {
            let (expression, outcome) = (text(&case[0]), case[1].clone());
            let mut scan = json!({"TableName": table, "ProjectionExpression": expression});
            add_placeholders(&mut scan, &expression, &cases["names"], &Value::Null);
            let get = merged(scan.clone(), &json!({"Key": pk("k")}));
            tests.push(test(format!("{kind}: {expression}"), async move {
                if refused {
                    return is_refused(call("GetItem", &get).await, &format!("ValidationException: {}", text(&outcome)));
                }
                let expected = if outcome["pk"] == true { pk("k") } else { outcome };
                same(&done("GetItem", &get).await?["Item"], &expected, "GetItem's item")?;
                same(&done("Scan", &scan).await?["Items"], &json!([expected]), "Scan's items")
            }));
        }
    }
    tests
}

// --- Keys ---

async fn key_conditions() -> Vec<Test> {
    let cases = load_cases("keys");
    let mut tests = Vec::new();
    for (kind, case) in cases["types"].as_object().expect("types of sort keys") {
        tests.extend(sort_key(kind, case).await);
    }
    let table = create_table("range").await;
    for case in list(&cases["errors"]) {
        let (expression, message) = (text(&case[0]), text(&case[1]));
        let mut query = json!({"TableName": table, "KeyConditionExpression": expression});
        add_placeholders(&mut query, &expression, &Value::Null, &cases["error_values"]);
        tests.push(test(format!("key condition refused: {expression}"), async move {
            is_refused(call("Query", &query).await, &format!("ValidationException: {message}"))
        }));
    }
    tests
}

/// The items that a key condition finds, by their places in the order there must be.
async fn places(query: &Value, forward: bool) -> Result<Vec<usize>, String> {
    let answer = done("Query", &merged(query.clone(), &json!({"ScanIndexForward": forward}))).await?;
    let items = list(&answer["Items"]);
    Ok(items.iter().map(|item| text(&item["place"]["N"]).parse().expect("a place")).collect())
}

async fn sort_key(kind: &str, case: &Value) -> Vec<Test> {
    let table = create_table(&if kind == "S" { "range".to_owned() } else { format!("range{kind}") }).await;
    let sorted = list(&case["sorted"]);
    for (i, sk) in sorted.iter().enumerate().rev() {
        let item = merged(pk("p"), &json!({"sk": sk, "place": {"N": i.to_string()}}));
        done("PutItem", &json!({"TableName": table, "Item": item})).await.expect("an item of the key conditions");
    }
    let values = merged(case["values"].clone(), &json!({":p": {"S": "p"}}));
    let query = |expression: &str| {
        let mut query = json!({"TableName": table, "KeyConditionExpression": expression});
        add_placeholders(&mut query, expression, &json!({"#sk": "sk"}), &values);
        query
    };
    let mut conditions = vec![("pk = :p".to_owned(), query("pk = :p"), (0..sorted.len()).collect::<Vec<_>>())];
    for condition in list(&case["conditions"]) {
        let found = list(&condition[1]).iter().map(|place| place.as_u64().expect("a place") as usize).collect::<Vec<_>>();
        let condition = text(&condition[0]);
        for expression in [format!("pk = :p AND {condition}"), format!("({condition}) and (:p = pk)")] {
            conditions.push((expression.clone(), query(&expression), found.clone()));
        }
    }
    let tests = conditions.into_iter().map(|(expression, query, mut expected)| {
        test(format!("key of type {kind}: {expression}"), async move {
            for forward in [true, false] {
                let found = places(&query, forward).await?;
                if found != expected {
                    return Err(format!("found {found:?}, not {expected:?} (forward: {forward})"));
                }
                expected.reverse();
            }
            Ok(())
        })
    });
    tests.collect()
}

async fn numbers() -> Vec<Test> {
    let (cases, table) = (load_cases("numbers"), create_table("hash").await);
    let mut tests = Vec::new();
    for (kind, refused) in [("kept", false), ("refused", true)] {
        for (i, case) in list(&cases[kind]).into_iter().enumerate() {
            let (number, outcome, table) = (text(&case[0]), text(&case[1]), table.clone());
            tests.push(test(format!("number {kind}: {number}"), async move {
                let key = pk(&format!("{kind} {i}"));
                let with = |number: &str| merged(key.clone(), &json!({"n": {"N": number}, "l": {"L": [{"NS": [number]}]}}));
                let answer = call("PutItem", &json!({"TableName": table, "Item": with(&number)})).await;
                if refused {
                    return is_refused(answer, &format!("ValidationException: {outcome}"));
                }
                answer.map_err(text_of)?;
                let item = done("GetItem", &json!({"TableName": table, "Key": key})).await?["Item"].take();
                same(&item, &with(&outcome), "the item")
            }));
        }
    }
    tests
}
