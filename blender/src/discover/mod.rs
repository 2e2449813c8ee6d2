//! Finds the Blender to run.
//!
//! Owns the order in which places are looked at and what is asked of a `blender` program before it
//! is trusted with a scene script. It must never start a render or install anything.

mod error;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::answers::Answers;
use crate::cache::cache_folder;
use crate::programs::{is_program, on_path};
use crate::{Blender, Runtime, Version, ask, managed};
pub use error::DiscoverError;

/// The word that stands for the managed Blender where a place is expected.
pub const MANAGED: &str = "bpy";

/// The variable that names a Blender.
pub const VARIABLE: &str = "BLENDTORCH_BLENDER";

/// Finds the Blender to run. The order is `place` (a program, a folder with one, a virtual
/// environment with `bpy`, or the word "bpy" for the managed one), the variable `BLENDTORCH_BLENDER`
/// (the same), the managed Blender, `blender` on `PATH`.
///
/// Only a `blender` program is started for it, once in its life: the answer is remembered in the
/// cache folder until the program's file changes.
///
/// # Errors
/// A named place without a Blender, a program that is none or is too old, nothing found anywhere.
pub fn discover(place: Option<&Path>) -> Result<Blender, DiscoverError> {
    discover_named(place.map(|path| ("blender", path)), &Answers::open())
}

