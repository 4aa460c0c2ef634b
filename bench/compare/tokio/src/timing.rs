//! Timeouts and sleeps that never fire: made and dropped, and registered and dropped.

use crate::measure::keep;
use crate::{Measurement, WORKERS};
use std::future::Future;
use std::time::Duration;
use tokio::time::{sleep, timeout};

const TIMES: u64 = 10_000;
const SECOND: Duration = Duration::from_secs(1);

async fn quick_job() -> u64 {
    1
}

async fn slower_job() -> u64 {
    tokio::task::yield_now().await;
    1
}

async fn timeouts<F: Future<Output = u64>>(n: u64, job: fn() -> F) -> u64 {
    let mut sum = 0;
    for _ in 0..n {
        sum += timeout(SECOND, job()).await.unwrap();
    }
    sum
}

async fn sleeps(n: u64) -> u64 {
    let mut made = 0;
    for _ in 0..n {
        let dropped = sleep(SECOND);
        keep(&dropped);
        made += 1;
    }
    made
}

async fn on_tasks<F>(run: impl Fn(u64) -> F, tasks: usize) -> u64
where
    F: Future<Output = u64> + Send + 'static,
{
    let mut all = Vec::with_capacity(tasks);
    for _ in 0..tasks {
        all.push(tokio::spawn(run(TIMES / tasks as u64)));
    }
    let mut sum = 0;
    for handle in all {
        sum += handle.await.unwrap();
    }
    sum
}

fn single_thread<F>(m: &mut Measurement, run: impl Fn(u64) -> F)
where
    F: Future<Output = u64> + Send + 'static,
{
    let rt = crate::current_thread();
    m.repeat(TIMES, || rt.block_on(on_tasks(&run, 1)));
}

fn multi_thread<F>(m: &mut Measurement, run: impl Fn(u64) -> F)
where
    F: Future<Output = u64> + Send + 'static,
{
    let rt = crate::multi_thread(WORKERS);
    m.repeat(TIMES, || rt.block_on(on_tasks(&run, WORKERS)));
}

pub fn single_thread_timeout(m: &mut Measurement) {
    single_thread(m, |n| timeouts(n, quick_job));
}

pub fn multi_thread_timeout(m: &mut Measurement) {
    multi_thread(m, |n| timeouts(n, quick_job));
}

pub fn single_thread_sleep(m: &mut Measurement) {
    single_thread(m, sleeps);
}

pub fn multi_thread_sleep(m: &mut Measurement) {
    multi_thread(m, sleeps);
}

pub fn single_thread_registered(m: &mut Measurement) {
    single_thread(m, |n| timeouts(n, slower_job));
}

pub fn multi_thread_registered(m: &mut Measurement) {
    multi_thread(m, |n| timeouts(n, slower_job));
}
