//! The head: hosts come to it over tcp, get their shares, and say how their instances are.
//!
//! Owns the thread in which all of that comes together, and the order of a fleet's beginning and end.
//! It must never wait for one host while others say something.

mod addresses;
mod clock;
mod connection;
mod far;
mod heard;
mod member;
mod members;
mod supplied;

use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, channel, unbounded_channel};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::join::Join;
use super::state::State;
use crate::board::Board;
use crate::fleet::{Level, Log, printer};
use crate::head::Teller;
use crate::placement::{Change, Supply};
use crate::sealed::Key;
use crate::{FleetOptions, LaunchDescription, LaunchError};
use connection::listen;
pub(crate) use far::{Far, Order};
use members::Members;
use supplied::Supplied;

/// How often it is looked who is silent, and whether the launch info is still right.
const TICK: Duration = Duration::from_millis(250);
/// How long hosts may take to end beyond what their instances are given, and when those are killed.
const HOSTS_END: Duration = Duration::from_secs(10);
const HOSTS_DIE: Duration = Duration::from_secs(4);
/// How long the last words to hosts may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// What the thread needs to know.
pub(crate) struct Gathering {
    pub(crate) description: LaunchDescription,
    pub(crate) options: FleetOptions,
    pub(crate) supply: Box<dyn Supply>,
    /// At most so many instances a host.
    pub(crate) each: usize,
    pub(crate) head_address: Option<String>,
    pub(crate) seed: u64,
    pub(crate) logs: Vec<Log>,
    pub(crate) board: Arc<Board>,
    pub(crate) level: watch::Receiver<Level>,
    pub(crate) state: State,
    pub(crate) orders: UnboundedReceiver<Order>,
    pub(crate) teller: Arc<Teller>,
}

/// Says that all have ended when the thread does, whatever ends it.
struct Last(Arc<Board>);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.all_ended();
    }
}

/// The thread: asks for hosts, says through `started` that they were asked for, and returns when all
/// instances have ended and no host is left.
pub(crate) fn gather(gathering: Gathering, started: &mpsc::Sender<Result<(), LaunchError>>) {
    let _last = Last(Arc::clone(&gathering.board));
    let made = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build();
    let outcome = match made {
        Ok(runtime) => runtime.block_on(run(gathering, started)),
        Err(source) => Err(LaunchError::Supervision {
            what: "runtime",
            source,
        }),
    };
    if let Err(error) = outcome {
        let _ = started.send(Err(error));
    }
}

async fn run(
    gathering: Gathering,
    started: &mpsc::Sender<Result<(), LaunchError>>,
) -> Result<(), LaunchError> {
    let failed = |what| move |source| LaunchError::Supervision { what, source };
    let Gathering {
        description,
        options,
        supply,
        each,
        head_address,
        seed,
        logs,
        board,
        mut level,
        state,
        mut orders,
        teller,
    } = gathering;
    let logged = !logs.is_empty();
    let (lines, printed) = printer(options.output, logs)
        .map_err(failed("output thread"))?
        .unzip();
    let listener = addresses::listener(head_address.as_deref())
        .await
        .map_err(failed("listener for hosts"))?;
    let port = listener
        .local_addr()
        .map_err(failed("listener for hosts"))?
        .port();
    let join = Join {
        addresses: addresses::of_this_machine(head_address.as_deref(), port),
        key: Key::new(),
        slot: None,
    };
    for _ in 0..description.num_instances {
        board.add_waiting();
    }
    let (supplied, begun) = Supplied::start(supply, &join).await?;
    if !begun.said.is_empty() {
        state.notice(begun.said);
    }
    let _ = started.send(Ok(()));

    let (events, mut hear) = unbounded_channel();
    let key = join.key.clone();
    let (open, mut closed) = channel(1);
    let accepting = tokio::spawn(listen(listener, key, events.clone(), teller, open));
    let mut members = Members::new(
        description,
        (seed, each, logged),
        &options,
        (Arc::clone(&board), state.clone(), lines),
        (supplied, join),
        events,
    );
    if let Some(job) = begun.job {
        members.changed(Change::Job(job));
    }
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reached = Level::Run;
    let mut deadline: Option<Instant> = None;
    loop {
        let wanted = (*level.borrow_and_update()).max(members.wanted());
        if wanted > reached {
            reached = wanted;
            members.stop(wanted);
            let patience = match wanted {
                Level::Kill => HOSTS_DIE,
                _ => options.grace + HOSTS_END,
            };
            deadline = Some(Instant::now() + patience);
        }
        let over = reached > Level::Run && members.is_empty();
        if over || deadline.is_some_and(|at| at <= Instant::now()) {
            break;
        }
        tokio::select! {
            event = hear.recv() => match event {
                Some(event) => members.hear(event),
                None => break,
            },
            // Its senders are there until the fleet has ended.
            Some(order) = orders.recv() => members.order(&order),
            change = members.supplied.next() => members.changed(change),
            _ = ticks.tick() => {
                members.tick();
                state.write_info(&board);
            }
            Ok(()) = level.changed() => {}
        }
    }
    accepting.abort();
    members.end().await;
    // What was said last is sent.
    let _ = timeout(FAREWELL, closed.recv()).await;
    if let Some(printed) = printed {
        let _ = timeout(crate::fleet::LAST_WORDS, printed).await;
    }
    Ok(())
}
