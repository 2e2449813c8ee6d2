//! Which fleet of this host is behind an address, and how its instance is: for whoever waits for what
//! it sends.
//!
//! Owns what was found, and asks a fleet at most a few times a second. It must never wait longer than
//! a launcher on this host takes to answer.

use super::client::FleetClient;
use super::error::ControlError;
use super::place::{FleetRecord, fleet_folders, network};
use super::report::{FleetReport, InstanceReport, Mode};
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long an answer is good for, and how long it is remembered that nothing was found.
const FRESH: Duration = Duration::from_millis(150);
const NOTHING: Duration = Duration::from_secs(1);
/// How long a launcher gets to answer, and how long one that did not is left alone: it may be stopped.
const PATIENCE: Duration = Duration::from_secs(1);
const ALONE: Duration = Duration::from_secs(5);
/// Lives that ended so long before the last answer are told again.
const OVERLAP_NS: u64 = 10_000_000_000;

/// What is known of the instance behind an address.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The instance. Of a fleet that is gone, as it was when it was asked last, and ended.
    pub instance: InstanceReport,
    /// The nanoseconds of the kernel's monotonic clock at which that was so.
    pub now_ns: u64,
}

/// Looks for fleets by the addresses of their instances.
#[derive(Debug, Default)]
pub struct Seeker {
    fleets: HashMap<PathBuf, Known>,
    /// Which fleet each address was found in, or when nothing was found for it.
    addresses: HashMap<String, Result<PathBuf, Instant>>,
}

/// What is known of an address; as an error where its launcher is gone.
type Look = Result<Option<Found>, Option<Found>>;

#[derive(Debug)]
struct Known {
    client: FleetClient,
    report: Option<FleetReport>,
    /// Until when it need not be asked again.
    fresh_until: Instant,
}

impl Seeker {
    /// The instance that has this address; nothing where no fleet of this user's on this host has it. An
    /// answer may be some moments old, but not where it is to be that of `now`.
    pub fn find(&mut self, address: &str, now: bool) -> Option<Found> {
        let (folder, found) = self.look(address, now)?;
        let last = match found {
            // One that has ended may be followed at its address by another fleet, of a launcher that
            // lives as well.
            Ok(Some(found)) if found.is_over() => {
                let others = folders_of(address).filter(|other| *other != folder);
                for other in others.collect::<Vec<_>>() {
                    self.addresses.insert(address.to_owned(), Ok(other));
                    let next = self.look(address, now).and_then(|(_, found)| found.ok()?);
                    if let Some(next) = next.filter(|next| !next.is_over()) {
                        return Some(next);
                    }
                }
                self.addresses.insert(address.to_owned(), Ok(folder));
                return Some(found);
            }
            Ok(found) => return found,
            Err(last) => last,
        };
        // Another fleet may have the address now; what was last known of this one stays until then.
        match folder_of(address).filter(|other| *other != folder) {
            Some(other) => {
                self.addresses.insert(address.to_owned(), Ok(other));
                self.look(address, now)?.1.ok().flatten()
            }
            None => last.map(|mut last| {
                last.instance.bury();
                last
            }),
        }
    }

    /// Where the address was found, and what is known of it.
    fn look(&mut self, address: &str, now: bool) -> Option<(PathBuf, Look)> {
        let folder = match self.addresses.get(address) {
            Some(Ok(folder)) => folder.clone(),
            Some(Err(at)) if at.elapsed() < NOTHING => return None,
            _ => {
                let found = folder_of(address);
                let remembered = found.clone().ok_or_else(Instant::now);
                self.addresses.insert(address.to_owned(), remembered);
                found?
            }
        };
        let known = self.fleets.entry(folder.clone()).or_insert_with(|| Known {
            client: FleetClient::at(folder.join("head.sock")).patient(PATIENCE),
            report: None,
            fresh_until: Instant::now(),
        });
        let gone = !known.look(now);
        let report = known.report.as_ref();
        let found = report.and_then(|report| {
            let mut of = report.instances.iter();
            let instance = of.find(|one| one.addresses.iter().any(|a| a == address))?;
            Some(Found {
                instance: instance.clone(),
                now_ns: report.now_ns,
            })
        });
        Some((folder, if gone { Err(found) } else { Ok(found) }))
    }
}

impl InstanceReport {
    /// Its launcher is gone, and all instances with it.
    fn bury(&mut self) {
        if matches!(self.mode, Mode::Running | Mode::Restarting) {
            self.mode = Mode::Ended;
            self.report = Some(format!(
                "instance {} has ended with its launcher",
                self.index
            ));
        }
    }
}

impl Known {
    /// Asks, unless it was asked just now. False where the launcher is gone.
    fn look(&mut self, now: bool) -> bool {
        if !now && Instant::now() < self.fresh_until {
            return true;
        }
        // What others of this dataset's addresses have not seen of the last answer comes once more.
        let last = self.report.as_ref().map_or(0, |report| report.now_ns);
        let rests = match self.client.lives_since(last.saturating_sub(OVERLAP_NS)) {
            Ok(report) => {
                self.report = Some(report);
                FRESH
            }
            Err(ControlError::Socket { source, .. }) if !is_late(&source) => return false,
            // It is there, and cannot tell: what was last known stays.
            Err(_) => ALONE,
        };
        self.fresh_until = Instant::now() + rests;
        true
    }
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

impl Found {
    fn is_over(&self) -> bool {
        matches!(self.instance.mode, Mode::Ended | Mode::Failed)
    }
}

/// The folder of a fleet that has this address.
fn folder_of(address: &str) -> Option<PathBuf> {
    folders_of(address).next()
}

fn folders_of(address: &str) -> impl Iterator<Item = PathBuf> {
    fleet_folders()
        .into_iter()
        .filter(move |folder| has(folder, address))
}

fn has(folder: &Path, address: &str) -> bool {
    let Ok(record) = FleetRecord::read(folder) else {
        return false;
    };
    let mut all = record.addresses.values().flatten();
    // Another network's 127.0.0.1 is another place; and a launcher that was killed may have left its
    // folder.
    !record.part
        && record.network == network()
        && all.any(|one| one == address)
        && UnixStream::connect(folder.join("head.sock")).is_ok()
}
