//! The environment of every Blender that is started, whatever for.
//!
//! Owns what a process of Blender must be given to find our package and to draw safely. It must never
//! start one.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::cache::cache_folder;
use crate::{Blender, Runtime, shader_cache};

/// Folder of the cache folder in which our package lies for installed `blender` programs.
pub(crate) const PACKAGES: &str = "blender-packages";

/// What gets our package into a Blender.
pub(crate) const REMEDY: &str = "blendtorch setup --wheel FILE (in a checkout: make setup)";

/// How many threads Mesa's software OpenGL draws with, beside the one that asks it to.
///
/// With any at all, Mesa (22.3.6 was seen, later ones read the same) can end the process with
/// SIGSEGV, once in some hours of drawing on busy cores. Without, the thread that asks draws, which
/// is as fast. `btb` sets the same where it is imported without a launcher.
pub const DRAWING_THREADS: (&str, &str) = ("LP_NUM_THREADS", "0");

/// What every Blender is told so that it draws safely, and finds the shaders that others have compiled:
/// variables and their values, without those that the user has set.
#[must_use]
pub fn drawing() -> Vec<(&'static str, OsString)> {
    let (name, threads) = DRAWING_THREADS;
    let threads = std::env::var_os(name)
        .is_none()
        .then(|| (name, threads.into()));
    threads.into_iter().chain(shader_cache()).collect()
}

/// The variable in which Python looks for further folders of modules.
pub const PYTHON_PATH: &str = "PYTHONPATH";

/// How a `blender` program finds our package: its folder goes before the user's path, which is
/// `given`, else that of the environment. The `bpy` module's environment holds it.
pub fn packages(blender: &Blender, given: Option<&OsStr>) -> Option<(&'static str, OsString)> {
    if blender.runtime == Runtime::Module {
        return None;
    }
    let folder = packages_folder()?;
    let inherited = std::env::var_os(PYTHON_PATH);
    let path = path_with(&folder, given.or(inherited.as_deref()));
    folder.is_dir().then_some((PYTHON_PATH, path))
}

/// Where `blendtorch setup` lays our package out for `blender` programs.
pub(crate) fn packages_folder() -> Option<PathBuf> {
    Some(cache_folder()?.join(PACKAGES))
}

/// `folder`, and behind it the folders of `path`, as a variable of Python takes them.
pub fn path_with(folder: &Path, path: Option<&OsStr>) -> OsString {
    let mut joined = folder.as_os_str().to_owned();
    if let Some(path) = path.filter(|p| !p.is_empty()) {
        joined.push(":");
        joined.push(path);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_before_the_path_there_is() {
        assert_eq!(path_with(Path::new("/a"), None), "/a");
        assert_eq!(
            path_with(Path::new("/a"), Some(OsStr::new("/b:/c"))),
            "/a:/b:/c"
        );
    }
}
