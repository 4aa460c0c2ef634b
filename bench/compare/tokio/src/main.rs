//! tokio_compare WORKLOAD [LAPS]: edo/main.cpp in Rust.

mod blocking;
mod channels;
mod joining;
mod measure;
mod memory;
mod recursion;
mod sets;
mod spawning;
mod syncing;
mod timing;
mod waking;

use measure::{Measurement, WORKERS};
use std::sync::atomic::AtomicU64;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

type Workload = fn(&mut Measurement);
type Counter = Arc<AtomicU64>;

const WORKLOADS: [(&str, Workload); 76] = [
    ("spawn_many_local", spawning::spawn_many_local),
    ("spawn_many_remote_idle", spawning::spawn_many_remote_idle),
    ("spawn_many_remote_busy1", spawning::spawn_many_remote_busy1),
    ("spawn_many_remote_busy2", spawning::spawn_many_remote_busy2),
    ("basic_scheduler_spawn", spawning::basic_scheduler_spawn),
    ("basic_scheduler_spawn10", spawning::basic_scheduler_spawn10),
    ("threaded_scheduler_spawn", spawning::threaded_scheduler_spawn),
    ("threaded_scheduler_spawn10", spawning::threaded_scheduler_spawn10),
    ("remote_spawn_1", spawning::remote_spawn_1),
    ("remote_spawn_2", spawning::remote_spawn_2),
    ("spawn_and_await", spawning::spawn_and_await),
    ("spawn_10k_await_all", spawning::spawn_10k_await_all),
    ("block_on_spawn_and_await", spawning::block_on_spawn_and_await),
    ("yield_many", waking::yield_many),
    ("ping_pong", waking::ping_pong),
    ("chained_spawn", waking::chained_spawn),
    ("spawn_blocking_1", blocking::spawn_blocking_1),
    ("spawn_blocking_2", blocking::spawn_blocking_2),
    ("single_thread_timeout", timing::single_thread_timeout),
    ("multi_thread_timeout", timing::multi_thread_timeout),
    ("single_thread_sleep", timing::single_thread_sleep),
    ("multi_thread_sleep", timing::multi_thread_sleep),
    ("single_thread_registered", timing::single_thread_registered),
    ("multi_thread_registered", timing::multi_thread_registered),
    ("mpsc_create", channels::mpsc_create),
    ("mpsc_create_1", channels::mpsc_create_1),
    ("mpsc_create_100000", channels::mpsc_create_100000),
    ("mpsc_send_medium", channels::mpsc_send_medium),
    ("mpsc_send_large", channels::mpsc_send_large),
    ("mpsc_uncontended", channels::mpsc_uncontended),
    ("mpsc_uncontended_unbounded", channels::mpsc_uncontended_unbounded),
    ("mpsc_contention", channels::mpsc_contention),
    ("mpsc_contention_full", channels::mpsc_contention_full),
    ("mpsc_contention_unbounded", channels::mpsc_contention_unbounded),
    ("mpsc_recv_many", channels::mpsc_recv_many),
    ("request_reply", channels::request_reply),
    ("request_reply_multi", channels::request_reply_multi),
    ("watch_10", channels::watch_10),
    ("watch_100", channels::watch_100),
    ("watch_500", channels::watch_500),
    ("watch_1000", channels::watch_1000),
    ("broadcast_10", channels::broadcast_10),
    ("broadcast_100", channels::broadcast_100),
    ("broadcast_500", channels::broadcast_500),
    ("broadcast_1000", channels::broadcast_1000),
    ("rwlock_read", syncing::rwlock_read),
    ("rwlock_uncontended", syncing::rwlock_uncontended),
    ("rwlock_uncontended_multi", syncing::rwlock_uncontended_multi),
    ("rwlock_contended", syncing::rwlock_contended),
    ("rwlock_contended_multi", syncing::rwlock_contended_multi),
    ("semaphore_uncontended", syncing::semaphore_uncontended),
    ("semaphore_uncontended_concurrent", syncing::semaphore_uncontended_concurrent),
    ("semaphore_uncontended_concurrent_multi", syncing::semaphore_uncontended_concurrent_multi),
    ("semaphore_concurrent", syncing::semaphore_concurrent),
    ("semaphore_concurrent_multi", syncing::semaphore_concurrent_multi),
    ("notify_waiters_10", syncing::notify_waiters_10),
    ("notify_waiters_50", syncing::notify_waiters_50),
    ("notify_waiters_100", syncing::notify_waiters_100),
    ("notify_waiters_200", syncing::notify_waiters_200),
    ("notify_waiters_500", syncing::notify_waiters_500),
    ("notify_one_10", syncing::notify_one_10),
    ("notify_one_50", syncing::notify_one_50),
    ("notify_one_100", syncing::notify_one_100),
    ("notify_one_200", syncing::notify_one_200),
    ("notify_one_500", syncing::notify_one_500),
    ("cancellation_token_1000", syncing::cancellation_token_1000),
    ("join_2", joining::join_2),
    ("join_100", joining::join_100),
    ("select_2", joining::select_2),
    ("timeout_recv_ready", joining::timeout_recv_ready),
    ("timeout_recv_pending", joining::timeout_recv_pending),
    ("join_set", sets::join_set),
    ("local_set", sets::local_set),
    ("fib", recursion::fib),
    ("skynet", recursion::skynet),
    ("sleeping_tasks", memory::sleeping_tasks),
];

/// A multi-thread runtime as Tokio's benchmarks build it.
fn multi_thread(workers: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap()
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn nothing() {}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.len() < 2 {
        for (name, _) in WORKLOADS {
            println!("{name}");
        }
        return;
    }
    let limit = arguments.get(2).map_or(0, |laps| laps.parse().unwrap());
    let (name, run) = match WORKLOADS.iter().find(|(name, _)| *name == arguments[1]) {
        Some(workload) => workload,
        None => {
            eprintln!("tokio_compare: no workload '{}'", arguments[1]);
            std::process::exit(2);
        }
    };
    let mut m = Measurement::new(limit);
    run(&mut m);
    println!(
        "{{\"workload\": \"{}\", \"operations\": {}, \"checksum\": {}, \"figure\": {:.3}}}",
        name,
        m.operations(),
        m.checksum(),
        m.figure()
    );
}
