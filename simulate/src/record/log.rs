//! The log of a run, where `output.log_file` names one.
//!
//! Owns its form: `log_format` as Python's `logging` has it, of which the time, the level and the message are
//! filled in, and `log_level`, below which nothing is written.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use blendtorch_circuit::CircuitError;

use crate::outputs::OutputFolder;
use crate::plan::Plan;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Info,
    Warning,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warning => "WARNING",
        }
    }
}

/// A log that is written.
pub(super) struct Log {
    out: BufWriter<File>,
    path: PathBuf,
    format: String,
    least: u8,
    failed: Option<std::io::Error>,
}

impl Log {
    pub(super) fn new(plan: &Plan, folder: &OutputFolder) -> Result<Option<Self>, CircuitError> {
        let output = &plan.config.output;
        let Some(file) = &output.log_file else {
            return Ok(None);
        };
        let path = folder.unfinished(file);
        let created = File::create(&path).map_err(|error| CircuitError::io(&path, error))?;
        let levels = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
        let wanted = output.log_level.to_uppercase();
        let least = levels
            .iter()
            .position(|level| *level == wanted)
            .unwrap_or(0);
        Ok(Some(Self {
            out: BufWriter::new(created),
            path,
            format: output.log_format.clone(),
            least: u8::try_from(least).unwrap_or(0),
            failed: None,
        }))
    }

    pub(super) fn line(&mut self, level: Level, message: &str) {
        let number = match level {
            Level::Info => 1,
            Level::Warning => 2,
        };
        if number < self.least || self.failed.is_some() {
            return;
        }
        let line = self
            .format
            .replace("%(asctime)s", &now())
            .replace("%(levelname)s", level.name())
            .replace("%(name)s", "blendtorch")
            .replace("%(message)s", message.trim_start_matches("warning: "));
        self.failed = writeln!(self.out, "{line}").err();
    }

    pub(super) fn finish(mut self) -> Result<(), CircuitError> {
        match self.failed.take().map_or_else(|| self.out.flush(), Err) {
            Ok(()) => Ok(()),
            Err(error) => Err(CircuitError::io(&self.path, error)),
        }
    }
}

/// The time, as Python's logs have it.
fn now() -> String {
    jiff::Zoned::now()
        .strftime("%Y-%m-%d %H:%M:%S,%3f")
        .to_string()
}
