//! Typed errors of the consumer side.

use crate::batch::CollateError;
use crate::convert::ConvertError;
use crate::dataset::LaunchInfoError;
use crate::record::RecordError;
use blendtorch_channels::control::InstanceReport;
use blendtorch_transport::{Address, AddressError, Path, PeerStatus};
use blendtorch_wire::DecodeError;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// What can go wrong while consuming a stream.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// No addresses were given.
    #[error(
        "no addresses: give the addresses that the launcher printed, such as tcp://127.0.0.1:11000"
    )]
    NoAddresses,
    /// The text is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Nothing came for too long.
    #[error(
        "no item for {:.1} s{}: {}; see that the instances run (their launcher tells of those that \
         end), or wait longer with a larger time-out",
        waited.as_secs_f64(), grown(*longest), list(silent)
    )]
    Timeout {
        /// Since the item was asked for, or since the last error.
        waited: Duration,
        /// The longest wait for an item lately, where four times that is more than the time-out and
        /// was waited for.
        longest: Option<Duration>,
        /// Every address that should have sent something.
        silent: Vec<Silence>,
    },
    /// Of a launch info that is followed: nothing came for too long, and nobody is there who could
    /// send something.
    #[error(
        "no item for {:.1} s: launch info {} {why}; see that its fleet runs, or wait longer with a \
         larger time-out",
        waited.as_secs_f64(), file.display()
    )]
    Nobody {
        /// Since the item was asked for, or since the last error.
        waited: Duration,
        /// The launch info.
        file: PathBuf,
        /// Why nobody is there.
        why: Absence,
    },
    /// A file that is to be followed is no launch info. It is looked at again.
    #[error(transparent)]
    LaunchInfo(#[from] LaunchInfoError),
    /// All publishers have come to their end, and these not in order: what came has been delivered,
    /// and the iteration is over.
    #[error("{}", fallen(failed))]
    Failed {
        /// Those that failed, in the order of their addresses.
        failed: Vec<FailedInstance>,
    },
    /// A peer sent something that is no message of ours. The stream goes on.
    #[error("{address}{} sent a message that is not blendtorch's: {source}", instance(*btid))]
    Malformed {
        /// Who sent it.
        address: Address,
        /// The instance that it says it is from, if so much of it can be read.
        btid: Option<i64>,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// Items do not fit into one batch.
    #[error(transparent)]
    Collate(#[from] CollateError),
    /// A conversion that no image fits.
    #[error(transparent)]
    Convert(#[from] ConvertError),
    /// A recording could not be read or written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The socket failed.
    #[error(transparent)]
    Transport(#[from] blendtorch_transport::Error),
    /// The loader's thread could not be started, or ended with a panic.
    #[error("the loader's thread: {0}")]
    Thread(String),
}

/// Why nobody is there whom a launch info lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// The file is not there: its launcher writes it when the first instance is up.
    NoFile,
    /// The file cannot be read.
    Unreadable(String),
    /// It lists nobody.
    NoAddress {
        /// The name of the socket.
        socket: String,
    },
    /// All that it lists have ended, and further instances are to come.
    Ended {
        /// Addresses in the file.
        listed: usize,
        /// Instances that it has a command line of.
        instances: usize,
    },
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile => write!(
                f,
                "is not there: its launcher writes it when the first instance is up"
            ),
            Self::Unreadable(text) => write!(f, "cannot be read ({text})"),
            Self::NoAddress { socket } => write!(f, "lists no address of \"{socket}\""),
            Self::Ended { listed, instances } => write!(
                f,
                "lists {listed} of {instances} instances, and no publisher of those is left"
            ),
        }
    }
}

/// Names the instance, behind its address.
fn instance(btid: Option<i64>) -> String {
    btid.map_or_else(String::new, |btid| format!(" (instance {btid})"))
}

/// A publisher that did not end in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedInstance {
    /// The instance, as the launcher numbered it, where it is known.
    pub btid: Option<i64>,
    /// Its address.
    pub address: Address,
    /// Items that came from the address.
    pub items: u64,
    /// What it said of it, or what its launcher says: several lines, a traceback's last ones.
    pub reason: Option<String>,
}

impl fmt::Display for FailedInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.btid {
            Some(btid) => write!(f, "instance {btid} at {} failed", self.address)?,
            None => write!(f, "{} failed", self.address)?,
        }
        let items = if self.items == 1 { "item" } else { "items" };
        write!(f, " after {} {items}", self.items)?;
        match &self.reason {
            Some(reason) => {
                write!(f, ":")?;
                reason
                    .lines()
                    .try_for_each(|line| write!(f, "\n    {line}"))
            }
            None => write!(f, "; its launcher, there, shows why"),
        }
    }
}

/// An address that nothing came from.
#[derive(Clone, Debug)]
pub struct Silence {
    /// The address.
    pub address: Address,
    /// Whether it is connected now, and how.
    pub path: Option<Path>,
    /// Since when it has been connected, or has not been.
    pub since: Duration,
    /// Whether it was ever connected.
    pub ever_connected: bool,
    /// Messages that came before the silence.
    pub messages: u64,
    /// Since the last of them.
    pub since_last: Option<Duration>,
    /// What its launcher tells of the instance, where one on this host does.
    pub instance: Option<String>,
}

