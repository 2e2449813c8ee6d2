//! What is heard of the instances here, in the words for the head.
//!
//! Owns that translation. It must never leave anything out that the head would see of its own.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use blendtorch_channels::control::now_ns;
use tokio::sync::mpsc::UnboundedSender;

use crate::board::{Board, Heard, InstanceState, News, Stream};
use crate::fleet::Line;
use crate::hosts::words::{EndedThere, FromHost};

/// Whoever ends a host's processes may end the instances first: that it goes is said before that they
/// have ended.
const AFTER: Duration = Duration::from_millis(300);

/// Has it said, in the words for the head: at once, or a moment later.
pub(super) fn forward(board: &Arc<Board>, heard: Heard, words: &UnboundedSender<FromHost>) {
    let Heard {
        instance,
        life,
        what,
    } = heard;
    let word = match what {
        News::Began { pid } => FromHost::Began {
            instance,
            life,
            pid,
        },
        News::Says(about) => FromHost::Says {
            instance,
            life,
            about,
        },
        News::Said { topic, value } => FromHost::Said {
            instance,
            life,
            topic,
            value,
        },
        News::Ended { .. } => {
            // As it is now: in a moment another life may have begun.
            let Some(told) = ended(board, instance, life) else {
                return;
            };
            if told.signal.is_some() && told.cause.is_none() && !told.stopped {
                return later(FromHost::Ended(Box::new(told)), words);
            }
            FromHost::Ended(Box::new(told))
        }
    };
    let _ = words.send(word);
}

/// Says it a moment later; a life that follows begins later still.
fn later(word: FromHost, words: &UnboundedSender<FromHost>) {
    let (told, say) = (word.clone(), words.clone());
    let waits = thread::Builder::new()
        .name("blendtorch-later".into())
        .spawn(move || {
            thread::sleep(AFTER);
            let _ = say.send(word);
        });
    if waits.is_err() {
        let _ = words.send(told);
    }
}

fn ended(board: &Arc<Board>, instance: usize, life: u64) -> Option<EndedThere> {
    let now = std::time::Instant::now();
    let known = board.one(instance)?;
    let view = known.page.as_ref().map(|page| page.view());
    let epitaph = known.lives.iter().rev().find(|one| one.life == life);
    let (code, signal) = match known.status.state {
        InstanceState::Exited(code) => (Some(code), None),
        InstanceState::Signaled(signal) => (None, Some(signal)),
        // It has begun again already.
        InstanceState::Running | InstanceState::Waiting => (Some(0), None),
    };
    let due = |at: std::time::Instant| at.saturating_duration_since(now).as_secs_f64();
    let begun_again = known.status.life > life;
    Some(EndedThere {
        instance,
        life,
        code,
        signal,
        stopped: known.status.stopped,
        cause: known.status.cause,
        given_up: known.status.given_up,
        again_in: known.restarts_at.map(due).or(begun_again.then_some(0.0)),
        messages: view.as_ref().map_or(0, |view| view.messages),
        epitaph: epitaph.cloned().unwrap_or_default(),
        now_ns: now_ns(),
        stderr_tail: known.status.stderr_tail,
        stdout_tail: known.status.stdout_tail,
        resume: view.map(|view| view.resume).unwrap_or_default(),
        asked: board.is_released(instance),
    })
}

/// Of what an instance has printed.
pub(super) fn line(line: Line) -> FromHost {
    FromHost::Line {
        instance: line.instance,
        error: line.stream == Stream::Stderr,
        printed: line.printed,
        shown: line.shown,
    }
}
