//! What is told when nothing came for too long.
//!
//! Owns the words about who is silent, or about nobody being there. When it is too long, `patience`
//! says.

use super::RemoteIterableDataset;
use super::liveness::Life;
use super::patience::Exhausted;
use crate::error::{Error, Silence};

impl RemoteIterableDataset {
    /// Nothing came. An error when that lasts too long, with what is known of who is silent.
    pub(super) fn check_patience(&mut self) -> Result<(), Error> {
        if !self.patience.is_tried() {
            return Ok(());
        }
        let peers = self.receiver.peers()?;
        let expected = self.instances.expectations(self.patience.first_item());
        match self.patience.exhausted(&peers, &expected) {
            None => Ok(()),
            Some(Exhausted { waited, longest }) => {
                self.patience.starts_anew(); // for a caller that goes on
                let each = peers.iter().enumerate();
                let each =
                    each.filter(|(index, peer)| !peer.ended || self.instances.awaits(*index));
                let silent = each.map(|(index, peer)| {
                    Silence::of(
                        peer,
                        self.instances.lives().get(index).and_then(Life::report),
                    )
                });
                let silent: Vec<_> = silent.collect();
                match &self.followed {
                    Some(followed) if silent.is_empty() => {
                        followed.absence(waited).map_or(Ok(()), Err)
                    }
                    _ => Err(Error::Timeout {
                        waited,
                        longest,
                        silent,
                    }),
                }
            }
        }
    }
}
