//! The thread in which hosts are asked for and looked after: what does that may wait for other
//! programs.
//!
//! Owns the thread. Whatever supplied hosts gives them back in it.

use std::sync::mpsc as std_mpsc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::LaunchError;
use crate::hosts::Join;
use crate::placement::{Begun, Change, Supply};

/// How often it is looked after them.
const LOOK: Duration = Duration::from_millis(500);

enum Order {
    Came(String),
    Refused(String),
    End(oneshot::Sender<Option<String>>),
}

/// Whoever supplies hosts, seen from the head.
pub(super) struct Supplied {
    orders: std_mpsc::Sender<Order>,
    changes: UnboundedReceiver<Change>,
    over: bool,
}

impl Supplied {
    /// Asks for the hosts.
    pub(super) async fn start(
        mut supply: Box<dyn Supply>,
        join: &Join,
    ) -> Result<(Self, Begun), LaunchError> {
        let (orders, ordered) = std_mpsc::channel();
        let (tell, changes) = unbounded_channel();
        let (began, hear) = oneshot::channel();
        let join = join.clone();
        std::thread::Builder::new()
            .name("blendtorch-supply".into())
            .spawn(move || {
                let begun = supply.begin(&join);
                let failed = begun.is_err();
                if began.send(begun).is_err() || failed {
                    supply.end();
                    return;
                }
                loop {
                    match ordered.recv_timeout(LOOK) {
                        Ok(Order::Came(slot)) => supply.came(&slot),
                        Ok(Order::Refused(slot)) => supply.refused(&slot),
                        Ok(Order::End(ended)) => {
                            let _ = ended.send(supply.end());
                            return;
                        }
                        Err(std_mpsc::RecvTimeoutError::Timeout) => {
                            for change in supply.look() {
                                let _ = tell.send(change);
                            }
                        }
                        Err(std_mpsc::RecvTimeoutError::Disconnected) => {
                            supply.end();
                            return;
                        }
                    }
                }
            })
            .map_err(|source| LaunchError::Supervision {
                what: "thread",
                source,
            })?;
        let begun = hear.await.map_err(|_| LaunchError::Supervision {
            what: "thread",
            source: std::io::Error::other("it ended before hosts were asked for"),
        })??;
        let supplied = Self {
            orders,
            changes,
            over: false,
        };
        Ok((supplied, begun))
    }

    /// What has happened; for ever where nothing will.
    pub(super) async fn next(&mut self) -> Change {
        if self.over {
            return std::future::pending().await;
        }
        match self.changes.recv().await {
            Some(change) => change,
            None => {
                self.over = true;
                Change::Over("what supplies hosts has ended".into())
            }
        }
    }

    pub(super) fn came(&self, slot: &str) {
        let _ = self.orders.send(Order::Came(slot.to_owned()));
    }

    /// One cannot be used.
    pub(super) fn refused(&self, slot: &str) {
        let _ = self.orders.send(Order::Refused(slot.to_owned()));
    }

    /// Gives all hosts back; what is left of them. It is waited for so long.
    pub(super) async fn end(&self, patience: Duration) -> Option<String> {
        let (ended, hear) = oneshot::channel();
        if self.orders.send(Order::End(ended)).is_err() {
            return None;
        }
        match timeout(patience, hear).await {
            Ok(left) => left.ok().flatten(),
            Err(_) => {
                Some("whoever supplies hosts does not answer; look whether any are left".into())
            }
        }
    }
}
