//! 100,000 tasks in a JoinSet, and on one thread in a LocalSet.

use crate::{current_thread, multi_thread, Measurement, WORKERS};
use std::cell::Cell;
use std::rc::Rc;
use tokio::task::{JoinSet, LocalSet};

const TASKS: u64 = 100_000;

async fn fill_and_drain() -> u64 {
    let mut set = JoinSet::new();
    for value in 0..TASKS {
        set.spawn(async move { value });
    }
    let mut sum = 0;
    while let Some(next) = set.join_next().await {
        sum += next.unwrap();
    }
    sum
}

async fn spawn_locally() -> u64 {
    let shared = Rc::new(Cell::new(0));
    let mut all = Vec::with_capacity(TASKS as usize);
    for _ in 0..TASKS {
        let shared = shared.clone();
        all.push(tokio::task::spawn_local(async move {
            shared.set(shared.get() + 1);
        }));
    }
    for handle in all {
        handle.await.unwrap();
    }
    shared.get()
}

pub fn join_set(m: &mut Measurement) {
    let rt = multi_thread(WORKERS);
    m.repeat(TASKS, || rt.block_on(rt.spawn(fill_and_drain())).unwrap());
}

pub fn local_set(m: &mut Measurement) {
    let rt = current_thread();
    m.repeat(TASKS, || {
        let set = LocalSet::new();
        set.block_on(&rt, spawn_locally())
    });
}
