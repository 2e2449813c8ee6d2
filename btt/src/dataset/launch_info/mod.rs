//! A dataset whose addresses stand in a launch info: those that come are connected to, those that go
//! are left.
//!
//! Owns which addresses the file lists, and what follows from a change. It must never read the file
//! where items are waited for: `watch` has a thread for that.

mod read;
mod watch;

pub use read::LaunchInfoError;

use super::RemoteIterableDataset;
use super::options::DatasetOptions;
use crate::error::{Absence, Error};
use read::Listing;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use watch::{Trouble, Watch};

/// How often it is asked what the thread has read.
const ASK: Duration = Duration::from_millis(100);
/// How long nobody has been left before the file is believed to list all that there will be: whoever
/// writes it hears of an end at the same time.
const SETTLED: Duration = Duration::from_secs(1);

/// Who is told what is wrong with a file.
#[derive(Clone)]
struct Tells(Arc<dyn Fn(&str) + Send + Sync>);

/// A launch info, and which socket of its instances to follow.
///
/// A launcher writes it when the first instance is up, and replaces it as more come, go, or come back
/// elsewhere. See [`RemoteIterableDataset::follow`].
#[derive(Clone, Debug)]
pub struct Following {
    file: PathBuf,
    socket: String,
    tells: Tells,
}

impl Following {
    /// The addresses that `file` has for the socket of this name, such as "DATA".
    pub fn new(file: impl Into<PathBuf>, socket: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            socket: socket.into(),
            tells: Tells(Arc::new(|text| eprintln!("blendtorch: {text}"))),
        }
    }

    /// Tells `tells` instead of stderr when the file cannot be read any more, in words for people.
    #[must_use]
    pub fn telling(self, tells: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self {
            tells: Tells(Arc::new(tells)),
            ..self
        }
    }
}

/// What is known of the file.
#[derive(Debug)]
pub(super) struct Followed {
    following: Following,
    watch: Watch,
    /// It has been read.
    known: bool,
    /// Which of the dataset's addresses it lists.
    listed: HashSet<usize>,
    instances: usize,
    /// Since when nobody is left of those.
    nobody: Option<Instant>,
    due: Instant,
}

impl Followed {
    /// Whether it is time to ask what the file lists.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let due = now >= self.due;
        if due {
            self.due = now + ASK;
        }
        due
    }

    /// Whether others may come, now that somebody, or nobody, is left.
    pub(super) fn awaits_others(&mut self, nobody_is_left: bool) -> bool {
        if !nobody_is_left {
            self.nobody = None;
            return false;
        }
        let since = *self.nobody.get_or_insert_with(Instant::now);
        self.is_incomplete() || !self.watch.has_looked_since(since + SETTLED)
    }

    /// Whether the file has yet to list somebody.
    fn is_incomplete(&self) -> bool {
        !self.known || self.listed.is_empty() || self.listed.len() < self.instances
    }

    /// What is to be told when nobody is left who could be silent; nothing while that is new.
    pub(super) fn absence(&self, waited: Duration) -> Option<Error> {
        let why = match self.watch.trouble() {
            Some(Trouble::Missing) => Absence::NoFile,
            Some(Trouble::Wrong(text)) => Absence::Unreadable(text),
            None if self.listed.is_empty() => Absence::NoAddress {
                socket: self.following.socket.clone(),
            },
            None if self.is_incomplete() => Absence::Ended {
                listed: self.listed.len(),
                instances: self.instances,
            },
            None => return None,
        };
        Some(Error::Nobody {
            waited,
            file: self.following.file.clone(),
            why,
        })
    }
}

