//! Our package where an installed `blender` program finds it: a folder of its own under the cache
//! folder, which the launcher puts on the Python path of such programs.
//!
//! Owns that folder and its marker. The folder is whole whenever it is there: the work is done beside
//! it, and then the two change names. It must never hold anything but the wheel; numpy is Blender's.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};

use super::error::SetupError;
use super::steps::{at, pip, run_locked};
use crate::environment::PACKAGES;
use crate::managed::{self, WheelStamp};

/// Name of the file in it that says which wheel it holds.
const MARKER: &str = "blendtorch-setup.json";

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Marker {
    wheel: WheelStamp,
}

/// Lays the wheel into the folder, with the pip of `environment`, unless this very one is there.
pub(super) fn install(
    lock: &File,
    cache: &Path,
    environment: &Path,
    (wheel, stamp): (&Path, &WheelStamp),
    force: bool,
    say: &mut dyn FnMut(&str),
) -> Result<(), SetupError> {
    let folder = cache.join(PACKAGES);
    if !force && holds(&folder, stamp) {
        say(&format!("{} is in {}", stamp.name, folder.display()));
        return Ok(());
    }
    say(&format!(
        "laying {} into {}, for installed Blenders",
        stamp.name,
        folder.display()
    ));
    let fresh = cache.join(format!("{PACKAGES}.new"));
    remove(&fresh)?;
    run_locked(
        lock,
        "laying the blendtorch wheel out for installed Blenders",
        pip(environment)
            .args(["--quiet", "--no-deps", "--upgrade", "--target"])
            .args([&fresh, wheel]),
        "its words above say why; build the wheel anew with maturin",
    )?;
    // -I -S: nothing but this folder can be what is imported.
    let import = "import sys; sys.path.insert(0, sys.argv[1]); import blendtorch._blendtorch";
    run_locked(
        lock,
        "importing blendtorch",
        Command::new(managed::python(environment))
            .args(["-I", "-S", "-c", import])
            .arg(&fresh),
        "its words above say why; build the wheel anew with maturin",
    )?;
    let marker = Marker {
        wheel: stamp.clone(),
    };
    write(&marker, &fresh).map_err(at(&fresh))?;
    put(&fresh, &folder).map_err(at(&folder))?;
    remove(&fresh)
}

fn holds(folder: &Path, stamp: &WheelStamp) -> bool {
    let marker = fs::read_to_string(folder.join(MARKER));
    let marker = marker
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok());
    marker.is_some_and(|Marker { wheel }| wheel == *stamp)
}

fn write(marker: &Marker, folder: &Path) -> io::Result<()> {
    fs::write(folder.join(MARKER), serde_json::to_string_pretty(marker)?)
}

/// Gives `fresh` the name `folder`. What had that name has the other one then, or is gone: at no
/// moment does a Blender that starts find half a package.
fn put(fresh: &Path, folder: &Path) -> io::Result<()> {
    if !folder.exists() {
        return fs::rename(fresh, folder);
    }
    match renameat_with(CWD, fresh, CWD, folder, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // Some network file systems cannot exchange; then there is a moment without.
        Err(_) => fs::remove_dir_all(folder).and_then(|()| fs::rename(fresh, folder)),
    }
}

fn remove(folder: &PathBuf) -> Result<(), SetupError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(folder)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(name: &str) -> WheelStamp {
        WheelStamp {
            name: name.into(),
            length: 1,
            changed: "2".into(),
        }
    }

    #[test]
    fn a_folder_holds_the_wheel_its_marker_says() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!holds(folder.path(), &stamp("a.whl")));
        let wheel = stamp("a.whl");
        write(&Marker { wheel }, folder.path()).unwrap();
        assert!(holds(folder.path(), &stamp("a.whl")));
        assert!(!holds(folder.path(), &stamp("b.whl")));
    }

    #[test]
    fn a_new_folder_takes_the_place_of_the_old_one_whole() {
        let cache = tempfile::tempdir().unwrap();
        let (fresh, folder) = (cache.path().join("new"), cache.path().join(PACKAGES));
        for file in ["one", "two"] {
            fs::create_dir(&fresh).unwrap();
            fs::write(fresh.join(file), "").unwrap();
            put(&fresh, &folder).unwrap();
            let there = fs::read_dir(&folder).unwrap();
            let names: Vec<_> = there.map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(names, [file]);
            remove(&fresh).unwrap();
        }
        assert!(!fresh.exists());
    }
}
