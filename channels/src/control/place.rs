//! Where the fleets of a user are found: a folder of the user's own, with a folder for each fleet.
//!
//! Owns that folder's place and rights, and what a fleet writes into its own to be found by. It must
//! never hold what somebody else may not see, nor trust a folder that somebody else could write to.

use super::error::ControlError;
use rustix::fs::{Mode, mkdir};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The name of a fleet's record in its folder.
pub const RECORD: &str = "fleet.json";

/// What a fleet tells those who look for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FleetRecord {
    /// Its name, which is that of its folder.
    pub fleet: String,
    /// The launcher's process.
    pub launcher: u32,
    /// When that started, in the kernel's ticks.
    pub started: Option<u64>,
    /// Where numbers of processes mean the same.
    pub place: String,
    /// Where local addresses mean the same.
    pub network: String,
    /// The launch info that leads here, where one was written.
    pub launch_info: Option<PathBuf>,
    /// The script that the instances run.
    pub script: PathBuf,
    /// It is a host's part of a fleet, whose launcher is on another machine.
    pub part: bool,
    /// The addresses of its instances, by the name of the socket.
    pub addresses: BTreeMap<String, Vec<String>>,
}

/// A socket's path has 107 bytes at most, and a fleet's folder and socket take some of them.
const LONGEST_PATH: usize = 107 - "/fleet-XXXXXX/instances.sock".len();

/// Candidates for the folder of a user's fleets, the preferred one first.
fn candidates() -> Vec<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let session = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let session = session.filter(|folder| folder.is_absolute() && is_ours(folder));
    // Programs that are started otherwise than by a login know nothing of the variable.
    let usual = PathBuf::from(format!("/run/user/{user}"));
    let usual = Some(usual).filter(|folder| is_ours(folder) && Some(folder) != session.as_ref());
    let sessions = session.into_iter().chain(usual);
    let mut all: Vec<_> = sessions.map(|folder| folder.join("blendtorch")).collect();
    // Not the folder for temporary files that TMPDIR names: two programs need to find the same.
    all.push(PathBuf::from(format!("/tmp/blendtorch-{user}")));
    all
}

/// Whether a folder is there, and this user's.
#[must_use]
pub fn is_ours(folder: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    // Of the link itself: one that leads elsewhere is nobody's to trust.
    fs::symlink_metadata(folder).is_ok_and(|about| about.is_dir() && about.uid() == user)
}

/// The folder of this user's fleets; it is made where there is none.
///
/// # Errors
/// [`ControlError::Folder`] where it cannot be made, or is somebody else's.
pub fn runtime_folder() -> Result<PathBuf, ControlError> {
    let mut wrong = None;
    for folder in candidates() {
        match usable(&folder) {
            Ok(()) => return Ok(folder),
            Err(reason) => wrong = Some(ControlError::Folder { folder, reason }),
        }
    }
    Err(wrong.unwrap_or_else(|| ControlError::Folder {
        folder: PathBuf::from("/tmp"),
        reason: "there is no folder for fleets".into(),
    }))
}

fn usable(folder: &Path) -> Result<(), String> {
    if folder.as_os_str().len() > LONGEST_PATH {
        return Err(format!(
            "is longer than {LONGEST_PATH} bytes: no socket can have a path in it"
        ));
    }
    match mkdir(folder, Mode::RWXU) {
        Ok(()) => return Ok(()),
        Err(rustix::io::Errno::EXIST) => {}
        Err(error) => return Err(format!("cannot be made: {error}")),
    }
    let private = |about: &fs::Metadata| about.mode() & 0o022 == 0;
    let about = fs::symlink_metadata(folder).map_err(|error| error.to_string())?;
    match is_ours(folder) && private(&about) {
        true => Ok(()),
        false => Err("is not this user's alone: remove it, or have its owner do so".into()),
    }
}

/// The folders of all fleets of this user, also of those that are gone and left theirs.
#[must_use]
pub fn fleet_folders() -> Vec<PathBuf> {
    let mut all = Vec::new();
    for folder in candidates().into_iter().filter(|folder| is_ours(folder)) {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        all.extend(
            entries
                .map(|entry| entry.path())
                .filter(|path| is_ours(path)),
        );
    }
    all
}

impl FleetRecord {
    /// Of a fleet's folder.
    ///
    /// # Errors
    /// There is none, or it is not whole.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let text = fs::read(folder.join(RECORD))?;
        serde_json::from_slice(&text).map_err(io::Error::other)
    }

    /// Writes it into a fleet's folder; it appears whole.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_vec(self).map_err(io::Error::other)?;
        let beside = folder.join(format!("{RECORD}.new"));
        fs::write(&beside, text)?;
        fs::rename(&beside, folder.join(RECORD))
    }
}

/// Where numbers of processes mean the same: this start of the machine, this namespace.
#[must_use]
pub fn kernel_place() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{} {}", boot.trim(), namespace.display())
}

/// Where local addresses mean the same.
#[must_use]
pub fn network() -> String {
    let namespace = fs::read_link("/proc/self/ns/net").unwrap_or_default();
    namespace.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_folder_that_others_can_write_to_is_not_used() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("blendtorch");
        usable(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        usable(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(usable(&folder).unwrap_err().contains("remove it"));
        let link = outer.path().join("link");
        std::os::unix::fs::symlink(outer.path(), &link).unwrap();
        assert!(usable(&link).is_err());
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let record = FleetRecord {
            fleet: "a".into(),
            launcher: 7,
            addresses: [("DATA".into(), vec!["tcp://127.0.0.1:1".into()])].into(),
            ..FleetRecord::default()
        };
        record.write(folder.path()).unwrap();
        assert_eq!(FleetRecord::read(folder.path()).unwrap(), record);
        fs::write(folder.path().join(RECORD), "{").unwrap();
        assert!(FleetRecord::read(folder.path()).is_err());
    }
}
