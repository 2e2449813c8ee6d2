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
    let Some((name, folder)) = shader_cache() else {
        return;
    };
    let kept = Path::new(&folder).join("mesa_shader_cache").is_dir();
    if marker.shaders && kept {
        return;
    }
    say(
        "compiling EEVEE's shaders, half a minute of one processor (kept for all Blenders of this version)",
    );
    let blender = Blender {
        path: managed::python(environment),
        runtime: Runtime::Module,
        version: marker.bpy,
    };
    let mut command = background(&blender);
    command.args(["--python-expr", SCRIPT]).env(name, &folder);
    let said = ask_within(&mut command, SAID, LIMIT);
    let complaint = match said {
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
