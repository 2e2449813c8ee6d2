//! Does all of it, holds it against the goals, and says so: a table, chaos.json, chaos.png.
//!
//! Owns the goals. Here they are judged, unlike a bench's: who runs this wants to know.

use crate::account::Account;
use crate::ends::{self, Ended};
use crate::faults::Kind;
use crate::machine::Machine;
use crate::options::Options;
use crate::stream::{self, Course};
use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::process::{Command, ExitCode};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// No stall of the stream is longer while one producer lives.
const STALL: f64 = 2.0;
/// The next life is started within this after the exit.
const RESPAWN: f64 = 1.0;
/// A Blender that is started again has its first item within this, on a quiet machine.
const FIRST_ITEM: f64 = 5.0;
/// Nothing is left after this.
const GONE: f64 = 5.0;
/// All have ended within this after Ctrl-C.
const CTRL_C: f64 = 10.0;
/// How many producers are made to hang.
const HANGS: usize = 2;

/// A goal, and what was measured.
#[derive(Debug, Serialize)]
struct Goal {
    what: String,
    goal: String,
    measured: String,
    /// Nothing where it cannot be judged here.
    met: Option<bool>,
}

/// All of it.
#[derive(Debug, Serialize)]
struct Report {
    /// Seconds since 1970.
    time: u64,
    seed: u64,
    quick: bool,
    machine: Machine,
    goals: Vec<Goal>,
    producers: Course,
    account: Account,
    blenders: Option<Course>,
    ends: Vec<Ended>,
}

