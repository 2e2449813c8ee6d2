//! How a fleet begins: on this host, as a host's part of one, or on hosts that are supplied.
//!
//! Owns the order of what is made before its thread runs. It must never wait for an instance.

use std::fmt::Display;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;

use blendtorch_blender::{Answers, Blender, Runtime, display};

use super::begun::{self, Part};
use super::health::Limits;
use super::level::Level;
use super::prepare::{in_file, pages, plan, plan_part, prepare, prepare_blender};
use super::supervise::{self, Plan};
use super::{Fleet, FleetOptions, Stopper, logs};
use crate::addresses::Addresses;
use crate::board::Board;
use crate::command::InstanceCommand;
use crate::head::{Facts, Head, Place, Teller};
use crate::hosts::{Far, Gathering, State, gather};
use crate::placement::{self, Supply};
use crate::{LaunchDescription, LaunchError, LaunchInfo};

/// Said when windows are wanted and cannot be.
const NO_DISPLAY: &str = "there is no display (DISPLAY and WAYLAND_DISPLAY are not set): Blender runs \
    without windows, as with \"background\": true";

/// Said where the control channel cannot be had.
const NOT_ASKED: &str = "nobody can ask this fleet how it is, nor hear from it what is lost where an \
    instance is killed";

/// Said where instances run on other hosts.
const BOUND_FAR: &str = "the sockets of instances are bound to addresses by which other machines \
    reach them: whoever reaches these ports can read the stream and feed the instances";

impl Fleet {
    /// Starts the instances and returns once all their processes run.
    ///
    /// # Errors
    /// A wrong description, an occupied port, no Blender, a program that cannot be started. Then no
    /// instance runs.
    pub fn start(
        description: &LaunchDescription,
        options: FleetOptions,
    ) -> Result<Self, LaunchError> {
        let description = description.checked()?;
        placement::of(&description, options.place).start(description, options)
    }

    /// All of them on this host.
    pub(crate) fn start_here(
        description: LaunchDescription,
        options: FleetOptions,
    ) -> Result<Self, LaunchError> {
        let (addresses, blender) = prepare(&description, &answers(&options))?;
        Self::run(description, addresses, blender, options, None)
    }

    /// On hosts that are supplied, at most `each` instances on one. Returns once they were asked for;
    /// they come when they come.
    pub(crate) fn gather(
        description: LaunchDescription,
        supply: Box<dyn Supply>,
        (each, head_address): (usize, Option<String>),
        options: FleetOptions,
    ) -> Result<Self, LaunchError> {
        let mut warnings = Vec::new();
        if !description.named_sockets.is_empty() {
            warnings.push(BOUND_FAR.to_owned());
        }
        let seed = description.seed.unwrap_or_else(drawn_seed);
        let place = or_warned(Place::make(), &mut warnings);
        let name = place.as_ref().map(Place::name);
        let folder = place.as_ref().map(|place| place.path().to_path_buf());
        let board = Arc::new(Board::default());
        let facts = Facts {
            script: description.script.clone(),
            addresses: Default::default(),
            restart: description.restart,
            min_instances: description.min_instances,
            part: false,
        };
        let teller = Teller::new(
            name.clone().unwrap_or_default(),
            facts.clone(),
            Arc::clone(&board),
        );
        let serve = |place| {
            let served = Head::start(place, facts, Arc::clone(&board));
            or_warned(served, &mut warnings)
        };
        let served = place.and_then(serve);
        let name = name.filter(|_| served.is_some());
        let state = State::new(
            description.num_instances,
            &description.named_sockets,
            name.clone().zip(folder),
        );
        let logs = match &description.log_dir {
            Some(folder) => {
                let elsewhere = vec!["(on hosts)".to_owned(); description.num_instances];
                logs::open(folder, &elsewhere).map_err(in_file(&description))?
            }
            None => Vec::new(),
        };
        let (level, watched) = watch::channel(Level::Run);
        let (orders, ordered) = tokio::sync::mpsc::unbounded_channel();
        let gathering = Gathering {
            description,
            options,
            supply,
            each,
            head_address,
            seed,
            logs,
            board: Arc::clone(&board),
            level: watched,
            state: state.clone(),
            orders: ordered,
            teller: Arc::new(teller),
        };
        let thread = begin(move |started| gather(gathering, started))?;
        Ok(Self {
            info: LaunchInfo {
                fleet: name,
                ..LaunchInfo::default()
            },
            blender: None,
            far: Some(Far { state, orders }),
            warnings,
            board,
            crowding: Mutex::default(),
            stopper: Stopper {
                level: Arc::new(level),
            },
            thread: Mutex::new(Some(thread)),
            owner: std::process::id(),
            head: Mutex::new(served),
            _folder: None,
        })
    }

    /// As [`start`](Self::start), on a Blender that is known already, and that is not asked whether it
    /// can run the description.
    ///
    /// # Errors
    /// As `start`, but for what that finds out about the Blender.
    pub fn start_on(
        blender: Blender,
        description: &LaunchDescription,
        options: FleetOptions,
    ) -> Result<Self, LaunchError> {
        let description = description.checked()?;
        let addresses = plan(&description)?;
        Self::run(description, addresses, blender, options, None)
    }

