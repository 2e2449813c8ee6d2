//! Why no Blender can be run.

use std::path::PathBuf;

use crate::Version;
use crate::environment::REMEDY;

/// Why no Blender can be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoverError {
    /// There is none anywhere.
    #[error(
        "no Blender was found (none is named here or by BLENDTORCH_BLENDER, there is no managed one and no \
         `blender` on PATH); run `blendtorch setup` once to install the managed one"
    )]
    NotFound,
    /// The managed Blender was named and is not there.
    #[error(
        "{named_by} names \"bpy\", the managed Blender, and there is none yet; run `blendtorch setup`"
    )]
    NotManaged {
        /// What named it: a key of the description, or `BLENDTORCH_BLENDER`.
        named_by: &'static str,
    },
    /// The place that was named holds none.
    #[error(
        "{named_by} names {}, which is neither a Blender program, nor a folder with one, nor a virtual \
         environment with bpy; correct or remove it (`blendtorch setup` installs a managed Blender)",
        .path.display()
    )]
    NotThere {
        /// What named the place: a key of the description, or `BLENDTORCH_BLENDER`.
        named_by: &'static str,
        /// The place.
        path: PathBuf,
    },
    /// The program does not answer as Blender does.
    #[error("{} does not run as a Blender: {said}; name another one with the key blender or \
             BLENDTORCH_BLENDER, or run `blendtorch setup`", .path.display())]
    NotBlender {
        /// The program.
        path: PathBuf,
        /// What it said instead.
        said: String,
    },
    /// The Blender is too old.
    #[error(
        "{} is Blender {version} with Python {python}; blendtorch needs Python 3.11 or later (Blender \
         4.1 or later, or a 3.4 built on it): run `blendtorch setup`, or name a newer Blender with \
         the key blender or BLENDTORCH_BLENDER", .path.display()
    )]
    TooOld {
        /// The program.
        path: PathBuf,
        /// Its version.
        version: Version,
        /// Its Python, as far as it is known.
        python: String,
    },
    /// The Blender does not find our package, and no scene script runs without.
    #[error(
        "{} (Blender {version}) cannot import blendtorch: {said}; what mends it: {}",
        .path.display(), REMEDY
    )]
    NoPackage {
        /// The program.
        path: PathBuf,
        /// Its version.
        version: Version,
        /// What its Python says.
        said: String,
    },
}
