//! Channels: mpsc in many ways, requests and replies, and one sender with many receivers.

use crate::measure::keep;
use crate::{current_thread, multi_thread, Measurement, WORKERS};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::{broadcast, mpsc, oneshot, watch, Notify};

struct Message<const WORDS: usize>([u64; WORDS]);

const CHANNELS: u64 = 100;

fn create(m: &mut Measurement, capacity: usize) {
    m.repeat(CHANNELS, || {
        let mut sum = 0;
        for _ in 0..CHANNELS {
            let ends = mpsc::channel::<Message<64>>(capacity);
            keep(&ends);
            sum += ends.0.capacity() as u64;
        }
        sum
    });
}

pub fn mpsc_create(m: &mut Measurement) {
    create(m, 100);
}

pub fn mpsc_create_1(m: &mut Measurement) {
    create(m, 1);
}

pub fn mpsc_create_100000(m: &mut Measurement) {
    create(m, 100_000);
}

/// Each message through a channel of its own.
fn send_one_each<const WORDS: usize>(m: &mut Measurement) {
    let rt = multi_thread(WORKERS);
    m.repeat(CHANNELS, || {
        let mut sum = 0;
        for i in 0..CHANNELS {
            let (tx, mut rx) = mpsc::channel(1_000);
            let mut sent = Message([0; WORDS]);
            sent.0[WORDS - 1] = i;
            let _ = rt.block_on(tx.send(sent));
            sum += rt.block_on(rx.recv()).unwrap().0[WORDS - 1];
        }
        sum
    });
}

pub fn mpsc_send_medium(m: &mut Measurement) {
    send_one_each::<64>(m);
}

pub fn mpsc_send_large(m: &mut Measurement) {
    send_one_each::<{ 64 * 64 }>(m);
}

const PRODUCERS: u64 = 5;
const OF_EACH: u64 = 1_000;
const MESSAGES: u64 = PRODUCERS * OF_EACH;
const ROOMY: usize = 1_000_000;
const NARROW: usize = 100;

async fn produce(tx: mpsc::Sender<u64>, n: u64) {
    for i in 0..n {
        let _ = tx.send(i).await;
    }
}

async fn receive(rx: &mut mpsc::Receiver<u64>) -> u64 {
    let mut sum = 0;
    for _ in 0..MESSAGES {
        sum += rx.recv().await.unwrap();
    }
    sum
}

pub fn mpsc_uncontended(m: &mut Measurement) {
    let rt = multi_thread(WORKERS);
    m.repeat(MESSAGES, || {
        rt.block_on(async {
            let (tx, mut rx) = mpsc::channel(ROOMY);
            produce(tx.clone(), MESSAGES).await;
            receive(&mut rx).await
        })
    });
}

fn contention(m: &mut Measurement, capacity: usize) {
    let rt = multi_thread(WORKERS);
    m.repeat(MESSAGES, || {
        rt.block_on(async {
            let (tx, mut rx) = mpsc::channel(capacity);
            for _ in 0..PRODUCERS {
                tokio::spawn(produce(tx.clone(), OF_EACH));
            }
            receive(&mut rx).await
        })
    });
}

async fn produce_unbounded(tx: mpsc::UnboundedSender<u64>, n: u64) {
    for i in 0..n {
        let _ = tx.send(i);
    }
}

async fn receive_unbounded(rx: &mut mpsc::UnboundedReceiver<u64>) -> u64 {
    let mut sum = 0;
    for _ in 0..MESSAGES {
        sum += rx.recv().await.unwrap();
    }
    sum
}

pub fn mpsc_uncontended_unbounded(m: &mut Measurement) {
    let rt = multi_thread(WORKERS);
    m.repeat(MESSAGES, || {
        rt.block_on(async {
            let (tx, mut rx) = mpsc::unbounded_channel();
            produce_unbounded(tx.clone(), MESSAGES).await;
            receive_unbounded(&mut rx).await
        })
    });
}

pub fn mpsc_contention(m: &mut Measurement) {
    contention(m, ROOMY);
}

pub fn mpsc_contention_full(m: &mut Measurement) {
    contention(m, NARROW);
}

pub fn mpsc_contention_unbounded(m: &mut Measurement) {
    let rt = multi_thread(WORKERS);
    m.repeat(MESSAGES, || {
        rt.block_on(async {
            let (tx, mut rx) = mpsc::unbounded_channel();
            for _ in 0..PRODUCERS {
                tokio::spawn(produce_unbounded(tx.clone(), OF_EACH));
            }
            receive_unbounded(&mut rx).await
        })
    });
}

/// What recv_many() does; Tokio has it since 1.33.
async fn recv_many(rx: &mut mpsc::Receiver<u64>, out: &mut Vec<u64>, limit: usize) {
    let end = out.len() + limit;
    out.extend(rx.recv().await);
    while out.len() < end {
        match rx.try_recv() {
            Ok(value) => out.push(value),
            Err(_) => break,
        }
    }
}

