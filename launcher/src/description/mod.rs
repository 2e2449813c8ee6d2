//! What to launch: the keys of `launch.json`, their defaults and their checks.
//!
//! Owns the launch description and the paths in it. It must never start or look for a Blender.

mod checks;
mod error;
mod expected;
mod restart;

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{HostsSettings, SlurmSettings};
pub use error::DescriptionError;
pub(crate) use error::{place, problem};
pub use restart::{Memory, Restart};

/// What to launch. The names and defaults are the keys of `launch.json`.
///
/// In a file every key but `script` may be left out or `null`, which both mean its default.
// Its schema is docs/launch.schema.json: `blendtorch schema` writes it, a test compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "launch.json", extend("$id" = "launch.schema.json"))]
pub struct LaunchDescription {
    /// Where an editor finds the JSON schema of the file. The launcher does not look there.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The file this was read from, for errors to name; not a key.
    #[serde(skip)]
    pub file: Option<PathBuf>,
    /// The `.blend` file to open; none (`null` or `""`) starts from Blender's own scene.
    #[serde(default, deserialize_with = "null_is_default")]
    pub scene: Option<PathBuf>,
    /// The Python scene script every instance runs.
    pub script: PathBuf,
    /// How many Blender processes to start, at least 1.
    #[serde(default = "one", deserialize_with = "null_is_one")]
    #[schemars(with = "Option<usize>", range(min = 1, max = MOST_INSTANCES))]
    pub num_instances: usize,
    /// Names of the sockets each instance binds, for example `["DATA"]`.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schemars(with = "Option<Vec<String>>")]
    pub named_sockets: Vec<String>,
    /// First tcp port; socket `s` of instance `i` has `start_port + s * num_instances + i`.
    #[serde(default = "start_port", deserialize_with = "null_is_start_port")]
    #[schemars(with = "Option<u16>")]
    pub start_port: u16,
    /// Address the sockets bind: a name or number, or `"primaryip"` for the address of the default
    /// route.
    #[serde(default = "bind_addr", deserialize_with = "null_is_bind_addr")]
    #[schemars(with = "Option<String>")]
    pub bind_addr: String,
    /// Further arguments of each instance: empty, or one list an instance.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schemars(with = "Option<Vec<Vec<String>>>")]
    pub instance_args: Vec<Vec<String>>,
    /// `"tcp"`, or `"ipc"` for Unix sockets in a private folder that goes with the fleet.
    #[serde(default = "proto", deserialize_with = "null_is_proto")]
    #[schemars(with = "Option<Proto>")]
    pub proto: String,
    /// Which Blender runs: `"bpy"` is the managed one of `blendtorch setup`; else a program, a folder
    /// that holds one, a virtual environment with `bpy`, or the name of a program on `PATH`. Without
    /// it: the variable `BLENDTORCH_BLENDER` (the same), the managed one, `blender` on `PATH`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub blender: Option<PathBuf>,
    /// The original's name of `blender`. Only one of the two may be written.
    #[serde(default, deserialize_with = "null_is_default")]
    pub blend_path: Option<PathBuf>,
    /// Variables set in the environment of every instance, beside those that the launcher itself has.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schemars(with = "Option<std::collections::BTreeMap<String, String>>")]
    pub env: IndexMap<String, String>,
    /// Folder for a file of each instance, `instance-<i>.log`, to which everything it prints is
    /// appended; made if it is not there.
    #[serde(default, deserialize_with = "null_is_default")]
    pub log_dir: Option<PathBuf>,
    /// Seed of instance 0; instance `i` gets `seed + i`. Drawn at random when there is none.
    #[serde(default)]
    pub seed: Option<u64>,
    /// Run without a window, as without a display in any case.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schemars(with = "Option<bool>")]
    pub background: bool,
    /// After which ends an instance is started again: `"never"`, `"on-abnormal"` (a signal, a hang,
    /// too much memory), `"on-failure"` (also an error of the script), `"always"`. It keeps its
    /// number, addresses and arguments, and goes on with the next episode.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schemars(with = "Option<Restart>")]
    pub restart: Restart,
    /// The fleet fails, and ends, once fewer instances than this are left of those that have not
    /// failed for good.
    #[serde(default = "one", deserialize_with = "null_is_one")]
    #[schemars(with = "Option<usize>", range(min = 1, max = MOST_INSTANCES))]
    pub min_instances: usize,
    /// An instance that has more memory than this is started again after its episode: a number of
    /// bytes, or as `"4 GiB"`. Without it, it may have any.
    #[serde(default)]
    #[schemars(with = "Option<MemoryText>")]
    pub max_memory: Option<Memory>,
    /// An instance that renders and makes no progress for so many seconds hangs, unless a frame of its
    /// own has taken a tenth of that or more: then it has ten times that frame's time. 0 never.
    #[serde(default = "hang_after", deserialize_with = "null_is_hang_after")]
    #[schemars(with = "Option<u64>")]
    pub hang_after: u64,
    /// Other hosts, on which the instances run: see `HostsSettings`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<HostsSettings>,
    /// What a job of Slurm is asked for, with `--slurm`: see `SlurmSettings`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slurm: Option<SlurmSettings>,
}

