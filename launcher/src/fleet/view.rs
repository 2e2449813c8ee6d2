//! Which instance is behind an address, and how it is: for whoever waits for what it sends.
//!
//! Owns nothing but its view of the board: it keeps no instance running, and never waits.

use std::collections::HashMap;
use std::sync::Arc;

use super::board::Board;
use super::status::InstanceStatus;
use crate::LaunchInfo;

/// Looks at the instances of a [`Fleet`](super::Fleet) by their addresses, from any thread, also when
/// the fleet is gone.
#[derive(Debug, Clone)]
pub struct FleetWatch {
    board: Arc<Board>,
    instances: Arc<HashMap<String, usize>>,
}

impl FleetWatch {
    pub(super) fn new(board: &Arc<Board>, info: &LaunchInfo) -> Self {
        let each = info
            .addresses
            .values()
            .flat_map(|of| of.iter().cloned().zip(0..));
        Self {
            board: Arc::clone(board),
            instances: Arc::new(each.collect()),
        }
    }

    /// The addresses, as the launch info has them, and whose each is.
    pub fn addresses(&self) -> impl Iterator<Item = (&str, usize)> {
        let each = self.instances.iter();
        each.map(|(address, index)| (address.as_str(), *index))
    }

    /// Whether the instance behind an address runs; nothing for the address of another fleet.
    pub fn runs(&self, address: &str) -> Option<bool> {
        let index = self.instances.get(address)?;
        self.board.runs(*index)
    }

    /// How the instance behind an address is, with its last words.
    pub fn at(&self, address: &str) -> Option<InstanceStatus> {
        let index = self.instances.get(address)?;
        self.board.status(*index)
    }
}
