//! Why a set-up can fail.

use std::io;
use std::path::PathBuf;

use crate::{DEFAULT_BPY_VERSION, Version};

/// Why the managed Blender could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// No place to put it.
    #[error(
        "there is no cache folder: set HOME, XDG_CACHE_HOME or BLENDTORCH_CACHE to a full path"
    )]
    NoCache,
    /// This `bpy` cannot run blendtorch.
    #[error(
        "bpy {0} has a Python older than 3.11; choose 4.1.0 or later, for example {DEFAULT_BPY_VERSION}"
    )]
    OldBpy(Version),
    /// A file or folder could not be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No Python of the version the `bpy` wheel is made for.
    #[error(
        "bpy {bpy} needs Python {python} and there is none on PATH (tried python{python}, python3, \
         python); install it, on Debian and Ubuntu: apt-get install python{python} python{python}-venv"
    )]
    NoPython {
        /// The wanted `bpy`.
        bpy: Version,
        /// The Python version it needs.
        python: &'static str,
    },
    /// System packages are missing, and only root may install them.
    #[error("{what} missing; install with: sudo apt-get install {}", .packages.join(" "))]
    MissingPackages {
        /// What is missing, for the reader.
        what: String,
        /// Debian's packages.
        packages: Vec<String>,
    },
    /// Nothing to install a package from PyPI with.
    #[error(
        "no Python with pip is on PATH, which fetches ffmpeg; install one, on Debian and Ubuntu: \
         apt-get install python3-pip, or install ffmpeg itself: apt-get install ffmpeg"
    )]
    NoPip,
    /// The wheel has no program for this machine.
    #[error(
        "imageio-ffmpeg ships no ffmpeg for this machine; install one by other means, on Debian and \
         Ubuntu: apt-get install ffmpeg"
    )]
    NoFfmpeg,
    /// The wheel cannot be used.
    #[error("--wheel {}: {problem}; give the blendtorch .whl file that `maturin build` made", .wheel.display())]
    Wheel {
        /// The file.
        wheel: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A program that a step runs ended with an error.
    #[error("{step} failed: `{program}` {ended}; {remedy}")]
    Step {
        /// What was being done.
        step: String,
        /// The program.
        program: String,
        /// How it ended.
        ended: String,
        /// What to try.
        remedy: &'static str,
    },
}
