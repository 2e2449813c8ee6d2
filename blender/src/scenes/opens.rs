//! Whether a Blender opens a scene file, asked of that Blender before instances of it are started.
//!
//! `blender --background broken.blend --python a.py` ends with code 0 and runs no script, so that
//! nobody would hear of it. Owns the question; the answer is remembered until either file changes.

use std::io::ErrorKind;
use std::path::Path;

use super::SceneError;
use crate::answers::Answers;
use crate::{Blender, ask};

const OPENED: &str = "blendtorch-opened";

const ANOTHER_VERSION: &str = "open and save it with this version of Blender, or name the Blender \
    that saved it with the key blender";

/// Sees that `scene` opens in `blender`. That it does is kept in `answers` until either file changes.
///
/// # Errors
/// It does not, or says nothing for too long.
pub fn opens(blender: &Blender, scene: &Path, answers: &Answers) -> Result<(), SceneError> {
    let scene = ask::canonical(scene);
    // The path as it is: the Python of every environment is a link to the same program.
    let program = blender.path.display();
    let question = format!("{program} {} opens {}", blender.version, scene.display());
    let files = [blender.path.as_path(), scene.as_path()];
    if answers.recall(&question, &files).is_some() {
        return Ok(());
    }
    let (complaint, remedy) = match open(blender, &scene) {
        Ok(answer) if answer.line(OPENED).is_some() => {
            answers.keep(&question, &files, "yes");
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
    let version = blender.version;
    let problem = format!(
        "Blender {version} does not open {}: {complaint}",
        scene.display()
    );
    Err(SceneError { problem, remedy })
}

fn open(blender: &Blender, scene: &Path) -> std::io::Result<ask::Answer> {
    let mut command = ask::background(blender);
    let opened = format!("print('{OPENED}', flush=True)");
    command.arg(scene).args(["--python-expr", &opened]);
    ask::with_packages(&mut command, blender);
    ask::ask(&mut command, OPENED)
}
