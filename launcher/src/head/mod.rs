//! The head of the control channel: where instances tell their launcher of themselves, and where
//! others ask it.
//!
//! Owns the fleet's folder in the user's runtime folder, with two sockets in it, and the thread that
//! serves them. What comes over either may be anything: it must never end the fleet, hold up its
//! supervision, nor fill the memory.

mod askers;
mod instances;
mod report;
pub(crate) mod session;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio::sync::watch;

use blendtorch_channels::control::{
    ControlError, FleetRecord, fleet_folders, kernel_place, network, runtime_folder,
};

use crate::alive::Process;
use crate::board::Board;
pub(crate) use askers::{line_to, reply as answer_person};
pub(crate) use report::Teller;

/// The socket of the instances, and that of those who ask.
pub(crate) const FOR_INSTANCES: &str = "instances.sock";
const FOR_ASKERS: &str = "head.sock";

/// What there is to tell of a fleet that does not change.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) script: PathBuf,
    /// One an instance, by the name of the socket.
    pub(crate) addresses: BTreeMap<String, Vec<String>>,
    pub(crate) restart: crate::Restart,
    pub(crate) min_instances: usize,
    /// It is a host's part of a fleet.
    pub(crate) part: bool,
}

/// The folder of a fleet, before anybody listens in it.
#[derive(Debug)]
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    /// Makes it, and removes those of launchers that were killed and whose guard was too.
    pub(crate) fn make() -> Result<Self, ControlError> {
        let runtime = runtime_folder()?;
        fleet_folders().iter().for_each(|folder| clear(folder));
        let folder = tempfile::Builder::new()
            .prefix("fleet-")
            .tempdir_in(&runtime)
            .map_err(|error| ControlError::Folder {
                folder: runtime,
                reason: format!("no folder can be made in it: {error}"),
            })?;
        Ok(Self { folder })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The fleet's name, which is that of the folder.
    pub(crate) fn name(&self) -> String {
        let name = self.path().file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// Removes the folder of a fleet whose launcher is gone, and what its instances left.
fn clear(folder: &Path) {
    let Ok(record) = FleetRecord::read(folder) else {
        return; // one that is being made
    };
    let launcher = Process {
        pid: record.launcher,
        started: record.started,
    };
    // Of another namespace's processes nothing is known, but that none outlives the machine.
    let boot = |place: &str| place.split(' ').next().map(str::to_owned);
    let here = kernel_place();
    let gone = match record.place == here {
        true => !launcher.runs(),
        false => boot(&record.place) != boot(&here),
    };
    if gone {
        session::remove_all(folder);
        // Another launcher may be at it as well.
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// The head of one fleet. Dropping it ends the thread and removes the folder.
#[derive(Debug)]
pub(crate) struct Head {
    place: Option<Place>,
    record: FleetRecord,
    end: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Head {
    /// Listens, and serves from now on.
    pub(crate) fn start(place: Place, facts: Facts, board: Arc<Board>) -> std::io::Result<Self> {
        let process = Process::of(std::process::id());
        let record = FleetRecord {
            fleet: place.name(),
            launcher: process.pid,
            started: process.started,
            place: kernel_place(),
            network: network(),
            part: facts.part,
            launch_info: None,
            script: facts.script.clone(),
            addresses: facts.addresses.clone(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let inside = runtime.enter();
        let instances = UnixListener::bind(place.path().join(FOR_INSTANCES))?;
        let askers = UnixListener::bind(place.path().join(FOR_ASKERS))?;
        drop(inside);
        // Who finds the record finds a fleet that answers.
        record.write(place.path())?;
        let (end, mut ends) = watch::channel(false);
        let teller = Arc::new(Teller::new(place.name(), facts, Arc::clone(&board)));
        let sessions = place.path().to_path_buf();
        let thread = std::thread::Builder::new()
            .name("blendtorch-head".into())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = instances::serve(instances, board, sessions) => {}
                        () = askers::serve(askers, teller) => {}
                        _ = ends.wait_for(|over| *over) => {}
                    }
                });
                // What waits for an answer is dropped with it.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            place: Some(place),
            record,
            end,
            thread: Some(thread),
        })
    }

    /// A launch info at this path leads here.
    pub(crate) fn is_led_to_by(&self, launch_info: &Path) {
        let Some(place) = &self.place else { return };
        let mut record = FleetRecord::read(place.path()).unwrap_or_else(|_| self.record.clone());
        record.launch_info = Some(std::path::absolute(launch_info).unwrap_or(launch_info.into()));
        // It is only for people who choose among fleets.
        let _ = record.write(place.path());
    }

    /// In a process forked from the launcher: the folder and the thread are the parent's.
    pub(crate) fn forget(&mut self) {
        std::mem::forget(self.place.take());
        std::mem::forget(self.thread.take());
    }
}

impl Drop for Head {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = self.end.send(true);
            let _ = thread.join();
        }
    }
}
