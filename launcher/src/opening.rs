//! Whether a Blender opens a scene file, asked of that Blender before instances of it are started.
//!
//! `blender --background broken.blend --python a.py` ends with code 0 and runs no script, so that
//! nobody would hear of it. Owns the question; the answer is remembered until either file changes.

use std::io::ErrorKind;
use std::path::Path;

use crate::description::{DescriptionError, problem};
use crate::memory::Memory;
use crate::{Blender, probe};

const OPENED: &str = "blendtorch-opened";

const ANOTHER_VERSION: &str = "open and save it with this version of Blender, or name the Blender \
    that saved it with the key blender";

/// Sees that `scene` opens in `blender`.
pub(crate) fn check(
    blender: &Blender,
    scene: &Path,
    memory: &Memory,
) -> Result<(), DescriptionError> {
    let scene = probe::canonical(scene);
    // The path as it is: the Python of every environment is a link to the same program.
    let program = blender.path.display();
    let question = format!("{program} {} opens {}", blender.version, scene.display());
    let files = [blender.path.as_path(), scene.as_path()];
    if memory.recall(&question, &files).is_some() {
        return Ok(());
    }
    let (complaint, remedy) = match open(blender, &scene) {
        Ok(answer) if answer.line(OPENED).is_some() => {
            memory.keep(&question, &files, "yes");
            return Ok(());
        }
        Ok(answer) => {
            let complaint = answer.complaint();
            let error = complaint.split_once("Error: ");
            let error = error.map_or(complaint.clone(), |(_, error)| error.to_owned());
            (error, ANOTHER_VERSION.to_owned())
        }
        Err(error) if error.kind() == ErrorKind::TimedOut => {
            // The version is not to blame: it may be the file's size, or where it lies.
            let by_hand = format!("{program} --background {}", scene.display());
            (error.to_string(), format!("see what `{by_hand}` does"))
        }
        Err(error) => (error.to_string(), ANOTHER_VERSION.to_owned()),
    };
    Err(problem(
        Some("scene"),
        format!(
            "Blender {} does not open {}: {complaint}",
            blender.version,
            scene.display()
        ),
        &remedy,
    ))
}

fn open(blender: &Blender, scene: &Path) -> std::io::Result<probe::Answer> {
    let mut command = probe::background(blender);
    let opened = format!("print('{OPENED}', flush=True)");
    command.arg(scene).args(["--python-expr", &opened]);
    probe::with_packages(&mut command, blender);
    probe::ask(&mut command, OPENED)
}
