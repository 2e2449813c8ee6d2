//! What a machine has for a fleet: shared memory, cores.
//!
//! Owns the looks at it, as `blendtorch doctor` shows them. It must never start anything.

use std::fs;

use rustix::fs::{MemfdFlags, memfd_create, statvfs};

use blendtorch_blender::Check;
use blendtorch_blender::doctor::Draws;

/// A batch or two of full-HD images of a few instances; with less, frames go inline.
const LITTLE_MEMORY: u64 = 1 << 30;

/// Memory that an instance takes which draws simple scenes with EEVEE on the processor; with Workbench
/// it is a third of that.
const EEVEE_BYTES: u64 = 3 << 29;

/// What a fleet would find on this machine, where this draws.
#[must_use]
pub fn checks(draws: Option<Draws>) -> Vec<Check> {
    let mut checks = vec![shared_memory(), machine()];
    checks.extend(instances(draws, cores(), available()));
    checks
}

fn shared_memory() -> Check {
    const NAME: &str = "shared memory";
    if let Err(error) = memfd_create("blendtorch-doctor", MemfdFlags::CLOEXEC) {
        return Check::note(
            NAME,
            format!(
                "memory files cannot be made: {error}; frames go inline, at a third of the speed"
            ),
            "allow the system call memfd_create (in a container: its seccomp profile)",
        );
    }
    let shm = statvfs("/dev/shm").map(|shm| shm.f_bavail * shm.f_frsize);
    let shm = match shm {
        Ok(bytes) => format!("; {} in /dev/shm", gib(bytes)),
        Err(_) => "; no /dev/shm".to_owned(),
    };
    let Some(free) = available() else {
        return Check::ok(NAME, format!("memory files can be made{shm}"));
    };
    let found = format!("{} of memory free for frames{shm}", gib(free));
    if free < LITTLE_MEMORY {
        return Check::note(NAME, found, "end other programs, or run fewer instances");
    }
    Check::ok(NAME, found)
}

fn machine() -> Check {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = available().map(|free| format!(", {} free", gib(free)));
    Check::ok(
        "machine",
        format!("{cores} cores{}", memory.unwrap_or_default()),
    )
}

/// How many instances such a machine is to be given. What a graphics card does best with, only trying
/// tells.
fn instances(draws: Option<Draws>, cores: usize, free: Option<u64>) -> Option<Check> {
    if draws != Some(Draws::Processor) {
        return None;
    }
    let (each, s) = match cores {
        1 => ("it draws in one thread", ""),
        _ => ("each draws in one thread", "s"),
    };
    let found = format!(
        "\"num_instances\": {cores} draws most with Workbench or EEVEE on {cores} core{s}, as {each}"
    );
    let room = free.map(|free| usize::try_from(free / EEVEE_BYTES).unwrap_or(usize::MAX));
    Some(match room.filter(|room| *room < cores) {
        None => Check::ok("instances", found),
        Some(room) => Check::ok(
            "instances",
            format!(
                "{found}; of EEVEE, with {} each, free memory has room for {room}",
                gib(EEVEE_BYTES)
            ),
        ),
    })
}

/// Cores that are ours: those that the system lets us have, and no more than Slurm has given on this
/// node, which need not have bound us to them.
#[must_use]
pub fn cores() -> usize {
    let has = std::thread::available_parallelism().map_or(1, usize::from);
    let number = |name| std::env::var(name).ok()?.trim().parse::<usize>().ok();
    let given = number("SLURM_CPUS_ON_NODE").or_else(|| number("SLURM_CPUS_PER_TASK"));
    given
        .filter(|given| *given > 0)
        .map_or(has, |given| given.min(has))
}

/// Memory that can be had: what the kernel says, or less where a control group sets a limit.
/// Nothing where the kernel does not say.
#[must_use]
pub fn available() -> Option<u64> {
    let free = kernel_available(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let group = || {
        let number = |name: &str| -> Option<u64> {
            let text = fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?;
            text.trim().parse().ok() // "max" is no limit
        };
        Some(number("memory.max")?.saturating_sub(number("memory.current")?))
    };
    Some(group().map_or(free, |group| group.min(free)))
}

fn kernel_available(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1024)
}

fn gib(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "one digit is shown")]
    let gib = bytes as f64 / f64::from(1 << 30);
    format!("{gib:.1} GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_many_instances_is_said_where_the_processor_draws_and_nowhere_else() {
        let said = |draws, cores, free: u64| {
            let check = instances(draws, cores, Some(free << 30))?;
            assert_eq!(check.name, "instances");
            Some(check.found)
        };
        let four = "\"num_instances\": 4 draws most with Workbench or EEVEE on 4 cores, as each draws \
                    in one thread";
        let processor = Some(Draws::Processor);
        assert_eq!(said(processor, 4, 16).as_deref(), Some(four));
        let tight = said(processor, 4, 2).unwrap();
        let (all, room) = tight.split_once("; ").unwrap();
        assert_eq!(all, four);
        assert_eq!(
            room,
            "of EEVEE, with 1.5 GiB each, free memory has room for 1"
        );
        let one = said(processor, 1, 16).unwrap();
        assert!(
            one.contains("on 1 core, as it draws in one thread"),
            "{one}"
        );
        assert_eq!(said(Some(Draws::Card), 4, 16), None);
        assert_eq!(said(None, 4, 16), None);
    }

    #[test]
    fn the_kernels_word_is_read() {
        let text = "MemTotal:       24 kB\nMemAvailable:   2097152 kB\n";
        assert_eq!(kernel_available(text), Some(2 << 30));
        assert_eq!(kernel_available("MemTotal: 3 kB"), None);
        assert_eq!(gib(3 << 29), "1.5 GiB");
    }
}
