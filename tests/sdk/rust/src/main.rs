// SPDX-License-Identifier: Apache-2.0
//! The AWS SDK for Rust, unchanged, against the server at STATOR_ENDPOINT. Prints a line for each test and `RESULT passed
//! failed skipped`. An argument: only tests whose names contain it.
mod cases;
mod flows;
mod json;
mod operations;
mod support;

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};

/// A test fails by its error, by a panic, or by time.
pub struct Test {
    name: String,
    run: Pin<Box<dyn Future<Output = Result<(), String>> + Send>>,
}

pub fn test(name: impl Into<String>, run: impl Future<Output = Result<(), String>> + Send + 'static) -> Test {
    Test { name: name.into(), run: Box::pin(run) }
}

const AT_ONCE: usize = 8;
const LIMIT: Duration = Duration::from_secs(240);

fn text_of_panic(error: JoinError) -> String {
    let panic = error.into_panic();
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned())).unwrap_or_else(|| "panicked".to_owned())
}

async fn run(test: Test, turns: Arc<Semaphore>) -> bool {
    let _turn = turns.acquire().await.expect("nobody closes it");
    let outcome = match tokio::time::timeout(LIMIT, tokio::spawn(test.run)).await {
        Ok(ended) => ended.unwrap_or_else(|error| Err(text_of_panic(error))),
        Err(_) => Err(format!("took longer than {LIMIT:?}")),
    };
    match &outcome {
        Ok(()) => println!("ok   {}", test.name),
        Err(reason) => println!("FAIL {}\n     {reason}", test.name),
    }
    outcome.is_ok()
}

#[tokio::main]
async fn main() -> ExitCode {
    let only = std::env::args().nth(1).unwrap_or_default();
    let mut tests = cases::all().await;
    tests.extend(flows::all());
    let (turns, mut running) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for test in tests.into_iter().filter(|test| test.name.contains(&only)) {
        running.spawn(run(test, turns.clone()));
    }
    let outcomes = running.join_all().await;
    let passed = outcomes.iter().filter(|&&good| good).count();
    println!("RESULT {passed} {} 0", outcomes.len() - passed);
    if passed == outcomes.len() && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