/// How memory is written, for the schema.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[allow(dead_code, reason = "only its schema is used")]
enum MemoryText {
    /// Bytes.
    Bytes(u64),
    /// With a unit.
    Text(String),
}

/// More instances than this on one machine are a slip of the finger.
pub(crate) const MOST_INSTANCES: usize = 4096;

/// The words of `proto`, for the schema.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[allow(dead_code, reason = "only its schema is used")]
enum Proto {
    /// tcp sockets.
    Tcp,
    /// Unix sockets in a private folder that goes with the fleet.
    Ipc,
}

fn one() -> usize {
    1
}
fn start_port() -> u16 {
    11000
}
fn bind_addr() -> String {
    "127.0.0.1".into()
}
fn proto() -> String {
    "tcp".into()
}

fn hang_after() -> u64 {
    120
}

fn null_is<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    d: D,
    default: T,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(d)?.unwrap_or(default))
}
fn null_is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    d: D,
) -> Result<T, D::Error> {
    null_is(d, T::default())
}
fn null_is_one<'de, D: Deserializer<'de>>(d: D) -> Result<usize, D::Error> {
    null_is(d, one())
}
fn null_is_start_port<'de, D: Deserializer<'de>>(d: D) -> Result<u16, D::Error> {
    null_is(d, start_port())
}
fn null_is_bind_addr<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    null_is(d, bind_addr())
}
fn null_is_proto<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    null_is(d, proto())
}

fn null_is_hang_after<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    null_is(d, hang_after())
}

impl Default for LaunchDescription {
    /// Every key at its default. `script` is empty and has to be set.
    fn default() -> Self {
        Self {
            schema: None,
            file: None,
            scene: None,
            script: PathBuf::new(),
            num_instances: one(),
            named_sockets: Vec::new(),
            start_port: start_port(),
            bind_addr: bind_addr(),
            instance_args: Vec::new(),
            proto: proto(),
            blender: None,
            blend_path: None,
            env: IndexMap::new(),
            log_dir: None,
            seed: None,
            background: false,
            restart: Restart::default(),
            min_instances: one(),
            max_memory: None,
            hang_after: hang_after(),
            hosts: None,
            slurm: None,
        }
    }
}

