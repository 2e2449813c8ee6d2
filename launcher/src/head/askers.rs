//! The side of those who ask: datasets, training loops, `blendtorch status`.
//!
//! Owns their connections. Only this user's processes are answered; what they say that is not
//! understood is refused, and nothing they do holds up another.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::sleep;

use blendtorch_channels::control::{
    FromPerson, Instances, LONGEST_LINE, PersonAsks, Refusal, RefusalKind, ToPerson, Wanted,
    decode, encode,
};

use super::report::Teller;
use crate::board::{Board, LineToInstance, Outcome, ask_all};

/// When no more files may be open.
const LATER: Duration = Duration::from_millis(20);
/// Longer than anybody waits.
const MOST: f64 = 1e9;

/// Takes connections for as long as the fleet lives.
pub(super) async fn serve(listener: UnixListener, teller: Arc<Teller>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(answer(stream, Arc::clone(&teller)));
            }
            Err(_) => sleep(LATER).await,
        }
    }
}

/// One connection, to its end: questions are answered one after another.
async fn answer(stream: UnixStream, teller: Arc<Teller>) {
    let user = rustix::process::geteuid().as_raw();
    if !stream.peer_cred().is_ok_and(|peer| peer.uid() == user) {
        return;
    }
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = (&mut reader).take(LONGEST_LINE as u64 + 1);
        let read = limited.read_until(b'\n', &mut line).await;
        if read.is_err() || line.last() != Some(&b'\n') {
            return;
        }
        let (id, said) = match decode::<FromPerson>(&line) {
            Ok(asked) => (asked.id, reply(asked, &teller).await),
            Err(reason) => {
                let text = format!("not understood: {reason}");
                let refusal = Refusal::new(RefusalKind::Words, text);
                (0, ToPerson::Refused { id: 0, refusal })
            }
        };
        let line = encode(&said).or_else(|reason| {
            let refusal = Refusal::new(RefusalKind::Words, format!("the answer: {reason}"));
            encode(&ToPerson::Refused { id, refusal })
        });
        let Ok(line) = line else { return };
        if writer.write_all(&line).await.is_err() {
            return;
        }
    }
}

/// Answers a question.
pub(crate) async fn reply(FromPerson { id, asks }: FromPerson, teller: &Teller) -> ToPerson {
    match asks {
        PersonAsks::Status {
            counters,
            brief,
            lives_since,
        } => {
            let report = Box::new(teller.report(counters, brief, lives_since).await);
            ToPerson::Status { id, report }
        }
        PersonAsks::Tell {
            instances,
            wanted,
            timeout,
        } => {
            let patience = match timeout.is_finite() {
                true => Duration::from_secs_f64(timeout.clamp(0.0, MOST)),
                false => Duration::from_secs_f64(MOST),
            };
            let outcomes = tell(instances, &wanted, patience, teller).await;
            ToPerson::Told { id, outcomes }
        }
    }
}

/// Asks the instances that are meant, all at a time.
async fn tell(
    instances: Instances,
    wanted: &Wanted,
    patience: Duration,
    teller: &Teller,
) -> Vec<(usize, Outcome)> {
    let board = teller.board();
    let meant: Vec<_> = match instances {
        Instances::These(indices) => indices
            .into_iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        Instances::All => {
            let running = board.look_at_all(|one| one.status.is_running());
            let each = running.into_iter().enumerate();
            each.filter_map(|(index, runs)| runs.then_some(index))
                .collect()
        }
    };
    let mut outcomes = Vec::new();
    let mut lines = Vec::new();
    for index in meant {
        if matches!(wanted, Wanted::Stop { .. }) {
            // Who is told to end is not to come back.
            board.release(index);
        }
        match line_to(board, index) {
            Ok(line) => lines.push((index, line)),
            Err(refusal) => outcomes.push((index, Err(refusal))),
        }
    }
    outcomes.extend(ask_all(lines.into_iter(), wanted, patience).await);
    outcomes.sort_by_key(|(index, _)| *index);
    outcomes
}

/// The line to an instance, or why there is none. Of thousands many are asked at a time: no more is looked at than that.
pub(crate) fn line_to(board: &Board, index: usize) -> Result<LineToInstance, Refusal> {
    let looked = board.look(index, |one| (one.status.is_running(), one.line.clone()));
    let Some((runs, line)) = looked else {
        let text = format!("there is no such instance; the fleet has {}", board.len());
        return Err(Refusal::new(RefusalKind::Unknown, text));
    };
    if !runs {
        let how = board.one(index).map(|one| one.status.summary());
        let text = format!("it does not run: {}", how.unwrap_or_default());
        return Err(Refusal::new(RefusalKind::Gone, text));
    }
    line.ok_or_else(|| {
        let text = "it cannot be asked yet: its script has not imported blendtorch.btb";
        Refusal::new(RefusalKind::Gone, text)
    })
}
