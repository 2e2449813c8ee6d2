//! Which Slurm is here.
//!
//! Owns where its commands are and which version they are of. It must never submit anything.

use std::collections::HashMap;
use std::sync::Mutex;

use blendtorch_blender::on_path;

use super::ask::{Tool, in_one_line};
use super::states::Seen;
use super::{JobId, SlurmError};

/// Debian 12's.
const OLDEST: (u32, u32) = (22, 5);

/// Slurm's commands, found and of a version that we know.
#[derive(Debug)]
pub struct Slurm {
    pub(super) sbatch: Tool,
    pub(super) scontrol: Tool,
    pub(super) scancel: Tool,
    pub(super) version: String,
    /// What was seen of each job, since Slurm forgets those that have ended.
    pub(super) seen: Mutex<HashMap<JobId, Seen>>,
}

impl Slurm {
    /// The Slurm whose commands are on `PATH`.
    ///
    /// # Errors
    /// [`SlurmError::NotHere`] where a command is missing or has no cluster that it belongs to,
    /// [`SlurmError::TooOld`].
    pub fn find() -> Result<Self, SlurmError> {
        let tool = |name: &'static str| {
            let path = on_path(name).ok_or_else(|| SlurmError::NotHere {
                problem: format!("there is no `{name}` on PATH"),
            })?;
            Ok::<_, SlurmError>(Tool::from((name, path.as_path())))
        };
        let (sbatch, scontrol, scancel) = (tool("sbatch")?, tool("scontrol")?, tool("scancel")?);
        // It reads the cluster's configuration first: where there is none, it has no version to tell.
        let said = sbatch.ask(&["--version"])?;
        if !said.well {
            return Err(SlurmError::NotHere {
                problem: format!("`sbatch` finds no cluster ({})", in_one_line(&said.err)),
            });
        }
        let version = said.out.trim().to_owned();
        match number(&version) {
            Some(found) if found >= OLDEST => Ok(Self {
                sbatch,
                scontrol,
                scancel,
                version,
                seen: Mutex::default(),
            }),
            Some(_) => Err(SlurmError::TooOld { found: version }),
            None => Err(SlurmError::Unreadable {
                command: "sbatch --version",
                said: version,
            }),
        }
    }

    /// Its version in its own words, as `slurm-wlm 22.05.8`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// Year and month of a version.
fn number(version: &str) -> Option<(u32, u32)> {
    let number = version.split_whitespace().last()?;
    let mut parts = number.split(['.', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The names of the nodes of the Slurm job that this program runs in.
///
/// # Errors
/// [`SlurmError::NoAllocation`] outside of one; `scontrol`, which reads the list that Slurm gives a
/// job, is missing or fails.
pub fn nodes_of_allocation() -> Result<Vec<String>, SlurmError> {
    let list = std::env::var("SLURM_JOB_NODELIST").map_err(|_| SlurmError::NoAllocation)?;
    let path = on_path("scontrol").ok_or_else(|| SlurmError::NotHere {
        problem: "there is no `scontrol` on PATH".into(),
    })?;
    let said = Tool::from(("scontrol", path.as_path())).ask(&["show", "hostnames", &list])?;
    if !said.well {
        return Err(SlurmError::Failed {
            command: format!("scontrol show hostnames {list}"),
            said: in_one_line(&said.err),
        });
    }
    Ok(said.out.split_whitespace().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_distributions_write_them() {
        for (text, found) in [
            ("slurm-wlm 22.05.8", (22, 5)),
            ("slurm 23.11.4", (23, 11)),
            ("slurm 20.02.6-1", (20, 2)),
            ("slurm 24.11-0rc1", (24, 11)),
        ] {
            assert_eq!(number(text), Some(found), "{text}");
        }
        assert_eq!(number("usage: sbatch"), None);
        assert!((21, 8) < OLDEST && (22, 5) >= OLDEST);
    }
}
