//! What processes leave behind: others, memory, files.
//!
//! Owns the looks at `/proc`, `/dev/shm` and the fleets' folders. It must never end anything.

use blendtorch_launcher::LaunchInfo;
use btb::control::fleet_folders;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(20);

/// All that a launcher, its instances and a trainer have, noted while they run.
#[derive(Debug, Default)]
pub(crate) struct Held {
    folder: PathBuf,
    processes: BTreeSet<u32>,
    /// What each of them is.
    names: BTreeMap<u32, &'static str>,
    /// Memory files, by their number in the kernel's own file system.
    memory: BTreeSet<u64>,
    files: BTreeSet<PathBuf>,
}

/// By kind, the seconds after which it was seen last.
pub(crate) type Seen = BTreeMap<&'static str, f64>;

/// How much of it is left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Left {
    pub(crate) processes: usize,
    pub(crate) memory_files: usize,
    pub(crate) files: usize,
}

impl Held {
    /// What is there now: the processes that have `folder` on their command lines, those that they
    /// have started, and what these have; and the folders of their fleet.
    pub(crate) fn note(folder: &Path, fleet: &LaunchInfo) -> Self {
        let all = all();
        let mut processes: BTreeSet<u32> = all
            .iter()
            .copied()
            .filter(|pid| names(*pid, folder))
            .collect();
        loop {
            let parent =
                |pid: &&u32| parent(**pid).is_some_and(|parent| processes.contains(&parent));
            let more: Vec<_> = all.iter().filter(parent).copied().collect();
            let before = processes.len();
            processes.extend(more);
            if processes.len() == before {
                break;
            }
        }
        let shared = processes.iter().flat_map(|pid| shared_files(*pid));
        let files = folders(fleet).into_iter().chain(shared).collect();
        Self {
            folder: folder.to_owned(),
            memory: processes
                .iter()
                .flat_map(|pid| memory_files(*pid))
                .collect(),
            names: processes.iter().map(|pid| (*pid, name(*pid))).collect(),
            processes,
            files,
        }
    }

    pub(crate) fn processes(&self) -> usize {
        self.processes.len()
    }

    pub(crate) fn memory_files(&self) -> usize {
        self.memory.len()
    }

    /// What is left of it now.
    pub(crate) fn left(&self) -> Left {
        let all = all();
        let there = |pid: &&u32| self.processes.contains(*pid) || names(**pid, &self.folder);
        let processes = all.iter().filter(there).count();
        let held: BTreeSet<u64> = all.iter().flat_map(|pid| memory_files(*pid)).collect();
        Left {
            processes,
            memory_files: held.intersection(&self.memory).count(),
            files: self.files.iter().filter(|file| file.exists()).count(),
        }
    }

    /// Seconds since `start` until nothing is left, or what is left when it is given up; and until
    /// when each kind of what there was had been seen.
    pub(crate) fn gone(&self, start: Instant, limit: Duration) -> (Result<f64, Left>, Seen) {
        let mut seen = Seen::new();
        loop {
            let left = self.left();
            let now = start.elapsed();
            if left == Left::default() {
                return (Ok(now.as_secs_f64()), seen);
            }
            let all = all();
            let there = self.names.iter().filter(|(pid, _)| all.contains(pid));
            let memory = (left.memory_files > 0).then_some("memory files");
            let files = (left.files > 0).then_some("folders and files");
            let kinds = there.map(|(_, name)| *name).chain(memory).chain(files);
            seen.extend(kinds.map(|kind| (kind, now.as_secs_f64())));
            if now > limit {
                return (Err(left), seen);
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// The folders that a fleet has: that of its head, those of its sockets. Others of this user's may
/// run meanwhile.
fn folders(fleet: &LaunchInfo) -> Vec<PathBuf> {
    let name = fleet.fleet.as_deref();
    let heads = fleet_folders().into_iter();
    let head = heads.filter(|folder| folder.file_name().and_then(|own| own.to_str()) == name);
    let addresses = fleet.addresses.values().flatten();
    let sockets = addresses.filter_map(|address| address.strip_prefix("ipc://"));
    let sockets = sockets.filter_map(|path| Some(Path::new(path).parent()?.to_owned()));
    head.chain(sockets).collect()
}

/// Shared memory with a name that a process has open or mapped.
fn shared_files(pid: u32) -> BTreeSet<PathBuf> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    let mapped = maps
        .lines()
        .filter_map(|line| line.split_whitespace().nth(5));
    let mapped = mapped.map(PathBuf::from);
    let open = open_files(pid).filter_map(|path| fs::read_link(path).ok());
    let all = open.chain(mapped);
    all.filter(|path| path.starts_with("/dev/shm")).collect()
}

/// The entries of a process's open files.
fn open_files(pid: u32) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd"));
    let entries = entries.into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

/// All processes that have not ended.
fn all() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| !has_ended(*pid)).collect()
}

/// Whether a process has ended; one that nobody has asked after yet has. Its first thread may have
/// ended long before the last one, which gives the memory back.
pub(crate) fn has_ended(pid: u32) -> bool {
    let threads = || fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
    stat(pid).is_none_or(|(state, _)| matches!(state, 'Z' | 'X') && threads() <= 1)
}

/// A process's state and its parent.
fn stat(pid: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut words = rest.split(' ');
    Some((words.next()?.chars().next()?, words.next()?.parse().ok()?))
}

fn parent(pid: u32) -> Option<u32> {
    stat(pid).map(|(_, parent)| parent)
}

/// Whether a process has a folder on its command line.
fn names(pid: u32, folder: &Path) -> bool {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).contains(&*folder.to_string_lossy())
}

/// What a process of a scene is.
fn name(pid: u32) -> &'static str {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = line.split(|byte| *byte == 0).skip(1);
    let mut known = words.filter_map(|word| match word {
        b"launcher" => Some("launcher"),
        b"trainer" => Some("trainer"),
        b"--python-exit-code" => Some("instances"),
        _ => None,
    });
    known.next().unwrap_or("the launcher's helpers")
}

/// The memory files that a process has open or mapped.
fn memory_files(pid: u32) -> BTreeSet<u64> {
    let open = open_files(pid).filter_map(|path| {
        let to = fs::read_link(&path).ok()?;
        to.to_string_lossy().starts_with("/memfd:").then_some(())?;
        Some(fs::metadata(path).ok()?.ino())
    });
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    let mapped = maps.lines().filter(|line| line.contains(" /memfd:"));
    // Addresses, rights, offset, device, number.
    let mapped = mapped.filter_map(|line| line.split_whitespace().nth(4)?.parse().ok());
    open.chain(mapped).collect()
}
