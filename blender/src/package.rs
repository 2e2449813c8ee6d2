//! Whether a Blender finds our package, seen before instances of it are started.
//!
//! Without it every instance would end with "No module named 'blendtorch'", which does not say what to
//! do. Owns the look and, where that does not tell, the question. A Blender is started for it only
//! where `blendtorch setup` has not laid the package out, and once: a yes is remembered.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::answers::Answers;
use crate::environment::{PYTHON_PATH, packages, packages_folder};
use crate::{Blender, DiscoverError, Runtime, ask, managed};

/// Asks for it in Python. The answer is "yes" and where it is, or "no" and why.
const QUESTION: &str = "\
try:
    import blendtorch._blendtorch
    print('blendtorch-package yes', blendtorch.__file__, flush=True)
except Exception as error:
    print('blendtorch-package no', str(error).replace('\\n', ' '), flush=True)
";

const ANSWER: &str = "blendtorch-package ";

/// Sees that `blender` finds the package; `python_path` is what the description sets.
///
/// # Errors
/// [`DiscoverError::NoPackage`].
pub fn check(
    blender: &Blender,
    python_path: Option<&OsStr>,
    answers: &Answers,
) -> Result<(), DiscoverError> {
    if is_laid_out(blender) {
        return Ok(());
    }
    let inherited = std::env::var_os(PYTHON_PATH);
    let path = python_path.or(inherited.as_deref()).unwrap_or_default();
    let question = format!(
        "{} imports blendtorch with {}",
        blender.path.display(),
        path.display()
    );
    let program: &[&Path] = &[&blender.path];
    let remembered = answers.recall(&question, program);
    if remembered.is_some_and(|place| Path::new(&place).exists()) {
        return Ok(());
    }
    let place = place(blender, path).map_err(|said| DiscoverError::NoPackage {
        path: blender.path.clone(),
        version: blender.version,
        said,
    })?;
    answers.keep(&question, program, &place);
    Ok(())
}

/// Whether it is where `blendtorch setup` puts it.
fn is_laid_out(blender: &Blender) -> bool {
    match blender.runtime {
        Runtime::Module => {
            let environment = blender.path.parent().and_then(Path::parent);
            environment.is_some_and(managed::has_package)
        }
        Runtime::Program => packages_folder()
            .is_some_and(|folder| folder.join("blendtorch").join("__init__.py").is_file()),
    }
}

/// Where the package is, or why it cannot be imported.
fn place(blender: &Blender, path: &OsStr) -> Result<String, String> {
    let mut command = match blender.runtime {
        Runtime::Module => {
            let mut python = Command::new(&blender.path);
            python.args(["-P", "-c", QUESTION]);
            python
        }
        Runtime::Program => {
            let mut program = ask::background(blender);
            program.args(["--python-use-system-env", "--python-expr", QUESTION]);
            program
        }
    };
    let (name, value) = packages(blender, Some(path)).unwrap_or((PYTHON_PATH, path.to_os_string()));
    command.env(name, value);
    let answer = ask::ask(&mut command, ANSWER).map_err(|error| error.to_string())?;
    let said = answer.line(ANSWER).unwrap_or_default();
    match said.split_once(' ').unwrap_or((said, "")) {
        ("yes", place) => Ok(place.to_owned()),
        ("no", why) => Err(why.to_owned()),
        _ => Err(answer.complaint()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::REMEDY;
    use std::path::PathBuf;

    /// A Python environment that has no package of ours: its `python` is a shell script that says
    /// `answer`, and counts in `asked` how often it was asked.
    fn environment(folder: &Path, answer: &str) -> Blender {
        let path = folder.join("bin/python");
        std::fs::create_dir_all(folder.join("bin")).unwrap();
        let asked = folder.join("asked");
        let text = format!("echo >> {}; echo {ANSWER}{answer}", asked.display());
        crate::programs::install_script(&path, &text);
        Blender {
            path,
            runtime: Runtime::Module,
            version: "4.5.15".parse().unwrap(),
        }
    }

    fn asked(folder: &Path) -> usize {
        let text = std::fs::read_to_string(folder.join("asked"));
        text.unwrap_or_default().lines().count()
    }

    #[test]
    fn a_blender_without_the_package_is_refused_with_the_doctors_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let blender = environment(folder.path(), "no No module named blendtorch");
        let answers = Answers::in_file(Some(folder.path().join("remembered.json")));
        for times in 1..3 {
            let said = check(&blender, None, &answers).unwrap_err().to_string();
            assert!(said.contains("No module named blendtorch"), "{said}");
            assert!(said.ends_with(REMEDY), "{said}");
            // What is missing may have come since: no is not remembered.
            assert_eq!(asked(folder.path()), times);
        }
    }

    #[test]
    fn a_package_somewhere_else_is_asked_for_once_while_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("package");
        std::fs::write(&package, "").unwrap();
        let blender = environment(folder.path(), &format!("yes {}", package.display()));
        let answers = Answers::in_file(Some(folder.path().join("remembered.json")));
        let look = |path: Option<&str>| check(&blender, path.map(OsStr::new), &answers).unwrap();
        look(None);
        look(None);
        assert_eq!(asked(folder.path()), 1);
        look(Some("/elsewhere"));
        assert_eq!(asked(folder.path()), 2);
        std::fs::remove_file(&package).unwrap();
        look(None);
        assert_eq!(asked(folder.path()), 3);
    }

    #[test]
    fn what_setup_has_laid_out_needs_no_question() {
        let folder = tempfile::tempdir().unwrap();
        let blender = environment(folder.path(), "no never");
        let packages = folder.path().join("lib/python3.11/site-packages");
        std::fs::create_dir_all(packages.join("blendtorch-0.1.0.dist-info")).unwrap();
        check(&blender, None, &Answers::in_file(None)).unwrap();
        assert_eq!(asked(folder.path()), 0);
        assert_eq!(
            blender.path,
            PathBuf::from(folder.path()).join("bin/python")
        );
    }
}
