//! Who waits for whom.

use crate::LiveError;

/// What a sender does about a viewer that is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The simulation never waits. A viewer applies all that has come and draws the newest.
    Drop,
    /// The simulation waits where a viewer has not drawn all but the last `window` snapshots, so
    /// that each is drawn.
    Slow {
        /// How many snapshots a viewer may be behind; at least 1.
        window: u32,
    },
}

impl Policy {
    /// How many snapshots a viewer may be behind where nobody says it.
    pub const WINDOW: u32 = 4;

    /// The word that travels.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Slow { .. } => "slow",
        }
    }

    /// How many snapshots a viewer may be behind, where that is limited.
    #[must_use]
    pub fn window(self) -> Option<u32> {
        match self {
            Self::Drop => None,
            Self::Slow { window } => Some(window.max(1)),
        }
    }

    /// The policy of a word, and a window.
    ///
    /// # Errors
    /// [`LiveError::Unfit`] for another word, or a window of 0.
    pub fn of(word: &str, window: u32) -> Result<Self, LiveError> {
        match (word, window) {
            ("drop", _) => Ok(Self::Drop),
            ("slow", 0) => Err(LiveError::unfit(
                "window",
                "a viewer that may not be behind at all would stop the simulation; give 1 or more",
            )),
            ("slow", window) => Ok(Self::Slow { window }),
            _ => Err(LiveError::unfit(
                "policy",
                format!(
                    "{word:?} is none: \"drop\" (never wait, draw the newest) or \"slow\" (wait until \
                     each is drawn)"
                ),
            )),
        }
    }
}
