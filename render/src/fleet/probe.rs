//! Whether a worker sees the very folder that the head sees.
//!
//! Owns the file by which that is found out, before any frame is given out: a path that is there on two
//! hosts need not be one folder.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::RenderError;
use crate::ledger::UNFINISHED;

/// A network file system may show what another host has made this much later.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lays the file for the workers of a render; what they are told of it.
pub(super) fn lay(out: &Path, tag: &str) -> Result<Value, RenderError> {
    let token = format!("{:016x}", RandomState::new().hash_one(tag));
    // A folder, as those of the workers: it goes with them.
    let folder = out.join(UNFINISHED).join(format!("{tag}-probe"));
    let file = folder.join("token");
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&file, &token))
        .map_err(|error| RenderError::Out {
            folder: out.to_owned(),
            problem: format!("nothing can be written to it: {error}"),
        })?;
    Ok(json!({"file": file, "token": token, "out": out}))
}

/// Sees that the folder which a worker has made is there.
pub(super) fn sees(out: &Path, worker: usize, place: &Path) -> Result<(), RenderError> {
    let until = Instant::now() + PATIENCE;
    while !place.is_dir() {
        if Instant::now() > until {
            return Err(RenderError::Out {
                folder: out.to_owned(),
                problem: format!(
                    "what worker {worker} makes in it does not come here: it is not the same folder \
                     on its host; give a folder that all hosts share"
                ),
            });
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
