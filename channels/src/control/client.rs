//! Who asks a launcher about its fleet.
//!
//! Owns one connection, made when something is asked. It must never wait longer than it was told to.

use super::error::{ControlError, Refusal, RefusalKind};
use super::lines::{LineReader, decode, encode};
use super::place::{FleetRecord, fleet_folders};
use super::report::FleetReport;
use super::words::{FromPerson, Instances, PersonAsks, ToPerson, Wanted};
use serde_json::{Map, Value};
use std::io::{self, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a launcher may take for an answer of its own.
const PROMPT: Duration = Duration::from_secs(10);
/// How long instances get to answer at once.
const AT_ONCE: Duration = Duration::from_secs(5);

/// What each instance that was asked has answered, by its number.
pub type Outcomes = Vec<(usize, Result<Value, Refusal>)>;

/// A fleet of this user's on this host, by its launcher's socket.
#[derive(Debug)]
pub struct FleetClient {
    socket: PathBuf,
    line: Option<Line>,
    asked: u64,
    patience: Duration,
}

#[derive(Debug)]
struct Line {
    stream: UnixStream,
    reader: LineReader<UnixStream>,
}

impl FleetClient {
    /// The fleet whose launcher's socket this is.
    #[must_use]
    pub fn at(socket: impl Into<PathBuf>) -> Self {
        Self {
            socket: socket.into(),
            line: None,
            asked: 0,
            patience: PROMPT,
        }
    }

    /// Another one, of the same fleet: for another thread, or another process.
    #[must_use]
    pub fn another(&self) -> Self {
        Self::at(self.socket.clone()).patient(self.patience)
    }

    /// The same, where the launcher gets so long for an answer of its own; 10 s.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The fleet of that name, as `launch_info.json` has it under `fleet`.
    ///
    /// # Errors
    /// [`ControlError::NoFleet`] where none of that name runs here.
    pub fn named(name: &str) -> Result<Self, ControlError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let folder = fleet_folders().into_iter().find(|folder| {
            name.chars().all(plain) && folder.file_name().is_some_and(|last| last == name)
        });
        match folder {
            Some(folder) => Ok(Self::at(folder.join("head.sock"))),
            None => Err(ControlError::NoFleet(format!(
                "no fleet '{name}' runs here: it has ended, or it runs on another machine or as \
                 another user"
            ))),
        }
    }

    /// The fleet that a launch info leads to.
    ///
    /// # Errors
    /// [`ControlError::NoFleet`] where the file cannot be read, names no fleet, or its fleet does not
    /// run here.
    pub fn of_launch_info(path: &Path) -> Result<Self, ControlError> {
        let wrong = |reason: String| {
            ControlError::NoFleet(format!("launch info {}: {reason}", path.display()))
        };
        let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        let info: Value =
            serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        match info.get("fleet").and_then(Value::as_str) {
            Some(name) => Self::named(name).map_err(|error| wrong(error.to_string())),
            None => Err(wrong(
                "it names no fleet; it was written by another launcher, or an older one".into(),
            )),
        }
    }

    /// The only fleet of this user's that runs here.
    ///
    /// # Errors
    /// [`ControlError::NoFleet`] where there is none, or more than one; then the text lists them.
    pub fn only() -> Result<Self, ControlError> {
        let mut running: Vec<_> = fleet_folders()
            .into_iter()
            .filter(|folder| !FleetRecord::read(folder).is_ok_and(|record| record.part))
            .filter(|folder| UnixStream::connect(folder.join("head.sock")).is_ok())
            .collect();
        match (running.pop(), running.is_empty()) {
            (Some(folder), true) => Ok(Self::at(folder.join("head.sock"))),
            (None, _) => Err(ControlError::NoFleet(
                "no fleet of yours runs here; `blendtorch launch launch.json` starts one".into(),
            )),
            (Some(last), false) => {
                running.push(last);
                let each: Vec<_> = running.iter().map(|folder| listed(folder)).collect();
                Err(ControlError::NoFleet(format!(
                    "{} fleets of yours run here; say which by its launch info:\n{}",
                    each.len(),
                    each.join("\n")
                )))
            }
        }
    }

    /// How the fleet is; with `counters`, also what each instance counts itself, which asks them.
    ///
    /// # Errors
    /// The launcher does not answer.
    pub fn status(&mut self, counters: bool) -> Result<FleetReport, ControlError> {
        self.look(PersonAsks::Status {
            counters,
            brief: false,
            lives_since: 0,
        })
    }

    /// How the fleet is, without what instances say of themselves, and of their lives that are over
    /// those that ended later than `since`, in nanoseconds of the kernel's monotonic clock.
    ///
    /// # Errors
    /// The launcher does not answer.
    pub fn lives_since(&mut self, since: u64) -> Result<FleetReport, ControlError> {
        self.look(PersonAsks::Status {
            counters: false,
            brief: true,
            lives_since: since,
        })
    }

    fn look(&mut self, asks: PersonAsks) -> Result<FleetReport, ControlError> {
        match self.ask(asks, self.patience)? {
            ToPerson::Status { report, .. } => Ok(*report),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Gives parameters these values, each before the next frame of the instances that are meant; all
    /// of them or none. An instance that begins later has the script's own values.
    ///
    /// # Errors
    /// [`ControlError::Refused`] by the first instance that does not take them: a parameter that
    /// nobody has registered, a value of the wrong type or beyond its bounds.
    pub fn set(
        &mut self,
        values: Map<String, Value>,
        instances: Instances,
    ) -> Result<(), ControlError> {
        all_well(self.tell(Wanted::Set { values }, instances, AT_ONCE)?).map(drop)
    }

    /// Has the instances that are meant end in order, each after its episode.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn stop(&mut self, why: &str, instances: Instances) -> Result<(), ControlError> {
        let why = why.to_owned();
        all_well(self.tell(Wanted::Stop { why }, instances, AT_ONCE)?).map(drop)
    }

    /// Calls a function of a service in one instance, on its main thread between two frames.
    ///
    /// # Errors
    /// [`ControlError::Refused`]: there is no such service or instance, the function raised, it did not
    /// come to an end within `timeout`.
    pub fn call(
        &mut self,
        instance: usize,
        service: &str,
        name: &str,
        arguments: Value,
        timeout: Duration,
    ) -> Result<Value, ControlError> {
        let wanted = Wanted::Call {
            service: service.to_owned(),
            name: name.to_owned(),
            arguments,
        };
        let outcomes = self.tell(wanted, Instances::These(vec![instance]), timeout)?;
        let mut values = all_well(outcomes)?;
        Ok(values.pop().unwrap_or_default())
    }

    /// Has instances do something; what each answered.
    ///
    /// # Errors
    /// The launcher does not answer.
    pub fn tell(
        &mut self,
        wanted: Wanted,
        instances: Instances,
        timeout: Duration,
    ) -> Result<Outcomes, ControlError> {
        let asks = PersonAsks::Tell {
            instances,
            wanted,
            timeout: timeout.as_secs_f64().min(1e9),
        };
        match self.ask(asks, timeout.saturating_add(self.patience))? {
            ToPerson::Told { outcomes, .. } => Ok(outcomes),
            other => Err(self.unexpected(&other)),
        }
    }

    fn ask(&mut self, asks: PersonAsks, patience: Duration) -> Result<ToPerson, ControlError> {
        self.asked += 1;
        let id = self.asked;
        let line = encode(&FromPerson { id, asks }).map_err(|reason| self.words(reason))?;
        // A launcher that was asked long ago may have closed the line: once more.
        let had = self.line.is_some();
        let answer = match self.exchange(&line, patience) {
            Err(error) if had && is_cut(&error) => self.exchange(&line, patience),
            other => other,
        };
        let answer = answer.inspect_err(|_| self.line = None);
        let answer = answer.map_err(|source| ControlError::Socket {
            socket: self.socket.clone(),
            source,
        })?;
        let answer: ToPerson = decode(&answer).map_err(|reason| self.words(reason))?;
        let (ToPerson::Status { id: of, .. }
        | ToPerson::Told { id: of, .. }
        | ToPerson::Refused { id: of, .. }) = &answer;
        let ours = *of == id;
        match answer {
            ToPerson::Refused { refusal, .. } => Err(ControlError::Refused(refusal)),
            answer if ours => Ok(answer),
            _ => {
                self.line = None;
                Err(self.words("an answer to something else".into()))
            }
        }
    }

    fn exchange(&mut self, line: &[u8], patience: Duration) -> io::Result<Vec<u8>> {
        let mut there = match self.line.take() {
            Some(there) => there,
            None => {
                let stream = UnixStream::connect(&self.socket)?;
                Line {
                    reader: LineReader::new(stream.try_clone()?),
                    stream,
                }
            }
        };
        let patience = Some(patience.min(Duration::from_secs(1 << 30)));
        there.stream.set_read_timeout(patience)?;
        there.stream.set_write_timeout(patience)?;
        there.stream.write_all(line)?;
        let answer = there.reader.next()?;
        let answer = answer.ok_or(ErrorKind::UnexpectedEof)?;
        self.line = Some(there);
        Ok(answer)
    }

    fn words(&self, reason: String) -> ControlError {
        ControlError::Words {
            socket: self.socket.clone(),
            reason,
        }
    }

    fn unexpected(&self, answer: &ToPerson) -> ControlError {
        self.words(format!("an answer to something else: {answer:?}"))
    }
}

/// Whether the other side had closed the line: it has not heard what was asked.
fn is_cut(error: &io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof)
}

/// The values, or the first refusal, which says whose it is.
fn all_well(outcomes: Outcomes) -> Result<Vec<Value>, ControlError> {
    if outcomes.is_empty() {
        let text = "no instance runs that could be asked";
        return Err(ControlError::Refused(Refusal::new(RefusalKind::Gone, text)));
    }
    let each = outcomes.into_iter().map(|(index, outcome)| {
        outcome.map_err(|refusal| {
            let message = format!("instance {index}: {}", refusal.message);
            ControlError::Refused(Refusal::new(refusal.kind, message))
        })
    });
    each.collect()
}

fn listed(folder: &Path) -> String {
    let record = FleetRecord::read(folder).unwrap_or_default();
    let info = record
        .launch_info
        .map(|info| format!(", {}", info.display()));
    format!(
        "  {} (launcher {}, {}{})",
        record.fleet,
        record.launcher,
        record.script.display(),
        info.unwrap_or_default()
    )
}
