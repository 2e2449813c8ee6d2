//! Which values a launch description may have, and where its paths lead.
//!
//! Owns the checks. It must never start or look for a Blender.

use std::path::{Path, PathBuf};

use super::MOST_INSTANCES;
use super::error::{DescriptionError, problem};
use crate::LaunchDescription;
use blendtorch_blender::{MANAGED, on_path, scenes};

/// What no Blender runs with.
const LEAST_MEMORY: u64 = 64 << 20;

impl LaunchDescription {
    /// Checks what needs no look at the disk.
    pub(super) fn check_values(&self) -> Result<(), DescriptionError> {
        if self.num_instances == 0 {
            return Err(problem(
                Some("num_instances"),
                "0 instances cannot stream anything".into(),
                "write how many Blender processes to start, 1 or more",
            ));
        }
        if self.num_instances > MOST_INSTANCES {
            return Err(problem(
                Some("num_instances"),
                format!(
                    "{} instances are more than one machine can run",
                    self.num_instances
                ),
                &format!("write a number from 1 to {MOST_INSTANCES}"),
            ));
        }
        if !self.instance_args.is_empty() && self.instance_args.len() != self.num_instances {
            return Err(problem(
                Some("instance_args"),
                format!(
                    "{} lists of arguments for {} instances",
                    self.instance_args.len(),
                    self.num_instances
                ),
                "write one list an instance (an empty one where it needs none), or leave the key out",
            ));
        }
        if self.min_instances == 0 || self.min_instances > self.num_instances {
            return Err(problem(
                Some("min_instances"),
                format!(
                    "a fleet cannot need {} of {} instances",
                    self.min_instances, self.num_instances
                ),
                "write a number from 1 to that of the instances, or leave the key out",
            ));
        }
        if let Some(memory) = self.max_memory.filter(|most| most.0 < LEAST_MEMORY) {
            return Err(problem(
                Some("max_memory"),
                format!("{memory} is less than any Blender has when it begins"),
                "write what an instance may have before it is started again, as \"4 GiB\"",
            ));
        }
        if self.proto != "tcp" && self.proto != "ipc" {
            return Err(problem(
                Some("proto"),
                format!("{:?} is not a protocol the launcher knows", self.proto),
                "write \"tcp\" or \"ipc\"",
            ));
        }
        if self
            .seed
            .is_some_and(|s| s.checked_add(self.num_instances as u64).is_none())
        {
            return Err(problem(
                Some("seed"),
                "seed + number of instances does not fit in 64 bits".into(),
                "write a smaller seed",
            ));
        }
        if self.blender.as_deref().is_some_and(is_given)
            && self.blend_path.as_deref().is_some_and(is_given)
        {
            return Err(problem(
                Some("blend_path"),
                "\"blender\" names a Blender already".into(),
                "leave one of the two out",
            ));
        }
        for (name, value) in &self.env {
            let key = format!("env.{name}");
            if name.is_empty() || name.contains(['=', '\0']) {
                return Err(problem(
                    Some(&key),
                    format!("{name:?} cannot be the name of a variable"),
                    "write a name without '=', as \"CUDA_VISIBLE_DEVICES\"",
                ));
            }
            if value.contains('\0') {
                return Err(problem(
                    Some(&key),
                    "a variable cannot hold the character U+0000".into(),
                    "write the value without it",
                ));
            }
        }
        for (i, name) in self.named_sockets.iter().enumerate() {
            let odd = |c: char| c == '=' || c.is_whitespace() || c.is_control();
            if name.is_empty() || name.starts_with('-') || name.contains(odd) {
                return Err(problem(
                    Some(&format!("named_sockets[{i}]")),
                    format!("{name:?} cannot be the name of a socket"),
                    "write a word without blanks and '=' that does not start with '-', as \"DATA\"",
                ));
            }
            if self.named_sockets[..i].contains(name) {
                return Err(problem(
                    Some(&format!("named_sockets[{i}]")),
                    format!("{name:?} is named twice"),
                    "give every socket a name of its own",
                ));
            }
        }
        if let Some(hosts) = &self.hosts {
            hosts.check()?;
        }
        if let Some(slurm) = &self.slurm {
            slurm.check()?;
        }
        if self.hosts.is_some() && self.proto == "ipc" {
            return Err(problem(
                Some("proto"),
                "\"ipc\" reaches no other host".into(),
                "write \"tcp\", or leave the key out",
            ));
        }
        Ok(())
    }

