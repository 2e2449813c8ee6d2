//! The key `hosts` of launch.json.
//!
//! Owns the key's words and checks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::DescriptionError;
use crate::description::problem;

/// Hosts that a command reaches, one `blendtorch host` each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostsSettings {
    /// Their names, as the command takes them.
    #[schemars(length(min = 1))]
    pub names: Vec<String>,
    /// The command that runs `blendtorch host --stdin` there: `{host}` stands for the name. What it
    /// needs to know comes on its stdin, which must reach that program, and be open as long as this
    /// end lives.
    #[serde(default = "ssh")]
    pub command: Vec<String>,
    /// Instances on each; as many as it takes where it is not said.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub instances_per_host: Option<usize>,
    /// The address of this machine by which those reach it, without a port; all that it has are tried
    /// where it is not said.
    #[serde(default)]
    pub head_address: Option<String>,
}

fn ssh() -> Vec<String> {
    [
        "ssh",
        "-o",
        "BatchMode=yes",
        "{host}",
        "blendtorch",
        "host",
        "--stdin",
    ]
    .map(str::to_owned)
    .to_vec()
}

impl HostsSettings {
    /// Sees that it can be meant.
    pub(crate) fn check(&self) -> Result<(), DescriptionError> {
        let bad = |name: &String| {
            name.is_empty() || name.starts_with('-') || name.contains(char::is_whitespace)
        };
        if self.names.is_empty() {
            return Err(problem(
                Some("hosts.names"),
                "there is no host".into(),
                "write the name of one at least, or leave the key \"hosts\" out",
            ));
        }
        if let Some(i) = self.names.iter().position(bad) {
            return Err(problem(
                Some(&format!("hosts.names[{i}]")),
                format!("{:?} cannot be the name of a host", self.names[i]),
                "write a name as the command takes it, as \"node1\" or \"me@node1\"",
            ));
        }
        if self.command.first().is_none_or(String::is_empty)
            || !self.command.iter().any(|word| word.contains("{host}"))
        {
            return Err(problem(
                Some("hosts.command"),
                "it does not say which host is meant".into(),
                "write a list of words with \"{host}\" in one of them, as [\"ssh\", \"{host}\", \
                 \"blendtorch\", \"host\", \"--stdin\"]",
            ));
        }
        if self.instances_per_host == Some(0) {
            return Err(problem(
                Some("hosts.instances_per_host"),
                "a host with 0 instances does nothing".into(),
                "write 1 or more",
            ));
        }
        Ok(())
    }
}
