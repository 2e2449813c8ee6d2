//! The keys of `slurm` in `launch.json` and `render.json`: what a job asks Slurm for.
//!
//! Owns which values they may have. It must never ask Slurm whether it has what they name.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::TimeLimit;
use super::limits::{self, Wrong};
use super::time::TimeText;
use crate::DescriptionError;
use crate::description::problem;

/// What is asked of Slurm, the object `slurm` of a description. Every key may be left out: what is
/// left out is as the site has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlurmSettings {
    /// Partition, or several with commas between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// Account that is charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Quality of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qos: Option<String>,
    /// How many shares the work has, each on one node. Slurm starts each when it has room, so that
    /// they need not come together; two that are small may share a node.
    #[serde(default = "one", deserialize_with = "null_is_one")]
    #[schemars(with = "Option<usize>", range(min = 1, max = limits::MOST_NODES))]
    pub nodes: usize,
    /// Instances of a share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub tasks_per_node: Option<usize>,
    /// How long a share may run, as `"HH:MM:SS"` or in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<TimeText>")]
    pub time: Option<TimeLimit>,
    /// Generic resources of a share, as `"gpu:1"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gres: Option<String>,
    /// Cores of an instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub cpus_per_task: Option<usize>,
    /// Memory of a share, as `"16G"`; a number alone is in MB, as Slurm has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mem: Option<String>,
    /// Further options of `sbatch`, each as one word: `"--constraint=a100"`.
    #[serde(default, deserialize_with = "null_is_none")]
    #[schemars(with = "Option<Vec<String>>")]
    pub extra: Vec<String>,
    /// How many seconds before its time limit a share is asked to end after what it has in work.
    /// Slurm asks up to a minute earlier.
    #[serde(default = "signal_before", deserialize_with = "null_is_signal_before")]
    #[schemars(with = "Option<u16>", range(min = 1))]
    pub signal_before: u16,
    /// The address of the head's machine by which nodes reach it, without a port; all that it has are
    /// tried where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_address: Option<String>,
}

fn one() -> usize {
    1
}

fn signal_before() -> u16 {
    60
}

fn null_is_one<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_else(one))
}

fn null_is_none<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

fn null_is_signal_before<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_else(signal_before))
}

impl Default for SlurmSettings {
    fn default() -> Self {
        Self {
            partition: None,
            account: None,
            qos: None,
            nodes: one(),
            tasks_per_node: None,
            time: None,
            gres: None,
            cpus_per_task: None,
            mem: None,
            extra: Vec::new(),
            signal_before: signal_before(),
            head_address: None,
        }
    }
}

impl SlurmSettings {
    /// Sees that each value is one that `sbatch` can be given.
    ///
    /// # Errors
    /// The first that is not; the key it names begins with `slurm.`, the file is the caller's to add.
    pub fn check(&self) -> Result<(), DescriptionError> {
        self.wrong().map_or(Ok(()), |(key, wrong)| {
            Err(problem(
                Some(&format!("slurm.{key}")),
                wrong.problem,
                &wrong.remedy,
            ))
        })
    }

    fn wrong(&self) -> Option<(String, Wrong)> {
        let names = [
            ("partition", &self.partition),
            ("account", &self.account),
            ("qos", &self.qos),
            ("gres", &self.gres),
        ];
        for (key, value) in names {
            if let Some(wrong) = value.as_deref().and_then(|value| limits::name(key, value)) {
                return Some((key.into(), wrong));
            }
        }
        let counts = [
            ("nodes", Some(self.nodes)),
            ("tasks_per_node", self.tasks_per_node),
            ("cpus_per_task", self.cpus_per_task),
        ];
        for (key, value) in counts {
            if let Some(wrong) = value.and_then(|value| limits::count(key, value)) {
                return Some((key.into(), wrong));
            }
        }
        if let Some(wrong) = self.mem.as_deref().and_then(limits::memory) {
            return Some(("mem".into(), wrong));
        }
        for (i, word) in self.extra.iter().enumerate() {
            if let Some(wrong) = limits::option(word) {
                return Some((format!("extra[{i}]"), wrong));
            }
        }
        limits::signal(self.signal_before, self.time).map(|wrong| ("signal_before".into(), wrong))
    }