/// As [`discover`]; `named` is the key that names the place, and the place. What a program says of
/// itself is looked for in `answers`, and kept there.
///
/// # Errors
/// As [`discover`].
pub fn discover_named(
    named: Option<(&'static str, &Path)>,
    answers: &Answers,
) -> Result<Blender, DiscoverError> {
    if let Some((key, path)) = named {
        return at(path, key, answers);
    }
    if let Some(path) = std::env::var_os(VARIABLE).filter(|v| !v.is_empty()) {
        return at(Path::new(&path), VARIABLE, answers);
    }
    if let Some(blender) = managed_blender() {
        return Ok(blender);
    }
    match on_path("blender") {
        Some(path) => program(path, answers),
        None => Err(DiscoverError::NotFound),
    }
}

fn managed_blender() -> Option<Blender> {
    let (folder, marker) = cache_folder().as_deref().and_then(managed::find)?;
    Some(Blender {
        path: managed::python(&folder),
        runtime: Runtime::Module,
        version: marker.bpy,
    })
}

fn at(path: &Path, named_by: &'static str, answers: &Answers) -> Result<Blender, DiscoverError> {
    if path == Path::new(MANAGED) {
        return managed_blender().ok_or(DiscoverError::NotManaged { named_by });
    }
    let not_there = || DiscoverError::NotThere {
        named_by,
        path: path.to_path_buf(),
    };
    if is_program(path) {
        return program(path.to_path_buf(), answers);
    }
    if is_program(&path.join("blender")) {
        return program(path.join("blender"), answers);
    }
    let bare = path.file_name() == Some(path.as_os_str()) && !path.exists();
    if let Some(found) = path.to_str().filter(|_| bare).and_then(on_path) {
        return program(found, answers);
    }
    let version = match managed::Marker::read(path) {
        Some(marker) => Some(marker.bpy),
        None => managed::installed_bpy(path),
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

/// What a `blender` program prints when it is asked who it is: its version and its Python's.
const WHO: &str = "import bpy, sys; print('blendtorch-found', '.'.join(map(str, bpy.app.version)), \
                   '%d.%d' % sys.version_info[:2], flush=True)";

/// The word that its line starts with.
const FOUND: &str = "blendtorch-found ";

/// The Python that our package needs.
const OLDEST_PYTHON: (u32, u32) = (3, 11);

/// A program, once it is known what it is.
fn program(path: PathBuf, answers: &Answers) -> Result<Blender, DiscoverError> {
    let real = ask::canonical(&path);
    let question = format!("who is {}", real.display());
    let remembered = answers.recall(&question, &[&real]);
    let known = remembered.and_then(|answer| who(&answer));
    let (version, python) = match known {
        Some(known) => known,
        None => {
            let answer = introduce(&path)?;
            let Some(known) = who(&answer) else {
                return Err(DiscoverError::NotBlender { path, said: answer });
            };
            answers.keep(&question, &[&real], &answer);
            known
        }
    };
    if python < OLDEST_PYTHON {
        let python = format!("{}.{}", python.0, python.1);
        return Err(DiscoverError::TooOld {
            path,
            version,
            python,
        });
    }
    Ok(Blender {
        path,
        runtime: Runtime::Program,
        version,
    })
}

/// Starts the program to ask it who it is.
fn introduce(path: &Path) -> Result<String, DiscoverError> {
    let no = |said: String| DiscoverError::NotBlender {
        path: path.to_path_buf(),
        said,
    };
    let mut command = Command::new(path);
    command.args(["--background", "--factory-startup", "--python-expr", WHO]);
    let answer = ask::ask(&mut command, FOUND).map_err(|error| no(error.to_string()))?;
    match answer.line(FOUND) {
        Some(line) => Ok(line.to_owned()),
        None => Err(no(answer.complaint())),
    }
}

/// Reads "3.4.1 3.11".
fn who(answer: &str) -> Option<(Version, (u32, u32))> {
    let (version, python) = answer.split_once(' ')?;
    let (major, minor) = python.split_once('.')?;
    let python = (major.parse().ok()?, minor.parse().ok()?);
    Some((version.parse().ok()?, python))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::install_script;

    /// Nothing of these tests goes to the user's cache.
    fn forgetful() -> Answers {
        Answers::in_file(None)
    }

    fn look(place: &Path) -> Result<Blender, DiscoverError> {
        discover_named(Some(("blender", place)), &forgetful())
    }

    /// A shell script that answers as a Blender does, and counts in `starts` how often it was asked.
    fn answering(folder: &Path, answer: &str) -> PathBuf {
        let path = folder.join("blender");
        let starts = folder.join("starts");
        let text = format!(
            "echo asked >> {}\necho 'Blender x'\necho 'blendtorch-found {answer}'\n",
            starts.display()
        );
        install_script(&path, &text);
        path
    }

    #[test]
    fn a_program_or_its_folder_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = answering(folder.path(), "4.5.1 3.11");
        for place in [folder.path(), &path] {
            let found = look(place).unwrap();
            assert_eq!(
                (found.path.as_path(), found.runtime),
                (path.as_path(), Runtime::Program)
            );
            assert_eq!(found.version.to_string(), "4.5.1");
        }
    }

    #[test]
    fn a_program_is_started_once_until_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let answers = Answers::in_file(Some(folder.path().join("remembered.json")));
        let path = answering(folder.path(), "4.5.1 3.11");
        let starts = || {
            let text = std::fs::read_to_string(folder.path().join("starts"));
            text.unwrap_or_default().lines().count()
        };
        let ask = || {
            discover_named(Some(("blender", &path)), &answers)
                .map(|found| found.version.to_string())
        };
        assert_eq!(ask().unwrap(), "4.5.1");
        assert_eq!(ask().unwrap(), "4.5.1");
        assert_eq!(starts(), 1);
        answering(folder.path(), "3.6.10 3.10");
        // Too old is an answer too.
        let said = ask().unwrap_err().to_string();
        assert_eq!(said, ask().unwrap_err().to_string());
        assert_eq!(starts(), 2);
    }

    #[test]
    fn one_with_an_older_python_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = answering(folder.path(), "3.4.1 3.11");
        assert_eq!(look(&path).unwrap().version.minor, 4);
        answering(folder.path(), "3.6.0 3.10");
        let said = look(&path).unwrap_err().to_string();
        assert!(said.contains("Blender 3.6.0 with Python 3.10"), "{said}");
        assert!(said.contains("blendtorch setup"), "{said}");
    }

    #[test]
    fn a_bare_name_is_looked_for_on_the_path() {
        // `true` is on every PATH, and no Blender.
        let said = look(Path::new("true")).unwrap_err().to_string();
        assert!(said.contains("/true does not run as a Blender"), "{said}");
    }

    #[test]
    fn what_is_no_blender_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let said = look(folder.path()).unwrap_err().to_string();
        assert!(
            said.starts_with("blender names") && said.contains("setup"),
            "{said}"
        );
        for (program, says) in [
            ("/bin/true", "exit status: 0"),
            ("/bin/false", "exit status: 1"),
        ] {
            let said = look(Path::new(program)).unwrap_err().to_string();
            assert!(
                said.starts_with(&format!("{program} does not run as a Blender: ")),
                "{said}"
            );
            assert!(said.contains(says), "{said}");
        }
        let path = answering(folder.path(), "nonsense");
        let said = look(&path).unwrap_err().to_string();
        assert!(said.contains("nonsense"), "{said}");
    }

    #[test]
    fn an_environment_with_bpy_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let packages = folder.path().join("lib/python3.11/site-packages");
        std::fs::create_dir_all(packages.join("bpy-4.5.15.dist-info")).unwrap();
        std::fs::create_dir_all(folder.path().join("bin")).unwrap();
        std::fs::write(folder.path().join("bin/python"), "").unwrap();
        let found = look(folder.path()).unwrap();
        assert_eq!(found.runtime, Runtime::Module);
        assert_eq!(found.version.to_string(), "4.5.15");
    }
}
