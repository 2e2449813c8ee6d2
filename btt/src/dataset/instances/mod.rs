//! What is known of the instances behind the addresses, and what follows from it: who is left, who is
//! taken back, how much a life that is over had published.
//!
//! Owns the looks at them. It never ends anybody, and touches no socket.

#[cfg(test)]
mod tests;

use super::liveness::{Life, Liveness};
use super::patience::Expectation;
use crate::accounting::Buried;
use blendtorch_channels::control::{Epitaph, Found, Mode, State, address_mark, now_ns};
use blendtorch_transport::{Address, PeerStatus};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

/// How often it is asked how the instances are, and how long one is known to have ended before it is
/// left: what it had sent has come by then.
pub(super) const LOOK: Duration = Duration::from_millis(200);
/// A frame is late when it takes so many times the longest of its life.
const TIMES: f64 = 4.0;

/// What is known, by the number of the address.
#[derive(Debug, Default)]
pub(super) struct Instances {
    lives: Vec<Life>,
    look_at: Option<Instant>,
    /// Since when an instance is known to have ended that has not said so; then it is left.
    dead: BTreeMap<usize, Instant>,
    /// Those whose publisher has said its end and whose instance starts again: in which life that was.
    parked: BTreeMap<usize, u64>,
    /// Publishers of lives that are over, which have been entered or are nobody's here.
    buried: HashSet<u64>,
    /// What others had published before this dataset was there.
    before: HashMap<u64, u64>,
    /// The connections there were at the last look.
    connections: u64,
    /// When the first item was waited for, by the kernel's monotonic clock.
    begun_ns: u64,
}

/// A publisher of a life that is over.
#[derive(Debug)]
pub(super) struct Grave {
    pub(super) peer: usize,
    pub(super) btid: i64,
    pub(super) publisher: u64,
    /// How many samples it had published, and how many of these before this dataset was there.
    pub(super) published: u64,
    pub(super) before: u64,
    /// How the life ended.
    pub(super) end: String,
}

impl From<Grave> for Buried {
    fn from(grave: Grave) -> Self {
        Self {
            publisher: grave.publisher,
            btid: grave.btid,
            published: grave.published,
            before: grave.before,
            end: grave.end,
        }
    }
}

/// What follows from a look.
#[derive(Debug, Default)]
pub(super) struct Follows {
    /// To be left: they have ended. Their last words, of those that have not in order.
    pub(super) leave: Vec<(usize, Option<String>)>,
    /// To be connected to again: another life has begun.
    pub(super) rejoin: Vec<usize>,
    /// To be entered.
    pub(super) graves: Vec<Grave>,
}

impl Instances {
    /// What is known of each.
    pub(super) fn lives(&self) -> &[Life] {
        &self.lives
    }

    /// Whether this one is, whose publisher has ended.
    pub(super) fn awaits(&self, peer: usize) -> bool {
        self.parked.contains_key(&peer)
    }

    /// Whether anybody whose publisher has ended is waited for.
    pub(super) fn awaits_another_life(&self) -> bool {
        !self.parked.is_empty()
    }

    /// Before the first item is waited for: what was published before is nothing of this dataset's.
    pub(super) fn begin(&mut self, addresses: &[Address], liveness: &Liveness) {
        if self.begun_ns != 0 {
            return;
        }
        self.begun_ns = now_ns();
        for (peer, address) in addresses.iter().enumerate() {
            self.meets(peer, address, liveness);
        }
    }

    /// One more address, before anything of it is received; likewise.
    pub(super) fn meets(&mut self, peer: usize, address: &Address, liveness: &Liveness) {
        if self.begun_ns == 0 {
            return; // it is among the first
        }
        let life = liveness.of(address);
        if let Some(instance) = life.report() {
            let over = instance.lives.iter().flat_map(|life| &life.publishers);
            self.buried.extend(over.map(|one| one.publisher));
            let now = instance.publishers.iter();
            self.before
                .extend(now.map(|one| (one.publisher, one.accepted)));
        }
        if self.lives.len() <= peer {
            self.lives.resize(peer + 1, Life::Unknown);
        }
        self.lives[peer] = life;
    }

    /// An address is left: its instance is not waited for.
    pub(super) fn forget(&mut self, peer: usize) {
        self.parked.remove(&peer);
        self.dead.remove(&peer);
        if let Some(life) = self.lives.get_mut(peer) {
            *life = Life::Unknown;
        }
    }

