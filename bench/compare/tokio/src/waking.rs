//! What it costs to wake tasks.

use crate::{multi_thread, Counter, Measurement, WORKERS};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{sync_channel, SyncSender};
use tokio::sync::oneshot;

const PINGS: u64 = 1_000;

pub fn yield_many(m: &mut Measurement) {
    const YIELDS: u64 = 1_000;
    const TASKS: u64 = 200;
    let rt = multi_thread(WORKERS);
    let (tx, rx) = sync_channel(TASKS as usize);
    let sum = Counter::default();
    m.repeat(YIELDS * TASKS, || {
        sum.store(0, Relaxed);
        for _ in 0..TASKS {
            let (sum, done) = (sum.clone(), tx.clone());
            rt.spawn(async move {
                for _ in 0..YIELDS {
                    tokio::task::yield_now().await;
                }
                sum.fetch_add(YIELDS, Relaxed);
                done.send(()).unwrap();
            });
        }
        for _ in 0..TASKS {
            rx.recv().unwrap();
        }
        sum.load(Relaxed)
    });
}

async fn pong(ping: oneshot::Receiver<()>, answer: oneshot::Sender<()>) {
    ping.await.unwrap();
    answer.send(()).unwrap();
}

async fn ping(left: Counter, done: SyncSender<()>) {
    let (tx1, rx1) = oneshot::channel();
    let (tx2, rx2) = oneshot::channel();
    tokio::spawn(pong(rx1, tx2));
    tx1.send(()).unwrap();
    rx2.await.unwrap();
    if left.fetch_sub(1, Relaxed) == 1 {
        done.send(()).unwrap();
    }
}

pub fn ping_pong(m: &mut Measurement) {
    let rt = multi_thread(WORKERS);
    let left = Counter::default();
    let (tx, rx) = sync_channel(1000);
    m.repeat(PINGS, || {
        left.store(PINGS, Relaxed);
        rt.block_on(async {
            let (left, done) = (left.clone(), tx.clone());
            tokio::spawn(async move {
                for _ in 0..PINGS {
                    tokio::spawn(ping(left.clone(), done.clone()));
                }
            });
            rx.recv().unwrap();
        });
        left.load(Relaxed)
    });
}

fn link_of_chain(
    count: Counter,
    done: SyncSender<()>,
    n: u64,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        count.fetch_add(1, Relaxed);
        if n == 0 {
            done.send(()).unwrap();
        } else {
            tokio::spawn(link_of_chain(count, done, n - 1));
        }
    })
}

pub fn chained_spawn(m: &mut Measurement) {
    const LINKS: u64 = 1_000;
    let rt = multi_thread(WORKERS);
    let count = Counter::default();
    let (tx, rx) = sync_channel(1000);
    m.repeat(LINKS, || {
        count.store(0, Relaxed);
        rt.block_on(async {
            tokio::spawn(link_of_chain(count.clone(), tx.clone(), LINKS));
            rx.recv().unwrap();
        });
        count.load(Relaxed)
    });
}
