//! How a fleet is, as its launcher tells it.
//!
//! Plain data, which travels between programs as JSON; a field that is not there has its default. It
//! must never know where it comes from.

use super::about::{About, Counters};
use super::page::{PublisherCount, Resume, State};
use serde::{Deserialize, Serialize};

/// What an instance is at, as its launcher sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Its process runs.
    #[default]
    Running,
    /// It has ended and will be started again.
    Restarting,
    /// It has ended for good, in order or stopped.
    Ended,
    /// It has failed for good.
    Failed,
}

/// What is known of a life that is over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Epitaph {
    /// Which life it was.
    pub life: u64,
    /// How it ended, for people.
    pub end: String,
    /// When, in nanoseconds of the kernel's monotonic clock.
    pub ended_ns: u64,
    /// When it began, by the same clock.
    pub began_ns: u64,
    /// What its publishers had published.
    pub publishers: Vec<PublisherCount>,
}

/// How one instance is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InstanceReport {
    /// Its number, from 0: its `-btid`.
    pub index: usize,
    /// The addresses of its sockets.
    pub addresses: Vec<String>,
    /// What the launcher sees of it.
    pub mode: Mode,
    /// Its process, or its last one: of its host, where it is on another one.
    pub pid: u32,
    /// The other host that it is on, or was last.
    pub host: Option<String>,
    /// Which life it is, from 1.
    pub life: u64,
    /// When this life began, in nanoseconds of the kernel's monotonic clock.
    pub began_ns: u64,
    /// How often it was started again.
    pub restarts: u64,
    /// Where it restarts: in how many seconds.
    pub restarts_in: Option<f64>,
    /// Whether it is started again when its script ends in order.
    pub returns_after_end: bool,
    /// Whether it is started again when its script fails.
    pub returns_after_failure: bool,
    /// Whether anything of it has been seen in its page; without, what follows is not known.
    pub attached: bool,
    /// What it is at.
    pub state: State,
    /// For how many seconds.
    pub state_for: f64,
    /// Frames that are done in this life.
    pub frames: u64,
    /// Seconds since the latest, or since this life began.
    pub since_progress: f64,
    /// Seconds that its slowest frame took.
    pub slowest_frame: f64,
    /// Seconds that its latest took.
    pub latest_frame: f64,
    /// The episode, from 0.
    pub episode: Option<u64>,
    /// The sample's index in the episode.
    pub sample: Option<u64>,
    /// Messages published in this life.
    pub messages: u64,
    /// Messages published in all its lives.
    pub messages_in_all: u64,
    /// Bytes of memory that its process has to itself or shares, as the kernel counts them.
    pub memory: Option<u64>,
    /// Where its next life would go on.
    pub resume: Resume,
    /// The publishers of this life.
    pub publishers: Vec<PublisherCount>,
    /// Its latest lives before this one.
    pub lives: Vec<Epitaph>,
    /// Its script has come to its end in order, with exit code 0.
    pub ended_in_order: bool,
    /// How its process ended, or its latest life did, in several lines for people.
    pub report: Option<String>,
    /// What it says of itself, once it has.
    pub about: Option<About>,
    /// What it counts, where that was asked for and it answered.
    pub counters: Option<Counters>,
}

impl InstanceReport {
    /// One phrase for people: what it is at, and for how long.
    #[must_use]
    pub fn phrase(&self) -> String {
        match self.mode {
            Mode::Ended => return "ended".into(),
            Mode::Failed => return "failed".into(),
            Mode::Restarting => {
                if self.restarts_in.is_none() && self.pid == 0 {
                    return "waits for a host".into();
                }
                let soon = self.restarts_in.map(|s| format!(" in {s:.1} s"));
                return format!("restarts{}", soon.unwrap_or_default());
            }
            Mode::Running => {}
        }
        if !self.attached {
            return "runs".into();
        }
        let seconds = self.state_for;
        match self.state {
            State::Starting => format!("starting for {seconds:.0} s"),
            State::Rendering if self.slowest_frame > 0.0 => format!(
                "rendering for {:.1} s, its slowest frame took {:.1} s",
                self.since_progress, self.slowest_frame
            ),
            State::Rendering => {
                format!("rendering its first frame for {:.1} s", self.since_progress)
            }
            State::WaitingForConsumer => format!("waiting for a consumer for {seconds:.1} s"),
            State::WaitingForAgent => format!("waiting for its agent for {seconds:.1} s"),
            State::Quiet => "runs, with nothing to publish".into(),
            State::WaitingForRequest => format!("waiting for a request for {seconds:.1} s"),
        }
    }
}

/// How a fleet is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FleetReport {
    /// The name that `launch_info.json` has of it.
    pub fleet: String,
    /// The launcher's process.
    pub launcher: u32,
    /// How many seconds it has run.
    pub runs_for: f64,
    /// The nanoseconds of the kernel's monotonic clock at which this was said.
    pub now_ns: u64,
    /// Which ends of an instance make the launcher start it again, in the word of launch.json.
    pub restart: String,
    /// With fewer instances that run or restart the fleet fails.
    pub min_instances: usize,
    /// The instances, in their order.
    pub instances: Vec<InstanceReport>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_of_another_version_is_read() {
        let text = r#"{"fleet": "a", "news": 1, "instances": [{"index": 2, "colour": "red"}]}"#;
        let read: FleetReport = serde_json::from_str(text).unwrap();
        assert_eq!((read.fleet.as_str(), read.instances[0].index), ("a", 2));
    }

    #[test]
    fn phrases_say_what_an_instance_is_at() {
        let mut one = InstanceReport {
            attached: true,
            state: State::Rendering,
            since_progress: 40.0,
            slowest_frame: 38.0,
            ..InstanceReport::default()
        };
        assert_eq!(
            one.phrase(),
            "rendering for 40.0 s, its slowest frame took 38.0 s"
        );
        one.mode = Mode::Restarting;
        one.restarts_in = Some(0.5);
        assert_eq!(one.phrase(), "restarts in 0.5 s");
        one.restarts_in = None;
        assert_eq!(one.phrase(), "waits for a host");
    }
}
