//! `blendtorch inspect`: what a folder of rendered files holds.
//!
//! Owns the table. It changes nothing but the ledger: it is made where there is none, and with
//! `--verify` files that are not what was written are to be rendered again.

use std::fmt::Write as _;
use std::path::PathBuf;

use blendtorch_render::{Found, Ledger, Rebuilt, RenderError, Summary};
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
    /// Make the ledger anew of the files that are there: where it is damaged
    #[arg(long)]
    rebuild: bool,
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
    let mut bar = Bar::default();
    let gathered = Ledger::gather(&arguments.out, arguments.rebuild, &mut |done, total| {
        bar.at(done, total);
    })?;
    bar.end();
    let (mut ledger, rebuilt) = (gathered.ledger, gathered.rebuilt);
    if let Some(rebuilt) = &rebuilt {
        told(rebuilt, ledger.is_ours());
    }
    let mut found = Vec::new();
    if arguments.verify {
        if !ledger.is_ours() {
            // To be written nobody else may have it.
            match Ledger::open(&arguments.out) {
                Ok(ours) => ledger = ours,
                Err(RenderError::Out { problem, .. }) => {
                    let text = format!("{problem}. Files are compared, and nothing is changed");
                    say("blendtorch inspect", &text);
                }
                Err(error) => return Err(error),
            }
        }
        let mut bar = Bar::default();
        found = ledger.verify(&mut |done, total| bar.at(done, total))?;
        bar.end();
    }
    let summary = ledger.summary()?;
    let text = match arguments.json {
        true => format!(
            "{:#}\n",
            json!({"summary": summary, "found": found, "rebuilt": rebuilt})
        ),
        false => table(&summary, &found, arguments.verify),
    };
    let printed = print(&text);
    let whole = found.is_empty() && summary.whole == summary.frames && summary.failed.is_empty();
    Ok(printed.max(u8::from(!whole)))
}

/// How many files were looked at, for people.
#[derive(Default)]
struct Bar(Option<ProgressBar>);

impl Bar {
    fn at(&mut self, done: usize, total: usize) {
        let bar = self.0.get_or_insert_with(|| ProgressBar::new(total as u64));
        bar.set_position(done as u64);
    }

    fn end(self) {
        if let Some(bar) = self.0 {
            bar.finish_and_clear();
        }
    }
}

/// Says what a ledger was made of.
fn told(rebuilt: &Rebuilt, kept: bool) {
    let say = |line: &str| say("blendtorch inspect", line);
    let Rebuilt { files, of, .. } = rebuilt;
    say(&match kept {
        true => format!("the ledger was made of the files: {files} of {of} are whole"),
        false => format!(
            "tasks render into it: {files} of {of} files are whole now, and no ledger is written"
        ),
    });
    for damaged in &rebuilt.damaged {
        say(&format!("{damaged}: it is to be rendered again"));
    }
    if let [first, ..] = rebuilt.without_camera[..] {
        let number = rebuilt.without_camera.len();
        say(&format!(
            "the cameras of {number} frames are not known, the first is {first}: transforms.json \
             lacks them until they are rendered with --anew"
        ));
    }
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
