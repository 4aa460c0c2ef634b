//! Locks, permits, notifications and cancellation.

use crate::{current_thread, multi_thread, Counter, Measurement, WORKERS};
use std::future::Future;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::{Notify, RwLock, Semaphore};
use tokio::task::JoinError;
use tokio::{join, spawn, try_join};
use tokio_util::sync::CancellationToken;

const AT_ONCE: u64 = 6;

async fn read_once(shared: Arc<RwLock<u64>>) -> u64 {
    *shared.read().await
}

async fn acquire_once(shared: Arc<Semaphore>) -> u64 {
    let permit = shared.acquire().await;
    permit.is_ok() as u64
}

async fn read_contended(l: Arc<RwLock<u64>>) -> u64 {
    let guard = l.write().await;
    let all = join!(
        async move { drop(guard) },
        read_once(l.clone()),
        read_once(l.clone()),
        read_once(l.clone()),
        read_once(l.clone()),
        read_once(l.clone())
    );
    all.1 + all.2 + all.3 + all.4 + all.5
}

async fn read_contended_by_tasks(l: Arc<RwLock<u64>>) -> u64 {
    let guard = l.write().await;
    let all = try_join!(
        async move {
            drop(guard);
            Ok::<_, JoinError>(())
        },
        spawn(read_once(l.clone())),
        spawn(read_once(l.clone())),
        spawn(read_once(l.clone())),
        spawn(read_once(l.clone())),
        spawn(read_once(l.clone()))
    )
    .unwrap();
    all.1 + all.2 + all.3 + all.4 + all.5
}

async fn read_joined(l: Arc<RwLock<u64>>) -> u64 {
    let all = join!(
        read_once(l.clone()),
        read_once(l.clone()),
        read_once(l.clone()),
        read_once(l.clone()),
        read_once(l.clone()),
        read_once(l.clone())
    );
    all.0 + all.1 + all.2 + all.3 + all.4 + all.5
}

async fn read_by_tasks(l: Arc<RwLock<u64>>) -> u64 {
    let all = try_join!(
        spawn(read_once(l.clone())),
        spawn(read_once(l.clone())),
        spawn(read_once(l.clone())),
        spawn(read_once(l.clone())),
        spawn(read_once(l.clone())),
        spawn(read_once(l.clone()))
    )
    .unwrap();
    all.0 + all.1 + all.2 + all.3 + all.4 + all.5
}

async fn acquire_joined(s: Arc<Semaphore>) -> u64 {
    let all = join!(
        acquire_once(s.clone()),
        acquire_once(s.clone()),
        acquire_once(s.clone()),
        acquire_once(s.clone()),
        acquire_once(s.clone()),
        acquire_once(s.clone())
    );
    all.0 + all.1 + all.2 + all.3 + all.4 + all.5
}

async fn acquire_by_tasks(s: Arc<Semaphore>) -> u64 {
    let all = try_join!(
        spawn(acquire_once(s.clone())),
        spawn(acquire_once(s.clone())),
        spawn(acquire_once(s.clone())),
        spawn(acquire_once(s.clone())),
        spawn(acquire_once(s.clone())),
        spawn(acquire_once(s.clone()))
    )
    .unwrap();
    all.0 + all.1 + all.2 + all.3 + all.4 + all.5
}

/// Calls of block_on a lap.
const TURNS: u64 = 100;

fn in_turn<F: Future<Output = u64>>(
    m: &mut Measurement,
    rt: Runtime,
    users: u64,
    run: impl Fn() -> F,
) {
    m.repeat(TURNS * users, || {
        let mut sum = 0;
        for _ in 0..TURNS {
            sum += rt.block_on(run());
        }
        sum
    });
}

fn use_shared<S, F: Future<Output = u64>>(
    m: &mut Measurement,
    rt: Runtime,
    run: impl Fn(Arc<S>) -> F,
    users: u64,
    shared: S,
) {
    let shared = Arc::new(shared);
    in_turn(m, rt, users, || run(shared.clone()));
}

pub fn rwlock_read(m: &mut Measurement) {
    let shared = RwLock::new(1);
    in_turn(m, multi_thread(WORKERS), AT_ONCE, || async {
        let mut sum = 0;
        for _ in 0..AT_ONCE {
            let guard = shared.read().await;
            sum += *guard;
        }
        sum
    });
}

pub fn rwlock_uncontended(m: &mut Measurement) {
    use_shared(m, current_thread(), read_joined, AT_ONCE, RwLock::new(1));
}

pub fn rwlock_uncontended_multi(m: &mut Measurement) {
    use_shared(m, multi_thread(WORKERS), read_by_tasks, AT_ONCE, RwLock::new(1));
}

