//! `blendtorch inspect`: what a folder of rendered files holds.
//!
//! Owns the table. It changes nothing but, with `--verify`, the rows of files that are not what was
//! written.

use std::fmt::Write as _;
use std::path::PathBuf;

use blendtorch_render::{Found, Ledger, RenderError, Summary};
use clap::Args;
use indicatif::ProgressBar;
use serde_json::json;

use super::help::INSPECT_HELP;
use super::{print, say};

#[derive(Debug, Args)]
#[command(after_help = INSPECT_HELP)]
pub(super) struct InspectArguments {
    /// The folder that was rendered into
    #[arg(value_name = "FOLDER")]
    out: PathBuf,
    /// Read every file and compare its checksum; what has changed is rendered again by the same job
    #[arg(long)]
    verify: bool,
    /// Print it as JSON, for programs
    #[arg(long)]
    json: bool,
}

/// Says what a folder holds. 0 where all of it is done; 1 where files are missing, have failed or
/// are not what was written.
pub(super) fn run(arguments: &InspectArguments) -> u8 {
    match inspect(arguments) {
        Ok(code) => code,
        Err(error) => {
            say("blendtorch inspect", &format!("error: {error}"));
            1
        }
    }
}

fn inspect(arguments: &InspectArguments) -> Result<u8, RenderError> {
    // To be read it must be there; to be written nobody else may have it.
    let mut ledger = Ledger::read(&arguments.out)?;
    let mut found = Vec::new();
    if arguments.verify {
        match Ledger::open(&arguments.out) {
            Ok(ours) => ledger = ours,
            Err(RenderError::Out { problem, .. }) => {
                let text = format!("{problem}. Files are compared, and nothing is changed");
                say("blendtorch inspect", &text);
            }
            Err(error) => return Err(error),
        }
        let bar = ProgressBar::new(0);
        found = ledger.verify(&mut |done, total| {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        })?;
        bar.finish_and_clear();
    }
    let summary = ledger.summary()?;
    let text = match arguments.json {
        true => format!("{:#}\n", json!({"summary": summary, "found": found})),
        false => table(&summary, &found, arguments.verify),
    };
    let printed = print(&text);
    let whole = found.is_empty() && summary.whole == summary.frames && summary.failed.is_empty();
    Ok(printed.max(u8::from(!whole)))
}

fn table(summary: &Summary, found: &[Found], verified: bool) -> String {
    let mut text = format!(
        "{} of {} frames are whole\n\n{:<15}{:>8}{:>8}{:>9}{:>8}{:>11}{:>12}\n",
        summary.whole,
        summary.frames,
        "pass",
        "done",
        "given",
        "pending",
        "failed",
        "MB",
        "ms a file"
    );
    for kind in &summary.kinds {
        #[allow(clippy::cast_precision_loss, reason = "two digits are shown")]
        let megabytes = kind.bytes as f64 / 1e6;
        let seconds = kind
            .seconds
            .map_or_else(|| "-".to_owned(), |seconds| format!("{:.1}", seconds * 1e3));
        let _ = writeln!(
            text,
            "{:<15}{:>8}{:>8}{:>9}{:>8}{megabytes:>11.1}{seconds:>12}",
            kind.kind, kind.done, kind.given, kind.pending, kind.failed
        );
    }
    for (frame, why) in &summary.failed {
        let _ = writeln!(text, "\nframe {frame} was set aside: {why}");
    }
    for one in found {
        let _ = writeln!(text, "{} {}", one.path.display(), one.what.words());
    }
    if verified && found.is_empty() {
        text += "\nevery file is what was written\n";
    }
    text
}
