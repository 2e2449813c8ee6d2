//! How much memory the machine, or the control group that we are in, has left.
//!
//! Memory files take their pages when they are first written, and a process that then gets none is
//! killed: the system says nothing before. So it is looked at before slots are made.

use std::path::Path;

/// Of what is free, one sender's new slots may take so much.
const SHARE: u64 = 2;

/// Whether there is room for so many bytes of slots, or else how many are free.
pub(super) fn for_bytes(bytes: usize) -> Result<(), u64> {
    let machine = std::fs::read_to_string("/proc/meminfo").ok();
    let machine = machine.as_deref().and_then(available_of_machine);
    let group = available_of_group(Path::new("/sys/fs/cgroup"));
    // What cannot be read says nothing against it.
    let available = machine.into_iter().chain(group).min().unwrap_or(u64::MAX);
    match bytes as u64 <= available / SHARE {
        true => Ok(()),
        false => Err(available),
    }
}

/// `MemAvailable` of the text of `/proc/meminfo`, in bytes.
fn available_of_machine(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// The limit of a control group (version 2) less what it uses and could not give back, in bytes.
fn available_of_group(folder: &Path) -> Option<u64> {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let most: u64 = read("memory.max")?.trim().parse().ok()?; // "max" is no limit
    let used: u64 = read("memory.current")?.trim().parse().ok()?;
    let stat = read("memory.stat").unwrap_or_default();
    let inactive = stat
        .lines()
        .find_map(|line| line.strip_prefix("inactive_file "));
    let cache = inactive.and_then(|bytes| bytes.parse::<u64>().ok());
    Some(most.saturating_sub(used.saturating_sub(cache.unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_tells_what_is_free() {
        let text = "MemTotal:  16 kB\nMemFree: 3 kB\nMemAvailable:      7 kB\n";
        assert_eq!(available_of_machine(text), Some(7 * 1024));
        assert_eq!(available_of_machine("MemTotal: 16 kB\n"), None);
        let real = std::fs::read_to_string("/proc/meminfo").unwrap();
        assert!(available_of_machine(&real).unwrap() > 1 << 20);
    }

    #[test]
    fn a_control_group_tells_what_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
        assert_eq!(available_of_group(folder.path()), None);
        write("memory.max", "max\n").unwrap();
        write("memory.current", "600\n").unwrap();
        assert_eq!(available_of_group(folder.path()), None);
        write("memory.max", "1000\n").unwrap();
        assert_eq!(available_of_group(folder.path()), Some(400));
        write("memory.stat", "anon 1\ninactive_file 100\n").unwrap();
        assert_eq!(available_of_group(folder.path()), Some(500));
        write("memory.current", "2000\n").unwrap();
        assert_eq!(available_of_group(folder.path()), Some(0));
    }

    #[test]
    fn more_than_there_is_is_refused() {
        assert_eq!(for_bytes(1 << 20), Ok(()));
        let available = for_bytes(usize::MAX / 2).unwrap_err();
        assert!(available > 1 << 20 && available < 1 << 46, "{available}");
    }
}
