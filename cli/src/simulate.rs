//! `blendtorch simulate`: runs a SONATA configuration.
//!
//! Owns the command line and what its user sees. All that it does is the crate `blendtorch-simulate`'s.

use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use blendtorch_circuit::CircuitError;
use blendtorch_launcher::Caught;
use blendtorch_live::{LinkCounts, News, Policy};
use blendtorch_simulate::{
    Choice, Options, Plan, Progress, Publish, Run, SimulateError, Summary, plot,
};
use blendtorch_wire::End;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::help::SIMULATE_HELP;
use super::{print, say as say_as};

/// Without a terminal a line comes so often.
const EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
#[command(after_help = SIMULATE_HELP)]
pub(super) struct SimulateArguments {
    /// The SONATA configuration
    #[arg(value_name = "CONFIG")]
    config: PathBuf,
    /// Only say what is wrong with it, and what it would do
    #[arg(long)]
    check: bool,
    /// Which engine simulates: auto or native
    #[arg(long, value_name = "ENGINE", default_value_t)]
    engine: Choice,
    /// Threads, up to 1024 [default: run.n_thread, else 1]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Another value of a key, as run.tstop=500; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = assignment)]
    set: Vec<(String, serde_json::Value)>,
    /// Another folder than output.output_dir
    #[arg(short, long, value_name = "FOLDER")]
    output_dir: Option<PathBuf>,
    /// Draw spikes, rates and reports [default: spikes.png in the folder of the output]
    #[arg(long, value_name = "PNG", num_args = 0..=1)]
    plot: Option<Option<PathBuf>>,
    /// Let Blenders draw it while it runs: their addresses, or a launch info that lists them
    #[arg(long, value_name = "TARGET", num_args = 1..)]
    publish: Vec<String>,
    /// How long a published interval is, in ms
    #[arg(long, value_name = "MS", default_value_t = 1.0, requires = "publish")]
    publish_every: f64,
    /// Wait for Blenders that are more than so many intervals behind [default: never wait]
    #[arg(long, value_name = "N", requires = "publish")]
    publish_wait: Option<u32>,
    /// Begin when they are all there, or after so long [default: begin at once]
    #[arg(long, value_name = "SECONDS", requires = "publish")]
    publish_await: Option<u16>,
    /// How they draw it: a network.json, whose network and results are left aside
    #[arg(long, value_name = "JSON", requires = "publish")]
    publish_look: Option<PathBuf>,
    /// Print the summary as JSON, for programs
    #[arg(long)]
    json: bool,
    /// No progress bar, and no summary
    #[arg(short, long)]
    quiet: bool,
}

impl SimulateArguments {
    /// Why the picture that is asked for cannot be written, if that can be known before.
    fn unwritable_plot(&self) -> Option<String> {
        let file = self.plot.as_ref()?.as_ref()?;
        let shown = file.display();
        if !file
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("png"))
        {
            return Some(format!(
                "{shown}: the plot is a PNG; give it a name that ends with .png"
            ));
        }
        let folder = file.parent().filter(|one| !one.as_os_str().is_empty());
        match folder {
            Some(folder) if !folder.is_dir() => {
                Some(format!("{shown}: there is no folder {}", folder.display()))
            }
            _ if file.is_dir() => Some(format!("{shown} is a folder")),
            _ => None,
        }
    }
}

/// A key and its value, which is JSON, or else a word.
fn assignment(text: &str) -> Result<(String, serde_json::Value), String> {
    let (key, value) = text
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or("write KEY=VALUE, as run.tstop=500")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok((key.to_owned(), value))
}

fn say(line: &str) {
    say_as("blendtorch simulate", line);
}

