//! A host without processes, for measurements: it joins a head as `blendtorch host` does, over the same
//! connection and in the same words, and says what whoever drives it makes up.
//!
//! Owns the way between those words and plain calls. No program that users run has it: it is behind the
//! feature `simulated`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use blendtorch_channels::control::{
    About, Answer, InstanceReport, Refusal, Wanted, decode, encode, now_ns,
};
use indexmap::IndexMap;
use serde_json::Value;

use super::host::reach;
use super::join::Join;
use super::words::{FromHost, HostHello, PROTOCOL, Placed, ToHost};
use crate::sealed::{Reader, Writer};

/// How long it tries to reach its head.
const REACH_WITHIN: Duration = Duration::from_secs(30);
/// What sealing adds to a word: its length, and a message's length and tag.
const SEAL: u64 = 4 + 2 + 16;

/// Words that have passed, and their bytes on the network (of words below 64 KiB).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passed {
    /// Words.
    pub words: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Passed {
    fn add(&mut self, line: &[u8]) {
        self.words += 1;
        self.bytes += line.len() as u64 + SEAL;
    }
}

/// What the head says to a host.
#[derive(Debug)]
pub enum FromHead {
    /// It is to run these: each an instance and the number of its life.
    Share(Vec<(usize, u64)>),
    /// An instance is asked something.
    Ask {
        /// The number of the question.
        id: u64,
        /// Which instance.
        instance: usize,
        /// What.
        wanted: Wanted,
    },
    /// It is not wanted any more.
    Over,
    /// Something else, which a simulated host need not know.
    Other,
}

/// The end that hears.
#[derive(Debug)]
pub struct Hears {
    reader: Reader,
    /// What has come.
    pub passed: Passed,
}

/// The end that says.
#[derive(Debug)]
pub struct Says {
    writer: Writer,
    /// What has been sent.
    pub passed: Passed,
}

/// Joins a head as a host of this name.
///
/// # Errors
/// Why it cannot be reached.
pub async fn join(join: &Join, name: &str) -> Result<(Hears, Says), String> {
    let (reader, writer) = reach(join, REACH_WITHIN).await?;
    let passed = Passed::default();
    let mut says = Says { writer, passed };
    let unix = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let hello = HostHello {
        protocol: PROTOCOL,
        blendtorch: env!("CARGO_PKG_VERSION").to_owned(),
        host: name.to_owned(),
        slot: join.slot.clone().unwrap_or_default(),
        pid: std::process::id(),
        cores: 1,
        unix_ns: u64::try_from(unix.as_nanos()).unwrap_or(u64::MAX),
    };
    says.say(&FromHost::Hello(Box::new(hello))).await?;
    Ok((Hears { reader, passed }, says))
}

impl Hears {
    /// The next word.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn next(&mut self) -> Result<FromHead, String> {
        let line = self
            .reader
            .next()
            .await
            .map_err(|error| error.to_string())?;
        self.passed.add(&line);
        Ok(match decode(&line)? {
            ToHost::Share(share) => {
                let each = share.instances.iter();
                FromHead::Share(each.map(|one| (one.index, one.life)).collect())
            }
            ToHost::Ask {
                id,
                instance,
                wanted,
            } => FromHead::Ask {
                id,
                instance,
                wanted,
            },
            ToHost::Stop | ToHost::Kill | ToHost::Refuse { .. } => FromHead::Over,
            _ => FromHead::Other,
        })
    }
}

impl Says {
    /// Where the instances of the share are; `addresses` has one an instance for each socket.
    ///
    /// # Errors
    /// The connection has ended, as of all that follow.
    pub async fn placed(
        &mut self,
        addresses: IndexMap<String, Vec<String>>,
        commands: Vec<String>,
    ) -> Result<(), String> {
        let placed = Placed {
            addresses,
            commands,
            blender: "4.5.0".into(),
            path: "/nowhere/blender".into(),
            module: true,
            warnings: Vec::new(),
        };
        self.say(&FromHost::Placed(Box::new(placed))).await
    }

    /// A life of an instance has begun, and says who it is.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn began(&mut self, instance: usize, life: u64, about: About) -> Result<(), String> {
        let pid = about.pid;
        self.say(&FromHost::Began {
            instance,
            life,
            pid,
        })
        .await?;
        let about = Box::new(about);
        self.say(&FromHost::Says {
            instance,
            life,
            about,
        })
        .await
    }

    /// An instance says something that nobody has asked.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn said(
        &mut self,
        (instance, life): (usize, u64),
        topic: &str,
        value: Value,
    ) -> Result<(), String> {
        self.say(&FromHost::Said {
            instance,
            life,
            topic: topic.to_owned(),
            value,
        })
        .await
    }

    /// How all instances are.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn report(&mut self, instances: Vec<InstanceReport>) -> Result<(), String> {
        let now_ns = now_ns();
        self.say(&FromHost::Report { now_ns, instances }).await
    }

    /// An instance answers.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn answer(&mut self, id: u64, outcome: Result<Value, Refusal>) -> Result<(), String> {
        self.say(&FromHost::Answer(Answer { id, outcome })).await
    }

    /// All have ended.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn bye(&mut self) -> Result<(), String> {
        self.say(&FromHost::Bye).await
    }

    async fn say(&mut self, word: &FromHost) -> Result<(), String> {
        let line = encode(word)?;
        self.passed.add(&line);
        let sent = self.writer.send(&line).await;
        sent.map_err(|error| error.to_string())
    }
}