impl RemoteIterableDataset {
    /// Follows the launch info of a fleet whose instances come, go and move: connects to the addresses
    /// that it lists, to further ones when it does, and leaves those that are gone from it, once what
    /// they have sent and is here was delivered. An instance that comes back elsewhere is followed
    /// there. The file is looked at twice a second, in a thread.
    ///
    /// Until it is there and lists somebody, the dataset is as patient as with silence, and then tells
    /// of it ([`Error::Nobody`]). The iteration ends when all that it lists have ended, unless it has
    /// fewer addresses than command lines: then more are to come, and are waited for. A file that
    /// cannot be read later on is told of on stderr, once, and what it listed last is followed.
    ///
    /// ```no_run
    /// use btt::{DatasetOptions, Following, RemoteIterableDataset};
    ///
    /// let following = Following::new("launch_info.json", "DATA");
    /// for item in RemoteIterableDataset::follow(following, DatasetOptions::default())? {
    ///     println!("{:?}", item?.header.btid);
    /// }
    /// # Ok::<(), btt::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Transport`], [`Error::Thread`]. What is wrong with the file is an error of the
    /// iteration, which may go on ([`Error::LaunchInfo`]): it may be replaced.
    pub fn follow(following: Following, options: DatasetOptions) -> Result<Self, Error> {
        let mut dataset = Self::with(Vec::new(), options)?;
        dataset.followed = Some(Followed {
            watch: Watch::begin(&following)?,
            following,
            known: false,
            listed: HashSet::new(),
            instances: 0,
            nobody: None,
            due: Instant::now(),
        });
        dataset.follow_launch_info()?;
        Ok(dataset)
    }

    /// Does what follows from the file, where it has changed.
    pub(super) fn follow_launch_info(&mut self) -> Result<(), Error> {
        let Some(followed) = &mut self.followed else {
            return Ok(());
        };
        if let Some(listing) = followed.watch.news()? {
            followed.known = true;
            followed.instances = listing.instances;
            followed.nobody = None;
            let listed = self.join(&listing)?;
            self.part(&listed)?;
            self.patience.expects_of(listed.len());
            if let Some(followed) = &mut self.followed {
                followed.listed = listed;
            }
        }
        match self.receiver.peers()?.iter().all(|peer| peer.ended) {
            true => self.end_if_nobody_is_left(),
            false => Ok(()),
        }
    }

    /// Connects to those that are listed and were not; the numbers of all that are.
    fn join(&mut self, listing: &Listing) -> Result<HashSet<usize>, Error> {
        let known = self
            .addresses
            .iter()
            .cloned()
            .zip(0..)
            .collect::<HashMap<_, _>>();
        let mut listed = HashSet::new();
        for address in &listing.addresses {
            let peer = match known.get(address) {
                Some(&peer) => {
                    if self
                        .followed
                        .as_ref()
                        .is_none_or(|f| !f.listed.contains(&peer))
                    {
                        self.ends.rejoins(peer);
                        self.receiver.rejoin(peer)?;
                        self.patience.starts_anew();
                    }
                    peer
                }
                None => match self.receiver.add(address.clone()) {
                    Ok(peer) => {
                        self.addresses.push(address.clone());
                        if let Some(liveness) = &self.options.liveness {
                            self.instances.meets(peer, address, liveness);
                        }
                        self.patience.starts_anew();
                        peer
                    }
                    Err(error @ blendtorch_transport::Error::Connect { .. }) => {
                        self.tell(&error.to_string());
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                },
            };
            listed.insert(peer);
        }
        Ok(listed)
    }

    /// Leaves those that are not listed any more.
    fn part(&mut self, listed: &HashSet<usize>) -> Result<(), Error> {
        let before = self.followed.as_ref().map(|followed| &followed.listed);
        let gone: Vec<_> = before.into_iter().flatten().copied().collect();
        let peers = self.receiver.peers()?;
        for peer in gone.into_iter().filter(|peer| !listed.contains(peer)) {
            if !peers[peer].ended {
                self.ends.leave_silently(peer);
            }
            self.instances.forget(peer);
            self.receiver.leave(peer)?;
        }
        Ok(())
    }

    fn tell(&self, text: &str) {
        if let Some(followed) = &self.followed {
            (followed.following.tells.0)(text);
        }
    }
}

impl fmt::Debug for Tells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tells").finish_non_exhaustive()
    }
}
