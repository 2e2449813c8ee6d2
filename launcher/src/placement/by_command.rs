//! Hosts that a command reaches, as ssh does: one process here for each, which ends with this program.
//!
//! Owns those processes. What they are told comes on their stdin; when that is closed, the other end
//! ends too.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use blendtorch_blender::lifeline::Guard;

use super::{Begun, Change, HostsSettings, Placement, Supply, enough_places};
use crate::hosts::Join;
use crate::{Fleet, FleetOptions, LaunchDescription, LaunchError};

/// The first pause before a host is reached for again, and the longest.
const SOON: Duration = Duration::from_secs(1);
const LATER: Duration = Duration::from_secs(30);
/// So often without that it came, one after another: it is given up.
const TRIES: u32 = 5;
/// The last lines of a command that are kept.
const LAST_LINES: usize = 5;
/// How long a command may take to end when its other end has ended.
const ENDS: Duration = Duration::from_secs(5);

/// On hosts that a command reaches.
#[derive(Debug)]
pub(super) struct OnHosts(pub(super) HostsSettings);

impl Placement for OnHosts {
    fn start(
        self: Box<Self>,
        description: LaunchDescription,
        options: FleetOptions,
    ) -> Result<Fleet, LaunchError> {
        let Self(settings) = *self;
        let hosts = settings.names.len();
        let each = settings
            .instances_per_host
            .unwrap_or_else(|| description.num_instances.div_ceil(hosts));
        enough_places(&description, (hosts, each), "hosts.instances_per_host")?;
        let head_address = settings.head_address.clone();
        let supply = Commands::new(&settings);
        Fleet::gather(description, Box::new(supply), (each, head_address), options)
    }
}

/// One process a host.
#[derive(Debug)]
struct Commands {
    hosts: Vec<One>,
    join: Option<Join>,
    /// Of the thread that began.
    guard: Option<Guard>,
}

#[derive(Debug)]
struct One {
    name: String,
    words: Vec<String>,
    child: Option<Child>,
    last: Arc<Mutex<VecDeque<String>>>,
    came: bool,
    /// Tries since it came last.
    tries: u32,
    again_at: Option<Instant>,
    given_up: bool,
}

impl Commands {
    fn new(settings: &HostsSettings) -> Self {
        let one = |name: &String| One {
            name: name.clone(),
            words: settings
                .command
                .iter()
                .map(|word| word.replace("{host}", name))
                .collect(),
            child: None,
            last: Arc::default(),
            came: false,
            tries: 0,
            again_at: None,
            given_up: false,
        };
        Self {
            hosts: settings.names.iter().map(one).collect(),
            join: None,
            guard: None,
        }
    }
}

impl One {
    fn start(&mut self, join: &Join, guard: &Guard, slot: usize) -> std::io::Result<()> {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        let mut command = Command::new(&self.words[0]);
        command
            .args(&self.words[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        guard.watch(&mut command);
        let mut child = command.spawn()?;
        if let Some(stdin) = &mut child.stdin {
            // One that has ended already is seen to have.
            let line = join.for_slot(&slot.to_string()).to_json() + "\n";
            let _ = stdin.write_all(line.as_bytes());
        }
        let streams: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|stream| Box::new(stream) as _),
            child.stderr.take().map(|stream| Box::new(stream) as _),
        ];
        for stream in streams.into_iter().flatten() {
            let last = Arc::clone(&self.last);
            std::thread::Builder::new()
                .name("blendtorch-host-says".into())
                .spawn(move || keep_last(stream, &last))?;
        }
        self.child = Some(child);
        (self.tries, self.came) = (self.tries + 1, false);
        Ok(())
    }

    /// Whether its command has ended, and how.
    fn ended(&mut self) -> Option<String> {
        let status = self.child.as_mut()?.try_wait().ok()??;
        self.child = None;
        let lines = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let said = match lines.is_empty() {
            true => "and said nothing".to_owned(),
            false => format!(
                "its last words: {}",
                lines.iter().cloned().collect::<Vec<_>>().join(" / ")
            ),
        };
        Some(format!(
            "`{}` ended ({status}), {said}",
            self.words.join(" ")
        ))
    }
}

