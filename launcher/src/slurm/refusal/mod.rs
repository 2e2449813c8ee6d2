//! Which key of `slurm` a refusal is about.
//!
//! Owns Slurm's words for that: those of `sbatch`, and the reasons for which a job that was taken
//! waits for ever. It must never ask Slurm.

use super::TimeLimit;
use super::states::value;

/// The key, where one is to blame, and what to do.
pub(super) type About = (Option<&'static str>, &'static str);

const NAME_A_PARTITION: &str = "write the name of one that you may use, as `sinfo` shows them";
const NAME_AN_ACCOUNT: &str =
    "write one of yours (`sacctmgr show associations user=$USER`), or leave the key out";
const ASK_FOR_LESS: &str =
    "ask for less, or for another partition (`sinfo -N -l` shows what nodes have)";

/// Words of `sbatch`, small letters, the more special ones first.
const WORDS: [(&str, About); 24] = [
    (
        "accounting/qos policy",
        (
            None,
            "ask for less, or as another \"slurm.account\" or \"slurm.qos\"",
        ),
    ),
    ("account/partition", (Some("account"), NAME_AN_ACCOUNT)),
    ("invalid account", (Some("account"), NAME_AN_ACCOUNT)),
    ("invalid partition", (Some("partition"), NAME_A_PARTITION)),
    (
        "partition not available",
        (Some("partition"), NAME_A_PARTITION),
    ),
    (
        "to use this partition",
        (Some("partition"), NAME_A_PARTITION),
    ),
    ("default partition", (Some("partition"), NAME_A_PARTITION)),
    (
        "invalid qos",
        (
            Some("qos"),
            "write one of the site's (`sacctmgr show qos`), or leave the key out",
        ),
    ),
    (
        "time limit",
        (
            Some("time"),
            "write a shorter time, as the partition allows (`sinfo -o '%P %l'`)",
        ),
    ),
    ("--time", (Some("time"), "write \"HH:MM:SS\"")),
    (
        "gres",
        (
            Some("gres"),
            "write one that nodes have (`sinfo -o '%N %G'`)",
        ),
    ),
    ("--mem", (Some("mem"), "write it as \"16G\"")),
    ("memory", (Some("mem"), ASK_FOR_LESS)),
    ("cpu count", (Some("cpus_per_task"), ASK_FOR_LESS)),
    ("processors", (Some("cpus_per_task"), ASK_FOR_LESS)),
    (
        "job array",
        (
            Some("nodes"),
            "write a smaller number (`scontrol show config` has MaxArraySize)",
        ),
    ),
    ("node count", (Some("nodes"), ASK_FOR_LESS)),
    (
        "feature",
        (
            Some("extra"),
            "correct its --constraint (`sinfo -o '%N %f'`)",
        ),
    ),
    (
        "reservation",
        (
            Some("extra"),
            "correct its --reservation (`scontrol show reservation`)",
        ),
    ),
    (
        "license",
        (
            Some("extra"),
            "correct its --licenses (`scontrol show licenses`)",
        ),
    ),
    (
        "node name",
        (
            Some("extra"),
            "correct its --nodelist or --exclude (`sinfo -N`)",
        ),
    ),
    (
        "unrecognized option",
        (Some("extra"), "correct it (`sbatch --help`)"),
    ),
    (
        "dependency",
        (
            None,
            "the job that it is to follow is not known any more: start it without",
        ),
    ),
    ("configuration is not available", (None, ASK_FOR_LESS)),
];

/// What a refusal of `sbatch` is about.
pub(super) fn of_words(said: &str) -> About {
    let said = said.to_ascii_lowercase();
    let found = WORDS.iter().find(|(words, _)| said.contains(words));
    found.map_or((None, "change what the job asks for"), |(_, about)| *about)
}

/// What the reason is about for which a job waits, where no waiting can help: sites that do not
/// enforce a partition's limits when a job comes take it, and never start it.
pub(super) fn of_reason(reason: &str) -> Option<About> {
    let lower = reason.to_ascii_lowercase();
    // Limits that others of the account or the user use up are waited for.
    let own = lower.contains("perjob") && (lower.starts_with("qos") || lower.starts_with("assoc"));
    let about = |word: &str| lower.contains(word);
    Some(match reason {
        "PartitionTimeLimit" => (
            Some("time"),
            "write a shorter time, as the partition allows",
        ),
        "PartitionNodeLimit" => (Some("partition"), NAME_A_PARTITION),
        "PartitionConfig" => (None, ASK_FOR_LESS),
        "BadConstraints" => (Some("extra"), ASK_FOR_LESS),
        "QOSNotAllowed" | "InvalidQOS" => (
            Some("qos"),
            "write one that you may use, or leave the key out",
        ),
        "AccountNotAllowed" | "InvalidAccount" => (Some("account"), NAME_AN_ACCOUNT),
        "DependencyNeverSatisfied" => (None, "the job that it is to follow has failed"),
        _ if lower.starts_with("job's account") => (Some("account"), NAME_AN_ACCOUNT),
        _ if lower.starts_with("job's qos") => (Some("qos"), NAME_AN_ACCOUNT),
        _ if own && about("wall") => (Some("time"), "write a shorter time"),
        _ if own && about("gres") => (Some("gres"), ASK_FOR_LESS),
        _ if own && about("mem") => (Some("mem"), ASK_FOR_LESS),
        _ if own => (Some("cpus_per_task"), ASK_FOR_LESS),
        _ => return None,
    })
}

/// What a partition allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Partition {
    pub(super) name: String,
    pub(super) default: bool,
    /// `None` for any.
    pub(super) most: Option<TimeLimit>,
}

/// Partitions, of the lines of `scontrol show partition -o`.
pub(super) fn partitions(said: &str) -> Vec<Partition> {
    let read = |line: &str| {
        Some(Partition {
            name: value(line, "PartitionName")?.to_owned(),
            default: value(line, "Default") == Some("YES"),
            most: value(line, "MaxTime").and_then(|time| time.parse().ok()),
        })
    };
    said.lines().filter_map(read).collect()
}

/// The partition, of those that are asked for, whose jobs may run longest; and how long, where not
/// long enough.
pub(super) fn too_long(
    all: &[Partition],
    asked: Option<&str>,
    time: Option<TimeLimit>,
) -> Option<(String, TimeLimit)> {
    let asked: Option<Vec<&str>> = asked.map(|names| names.split(',').collect());
    let mut longest: Option<(String, TimeLimit)> = None;
    for one in all {
        let meant = asked
            .as_ref()
            .map_or(one.default, |names| names.contains(&one.name.as_str()));
        if meant {
            let most = one.most?;
            let more = longest.as_ref().is_none_or(|(_, time)| *time < most);
            longest = if more {
                Some((one.name.clone(), most))
            } else {
                longest
            };
        }
    }
    longest.filter(|(_, most)| time.is_some_and(|time| time > *most))
}

#[cfg(test)]
mod tests;
