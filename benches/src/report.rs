//! Runs all cases round by round, prints a table and writes bench.json.

use crate::case::{IMAGE_BYTES, Measured, Way, run};
use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::path::Path;

const WAYS: [Way; 4] = [Way::Baseline, Way::Inline, Way::Shm, Way::ShmTorch];
const PRODUCERS: [usize; 2] = [1, 4];

/// One line of bench.json.
#[derive(Serialize)]
struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    /// The baseline's value, median over rounds.
    baseline: f64,
    /// Median over rounds of value / baseline of the same round.
    ratio: f64,
    /// Lowest and highest ratio of a round.
    ratio_spread: [f64; 2],
    /// What `ratio` should reach, or stay below where less is better.
    goal: Option<f64>,
}

pub(crate) fn measure(python: &Path, out: &Path, rounds: usize) -> Result<()> {
    let cases: Vec<(Way, usize)> = PRODUCERS
        .into_iter()
        .flat_map(|producers| WAYS.map(|way| (way, producers)))
        .collect();
    let bar = ProgressBar::new((rounds * cases.len()) as u64).with_style(
        ProgressStyle::with_template("{elapsed} {wide_bar} {pos}/{len} {msg}")?,
    );
    let mut measured: Vec<Vec<Measured>> = vec![Vec::new(); cases.len()];
    for _ in 0..rounds {
        for (&(way, producers), results) in cases.iter().zip(&mut measured) {
            bar.set_message(format!("{} ×{producers}", way.name()));
            let result = run(way, producers, python);
            results.push(result.with_context(|| format!("{} ×{producers}", way.name()))?);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let rows = rows(&cases, &measured);
    print_table(&rows);
    std::fs::create_dir_all(out)?;
    let path = out.join("bench.json");
    std::fs::write(&path, serde_json::to_string_pretty(&rows)?)?;
    println!("written to {}", path.display());
    Ok(())
}

fn rows(cases: &[(Way, usize)], measured: &[Vec<Measured>]) -> Vec<Row> {
    let mut rows = Vec::new();
    for ((way, producers), results) in cases.iter().zip(measured) {
        let baseline = cases
            .iter()
            .position(|case| *case == (Way::Baseline, *producers));
        let Some(baseline) = baseline.map(|index| &measured[index]) else {
            continue;
        };
        let (rate_goal, cpu_goal) = match way {
            Way::Baseline => (None, None),
            Way::Inline => (Some(1.5), Some(1.0 / 3.0)),
            Way::Shm | Way::ShmTorch => (Some(4.0), Some(1.0 / 8.0)),
        };
        let name = format!("{}, {producers} producers", way.name());
        let rate = |m: &Measured| m.images_per_second;
        let cpu = |m: &Measured| m.cpu_per_gb;
        rows.push(row(
            name.clone(),
            "images/s",
            results,
            baseline,
            rate,
            rate_goal,
        ));
        rows.push(row(name, "CPU s/GB", results, baseline, cpu, cpu_goal));
    }
    rows
}

fn row(
    name: String,
    unit: &'static str,
    results: &[Measured],
    baseline: &[Measured],
    value: impl Fn(&Measured) -> f64,
    goal: Option<f64>,
) -> Row {
    let ratios: Vec<f64> = results
        .iter()
        .zip(baseline)
        .map(|(ours, theirs)| value(ours) / value(theirs))
        .collect();
    let (low, high) = ratios.iter().fold((f64::MAX, f64::MIN), |(low, high), &r| {
        (low.min(r), high.max(r))
    });
    Row {
        name,
        value: median(results.iter().map(&value).collect()),
        unit,
        baseline: median(baseline.iter().map(&value).collect()),
        ratio: median(ratios),
        ratio_spread: [low, high],
        goal,
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

fn print_table(rows: &[Row]) {
    println!(
        "640×480×4 bytes an image ({:.1} MB), batches of 8",
        IMAGE_BYTES / 1e6
    );
    println!(
        "{:<48} {:>10} {:<9} {:>8} {:>15} {:>7}",
        "", "median", "", "ratio", "(of rounds)", "goal"
    );
    for row in rows {
        let goal = row.goal.map_or(String::new(), |goal| format!("{goal:.2}"));
        let spread = format!("{:.2} to {:.2}", row.ratio_spread[0], row.ratio_spread[1]);
        println!(
            "{:<48} {:>10.3} {:<9} {:>8.2} {:>15} {:>7}",
            row.name, row.value, row.unit, row.ratio, spread, goal
        );
    }
}
