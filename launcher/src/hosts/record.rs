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
use super::join::{Join, JoinError, write_private};
use super::words::{FromHost, ToHost};

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

/// Asks the head of a job how its fleet is.
///
/// # Errors
/// There is no record of the job, others can read it, or its head does not answer; the text says which.
pub fn ask_job(job: &str, counters: bool) -> Result<FleetReport, String> {
    let folder = folder().ok_or("there is no home folder to look for jobs in")?;
    let file = file_in(&folder, job);
    if !file.exists() {
        return Err(format!(
            "no fleet of yours has the job {job} ({} is not there): it has ended, or its head runs where \
             this home folder is not",
            file.display()
        ));
    }
    let join = Join::from_file(&file).map_err(|error: JoinError| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| format!("no runtime can be made: {error}"))?;
    runtime.block_on(async {
        let asked = tokio::time::timeout(ANSWERS, ask(&join, counters));
        asked
            .await
            .unwrap_or_else(|_| Err(format!("the head of job {job} does not answer")))
    })
}

async fn ask(join: &Join, counters: bool) -> Result<FleetReport, String> {
    let (mut reader, mut writer) = reach(join, Duration::from_secs(1)).await?;
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
        return Err("the head answered something else".into());
    };
    match serde_json::from_value(answer) {
        Ok(ToPerson::Status { report, .. }) => Ok(*report),
        Ok(ToPerson::Refused { refusal, .. }) => Err(refusal.to_string()),
        _ => Err("the head answered something else".into()),
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
