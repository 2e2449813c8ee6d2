//! A queue bounded in bytes, or in whatever its pushers count: its popper is a thread or a task.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Holds values until their bytes reach the limit; one value always fits.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    limit: usize,
}

#[derive(Debug)]
struct State<T> {
    values: VecDeque<(T, usize)>,
    bytes: usize,
    /// Nothing more will be pushed.
    finished: bool,
    /// Nobody pops any more.
    closed: bool,
    /// The task that waits for a value.
    task: Option<Waker>,
}

impl<T> Queue<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            state: Mutex::new(State {
                values: VecDeque::new(),
                bytes: 0,
                finished: false,
                closed: false,
                task: None,
            }),
            changed: Condvar::new(),
            limit,
        }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Waits until there is room. False when the queue was closed: the value is dropped.
    pub(crate) fn push(&self, value: T, bytes: usize) -> bool {
        let full = |state: &mut State<T>| {
            !state.closed && !state.values.is_empty() && state.bytes + bytes > self.limit
        };
        let mut state = self
            .changed
            .wait_while(self.lock(), full)
            .unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return false;
        }
        state.bytes += bytes;
        state.values.push_back((value, bytes));
        self.tell(state);
        true
    }

    /// Waits for a value up to `timeout`, or until the queue has finished.
    pub(crate) fn pop_timeout(&self, timeout: Duration) -> Option<T> {
        let empty = |state: &mut State<T>| state.values.is_empty() && !state.finished;
        let (mut state, _) = self
            .changed
            .wait_timeout_while(self.lock(), timeout, empty)
            .unwrap_or_else(PoisonError::into_inner);
        let (value, bytes) = state.values.pop_front()?;
        state.bytes -= bytes;
        self.changed.notify_all();
        Some(value)
    }

    /// A value, `None` behind the last one, or a wake-up of the task when there is either.
    pub(crate) fn poll_pop(&self, context: &Context<'_>) -> Poll<Option<T>> {
        let mut state = self.lock();
        match state.values.pop_front() {
            Some((value, bytes)) => {
                state.bytes -= bytes;
                self.changed.notify_all();
                Poll::Ready(Some(value))
            }
            None if state.finished => Poll::Ready(None),
            None => {
                match &mut state.task {
                    Some(task) => task.clone_from(context.waker()),
                    task => *task = Some(context.waker().clone()),
                }
                Poll::Pending
            }
        }
    }

    pub(crate) fn finish(&self) {
        let mut state = self.lock();
        state.finished = true;
        self.tell(state);
    }

    /// Wakes whoever waits for a value: outside the lock, since a waker may run the task.
    fn tell(&self, mut state: MutexGuard<'_, State<T>>) {
        let task = state.task.take();
        drop(state);
        self.changed.notify_all();
        if let Some(task) = task {
            task.wake();
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    pub(crate) fn is_finished(&self) -> bool {
        let state = self.lock();
        state.finished && state.values.is_empty()
    }

    /// Lets pushers go; what was left.
    pub(crate) fn close(&self) -> Vec<T> {
        let mut state = self.lock();
        state.closed = true;
        state.bytes = 0;
        let left = state.values.drain(..).map(|(value, _)| value).collect();
        self.changed.notify_all();
        left
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the popper that nothing more comes, also when the pusher's thread panics.
#[derive(Debug)]
pub(crate) struct FinishOnDrop<T>(pub(crate) Arc<Queue<T>>);

impl<T> Drop for FinishOnDrop<T> {
    fn drop(&mut self) {
        self.0.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_bound_it_and_one_value_always_fits() {
        let queue = Queue::new(10);
        assert!(queue.push(1, 100));
        std::thread::scope(|scope| {
            let second = scope.spawn(|| queue.push(2, 5));
            assert!(!second.is_finished());
            assert_eq!(queue.pop_timeout(Duration::from_secs(60)), Some(1));
            assert!(second.join().unwrap());
        });
        assert!(queue.push(3, 5));
        queue.finish();
        assert_eq!(queue.pop_timeout(Duration::ZERO), Some(2));
        assert!(!queue.is_finished());
        assert_eq!(queue.pop_timeout(Duration::ZERO), Some(3));
        assert!(queue.is_finished());
    }

    #[test]
    fn closing_lets_a_waiting_pusher_go() {
        let queue = Queue::new(1);
        assert!(queue.push(1, 1));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| queue.push(2, 1));
            assert_eq!(queue.close(), [1]);
            assert!(!waiting.join().unwrap());
        });
    }
}
