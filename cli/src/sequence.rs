//! `blendtorch sequence`: frames to a video.
//!
//! Owns the command line and what its user sees. All that it does is the crate `blendtorch-render`'s.

use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use blendtorch_launcher::slurm::JobId;
use blendtorch_launcher::{Caught, SlurmArguments, SlurmSettings};
use blendtorch_render::Frames;
use blendtorch_render::video::{Rate, Sequence, Sequenced, Sequencing, compact, sequence};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::help::SEQUENCE_HELP;
use super::say as say_as;
use super::submit::{Command, absolute, submit};

/// Without a terminal a line comes so often.
const EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
#[command(after_help = SEQUENCE_HELP)]
pub(super) struct SequenceArguments {
    /// The folder that was rendered into, one of its passes' folders, or a folder of numbered pictures
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// The video: .mp4 or .mov (H.264), .webm (VP9), .mkv (FFV1, which loses nothing), .gif
    #[arg(value_name = "VIDEO")]
    out: PathBuf,
    /// What is shown, with commas: passes, or previews; several as a grid with their names [default: frames]
    #[arg(
        short,
        long,
        visible_alias = "grid",
        value_name = "PASSES",
        value_delimiter = ','
    )]
    passes: Vec<String>,
    /// Frames a second: 24, 29.97, 30000/1001 [default: the scene's]
    #[arg(long, value_name = "RATE")]
    fps: Option<Rate>,
    /// First, last (it too) and step, as 1:250:2; parts left out are the folder's
    #[arg(short, long, value_name = "FRAMES", allow_hyphen_values = true)]
    frames: Option<Frames>,
    /// 0 is the best; H.264 to 51 [default: 18], VP9 to 63 [default: 24]
    #[arg(long, value_name = "N")]
    quality: Option<u8>,
    /// Leave out frames that are missing, which else are an error
    #[arg(long)]
    allow_missing: bool,
    /// Replace a video of that name
    #[arg(long)]
    overwrite: bool,
    /// No progress bar
    #[arg(short, long)]
    quiet: bool,
    /// Make it after this job of Slurm has ended well, as the one that renders the frames
    #[arg(long, value_name = "JOB", requires = "slurm")]
    after: Option<JobId>,
    #[command(flatten)]
    slurm: SlurmArguments,
}

impl SequenceArguments {
    /// The same command, for another machine.
    fn words(&self) -> Vec<String> {
        let mut words = vec![
            "sequence".into(),
            absolute(&self.folder),
            absolute(&self.out),
        ];
        let mut option = |name: &str, value: Option<String>| {
            words.extend(value.map(|value| format!("--{name}={value}")));
        };
        let passes = (!self.passes.is_empty()).then(|| self.passes.join(","));
        option("passes", passes);
        option("fps", self.fps.map(|rate| rate.to_string()));
        option("frames", self.frames.as_ref().map(ToString::to_string));
        option("quality", self.quality.map(|quality| quality.to_string()));
        let flags = [
            (self.allow_missing, "--allow-missing"),
            (self.overwrite, "--overwrite"),
            (true, "--quiet"),
        ];
        let flags = flags.into_iter().filter(|(said, _)| *said);
        words.extend(flags.map(|(_, flag)| flag.to_owned()));
        words
    }

    fn sequence(&self) -> Sequence {
        Sequence {
            folder: self.folder.clone(),
            out: self.out.clone(),
            passes: self
                .passes
                .iter()
                .map(|pass| pass.trim().to_owned())
                .collect(),
            frames: self.frames.clone(),
            rate: self.fps,
            quality: self.quality,
            allow_missing: self.allow_missing,
            overwrite: self.overwrite,
        }
    }
}

fn say(line: &str) {
    say_as("blendtorch sequence", line);
}

