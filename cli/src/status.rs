//! `blendtorch status`: how the instances of a fleet are, as a table or as JSON.
//!
//! Owns the table. It must never change anything of the fleet.

use std::fmt::Write as _;
use std::io::{ErrorKind, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

use blendtorch_channels::control::{ControlError, FleetClient, FleetReport, InstanceReport, Mode};
use blendtorch_launcher::{JobError, ask_job};
use clap::Args;

use super::{print, say};

/// How often `--watch` looks.
const EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
#[command(after_help = super::help::STATUS_HELP)]
pub(super) struct StatusArguments {
    /// The launch info of the fleet, or its job of Slurm; without one, the only fleet of yours that
    /// runs here
    #[arg(value_name = "launch_info.json | JOB")]
    fleet: Option<PathBuf>,
    /// Print it as JSON, for programs
    #[arg(long)]
    json: bool,
    /// Look again every second, until the fleet has ended or Ctrl-C
    #[arg(long)]
    watch: bool,
}

/// Prints how a fleet is. 0 where all instances run or will again, or have ended in order; 1 where one
/// has failed or the fleet cannot be asked.
pub(super) fn run(arguments: &StatusArguments) -> u8 {
    let mut fleet = match Asked::of(arguments.fleet.as_deref()) {
        Ok(fleet) => fleet,
        Err(error) => return failed(&error),
    };
    let mut last = None;
    loop {
        let report = match (fleet.report(), last) {
            (Ok(report), _) => report,
            // It was there: it has come to its end while it was watched.
            (Err(Unheard::Gone(_)), Some(code)) => {
                say("blendtorch status", "the fleet has ended");
                return code;
            }
            (Err(Unheard::Gone(why) | Unheard::Late(why)), _) => return failed(&why),
        };
        let code = u8::from(report.instances.iter().any(|one| one.mode == Mode::Failed));
        let text = shown(&report, arguments);
        let printed = print(&text);
        if printed != 0 || !arguments.watch {
            return printed.max(code);
        }
        last = Some(code);
        std::thread::sleep(EVERY);
    }
}

/// Who is asked.
enum Asked {
    /// A head on this machine.
    Here(FleetClient),
    /// That of a job, wherever it is.
    Job(String),
}

/// Why there is no answer.
enum Unheard {
    /// Nobody is there.
    Gone(String),
    /// Perhaps somebody is.
    Late(String),
}

impl Asked {
    fn of(named: Option<&Path>) -> Result<Self, String> {
        let Some(named) = named else {
            return FleetClient::only()
                .map(Self::Here)
                .map_err(|error| error.to_string());
        };
        let job = named.to_str().filter(|name| {
            let digits = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
            digits.is_empty() && !named.exists()
        });
        match job {
            Some(job) => Ok(Self::Job(
                job.split('_').next().unwrap_or_default().to_owned(),
            )),
            None => FleetClient::of_launch_info(named)
                .map(Self::Here)
                .map_err(|error| error.to_string()),
        }
    }

    fn report(&mut self) -> Result<FleetReport, Unheard> {
        match self {
            Self::Here(client) => client.status(true).map_err(|error| match &error {
                ControlError::Socket { source, .. }
                    if !matches!(source.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    Unheard::Gone(error.to_string())
                }
                _ => Unheard::Late(error.to_string()),
            }),
            Self::Job(job) => ask_job(job, true).map_err(|error| match error {
                JobError::Gone(why) => Unheard::Gone(why),
                other => Unheard::Late(other.to_string()),
            }),
        }
    }
}

fn failed(error: &str) -> u8 {
    say("blendtorch status", &format!("error: {error}"));
    1
}

fn shown(report: &FleetReport, arguments: &StatusArguments) -> String {
    if arguments.json {
        let text = match arguments.watch {
            true => serde_json::to_string(report),
            false => serde_json::to_string_pretty(report),
        };
        return text.unwrap_or_default() + "\n";
    }
    let clear = arguments.watch && std::io::stdout().is_terminal();
    let clear = if clear { "\x1b[H\x1b[2J" } else { "" };
    format!("{clear}{}", table(report))
}

const HEADS: [&str; 9] = [
    "#", "pid", "life", "episode", "samples", "/s", "frame", "memory", "is",
];

/// The table, with the last words of those that have failed under it.
fn table(report: &FleetReport) -> String {
    let mut rows = vec![HEADS.map(str::to_owned)];
    rows.extend(report.instances.iter().map(|one| row(report, one)));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<_> = (0..HEADS.len())
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let mut text = format!(
        "{}: launcher {}, for {}; restart {}\n",
        report.fleet,
        report.launcher,
        time(report.runs_for),
        report.restart
    );
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths).take(HEADS.len() - 1) {
            let _ = write!(line, "{cell:>width$}  ");
        }
        // The last column is text, and may be long.
        line += &row[HEADS.len() - 1];
        let _ = writeln!(text, "{}", line.trim_end());
    }
    for one in &report.instances {
        let told = one.report.as_deref().filter(|_| one.mode != Mode::Ended);
        for line in told.unwrap_or_default().lines() {
            let _ = writeln!(text, "  {}", plain(line));
        }
    }
    text
}

