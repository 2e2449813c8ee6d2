//! Blenders die with the program that started them, however it ends.
//!
//! Beside the instances of a fleet, and beside each Blender that is only asked something, runs one
//! small shell, the guard. It reads a pipe whose other end only the launcher holds, and on it the
//! process group of each instance. When the pipe closes without the
//! word `done`, the launcher is gone, by `kill -9` for instance: the guard then ends the groups.
//!
//! Owns the guard process, its script and the pipe. It must never outlive the instances by more than
//! the moments it needs to end them, nor hold any of the launcher's output open.

mod hooks;

use std::io::{PipeWriter, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the guard runs. `$groups` holds the process groups it was told of, `$@` the folders to remove.
/// Files `session-*` in one of them name folders that go with it, a line each: what killed Blenders
/// leave.
///
/// SIGURG is the kernel's word that the thread which started the guard has ended: a process that the
/// launcher forked (a data loader's worker, say) holds a copy of the pipe, so its end may come late.
/// By default that signal does nothing, so one that comes before the trap is set does no harm. The
/// trap writes to the pipe it reads from, so that what stands in there is read first.
const SCRIPT: &str = r#"
trap '' INT TERM HUP QUIT
groups=' '
alive() { for g in $groups; do kill -s 0 -- "-$g" && return 0; done; return 1; }
all() { for g in $groups; do kill -s "$1" -- "-$g"; done; }
orphaned() {
    all TERM
    n=0
    while [ $n -lt 20 ] && alive; do sleep 0.1; n=$((n + 1)); done
    all KILL
    for folder; do
        for note in "$folder"/session-*; do
            [ -f "$note" ] && while IFS= read -r left; do rm -rf -- "$left"; done <"$note"
        done
        rm -f -- "$folder"/*
        rmdir -- "$folder"
    done
    exit 0
}
trap 'echo lost > /proc/self/fd/0 || orphaned "$@"' URG
while read -r word what; do
    case $word in
        +) groups="$groups$what " ;;
        -) groups="${groups%% $what *} ${groups#* $what }" ;;
        folder) set -- "$@" "$what" ;;
        lost) break ;;
        done) exit 0 ;;
    esac
done
orphaned "$@"
"#;

/// How long the guard may take to go home; it does so at once unless somebody has stopped it.
const HOME_WITHIN: Duration = Duration::from_secs(5);

/// The guard of one fleet, or of one question. Dropping it without [`Guard::dismiss`] makes it end the
/// instances.
#[derive(Debug)]
pub struct Guard {
    shell: Child,
    pipe: Arc<PipeWriter>,
}

impl Guard {
    /// Starts the guard; it removes `folders` when it has to act. The calling thread must live as
    /// long as the fleet.
    ///
    /// # Errors
    /// A pipe or a process cannot be made.
    pub fn start(folders: &[&Path]) -> std::io::Result<Self> {
        let (reader, writer) = std::io::pipe()?;
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "blendtorch-guard"])
            .current_dir("/")
            .stdin(Stdio::from(reader))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        hooks::own_session(&mut command);
        let guard = Self {
            shell: command.spawn()?,
            pipe: Arc::new(writer),
        };
        for folder in folders {
            (&*guard.pipe).write_all(format!("folder {}\n", folder.display()).as_bytes())?;
        }
        Ok(guard)
    }

    /// Makes the process of `command` tell the guard of itself before it becomes a Blender, so that
    /// there is no moment in which it runs unguarded. It has to be the leader of its group.
    pub fn watch(&self, command: &mut Command) {
        hooks::announce(command, Arc::clone(&self.pipe));
    }

    /// The group has ended; its number may come to belong to somebody else.
    pub fn forget(&self, group: u32) {
        // Fails only when somebody has killed the guard: then there is nobody to tell.
        let _ = (&*self.pipe).write_all(format!("- {group}\n").as_bytes());
    }

    /// Sends the guard home. All instances have ended.
    pub fn dismiss(mut self) {
        let _ = (&*self.pipe).write_all(b"done\n");
        drop(self.pipe);
        let deadline = Instant::now() + HOME_WITHIN;
        while let Ok(None) = self.shell.try_wait() {
            if Instant::now() > deadline {
                let _ = self.shell.kill();
                let _ = self.shell.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::{CommandExt, ExitStatusExt};

    /// A guard against hangs, with room for a slow machine.
    const LONG: Duration = Duration::from_secs(60);

    /// A process that has the pipe open, as a forked child of the launcher would, keeps its end from
    /// coming: the end of the starting thread has to do.
    #[test]
    fn a_copy_of_the_pipe_does_not_keep_the_instances_alive() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let guard = Guard::start(&[]).unwrap();
            let mut instance = Command::new("/bin/sleep");
            guard.watch(instance.arg("1000").process_group(0));
            wait_for_trap(guard.shell.id());
            sender.send(Arc::clone(&guard.pipe)).unwrap();
            let instance = instance.spawn().unwrap();
            wait_until_idle(&guard);
            instance
        });
        let mut instance = thread.join().unwrap();
        let _pipe = receiver.recv().unwrap();
        let deadline = Instant::now() + LONG;
        let ended = loop {
            if let Some(status) = instance.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > deadline {
                instance.kill().unwrap();
                panic!("the instance lives on");
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        assert!(ended.signal().is_some());
    }

    /// Waits until the guard's shell has read all it was told, and sleeps until it is told more: only
    /// then does the signal wake it for sure. One that comes while the shell looks at a word waits,
    /// with the shell, for the next word.
    fn wait_until_idle(guard: &Guard) {
        let stat = format!("/proc/{}/stat", guard.shell.id());
        let deadline = Instant::now() + LONG;
        let is_idle = || {
            rustix::io::ioctl_fionread(&*guard.pipe).unwrap() == 0
                && std::fs::read_to_string(&stat).unwrap().contains(") S ")
        };
        while !is_idle() {
            assert!(Instant::now() < deadline, "the guard does not read");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until the guard's shell catches SIGURG.
    fn wait_for_trap(shell: u32) {
        let deadline = Instant::now() + LONG;
        loop {
            let status = std::fs::read_to_string(format!("/proc/{shell}/status")).unwrap();
            let mask = status
                .lines()
                .find_map(|line| line.strip_prefix("SigCgt:"))
                .unwrap();
            let urgent = rustix::process::Signal::URG.as_raw() - 1;
            if u64::from_str_radix(mask.trim(), 16).unwrap() & (1 << urgent) != 0 {
                return;
            }
            assert!(Instant::now() < deadline, "the guard sets no trap");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_group_that_was_forgotten_is_left_alone() {
        let spawn = |guard: &Guard| {
            let mut command = Command::new("/bin/sleep");
            guard.watch(command.arg("1000").process_group(0));
            command.spawn().unwrap()
        };
        let guard = Guard::start(&[]).unwrap();
        let mut groups: Vec<_> = (0..3).map(|_| spawn(&guard)).collect();
        guard.forget(groups[1].id());
        let Guard { mut shell, pipe } = guard;
        drop(pipe);
        assert!(shell.wait().unwrap().success());
        for i in [0, 2] {
            assert_eq!(groups[i].wait().unwrap().signal(), Some(15), "group {i}");
        }
        assert!(groups[1].try_wait().unwrap().is_none());
        groups[1].kill().unwrap();
        groups[1].wait().unwrap();
    }
}
