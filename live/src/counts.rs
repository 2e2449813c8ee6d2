//! What is counted on both sides, so that nothing is lost without a word.

/// How a viewer is, as its sender knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It has not been there yet.
    Awaited,
    /// It has been told the network, and has not answered yet.
    Greeted,
    /// It takes what is sent.
    Live,
    /// It was there and is gone, or does not move any more. Nobody waits for it.
    Gone,
}

impl LinkState {
    /// The state as a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Awaited => "awaited",
            Self::Greeted => "greeted",
            Self::Live => "live",
            Self::Gone => "gone",
        }
    }
}

/// What a sender has counted of one viewer.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkCounts {
    /// Where it is.
    pub address: String,
    /// How it is.
    pub state: LinkState,
    /// Snapshots that were handed to the channel.
    pub sent: u64,
    /// Snapshots that it says to have applied.
    pub applied: u64,
    /// Snapshots that it says to have drawn, or to have drawn a newer one than.
    pub drawn: u64,
    /// Pictures that it says to have made.
    pub pictures: u64,
    /// Snapshots that were never sent, since too many waited.
    pub left_out: u64,
    /// Snapshots that were on their way when it went.
    pub lost: u64,
    /// How long the simulation has waited for it, in seconds.
    pub waited_s: f64,
}

/// What a viewer has counted of the sessions that it saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ViewerCounts {
    /// Snapshots that it was given.
    pub applied: u64,
    /// Pictures that it has made.
    pub pictures: u64,
    /// Snapshots whose numbers were passed over.
    pub missed: u64,
    /// Spikes of cells that are not in the network, which were taken out.
    pub unknown_spikes: u64,
    /// Populations, devices and values that do not fit the network, which were taken out.
    pub unfit: u64,
    /// Messages that could not be read.
    pub malformed: u64,
}
