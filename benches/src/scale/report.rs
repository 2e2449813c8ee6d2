//! Runs the cases, prints a table and writes scale.json.

use crate::case::{Case, Seen};
use crate::options::Options;
use anyhow::Result;
use serde::Serialize;

/// A case, and what was seen in each round.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(flatten)]
    case: Case,
    rounds: Vec<Seen>,
    /// Why it came to no end, where it did not.
    failed: Option<String>,
}

/// A column: its name, its value, and how many digits it has.
type Column = (&'static str, fn(&Seen) -> f64, usize);

const COLUMNS: [Column; 16] = [
    ("up s", |seen| seen.up_seconds, 1),
    ("cores", |seen| seen.cores, 3),
    ("of it kernel", |seen| seen.system_cores, 3),
    ("MB", |seen| seen.megabytes, 0),
    ("peak MB", |seen| seen.peak_megabytes, 0),
    ("switches/s", |seen| seen.switches, 0),
    ("threads", |seen| seen.threads, 0),
    ("files", |seen| seen.files, 0),
    ("words in/s", |seen| seen.words_in, 0),
    ("words out/s", |seen| seen.words_out, 0),
    ("kB in/s", |seen| seen.kilobytes_in, 0),
    ("kB out/s", |seen| seen.kilobytes_out, 0),
    ("ask ms p50", |seen| seen.ask_p50, 2),
    ("p99", |seen| seen.ask_p99, 2),
    ("frames/s", |seen| seen.frames, 0),
    ("entered ms p50", |seen| seen.frame_p50, 2),
];

pub(crate) fn measure(options: &Options) -> Result<()> {
    std::fs::create_dir_all(&options.out)?;
    let path = options.out.join("scale.json");
    let mut rows: Vec<Row> = Vec::new();
    for work in &options.work {
        let case = |&instances| Case {
            work: *work,
            instances,
            rate: options.rate,
        };
        let row = |case| Row {
            case,
            rounds: Vec::new(),
            failed: None,
        };
        rows.extend(options.instances.iter().map(case).map(row));
    }
    for round in 1..=options.rounds.max(1) {
        for row in &mut rows {
            let Case {
                work, instances, ..
            } = row.case;
            eprintln!("round {round}: {work}, {instances} instances");
            match row.case.run(options) {
                Ok(seen) => {
                    eprintln!(
                        "  {:.3} cores, {:.0} MB, asked {:.2} ms ({:.2}), {:.0} frames/s, entered \
                         {:.2} ms ({:.2})",
                        seen.cores,
                        seen.megabytes,
                        seen.ask_p50,
                        seen.ask_p99,
                        seen.frames,
                        seen.frame_p50,
                        seen.frame_p99
                    );
                    row.rounds.push(seen);
                }
                // Where it bends it may break: the other cases are measured all the same.
                Err(error) => {
                    eprintln!("  {error:#}");
                    row.failed = Some(format!("{error:#}"));
                }
            }
        }
        std::fs::write(&path, serde_json::to_string_pretty(&rows)?)?;
    }
    print(&rows, options);
    println!("written to {}", path.display());
    Ok(())
}

/// A table in Markdown: medians, and lowest and highest where there is more than one round.
fn print(rows: &[Row], options: &Options) {
    let names: Vec<_> = COLUMNS.iter().map(|(name, ..)| *name).collect();
    println!(
        "{} instances a host, {} frames a second each, {} s",
        options.each,
        options.rate,
        options.seconds().as_secs()
    );
    println!("| work | instances | {} | p99 |", names.join(" | "));
    println!("|---|---|{}---|", "---|".repeat(COLUMNS.len()));
    let last: Column = ("p99", |seen| seen.frame_p99, 2);
    for row in rows {
        let columns = COLUMNS.iter().chain([&last]);
        let cells: Vec<_> = columns.map(|column| cell(&row.rounds, column)).collect();
        let Case {
            work, instances, ..
        } = row.case;
        println!("| {work} | {instances} | {} |", cells.join(" | "));
    }
}

fn cell(rounds: &[Seen], (_, value, digits): &Column) -> String {
    let mut values: Vec<_> = rounds.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    let digits = *digits;
    match values[..] {
        [] => "–".into(),
        [one] => format!("{one:.digits$}"),
        [low, .., high] => {
            let middle = values[values.len() / 2];
            format!("{middle:.digits$} [{low:.digits$}–{high:.digits$}]")
        }
    }
}
