//! Closures in the blocking pool, in batches of 16.

use crate::{multi_thread, Measurement, WORKERS};
use tokio::task::JoinSet;

const BATCHES: u64 = 100;
const BATCH_SIZE: u64 = 16;

async fn run_batches() -> u64 {
    let mut sum = 0;
    for _ in 0..BATCHES {
        let mut batch = JoinSet::new();
        for value in 0..BATCH_SIZE {
            // JoinSet::spawn_blocking came with Tokio 1.25.
            let closure = tokio::task::spawn_blocking(move || value);
            batch.spawn(async move { closure.await.unwrap() });
        }
        while let Some(value) = batch.join_next().await {
            sum += value.unwrap();
        }
    }
    sum
}

async fn run_tasks(n: usize) -> u64 {
    let mut tasks = JoinSet::new();
    for _ in 0..n {
        tasks.spawn(run_batches());
    }
    let mut sum = 0;
    while let Some(value) = tasks.join_next().await {
        sum += value.unwrap();
    }
    sum
}

fn spawn_blocking(m: &mut Measurement, tasks: usize) {
    let rt = multi_thread(WORKERS);
    let closures = BATCHES * BATCH_SIZE * tasks as u64;
    m.repeat(closures, || rt.block_on(run_tasks(tasks)));
}

pub fn spawn_blocking_1(m: &mut Measurement) {
    spawn_blocking(m, 1);
}

pub fn spawn_blocking_2(m: &mut Measurement) {
    spawn_blocking(m, 2);
}