/// Makes the video. 0 where it is there; 1 where it could not be made; 128 + the signal where it was
/// stopped.
pub(super) fn run(arguments: &SequenceArguments) -> u8 {
    if let Some(settings) = arguments.slurm.settings(None) {
        return submitted(arguments, settings);
    }
    let stopped = match Caught::listen(|_, _| {}) {
        Ok(stopped) => stopped,
        Err(error) => return failed(&format!("signals cannot be handled: {error}")),
    };
    let mut bar = Bar::new(arguments.quiet);
    let made = sequence(&arguments.sequence(), &mut |now| {
        bar.show(now);
        stopped.exit_code().is_none()
    });
    bar.end();
    match (made, stopped.exit_code()) {
        (Ok(made), _) => {
            told(&made, arguments);
            0
        }
        (Err(_), Some(code)) => {
            say("stopped; nothing is left of the video");
            code
        }
        (Err(error), None) => failed(&error.to_string()),
    }
}

/// Makes a video of a folder that was rendered into.
pub(super) fn make(folder: &Path, out: &Path, quiet: bool) -> u8 {
    run(&SequenceArguments {
        folder: folder.to_owned(),
        out: out.to_owned(),
        passes: Vec::new(),
        fps: None,
        frames: None,
        quality: None,
        allow_missing: false,
        overwrite: true,
        quiet,
        after: None,
        slurm: SlurmArguments::default(),
    })
}

/// Hands it to Slurm. 0 where that has taken it.
fn submitted(arguments: &SequenceArguments, settings: SlurmSettings) -> u8 {
    let command = Command {
        arguments: arguments.words(),
        name: "blendtorch-sequence",
        elements: None,
        after: arguments.after,
        log_dir: None,
    };
    match submit(settings, command) {
        Ok((job, logs)) => {
            let out = arguments.out.display();
            let logs = logs.display();
            say(&format!("job {job} makes {out}; its words are in {logs}"));
            0
        }
        Err(why) => failed(&why),
    }
}

fn failed(problem: &str) -> u8 {
    say(&format!("error: {problem}"));
    1
}

/// The last lines.
fn told(made: &Sequenced, arguments: &SequenceArguments) {
    let out = arguments.out.display();
    if !made.missing.is_empty() {
        let missing = compact(&made.missing);
        say(&format!(
            "warning: frames that are missing were left out: {missing}"
        ));
    }
    if arguments.fps.is_none() && made.step > 1 {
        let (step, rate) = (made.step, made.rate);
        say(&format!(
            "frames are {step} apart and shown at the scene's {rate} a second, {step} times as fast as it \
             plays; --fps {:.4} shows them as fast",
            rate.fps() / f64::from(i32::try_from(step).unwrap_or(i32::MAX))
        ));
    }
    if made.widened {
        say(
            "a side had an odd number of pixels, which this format cannot have: its last ones come twice",
        );
    }
    let (frames, passes) = (made.frames.len(), made.passes.join(", "));
    let of = if frames == 1 { "frame of" } else { "frames of" };
    let (width, height) = made.size;
    #[allow(clippy::cast_precision_loss, reason = "two digits are shown")]
    let (megabytes, shown) = (made.bytes as f64 / 1e6, frames as f64 / made.rate.fps());
    say(&format!(
        "{out}: {frames} {of} {passes}, {width} × {height}, {} frames a second, {shown:.1} s, \
         {megabytes:.1} MB, in {:.1} s",
        made.rate,
        made.elapsed.as_secs_f64()
    ));
}

/// The bar on a terminal, and lines where there is none.
struct Bar {
    bar: Option<ProgressBar>,
    quiet: bool,
    last: Instant,
}

impl Bar {
    fn new(quiet: bool) -> Self {
        let bar = (!quiet && stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(5));
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self {
            bar,
            quiet,
            last: Instant::now(),
        }
    }

    fn show(&mut self, now: &Sequencing) {
        #[allow(clippy::cast_precision_loss, reason = "one digit is shown")]
        let rate = now.done as f64 / now.elapsed.as_secs_f64().max(1e-9);
        let told = match rate {
            rate if rate > 0.0 && rate < 1.0 => format!("{:.1} s/frame", 1.0 / rate),
            rate => format!("{rate:.1} frames/s"),
        };
        match &self.bar {
            Some(bar) => {
                bar.set_length(now.total);
                bar.set_position(now.done);
                bar.set_message(told);
            }
            None if !self.quiet && self.last.elapsed() >= EVERY => {
                self.last = Instant::now();
                say(&format!("{}/{} {told}", now.done, now.total));
            }
            None => {}
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
