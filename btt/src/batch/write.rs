//! The rows of a batch that wait to be written, and the threads that write them.
//!
//! Items that have arrived while others were copied are spread over threads: so a consumer that is
//! slower than its producers takes another core, and one that waits for them takes none.

use super::error::CollateError;
use super::pace::Pace;
use crate::convert::ConvertPlan;
use crate::copy::CopyMode;
use blendtorch_wire::Tensor;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// One field of one item, and its place in the batch.
pub(super) struct Row<'a> {
    /// The instance that it came from.
    pub(super) btid: Option<i64>,
    pub(super) source: Tensor,
    pub(super) out: &'a mut [u8],
    pub(super) how: How<'a>,
}

/// How a row is written.
#[derive(Clone, Copy)]
pub(super) enum How<'a> {
    Copied(CopyMode),
    Converted(&'a ConvertPlan),
}

impl Row<'_> {
    /// Writes it, and gives its item's memory back to the publisher.
    fn write(self) -> Result<(), CollateError> {
        match self.how {
            How::Copied(copy) => {
                copy.run(self.source.bytes(), self.out);
                Ok(())
            }
            How::Converted(plan) => {
                plan.run(self.source.bytes(), self.out)
                    .map_err(|source| CollateError::Convert {
                        btid: self.btid,
                        source,
                    })
            }
        }
    }
}

/// The threads that write rows: the loader's own, and others while rows wait.
pub(super) struct Writers {
    threads: usize,
    /// The others, made when they are first needed; nothing where none can be had.
    others: Option<Option<ThreadPool>>,
    pace: Pace,
}

/// Where there are so many cores, producers leave one to a second thread.
const CORES_FOR_TWO: usize = 4;
/// With less for each, waking another thread takes longer than it saves.
const WORTH_A_THREAD: usize = 1 << 20;

impl Writers {
    /// Of so many threads, at most one for each core; 0 for what suits the machine.
    pub(super) fn new(threads: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = match threads {
            0 if cores >= CORES_FOR_TWO => 2,
            0 => 1,
            threads => threads.min(cores.max(2)),
        };
        Self {
            threads,
            others: None,
            pace: Pace::default(),
        }
    }

    /// How many items may be written at once.
    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    /// Writes all rows, or says why one could not be.
    pub(super) fn write(&mut self, rows: Vec<Row<'_>>) -> Result<(), CollateError> {
        let bytes: usize = rows.iter().map(|row| row.out.len()).sum();
        let worth = (bytes / WORTH_A_THREAD).min(rows.len());
        let helpers = self.threads.min(worth).saturating_sub(1);
        if helpers == 0 {
            return rows.into_iter().try_for_each(Row::write);
        }
        let together = self.pace.together() && self.others().is_some();
        let start = Instant::now();
        let written = self.share(rows, if together { helpers } else { 0 }, Row::write);
        self.pace.note(together, bytes, start.elapsed());
        written
    }

    /// Does `work` on each task, with the help of so many other threads; the error of one that
    /// failed.
    fn share<T: Send, E: Send>(
        &mut self,
        tasks: Vec<T>,
        helpers: usize,
        work: impl Fn(T) -> Result<(), E> + Sync,
    ) -> Result<(), E> {
        let Some(others) = (helpers > 0).then(|| self.others()).flatten() else {
            return tasks.into_iter().try_for_each(work);
        };
        let waiting = Mutex::new(tasks.into_iter());
        let failed = Mutex::new(Ok(()));
        let take_part = || {
            loop {
                // A statement of its own: in a `while let` the lock would be held by the loop.
                let next = lock(&waiting).next();
                let Some(task) = next else { break };
                if let Err(error) = work(task) {
                    *lock(&failed) = Err(error);
                }
            }
        };
        others.in_place_scope(|scope| {
            for _ in 0..helpers {
                scope.spawn(|_| take_part());
            }
            take_part();
        });
        failed.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn others(&mut self) -> Option<&ThreadPool> {
        let others = self.others.get_or_insert_with(|| {
            ThreadPoolBuilder::new()
                .num_threads(self.threads - 1)
                .thread_name(|index| format!("btt-writer-{index}"))
                .build()
                .ok()
        });
        others.as_ref()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn tasks_are_done_at_once_and_each_once() {
        let (both, done) = (Barrier::new(2), Mutex::new(Vec::new()));
        let mut writers = Writers::new(2);
        let work = |task| {
            both.wait(); // for ever, unless two threads are here
            lock(&done).push(task);
            Ok::<_, ()>(())
        };
        writers.share((0..8).collect(), 1, work).unwrap();
        let mut done = lock(&done);
        done.sort_unstable();
        assert_eq!(*done, (0..8).collect::<Vec<_>>());
    }

    #[test]
    fn little_is_written_by_the_loader_alone() {
        let mut writers = Writers::new(4);
        for (len, helped) in [(WORTH_A_THREAD / 8, false), (WORTH_A_THREAD, true)] {
            let mut out = vec![0; 4 * len];
            // The first groups are done alone, to compare with.
            for _ in 0..4 {
                let rows = out.chunks_mut(len).map(|out| Row {
                    btid: None,
                    source: Tensor::from_vec(&[len], vec![7_u8; len]).unwrap(),
                    out,
                    how: How::Copied(CopyMode::Cached),
                });
                writers.write(rows.collect()).unwrap();
            }
            assert!(out.iter().all(|&byte| byte == 7));
            assert_eq!(writers.others.is_some(), helped);
        }
    }

    #[test]
    fn a_task_that_fails_is_told_of_and_the_others_are_done() {
        let done = Mutex::new(0);
        let work = |task| {
            *lock(&done) += 1;
            if task == 3 { Err(task) } else { Ok(()) }
        };
        let found = Writers::new(2).share((0..8).collect(), 1, work);
        assert_eq!((found, *lock(&done)), (Err(3), 8));
    }
}
