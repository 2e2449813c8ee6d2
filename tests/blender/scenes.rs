//! Whether a scene opens is found out with a real Blender, before anything is started.

use blendtorch_blender::discover;
use blendtorch_launcher::LaunchDescription;
use blendtorch_tests::{one_fleet_at_a_time, start};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with a scene that Blender has saved, plain and compressed, and a script.
struct Scenes {
    folder: tempfile::TempDir,
}

impl Scenes {
    fn saved() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let save = "import bpy, sys\n\
                    bpy.context.scene.objects['Cube'].name = 'Marked'\n\
                    bpy.ops.wm.save_as_mainfile(filepath=sys.argv[1] + '/plain.blend')\n\
                    bpy.ops.wm.save_as_mainfile(filepath=sys.argv[1] + '/packed.blend', compress=True)";
        let python = discover(Some(Path::new("bpy"))).unwrap().path;
        let mut command = Command::new(python);
        let saved = command.args(["-c", save]).arg(folder.path()).output();
        assert!(saved.unwrap().status.success());
        let script = "import bpy\nassert 'Marked' in bpy.data.objects\n";
        std::fs::write(folder.path().join("script.py"), script).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn described(&self, scene: &str) -> LaunchDescription {
        LaunchDescription {
            scene: Some(self.path(scene)),
            script: self.path("script.py"),
            background: true,
            ..LaunchDescription::default()
        }
    }

    fn cut(&self, name: &str) {
        let whole = std::fs::read(self.path(name)).unwrap();
        std::fs::write(self.path(name), &whole[..whole.len() / 2]).unwrap();
    }

    fn refused(&self, scene: &str) -> String {
        let options = blendtorch_launcher::FleetOptions::default();
        let refused = blendtorch_launcher::Fleet::start(&self.described(scene), options);
        refused.unwrap_err().to_string()
    }
}

#[test]
fn scenes_open_and_broken_ones_are_refused_before_anything_starts() {
    let _one = one_fleet_at_a_time();
    let scenes = Scenes::saved();
    for scene in ["plain.blend", "packed.blend"] {
        let fleet = start(&scenes.described(scene));
        let statuses = fleet.wait();
        assert!(!statuses[0].failed(), "{}", statuses[0].report());
    }
    scenes.cut("plain.blend");
    let said = scenes.refused("plain.blend");
    assert!(
        said.contains("key \"scene\"") && said.contains("breaks off"),
        "{said}"
    );
    // What is inside only Blender can tell.
    scenes.cut("packed.blend");
    let said = scenes.refused("packed.blend");
    assert!(
        said.contains("key \"scene\": Blender 4.5.15 does not open ") && said.contains("save it"),
        "{said}"
    );
}