    /// What a key of this object is to hold, in words, for errors about its type.
    #[must_use]
    pub fn expected(key: &str) -> Option<&'static str> {
        Some(match key {
            "partition" => "a string: the name of a partition, as `sinfo` shows them",
            "account" => "a string: the account that is charged",
            "qos" => "a string: a quality of service of the site",
            "nodes" => "a whole number, 1 or more",
            "tasks_per_node" | "cpus_per_task" => "a whole number, 1 or more, or leave the key out",
            "time" => "a string as \"HH:MM:SS\" or \"D-HH:MM:SS\", or a whole number of minutes",
            "gres" => "a string, as \"gpu:1\"",
            "mem" => "a string, as \"16G\"",
            "extra" => "a list of options of sbatch, as [\"--constraint=a100\"]",
            "head_address" => "a string: a name or a number of this machine, without a port",
            "signal_before" => "a whole number of seconds, from 1 to 65535",
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<SlurmSettings, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn nothing_is_needed_and_null_is_left_out() {
        let none = read("{}").unwrap();
        assert_eq!(none, SlurmSettings::default());
        assert_eq!((none.nodes, none.signal_before), (1, 60));
        let null = r#"{"partition": null, "nodes": null, "time": null, "mem": null, "extra": null,
            "signal_before": null, "tasks_per_node": null}"#;
        assert_eq!(read(null).unwrap(), none);
        assert!(none.check().is_ok());
        assert!(read(r#"{"nodes": "two"}"#).is_err() && read(r#"{"node": 2}"#).is_err());
    }

    #[test]
    fn what_was_read_is_written_as_it_was() {
        let json = r#"{"partition":"a,b","nodes":2,"tasks_per_node":4,"time":"1-00:00:00","gres":"gpu:2","mem":"16G","extra":["--exclusive"],"signal_before":90}"#;
        let settings = read(json).unwrap();
        assert!(settings.check().is_ok());
        assert_eq!(serde_json::to_string(&settings).unwrap(), json);
    }

    #[test]
    fn a_wrong_value_names_its_key_and_what_to_write() {
        for (json, key, says) in [
            (r#"{"partition": ""}"#, "partition", "sinfo"),
            (r#"{"partition": "a b"}"#, "partition", "blanks"),
            (r#"{"account": "-x"}"#, "account", "'-'"),
            (r#"{"qos": "a\nb"}"#, "qos", "blanks"),
            (r#"{"gres": " "}"#, "gres", "gpu:1"),
            (r#"{"nodes": 0}"#, "nodes", "1 or more"),
            (r#"{"nodes": 100000}"#, "nodes", "4096"),
            (r#"{"tasks_per_node": 0}"#, "tasks_per_node", "1 or more"),
            (r#"{"cpus_per_task": 0}"#, "cpus_per_task", "1 or more"),
            (r#"{"mem": "lots"}"#, "mem", "16G"),
            (r#"{"mem": "16 GiB"}"#, "mem", "16G"),
            (
                r#"{"extra": ["--exclusive", "-C a100"]}"#,
                "extra[1]",
                "--NAME=VALUE",
            ),
            (r#"{"extra": ["--time=3"]}"#, "extra[0]", "\"slurm.time\""),
            (
                r#"{"extra": ["--part=x"]}"#,
                "extra[0]",
                "\"slurm.partition\"",
            ),
            (
                r#"{"extra": ["--array=0-3"]}"#,
                "extra[0]",
                "blendtorch itself",
            ),
            (
                r#"{"extra": ["--wrap=id"]}"#,
                "extra[0]",
                "blendtorch itself",
            ),
            (r#"{"signal_before": 0}"#, "signal_before", "from 1"),
            (r#"{"time": 1}"#, "signal_before", "00:01:00"),
        ] {
            let error = read(json).unwrap().check().unwrap_err();
            assert_eq!(error.key, Some(format!("slurm.{key}")), "{json}: {error}");
            assert!(error.to_string().contains(says), "{json}: {error}");
        }
    }

    #[test]
    fn every_key_has_its_words() {
        let schema = schemars::schema_for!(SlurmSettings).to_value();
        for key in schema["properties"].as_object().unwrap().keys() {
            assert!(SlurmSettings::expected(key).is_some(), "{key}");
        }
        assert_eq!(SlurmSettings::expected("node"), None);
    }
}