    /// A publisher has said its end. Whether its instance comes back after it, or has already: its end
    /// may have lain in a queue for long.
    pub(super) fn parks(
        &mut self,
        peer: usize,
        life: Life,
        publisher: u64,
        end: &blendtorch_wire::How,
    ) -> bool {
        let over = life.report().and_then(|one| {
            let its = |life: &&Epitaph| life.publishers.iter().any(|of| of.publisher == publisher);
            let over = one.lives.iter().find(its)?;
            let back = matches!(one.mode, Mode::Running | Mode::Restarting);
            Some((over.life, back))
        });
        let now = life.report().map_or(0, |one| one.life);
        let (number, returns) = over.unwrap_or_else(|| (now, life.returns_after(end)));
        if returns {
            self.parked.insert(peer, number);
        }
        if let Some(known) = self.lives.get_mut(peer) {
            *known = life;
        }
        returns
    }

    /// Whether there is reason to look while items come: somebody has gone, or come.
    pub(super) fn is_due(&mut self, peers: &[PeerStatus]) -> bool {
        let connections = peers.iter().map(|peer| peer.connections).sum();
        let changed = std::mem::replace(&mut self.connections, connections) != connections;
        let missed = peers.iter().any(|peer| !peer.ended && peer.path.is_none());
        changed || missed || self.awaits_another_life()
    }

    /// Asks how all are, if it is time or is to be `now`; what follows.
    pub(super) fn look(&mut self, peers: &[PeerStatus], liveness: &Liveness, now: bool) -> Follows {
        let time = Instant::now();
        if !now && self.look_at.is_some_and(|at| time < at) {
            return Follows::default();
        }
        self.look_at = Some(time + LOOK);
        let mut follows = Follows::default();
        self.lives.resize(peers.len(), Life::Unknown);
        for (index, peer) in peers.iter().enumerate() {
            let parked = self.parked.get(&index).copied();
            if peer.ended && parked.is_none() {
                continue;
            }
            let life = liveness.of(&peer.address);
            if let Life::Told(found) = &life {
                let mark = address_mark(&peer.address.to_string());
                self.bury((index, mark), found, &mut follows.graves);
            }
            match (life.over(), parked) {
                // A publisher that is connected is heard to its end.
                (Some(words), None) if peer.path.is_none() => {
                    let since = *self.dead.entry(index).or_insert(time);
                    if time.duration_since(since) >= LOOK {
                        follows.leave.push((index, words));
                    }
                }
                (Some(words), Some(_)) => {
                    self.parked.remove(&index);
                    follows.leave.push((index, words));
                }
                (None, Some(before)) => {
                    let again = |one: &Found| {
                        one.instance.mode == Mode::Running && one.instance.life > before
                    };
                    if matches!(&life, Life::Told(found) if again(found)) {
                        self.parked.remove(&index);
                        follows.rejoin.push(index);
                    }
                }
                _ => drop(self.dead.remove(&index)),
            }
            self.lives[index] = life;
        }
        follows
    }

    /// The publishers of lives that are over, each once.
    fn bury(&mut self, (peer, mark): (usize, u64), found: &Found, graves: &mut Vec<Grave>) {
        for Epitaph {
            end,
            publishers,
            ended_ns,
            ..
        } in &found.instance.lives
        {
            for one in publishers.iter().filter(|one| one.mark == mark) {
                // Who has closed in order has told all who were there; and what was over before this
                // dataset began is nothing of it.
                let settled = one.closed || *ended_ns < self.begun_ns;
                if !self.buried.insert(one.publisher) || settled {
                    continue;
                }
                graves.push(Grave {
                    peer,
                    btid: i64::try_from(found.instance.index).unwrap_or(i64::MAX),
                    publisher: one.publisher,
                    published: one.offered,
                    before: self.before.get(&one.publisher).copied().unwrap_or_default(),
                    end: end.clone(),
                });
            }
        }
    }

    /// What each may be waited for.
    pub(super) fn expectations(&self, first_item: Duration) -> Vec<Expectation> {
        let each = self.lives.iter().map(|life| Expectation {
            runs: life.runs(),
            busy: is_busy(life, first_item),
        });
        each.collect()
    }
}

/// Whether an instance is at something that takes its time.
fn is_busy(life: &Life, first_item: Duration) -> bool {
    let Life::Told(found) = life else {
        return false;
    };
    let one = &found.instance;
    let age = Duration::from_nanos(found.now_ns.saturating_sub(one.began_ns));
    match (one.mode, one.state) {
        (Mode::Restarting, _) => true,
        // Another life takes as long for its first item as the first one.
        (Mode::Running, _) if one.life > 1 && one.messages == 0 => age < first_item,
        (Mode::Running, State::Rendering) => one.since_progress < TIMES * one.slowest_frame,
        _ => false,
    }
}