    /// Makes the paths absolute, `folder` before the working folder, and sees that they are there.
    pub(super) fn resolve(&mut self, folder: &Path) -> Result<(), DescriptionError> {
        if self.script.as_os_str().is_empty() {
            return Err(problem(
                Some("script"),
                "there is no scene script".into(),
                "name the Python file that every Blender is to run",
            ));
        }
        self.script = find_file(folder, &self.script, "script", Path::is_file)?;
        self.scene = match self.scene.take().filter(|path| is_given(path)) {
            Some(scene) => {
                let scene = find_file(folder, &scene, "scene", Path::is_file)?;
                scenes::look(&scene).map_err(DescriptionError::of_scene)?;
                Some(scene)
            }
            None => None,
        };
        // Of a path that is not here, other hosts may know.
        let elsewhere = self.hosts.is_some() || self.slurm.is_some();
        let find = |given: Option<PathBuf>, key: &str| match &given {
            Some(path) if elsewhere && path.is_absolute() => Ok(given),
            _ => find_blender(folder, given, key),
        };
        self.blender = find(self.blender.take(), "blender")?;
        self.blend_path = find(self.blend_path.take(), "blend_path")?;
        // The folder of the logs is made, not found: beside the file, whether it is there or not.
        self.log_dir = match self.log_dir.take().filter(|path| is_given(path)) {
            Some(logs) => {
                let logs = folder.join(logs);
                Some(std::path::absolute(&logs).unwrap_or(logs))
            }
            None => None,
        };
        Ok(())
    }
}

fn is_given(path: &Path) -> bool {
    !path.as_os_str().is_empty()
}

/// The place of a Blender: a word stays a word, and a bare name may be that of a program on `PATH`.
fn find_blender(
    folder: &Path,
    given: Option<PathBuf>,
    key: &str,
) -> Result<Option<PathBuf>, DescriptionError> {
    let Some(path) = given.filter(|path| is_given(path)) else {
        return Ok(None);
    };
    if path == Path::new(MANAGED) {
        return Ok(Some(path));
    }
    let bare = path.file_name() == Some(path.as_os_str());
    match find_file(folder, &path, key, Path::exists) {
        Err(error) if bare => match path.to_str().and_then(on_path) {
            Some(program) => Ok(Some(program)),
            None => Err(problem(
                Some(key),
                format!("{}, nor a program of that name on PATH", error.problem),
                "write \"bpy\" for the managed Blender, or the path of a Blender",
            )),
        },
        found => found.map(Some),
    }
}

fn find_file(
    folder: &Path,
    path: &Path,
    key: &str,
    there: impl Fn(&Path) -> bool,
) -> Result<PathBuf, DescriptionError> {
    let mut tried: Vec<PathBuf> = Vec::new();
    for candidate in [folder.join(path), path.to_path_buf()] {
        let candidate = std::path::absolute(&candidate).unwrap_or(candidate);
        if there(&candidate) {
            return Ok(candidate);
        }
        if !tried.contains(&candidate) {
            tried.push(candidate);
        }
    }
    let tried: Vec<_> = tried.iter().map(|p| p.display().to_string()).collect();
    Err(problem(
        Some(key),
        format!("there is no such file: {}", tried.join(", nor ")),
        "relative paths count from the folder of the launch description, then from the working folder",
    ))
}
