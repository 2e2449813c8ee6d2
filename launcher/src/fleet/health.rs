//! Whether an instance that runs is well: by its page of memory, and the memory that it has.
//!
//! Owns the judgement. It must never end a process.

use std::time::Duration;

use blendtorch_channels::control::{PageView, State};

use crate::Memory;

/// A frame may take so many times the longest of its life.
const TIMES: u32 = 10;

/// What an instance may do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How long it may make no progress; zero for ever.
    pub(super) hang_after: Duration,
    pub(super) max_memory: Option<Memory>,
}

/// What is wrong with one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Complaint {
    /// It makes no progress.
    Hang(String),
    /// It has too much memory.
    Memory(String),
    /// It was told so, and has twice as much.
    FarTooMuchMemory(String),
}

impl Limits {
    /// How often to look.
    pub(super) fn interval(&self) -> Duration {
        let eighth = self.hang_after / 8;
        eighth.clamp(Duration::from_millis(100), Duration::from_secs(1))
    }

    /// What is wrong with an instance, by what its page says and the bytes it has. Whoever judges has
    /// been awake for so long, and may have told it already that it has too much memory.
    pub(super) fn judge(
        &self,
        page: Option<&PageView>,
        memory: Option<u64>,
        awake_for: Duration,
        told: bool,
    ) -> Option<Complaint> {
        page.and_then(|page| self.hang(page, awake_for))
            .or_else(|| self.memory(memory, told))
    }

    fn hang(&self, page: &PageView, awake_for: Duration) -> Option<Complaint> {
        // How long it takes until the first frame nobody knows, and who waits does not hang.
        if self.hang_after.is_zero() || page.pid.is_none() || page.state != State::Rendering {
            return None;
        }
        let limit = self.hang_after.max(page.slowest.saturating_mul(TIMES));
        let at = match (page.episode, page.sample) {
            (Some(episode), Some(sample)) => format!(" in episode {episode}, sample {sample}"),
            _ => String::new(),
        };
        (page.since_progress.min(awake_for) >= limit).then(|| {
            Complaint::Hang(format!(
                "hung: no progress for {:.1} s{at}, its slowest frame took {:.1} s",
                page.since_progress.as_secs_f64(),
                page.slowest.as_secs_f64()
            ))
        })
    }

    fn memory(&self, has: Option<u64>, told: bool) -> Option<Complaint> {
        let (most, has) = (self.max_memory?, Memory(has?));
        let words = || format!("had {has} of memory, max_memory is {most}");
        match told {
            false => (has > most).then(|| Complaint::Memory(words())),
            true => (has.0 / 2 > most.0).then(|| Complaint::FarTooMuchMemory(words())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        hang_after: Duration::from_secs(120),
        max_memory: Some(Memory(1 << 30)),
    };

    const AWAKE: Duration = Duration::from_secs(1_000_000);

    fn silent_for(seconds: u64) -> PageView {
        PageView {
            pid: Some(1),
            state: State::Rendering,
            since_progress: Duration::from_secs(seconds),
            ..PageView::default()
        }
    }

    fn hangs(page: &PageView) -> bool {
        matches!(
            LIMITS.judge(Some(page), None, AWAKE, false),
            Some(Complaint::Hang(_))
        )
    }

    #[test]
    fn no_progress_is_a_hang_and_long_frames_are_none() {
        assert!(!hangs(&silent_for(119)) && hangs(&silent_for(120)));
        let slow = PageView {
            slowest: Duration::from_secs(40),
            ..silent_for(399)
        };
        assert!(!hangs(&slow));
        let slower = PageView {
            since_progress: Duration::from_secs(400),
            ..slow
        };
        assert!(hangs(&slower));
    }

    #[test]
    fn waiting_for_others_and_starting_never_count() {
        for state in [
            State::Starting,
            State::WaitingForAgent,
            State::WaitingForConsumer,
            State::WaitingForRequest,
            State::Quiet,
        ] {
            assert!(
                !hangs(&PageView {
                    state,
                    ..silent_for(100_000)
                }),
                "{state:?}"
            );
        }
        let never = Limits {
            hang_after: Duration::ZERO,
            ..LIMITS
        };
        assert_eq!(
            never.judge(Some(&silent_for(100_000)), None, AWAKE, false),
            None
        );
    }

    #[test]
    fn too_much_memory_is_said_with_both_amounts() {
        let page = silent_for(0);
        assert_eq!(LIMITS.judge(Some(&page), Some(1 << 30), AWAKE, false), None);
        let Some(Complaint::Memory(said)) = LIMITS.judge(Some(&page), Some(3 << 29), AWAKE, false)
        else {
            panic!("not seen");
        };
        assert_eq!(said, "had 1.50 GiB of memory, max_memory is 1.00 GiB");
    }

    #[test]
    fn who_was_told_may_end_its_episode_unless_it_hangs_or_takes_twice_as_much() {
        let judge = |page: &PageView, memory| LIMITS.judge(Some(page), Some(memory), AWAKE, true);
        assert_eq!(judge(&silent_for(0), 3 << 29), None);
        assert!(matches!(
            judge(&silent_for(120), 3 << 29),
            Some(Complaint::Hang(_))
        ));
        let far = judge(&silent_for(0), 3 << 30);
        assert!(matches!(far, Some(Complaint::FarTooMuchMemory(_))));
    }

    #[test]
    fn after_a_freeze_of_all_everybody_gets_the_whole_time_again() {
        let page = silent_for(100_000);
        let awake = Duration::from_secs(119);
        assert_eq!(LIMITS.judge(Some(&page), None, awake, false), None);
    }
}
