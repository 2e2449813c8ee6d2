//! This host.

use super::Placement;
use crate::{Fleet, FleetOptions, LaunchDescription, LaunchError};

/// On this host: the fleet starts its instances itself.
#[derive(Debug)]
pub(super) struct Here;

impl Placement for Here {
    fn start(
        self: Box<Self>,
        description: LaunchDescription,
        options: FleetOptions,
    ) -> Result<Fleet, LaunchError> {
        Fleet::start_here(description, options)
    }
}
