//! Trees of tasks: each inner task spawns its children and awaits them.

use crate::{multi_thread, Measurement, WORKERS};
use std::future::Future;
use std::pin::Pin;

type Boxed = Pin<Box<dyn Future<Output = u64> + Send>>;

fn fib_task(n: u64) -> Boxed {
    Box::pin(async move {
        if n < 2 {
            return n;
        }
        let left = tokio::spawn(fib_task(n - 1));
        let right = tokio::spawn(fib_task(n - 2));
        left.await.unwrap() + right.await.unwrap()
    })
}

fn skynet_task(first: u64, size: u64) -> Boxed {
    Box::pin(async move {
        if size == 1 {
            return first;
        }
        let mut children = Vec::with_capacity(10);
        for i in 0..10 {
            let child = skynet_task(first + i * (size / 10), size / 10);
            children.push(tokio::spawn(child));
        }
        let mut sum = 0;
        for child in children {
            sum += child.await.unwrap();
        }
        sum
    })
}

pub fn fib(m: &mut Measurement) {
    const TASKS: u64 = 242_785; // of fib(25)
    let rt = multi_thread(WORKERS);
    m.repeat(TASKS, || rt.block_on(rt.spawn(fib_task(25))).unwrap());
}

pub fn skynet(m: &mut Measurement) {
    const LEAVES: u64 = 1_000_000;
    const TASKS: u64 = 1_111_111;
    let rt = multi_thread(WORKERS);
    m.repeat(TASKS, || rt.block_on(rt.spawn(skynet_task(0, LEAVES))).unwrap());
}
