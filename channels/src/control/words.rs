//! What is said on a line between instance and launcher, and between a launcher and who asks it.
//!
//! Owns the words. Each is one line of JSON (`lines`); a word that is not known here is answered with
//! a refusal, so that versions can meet.

use super::about::About;
use super::error::Refusal;
use super::report::FleetReport;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an instance says to its launcher.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "snake_case")]
pub enum FromInstance {
    /// Who it is; said first, and again when something of it has changed.
    Hello(Box<About>),
    /// An answer to what was asked under that number.
    Answer(Answer),
    /// Its script was left by an error: the traceback.
    ScriptError {
        /// The traceback's last lines.
        traceback: String,
    },
    /// Something that nobody has asked for, for whoever listens in the launcher's program.
    Said {
        /// What it is about; the launcher knows none.
        topic: String,
        /// What is said.
        value: Value,
    },
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The number of what was asked.
    pub id: u64,
    /// What came of it.
    pub outcome: Result<Value, Refusal>,
}

/// What an instance is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToInstance {
    /// The answer has the same.
    pub id: u64,
    /// What is wanted.
    #[serde(flatten)]
    pub wanted: Wanted,
}

/// What can be wanted of an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "snake_case")]
pub enum Wanted {
    /// Its counters: answered at once, by a thread.
    Status,
    /// Parameters get these values, all or none of them, before the next frame.
    Set {
        /// By name.
        values: serde_json::Map<String, Value>,
    },
    /// It ends in order after this episode.
    Stop {
        /// For people.
        why: String,
    },
    /// Its main thread calls a function between frames.
    Call {
        /// Which service.
        service: String,
        /// Which of its functions.
        name: String,
        /// With what.
        #[serde(default)]
        arguments: Value,
    },
}

/// Which instances are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Instances {
    /// Those with these numbers.
    These(Vec<usize>),
    /// All that run.
    #[default]
    All,
}

/// What a person, or a program, asks a launcher.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FromPerson {
    /// The answer has the same.
    pub id: u64,
    /// What is wanted.
    #[serde(flatten)]
    pub asks: PersonAsks,
}

/// What can be asked of a launcher.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "snake_case")]
pub enum PersonAsks {
    /// How all instances are.
    Status {
        /// Also what each counts itself, which asks them all.
        #[serde(default)]
        counters: bool,
        /// Without what each says of itself.
        #[serde(default)]
        brief: bool,
        /// Lives that ended later than this, in nanoseconds of the kernel's monotonic clock.
        #[serde(default)]
        lives_since: u64,
    },
    /// Instances are asked something.
    Tell {
        /// Which.
        #[serde(default)]
        instances: Instances,
        /// What.
        wanted: Wanted,
        /// How long an answer is waited for, in seconds.
        timeout: f64,
    },
}

/// What a launcher answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "snake_case")]
pub enum ToPerson {
    /// How the fleet is.
    Status {
        /// The number of the question.
        id: u64,
        /// The fleet.
        report: Box<FleetReport>,
    },
    /// What each of the instances answered, by its number.
    Told {
        /// The number of the question.
        id: u64,
        /// In the order of the instances.
        outcomes: Vec<(usize, Result<Value, Refusal>)>,
    },
    /// It was refused.
    Refused {
        /// The number of the question; 0 where it could not be read.
        id: u64,
        /// Why.
        refusal: Refusal,
    },
}

#[cfg(test)]
mod tests {
    use super::super::error::RefusalKind;
    use super::*;
    use serde_json::json;

    fn back<T: Serialize + serde::de::DeserializeOwned>(word: &T) -> T {
        serde_json::from_str(&serde_json::to_string(word).unwrap()).unwrap()
    }

    #[test]
    fn words_come_back_as_they_were_said() {
        let call = ToInstance {
            id: 3,
            wanted: Wanted::Call {
                service: "render".into(),
                name: "frame".into(),
                arguments: json!({"number": 7, "scale": 0.5}),
            },
        };
        assert_eq!(back(&call), call);
        let answer = FromInstance::Answer(Answer {
            id: 3,
            outcome: Err(Refusal::new(RefusalKind::Failed, "no")),
        });
        assert_eq!(back(&answer), answer);
        for instances in [Instances::All, Instances::These(vec![0, 2])] {
            let tell = FromPerson {
                id: 1,
                asks: PersonAsks::Tell {
                    instances,
                    wanted: Wanted::Status,
                    timeout: 1.0,
                },
            };
            assert_eq!(back(&tell), tell);
        }
    }

    #[test]
    fn who_is_not_named_is_everybody() {
        let text = r#"{"id": 1, "word": "tell", "wanted": {"word": "status"}, "timeout": 1}"#;
        let read: FromPerson = serde_json::from_str(text).unwrap();
        let PersonAsks::Tell { instances, .. } = read.asks else {
            panic!("{read:?}");
        };
        assert_eq!(instances, Instances::All);
    }

    #[test]
    fn a_kind_of_refusal_of_a_later_version_is_read() {
        let text = r#"{"kind": "tired", "message": "later"}"#;
        let read: Refusal = serde_json::from_str(text).unwrap();
        assert_eq!(read.kind, RefusalKind::Other);
    }
}
