//! What the launcher asks one instance, and the answers.
//!
//! Owns the numbers of the questions. It must never wait longer than it was told to.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread::{Thread, current, park_timeout};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use blendtorch_channels::control::{Refusal, RefusalKind, Wanted};

/// What came of a question.
pub(crate) type Outcome = Result<Value, Refusal>;
/// A question, and where its answer goes.
pub(crate) type Question = (Wanted, oneshot::Sender<Outcome>);

/// Questions that may wait to be sent.
const QUEUED: usize = 64;

/// A way to ask one life of an instance, from any thread.
#[derive(Debug, Clone)]
pub(crate) struct LineToInstance(mpsc::Sender<Question>);

impl LineToInstance {
    pub(crate) fn new() -> (Self, mpsc::Receiver<Question>) {
        let (sender, questions) = mpsc::channel(QUEUED);
        (Self(sender), questions)
    }

    /// Whether both are the same.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.same_channel(&other.0)
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn ask(&self, wanted: Wanted, patience: Duration) -> Outcome {
        let answer = timeout(patience, self.exchange(wanted)).await;
        answer.unwrap_or_else(|_| Err(late(patience)))
    }

    /// The same for a thread that has nothing else to do meanwhile; none that serves others.
    pub(crate) fn ask_and_wait(&self, wanted: Wanted, patience: Duration) -> Outcome {
        let answer = wait(self.exchange(wanted), patience);
        answer.unwrap_or_else(|| Err(late(patience)))
    }

    async fn exchange(&self, wanted: Wanted) -> Outcome {
        let (answer, hear) = oneshot::channel();
        let gone = || Refusal::new(RefusalKind::Gone, "it has ended before it answered");
        self.0.send((wanted, answer)).await.map_err(|_| gone())?;
        hear.await.map_err(|_| gone())?
    }
}

fn late(patience: Duration) -> Refusal {
    Refusal::new(
        RefusalKind::Late,
        format!(
            "it did not answer for {:.1} s; what is asked of its main thread is done between two frames",
            patience.as_secs_f64()
        ),
    )
}

/// What comes of something that others bring about; none where it takes longer.
fn wait<T>(future: impl Future<Output = T>, patience: Duration) -> Option<T> {
    struct Waiting(Thread);
    impl Wake for Waiting {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Waiting(current())).into();
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    let began = Instant::now();
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
        let left = patience.saturating_sub(began.elapsed());
        if left.is_zero() {
            return None;
        }
        park_timeout(left);
    }
}

/// Asks several at a time; their answers, in the order of the instances.
pub(crate) async fn ask_all(
    lines: impl Iterator<Item = (usize, LineToInstance)>,
    wanted: &Wanted,
    patience: Duration,
) -> Vec<(usize, Outcome)> {
    let mut asked = JoinSet::new();
    for (index, line) in lines {
        let wanted = wanted.clone();
        asked.spawn(async move { (index, line.ask(wanted, patience).await) });
    }
    let mut answers = asked.join_all().await;
    answers.sort_by_key(|(index, _)| *index);
    answers
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_thread_that_asks_gets_the_answer_or_why_there_is_none() {
        let (line, mut questions) = LineToInstance::new();
        let answers = std::thread::spawn(move || {
            let (wanted, answer) = questions.blocking_recv().unwrap();
            assert_eq!(wanted, Wanted::Status);
            answer.send(Ok(json!(3))).unwrap();
            // The second one is heard and never answered; of the third the line is closed.
            let open = questions.blocking_recv().unwrap();
            let third = questions.blocking_recv().unwrap();
            drop((third, questions));
            drop(open);
        });
        assert_eq!(line.ask_and_wait(Wanted::Status, LONG), Ok(json!(3)));
        let late = line.ask_and_wait(Wanted::Status, Duration::from_millis(20));
        assert_eq!(late.unwrap_err().kind, RefusalKind::Late);
        let gone = line.ask_and_wait(Wanted::Status, LONG);
        assert_eq!(gone.unwrap_err().kind, RefusalKind::Gone);
        answers.join().unwrap();
        let gone = line.ask_and_wait(Wanted::Status, LONG);
        assert_eq!(gone.unwrap_err().kind, RefusalKind::Gone);
    }
}
