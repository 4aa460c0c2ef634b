//! Bytes a sleeping task: the growth of the peak resident set over 1,000,000 tasks asleep.

use crate::{multi_thread, nothing, Measurement, WORKERS};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

const TASKS: u64 = 1_000_000;

/// VmHWM of proc_pid_status(5), in bytes.
fn peak_resident_set() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let kibibytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kibibytes * 1024.0
}

static ASLEEP: AtomicU64 = AtomicU64::new(0);

async fn sleep_long() {
    ASLEEP.fetch_add(1, Relaxed);
    tokio::time::sleep(Duration::from_secs(3600)).await;
}

async fn spawn_sleepers() {
    for _ in 0..TASKS {
        tokio::spawn(sleep_long());
    }
    while ASLEEP.load(Relaxed) != TASKS {
        tokio::task::yield_now().await;
    }
}

pub fn sleeping_tasks(m: &mut Measurement) {
    let rt = multi_thread(WORKERS);
    rt.block_on(rt.spawn(nothing())).unwrap();
    let before = peak_resident_set();
    rt.block_on(rt.spawn(spawn_sleepers())).unwrap();
    let figure = (peak_resident_set() - before) / TASKS as f64;
    m.report(TASKS, figure, ASLEEP.load(Relaxed));
    rt.shutdown_background();
}
