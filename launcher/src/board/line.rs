//! What the launcher asks one instance, and the answers.
//!
//! Owns the numbers of the questions. It must never wait longer than it was told to.

use std::time::Duration;

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
        let (answer, hear) = oneshot::channel();
        let gone = || Refusal::new(RefusalKind::Gone, "it has ended before it answered");
        let exchange = async {
            self.0.send((wanted, answer)).await.map_err(|_| gone())?;
            hear.await.map_err(|_| gone())?
        };
        match timeout(patience, exchange).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Refusal::new(
                RefusalKind::Late,
                format!(
                    "it did not answer for {:.1} s; what is asked of its main thread is done between two \
                     frames",
                    patience.as_secs_f64()
                ),
            )),
        }
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
