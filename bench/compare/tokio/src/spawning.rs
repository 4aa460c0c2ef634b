//! What a spawn costs, from tasks, from threads, into idle and busy runtimes.

use crate::{current_thread, multi_thread, nothing, Counter, Measurement, WORKERS};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{sync_channel, SyncSender};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

const MANY: u64 = 10_000;
type Handles = Vec<JoinHandle<()>>;

async fn await_all(all: &mut Handles) -> u64 {
    let mut done = 0;
    for handle in all.drain(..) {
        handle.await.unwrap();
        done += 1;
    }
    done
}

async fn count_down(left: Counter, done: SyncSender<()>) {
    if left.fetch_sub(1, Relaxed) == 1 {
        done.send(()).unwrap();
    }
}

pub fn spawn_many_local(m: &mut Measurement) {
    let rt = multi_thread(WORKERS);
    let left = Counter::default();
    let (tx, rx) = sync_channel(1000);
    m.repeat(MANY, || {
        left.store(MANY, Relaxed);
        rt.block_on(async {
            for _ in 0..MANY {
                tokio::spawn(count_down(left.clone(), tx.clone()));
            }
            rx.recv().unwrap();
        });
        left.load(Relaxed)
    });
}

/// Spawns from this thread, then awaits all.
fn spawn_and_collect(rt: &Runtime, all: &mut Handles, n: u64) -> u64 {
    for _ in 0..n {
        all.push(rt.spawn(nothing()));
    }
    rt.block_on(await_all(all))
}

pub fn spawn_many_remote_idle(m: &mut Measurement) {
    let rt = multi_thread(WORKERS);
    let mut all = Vec::with_capacity(MANY as usize);
    m.repeat(MANY, || spawn_and_collect(&rt, &mut all, MANY));
}

fn stall() {
    let end = Instant::now() + Duration::from_micros(10);
    while Instant::now() < end {
        std::thread::yield_now();
    }
}

type Flag = Arc<AtomicBool>;
type Busy = Pin<Box<dyn Future<Output = ()> + Send>>;

fn yield_busily(go_on: Flag) -> Busy {
    Box::pin(async move {
        while go_on.load(Relaxed) {
            tokio::task::yield_now().await;
            stall();
        }
    })
}

fn spawn_busily(go_on: Flag) -> Busy {
    Box::pin(async move {
        if go_on.load(Relaxed) {
            stall();
            tokio::spawn(spawn_busily(go_on));
        }
    })
}

fn into_busy(m: &mut Measurement, busy: fn(Flag) -> Busy, tasks: usize, n: u64) {
    let rt = multi_thread(WORKERS);
    let mut all = Vec::with_capacity(n as usize);
    let go_on = Arc::new(AtomicBool::new(true));
    for _ in 0..tasks {
        rt.spawn(busy(go_on.clone()));
    }
    m.repeat(n, || spawn_and_collect(&rt, &mut all, n));
    go_on.store(false, Relaxed);
}

pub fn spawn_many_remote_busy1(m: &mut Measurement) {
    into_busy(m, yield_busily, 2 * WORKERS, MANY);
}

pub fn spawn_many_remote_busy2(m: &mut Measurement) {
    into_busy(m, spawn_busily, WORKERS, 1_000);
}

async fn work() -> u64 {
    tokio::task::yield_now().await;
    2
}

async fn spawn_one() -> u64 {
    tokio::spawn(work()).await.unwrap()
}

async fn spawn_ten() -> u64 {
    let mut all = Vec::with_capacity(10);
    for _ in 0..10 {
        all.push(tokio::spawn(work()));
    }
    let mut sum = 0;
    for handle in all {
        sum += handle.await.unwrap();
    }
    sum
}

pub fn basic_scheduler_spawn(m: &mut Measurement) {
    let rt = current_thread();
    m.repeat(1, || rt.block_on(spawn_one()));
}

pub fn basic_scheduler_spawn10(m: &mut Measurement) {
    let rt = current_thread();
    m.repeat(10, || rt.block_on(spawn_ten()));
}

pub fn threaded_scheduler_spawn(m: &mut Measurement) {
    let rt = multi_thread(1);
    m.repeat(1, || rt.block_on(spawn_one()));
}

pub fn threaded_scheduler_spawn10(m: &mut Measurement) {
    let rt = multi_thread(1);
    m.repeat(10, || rt.block_on(spawn_ten()));
}

fn remote_spawn(m: &mut Measurement, threads: usize) {
    const TOTAL: u64 = 12_800;
    let rt = multi_thread(WORKERS);
    let n = TOTAL / threads as u64;
    m.repeat_laps(TOTAL, || {
        let together = Barrier::new(threads);
        let begin = Instant::now();
        let mut parts: Vec<Handles> = std::thread::scope(|scope| {
            let spawners: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(|| {
                        let mut part = Vec::with_capacity(n as usize);
                        together.wait();
                        for _ in 0..n {
                            part.push(rt.spawn(nothing()));
                        }
                        part
                    })
                })
                .collect();
            spawners.into_iter().map(|s| s.join().unwrap()).collect()
        });
        let time = begin.elapsed();
        let done = parts.iter_mut().map(|part| rt.block_on(await_all(part))).sum();
        (time, done)
    });
}

pub fn remote_spawn_1(m: &mut Measurement) {
    remote_spawn(m, 1);
}

pub fn remote_spawn_2(m: &mut Measurement) {
    remote_spawn(m, 2);
}

async fn one_at_a_time(n: u64) -> u64 {
    let mut sum = 0;
    for i in 0..n {
        sum += tokio::spawn(async move { i }).await.unwrap();
    }
    sum
}

async fn all_at_once() -> u64 {
    let mut all = Vec::with_capacity(MANY as usize);
    for _ in 0..MANY {
        all.push(tokio::spawn(nothing()));
    }
    await_all(&mut all).await
}

pub fn spawn_and_await(m: &mut Measurement) {
    let rt = multi_thread(WORKERS);
    m.repeat(MANY, || rt.block_on(rt.spawn(one_at_a_time(MANY))).unwrap());
}

pub fn spawn_10k_await_all(m: &mut Measurement) {
    let rt = multi_thread(WORKERS);
    m.repeat(MANY, || rt.block_on(rt.spawn(all_at_once())).unwrap());
}

pub fn block_on_spawn_and_await(m: &mut Measurement) {
    let rt = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .unwrap();
    m.repeat(1_000, || rt.block_on(one_at_a_time(1_000)));
}