fn row(report: &FleetReport, one: &InstanceReport) -> [String; 9] {
    let runs = one.mode == Mode::Running;
    let lived = report.now_ns.saturating_sub(one.began_ns);
    #[allow(clippy::cast_precision_loss, reason = "for people")]
    let rate = one.messages as f64 / (lived as f64 / 1e9).max(1e-3);
    let or_none = |shown: Option<String>| shown.unwrap_or_else(|| "-".into());
    let position = one.episode.map(|episode| match one.sample {
        Some(sample) => format!("{episode}.{sample}"),
        None => episode.to_string(),
    });
    [
        one.index.to_string(),
        or_none(runs.then(|| one.pid.to_string())),
        one.life.to_string(),
        or_none(position),
        one.messages_in_all.to_string(),
        or_none((runs && one.attached).then(|| format!("{rate:.1}"))),
        or_none((one.frames > 0).then(|| milliseconds(one.latest_frame))),
        or_none(one.memory.map(mebibytes)),
        phrase(one),
    ]
}

fn phrase(one: &InstanceReport) -> String {
    let mut text = match one.host.as_ref().filter(|_| one.mode == Mode::Running) {
        Some(host) => format!("on {}: {}", plain(host), one.phrase()),
        None => one.phrase(),
    };
    if let Some(counters) = one.counters.filter(|counters| counters.frames_s > 0.0) {
        let part = |seconds: f64| seconds / counters.frames_s * 100.0;
        let _ = write!(
            text,
            " (render {:.0} %, evaluate {:.0} %, publish {:.0} %)",
            part(counters.render_s),
            part(counters.evaluate_s),
            part(counters.publish_s)
        );
    }
    if let Some(last) = one.lives.last().filter(|_| one.mode == Mode::Running) {
        let _ = write!(text, "; its last life {}", last.end);
    }
    text
}

/// What an instance has said, without what a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

fn milliseconds(seconds: f64) -> String {
    match seconds < 1.0 {
        true => format!("{:.0} ms", seconds * 1e3),
        false => format!("{seconds:.1} s"),
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

fn time(seconds: f64) -> String {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a time that something has run"
    )]
    let seconds = seconds as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use blendtorch_channels::control::{Epitaph, State};

    #[test]
    fn the_table_says_how_each_is() {
        let report = FleetReport {
            fleet: "fleet-a".into(),
            launcher: 7,
            runs_for: 192.0,
            now_ns: 10_000_000_000,
            restart: "on-abnormal".into(),
            instances: vec![
                InstanceReport {
                    pid: 100,
                    life: 2,
                    attached: true,
                    state: State::WaitingForConsumer,
                    state_for: 3.0,
                    messages: 50,
                    messages_in_all: 80,
                    lives: vec![Epitaph {
                        end: "was ended by signal 9".into(),
                        ..Epitaph::default()
                    }],
                    ..InstanceReport::default()
                },
                InstanceReport {
                    index: 1,
                    mode: Mode::Failed,
                    report: Some("instance 1 ended with exit code 1\n    ValueError".into()),
                    ..InstanceReport::default()
                },
            ],
            ..FleetReport::default()
        };
        let text = table(&report);
        assert!(text.starts_with("fleet-a: launcher 7, for 3 min 12 s; restart on-abnormal\n"));
        let lines: Vec<_> = text.lines().collect();
        let cells: Vec<_> = lines[2].split_whitespace().take(6).collect();
        assert_eq!(cells, ["0", "100", "2", "-", "80", "5.0"], "{text}");
        assert!(
            lines[2]
                .ends_with("waiting for a consumer for 3.0 s; its last life was ended by signal 9"),
            "{text}"
        );
        assert!(
            lines[3].ends_with("failed") && lines[5].ends_with("ValueError"),
            "{text}"
        );
    }
}
