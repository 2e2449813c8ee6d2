//! What listeners in the launcher's own program hear of the instances.
//!
//! Owns the words and the list of who listens. It must never hold up who tells: each listener has a
//! queue of its own.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

use blendtorch_channels::control::About;
use serde_json::Value;

/// Something that happened to an instance, or that it said.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Which instance.
    pub instance: usize,
    /// In which of its lives, from 1.
    pub life: u64,
    /// What.
    pub what: News,
}

/// What is heard of an instance.
#[derive(Debug, Clone)]
pub enum News {
    /// It says who it is and what it offers; again when that has changed.
    Says(Box<About>),
    /// It said something that nobody had asked for.
    Said {
        /// What it is about.
        topic: String,
        /// What it said.
        value: Value,
    },
    /// This life has begun.
    Began {
        /// Its process.
        pid: u32,
    },
    /// This life is over.
    Ended {
        /// How, for people.
        how: String,
        /// Whether it will be started again.
        again: bool,
        /// Its machine was taken away, or asked to go: no doing of its own.
        taken: bool,
    },
}

/// Who listens.
#[derive(Debug, Default)]
pub(crate) struct Listeners(Mutex<Vec<Sender<Heard>>>);

impl Listeners {
    pub(crate) fn add(&self) -> Receiver<Heard> {
        let (sender, receiver) = channel();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(sender);
        receiver
    }

    /// One that was made before the first instance, so that nothing is missed.
    pub(crate) fn add_sender(&self, sender: Sender<Heard>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(sender);
    }

    /// Nobody hears anything any more.
    pub(crate) fn close(&self) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.clear();
    }

    pub(crate) fn tell(&self, instance: usize, life: u64, what: News) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = |what| Heard {
            instance,
            life,
            what,
        };
        // What instances say may be long: only further listeners get copies.
        let Some(last) = all.pop() else {
            return;
        };
        all.retain(|one| one.send(heard(what.clone())).is_ok());
        if last.send(heard(what)).is_ok() {
            all.push(last);
        }
    }
}
