//! `blendtorch render`: an animation to disk over several Blenders.
//!
//! Owns the command line and what its user sees. All that it does is the crate `blendtorch-render`'s.

mod arguments;
mod bar;
mod network;
mod signals;
mod tasks;

use blendtorch_launcher::SlurmSettings;
use blendtorch_render::{FleetPlan, Outcome, RenderDescription, RenderError, RenderFleet};

pub(super) use arguments::RenderArguments;
use bar::Bar;
use signals::Signals;

use super::{say as say_as, sequence};

fn say(line: &str) {
    say_as("blendtorch render", line);
}

/// Renders. 0 where all frames are done; 1 where some were set aside or it could not go on; 128 + the
/// signal where it was stopped.
pub(super) fn run(arguments: &RenderArguments) -> u8 {
    let described = match arguments.description() {
        Ok(described) => described,
        Err(error) => return failed(&error),
    };
    if let Some(file) = &arguments.bake {
        return match network::bake(&described, file) {
            Ok(made) => {
                say(&format!("{}: {made}", file.display()));
                0
            }
            Err(error) => failed(&error),
        };
    }
    if arguments.array.is_some()
        && let Some(settings) = arguments.slurm.settings(described.slurm.as_ref())
    {
        return submitted(arguments, described, &settings);
    }
    if arguments.video.is_some() && arguments.array.is_some() {
        say(
            "error: --video: a task has a part of the frames; make the video when all have ended, by \
             `blendtorch sequence`, or submit them by --slurm --array",
        );
        return 1;
    }
    let code = match render(arguments, &described) {
        Ok(code) => code,
        Err(error) => return failed(&error),
    };
    match (&arguments.video, &described.out) {
        (Some(video), Some(out)) if code == 0 => sequence::make(out, video, arguments.quiet),
        _ => code,
    }
}

/// Hands it to Slurm, as tasks without a head. 0 where Slurm has taken it.
fn submitted(
    arguments: &RenderArguments,
    described: RenderDescription,
    settings: &SlurmSettings,
) -> u8 {
    // What is wrong with it is said here, not by each task.
    if let Err(error) = described.job() {
        return failed(&error);
    }
    let out = described.out.clone();
    let taken =
        tasks::array(described, settings.clone()).and_then(|job| match (&arguments.video, out) {
            (Some(video), Some(out)) => tasks::video(&out, video, settings.clone(), job)
                .map_err(|why| format!("{why}; job {job} goes on, without a video")),
            _ => Ok(()),
        });
    match taken {
        Ok(()) => 0,
        Err(why) => {
            say(&format!("error: {why}"));
            1
        }
    }
}

fn failed(error: &RenderError) -> u8 {
    say(&format!("error: {error}"));
    1
}

fn render(arguments: &RenderArguments, described: &RenderDescription) -> Result<u8, RenderError> {
    let mut job = described.job()?;
    job.request.dry_run = arguments.dry_run;
    job.request.anew = arguments.anew;
    let part = arguments.array.map(arguments::Tasks::part).transpose();
    let part = part.map_err(|problem| RenderError::Job {
        file: None,
        key: Some("--array".into()),
        problem,
    })?;
    job.request.part = part;
    let mut plan = FleetPlan::of(described);
    plan.slurm = arguments.slurm.settings(described.slurm.as_ref());
    let ending = job.request.ending.clone();
    let heed = || {
        let signals = Signals::heed(ending.clone(), say);
        signals
            .map_err(|error| RenderError::NoWorkers(format!("signals cannot be handled: {error}")))
    };
    // Before there is a fleet: a job that is being submitted is to be cancelled too.
    let early = plan.slurm.is_some().then(heed).transpose()?;
    let fleet = RenderFleet::start(&plan)?;
    let signals = early.map_or_else(heed, Ok)?;
    signals.stops(fleet.stopper());
    let workers = fleet.workers();
    // Hosts say which Blender they have when they come.
    let version = match fleet.blender() {
        version if version.is_empty() => version,
        version => format!(" {version}"),
    };
    say(&format!(
        "{workers} Blender{}{version} for {}{}",
        if workers == 1 { "" } else { "s" },
        part.map_or_else(String::new, |part| format!("part {part} of ")),
        job.scene.file.display()
    ));
    let mut bar = Bar::new(arguments.quiet);
    let rendered = fleet.render(&job, &mut |progress| {
        fleet.notices().iter().for_each(|notice| bar.line(notice));
        bar.show(progress);
        !signals.stops_at_once()
    });
    bar.end();
    fleet.stop();
    match (rendered, signals.exit_code()) {
        // What it stumbled over is that it was stopped.
        (Err(_), Some(code)) => {
            let (done, total) = bar.counted();
            say(&format!(
                "stopped; {done} of {total} frames are done, and the same again renders the rest"
            ));
            Ok(code)
        }
        (Err(error), None) => Err(error),
        (Ok(outcome), Some(code)) if outcome.done + outcome.failed.len() < outcome.total => {
            let Outcome { done, total, .. } = outcome;
            say(&format!(
                "stopped after the frames in work; {done} of {total} frames are done, and the same \
                 again renders the rest"
            ));
            Ok(code)
        }
        (Ok(outcome), _) => Ok(told(&outcome, &job.request.out.display().to_string())),
    }
}

/// The last lines; the exit code.
fn told(outcome: &Outcome, out: &str) -> u8 {
    let Outcome {
        total,
        done,
        skipped,
        failed,
        elapsed,
        ..
    } = outcome;
    let seconds = elapsed.as_secs_f64();
    let before = match skipped {
        0 => String::new(),
        _ => format!(" ({skipped} before)"),
    };
    #[allow(clippy::cast_precision_loss, reason = "frames are few")]
    let rate = (done - skipped) as f64 / seconds.max(1e-9);
    say(&format!(
        "{done} of {total} frames are done{before}, in {seconds:.1} s ({rate:.2} frames/s), in {out}"
    ));
    if failed.is_empty() {
        return 0;
    }
    for (frame, why) in failed {
        say(&format!("frame {frame} was set aside: {why}"));
    }
    let frames = if failed.len() == 1 { "frame" } else { "frames" };
    say(&format!(
        "error: {} {frames} could not be rendered; the same again tries them anew",
        failed.len()
    ));
    1
}
