//! Whether a fleet that draws on the processor has far more instances than there are cores, or far
//! fewer.
//!
//! Owns the judgement, and the one line that is said of it. Where a graphics card draws, where it is
//! not known what does, and where instances wait for others more than they draw, their number is the
//! user's own business: there it says nothing. It must never change how many there are.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use blendtorch_blender::draws_in_software;

use crate::board::{Board, Known};
use crate::{host, usage};

/// How long is looked before anything is said: loading, compiling shaders and a slow frame pass.
const WINDOW: Duration = Duration::from_secs(20);

/// More than so many instances a core are far too many.
const MANY: usize = 2;

/// Fewer than one instance for so many cores are far too few.
const FEW: usize = 3;

/// The part of the cores, or of an instance's one thread, that is used where drawing is what all
/// waits for.
const BUSY: f64 = 0.8;

/// An instance that uses more than this many cores draws with threads.
const ONE_THREAD: f64 = 1.2;

/// A look at a fleet from time to time, until something was said.
#[derive(Debug, Default)]
pub(super) struct Crowding {
    before: Option<Usage>,
    said: bool,
}

/// What had been used at a moment.
#[derive(Debug, Clone, PartialEq)]
struct Usage {
    at: Instant,
    /// What each instance had, by its process.
    processes: BTreeMap<u32, Duration>,
    /// What nobody had.
    idle: Duration,
}

/// What a fleet did in a while.
#[derive(Debug, Clone, PartialEq)]
struct Load {
    instances: usize,
    /// Cores that all instances together used.
    used: f64,
    /// Cores that nobody used.
    idle: f64,
}

impl Crowding {
    /// What is to be said now, if anything: once at most, whoever asks how often.
    pub(super) fn look(&mut self, board: &Board) -> Option<String> {
        let old = self.before.as_ref();
        if self.said || old.is_some_and(|before| before.at.elapsed() < WINDOW) {
            return None;
        }
        let all: Option<Vec<_>> = board.look_at_all(drawing).into_iter().collect();
        let now = all.as_deref().and_then(Usage::now);
        let before = std::mem::replace(&mut self.before, now);
        let load = before.zip(self.before.as_ref());
        let load = load.and_then(|(before, now)| before.until(now))?;
        let engine = all?.pop()?.1;
        let said = judge(&engine, &load, host::cores());
        self.said = said.is_some();
        said
    }
}

/// The process of an instance and the engine it draws with, of one that is known to draw on this
/// machine's processor.
fn drawing(known: &Known) -> Option<(u32, String)> {
    let about = known.about.as_ref()?;
    let here = known.status.is_running() && known.status.host.is_none();
    let software = about.gpu.as_deref().is_some_and(draws_in_software);
    // Cycles shares the cores by itself, and may trace on a card that draws nothing.
    let engine = about.engine.clone()?;
    let draws = matches!(engine.as_str(), "EEVEE" | "WORKBENCH");
    (here && software && draws).then_some((about.pid, engine))
}

impl Usage {
    fn now(drawing: &[(u32, String)]) -> Option<Self> {
        let used = |(pid, _): &(u32, String)| Some((*pid, usage::of_process(*pid)?));
        Some(Self {
            at: Instant::now(),
            processes: drawing.iter().map(used).collect::<Option<_>>()?,
            idle: usage::idle()?,
        })
    }

    /// What was done since, if the processes are the same.
    fn until(&self, now: &Self) -> Option<Load> {
        if !self.processes.keys().eq(now.processes.keys()) {
            return None;
        }
        let seconds = (now.at - self.at).as_secs_f64();
        let sum = |usage: &Self| usage.processes.values().sum::<Duration>();
        let cores =
            |before: Duration, now: Duration| now.saturating_sub(before).as_secs_f64() / seconds;
        Some(Load {
            instances: self.processes.len(),
            used: cores(sum(self), sum(now)),
            idle: cores(self.idle, now.idle),
        })
    }
}

