//! The command line and the environment of each instance.
//!
//! Owns the argument order that scene scripts and `blendtorch.bpy_main` rely on. It must never
//! start anything.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use blendtorch_blender::environment::{PYTHON_PATH, drawing, packages, path_with};
use blendtorch_blender::{Blender, Runtime};

use crate::LaunchDescription;

/// One instance's program, arguments and additions to the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InstanceCommand {
    pub(crate) program: OsString,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(String, OsString)>,
}

impl InstanceCommand {
    /// The command of instance `i`; `description` is checked, `seed` is that of instance 0.
    pub(crate) fn new(
        blender: &Blender,
        description: &LaunchDescription,
        sockets: &IndexMap<String, Vec<String>>,
        seed: u64,
        i: usize,
    ) -> Self {
        let mut arguments: Vec<OsString> = Vec::new();
        if blender.runtime == Runtime::Module {
            // -P: a folder of the user's that is named blendtorch must not stand in for the package.
            arguments.extend(["-P", "-m", "blendtorch.bpy_main"].map(Into::into));
        }
        arguments.extend(
            description
                .scene
                .as_ref()
                .map(|scene| scene.clone().into_os_string()),
        );
        if description.background {
            arguments.push("--background".into());
        }
        // Blender ends with 0 after an error in a script unless it is given another code.
        arguments.extend(
            [
                "--python-use-system-env",
                "--enable-autoexec",
                "--python-exit-code",
                "1",
                "--python",
            ]
            .map(Into::into),
        );
        arguments.push(description.script.clone().into_os_string());
        arguments.extend(["--", "-btid"].map(Into::into));
        arguments.push(i.to_string().into());
        arguments.push("-btseed".into());
        arguments.push((seed + i as u64).to_string().into());
        if !sockets.is_empty() {
            arguments.push("-btsockets".into());
            arguments.extend(
                sockets
                    .iter()
                    .map(|(name, of)| format!("{name}={}", of[i]).into()),
            );
        }
        if let Some(own) = description.instance_args.get(i) {
            arguments.extend(own.iter().map(Into::into));
        }
        Self {
            program: blender.path.clone().into(),
            arguments,
            environment: environment(blender, description),
        }
    }

    /// The command as one line that a shell takes as it stands.
    pub(crate) fn line(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.arguments);
        words
            .map(|word| quoted(&word.to_string_lossy()))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// What is set for an instance: what the description says, else what the user has set, else ours.
fn environment(blender: &Blender, description: &LaunchDescription) -> Vec<(String, OsString)> {
    // Unbuffered: a line a script prints is seen now, not when the process ends.
    let mut ours = vec![("PYTHONUNBUFFERED", "1")];
    if description.num_instances > 1 {
        // Several processes of one thread each render more frames than one of several.
        ours.push(("OMP_NUM_THREADS", "1"));
    }
    ours.retain(|(name, _)| std::env::var_os(name).is_none());
    let ours = ours.into_iter().map(|(name, value)| (name, value.into()));
    let mut all: IndexMap<String, OsString> = ours
        .chain(drawing())
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    // The launcher warns of addresses that others reach, once for all instances.
    all.insert("BLENDTORCH_LAUNCHED".into(), "1".into());
    // One that the user gave seeds what a script calls; one that was drawn leaves that alone.
    let origin = if description.seed.is_some() {
        "given"
    } else {
        "drawn"
    };
    all.insert("BLENDTORCH_SEED".into(), origin.into());
    let given = description.env.iter();
    all.extend(given.map(|(name, value)| (name.clone(), value.into())));
    let python_path = description.env.get(PYTHON_PATH).map(OsString::from);
    let python_path = match neighbours(blender, &description.script) {
        Some(folder) => {
            let theirs = python_path.or_else(|| std::env::var_os(PYTHON_PATH));
            Some(path_with(&folder, theirs.as_deref()))
        }
        None => python_path,
    };
    match packages(blender, python_path.as_deref()) {
        Some((name, value)) => all.insert(name.to_owned(), value),
        None => python_path.and_then(|value| all.insert(PYTHON_PATH.to_owned(), value)),
    };
    all.into_iter().collect()
}

/// The folder of the script, wherever links lead: a `blender` program does not search it for modules,
/// as Python does. `btb` puts it first in `sys.path`; until a script has imported that, it stands
/// behind our package. `blendtorch.bpy_main` needs no help.
fn neighbours(blender: &Blender, script: &Path) -> Option<PathBuf> {
    if blender.runtime == Runtime::Module {
        return None;
    }
    let folder = script.canonicalize().ok()?.parent()?.to_owned();
    // It would be read as two.
    let one = !folder.as_os_str().as_encoded_bytes().contains(&b':');
    one.then_some(folder)
}

pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    fn blender(runtime: Runtime) -> Blender {
        Blender {
            path: "/opt/b/blender".into(),
            runtime,
            version: "4.5.15".parse().unwrap(),
        }
    }

