//! What is known of hosts, and of what runs on them, beside how each instance is.
//!
//! Owns the lock over it: the thread of the head writes, everybody reads. It must never be held while
//! something is waited for.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;

use blendtorch_blender::Blender;
use blendtorch_channels::control::FleetRecord;

use crate::LaunchInfo;
use crate::board::{self, Board};

/// Lines for the user that nobody has read yet; later ones push out the first.
const MOST_NOTICES: usize = 256;

/// It, for several threads.
#[derive(Debug, Clone, Default)]
pub(crate) struct State(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
pub(super) struct Known {
    /// Of each instance, once its host has said so.
    pub(super) commands: Vec<Option<String>>,
    /// Of each instance, by the name of the socket.
    pub(super) addresses: Vec<IndexMap<String, String>>,
    pub(super) blender: Option<Blender>,
    /// The name by which it is asked on this machine, and the folder of its record.
    pub(super) fleet: Option<(String, PathBuf)>,
    /// The addresses that the record has.
    recorded: Option<IndexMap<String, Vec<String>>>,
    /// Where the launch info is to be, and as what it was written last.
    pub(super) file: Option<PathBuf>,
    pub(super) written: Option<LaunchInfo>,
    notices: Vec<String>,
    /// The names of the sockets.
    pub(super) sockets: Vec<String>,
}

impl State {
    pub(crate) fn new(
        instances: usize,
        sockets: &[String],
        fleet: Option<(String, PathBuf)>,
    ) -> Self {
        let known = Known {
            commands: vec![None; instances],
            addresses: vec![IndexMap::new(); instances],
            fleet,
            sockets: sockets.to_vec(),
            ..Known::default()
        };
        Self(Arc::new(Mutex::new(known)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something for the user.
    pub(crate) fn notice(&self, line: String) {
        let mut known = self.lock();
        if known.notices.len() == MOST_NOTICES {
            known.notices.remove(0);
        }
        known.notices.push(line);
    }

    /// What has been noticed since the last time.
    pub(crate) fn take_notices(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().notices)
    }

    pub(crate) fn blender(&self) -> Option<Blender> {
        self.lock().blender.clone()
    }

    /// Of those instances that are up, or have come to their end for good.
    pub(crate) fn launch_info(&self, board: &Board) -> LaunchInfo {
        let listed = board.look_at_all(is_listed);
        self.lock().info(&listed)
    }

    /// From now on the launch info lies there, as soon as an instance is up.
    pub(crate) fn keep_in(&self, file: PathBuf) {
        let mut known = self.lock();
        (known.file, known.written) = (Some(file), None);
    }

    /// Writes the launch info anew where it has changed and something of it is up.
    pub(crate) fn write_info(&self, board: &Board) {
        let mut known = self.lock();
        let listed = board.look_at_all(is_listed);
        let info = known.info(&listed);
        known.record(&info);
        let Some(file) = known.file.clone() else {
            return;
        };
        let up = || {
            board
                .look_at_all(|one| one.status.is_running())
                .contains(&true)
        };
        let news = known.written.as_ref() != Some(&info);
        // It is there when the first is up, and follows from then on.
        if !news || !(known.written.is_some() || up()) {
            return;
        }
        match info.save_json(&file) {
            Ok(()) => known.written = Some(info),
            Err(error) => {
                // It is tried again when something changes.
                known.written = Some(info);
                drop(known);
                self.notice(format!("warning: {error}"));
            }
        }
    }
}

/// One that may come back is not listed until it is: who follows the file goes there anew then.
fn is_listed(one: &board::Known) -> bool {
    one.status.is_running() || !one.status.is_alive()
}

impl Known {
    /// Who asks for a fleet by an address finds this one.
    fn record(&mut self, info: &LaunchInfo) {
        let Some((_, folder)) = &self.fleet else {
            return;
        };
        if self.recorded.as_ref() == Some(&info.addresses) {
            return;
        }
        if let Ok(mut record) = FleetRecord::read(folder) {
            record.addresses = info.addresses.clone().into_iter().collect();
            // It is tried again when something changes.
            let _ = record.write(folder);
        }
        self.recorded = Some(info.addresses.clone());
    }

    /// Of those instances that are listed.
    fn info(&self, listed: &[bool]) -> LaunchInfo {
        let of = |socket: &String| {
            let each = self.addresses.iter().zip(listed);
            let each = each.filter(|(_, listed)| **listed);
            let each = each.filter_map(|(one, _)| one.get(socket).cloned());
            (socket.clone(), each.collect())
        };
        let line = |(index, command): (usize, &Option<String>)| {
            let waits = || format!("# instance {index} waits for a host");
            command.clone().unwrap_or_else(waits)
        };
        LaunchInfo {
            addresses: self.sockets.iter().map(of).collect(),
            // A line for each that there is or will be: who follows the file knows whether more come.
            commands: self.commands.iter().enumerate().map(line).collect(),
            fleet: self.fleet.as_ref().map(|(name, _)| name.clone()),
        }
    }
}