fn keep_last(stream: Box<dyn Read + Send>, last: &Mutex<VecDeque<String>>) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    // Lines without an end are cut.
    while let Ok(1..) = (&mut reader).take(4096).read_until(b'\n', &mut line) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        line.clear();
        if text.is_empty() {
            continue;
        }
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        last.push_back(text);
    }
}

impl Supply for Commands {
    fn begin(&mut self, join: &Join) -> Result<Begun, LaunchError> {
        self.join = Some(join.clone());
        let guard = Guard::start(&[]).map_err(|source| LaunchError::Supervision {
            what: "guard process",
            source,
        })?;
        let guard = self.guard.insert(guard);
        for (slot, one) in self.hosts.iter_mut().enumerate() {
            one.start(join, guard, slot)
                .map_err(|source| LaunchError::HostCommand {
                    host: one.name.clone(),
                    program: one.words[0].clone(),
                    source,
                })?;
        }
        let names: Vec<_> = self.hosts.iter().map(|one| one.name.as_str()).collect();
        Ok(Begun {
            said: format!("reaching for {}", names.join(", ")),
            // One of Slurm's, where these are its steps.
            job: std::env::var("SLURM_JOB_ID")
                .ok()
                .filter(|job| !job.is_empty()),
        })
    }

    fn look(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        let (Some(join), Some(guard)) = (self.join.clone(), &self.guard) else {
            return changes;
        };
        for (slot, one) in self.hosts.iter_mut().enumerate() {
            if let Some(how) = one.ended() {
                if one.came {
                    one.tries = 0;
                }
                let refused = one.given_up;
                one.given_up |= one.tries >= TRIES;
                let pause = (SOON * 2_u32.saturating_pow(one.tries)).min(LATER);
                one.again_at = Some(Instant::now() + pause);
                let next = match (refused, one.given_up) {
                    (true, _) => "it is given up".to_owned(),
                    (_, true) => format!("it is given up after {TRIES} tries"),
                    (_, false) => format!("it is tried again in {:.0} s", pause.as_secs_f64()),
                };
                changes.push(Change::Lost {
                    slot: slot.to_string(),
                    why: format!("{how}; {next}"),
                });
            }
            let due = one.again_at.is_some_and(|at| at <= Instant::now());
            if one.child.is_none() && due && !one.given_up {
                one.again_at = None;
                if let Err(error) = one.start(&join, guard, slot) {
                    one.given_up = true;
                    let why = format!("{} cannot be started again: {error}", one.words[0]);
                    changes.push(Change::Note(why));
                }
            }
        }
        if self
            .hosts
            .iter()
            .all(|one| one.given_up && one.child.is_none())
        {
            changes.push(Change::Over("no host can be reached any more".into()));
        }
        changes
    }

    fn came(&mut self, slot: &str) {
        let slot: Option<usize> = slot.parse().ok();
        if let Some(one) = slot.and_then(|slot| self.hosts.get_mut(slot)) {
            (one.came, one.tries) = (true, 0);
        }
    }

    fn refused(&mut self, slot: &str) {
        let slot: Option<usize> = slot.parse().ok();
        if let Some(one) = slot.and_then(|slot| self.hosts.get_mut(slot)) {
            one.given_up = true;
        }
    }

    fn end(&mut self) -> Option<String> {
        self.join = None;
        for one in &mut self.hosts {
            if let Some(child) = &mut one.child {
                drop(child.stdin.take());
            }
        }
        let deadline = Instant::now() + ENDS;
        for one in &mut self.hosts {
            let Some(mut child) = one.child.take() else {
                continue;
            };
            while matches!(child.try_wait(), Ok(None)) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(20));
            }
            if matches!(child.try_wait(), Ok(None)) {
                let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
                let _ = group.map(|group| kill_process_group(group, Signal::KILL));
            }
            let _ = child.wait();
            if let Some(guard) = &self.guard {
                guard.forget(child.id());
            }
        }
        if let Some(guard) = self.guard.take() {
            guard.dismiss();
        }
        None
    }
}

impl Drop for Commands {
    fn drop(&mut self) {
        self.end();
    }
}
