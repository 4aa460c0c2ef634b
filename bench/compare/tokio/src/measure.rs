//! Runs a workload again and again and says how long an operation took: edo/measure.hpp in Rust.

use std::time::{Duration, Instant};

/// Worker threads of a multi-thread runtime, on both sides.
pub const WORKERS: usize = 2;

const WARM_UP: Duration = Duration::from_millis(100);
const MEASURED: Duration = Duration::from_millis(400);

/// The compiler may not leave `value` out. (std::hint::black_box came with Rust 1.66.)
pub fn keep<T>(value: &T) {
    unsafe { std::arch::asm!("/* {0} */", in(reg) value, options(nostack, preserves_flags)) };
}

pub struct Measurement {
    limit: u64,
    operations: u64,
    laps: u64,
    warmed: u64,
    checksum: u64,
    time: Duration,
    figure: f64,
}

impl Measurement {
    /// A limit of 0 means: as many laps as fit into the time.
    pub fn new(limit: u64) -> Self {
        Measurement {
            limit,
            operations: 0,
            laps: 0,
            warmed: 0,
            checksum: 0,
            time: Duration::ZERO,
            figure: 0.0,
        }
    }

    /// Laps that take their own time.
    pub fn repeat_laps(&mut self, operations: u64, mut run: impl FnMut() -> (Duration, u64)) {
        self.operations = operations;
        if self.limit == 0 {
            self.run_for(WARM_UP, &mut run);
        }
        self.laps = 0;
        self.time = Duration::ZERO;
        self.run_for(MEASURED, &mut run);
    }

    /// Laps whose whole time counts. `run` returns the checksum.
    pub fn repeat(&mut self, operations: u64, mut run: impl FnMut() -> u64) {
        self.repeat_laps(operations, || {
            let begin = Instant::now();
            let checksum = run();
            (begin.elapsed(), checksum)
        });
    }

    /// A figure that is not a time, for `operations` things.
    pub fn report(&mut self, operations: u64, figure: f64, checksum: u64) {
        self.operations = operations;
        self.checksum = checksum;
        self.laps = 1;
        self.figure = figure;
    }

    pub fn operations(&self) -> u64 {
        self.operations * self.laps
    }

    pub fn checksum(&self) -> u64 {
        self.checksum
    }

    /// Nanoseconds an operation, or the figure that was reported.
    pub fn figure(&self) -> f64 {
        if self.figure != 0.0 {
            self.figure
        } else {
            self.time.as_nanos() as f64 / self.operations() as f64
        }
    }

    fn run_for(&mut self, time: Duration, run: &mut dyn FnMut() -> (Duration, u64)) {
        let begin = Instant::now();
        loop {
            let (taken, checksum) = run();
            assert!(
                self.laps + self.warmed == 0 || checksum == self.checksum,
                "two laps do not have the same checksum"
            );
            self.checksum = checksum;
            self.time += taken;
            self.laps += 1;
            let again = if self.limit != 0 {
                self.laps < self.limit
            } else {
                begin.elapsed() < time
            };
            if !again {
                break;
            }
        }
        self.warmed += self.laps;
    }
}