/// What is to be said of a fleet that draws with this engine, on so many cores.
fn judge(engine: &str, load: &Load, cores: usize) -> Option<String> {
    let engine = match engine {
        "WORKBENCH" => "Workbench",
        other => other,
    };
    #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let (instances, all) = (load.instances as f64, cores as f64);
    if load.instances > MANY * cores && load.used >= BUSY * all {
        return Some(format!(
            "{} instances draw with {engine} on the processor, and share {}: about one a core draws as \
             many images, with less memory (docs/speed.md says what was measured)",
            load.instances,
            counted(cores, "core"),
        ));
    }
    let each = load.used / instances;
    if load.instances * FEW <= cores
        && (BUSY..=ONE_THREAD).contains(&each)
        && load.idle >= all / 2.0
    {
        return Some(format!(
            "{} with {engine} on the processor, in one thread each, and {:.0} of {cores} cores are \
             idle: more instances, up to about one a core, draw as many times more images",
            match load.instances {
                1 => "1 instance draws".to_owned(),
                n => format!("{n} instances draw"),
            },
            load.idle.min(all),
        ));
    }
    None
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use blendtorch_channels::control::About;

    fn load(instances: usize, used: f64, idle: f64) -> Load {
        Load {
            instances,
            used,
            idle,
        }
    }

    #[test]
    fn far_more_instances_than_cores_are_told_how_many_would_do() {
        let said = judge("WORKBENCH", &load(9, 3.9, 0.1), 4).unwrap();
        assert!(
            said.starts_with("9 instances draw with Workbench on the processor, and share 4 cores"),
            "{said}"
        );
        assert!(
            judge("EEVEE", &load(3, 0.9, 0.0), 1)
                .unwrap()
                .contains("share 1 core:")
        );
        // Twice as many are not far too many, nor are those that leave cores idle: they wait.
        assert_eq!(judge("WORKBENCH", &load(8, 4.0, 0.0), 4), None);
        assert_eq!(judge("WORKBENCH", &load(64, 2.0, 2.0), 4), None);
    }

    #[test]
    fn far_fewer_instances_than_cores_are_told_that_more_would_draw_more() {
        let said = judge("EEVEE", &load(1, 1.0, 6.6), 8).unwrap();
        assert!(
            said.starts_with("1 instance draws with EEVEE on the processor, in one thread")
                && said.contains("7 of 8 cores are idle"),
            "{said}"
        );
        assert!(
            judge("EEVEE", &load(2, 1.9, 5.0), 8)
                .unwrap()
                .starts_with("2 instances draw")
        );
        assert_eq!(judge("EEVEE", &load(3, 3.0, 5.0), 8), None);
        // Waits for its consumer; draws with threads; the cores have other work.
        assert_eq!(judge("EEVEE", &load(1, 0.5, 7.0), 8), None);
        assert_eq!(judge("EEVEE", &load(1, 3.0, 5.0), 8), None);
        assert_eq!(judge("EEVEE", &load(1, 1.0, 2.0), 8), None);
        // One instance of two cores is nobody's mistake.
        assert_eq!(judge("EEVEE", &load(1, 1.0, 1.0), 2), None);
    }

    /// A board with one instance, that of this process, which says this of itself.
    fn board(engine: Option<&str>, gpu: Option<&str>) -> Board {
        let (board, pid) = (Board::default(), std::process::id());
        board.add(pid, 1, None);
        let about = About {
            pid,
            engine: engine.map(Into::into),
            gpu: gpu.map(Into::into),
            ..About::default()
        };
        assert!(board.says(0, pid, &about));
        board
    }

    #[test]
    fn only_what_is_known_to_draw_on_the_processor_is_looked_at() {
        let looked_at = |engine, gpu| {
            let mut crowding = Crowding::default();
            assert_eq!(crowding.look(&board(engine, gpu)), None);
            crowding.before.is_some()
        };
        let mesa = Some("llvmpipe (LLVM 15.0.6, 256 bits)");
        assert!(looked_at(Some("EEVEE"), mesa) && looked_at(Some("WORKBENCH"), mesa));
        assert!(!looked_at(Some("EEVEE"), Some("NVIDIA H100")));
        assert!(!looked_at(Some("EEVEE"), None) && !looked_at(None, mesa));
        assert!(!looked_at(Some("CYCLES"), mesa));
        let mut crowding = Crowding::default();
        assert_eq!(crowding.look(&Board::default()), None);
    }

    #[test]
    fn what_was_used_counts_only_for_the_same_processes() {
        let at = Instant::now();
        let usage = |seconds, pid, used| Usage {
            at: at + Duration::from_secs(seconds),
            processes: [(pid, Duration::from_secs(used))].into(),
            idle: Duration::from_secs(10 * seconds),
        };
        let load = usage(0, 7, 5).until(&usage(20, 7, 25)).unwrap();
        assert_eq!((load.instances, load.used, load.idle), (1, 1.0, 10.0));
        assert_eq!(usage(0, 7, 5).until(&usage(20, 8, 25)), None);
    }
}