/// Runs a configuration. 0 where it ran to its end; 1 where it could not; 128 + the signal where it was
/// stopped: what was simulated until then is written.
pub(super) fn run(arguments: &SimulateArguments) -> u8 {
    let options = Options {
        config: arguments.config.clone(),
        value: None,
        set: arguments.set.clone(),
        engine: arguments.engine,
        threads: arguments.threads.map(usize::from),
        output_dir: arguments.output_dir.clone(),
    };
    let stopped = match Caught::listen(|_, _| {}) {
        Ok(stopped) => stopped,
        Err(error) => return failed(&format!("signals cannot be handled: {error}")),
    };
    let (plan, problems) = Plan::make(&options);
    for problem in problems.iter() {
        say(&nearer(&problem.to_string()));
    }
    let more = problems.errors() + problems.warnings() - problems.iter().count();
    if more > 0 {
        say(&format!("… and {more} more problems"));
    }
    let Some(plan) = plan else {
        let errors = problems.errors();
        let word = if errors == 1 { "error" } else { "errors" };
        return failed(&format!("{errors} {word}; nothing was simulated"));
    };
    if let Some(problem) = arguments.unwritable_plot() {
        return failed(&problem);
    }
    if arguments.check {
        return checked(&plan);
    }
    match simulated(arguments, plan, &stopped) {
        Ok((summary, code)) => {
            let printed = match (arguments.json, arguments.quiet) {
                (true, _) => print(&format!("{:#}\n", serde_json::json!(summary))),
                (false, true) => 0,
                (false, false) => print(&summary.table()),
            };
            code.unwrap_or(printed)
        }
        Err(error) => refused(&error),
    }
}

/// Says what was found where everything was read.
fn checked(plan: &Plan) -> u8 {
    match plan.verify() {
        Ok(warnings) => {
            for warning in warnings {
                say(&nearer(&warning));
            }
            print(&plan.describe())
        }
        Err(error) => refused(&error),
    }
}

/// Says each of several problems on a line of its own.
fn refused(error: &SimulateError) -> u8 {
    match error {
        SimulateError::Circuit(CircuitError::Invalid(problems)) => {
            for problem in problems.iter() {
                say(&nearer(&problem.to_string()));
            }
            let errors = problems.errors();
            let word = if errors == 1 { "error" } else { "errors" };
            failed(&format!("{errors} {word}; nothing was simulated"))
        }
        error => failed(&error.to_string()),
    }
}

fn failed(problem: &str) -> u8 {
    say(&format!("error: {}", nearer(problem)));
    1
}

/// Paths in the folder where it runs without that folder: all paths of a plan are whole.
fn nearer(text: &str) -> String {
    match std::env::current_dir() {
        Ok(here) if here.parent().is_some() => text.replace(&format!("{}/", here.display()), ""),
        _ => text.to_owned(),
    }
}

fn simulated(
    arguments: &SimulateArguments,
    plan: Plan,
    stopped: &Caught,
) -> Result<(Summary, Option<u8>), SimulateError> {
    let picture = arguments
        .plot
        .clone()
        .map(|file| file.unwrap_or_else(|| plan.output_dir().join("spikes.png")));
    let mut run = Run::start(plan)?;
    for warning in run.warnings() {
        say(&nearer(warning));
    }
    publish(arguments, &mut run, stopped)?;
    if let Some(code) = stopped.exit_code() {
        say("stopped before it began; what was there stays");
        return Ok((run.summary(), Some(code)));
    }
    let mut bar = Bar::new(arguments.quiet, &run.progress());
    while stopped.exit_code().is_none() && run.advance()? {
        bar.show(&run.progress());
        tell(&run.news());
    }
    bar.end();
    let end = match stopped.exit_code() {
        Some(_) => End::interrupted(),
        None => End::finished(),
    };
    let (counts, news) = run.end_publishing(&end)?;
    tell(&news);
    if !arguments.quiet {
        counts.iter().for_each(say_counts);
    }
    let (mut summary, sketch) = run.finish()?;
    if let Some(picture) = picture {
        plot::plot(&sketch, &picture)?;
        summary.files.push(picture);
    }
    let code = stopped.exit_code().filter(|_| summary.is_cut());
    if code.is_some() {
        let (time, end) = (summary.time_ms, summary.tstop_ms);
        say(&format!(
            "stopped at {time} ms of {end} ms; what was simulated is written"
        ));
    } else if !arguments.quiet {
        let (spikes, seconds) = (summary.spikes(), summary.seconds);
        say(&format!(
            "{} ms in {seconds:.2} s, {spikes} spikes; {} connections were read in {:.2} s",
            summary.time_ms, summary.connections, summary.loading_seconds
        ));
    }
    Ok((summary, code))
}