    #[test]
    fn conformance_1_the_order_is_the_one_scripts_rely_on() {
        let description = LaunchDescription {
            scene: Some("/s/a room.blend".into()),
            script: "/s/a.py".into(),
            num_instances: 2,
            background: true,
            instance_args: vec![vec![], vec!["--lr".into(), "it's".into()]],
            ..Default::default()
        };
        let sockets = IndexMap::from([
            (
                "DATA".to_owned(),
                vec!["tcp://h:1".to_owned(), "tcp://h:2".to_owned()],
            ),
            (
                "CTRL".to_owned(),
                vec!["tcp://h:3".to_owned(), "tcp://h:4".to_owned()],
            ),
        ]);
        let program =
            InstanceCommand::new(&blender(Runtime::Program), &description, &sockets, 7, 1);
        let rest = "'/s/a room.blend' --background --python-use-system-env --enable-autoexec \
            --python-exit-code 1 --python /s/a.py -- -btid 1 -btseed 8 -btsockets DATA=tcp://h:2 \
            CTRL=tcp://h:4 --lr 'it'\\''s'";
        assert_eq!(program.line(), format!("/opt/b/blender {rest}"));
        let module = InstanceCommand::new(&blender(Runtime::Module), &description, &sockets, 7, 1);
        assert_eq!(
            module.line(),
            format!("/opt/b/blender -P -m blendtorch.bpy_main {rest}")
        );
    }

    #[test]
    fn without_scene_and_sockets_there_is_no_empty_argument() {
        let description = LaunchDescription {
            script: "/a.py".into(),
            ..Default::default()
        };
        let made = InstanceCommand::new(
            &blender(Runtime::Program),
            &description,
            &IndexMap::new(),
            0,
            0,
        );
        assert!(
            made.line().ends_with("--python /a.py -- -btid 0 -btseed 0"),
            "{}",
            made.line()
        );
        assert!(made.arguments.iter().all(|a| !a.is_empty()));
    }

    #[test]
    fn the_description_sets_variables_and_wins() {
        let description = LaunchDescription {
            script: "/a.py".into(),
            num_instances: 2,
            env: [("A", "1"), ("LP_NUM_THREADS", "3")]
                .map(|(name, value)| (name.into(), value.into()))
                .into(),
            ..Default::default()
        };
        let set = environment(&blender(Runtime::Module), &description);
        let value = |wanted: &str| {
            let mut found = set.iter().filter(|(name, _)| name == wanted);
            let value = found.next().map(|(_, value)| value.to_str().unwrap());
            assert!(found.next().is_none(), "{wanted} is set twice");
            value
        };
        assert_eq!(value("A"), Some("1"));
        assert_eq!(value("LP_NUM_THREADS"), Some("3"));
        let unbuffered = std::env::var_os("PYTHONUNBUFFERED").is_none();
        assert_eq!(value("PYTHONUNBUFFERED"), unbuffered.then_some("1"));
    }

    #[test]
    fn an_instance_hears_whether_its_seed_was_given_or_drawn() {
        let origin = |seed| {
            let description = LaunchDescription {
                script: "/a.py".into(),
                seed,
                ..Default::default()
            };
            let set = environment(&blender(Runtime::Module), &description);
            let found = set.into_iter().find(|(name, _)| name == "BLENDTORCH_SEED");
            found.unwrap().1
        };
        assert_eq!(origin(Some(0)), "given");
        assert_eq!(origin(None), "drawn");
    }

    #[test]
    fn one_instance_and_several_draw_without_a_thread_of_mesas() {
        for num_instances in [1, 2] {
            let description = LaunchDescription {
                script: "/a.py".into(),
                num_instances,
                ..Default::default()
            };
            let set = environment(&blender(Runtime::Program), &description);
            let threads = set.iter().find(|(name, _)| name == "LP_NUM_THREADS");
            // Whoever runs the tests may have set it: then it is inherited.
            let ours = std::env::var_os("LP_NUM_THREADS").is_none();
            assert_eq!(
                threads.map(|(_, n)| n.as_os_str()),
                ours.then_some(OsStr::new("0"))
            );
        }
    }

    #[test]
    fn shaders_are_kept_where_ours_are_unless_the_description_says_where() {
        let told = |env: &[(&str, &str)]| {
            let description = LaunchDescription {
                script: "/a.py".into(),
                env: env
                    .iter()
                    .map(|(name, value)| ((*name).into(), (*value).into()))
                    .collect(),
                ..Default::default()
            };
            let set = environment(&blender(Runtime::Module), &description);
            let found = set
                .into_iter()
                .find(|(name, _)| name == "MESA_SHADER_CACHE_DIR");
            found.map(|(_, value)| value)
        };
        let ours = blendtorch_blender::shader_cache();
        assert_eq!(told(&[]), ours.map(|(_, folder)| folder));
        let theirs = told(&[("MESA_SHADER_CACHE_DIR", "/theirs")]);
        assert_eq!(theirs.as_deref(), Some(OsStr::new("/theirs")));
    }

    #[test]
    fn a_programs_script_finds_its_neighbours_and_the_modules_does_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("a.py");
        std::fs::write(&script, "").unwrap();
        let description = LaunchDescription {
            script,
            env: [("PYTHONPATH".into(), "/theirs".into())].into(),
            ..Default::default()
        };
        let path = |runtime| {
            let set = environment(&blender(runtime), &description);
            let found = set.into_iter().find(|(name, _)| name == PYTHON_PATH);
            found.unwrap().1.into_string().unwrap()
        };
        let folder = folder.path().canonicalize().unwrap();
        let expected = format!("{}:/theirs", folder.display());
        assert!(path(Runtime::Program).ends_with(&expected));
        assert_eq!(path(Runtime::Module), "/theirs");
    }
}
