//! Where Mesa keeps the shaders that it compiles for a Blender.
//!
//! Owns the folder, under the cache folder, and the variable that names it. By itself Mesa (22.3.6)
//! takes the home that the system's list of users has, whatever `HOME` says; for a user who has no
//! entry there, as in many a container, it keeps nothing, without a word, and each process compiles
//! EEVEE's shaders anew. It must never take a folder that Mesa could not write to: then it keeps
//! nothing either.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::cache::cache_folder;

/// The variable in which Mesa looks for the folder.
const VARIABLE: &str = "MESA_SHADER_CACHE_DIR";

/// What its older versions call it.
const OLD_VARIABLE: &str = "MESA_GLSL_CACHE_DIR";

/// Folder of the cache folder that Mesa is given.
const SHADERS: &str = "shaders";

/// What Mesa is told, as a variable and its value; nothing where the user has told it another folder,
/// or none can be had. The folder is made, since Mesa makes only the last part of a path.
#[must_use]
pub fn shader_cache() -> Option<(&'static str, OsString)> {
    let set = |name| std::env::var_os(name).is_some();
    if set(VARIABLE) || set(OLD_VARIABLE) {
        return None;
    }
    Some((VARIABLE, made_in(&cache_folder()?)?.into()))
}

fn made_in(cache: &Path) -> Option<PathBuf> {
    let folder = cache.join(SHADERS);
    std::fs::create_dir_all(&folder).ok()?;
    access(&folder, Access::WRITE_OK | Access::EXEC_OK).ok()?;
    Some(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_made_with_all_above_it_and_one_that_cannot_be_is_none() {
        let cache = tempfile::tempdir().unwrap();
        let folder = made_in(&cache.path().join("a/b")).unwrap();
        assert!(folder.is_dir() && folder.ends_with("a/b/shaders"));
        assert_eq!(made_in(&cache.path().join("a/b")), Some(folder));
        let file = cache.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(made_in(&file), None);
    }
}