pub fn rwlock_contended(m: &mut Measurement) {
    use_shared(m, current_thread(), read_contended, AT_ONCE - 1, RwLock::new(1));
}

pub fn rwlock_contended_multi(m: &mut Measurement) {
    let rt = multi_thread(WORKERS);
    use_shared(m, rt, read_contended_by_tasks, AT_ONCE - 1, RwLock::new(1));
}

pub fn semaphore_uncontended(m: &mut Measurement) {
    let shared = Semaphore::new(10);
    in_turn(m, multi_thread(WORKERS), AT_ONCE, || async {
        let mut sum = 0;
        for _ in 0..AT_ONCE {
            let permit = shared.acquire().await;
            sum += permit.is_ok() as u64;
        }
        sum
    });
}

pub fn semaphore_uncontended_concurrent(m: &mut Measurement) {
    use_shared(m, current_thread(), acquire_joined, AT_ONCE, Semaphore::new(10));
}

pub fn semaphore_uncontended_concurrent_multi(m: &mut Measurement) {
    use_shared(m, multi_thread(WORKERS), acquire_by_tasks, AT_ONCE, Semaphore::new(10));
}

pub fn semaphore_concurrent(m: &mut Measurement) {
    use_shared(m, current_thread(), acquire_joined, AT_ONCE, Semaphore::new(5));
}

pub fn semaphore_concurrent_multi(m: &mut Measurement) {
    use_shared(m, multi_thread(WORKERS), acquire_by_tasks, AT_ONCE, Semaphore::new(5));
}

const NOTIFIED: u64 = 500;

/// Notifies without a pause until the tasks have counted enough of it.
fn notify_often(m: &mut Measurement, tell: fn(&Notify), waiters: usize) {
    let rt = multi_thread(WORKERS);
    let notify = Arc::new(Notify::new());
    let count = Counter::default();
    for _ in 0..waiters {
        let (notify, count) = (notify.clone(), count.clone());
        rt.spawn(async move {
            loop {
                notify.notified().await;
                count.fetch_add(1, Relaxed);
            }
        });
    }
    m.repeat(NOTIFIED, || {
        count.store(0, Relaxed);
        loop {
            tell(&notify);
            if count.load(Relaxed) >= NOTIFIED {
                break;
            }
        }
        count.load(Relaxed).min(NOTIFIED)
    });
}

pub fn notify_waiters_10(m: &mut Measurement) {
    notify_often(m, Notify::notify_waiters, 10);
}

pub fn notify_waiters_50(m: &mut Measurement) {
    notify_often(m, Notify::notify_waiters, 50);
}

pub fn notify_waiters_100(m: &mut Measurement) {
    notify_often(m, Notify::notify_waiters, 100);
}

pub fn notify_waiters_200(m: &mut Measurement) {
    notify_often(m, Notify::notify_waiters, 200);
}

pub fn notify_waiters_500(m: &mut Measurement) {
    notify_often(m, Notify::notify_waiters, 500);
}

pub fn notify_one_10(m: &mut Measurement) {
    notify_often(m, Notify::notify_one, 10);
}

pub fn notify_one_50(m: &mut Measurement) {
    notify_often(m, Notify::notify_one, 50);
}

pub fn notify_one_100(m: &mut Measurement) {
    notify_often(m, Notify::notify_one, 100);
}

pub fn notify_one_200(m: &mut Measurement) {
    notify_often(m, Notify::notify_one, 200);
}

pub fn notify_one_500(m: &mut Measurement) {
    notify_often(m, Notify::notify_one, 500);
}

const CANCELLED: u64 = 1_000;

async fn await_cancellation(token: CancellationToken, waiting: Counter) -> u64 {
    waiting.fetch_add(1, Relaxed);
    token.cancelled().await;
    token.is_cancelled() as u64
}

async fn cancel_all() -> u64 {
    let token = CancellationToken::new();
    let waiting = Counter::default();
    let mut all = Vec::with_capacity(CANCELLED as usize);
    for _ in 0..CANCELLED {
        all.push(spawn(await_cancellation(token.clone(), waiting.clone())));
    }
    while waiting.load(Relaxed) < CANCELLED {
        tokio::task::yield_now().await;
    }
    token.cancel();
    let mut sum = 0;
    for handle in all {
        sum += handle.await.unwrap();
    }
    sum
}

pub fn cancellation_token_1000(m: &mut Measurement) {
    let rt = multi_thread(WORKERS);
    m.repeat(CANCELLED, || rt.block_on(rt.spawn(cancel_all())).unwrap());
}
