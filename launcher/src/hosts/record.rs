//! The records of jobs, by which `blendtorch status JOB` finds a head from another machine.
//!
//! Owns the files, in a folder of the user's that nobody else can read, and the asking over tcp. A file
//! holds the job's key: it is written for its owner alone, and goes with the job.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use blendtorch_channels::control::{FleetReport, FromPerson, PersonAsks, ToPerson, decode, encode};

use super::host::reach;
use super::join::{Join, write_private};
use super::words::{FromHost, ToHost};
use crate::sealed::{Reader, Writer};

/// How long a head may take to answer.
const ANSWERS: Duration = Duration::from_secs(10);

/// The record of a job; it goes when this is dropped.
#[derive(Debug)]
pub struct JobRecord {
    file: PathBuf,
}

impl JobRecord {
    /// Writes that of a job.
    pub(super) fn write(job: &str, join: &Join) -> std::io::Result<Self> {
        let folder = folder().ok_or_else(|| std::io::Error::other("there is no home folder"))?;
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        let file = file_in(&folder, job);
        write_private(&file, &join.to_json())?;
        Ok(Self { file })
    }
}

impl Drop for JobRecord {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}

/// Where records lie: the user's folder for what programs remember, which a cluster's machines share as
/// they share homes.
fn folder() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let state = state.filter(|folder| folder.is_absolute());
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state"));
    Some(state.or_else(home)?.join("blendtorch/jobs"))
}

fn file_in(folder: &Path, job: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = job.chars().map(plain).collect();
    folder.join(format!("{name}.json"))
}

/// Why the head of a job has not said how its fleet is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// There is no such job any more, or none that is known here.
    #[error("{0}")]
    Gone(String),
    /// Its head does not answer, or says what is not understood.
    #[error("{0}")]
    Silent(String),
}

/// Asks the head of a job how its fleet is.
///
/// # Errors
/// There is no record of the job, others can read it, or its head does not answer.
pub fn ask_job(job: &str, counters: bool) -> Result<FleetReport, JobError> {
    let none = || JobError::Gone("there is no home folder to look for jobs in".into());
    let folder = folder().ok_or_else(none)?;
    let file = file_in(&folder, job);
    if !file.exists() {
        return Err(JobError::Gone(format!(
            "no fleet of yours has the job {job} ({} is not there): it has ended, or its head runs where \
             this home folder is not; of tasks without a head `blendtorch inspect FOLDER` says how far \
             they are",
            file.display()
        )));
    }
    let join = Join::from_file(&file).map_err(|error| JobError::Gone(error.to_string()))?;
    let silent = |error: String| JobError::Silent(format!("the head of job {job}: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| silent(error.to_string()))?;
    runtime.block_on(async {
        let reached = reach(&join, Duration::ZERO).await;
        let reached = reached.map_err(|why| JobError::Gone(format!("job {job}: {why}")))?;
        let asked = tokio::time::timeout(ANSWERS, ask(reached, counters)).await;
        asked
            .unwrap_or_else(|_| Err("it does not answer".into()))
            .map_err(silent)
    })
}

async fn ask(
    (mut reader, mut writer): (Reader, Writer),
    counters: bool,
) -> Result<FleetReport, String> {
    let asks = FromPerson {
        id: 1,
        asks: PersonAsks::Status {
            counters,
            brief: false,
            lives_since: 0,
        },
    };
    let word = FromHost::Person {
        asks: Box::new(asks),
    };
    writer
        .send(&encode(&word)?)
        .await
        .map_err(|error| error.to_string())?;
    let line = reader.next().await.map_err(|error| error.to_string())?;
    let ToHost::Told { answer } = decode(&line)? else {
        return Err("it answered something else".into());
    };
    match serde_json::from_value(answer) {
        Ok(ToPerson::Status { report, .. }) => Ok(*report),
        Ok(ToPerson::Refused { refusal, .. }) => Err(refusal.to_string()),
        _ => Err("it answered something else".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jobs_name_leads_nowhere_else() {
        let folder = Path::new("/s/jobs");
        assert_eq!(file_in(folder, "12_3"), Path::new("/s/jobs/12_3.json"));
        assert_eq!(file_in(folder, "../x"), Path::new("/s/jobs/___x.json"));
    }
}
