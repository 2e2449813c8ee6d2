//! The log files of the instances.
//!
//! Owns their names and what stands in them: each line an instance prints, on either stream, in the
//! order in which it was read. It must never lose what an earlier run wrote, nor end an instance
//! because a disk is full.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::DescriptionError;
use crate::description::problem;

/// The open log file of one instance.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    /// `None` once it could not be written.
    file: Option<File>,
}

/// Opens the files of all instances, and writes to each its command, so that runs can be told apart.
pub(super) fn open(folder: &Path, commands: &[String]) -> Result<Vec<Log>, DescriptionError> {
    let wrong = |path: &Path, error: io::Error| {
        problem(
            Some("log_dir"),
            format!("{} cannot be written: {error}", path.display()),
            "name a folder that may be made and written",
        )
    };
    std::fs::create_dir_all(folder).map_err(|error| wrong(folder, error))?;
    let open = |(instance, command): (usize, &String)| {
        let path = folder.join(format!("instance-{instance}.log"));
        let file = begin(&path, command).map_err(|error| wrong(&path, error))?;
        let file = Some(file);
        Ok(Log { path, file })
    };
    commands.iter().enumerate().map(open).collect()
}

fn begin(path: &Path, command: &str) -> io::Result<File> {
    let mut file = File::options().create(true).append(true).open(path)?;
    writeln!(file, "$ {command}")?;
    Ok(file)
}

impl Log {
    /// Appends a line. The first time that fails the error comes back, for the user; later lines are
    /// dropped.
    pub(super) fn write(&mut self, line: &str) -> Result<(), String> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        file.write_all(format!("{line}\n").as_bytes())
            .map_err(|error| {
                self.file = None;
                format!(
                    "{} cannot be written: {error}; what follows is not logged",
                    self.path.display()
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_follow_each_other_in_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("a/b");
        for run in ["first", "second"] {
            let mut opened = open(&logs, &[run.into(), run.into()]).unwrap();
            opened[1].write("a line").unwrap();
        }
        let read = |name: &str| std::fs::read_to_string(logs.join(name)).unwrap();
        assert_eq!(read("instance-0.log"), "$ first\n$ second\n");
        assert_eq!(
            read("instance-1.log"),
            "$ first\na line\n$ second\na line\n"
        );
    }

    #[test]
    fn a_folder_that_cannot_be_made_names_the_key() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let said = open(file.path(), &[]).unwrap_err().to_string();
        assert!(
            said.starts_with("key \"log_dir\": ") && said.contains("name a folder"),
            "{said}"
        );
    }

    #[test]
    fn a_full_disk_is_told_once() {
        let file = File::options().write(true).open("/dev/full").unwrap();
        let (path, file) = ("/dev/full".into(), Some(file));
        let mut log = Log { path, file };
        let said = log.write("a").unwrap_err();
        assert!(
            said.contains("/dev/full") && said.contains("not logged"),
            "{said}"
        );
        assert_eq!(log.write("b"), Ok(()));
    }
}
