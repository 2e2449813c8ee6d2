//! What a fleet's user can want of hosts, from any thread.

use std::path::Path;

use tokio::sync::mpsc::UnboundedSender;

use super::State;
use crate::InfoError;

/// Something that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// A life of an instance is to end at once.
    EndLife { instance: usize, life: u64 },
    /// An end of this instance is its last.
    Release { instance: usize },
}

/// The hosts, for the fleet's user.
#[derive(Debug)]
pub(crate) struct Far {
    pub(crate) state: State,
    pub(crate) orders: UnboundedSender<Order>,
}

impl Far {
    pub(crate) fn end_life(&self, instance: usize, life: u64) {
        let _ = self.orders.send(Order::EndLife { instance, life });
    }

    pub(crate) fn release(&self, instance: usize) {
        let _ = self.orders.send(Order::Release { instance });
    }

    /// From now on the launch info is kept there. What another fleet has left there goes.
    pub(crate) fn keep_info_in(&self, file: &Path) -> Result<(), InfoError> {
        let failed = |source| InfoError::Io {
            file: file.to_owned(),
            source,
        };
        let file = std::path::absolute(file).map_err(failed)?;
        // A pipe or /dev/stdout stays.
        if std::fs::symlink_metadata(&file).is_ok_and(|about| about.is_file()) {
            std::fs::remove_file(&file).map_err(failed)?;
        }
        let folder = file.parent().unwrap_or(Path::new("/"));
        if !folder.is_dir() {
            return Err(failed(std::io::ErrorKind::NotFound.into()));
        }
        self.state.keep_in(file);
        Ok(())
    }
}
