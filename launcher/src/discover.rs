//! Finds the Blender to run.
//!
//! Owns the order in which places are looked at and what is asked of a `blender` program before it
//! is trusted with a scene script. It must never start a render or install anything.

mod error;
mod version;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::managed;
pub use error::DiscoverError;
pub use version::Version;

/// How a Blender is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    /// A `blender` program.
    Program,
    /// The Python of a virtual environment that holds `bpy` and blendtorch.
    Module,
}

/// A Blender that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blender {
    /// The program to start: `blender`, or the environment's `python`.
    pub path: PathBuf,
    /// How it is started.
    pub runtime: Runtime,
    /// Version of the Blender.
    pub version: Version,
}

/// Finds the Blender to run. The order is `blend_path` (a program, a folder with one, a virtual
/// environment with `bpy`), the variable `BLENDTORCH_BLENDER` (the same), the managed Blender,
/// `blender` on `PATH`. Only a `blender` program is started for it, once.
///
/// # Errors
/// A named place without a Blender, a program that is none or is too old, nothing found anywhere.
pub fn discover(blend_path: Option<&Path>) -> Result<Blender, DiscoverError> {
    if let Some(path) = blend_path {
        return at(path, "blend_path");
    }
    if let Some(path) = std::env::var_os("BLENDTORCH_BLENDER").filter(|v| !v.is_empty()) {
        return at(Path::new(&path), "BLENDTORCH_BLENDER");
    }
    if let Some((folder, marker)) = managed::cache_folder().as_deref().and_then(managed::find) {
        let path = managed::python(&folder);
        return Ok(Blender {
            path,
            runtime: Runtime::Module,
            version: marker.bpy,
        });
    }
    match on_path("blender") {
        Some(path) => program(path),
        None => Err(DiscoverError::NotFound),
    }
}

fn at(path: &Path, named_by: &'static str) -> Result<Blender, DiscoverError> {
    let not_there = || DiscoverError::NotThere {
        named_by,
        path: path.to_path_buf(),
    };
    if is_program(path) {
        return program(path.to_path_buf());
    }
    if is_program(&path.join("blender")) {
        return program(path.join("blender"));
    }
    let version = match managed::Marker::read(path) {
        Some(marker) => Some(marker.bpy),
        None => installed_bpy(path),
    };
    let python = managed::python(path);
    match version {
        Some(version) if python.exists() => Ok(Blender {
            path: python,
            runtime: Runtime::Module,
            version,
        }),
        _ => Err(not_there()),
    }
}

/// Version of the `bpy` wheel in an environment, read off the name of its metadata folder.
pub(crate) fn installed_bpy(environment: &Path) -> Option<Version> {
    let entries = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries(environment.join("lib"))
        .flat_map(|python| entries(python.path().join("site-packages")))
        .find_map(|entry| {
            let name = entry.file_name();
            name.to_str()?
                .strip_prefix("bpy-")?
                .strip_suffix(".dist-info")?
                .parse()
                .ok()
        })
}

/// Asks a program for its version, and where that leaves it open, for its Python's.
fn program(path: PathBuf) -> Result<Blender, DiscoverError> {
    let said = answer(&path, &["--version"])?;
    let Some(version) = version_in(&said) else {
        let said = said.lines().next().unwrap_or("nothing").to_owned();
        return Err(DiscoverError::NotBlender { path, said });
    };
    // Official builds have Python 3.11 from 4.1 on; distributions build older ones with their own.
    if (version.major, version.minor) < (4, 1) {
        const SHOW: &str = "import sys; print('python-is', *sys.version_info[:2])";
        let said = answer(
            &path,
            &["--background", "--factory-startup", "--python-expr", SHOW],
        )?;
        let python = python_in(&said);
        if python.is_none_or(|found| found < (3, 11)) {
            let python = python.map_or("unknown".into(), |(a, b)| format!("{a}.{b}"));
            return Err(DiscoverError::TooOld {
                path,
                version,
                python,
            });
        }
    }
    Ok(Blender {
        path,
        runtime: Runtime::Program,
        version,
    })
}

