//! A thread that looks at a launch info, so that no iteration waits for a file system.
//!
//! Owns the thread, and what it saw until the iteration takes it. The thread ends with the watch.

use super::read::{LaunchInfoError, LaunchInfoFile, Listing, Look};
use super::{Following, Tells};
use crate::error::Error;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often the file is looked at.
pub(super) const LOOK: Duration = Duration::from_millis(500);
/// So many looks in a row find it wrong before that is said: it may be one that is being written.
const WRONG: u32 = 2;

/// Looks at a launch info as long as it lives.
#[derive(Debug)]
pub(super) struct Watch {
    seen: Arc<Mutex<Seen>>,
    /// Hangs up with the watch.
    _lives: Sender<()>,
}

/// What was seen.
#[derive(Debug, Default)]
struct Seen {
    listing: Option<Listing>,
    wrong: Option<LaunchInfoError>,
    /// Why there is no listing now, if so.
    trouble: Option<Trouble>,
    /// When the latest look that is over was begun.
    looked: Option<Instant>,
}

/// Why a launch info could not be read at the latest look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Missing,
    Wrong(String),
}

impl Watch {
    /// Looks now, and from then on in a thread.
    pub(super) fn begin(following: &Following) -> Result<Self, Error> {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let mut looks = Looks {
            file: LaunchInfoFile::new(&following.file, &following.socket),
            path: following.file.clone(),
            tells: following.tells.clone(),
            seen: seen.clone(),
            known: false,
            wrong: 0,
        };
        looks.look();
        let (lives, ended) = channel();
        thread::Builder::new()
            .name("launch-info".into())
            .spawn(move || looks.go_on(&ended))
            .map_err(|error| Error::Thread(error.to_string()))?;
        Ok(Self {
            seen,
            _lives: lives,
        })
    }

    /// What the file lists, if that is another thing than before; as an error what it is instead of a
    /// launch info, where it never was one.
    pub(super) fn news(&self) -> Result<Option<Listing>, LaunchInfoError> {
        let mut seen = lock(&self.seen);
        match seen.wrong.take() {
            Some(wrong) => Err(wrong),
            None => Ok(seen.listing.take()),
        }
    }

    /// Whether it has been looked at since a moment.
    pub(super) fn has_looked_since(&self, moment: Instant) -> bool {
        lock(&self.seen).looked.is_some_and(|at| at >= moment)
    }

    /// Why it could not be read at the latest look, if so.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        lock(&self.seen).trouble.clone()
    }
}

/// What the thread owns.
struct Looks {
    file: LaunchInfoFile,
    path: PathBuf,
    tells: Tells,
    seen: Arc<Mutex<Seen>>,
    /// It has been read.
    known: bool,
    /// Looks in a row that found it wrong.
    wrong: u32,
}

impl Looks {
    fn go_on(mut self, ended: &Receiver<()>) {
        while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
            self.look();
        }
    }

    fn look(&mut self) {
        let begun = Instant::now();
        let look = self.file.look();
        let mut told = None;
        let mut seen = lock(&self.seen);
        seen.looked = Some(begun);
        let wrong = match look {
            Look::Same => None,
            Look::Listed(listing) => {
                self.known = true;
                seen.listing = Some(listing);
                None
            }
            Look::Missing if !self.known => {
                (self.wrong, seen.trouble) = (0, Some(Trouble::Missing));
                return;
            }
            Look::Missing => Some(LaunchInfoError::Io {
                file: self.path.clone(),
                source: io::Error::from(ErrorKind::NotFound),
            }),
            Look::Wrong(error) => Some(error),
        };
        let text = wrong.as_ref().map(ToString::to_string);
        self.wrong = text.as_ref().map_or(0, |_| self.wrong.saturating_add(1));
        if self.wrong == WRONG {
            match self.known {
                true => told.clone_from(&text),
                false => seen.wrong = wrong,
            }
        }
        seen.trouble = text.map(Trouble::Wrong);
        drop(seen);
        if let Some(text) = told {
            (self.tells.0)(&format!(
                "{text}. Until then, the instances that it listed last are followed"
            ));
        }
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// As one that has looked so often; with what it has told.
    fn looks(path: &std::path::Path) -> (Looks, Arc<Mutex<Vec<String>>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = told.clone();
        let following = Following::new(path, "DATA")
            .telling(move |text| tell.lock().unwrap().push(text.to_owned()));
        let looks = Looks {
            file: LaunchInfoFile::new(path, "DATA"),
            path: path.to_owned(),
            tells: following.tells,
            seen: Arc::default(),
            known: false,
            wrong: 0,
        };
        (looks, told)
    }

    const ONE: &str = r#"{"addresses": {"DATA": ["tcp://h:1"]}, "commands": ["a"]}"#;

    #[test]
    fn one_that_is_never_a_launch_info_is_an_error_at_the_second_look_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("launch_info.json");
        let (mut looks, told) = looks(&path);
        looks.look();
        assert_eq!(looks.seen.lock().unwrap().trouble, Some(Trouble::Missing));
        fs::write(&path, "[]").unwrap();
        looks.look();
        assert!(looks.seen.lock().unwrap().wrong.is_none());
        looks.look();
        assert!(looks.seen.lock().unwrap().wrong.take().is_some());
        looks.look();
        assert!(looks.seen.lock().unwrap().wrong.is_none());
        fs::write(&path, ONE).unwrap();
        looks.look();
        let seen = looks.seen.lock().unwrap();
        assert!(seen.trouble.is_none() && seen.listing.is_some());
        assert!(told.lock().unwrap().is_empty());
    }

    #[test]
    fn one_that_cannot_be_read_later_on_is_told_of_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("launch_info.json");
        fs::write(&path, ONE).unwrap();
        let (mut looks, told) = looks(&path);
        looks.look();
        // For a moment, as where it is written in place.
        fs::write(&path, "").unwrap();
        looks.look();
        fs::write(&path, ONE).unwrap();
        looks.look();
        assert!(told.lock().unwrap().is_empty());
        fs::remove_file(&path).unwrap();
        (0..5).for_each(|_| looks.look());
        let told = told.lock().unwrap();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("launch_info.json: "), "{told:?}");
        assert!(looks.seen.lock().unwrap().wrong.is_none());
    }
}
