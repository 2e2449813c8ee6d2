//! What is told to the keeper of a render: by threads that ask workers, and by workers themselves.

use serde_json::Value;

use crate::RenderError;
use crate::division::Verdict;
use crate::ledger::IdTable;

/// What is told to the keeper.
#[derive(Debug)]
pub(super) enum Word {
    /// A worker has the scene open: what it says of it, and its range of frames.
    Up { info: Value, range: Value },
    /// A line for the user.
    Warning(String),
    /// Names have got ids.
    Ids(Box<IdTable>),
    /// Frames are given to a worker.
    Given {
        worker: usize,
        life: u64,
        frames: Vec<i64>,
    },
    /// Frames wait again.
    Returned(Vec<i64>),
    /// A worker said something by itself.
    Said(Said),
    /// All that a life has rendered is written; these are frames that it had and of which nothing was
    /// told then.
    Flushed {
        worker: usize,
        life: u64,
        frames: Vec<i64>,
    },
    /// A life of a worker has ended, and the frame that it was at has this verdict.
    Lost {
        worker: usize,
        life: u64,
        blamed: Option<(i64, Verdict)>,
        /// Its machine was taken away.
        taken: bool,
    },
    /// A worker will not come back.
    Out { worker: usize, how: String },
    /// A worker cannot do what is wanted, and no other one can.
    Fatal(RenderError),
}

/// Something that a worker said by itself.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) worker: usize,
    pub(super) life: u64,
    pub(super) value: Value,
}
