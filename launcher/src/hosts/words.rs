//! What hosts and their head say to each other.
//!
//! Owns the words, each a line of JSON in a frame of its own. They must never hold the key.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use blendtorch_channels::control::{
    About, Answer, Epitaph, FromPerson, InstanceReport, Resume, Wanted,
};

use crate::LaunchDescription;

/// The version of these words; both ends must have the same.
pub(super) const PROTOCOL: u32 = 1;

/// What comes to the head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "snake_case")]
pub(super) enum FromHost {
    /// A host, first of all.
    Hello(Box<HostHello>),
    /// Somebody who asks how the fleet is, and is answered as on its own machine.
    Person {
        /// What is asked.
        asks: Box<FromPerson>,
    },
    /// The share is being started: where its sockets are, and what runs.
    Placed(Box<Placed>),
    /// The share cannot be started here.
    Refused {
        /// Why, for people.
        why: String,
    },
    /// A life of an instance has begun.
    Began {
        instance: usize,
        life: u64,
        pid: u32,
    },
    /// An instance says who it is.
    Says {
        instance: usize,
        life: u64,
        about: Box<About>,
    },
    /// An instance has said something to whoever listens.
    Said {
        instance: usize,
        life: u64,
        topic: String,
        value: Value,
    },
    /// A life of an instance is over.
    Ended(Box<EndedThere>),
    /// What an instance has printed.
    Line {
        instance: usize,
        /// Of stderr; else of stdout.
        error: bool,
        /// As it was printed, where it was; for the log.
        printed: Option<String>,
        shown: Vec<String>,
    },
    /// How all are, once a second; of a clock that is the host's own.
    Report {
        now_ns: u64,
        instances: Vec<InstanceReport>,
    },
    /// An answer to what was asked.
    Answer(Answer),
    /// It has been asked to go, and its instances end after what they have in work.
    Leaving {
        /// Why, for people.
        why: String,
    },
    /// All its processes are gone.
    Bye,
}

/// Who has come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct HostHello {
    pub(super) protocol: u32,
    /// blendtorch's version there.
    pub(super) blendtorch: String,
    /// Its machine's name.
    pub(super) host: String,
    /// By which whoever supplied it knows it: a job's element, a place in a list.
    pub(super) slot: String,
    pub(super) pid: u32,
    pub(super) cores: usize,
    /// Nanoseconds since 1970, by its clock.
    pub(super) unix_ns: u64,
}

/// Where a share's sockets are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Placed {
    /// By name; of each instance of the share, in its order.
    pub(super) addresses: IndexMap<String, Vec<String>>,
    /// Of each instance of the share.
    pub(super) commands: Vec<String>,
    /// Which Blender: its version, and where it is.
    pub(super) blender: String,
    pub(super) path: String,
    /// `bpy` or a program.
    pub(super) module: bool,
    pub(super) warnings: Vec<String>,
}

/// A life that is over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct EndedThere {
    pub(super) instance: usize,
    pub(super) life: u64,
    /// Its exit code, or the signal that ended it.
    pub(super) code: Option<i32>,
    pub(super) signal: Option<i32>,
    pub(super) stopped: bool,
    pub(super) cause: Option<String>,
    pub(super) given_up: Option<String>,
    /// In how many seconds it is started again there.
    pub(super) again_in: Option<f64>,
    pub(super) messages: u64,
    pub(super) epitaph: Epitaph,
    /// The host's clock.
    pub(super) now_ns: u64,
    pub(super) stderr_tail: Vec<String>,
    pub(super) stdout_tail: Vec<String>,
    pub(super) resume: Resume,
    /// This life was asked to end because its host goes.
    pub(super) asked: bool,
}

/// What the head says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "snake_case")]
pub(super) enum ToHost {
    /// Run these.
    Share(Box<Share>),
    /// There is nothing to run at the moment; it waits.
    Spare,
    /// It is not wanted.
    Refuse {
        /// Why, for people.
        why: String,
    },
    /// An instance is asked something.
    Ask {
        id: u64,
        instance: usize,
        wanted: Wanted,
    },
    /// End a life of an instance at once.
    EndLife { instance: usize, life: u64 },
    /// An end of this instance is its last.
    Release { instance: usize },
    /// End all, in order.
    Stop,
    /// End all at once.
    Kill,
    /// The head is there.
    Alive,
    /// To somebody who asked: the answer, as on the head's own machine.
    Told { answer: Value },
}

/// What a host runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Share {
    /// The launch description; paths are those of the head.
    pub(super) description: LaunchDescription,
    /// The script's text, where hosts need not see the file.
    pub(super) script: Option<String>,
    /// The seed of instance 0.
    pub(super) seed: u64,
    /// Which instances.
    pub(super) instances: Vec<Beginning>,
    /// The machine's own address, where sockets bind.
    pub(super) grace: f64,
    pub(super) gives_up: bool,
    pub(super) remember: bool,
    /// Whether what instances print is sent.
    pub(super) lines: bool,
}

/// An instance that is to begin.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Beginning {
    pub(super) index: usize,
    /// The number of its first life there.
    pub(super) life: u64,
    /// Where it goes on.
    pub(super) resume: Resume,
}
