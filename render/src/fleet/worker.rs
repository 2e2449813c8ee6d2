//! What the head does with one worker, life after life.
//!
//! Owns the thread that asks the worker and waits for it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::runs::{End, Runs};
use super::scene::{NotReady, apply, ensure};
use super::shared::Shared;
use super::verbs::Refused;
use super::words::Word;
use crate::division::Verdict;
use crate::job::Step;

/// What a worker said before it ended is heard after this.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// How often a worker may end before it has begun a frame.
const FRUITLESS: usize = 3;

/// Has a worker render until there is nothing more to do.
pub(super) fn work(shared: &Arc<Shared>, worker: usize) {
    let mut fruitless = 0;
    while !shared.is_over() {
        let mut began = false;
        match life(shared, worker, &mut began) {
            End::Over => return,
            End::Lost(life) => {
                thread::sleep(LAST_WORDS);
                // One whose machine is taken away has done nothing wrong.
                let taken = shared.inner.hub.was_taken(worker, life);
                fruitless = if began || taken { 0 } else { fruitless + 1 };
                lost(shared, worker, life, taken);
                if fruitless >= FRUITLESS {
                    let how =
                        format!("worker {worker} ended {FRUITLESS} times before its first frame");
                    shared.tell(Word::Out { worker, how });
                    return;
                }
            }
            End::Renewed(life) => {
                let over = || shared.is_over();
                shared.inner.hub.wait_over(worker, life, &over);
            }
            End::Gone(how) => {
                shared.tell(Word::Out { worker, how });
                return;
            }
            End::Fatal(error) => {
                shared.tell(Word::Fatal(error));
                return;
            }
        }
    }
}

/// A life has ended: what it had waits again.
fn lost(shared: &Shared, worker: usize, life: u64, taken: bool) {
    let at = shared.noted(worker, life);
    let blamed = match &mut shared.lock().division {
        Some(division) if taken => {
            division.taken(worker);
            None
        }
        Some(division) => {
            if let Some(frame) = at {
                division.began(worker, frame);
            }
            division.lost(worker)
        }
        None => None,
    };
    shared.changed.notify_all();
    shared.tell(Word::Lost {
        worker,
        life,
        blamed,
        taken,
    });
}

/// One life of a worker.
fn life(shared: &Arc<Shared>, worker: usize, began: &mut bool) -> End {
    match up(shared, worker) {
        Ok(life) => match Runs::of(shared, worker, life).all(began) {
            Ok(end) => end,
            Err(Refused::Gone) => End::Lost(life),
            Err(other) => End::Fatal(other.into()),
        },
        Err(why) => ended(shared, worker, why),
    }
}

/// Has the scene opened by a worker's life, and tells of it.
fn up(shared: &Shared, worker: usize) -> Result<u64, NotReady> {
    let inner = &shared.inner;
    let over = || shared.is_over();
    let turn = inner.turn(worker);
    if shared.is_over() {
        return Err(NotReady::GivenUp);
    }
    let ready = ensure(inner, worker, &shared.scene, &over)?;
    let range = [Step::new("animation_range_tuple", Value::Null)];
    let mut range = apply(inner, (worker, ready.life), &range)?;
    drop(turn);
    shared.tell(Word::Up {
        info: ready.info,
        range: range.pop().unwrap_or_default(),
    });
    Ok(ready.life)
}

fn ended(shared: &Shared, worker: usize, why: NotReady) -> End {
    match why {
        NotReady::Gone(how) => End::Gone(how),
        NotReady::Lost => {
            // The launcher may not have seen yet that it has ended.
            let up = shared.inner.hub.lock()[worker].up;
            if let Some(life) = up {
                let over = || shared.is_over();
                shared.inner.hub.wait_over(worker, life, &over);
            }
            End::Lost(up.unwrap_or_default())
        }
        NotReady::Wrong(error) => End::Fatal(error),
        NotReady::GivenUp => End::Over,
    }
}

/// What a failed frame is told as.
pub(super) fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Again => "it is rendered again",
        Verdict::Aside => "it is set aside",
        Verdict::Done => "it is done already",
    }
}