impl LaunchDescription {
    /// Reads and checks a `launch.json`. Relative paths in it are looked up beside the file first,
    /// then in the working folder, and come back absolute.
    ///
    /// # Errors
    /// An unreadable file, broken JSON, an unknown key, a value of the wrong type or range, a scene
    /// or script that is not there. The error names file, key and remedy.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, DescriptionError> {
        let path = path.as_ref();
        let in_file = |error: DescriptionError| error.in_file(Some(path));
        let text = std::fs::read_to_string(path).map_err(|e| {
            in_file(problem(
                None,
                format!("cannot be read: {e}"),
                "give the path of a launch description (see blendtorch-launch --help)",
            ))
        })?;
        let mut description = Self::from_json(&text).map_err(in_file)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        description.resolve(folder).map_err(in_file)?;
        description.file = Some(path.to_path_buf());
        Ok(description)
    }

    /// Reads a description from JSON text. Paths are left as they are and not looked up.
    ///
    /// # Errors
    /// Broken JSON, an unknown key, a value of the wrong type or range.
    pub fn from_json(text: &str) -> Result<Self, DescriptionError> {
        let mut json = serde_json::Deserializer::from_str(text);
        let description: Self = serde_path_to_error::deserialize(&mut json).map_err(|e| {
            let key = e.path().to_string();
            let key = (key != "." && key != "?").then_some(key);
            problem(
                key.as_deref(),
                e.inner().to_string(),
                &expected::remedy(key.as_deref(), e.inner()),
            )
        })?;
        json.end().map_err(|e| {
            problem(
                None,
                e.to_string(),
                "the file must hold one JSON object and nothing after it",
            )
        })?;
        description.check_values()?;
        Ok(description)
    }

    /// The description with absolute paths (relative ones against the working folder), checked.
    ///
    /// # Errors
    /// A value out of range, a scene or script that is not there.
    pub fn checked(&self) -> Result<Self, DescriptionError> {
        let checked = || {
            self.check_values()?;
            let mut checked = self.clone();
            checked.resolve(Path::new(""))?;
            Ok(checked)
        };
        checked().map_err(|error: DescriptionError| error.in_file(self.file.as_deref()))
    }

    /// The JSON schema of the file, for editors and other programs.
    #[must_use]
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }

    /// The place that names the Blender to run, and the key that does.
    pub(crate) fn named_blender(&self) -> Option<(&'static str, &Path)> {
        let blender = self.blender.as_deref().map(|path| ("blender", path));
        blender.or_else(|| self.blend_path.as_deref().map(|path| ("blend_path", path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_the_originals() {
        let read = LaunchDescription::from_json(r#"{"script": "a.py"}"#).unwrap();
        assert_eq!(
            read,
            LaunchDescription {
                script: "a.py".into(),
                ..Default::default()
            }
        );
        assert_eq!((read.num_instances, read.start_port), (1, 11000));
        assert_eq!(
            (read.bind_addr.as_str(), read.proto.as_str()),
            ("127.0.0.1", "tcp")
        );
    }

    #[test]
    fn null_means_the_default() {
        let text = r#"{"script": "a.py", "scene": null, "num_instances": null, "named_sockets": null,
            "start_port": null, "bind_addr": null, "instance_args": null, "proto": null,
            "blend_path": null, "seed": null, "background": null}"#;
        let read = LaunchDescription::from_json(text).unwrap();
        assert_eq!(
            read,
            LaunchDescription {
                script: "a.py".into(),
                ..Default::default()
            }
        );
    }

    #[test]
    fn errors_name_key_and_remedy() {
        for (text, key, says) in [
            (
                r#"{"script": "a.py", "num_instance": 2}"#,
                "num_instance",
                "unknown field",
            ),
            (
                r#"{"script": "a.py", "num_instances": "2"}"#,
                "num_instances",
                "invalid type",
            ),
            (
                r#"{"script": "a.py", "num_instances": 0}"#,
                "num_instances",
                "1 or more",
            ),
            (
                r#"{"script": "a.py", "start_port": 70000}"#,
                "start_port",
                "70000",
            ),
            (
                r#"{"script": "a.py", "instance_args": [["a"], [3]]}"#,
                "instance_args[1][0]",
                "string",
            ),
            (
                r#"{"script": "a.py", "instance_args": [[], []]}"#,
                "instance_args",
                "2 lists",
            ),
            (
                r#"{"script": "a.py", "named_sockets": ["A", "A"]}"#,
                "named_sockets[1]",
                "twice",
            ),
            (
                r#"{"script": "a.py", "named_sockets": ["A=B"]}"#,
                "named_sockets[0]",
                "name of a socket",
            ),
            (r#"{"script": "a.py", "proto": "udp"}"#, "proto", "tcp"),
            (r#"{"script": "a.py", "seed": -1}"#, "seed", "-1"),
            (
                r#"{"script": "a.py", "restart": "sometimes"}"#,
                "restart",
                "on-abnormal",
            ),
            (
                r#"{"script": "a.py", "min_instances": 2}"#,
                "min_instances",
                "2 of 1",
            ),
            (
                r#"{"script": "a.py", "max_memory": "lots"}"#,
                "max_memory",
                "4 GiB",
            ),
            (
                r#"{"script": "a.py", "max_memory": "1 MB"}"#,
                "max_memory",
                "less than any Blender",
            ),
        ] {
            let error = LaunchDescription::from_json(text).unwrap_err();
            assert_eq!(error.key.as_deref(), Some(key), "{text}: {error}");
            assert!(error.to_string().contains(says), "{text}: {error}");
        }
        for (text, says) in [
            (r#"{}"#, "add \"script\""),
            (r#"{"script": "a.py",}"#, "double quotes"),
            (r#"{"script": "a.py"} {}"#, "nothing after it"),
            ("", "JSON object"),
        ] {
            let error = LaunchDescription::from_json(text).unwrap_err();
            assert!(error.to_string().contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn paths_count_from_the_file_and_missing_ones_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("launch.json");
        std::fs::write(folder.path().join("scene.py"), "").unwrap();
        std::fs::write(&file, r#"{"script": "scene.py", "scene": ""}"#).unwrap();
        let read = LaunchDescription::from_file(&file).unwrap();
        assert_eq!(read.script, folder.path().join("scene.py"));
        assert_eq!(read.scene, None);

        std::fs::write(&file, r#"{"script": "scene.py", "scene": "room.blend"}"#).unwrap();
        let said = LaunchDescription::from_file(&file).unwrap_err().to_string();
        assert!(
            said.contains("launch.json") && said.contains("\"scene\""),
            "{said}"
        );
        assert!(
            said.contains("room.blend") && said.contains("relative paths"),
            "{said}"
        );

        let said = LaunchDescription::from_file(folder.path().join("no.json")).unwrap_err();
        assert!(
            said.to_string().contains("no.json: cannot be read"),
            "{said}"
        );
    }
}
