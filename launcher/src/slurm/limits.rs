//! Which values `sbatch` can be given.
//!
//! Owns those rules and their words. It must never ask Slurm anything.

use super::TimeLimit;

/// A value that cannot be: why, and what to write instead.
pub(super) struct Wrong {
    pub(super) problem: String,
    pub(super) remedy: String,
}

fn wrong(problem: String, remedy: impl Into<String>) -> Option<Wrong> {
    Some(Wrong {
        problem,
        remedy: remedy.into(),
    })
}

/// More nodes than this are a slip of the finger.
pub(super) const MOST_NODES: usize = 4096;

/// Options of `sbatch` that are keys of their own.
const KEYS: [(&str, &str); 9] = [
    ("partition", "partition"),
    ("account", "account"),
    ("qos", "qos"),
    ("nodes", "nodes"),
    ("ntasks-per-node", "tasks_per_node"),
    ("time", "time"),
    ("gres", "gres"),
    ("cpus-per-task", "cpus_per_task"),
    ("signal", "signal_before"),
];

/// Options that say what the job is, which nobody else may.
const OURS: [&str; 16] = [
    "array",
    "chdir",
    "dependency",
    "error",
    "export",
    "export-file",
    "input",
    "job-name",
    "kill-on-invalid-dep",
    "no-requeue",
    "ntasks",
    "open-mode",
    "output",
    "parsable",
    "requeue",
    "wrap",
];

/// Of a partition, an account and the like.
pub(super) fn name(key: &str, value: &str) -> Option<Wrong> {
    let remedy = match key {
        "partition" => "write the name of one, as `sinfo` shows them, or leave the key out",
        "gres" => "write what a share needs, as \"gpu:1\", or leave the key out",
        _ => "write one of yours (`sacctmgr show associations user=$USER`), or leave the key out",
    };
    if value.is_empty() || value.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return wrong(format!("{value:?} is empty or has blanks"), remedy);
    }
    if value.starts_with('-') {
        return wrong(format!("{value:?} begins with '-', as an option"), remedy);
    }
    None
}

/// Of nodes, tasks and cores.
pub(super) fn count(key: &str, value: usize) -> Option<Wrong> {
    if value == 0 {
        return wrong(
            "0 of them can do nothing".into(),
            "write 1 or more, or leave the key out",
        );
    }
    if value > MOST_NODES {
        let what = key.replace('_', " ");
        return wrong(
            format!("{value} {what} are more than any cluster has"),
            format!("write a number from 1 to {MOST_NODES}"),
        );
    }
    None
}

/// Of an amount of memory, as `sbatch` reads it.
pub(super) fn memory(value: &str) -> Option<Wrong> {
    let digits = value.strip_suffix(['K', 'M', 'G', 'T', 'k', 'm', 'g', 't']);
    let digits = digits.unwrap_or(value);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    wrong(
        format!("{value:?} is no amount of memory that sbatch reads"),
        "write a whole number with K, M, G or T, as \"16G\"",
    )
}

/// Of a further option.
pub(super) fn option(word: &str) -> Option<Wrong> {
    let Some(rest) = word.strip_prefix("--").filter(|rest| !rest.is_empty()) else {
        return wrong(
            format!("{word:?} is no option that stands alone"),
            "write each option as one word, --NAME or --NAME=VALUE",
        );
    };
    if word.contains(['\0', '\n']) {
        return wrong(
            format!("{word:?} has characters that no option has"),
            "write it without them",
        );
    }
    let name = rest.split('=').next().unwrap_or(rest);
    // sbatch takes the beginning of an option for it.
    let meant = |option: &str| option.starts_with(name);
    if name == "mem" {
        return wrong(
            "--mem is a key of its own".into(),
            "write it as \"slurm.mem\"",
        );
    }
    if let Some((_, key)) = KEYS.iter().find(|(option, _)| meant(option)) {
        return wrong(
            format!("--{name} is a key of its own"),
            format!("write it as \"slurm.{key}\""),
        );
    }
    if OURS.iter().any(|option| meant(option)) {
        return wrong(
            format!("--{name} is what blendtorch itself tells sbatch"),
            "leave it out",
        );
    }
    None
}

/// Of the seconds before the end.
pub(super) fn signal(before: u16, time: Option<TimeLimit>) -> Option<Wrong> {
    if before == 0 {
        return wrong(
            "a share that is asked to end at its end cannot".into(),
            "write a number of seconds from 1 to 65535",
        );
    }
    let time = time.filter(|time| time.duration().as_secs() <= u64::from(before))?;
    wrong(
        format!("{before} seconds before its time limit of {time}, a share has not begun"),
        "write a longer \"slurm.time\", or a smaller number",
    )
}
