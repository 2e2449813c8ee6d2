//! Handing Slurm a job.
//!
//! Owns the command line of `sbatch` and the script that it is told. It writes no file: the script
//! goes through a pipe and holds no secret, and secrets go by the environment.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use super::ask::{Said, in_one_line};
use super::{Slurm, SlurmError, SlurmSettings, refusal};
use crate::command::quoted;

/// The number of a job. Of a job array it is that of all its elements together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for JobId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A job, as it is submitted: each of its elements runs one program on one node.
#[derive(Debug, Clone)]
pub struct Submission {
    /// What is asked for.
    pub settings: SlurmSettings,
    /// How many elements the array has; a job that is no array has one.
    pub elements: usize,
    /// The program that each element becomes, and its arguments. Everybody can read them: no secret
    /// may be among them.
    pub command: Vec<String>,
    /// What is set for it beside what this program's own environment holds; secrets too. It is the
    /// same after a requeue.
    pub env: Vec<(String, String)>,
    /// What the job is called in `squeue`, and its logs. Characters that Slurm reads as something else
    /// become `-`.
    pub name: String,
    /// Where its standard output and error go, a file an element, each life behind the one before. It
    /// is made; all nodes must share it, since Slurm fails a job whose log it cannot open.
    pub log_folder: PathBuf,
    /// Where it runs; Slurm takes `/tmp` where a node has no such folder.
    pub workdir: PathBuf,
    /// Which jobs come first, as `afterok:12`. Where that can no longer be, Slurm cancels this one.
    pub dependency: Option<String>,
    /// Whether it is a job array, whose elements wait, start, fail and are requeued each by itself.
    pub array: bool,
    /// For how many tasks an element has room, each with `cpus_per_task` cores. It starts one program
    /// however many.
    pub tasks: usize,
}

impl Submission {
    /// The log of an element.
    #[must_use]
    pub fn log(&self, job: JobId, index: u32) -> PathBuf {
        let name = word(&self.name);
        self.log_folder.join(if self.array {
            format!("{name}-{job}_{index}.log")
        } else {
            format!("{name}-{job}.log")
        })
    }

    /// The options of `sbatch`.
    fn options(&self, log_folder: &Path) -> Vec<String> {
        let settings = &self.settings;
        let name = word(&self.name);
        // In the name of a file, Slurm replaces what follows a '%'.
        let folder = log_folder.display().to_string().replace('%', "%%");
        let number = if self.array { "%A_%a" } else { "%j" };
        let mut options = vec![
            "--parsable".to_owned(),
            "--requeue".to_owned(),
            "--export=ALL".to_owned(),
            "--nodes=1".to_owned(),
            format!("--ntasks={}", self.tasks.max(1)),
            format!("--job-name={name}"),
            // To the program itself, which the script has become.
            format!("--signal=B:TERM@{}", settings.signal_before),
            format!("--output={folder}/{name}-{number}.log"),
            // Without it, a requeued element's log begins anew.
            "--open-mode=append".to_owned(),
            format!("--chdir={}", self.workdir.display()),
        ];
        if self.array {
            options.push(format!("--array=0-{}", self.elements.max(1) - 1));
        }
        if let Some(first) = &self.dependency {
            options.push(format!("--dependency={first}"));
            // Without it, one whose turn can never come waits for ever.
            options.push("--kill-on-invalid-dep=yes".to_owned());
        }
        let time = settings.time.map(|time| time.to_string());
        let cpus = settings.cpus_per_task.map(|cpus| cpus.to_string());
        let given = [
            ("partition", &settings.partition),
            ("account", &settings.account),
            ("qos", &settings.qos),
            ("time", &time),
            ("gres", &settings.gres),
            ("cpus-per-task", &cpus),
            ("mem", &settings.mem),
        ];
        let given = given.into_iter();
        options.extend(
            given.filter_map(|(name, value)| {
                value.as_ref().map(|value| format!("--{name}={value}"))
            }),
        );
        options.extend(settings.extra.iter().cloned());
        options
    }

    /// What each element runs: a shell that becomes the program, so that signals reach it.
    fn script(&self) -> String {
        let words: Vec<_> = self.command.iter().map(|word| quoted(word)).collect();
        format!("#!/bin/sh\nexec {}\n", words.join(" "))
    }
}