/// Does all of it; the exit code.
pub(crate) fn check(options: &Options) -> Result<ExitCode> {
    let machine = Machine::now()?;
    println!(
        "{} cores, {}, Linux {}, load {:.1}; seed {}",
        machine.cores, machine.cpu, machine.kernel, machine.load, options.seed
    );
    if let Some(times) = options.ends {
        return only_ends(times);
    }
    let bar = bar("producers", options.seconds())?;
    let (producers, account) = stream::of_producers(options.seconds(), options.seed, &bar)?;
    bar.finish_and_clear();
    let blenders = match options.blender_seconds() {
        Duration::ZERO => None,
        seconds => {
            let bar = self::bar("Blenders", seconds)?;
            let course = stream::of_blenders(seconds, options.seed, &bar)?;
            bar.finish_and_clear();
            Some(course)
        }
    };
    let bar = ProgressBar::new_spinner();
    let ends = ends::play_all(|name| bar.set_message(name.to_owned()))?;
    bar.finish_and_clear();
    let mut goals = of_producers(&producers, &account);
    goals.extend(
        blenders
            .iter()
            .flat_map(|course| of_blenders(course, &machine)),
    );
    goals.extend(ends.iter().map(of_end));
    print(&goals);
    let met = goals.iter().all(|goal| goal.met != Some(false));
    let report = Report {
        time: SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        seed: options.seed,
        quick: options.quick,
        machine,
        goals,
        producers,
        account,
        blenders,
        ends,
    };
    write(&report, options)?;
    Ok(if met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// To look into one that is late now and then.
fn only_ends(times: usize) -> Result<ExitCode> {
    for _ in 0..times {
        let ends = ends::play_all(|_| {})?;
        print(&ends.iter().map(of_end).collect::<Vec<_>>());
        ends.iter().for_each(|end| println!("{:?}", end.seen));
    }
    Ok(ExitCode::SUCCESS)
}

fn bar(what: &'static str, lasts: Duration) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{elapsed} {wide_bar} {pos}/{len} s {msg}")?;
    let bar = ProgressBar::new(lasts.as_secs()).with_style(style);
    Ok(bar.with_message(what))
}

fn goal(
    what: impl Into<String>,
    goal: impl Into<String>,
    measured: impl Into<String>,
    met: bool,
) -> Goal {
    Goal {
        what: what.into(),
        goal: goal.into(),
        measured: measured.into(),
        met: Some(met),
    }
}

fn of_producers(course: &Course, account: &Account) -> Vec<Goal> {
    let lost = account
        .lost
        .map_or_else(|| "unknown".into(), |lost| lost.to_string());
    let kinds = |kind| course.faults.iter().filter(move |fault| fault.kind == kind);
    let hung = kinds(Kind::Hang).filter(|fault| {
        let seen = fault.end.as_ref().is_some_and(|end| end.contains("hung"));
        seen && fault.respawned.is_some()
    });
    let hung = hung.count();
    let mut goals = vec![
        goal(
            "producers: corrupt, malformed",
            "0",
            format!(
                "{} of {}",
                account.corrupt + account.malformed,
                account.received
            ),
            account.corrupt + account.malformed == 0,
        ),
        goal(
            "producers: duplicated",
            "0",
            account.duplicated.to_string(),
            account.duplicated == 0,
        ),
        goal(
            "producers: missing",
            format!("{} in flight", account.in_flight),
            format!(
                "{}, {lost} by receipts; of {} lives {} killed, {} unfinished, {} \
                 wrong, {} cut short",
                account.missing,
                account.lives,
                account.killed,
                account.unfinished,
                account.wrong.len(),
                account.cut_short
            ),
            account.is_exact(),
        ),
        goal(
            "producers: longest stall",
            format!("at most {STALL} s"),
            format!("{:.2} s", course.longest_gap),
            course.longest_gap <= STALL,
        ),
        goal(
            "producers: hangs seen and restarted",
            HANGS.to_string(),
            hung.to_string(),
            hung == HANGS && kinds(Kind::Hang).count() == HANGS,
        ),
        goal(
            "producers: errors of the dataset",
            "0",
            course.errors.len().to_string(),
            course.errors.is_empty(),
        ),
    ];
    goals.extend(respawned("producers", course));
    goals
}

/// Where somebody was killed early enough to come back.
fn respawned(who: &str, course: &Course) -> Option<Goal> {
    // After a life without an item the launcher waits for longer on purpose.
    let all = course.faults.iter().filter(|fault| !fault.barren);
    let times: Vec<_> = all.filter_map(|fault| fault.respawned).collect();
    let (count, longest) = (times.len(), longest(&times)?);
    Some(goal(
        format!("{who}: exit to next start"),
        format!("at most {RESPAWN} s"),
        format!("{longest:.2} s, longest of {count}"),
        longest <= RESPAWN,
    ))
}

fn longest(times: &[f64]) -> Option<f64> {
    times.iter().copied().reduce(f64::max)
}

fn of_blenders(course: &Course, machine: &Machine) -> Vec<Goal> {
    let times: Vec<_> = course
        .faults
        .iter()
        .filter_map(|fault| fault.first_item)
        .collect();
    let longest = longest(&times);
    let within = longest.is_some_and(|longest| longest <= FIRST_ITEM);
    let mut goals = vec![
        goal(
            "Blenders: duplicated",
            "0",
            course.duplicated.to_string(),
            course.duplicated == 0,
        ),
        Goal {
            what: "Blenders: next start to first item".into(),
            goal: format!("at most {FIRST_ITEM} s on a quiet machine"),
            measured: longest.map_or_else(
                || "nobody came back".into(),
                |longest| format!("{longest:.2} s, longest of {}", times.len()),
            ),
            // Who came back late on a busy machine says nothing.
            met: (within || machine.is_quiet() || longest.is_none()).then_some(within),
        },
    ];
    goals.extend(respawned("Blenders", course));
    goals
}

fn of_end(end: &Ended) -> Goal {
    let limit = if end.name.starts_with("Ctrl-C") {
        CTRL_C
    } else {
        GONE
    };
    let next = end
        .next_trainer
        .map(|seconds| format!("; the next trainer had items after {seconds:.1} s"));
    let measured = match end.gone {
        Some(seconds) => {
            let last = end.seen.iter().max_by(|a, b| a.1.total_cmp(b.1));
            let last = last.map_or("nothing", |(kind, _)| kind);
            format!(
                "{seconds:.2} s, {last} last; {} processes, {} memory files before{}",
                end.processes,
                end.memory_files,
                next.unwrap_or_default()
            )
        }
        None => format!("left: {:?}", end.left),
    };
    let met = end.gone.is_some_and(|seconds| seconds <= limit);
    goal(
        end.name,
        format!("nothing left after {limit} s"),
        measured,
        met,
    )
}

fn print(goals: &[Goal]) {
    let width = |of: fn(&Goal) -> &str| goals.iter().map(|goal| of(goal).chars().count()).max();
    let what = width(|goal| &goal.what).unwrap_or_default();
    let wanted = width(|goal| &goal.goal).unwrap_or_default();
    for goal in goals {
        let met = match goal.met {
            Some(true) => "met",
            Some(false) => "NOT met",
            None => "not judged: the machine is busy",
        };
        println!(
            "{:<what$}  {:<wanted$}  {}: {met}",
            goal.what, goal.goal, goal.measured
        );
    }
}

fn write(report: &Report, options: &Options) -> Result<()> {
    std::fs::create_dir_all(&options.out)?;
    let text = serde_json::to_string_pretty(report)?;
    std::fs::write(options.out.join("chaos.json"), text)?;
    let plot = concat!(env!("CARGO_MANIFEST_DIR"), "/chaos.py");
    let mut command = Command::new(&options.python);
    command.arg(plot).arg(&options.out);
    let drawn = command
        .status()
        .with_context(|| format!("cannot start {command:?}"))?;
    ensure!(drawn.success(), "chaos.png could not be drawn: {drawn}");
    println!(
        "{}, {}",
        options.out.join("chaos.json").display(),
        options.out.join("chaos.png").display()
    );
    Ok(())
}
