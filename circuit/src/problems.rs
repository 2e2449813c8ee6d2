//! What is wrong with a configuration or a network, all of it at once.
//!
//! Owns how a problem is put into words. It knows nothing of what is checked.

use std::fmt;
use std::path::{Path, PathBuf};

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It runs, but perhaps not as was meant.
    Warning,
    /// It cannot run.
    Error,
}

/// Something that is wrong, where, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The file that says so.
    pub file: PathBuf,
    /// The key, group or dataset in it, as `inputs.clamp.module` or `/nodes/cortex/0`; may be empty.
    pub key: String,
    /// What is wrong, and the remedy.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{word}: {}: ", self.file.display())?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.text)
    }
}

/// So many problems of one severity are kept; of the others the number is.
const KEPT: usize = 100;

/// All problems that were found, in the order of finding.
///
/// A file with a million faults does not become a million lines: 100 of each severity are kept, and
/// how many more there were.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    kept: Vec<Problem>,
    errors: usize,
    warnings: usize,
}

impl Problems {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one. The same words of the same place are kept once.
    pub fn push(&mut self, problem: Problem) {
        if self.kept.contains(&problem) {
            return;
        }
        let number = match problem.severity {
            Severity::Warning => &mut self.warnings,
            Severity::Error => &mut self.errors,
        };
        *number += 1;
        if *number <= KEPT {
            self.kept.push(problem);
        }
    }

    /// Adds an error.
    pub fn error(&mut self, file: &Path, key: impl Into<String>, text: impl Into<String>) {
        self.push(Problem {
            severity: Severity::Error,
            file: file.to_owned(),
            key: key.into(),
            text: text.into(),
        });
    }

    /// Adds a warning.
    pub fn warning(&mut self, file: &Path, key: impl Into<String>, text: impl Into<String>) {
        self.push(Problem {
            severity: Severity::Warning,
            file: file.to_owned(),
            key: key.into(),
            text: text.into(),
        });
    }

    /// Adds those of another.
    pub fn extend(&mut self, other: Self) {
        let (kept_errors, kept_warnings) = (
            other.of(Severity::Error).count(),
            other.of(Severity::Warning).count(),
        );
        self.errors += other.errors - kept_errors;
        self.warnings += other.warnings - kept_warnings;
        for problem in other.kept {
            self.push(problem);
        }
    }

    /// Those that are kept, in the order of finding.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.kept.iter()
    }

    /// Those of a severity that are kept.
    pub fn of(&self, severity: Severity) -> impl Iterator<Item = &Problem> {
        self.kept.iter().filter(move |one| one.severity == severity)
    }

    /// How many errors there are, kept or not.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// How many warnings there are, kept or not.
    pub fn warnings(&self) -> usize {
        self.warnings
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.errors + self.warnings == 0
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.kept.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        let more = self.errors + self.warnings - self.kept.len();
        if more > 0 {
            write!(f, "\n… and {more} more of this kind")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_problems_are_a_hundred_lines() {
        let mut problems = Problems::new();
        for at in 0..1_000_000 {
            problems.error(Path::new("config.json"), format!("key{at}"), "unknown");
        }
        assert_eq!(problems.errors(), 1_000_000);
        let text = problems.to_string();
        assert_eq!(text.lines().count(), KEPT + 1);
        assert!(text.ends_with("999900 more of this kind"), "{text}");
    }

    #[test]
    fn the_same_problem_is_said_once() {
        let mut problems = Problems::new();
        for _ in 0..2 {
            problems.warning(Path::new("a.json"), "run.dL", "ignored");
        }
        assert_eq!(problems.to_string(), "warning: a.json: run.dL: ignored");
    }
}
