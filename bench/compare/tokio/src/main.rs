//! tokio_compare WORKLOAD [LAPS]: edo/main.cpp in Rust.

mod blocking;
mod measure;
mod memory;
mod recursion;
mod sets;
mod spawning;
mod timing;
mod waking;

use measure::{Measurement, WORKERS};
use std::sync::atomic::AtomicU64;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

type Workload = fn(&mut Measurement);
type Counter = Arc<AtomicU64>;

const WORKLOADS: [(&str, Workload); 29] = [
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