/// How it is drawn. Cells and spikes are those of the run, whatever the file has of them.
fn look(file: &Path) -> Result<String, SimulateError> {
    let circuit = |error| SimulateError::Circuit(error);
    let text = std::fs::read_to_string(file);
    let text = text.map_err(|error| circuit(CircuitError::io(file, error)))?;
    let keys: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(&text);
    let mut keys = keys.map_err(|error| {
        circuit(CircuitError::file(
            file,
            "",
            format!("it is no network.json: {error}"),
        ))
    })?;
    for key in ["network", "results", "results_group"] {
        keys.remove(key);
    }
    Ok(serde_json::Value::Object(keys).to_string())
}

/// Begins to publish it, where that is asked for.
fn publish(
    arguments: &SimulateArguments,
    run: &mut Run,
    stopped: &Caught,
) -> Result<(), SimulateError> {
    if arguments.publish.is_empty() {
        return Ok(());
    }
    let description = arguments.publish_look.as_deref().map(look).transpose()?;
    let policy = arguments
        .publish_wait
        .map_or(Policy::Drop, |window| Policy::Slow {
            window: window.max(1),
        });
    let said = run.publish(&Publish {
        to: arguments.publish.clone(),
        every_ms: arguments.publish_every,
        policy,
        description,
    })?;
    said.iter().for_each(|line| say(&nearer(line)));
    let patience = arguments
        .publish_await
        .map(u64::from)
        .map(Duration::from_secs);
    let began = Instant::now();
    while let Some(patience) = patience
        && !run.viewers_are_there()
        && stopped.exit_code().is_none()
    {
        if began.elapsed() >= patience {
            let seconds = patience.as_secs();
            say(&format!(
                "not all viewers are there after {seconds} s: it begins without them"
            ));
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn tell(news: &[News]) {
    news.iter().for_each(|one| say(&one.text));
}

fn say_counts(one: &LinkCounts) {
    let lost = match one.lost + one.left_out {
        0 => String::new(),
        lost => format!(", {lost} did not reach it"),
    };
    say(&format!(
        "the viewer at {} has drawn {} intervals in {} pictures by now{lost}",
        one.address, one.drawn, one.pictures
    ));
}

/// How far a run is.
struct Bar {
    bar: Option<ProgressBar>,
    began: Instant,
    from: f64,
    said: Instant,
    quiet: bool,
}

impl Bar {
    fn new(quiet: bool, now: &Progress) -> Self {
        let shown = !quiet && stderr().is_terminal();
        let bar = shown.then(|| {
            let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{wide_bar} {msg}");
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self {
            bar,
            began: Instant::now(),
            from: now.time_ms,
            said: Instant::now(),
            quiet,
        }
    }

    fn show(&mut self, now: &Progress) {
        let due = self.said.elapsed() >= EVERY;
        if self.bar.is_none() && (self.quiet || !due) {
            return;
        }
        self.said = Instant::now();
        let passed = self.began.elapsed().as_secs_f64();
        let simulated = now.time_ms - self.from;
        // More than one is faster than the brain.
        let factor = simulated / 1000.0 / passed.max(1e-9);
        let left = (now.tstop_ms - now.time_ms) / simulated.max(1e-9) * passed;
        let words = format!(
            "{:.0} of {:.0} ms, {} spikes, {factor:.2} × real time, {} left",
            now.time_ms,
            now.tstop_ms,
            now.spikes,
            indicatif::HumanDuration(Duration::try_from_secs_f64(left).unwrap_or_default())
        );
        match &self.bar {
            Some(bar) => {
                let share = simulated / (now.tstop_ms - self.from).max(1e-9) * 1000.0;
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a share of a thousand"
                )]
                bar.set_position(share as u64);
                bar.set_message(words);
            }
            None => say(&words),
        }
    }

    fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::assignment;

    #[test]
    fn keys_are_given_json_or_words() {
        let value = |text: &str| assignment(text).map(|(_, value)| value.to_string());
        assert_eq!(value("run.tstop=500").as_deref(), Ok("500"));
        assert_eq!(value("a=b c").as_deref(), Ok("\"b c\""));
        assert_eq!(value("a=[1, 2]").as_deref(), Ok("[1,2]"));
        for text in ["run.tstop", "=5"] {
            assert!(assignment(text).is_err(), "{text}");
        }
    }
}
