//! tokio_scale WORKERS INTERVAL_NS EVENTS STEPS: ../edo/wake_latency.cpp in Rust.

use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver};

/// Each has a channel for its wakes.
const TASKS: usize = 1_000;
/// One event in so many comes too early to count.
const WARM_UP: usize = 10;

/// The next pseudo-random number (xorshift64; Marsaglia, 2003); never 0 if `x` is not.
fn step(mut x: u64) -> u64 {
    x ^= x << 13;
    x ^= x >> 7;
    x ^ (x << 17)
}

/// What a task does in its turn.
fn compute(seed: u64, steps: u64) -> u64 {
    let mut x = seed + 1;
    for _ in 0..steps {
        x = step(x);
    }
    x
}

/// What a task has seen; all times in nanoseconds.
#[derive(Default)]
struct Record {
    latencies: Vec<u64>,
    sum: u64,
    busy: u64,
}

fn since(start: Instant) -> u64 {
    Instant::now().duration_since(start).as_nanos() as u64
}

/// An event is its scheduled time after `start`.
async fn serve(mut events: UnboundedReceiver<u64>, start: Instant, steps: u64) -> Record {
    let mut seen = Record::default();
    seen.latencies.reserve(1_000);
    loop {
        let event = events.recv().await;
        let woken = since(start);
        let event = match event {
            Some(event) => event,
            None => break,
        };
        seen.latencies.push(woken - event);
        seen.sum = seen.sum.wrapping_add(compute(event, steps));
        seen.busy += since(start) - woken;
    }
    seen
}

/// Scheduled times: the gaps lie between 0 and twice the interval.
fn make_schedule(interval: u64, events: u64) -> Vec<u64> {
    let mut schedule = Vec::with_capacity(events as usize);
    let mut time = 0;
    let mut random = 1;
    for _ in 0..events {
        random = step(random);
        time += random % (2 * interval);
        schedule.push(time);
    }
    schedule
}

fn percentile(sorted: &[u64], percent: f64) -> f64 {
    let rank = percent / 100.0 * sorted.len() as f64;
    sorted[(rank as usize).min(sorted.len() - 1)] as f64
}

/// The calling thread wakes one task after the other at the scheduled times, all of which it waits
/// for awake.
fn main() {
    let n: Vec<u64> = std::env::args().skip(1).map(|n| n.parse().unwrap()).collect();
    let (workers, steps) = (n[0], n[3]);
    let schedule = make_schedule(n[1], n[2]);
    let rt = Builder::new_multi_thread()
        .worker_threads(workers as usize)
        .enable_all()
        .build()
        .unwrap();
    let start = Instant::now() + Duration::from_millis(50);
    let mut senders = Vec::new();
    let mut handles = Vec::new();
    for _ in 0..TASKS {
        let (sender, receiver) = unbounded_channel();
        senders.push(sender);
        handles.push(rt.spawn(serve(receiver, start, steps)));
    }
    let mut late = Vec::with_capacity(schedule.len()); // the source itself
    for (i, &scheduled) in schedule.iter().enumerate() {
        while Instant::now() < start + Duration::from_nanos(scheduled) {
            std::hint::spin_loop();
        }
        late.push(since(start) - scheduled);
        senders[i % TASKS].send(scheduled).unwrap();
    }
    drop(senders);
    let mut latencies = Vec::new();
    let (mut sum, mut busy) = (0u64, 0u64);
    for handle in handles {
        let seen = rt.block_on(handle).unwrap();
        latencies.extend_from_slice(&seen.latencies[seen.latencies.len() / WARM_UP..]);
        sum = sum.wrapping_add(seen.sum);
        busy += seen.busy;
    }
    latencies.sort_unstable();
    late.sort_unstable();
    let time = schedule[schedule.len() - 1] as f64 * workers as f64;
    print!("{{\"workload\": \"wake_latency\", \"checksum\": {sum}");
    for percent in [50.0, 99.0, 99.9, 99.99] {
        print!(", \"p{percent}\": {:.3}", percentile(&latencies, percent));
    }
    println!(
        ", \"load\": {:.3}, \"source p99.9\": {:.3}}}",
        busy as f64 / time,
        percentile(&late, 99.9)
    );
}
