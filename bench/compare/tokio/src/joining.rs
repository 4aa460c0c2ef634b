//! Several things at once within one task: join, select, timeout.

use crate::{current_thread, Measurement};
use futures_util::future::join_all;
use std::future::Future;
use std::time::Duration;
use tokio::sync::{mpsc, Notify};
use tokio::time::timeout;

const TIMES: u64 = 10_000;
const BRANCHES: u64 = 100;
const SECOND: Duration = Duration::from_secs(1);

async fn job() -> u64 {
    tokio::task::yield_now().await;
    1
}

async fn join_pairs() -> u64 {
    let mut sum = 0;
    for _ in 0..TIMES {
        let (a, b) = tokio::join!(job(), job());
        sum += a + b;
    }
    sum
}

async fn join_hundreds() -> u64 {
    let mut sum = 0;
    for _ in 0..TIMES / BRANCHES {
        let mut jobs = Vec::with_capacity(BRANCHES as usize);
        for _ in 0..BRANCHES {
            jobs.push(job());
        }
        let all = join_all(jobs).await;
        sum += all.iter().sum::<u64>();
    }
    sum
}

/// The second branch takes a place in a queue and gives it up.
async fn select_pairs() -> u64 {
    let never = Notify::new();
    let mut sum = 0;
    for _ in 0..TIMES {
        tokio::select! {
            value = job() => sum += value,
            _ = never.notified() => {}
        }
    }
    sum
}

async fn receive_ready() -> u64 {
    let (tx, mut rx) = mpsc::unbounded_channel();
    let mut sum = 0;
    for i in 0..TIMES {
        let _ = tx.send(i);
        sum += timeout(SECOND, rx.recv()).await.unwrap().unwrap();
    }
    sum
}

async fn echo(mut rx: mpsc::UnboundedReceiver<u64>, tx: mpsc::UnboundedSender<u64>) {
    while let Some(got) = rx.recv().await {
        let _ = tx.send(got);
    }
}

async fn receive_echoes() -> u64 {
    let (tx, there) = mpsc::unbounded_channel();
    let (back, mut rx) = mpsc::unbounded_channel();
    tokio::spawn(echo(there, back));
    let mut sum = 0;
    for i in 0..TIMES {
        let _ = tx.send(i);
        sum += timeout(SECOND, rx.recv()).await.unwrap().unwrap();
    }
    sum
}

fn in_a_task<F>(m: &mut Measurement, run: fn() -> F)
where
    F: Future<Output = u64> + Send + 'static,
{
    let rt = current_thread();
    m.repeat(TIMES, || rt.block_on(rt.spawn(run())).unwrap());
}

pub fn join_2(m: &mut Measurement) {
    in_a_task(m, join_pairs);
}

pub fn join_100(m: &mut Measurement) {
    in_a_task(m, join_hundreds);
}

pub fn select_2(m: &mut Measurement) {
    in_a_task(m, select_pairs);
}

pub fn timeout_recv_ready(m: &mut Measurement) {
    in_a_task(m, receive_ready);
}

pub fn timeout_recv_pending(m: &mut Measurement) {
    in_a_task(m, receive_echoes);
}