fn answer(path: &Path, arguments: &[&str]) -> Result<String, DiscoverError> {
    let no = |said: String| DiscoverError::NotBlender {
        path: path.to_path_buf(),
        said,
    };
    let output = Command::new(path)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| no(e.to_string()))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let last = stderr
            .lines()
            .rfind(|l| !l.trim().is_empty())
            .unwrap_or("no word on stderr");
        return Err(no(format!(
            "`{}` ended with {}: {last}",
            arguments[0], output.status
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn version_in(said: &str) -> Option<Version> {
    let line = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("Blender "))?;
    line.split_whitespace().next()?.parse().ok()
}

fn python_in(said: &str) -> Option<(u32, u32)> {
    let line = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("python-is "))?;
    let (major, minor) = line.split_once(' ')?;
    Some((major.parse().ok()?, minor.trim().parse().ok()?))
}

/// The first program of that name in the folders of `PATH`.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shell script that answers `--version` and the question for its Python as a Blender does.
    fn answering(folder: &Path, version: &str, python: &str) -> PathBuf {
        let path = folder.join("blender");
        let text = format!(
            "#!/bin/sh\ncase $1 in --version) echo 'Blender {version}'; echo '  build date: x';; \
             *) echo 'python-is {python}';; esac\n"
        );
        // Another process writes the program: a fork elsewhere in these tests could hold a file that
        // this one has open for writing, and such a file cannot be run.
        let mut install = Command::new("install");
        install
            .args(["-m", "755", "/dev/stdin"])
            .arg(&path)
            .stdin(Stdio::piped());
        let mut install = install.spawn().unwrap();
        std::io::Write::write_all(&mut install.stdin.take().unwrap(), text.as_bytes()).unwrap();
        assert!(install.wait().unwrap().success());
        path
    }

    #[test]
    fn a_program_or_its_folder_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = answering(folder.path(), "4.5.1 LTS", "3.11");
        for place in [folder.path(), &path] {
            let found = discover(Some(place)).unwrap();
            assert_eq!(
                (found.path.as_path(), found.runtime),
                (path.as_path(), Runtime::Program)
            );
            assert_eq!(
                found.version,
                Version {
                    major: 4,
                    minor: 5,
                    patch: 1
                }
            );
        }
    }

    #[test]
    fn an_older_one_is_asked_for_its_python() {
        let folder = tempfile::tempdir().unwrap();
        let path = answering(folder.path(), "3.4.1", "3 11");
        assert_eq!(discover(Some(&path)).unwrap().version.minor, 4);
        answering(folder.path(), "3.6.0", "3 10");
        let said = discover(Some(&path)).unwrap_err().to_string();
        assert!(said.contains("Blender 3.6.0 with Python 3.10"), "{said}");
        assert!(said.contains("blendtorch setup"), "{said}");
    }

    #[test]
    fn what_is_no_blender_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let said = discover(Some(folder.path())).unwrap_err().to_string();
        assert!(
            said.starts_with("blend_path names") && said.contains("setup"),
            "{said}"
        );
        let said = discover(Some(Path::new("/bin/true")))
            .unwrap_err()
            .to_string();
        assert!(
            said.contains("/bin/true does not run as a Blender"),
            "{said}"
        );
        let said = discover(Some(Path::new("/bin/false")))
            .unwrap_err()
            .to_string();
        assert!(said.contains("exit status: 1"), "{said}");
    }

    #[test]
    fn an_environment_with_bpy_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let packages = folder.path().join("lib/python3.11/site-packages");
        std::fs::create_dir_all(packages.join("bpy-4.5.15.dist-info")).unwrap();
        std::fs::create_dir_all(folder.path().join("bin")).unwrap();
        std::fs::write(folder.path().join("bin/python"), "").unwrap();
        let found = discover(Some(folder.path())).unwrap();
        assert_eq!(found.runtime, Runtime::Module);
        assert_eq!(found.version.to_string(), "4.5.15");
    }
}
