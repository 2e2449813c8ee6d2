//! Follows the instances behind the addresses through their lives: leaves those that have ended for
//! good, goes back to those that begin again, and enters what lives that are over had published.
//!
//! Owns what is done; what is known of them, and what follows from it, is `instances`'. It must never
//! be asked while items come, but for instances that are missed.

use super::RemoteIterableDataset;
use super::instances::{Follows, Grave};
use crate::accounting::Origin;
use crate::error::Error;
use blendtorch_transport::PeerStatus;
use blendtorch_wire::Header;

impl RemoteIterableDataset {
    /// Asks how the instances are, if it is time, and does what follows. Where nothing came, all are
    /// asked; else those that are missed.
    pub(super) fn follow_instances(&mut self, nothing_came: bool) -> Result<(), Error> {
        let peers = self.receiver.peers()?;
        if !self.instances.is_due(&peers) && !nothing_came {
            return Ok(());
        }
        let Follows {
            leave,
            rejoin,
            graves,
        } = self.ask_after_instances(&peers, false);
        self.enter_graves(graves);
        for peer in rejoin {
            self.receiver.rejoin(peer)?;
            self.patience.starts_anew();
        }
        if leave.is_empty() {
            return Ok(());
        }
        self.ends.leave(&leave, &self.addresses, &self.stats);
        for (peer, _) in leave {
            self.receiver.disconnect(peer)?;
        }
        self.patience.starts_anew();
        self.end_if_nobody_is_left()
    }

    /// What lives that ended a moment ago had published: at the end of an epoch, or of all.
    pub(super) fn settle_instances(&mut self) {
        if let Ok(peers) = self.receiver.peers()
            && self.instances.is_due(&peers)
        {
            let Follows { graves, .. } = self.ask_after_instances(&peers, true);
            self.enter_graves(graves);
        }
    }

    /// Books a publisher's end, and leaves it: for good, or until its instance begins again.
    pub(super) fn enter_end(
        &mut self,
        header: &Header,
        peer: usize,
        connection: u64,
    ) -> Result<(), Error> {
        let address = &self.addresses[peer];
        let origin = Origin {
            address,
            peer,
            connection,
        };
        let mut books = self.stats.lock();
        books.enter_end(header, origin);
        drop(books);
        let mut returns = false;
        if let (Some(liveness), Some(end)) = (&self.options.liveness, &header.end) {
            liveness.hears(address, end);
            let life = liveness.of_now(address);
            let publisher = header.publisher;
            returns = self.instances.parks(peer, life, publisher, end.how());
        }
        if !returns {
            let stats = self.stats.get();
            self.ends.said(peer, address, header, &stats);
        }
        Ok(self.receiver.disconnect(peer)?)
    }

    fn ask_after_instances(&mut self, peers: &[PeerStatus], now: bool) -> Follows {
        let Some(liveness) = &self.options.liveness else {
            return Follows::default();
        };
        self.instances.look(peers, liveness, now)
    }

    fn enter_graves(&self, graves: Vec<Grave>) {
        let mut books = self.stats.lock();
        for grave in graves {
            let origin = Origin {
                address: &self.addresses[grave.peer],
                peer: grave.peer,
                connection: 0,
            };
            books.bury(&grave.into(), origin);
        }
    }
}
