//! EEVEE's shaders, compiled once where no graphics card draws, so that no instance has to.
//!
//! Owns the run of `shaders.py`, and the note that it has been. A set-up never fails for it: without,
//! the first picture of the first process takes half a minute longer.

use std::path::Path;
use std::time::Duration;

use crate::ask::{ask_within, background};
use crate::managed::{self, Marker};
use crate::shader_cache::shader_cache;
use crate::{Blender, Runtime};

const SCRIPT: &str = include_str!("shaders.py");

/// The word that the line which `shaders.py` prints starts with.
const SAID: &str = "blendtorch-compiled";

/// Half a minute of a processor's time, on cores that may be busy.
const LIMIT: Duration = Duration::from_secs(900);

/// Has Mesa compile them, unless that has been done since this Blender was made.
pub(super) fn compile(environment: &Path, marker: &mut Marker, say: &mut dyn FnMut(&str)) {
    // Where the user names another folder, or none can be had, it is not ours to fill.
    if let Some((name, folder)) = shader_cache() {
        compile_into((name, Path::new(&folder)), environment, marker, say);
    }
}

fn compile_into(
    (name, folder): (&str, &Path),
    environment: &Path,
    marker: &mut Marker,
    say: &mut dyn FnMut(&str),
) {
    // Mesa's own name for what it makes there.
    if marker.shaders && folder.join("mesa_shader_cache").is_dir() {
        return;
    }
    say("compiling EEVEE's shaders, which takes half a minute of a processor once");
    let blender = Blender {
        path: managed::python(environment),
        runtime: Runtime::Module,
        version: marker.bpy,
    };
    let mut command = background(&blender);
    command.args(["--python-expr", SCRIPT]).env(name, folder);
    let complaint = match ask_within(&mut command, SAID, LIMIT) {
        Ok(answer) if answer.line(SAID).is_some() => None,
        Ok(answer) => Some(answer.complaint()),
        Err(error) => Some(error.to_string()),
    };
    if let Some(complaint) = complaint {
        say(&format!(
            "they could not be compiled ({complaint}); the first picture by EEVEE will take longer"
        ));
        return;
    }
    marker.shaders = true;
    if let Err(error) = marker.write(environment) {
        say(&format!("it cannot be noted that they are: {error}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::install_script;

    const TOLD: &str = "MESA_SHADER_CACHE_DIR";

    /// What is said where the environment's Python does what the shell script does.
    fn said(script: &str, environment: &Path, shaders: &Path, marker: &mut Marker) -> Vec<String> {
        let python = managed::python(environment);
        std::fs::create_dir_all(python.parent().unwrap()).unwrap();
        install_script(&python, script);
        let mut said = Vec::new();
        let mut say = |line: &str| said.push(line.to_owned());
        compile_into((TOLD, shaders), environment, marker, &mut say);
        said
    }

    #[test]
    fn they_are_compiled_once_and_again_where_they_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let (environment, shaders) = (folder.path().join("bpy"), folder.path().join("shaders"));
        let mut marker = Marker {
            bpy: "4.5.15".parse().unwrap(),
            python: "3.11".into(),
            wheel: None,
            shaders: false,
        };
        let fails = "echo 'Error: no EGL'; exit 1\n";
        let lines = said(fails, &environment, &shaders, &mut marker);
        let told = "they could not be compiled (Error: no EGL); the first picture";
        assert!(lines[1].starts_with(told), "{lines:?}");
        assert!(!marker.shaders);

        let compiles = "mkdir -p \"$MESA_SHADER_CACHE_DIR/mesa_shader_cache\"\n\
                        echo 'blendtorch-compiled EEVEE'\n";
        let again = |marker: &mut Marker| said(compiles, &environment, &shaders, marker).len();
        assert_eq!(again(&mut marker), 1);
        assert!(marker.shaders && shaders.join("mesa_shader_cache").is_dir());
        assert_eq!(again(&mut marker), 0);
        std::fs::remove_dir_all(&shaders).unwrap();
        assert_eq!(again(&mut marker), 1);
        let kept = Marker::read(&environment).unwrap();
        assert!(kept.shaders);
    }
}
