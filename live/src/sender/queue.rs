//! What waits for one viewer, and how that viewer is.
//!
//! Owns the counts and the rules by which a viewer's state changes; it knows neither socket nor thread.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use blendtorch_wire::{Fields, Value};

use crate::message::Answer;
use crate::{LinkCounts, LinkState, News};

/// Snapshots that wait for a viewer, at most.
const MAX_WAITING: usize = 8192;
/// Bytes of them.
const MAX_BYTES: usize = 256 << 20;

/// One viewer as its sender knows it.
#[derive(Debug)]
pub(super) struct Queue {
    address: String,
    state: LinkState,
    waiting: VecDeque<(Fields, usize)>,
    bytes: usize,
    /// All snapshots that there were.
    pub(super) made: u64,
    /// Snapshots that were sent in this life of the viewer, and in those before.
    sent_now: u64,
    sent: u64,
    applied_now: u64,
    applied: u64,
    drawn_now: u64,
    drawn: u64,
    left_out: u64,
    lost: u64,
    waited: Duration,
    /// When it last came closer.
    moved: Instant,
    /// Pictures, in this life and in all.
    pictures_now: u64,
    pictures: u64,
    /// It cannot show the network: it is not told again.
    is_refused: bool,
    /// The network has to be told.
    pub(super) must_greet: bool,
    /// Snapshots come for which the thread is not woken.
    pub(super) must_look: bool,
    news: Vec<News>,
    /// The end, when it is to be said, and whether it was.
    pub(super) end: Option<Fields>,
    pub(super) has_said_end: bool,
    pub(super) is_over: bool,
}

impl Queue {
    pub(super) fn new(address: String) -> Self {
        Self {
            address,
            state: LinkState::Awaited,
            waiting: VecDeque::new(),
            bytes: 0,
            made: 0,
            sent_now: 0,
            sent: 0,
            applied_now: 0,
            applied: 0,
            drawn_now: 0,
            drawn: 0,
            left_out: 0,
            lost: 0,
            waited: Duration::ZERO,
            moved: Instant::now(),
            pictures_now: 0,
            pictures: 0,
            is_refused: false,
            must_greet: true,
            must_look: false,
            news: Vec::new(),
            end: None,
            has_said_end: false,
            is_over: false,
        }
    }

    pub(super) fn state(&self) -> LinkState {
        self.state
    }

    /// One more waits; how many do.
    pub(super) fn push(&mut self, fields: Fields) -> usize {
        self.made += 1;
        let bytes = size_of(&fields);
        self.waiting.push_back((fields, bytes));
        self.bytes += bytes;
        while self.waiting.len() > MAX_WAITING || self.bytes > MAX_BYTES {
            let Some((_, bytes)) = self.waiting.pop_front() else {
                break;
            };
            self.bytes -= bytes;
            self.left_out += 1;
            if self.left_out == 1 {
                self.tell("takes too little: old snapshots are left out", true);
            }
        }
        self.waiting.len()
    }

