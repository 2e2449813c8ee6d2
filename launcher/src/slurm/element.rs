//! An element of a job array, and how it stands with Slurm.
//!
//! Owns the words for it. It must never ask Slurm.

use std::fmt;

/// How Slurm has an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ElementState {
    /// It waits for its first start.
    Pending,
    /// It has run, and waits to be started again: its node was taken away or lost.
    Requeued,
    /// It waits until somebody lets it: `scontrol release`.
    Held,
    /// It has a node that is being made ready.
    Configuring,
    /// It runs, as far as Slurm knows: of a node that does not answer it may not be so.
    Running,
    /// It was stopped for others' sake, and goes on where it is.
    Suspended,
    /// It is being ended. With one restart more than before, it is requeued afterwards.
    Completing,
    /// Its program ended with 0.
    Completed,
    /// Somebody cancelled it.
    Cancelled,
    /// Its time limit was reached.
    TimedOut,
    /// Its node was taken for a job that goes before, and it is not requeued.
    Preempted,
    /// Its node was lost, and it is not requeued.
    NodeFailed,
    /// It took more memory than it may.
    OutOfMemory,
    /// Its program ended with another code or by a signal, or could not be started.
    Failed,
    /// It has ended, and Slurm had forgotten it before we looked: nobody knows how.
    Forgotten,
}

impl ElementState {
    /// Whether it has come to its end. Slurm starts no such element again unless it is told to.
    #[must_use]
    pub fn is_over(self) -> bool {
        match self {
            Self::Pending
            | Self::Requeued
            | Self::Held
            | Self::Configuring
            | Self::Running
            | Self::Suspended
            | Self::Completing => false,
            Self::Completed
            | Self::Cancelled
            | Self::TimedOut
            | Self::Preempted
            | Self::NodeFailed
            | Self::OutOfMemory
            | Self::Failed
            | Self::Forgotten => true,
        }
    }

    /// The state that Slurm calls so, of an element that was restarted so often.
    pub(super) fn of(word: &str, reason: &str, restarts: u32) -> Option<Self> {
        let held = reason.contains("held") || matches!(reason, "JobHeldUser" | "JobHeldAdmin");
        Some(match word {
            "PENDING" | "REQUEUE_HOLD" | "SPECIAL_EXIT" if held => Self::Held,
            "REQUEUE_HOLD" | "SPECIAL_EXIT" => Self::Held,
            "PENDING" if restarts > 0 => Self::Requeued,
            "PENDING" => Self::Pending,
            "REQUEUED" | "REQUEUE_FED" => Self::Requeued,
            "CONFIGURING" => Self::Configuring,
            "RUNNING" | "RESIZING" | "SIGNALING" | "STAGE_OUT" => Self::Running,
            "SUSPENDED" | "STOPPED" => Self::Suspended,
            "COMPLETING" => Self::Completing,
            "COMPLETED" => Self::Completed,
            "CANCELLED" | "REVOKED" => Self::Cancelled,
            "TIMEOUT" | "DEADLINE" => Self::TimedOut,
            "PREEMPTED" => Self::Preempted,
            "NODE_FAIL" | "BOOT_FAIL" => Self::NodeFailed,
            "OUT_OF_MEMORY" => Self::OutOfMemory,
            "FAILED" => Self::Failed,
            _ => return None,
        })
    }
}

impl fmt::Display for ElementState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "waits",
            Self::Requeued => "waits to be started again",
            Self::Held => "is held",
            Self::Configuring => "has a node that is made ready",
            Self::Running => "runs",
            Self::Suspended => "is suspended",
            Self::Completing => "is ending",
            Self::Completed => "has ended well",
            Self::Cancelled => "was cancelled",
            Self::TimedOut => "has reached its time limit",
            Self::Preempted => "was preempted",
            Self::NodeFailed => "lost its node",
            Self::OutOfMemory => "took too much memory",
            Self::Failed => "has failed",
            Self::Forgotten => "has ended",
        })
    }
}

/// An element of a job array; a job that is no array has one, of index 0.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Element {
    /// Its index, from 0.
    pub index: u32,
    /// How it stands.
    pub state: ElementState,
    /// The node it has, or had last.
    pub node: Option<String>,
    /// Slurm's word for why it waits or how it ended, as `Resources`, `BeginTime` or `NonZeroExitCode`.
    pub reason: Option<String>,
    /// How often it was started again.
    pub restarts: u32,
    /// Whether it runs and has been chosen to make room for another: it is ended after the partition's
    /// `GraceTime`. Its program is told at the end of that time, not when it begins.
    pub preempting: bool,
    /// Its program's exit code, where it has ended by itself.
    pub exit: Option<i32>,
    /// The signal that ended its program, where one did.
    pub signal: Option<i32>,
}
