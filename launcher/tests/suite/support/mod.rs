//! A stand-in for `blender` and the means to look at processes, for the tests of supervision.
//!
//! The stand-in is a shell script that runs the "scene script" it is given as a shell script. It
//! stands for a process and nothing else: what Blender does is tested with Blender, in `tests/`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A guard against hangs, with room for a slow machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// What the stand-in runs: `-btid i` are the script's first two arguments, `$DIR` is the folder, and
/// `$GIVEN` the whole command line.
pub(crate) const STAND_IN: &str = r#"#!/bin/sh
# Not a Blender: a stand-in to test the supervision of processes.
case "$*" in *blendtorch-found*)
    echo asked >> "${0%/*}/asked"; echo 'blendtorch-found 4.5.0 3.11'; exit;;
esac
case "$*" in *blendtorch-package*)
    case "$0" in */without) echo 'blendtorch-package no there is none'; exit;; esac
    echo "blendtorch-package yes $0"; exit;;
esac
case "$*" in *blendtorch-opened*)
    echo opened >> "${0%/*}/asked"
    case "$*" in *hangs.blend*) echo $$ > "${0%/*}/opening-0"; exec sleep 1000;; esac
    case "$*" in *broken.blend*) echo 'Error: File format is not supported'; exit 0;; esac
    echo blendtorch-opened; exit;;
esac
export GIVEN="$*"
while [ "$1" != --python ]; do shift; done
script=$2
shift 3
DIR=${script%/*} exec /bin/sh "$script" "$@"
"#;

/// A folder with the stand-in, a script and a launch description, removed at the end.
pub(crate) struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    /// `script` is a shell script. `more` are further keys of the description, as JSON.
    pub(crate) fn new(instances: usize, script: &str, more: &str) -> Self {
        let stage = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::write(stage.path("scene.sh"), script).unwrap();
        stage.install("blender", STAND_IN);
        let more = if more.is_empty() {
            String::new()
        } else {
            format!(", {more}")
        };
        let description = format!(
            r#"{{"script": "scene.sh", "blend_path": "blender", "background": true, "num_instances": {instances}{more}}}"#
        );
        std::fs::write(stage.path("launch.json"), description).unwrap();
        stage
    }

    /// The smallest file that looks like a scene.
    pub(crate) fn write_scene(&self, name: &str) {
        let end = [0; 20];
        std::fs::write(
            self.path(name),
            [b"BLENDER-v405ENDB".as_slice(), &end].concat(),
        )
        .unwrap();
    }

    /// Writes a program into the folder. Another process does: a fork elsewhere in these tests could
    /// hold a file that this one has open for writing, and such a file cannot be run.
    pub(crate) fn install(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        let mut install = Command::new("install");
        install
            .args(["-m", "755", "/dev/stdin"])
            .arg(&path)
            .stdin(Stdio::piped());
        let mut install = install.spawn().unwrap();
        let mut stdin = install.stdin.take().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        drop(stdin);
        assert!(install.wait().unwrap().success());
        path
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `blendtorch-launch launch.json` in the folder, with its output piped.
    pub(crate) fn launch(&self) -> Launcher {
        let mut command = self.command();
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Launcher { child: Some(child) }
    }

    /// The same, not started yet.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_blendtorch-launch"));
        command
            .arg("launch.json")
            .env("BLENDTORCH_CACHE", self.path("cache"))
            .env_remove("BLENDTORCH_BLENDER")
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// The numbers in the files `<name>-<i>`, once all of them are there.
    pub(crate) fn pids(&self, name: &str, instances: usize) -> Vec<u32> {
        let read = |i| {
            let text = std::fs::read_to_string(self.path(&format!("{name}-{i}"))).ok()?;
            text.strip_suffix('\n')?.parse().ok()
        };
        let mut pids = Vec::new();
        eventually(&format!("all instances have written {name}"), || {
            pids = (0..instances).filter_map(read).collect();
            pids.len() == instances
        });
        pids
    }
}

/// A running launcher, killed with the test if it has not ended.
pub(crate) struct Launcher {
    child: Option<Child>,
}

impl Launcher {
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// The process itself, for its pipes.
    pub(crate) fn child(&mut self) -> &mut Child {
        self.child.as_mut().unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Waits for its end, and that of whoever holds its output: exit code, stdout, stderr.
    pub(crate) fn end(mut self) -> (Option<i32>, String, String) {
        let pid = self.pid();
        let child = self.child.take().unwrap();
        let (sender, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(child.wait_with_output()));
        let Ok(output) = ended.recv_timeout(LONG) else {
            signal(pid, "KILL");
            panic!("the launcher does not end");
        };
        let output = output.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    }
}

fn signal(pid: u32, name: &str) {
    let mut kill = Command::new("kill");
    let status = kill.args(["-s", name, &pid.to_string()]).status();
    assert!(status.unwrap().success());
}

impl Drop for Launcher {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Polls until it is so; a minute without is a failure.
pub(crate) fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !so() {
        assert!(Instant::now() < deadline, "it never came about that {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether the process has ended; one that nobody has waited for yet counts as ended.
pub(crate) fn has_ended(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return true;
    };
    // The name in parentheses may hold anything; the state follows the last one.
    stat.rsplit(") ")
        .next()
        .is_some_and(|rest| rest.starts_with(['Z', 'X']))
}

/// A process that was sent SIGKILL may need a moment of a slow machine to be gone.
pub(crate) fn all_end(pids: impl IntoIterator<Item = u32>) {
    for pid in pids {
        eventually(&format!("process {pid} has ended"), || has_ended(pid));
    }
}

/// Processes whose command line contains `text`.
pub(crate) fn processes_with(text: &Path) -> Vec<u32> {
    let text = text.display().to_string();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&text)
    })
    .collect()
}

/// Children of a process, by what the kernel says.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|child| {
        let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        let rest = stat.rsplit(") ").next().unwrap_or_default();
        rest.split(' ').nth(1) == Some(&pid.to_string())
    })
    .collect()
}