impl Silence {
    pub(crate) fn of(status: &PeerStatus, told: Option<&InstanceReport>) -> Self {
        Self {
            address: status.address.clone(),
            path: status.path,
            since: status.since.elapsed(),
            ever_connected: status.connections > 0,
            messages: status.messages,
            since_last: status.last_message.map(|last| last.elapsed()),
            instance: told.map(|one| format!("instance {}: {}", one.index, one.phrase())),
        }
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            address, messages, ..
        } = self;
        let since = self.since.as_secs_f64();
        let items = if *messages == 1 { "item" } else { "items" };
        match (self.path, self.since_last) {
            (Some(_), Some(last)) => {
                let last = last.as_secs_f64();
                write!(
                    f,
                    "{address} is connected since {since:.1} s and silent since {last:.1} s, after \
                     {messages} {items}"
                )
            }
            (Some(_), None) => write!(
                f,
                "{address} is connected since {since:.1} s and has sent nothing"
            ),
            (None, _) if self.ever_connected => write!(
                f,
                "{address} is disconnected since {since:.1} s, after {messages} {items}"
            ),
            (None, _) => write!(
                f,
                "{address} never connected: nobody has listened there for {since:.1} s"
            ),
        }?;
        match &self.instance {
            Some(told) => write!(f, " ({told})"),
            None => Ok(()),
        }
    }
}

fn grown(longest: Option<Duration>) -> String {
    longest.map_or_else(String::new, |longest| {
        let seconds = longest.as_secs_f64();
        format!(", where one took {seconds:.1} s at most lately and four times that was waited for")
    })
}

fn fallen(failed: &[FailedInstance]) -> String {
    let each: Vec<_> = failed.iter().map(ToString::to_string).collect();
    format!("no publisher is left; {}", each.join("\n"))
}

fn list(silent: &[Silence]) -> String {
    let lines: Vec<_> = silent.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence(path: Option<Path>, ever_connected: bool, messages: u64) -> Silence {
        Silence {
            address: "tcp://127.0.0.1:11000".parse().unwrap(),
            path,
            since: Duration::from_millis(12_340),
            ever_connected,
            messages,
            since_last: (messages > 0).then_some(Duration::from_secs(10)),
            instance: None,
        }
    }

    #[test]
    fn a_time_out_says_of_each_address_what_it_is_and_since_when() {
        for (silence, says) in [
            (
                silence(None, false, 0),
                "never connected: nobody has listened there for 12.3 s",
            ),
            (
                silence(Some(Path::Shm), true, 0),
                "is connected since 12.3 s and has sent nothing",
            ),
            (
                silence(Some(Path::Inline), true, 7),
                "is connected since 12.3 s and silent since 10.0 s, after 7 items",
            ),
            (
                silence(None, true, 1),
                "is disconnected since 12.3 s, after 1 item",
            ),
        ] {
            assert_eq!(silence.to_string(), format!("tcp://127.0.0.1:11000 {says}"));
        }
        let told = Silence {
            instance: Some("instance 0: starting for 12 s".into()),
            ..silence(None, false, 0)
        };
        assert!(
            told.to_string()
                .ends_with("for 12.3 s (instance 0: starting for 12 s)")
        );
        let timeout = |longest| Error::Timeout {
            waited: Duration::from_secs(10),
            longest,
            silent: vec![silence(None, false, 0), silence(None, true, 3)],
        };
        let error = timeout(None);
        assert_eq!(
            error.to_string(),
            "no item for 10.0 s: tcp://127.0.0.1:11000 never connected: nobody has listened there for \
             12.3 s; tcp://127.0.0.1:11000 is disconnected since 12.3 s, after 3 items; see that the \
             instances run (their launcher tells of those that end), or wait longer with a larger \
             time-out"
        );
        let error = timeout(Some(Duration::from_millis(2510))).to_string();
        let says = "no item for 10.0 s, where one took 2.5 s at most lately and four times that was \
                    waited for: tcp://";
        assert!(error.starts_with(says), "{error}");
    }

    #[test]
    fn who_failed_is_named_with_its_last_words() {
        let failed = |btid, items, reason: Option<&str>| FailedInstance {
            btid,
            address: "tcp://127.0.0.1:11000".parse().unwrap(),
            items,
            reason: reason.map(str::to_owned),
        };
        let error = Error::Failed {
            failed: vec![
                failed(Some(0), 49, Some("  File \"scene.py\"\nValueError: round")),
                failed(None, 1, None),
            ],
        };
        assert_eq!(
            error.to_string(),
            "no publisher is left; instance 0 at tcp://127.0.0.1:11000 failed after 49 items:\n      \
             File \"scene.py\"\n    ValueError: round\ntcp://127.0.0.1:11000 failed after 1 item; its \
             launcher, there, shows why"
        );
    }
}