    /// The next to be sent, and that it is on its way.
    pub(super) fn pop(&mut self) -> Option<Fields> {
        let (fields, bytes) = self.waiting.pop_front()?;
        self.bytes -= bytes;
        self.sent_now += 1;
        self.sent += 1;
        Some(fields)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The network is on its way to it.
    pub(super) fn greeted(&mut self) {
        self.must_greet = false;
        self.state = LinkState::Greeted;
    }

    /// It answered.
    pub(super) fn heard(&mut self, answer: Answer) {
        match answer {
            Answer::Ready if self.state != LinkState::Live => {
                if self.applied > 0 || self.lost > 0 {
                    self.tell("is there again", false);
                }
                self.state = LinkState::Live;
                self.moved = Instant::now();
            }
            Answer::Ready => {}
            Answer::Ask if self.is_refused => {}
            Answer::Ask => {
                self.leave();
                self.must_greet = true;
            }
            Answer::Refused(reason) => {
                self.leave();
                self.state = LinkState::Gone;
                self.is_refused = true;
                self.tell(&format!("cannot show this network: {reason}"), true);
            }
            Answer::Seen {
                applied,
                drawn,
                pictures,
            } => self.seen(applied, drawn, pictures),
        }
    }

    /// How much it has seen in this life; a peer that claims more than was sent is not believed.
    fn seen(&mut self, applied: u64, drawn: u64, pictures: u64) {
        let sent = self.sent_now;
        let (applied, drawn, pictures) = (applied.min(sent), drawn.min(sent), pictures.min(sent));
        if applied > self.applied_now || drawn > self.drawn_now {
            self.moved = Instant::now();
            if self.state == LinkState::Gone {
                self.state = LinkState::Live;
                self.tell("goes on", false);
            }
        }
        let (more, drawn_more) = (
            applied.saturating_sub(self.applied_now),
            drawn.saturating_sub(self.drawn_now),
        );
        self.applied += more;
        self.applied_now += more;
        self.drawn += drawn_more;
        self.drawn_now += drawn_more;
        let more = pictures.saturating_sub(self.pictures_now);
        self.pictures += more;
        self.pictures_now += more;
    }

    /// The connection is lost.
    pub(super) fn lost(&mut self) {
        let was = self.state;
        self.leave();
        self.is_refused = false;
        self.must_greet = true;
        match was {
            LinkState::Awaited | LinkState::Greeted => self.state = LinkState::Awaited,
            LinkState::Live if !self.has_said_end => {
                self.state = LinkState::Gone;
                let lost = match self.lost {
                    0 => String::new(),
                    lost => format!("; {lost} snapshots were on their way"),
                };
                self.tell(&format!("is gone; the simulation goes on{lost}"), true);
            }
            _ => self.state = LinkState::Gone,
        }
    }

    /// Begins anew with whoever comes next.
    fn leave(&mut self) {
        self.lost += self.sent_now - self.applied_now;
        (self.sent_now, self.applied_now) = (0, 0);
        (self.drawn_now, self.pictures_now) = (0, 0);
    }

    /// Whether the simulation may go on; a viewer that has not moved for `patience` is given up.
    pub(super) fn may_go_on(&mut self, window: u32, patience: Duration) -> bool {
        let waiting = self.waiting.len() as u64;
        let behind = waiting + self.sent_now - self.drawn_now;
        let fits = behind <= u64::from(window);
        if fits || self.state == LinkState::Gone {
            return true;
        }
        if self.moved.elapsed() < patience {
            return false;
        }
        let seconds = patience.as_secs_f64();
        let text = match self.state {
            LinkState::Live => format!("has drawn nothing for {seconds} s"),
            LinkState::Greeted => format!(
                "has not answered for {seconds} s: it shows something else, or another sender has it"
            ),
            _ => format!("has not come within {seconds} s"),
        };
        self.tell(&format!("{text}; it is not waited for any more"), true);
        self.state = LinkState::Gone;
        true
    }

    pub(super) fn waited(&mut self, time: Duration) {
        self.waited += time;
    }

    /// Whether everything that it can be told was, and it has drawn it.
    pub(super) fn is_done(&self) -> bool {
        match self.state {
            LinkState::Live => self.has_said_end && self.drawn_now >= self.sent_now,
            LinkState::Gone => true,
            _ => false,
        }
    }

    /// Whether it will take something now.
    pub(super) fn takes(&self) -> bool {
        // One that hung is still told, so that it can go on.
        let known = matches!(self.state, LinkState::Live | LinkState::Gone)
            && !self.must_greet
            && !self.is_refused;
        known && (!self.is_empty() || (self.end.is_some() && !self.has_said_end))
    }

    /// Nothing more is sent: what still waits was for nobody.
    pub(super) fn give_up(&mut self) {
        let left = self.waiting.len() as u64;
        let unseen = self.sent_now - self.applied_now;
        self.left_out += left;
        self.waiting.clear();
        self.bytes = 0;
        if left + unseen > 0 {
            let text = match self.state {
                LinkState::Awaited => format!("never came; {left} snapshots were for nobody"),
                LinkState::Greeted => format!(
                    "never answered: it shows something else, or another sender has it; {left} \
                     snapshots were for nobody"
                ),
                LinkState::Live => format!("has not said that it saw the last {}", left + unseen),
                LinkState::Gone => return,
            };
            self.tell(&text, true);
        }
    }

    fn tell(&mut self, text: &str, is_trouble: bool) {
        self.news.push(News {
            address: self.address.clone(),
            text: format!("the viewer at {} {text}", self.address),
            is_trouble,
        });
    }

    pub(super) fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    pub(super) fn counts(&self) -> LinkCounts {
        LinkCounts {
            address: self.address.clone(),
            state: self.state,
            sent: self.sent,
            applied: self.applied,
            drawn: self.drawn,
            pictures: self.pictures,
            left_out: self.left_out,
            lost: self.lost,
            waited_s: self.waited.as_secs_f64(),
        }
    }
}

/// About how much memory a snapshot takes.
fn size_of(fields: &Fields) -> usize {
    let one = |value: &Value| {
        value
            .as_tensor()
            .map_or(64, |tensor| tensor.bytes().len() + 128)
    };
    fields.values().map(one).sum()
}