impl Slurm {
    /// Submits a job, and sees that it is not one that Slurm takes and never starts.
    ///
    /// # Errors
    /// A value of the settings that cannot be; a folder for logs that cannot be made; a refusal, with
    /// the key it is about and Slurm's own words, after which there is no job; Slurm does not answer.
    pub fn submit(&self, submission: &Submission) -> Result<JobId, SlurmError> {
        submission.settings.check()?;
        let folder = &submission.log_folder;
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
        fs::create_dir_all(&folder).map_err(|source| SlurmError::LogFolder {
            path: folder.clone(),
            source,
        })?;
        let mut command = self.sbatch.command();
        forget_own_job(&mut command);
        command.args(submission.options(&folder));
        command.envs(submission.env.iter().map(|(name, value)| (name, value)));
        let said = self.sbatch.tell(command, &submission.script())?;
        if !said.well {
            let said = in_one_line(&said.err);
            let (key, remedy) = refusal::of_words(&said);
            let remedy = match key {
                Some("partition") => self.named_partitions().unwrap_or_else(|| remedy.into()),
                _ => remedy.into(),
            };
            return Err(SlurmError::Refused { key, said, remedy });
        }
        // Where there are several clusters, the name of the one that took it follows.
        let number = said.out.trim().split(';').next().unwrap_or_default();
        let job = number.parse().map_err(|_| SlurmError::Unreadable {
            command: "sbatch",
            said: said.out.clone(),
        })?;
        match self.hopeless(job, &submission.settings) {
            // It was taken, and nobody says that it is hopeless.
            Ok(None) | Err(_) => Ok(job),
            Ok(Some(refused)) => {
                self.cancel(job)?;
                Err(refused)
            }
        }
    }

    /// Cancels a job: what waits goes, what runs gets SIGTERM, and SIGKILL after the site's time for
    /// it. One that has ended is no error.
    ///
    /// # Errors
    /// Slurm does not answer, or the job is somebody else's.
    pub fn cancel(&self, job: JobId) -> Result<(), SlurmError> {
        let said = self.scancel.ask(&[&job.to_string()])?;
        done("scancel", &job.to_string(), &said)
    }

    /// Puts an element back among those that wait, whether it runs or has ended; as after a preemption
    /// it waits for two minutes, where the site has not changed that. Slurm does so by itself when a
    /// node is lost or taken away, and after nothing else: not when a program was killed, nor when
    /// the time limit was reached.
    ///
    /// # Errors
    /// Slurm does not answer, has forgotten the element, or lets nobody requeue.
    pub fn requeue(&self, job: JobId, index: Option<u32>) -> Result<(), SlurmError> {
        let element = index.map_or_else(|| job.to_string(), |index| format!("{job}_{index}"));
        let said = self.scontrol.ask(&["requeue", &element])?;
        done("scontrol requeue", &element, &said)
    }

    /// Why Slurm will never start a job that it has taken, where it says so.
    fn hopeless(
        &self,
        job: JobId,
        asked: &SlurmSettings,
    ) -> Result<Option<SlurmError>, SlurmError> {
        let elements = match self.elements(job) {
            // A job of no time may be forgotten already.
            Err(SlurmError::Unknown { .. }) => return Ok(None),
            elements => elements?,
        };
        let waiting = elements.iter().filter(|element| !element.state.is_over());
        let reasons = waiting.filter_map(|element| element.reason.as_deref());
        let mut found = reasons.filter_map(|reason| Some((reason, refusal::of_reason(reason)?)));
        let Some((reason, (key, remedy))) = found.next() else {
            return Ok(None);
        };
        // Of a time that is too long it says so only when it has looked at the job again.
        let partitions = self.partitions();
        let (key, remedy) =
            match refusal::too_long(&partitions, asked.partition.as_deref(), asked.time) {
                Some((name, most)) => {
                    let remedy = format!("write {most} at most, as the partition {name} allows");
                    (Some("time"), remedy)
                }
                None => (key, remedy.to_owned()),
            };
        let said = format!("it would never start ({reason})");
        Ok(Some(SlurmError::Refused { key, said, remedy }))
    }

    fn partitions(&self) -> Vec<refusal::Partition> {
        let said = self.scontrol.ask(&["show", "partition", "-o"]);
        said.map_or_else(|_| Vec::new(), |said| refusal::partitions(&said.out))
    }

    /// What to write instead of a partition that does not exist.
    fn named_partitions(&self) -> Option<String> {
        let all = self.partitions();
        let names: Vec<_> = all.iter().map(|one| one.name.as_str()).collect();
        (!names.is_empty()).then(|| format!("write one of: {}", names.join(", ")))
    }
}

/// Whether a command did what it was to do.
fn done(command: &str, of: &str, said: &Said) -> Result<(), SlurmError> {
    if said.well {
        return Ok(());
    }
    Err(SlurmError::Failed {
        command: format!("{command} {of}"),
        said: in_one_line(&said.err),
    })
}

/// What a program that itself runs in a job has of it is not that of the new one; what says where
/// Slurm is, is.
fn forget_own_job(command: &mut Command) {
    const KEPT: [&str; 4] = [
        "SLURM_CONF",
        "SLURM_CONF_SERVER",
        "SLURM_CLUSTERS",
        "SLURM_JWT",
    ];
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let ours = name.starts_with("SLURM") && !KEPT.contains(&name.as_ref());
        if ours || name == "SBATCH_ARRAY_INX" || name == "SBATCH_DEPENDENCY" {
            command.env_remove(name.as_ref());
        }
    }
}

/// A name without what Slurm, or the name of a file, reads as something else.
fn word(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.+".contains(c);
    let word: String = name
        .chars()
        .map(|c| if plain(c) { c } else { '-' })
        .collect();
    if word.is_empty() {
        "blendtorch".into()
    } else {
        word
    }
}

#[cfg(test)]
mod tests;