    /// Those of the instances that a host has got.
    pub(crate) fn start_part(
        description: &LaunchDescription,
        part: Part,
        options: FleetOptions,
    ) -> Result<Self, LaunchError> {
        let description = description.checked()?;
        let blender = prepare_blender(&description, &answers(&options))?;
        let addresses = plan_part(&description, &part)?;
        Self::run(description, addresses, blender, options, Some(part))
    }

    fn run(
        mut description: LaunchDescription,
        addresses: Addresses,
        blender: Blender,
        options: FleetOptions,
        part: Option<Part>,
    ) -> Result<Self, LaunchError> {
        let mut warnings: Vec<_> = addresses.warning.into_iter().collect();
        if !description.background && display::none() {
            description.background = true;
            // The bpy module never has a window.
            if blender.runtime == Runtime::Program {
                warnings.push(NO_DISPLAY.to_owned());
            }
        }
        let seed = part.as_ref().map(|part| part.seed).or(description.seed);
        let seed = seed.unwrap_or_else(drawn_seed);
        let commands: Vec<_> = (0..description.num_instances)
            .map(|i| InstanceCommand::new(&blender, &description, &addresses.bind, seed, i))
            .collect();
        let place = or_warned(Place::make(), &mut warnings);
        let mut info = LaunchInfo {
            addresses: addresses.connect,
            commands: commands.iter().map(InstanceCommand::line).collect(),
            fleet: place.as_ref().map(Place::name),
        };
        let here = begun::here(commands.len(), part.as_ref());
        let pages = pages(&here, &mut warnings);

        let logs = match &description.log_dir {
            Some(folder) => logs::open(folder, &info.commands).map_err(in_file(&description))?,
            None => Vec::new(),
        };
        let board = Arc::new(Board::default());
        let part_of_fleet = part.is_some();
        let (listener, lines) = part.map(|part| (part.listener, part.lines)).unzip();
        if let Some(listener) = listener {
            board.listeners.add_sender(listener);
        }
        let (level, watched) = watch::channel(Level::Run);
        let mut head = place.as_ref().map(|place| place.path().to_path_buf());
        let sockets = addresses
            .folder
            .as_ref()
            .map(|folder| folder.path().to_path_buf());
        let facts = Facts {
            script: description.script.clone(),
            addresses: info.addresses.clone().into_iter().collect(),
            restart: description.restart,
            min_instances: description.min_instances,
            part: part_of_fleet,
        };
        let serve = |place| {
            let served = Head::start(place, facts, Arc::clone(&board));
            or_warned(served, &mut warnings)
        };
        let served = place.and_then(serve);
        if served.is_none() {
            (info.fleet, head) = (None, None);
        }
        let plan = Plan {
            commands,
            here,
            lines: lines.flatten(),
            options,
            restart: description.restart,
            min_instances: description.min_instances,
            limits: Limits {
                hang_after: Duration::from_secs(description.hang_after),
                max_memory: description.max_memory,
            },
            logs,
            folders: head.iter().chain(&sockets).cloned().collect(),
            head,
            pages,
            board: Arc::clone(&board),
            level: watched,
        };
        let thread = begin(move |started| supervise::run(plan, started))?;
        Ok(Self {
            info,
            blender: Some(blender),
            far: None,
            warnings,
            board,
            crowding: Mutex::default(),
            stopper: Stopper {
                level: Arc::new(level),
            },
            thread: Mutex::new(Some(thread)),
            owner: std::process::id(),
            head: Mutex::new(served),
            _folder: addresses.folder,
        })
    }
}

/// Starts the thread of a fleet, and waits until it says that it has begun.
fn begin(
    run: impl FnOnce(&mpsc::Sender<Result<(), LaunchError>>) + Send + 'static,
) -> Result<JoinHandle<()>, LaunchError> {
    let failed = |source| LaunchError::Supervision {
        what: "thread",
        source,
    };
    let (started, ready) = mpsc::channel();
    let thread = std::thread::Builder::new()
        .name("blendtorch-fleet".into())
        .spawn(move || run(&started))
        .map_err(failed)?;
    let never = || {
        failed(std::io::Error::other(
            "it ended before the instances had started",
        ))
    };
    ready.recv().map_err(|_| never())??;
    Ok(thread)
}

/// What a part of the control channel needs; without it nobody can ask the fleet, which is said.
fn or_warned<T, E: Display>(made: Result<T, E>, warnings: &mut Vec<String>) -> Option<T> {
    made.inspect_err(|error| warnings.push(format!("{NOT_ASKED}: {error}")))
        .ok()
}

fn drawn_seed() -> u64 {
    u64::from(rand::random::<u32>() >> 1)
}

/// What is known of Blenders from before.
fn answers(options: &FleetOptions) -> Answers {
    match options.remember {
        true => Answers::open(),
        false => Answers::in_file(None),
    }
}
