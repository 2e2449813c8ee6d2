//! What the host must have before a managed Blender can be made: a Python, its `venv`, and the
//! shared libraries `bpy` loads.
//!
//! Owns the list of those libraries and the one way in which system packages are installed: as root,
//! with apt, after saying so. It must never use sudo.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::SetupError;
use super::steps::run;
use crate::Version;
use crate::programs::on_path;

/// Shared libraries that `bpy` or its render engines load, and Debian's packages of them. Those of
/// OpenGL and EGL are loaded at the first render only, so that `import bpy` alone does not tell.
const LIBRARIES: [(&str, &str); 8] = [
    ("libX11.so.6", "libx11-6"),
    ("libXrender.so.1", "libxrender1"),
    ("libXfixes.so.3", "libxfixes3"),
    ("libXi.so.6", "libxi6"),
    ("libxkbcommon.so.0", "libxkbcommon0"),
    ("libSM.so.6", "libsm6"),
    ("libGL.so.1", "libgl1"),
    ("libEGL.so.1", "libegl1"),
];

/// The Python program of that version.
pub(super) fn python(bpy: Version, version: &'static str) -> Result<PathBuf, SetupError> {
    let show = "import sys; print('%d.%d' % sys.version_info[:2])";
    [
        format!("python{version}"),
        "python3".into(),
        "python".into(),
    ]
    .iter()
    .filter_map(|name| on_path(name))
    .find(|program| ask(program, show).is_some_and(|said| said.trim() == version))
    .ok_or(SetupError::NoPython {
        bpy,
        python: version,
    })
}

/// Sees that virtual environments can be made: Debian has `ensurepip` in a package of its own.
pub(super) fn need_venv(
    python: &Path,
    version: &str,
    say: &mut dyn FnMut(&str),
) -> Result<(), SetupError> {
    let there = || ask(python, "import venv, ensurepip").is_some();
    need(
        &format!("{}: its venv or ensurepip module is", python.display()),
        there,
        say,
        || vec![format!("python{version}-venv")],
    )
}

/// Sees that the libraries are there.
pub(super) fn need_libraries(python: &Path, say: &mut dyn FnMut(&str)) -> Result<(), SetupError> {
    let absent = || -> Vec<(&str, &str)> {
        let here =
            |name: &str| ask(python, &format!("import ctypes; ctypes.CDLL('{name}')")).is_some();
        LIBRARIES
            .into_iter()
            .filter(|(name, _)| !here(name))
            .collect()
    };
    let found = absent();
    let names: Vec<_> = found.iter().map(|(name, _)| *name).collect();
    let what = format!("shared libraries of Blender ({}) are", names.join(", "));
    need(
        &what,
        || absent().is_empty(),
        say,
        || {
            found
                .iter()
                .map(|(_, package)| (*package).to_owned())
                .collect()
        },
    )
}

/// Installs `packages` if `there` is not so and we may; an error if it is not so in the end.
fn need(
    what: &str,
    there: impl Fn() -> bool,
    say: &mut dyn FnMut(&str),
    packages: impl FnOnce() -> Vec<String>,
) -> Result<(), SetupError> {
    if there() {
        return Ok(());
    }
    let packages = packages();
    if rustix::process::geteuid().is_root() && on_path("apt-get").is_some() {
        say(&format!(
            "{what} missing; installing as root: apt-get install {}",
            packages.join(" ")
        ));
        let apt = || {
            let mut apt = Command::new("apt-get");
            apt.env("DEBIAN_FRONTEND", "noninteractive")
                .stdin(Stdio::null());
            apt
        };
        let remedy = "its words above say why; install the packages by hand and run it again";
        run("apt-get update", apt().args(["update", "-q"]), remedy)?;
        let install = ["install", "-q", "-y", "--no-install-recommends"];
        run(
            "apt-get install",
            apt().args(install).args(&packages),
            remedy,
        )?;
        if there() {
            return Ok(());
        }
    }
    Err(SetupError::MissingPackages {
        what: what.into(),
        packages,
    })
}

/// What a line of Python prints; `None` if it fails.
fn ask(python: &Path, line: &str) -> Option<String> {
    let output = Command::new(python)
        .args(["-c", line])
        .stdin(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_that_nobody_has_is_asked_for_by_name() {
        let bpy = "4.5.15".parse().unwrap();
        let said = python(bpy, "3.987").unwrap_err().to_string();
        assert!(
            said.contains("needs Python 3.987") && said.contains("python3.987-venv"),
            "{said}"
        );
    }
}
