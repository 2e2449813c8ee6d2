//! What the lifeline's children do between fork and exec.
//!
//! Owns the crate's only `unsafe`. Between fork and exec of a program with threads only
//! async-signal-safe calls are allowed: no allocation, no lock, nothing but plain system calls.

#![allow(
    unsafe_code,
    reason = "Command::pre_exec is unsafe: its closure runs between fork and exec"
)]

use std::io::{self, PipeWriter, Write};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;

use rustix::process::{Signal, getpid, set_parent_process_death_signal, setsid};

/// Puts the child in a session of its own, where no terminal and no `kill` of the launcher's group
/// reaches it, and has it sent SIGURG when the calling thread ends.
pub(super) fn own_session(command: &mut Command) {
    let before_exec = || {
        setsid()?;
        set_parent_process_death_signal(Some(Signal::URG))?;
        Ok(())
    };
    // SAFETY: the closure makes two system calls (setsid, prctl) and allocates nothing: an Errno
    // becomes an io::Error that holds the bare number.
    unsafe { command.pre_exec(before_exec) };
}

/// Has the child write `+ <its process id>` to the guard before it becomes another program.
pub(super) fn announce(command: &mut Command, pipe: Arc<PipeWriter>) {
    let before_exec = move || {
        let mut line = [0; 16];
        let line = announcement(getpid().as_raw_nonzero().get().unsigned_abs(), &mut line);
        // A guard that somebody has killed is no reason not to start.
        let _ = (&*pipe).write(line);
        Ok::<(), io::Error>(())
    };
    // SAFETY: the closure makes two system calls (getpid, write) on memory of its own stack and a
    // file descriptor that the captured handle keeps open; it allocates nothing and takes no lock.
    unsafe { command.pre_exec(before_exec) };
}

/// Formats `+ <number>\n` without allocating.
fn announcement(mut number: u32, line: &mut [u8; 16]) -> &[u8] {
    let mut start = line.len() - 1;
    line[start] = b'\n';
    loop {
        start -= 1;
        line[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    start -= 2;
    line[start..start + 2].copy_from_slice(b"+ ");
    &line[start..]
}

#[cfg(test)]
mod tests {
    use super::announcement;

    #[test]
    fn numbers_of_any_length_fit() {
        for number in [0, 7, 10, 4_194_304, u32::MAX] {
            assert_eq!(
                announcement(number, &mut [0; 16]),
                format!("+ {number}\n").as_bytes()
            );
        }
    }
}