pub fn mpsc_recv_many(m: &mut Measurement) {
    let rt = multi_thread(WORKERS);
    m.repeat(MESSAGES, || {
        rt.block_on(async {
            let (tx, mut rx) = mpsc::channel(ROOMY);
            for _ in 0..PRODUCERS {
                tokio::spawn(produce(tx.clone(), OF_EACH));
            }
            let mut got = Vec::with_capacity(MESSAGES as usize);
            while got.len() < MESSAGES as usize {
                recv_many(&mut rx, &mut got, MESSAGES as usize).await;
            }
            got.iter().sum()
        })
    });
}

type Replier = oneshot::Sender<()>;
const REQUESTS: u64 = 1_000;

async fn request(tx: &mpsc::Sender<Replier>) -> u64 {
    let mut replies = 0;
    for _ in 0..REQUESTS {
        let (answer, reply) = oneshot::channel();
        let _ = tx.send(answer).await;
        if reply.await.is_ok() {
            replies += 1;
        }
    }
    replies
}

fn request_reply_on(m: &mut Measurement, rt: Runtime) {
    let (tx, mut rx) = mpsc::channel::<Replier>(10);
    rt.spawn(async move {
        while let Some(request) = rx.recv().await {
            let _ = request.send(());
        }
    });
    m.repeat(REQUESTS, || rt.block_on(request(&tx)));
}

pub fn request_reply(m: &mut Measurement) {
    request_reply_on(m, current_thread());
}

pub fn request_reply_multi(m: &mut Measurement) {
    request_reply_on(m, multi_thread(1));
}

/// What receivers of one message have not yet taken off, in all, and who waits for that.
#[derive(Default)]
struct Round {
    left: AtomicU64,
    done: Notify,
}

const ROUNDS: u64 = 100;

/// A receiver's work. It takes off the value that it got: a wrong one would never let the round end.
fn take_off(round: &Round, value: u64, random: &mut u64) {
    for _ in 0..16 {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
    }
    keep(random);
    if round.left.fetch_sub(value, Ordering::Release) == value {
        round.done.notify_one();
    }
}

async fn send_rounds(send: impl Fn(u64), round: Arc<Round>, receivers: u64) -> u64 {
    let mut sum = 0;
    for value in 1..=ROUNDS {
        round.left.fetch_add(value * receivers, Ordering::Relaxed);
        send(value);
        while round.left.load(Ordering::Acquire) != 0 {
            round.done.notified().await;
        }
        sum += value * receivers;
    }
    sum
}

fn watch_by(m: &mut Measurement, receivers: u64) {
    let rt = multi_thread(WORKERS);
    let tx = Arc::new(watch::channel(0).0);
    let round = Arc::new(Round::default());
    for i in 0..receivers {
        let (mut rx, round, mut random) = (tx.subscribe(), round.clone(), i + 1);
        rt.spawn(async move {
            while rx.changed().await.is_ok() {
                let value = *rx.borrow();
                take_off(&round, value, &mut random);
            }
        });
    }
    m.repeat(ROUNDS * receivers, || {
        let (tx, round) = (tx.clone(), round.clone());
        let send = move |value| {
            let _ = tx.send(value);
        };
        rt.block_on(rt.spawn(send_rounds(send, round, receivers))).unwrap()
    });
}

fn broadcast_to(m: &mut Measurement, receivers: u64) {
    let rt = multi_thread(WORKERS);
    let tx = broadcast::channel(1_000).0;
    let round = Arc::new(Round::default());
    for i in 0..receivers {
        let (mut rx, round, mut random) = (tx.subscribe(), round.clone(), i + 1);
        rt.spawn(async move {
            while let Ok(value) = rx.recv().await {
                take_off(&round, value, &mut random);
            }
        });
    }
    m.repeat(ROUNDS * receivers, || {
        let send = |value| {
            let _ = tx.send(value);
        };
        rt.block_on(send_rounds(send, round.clone(), receivers))
    });
}

pub fn watch_10(m: &mut Measurement) {
    watch_by(m, 10);
}

pub fn watch_100(m: &mut Measurement) {
    watch_by(m, 100);
}

pub fn watch_500(m: &mut Measurement) {
    watch_by(m, 500);
}

pub fn watch_1000(m: &mut Measurement) {
    watch_by(m, 1_000);
}

pub fn broadcast_10(m: &mut Measurement) {
    broadcast_to(m, 10);
}

pub fn broadcast_100(m: &mut Measurement) {
    broadcast_to(m, 100);
}

pub fn broadcast_500(m: &mut Measurement) {
    broadcast_to(m, 500);
}

pub fn broadcast_1000(m: &mut Measurement) {
    broadcast_to(m, 1_000);
}
