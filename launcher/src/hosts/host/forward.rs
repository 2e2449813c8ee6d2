//! What is heard of the instances here, in the words for the head.
//!
//! Owns that translation. It must never leave anything out that the head would see of its own.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use blendtorch_channels::control::now_ns;

use crate::board::{Board, Heard, InstanceState, News, Stream};
use crate::fleet::Line;
use crate::hosts::words::{EndedThere, FromHost};

/// Whoever ends a host's processes may end the instances first: that it goes is said before that they
/// have ended.
const AFTER: Duration = Duration::from_millis(300);

/// Of something that was heard.
pub(super) fn word(board: &Arc<Board>, heard: Heard) -> FromHost {
    let Heard {
        instance,
        life,
        what,
    } = heard;
    match what {
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
            let told = ended(board, instance, life);
            if told.signal.is_some() && told.cause.is_none() && !told.stopped {
                thread::sleep(AFTER);
            }
            FromHost::Ended(Box::new(told))
        }
    }
}

fn ended(board: &Arc<Board>, instance: usize, life: u64) -> EndedThere {
    let now = std::time::Instant::now();
    let Some(known) = board.one(instance) else {
        return EndedThere::default();
    };
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
    EndedThere {
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
    }
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
