//! Runs all cases round by round, prints a table and writes bench.json.

use crate::Part;
use crate::case::{IMAGE_BYTES, Measured, Way, run};
use crate::convert::{Memory, TASKS, Task};
use crate::env::{ENVS, Env, Steps};
use crate::in_place::{self, Way as Writing};
use crate::launch::{INSTANCES, bare_imports, first_items};
use crate::render;
use crate::replay::{Files, REPLAYS, Replay};
use crate::scenes;
use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::path::Path;

const WAYS: [Way; 4] = [Way::Baseline, Way::Inline, Way::Shm, Way::ShmTorch];
const PRODUCERS: [usize; 2] = [1, 4];

/// One line of bench.json.
#[derive(Serialize)]
pub(crate) struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    /// The baseline's value, median over rounds.
    baseline: f64,
    /// Median over rounds of value / baseline of the same round.
    ratio: f64,
    /// Lowest and highest ratio of a round.
    ratio_spread: [f64; 2],
    /// What is to be reached: the ratio ("≥ 4.00×"), or the value ("≤ 1.5 s").
    goal: Option<String>,
}

pub(crate) fn measure(python: &Path, out: &Path, rounds: usize, only: Option<Part>) -> Result<()> {
    let wanted = |part| only.is_none_or(|only| only == part);
    let mut table = Vec::new();
    if wanted(Part::Throughput) {
        table.extend(throughput(python, rounds)?);
    }
    if wanted(Part::InPlace) || wanted(Part::Throughput) {
        table.extend(in_place(rounds)?);
    }
    if wanted(Part::Replay) {
        table.extend(replays(python, rounds)?);
    }
    if wanted(Part::Env) {
        table.extend(envs(python, rounds)?);
    }
    if wanted(Part::Render) {
        table.push(renders(rounds)?);
    }
    if wanted(Part::Scenes) {
        table.extend(scenes(rounds)?);
    }
    if wanted(Part::Convert) {
        table.extend(conversions(rounds)?);
    }
    if wanted(Part::Launch) {
        table.push(launches(rounds)?);
    }
    print_table(&table);
    std::fs::create_dir_all(out)?;
    let path = out.join("bench.json");
    std::fs::write(&path, serde_json::to_string_pretty(&table)?)?;
    println!("written to {}", path.display());
    Ok(())
}

fn progress(steps: usize) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{elapsed} {wide_bar} {pos}/{len} {msg}")?;
    Ok(ProgressBar::new(steps as u64).with_style(style))
}

fn throughput(python: &Path, rounds: usize) -> Result<Vec<Row>> {
    let cases: Vec<(Way, usize)> = PRODUCERS
        .into_iter()
        .flat_map(|producers| WAYS.map(|way| (way, producers)))
        .collect();
    let bar = progress(rounds * cases.len())?;
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
    Ok(rows(&cases, &measured))
}

fn in_place(rounds: usize) -> Result<Vec<Row>> {
    let cases: Vec<_> = in_place::cases().collect();
    let bar = progress(rounds * cases.len())?;
    let mut measured = vec![Vec::new(); cases.len()];
    for _ in 0..rounds {
        for (case, results) in cases.iter().zip(&mut measured) {
            bar.set_message(case.name());
            results.push(case.run().with_context(|| case.name())?);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let mut rows = Vec::new();
    for (case, results) in cases.iter().zip(&measured) {
        let beside = |way| {
            let is = |other: &in_place::Case| other.size == case.size && other.way == way;
            let at = cases.iter().position(is);
            at.map_or(results, |index| &measured[index])
        };
        // 1080 rows are 8.3 MB.
        let large = case.way == Writing::InPlace && case.size[0] == 1080;
        rows.push(row(
            case.name(),
            "GB/s",
            results,
            beside(Writing::Memcpy),
            |m| m.gigabytes_per_second,
            large.then(|| "≥ 0.70×".into()),
        ));
        if case.way != Writing::Memcpy {
            let cpu = |m: &in_place::Measured| m.cpu_per_gb.unwrap_or(f64::NAN);
            let baseline = beside(Writing::Copied);
            let goal = (case.size[0] == 480).then(|| "≤ 0.12".into());
            rows.push(row(case.name(), "CPU s/GB", results, baseline, cpu, goal));
        }
    }
    Ok(rows)
}

fn replays(python: &Path, rounds: usize) -> Result<Vec<Row>> {
    let bar = progress(rounds * REPLAYS.len())?;
    bar.set_message("recording");
    let files = Files::new(python).context("recording")?;
    let mut measured = REPLAYS.map(|_| Vec::new());
    for _ in 0..rounds {
        for (way, results) in REPLAYS.into_iter().zip(&mut measured) {
            bar.set_message(way.name());
            results.push(files.replay(way, python).context(way.name())?);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let goal = |way| (way != Replay::Baseline).then(|| "≥ 1.5 GB/s".to_owned());
    let rows = REPLAYS.into_iter().zip(&measured).map(|(way, results)| {
        let value = |gigabytes: &f64| *gigabytes;
        row(
            way.name().into(),
            "GB/s",
            results,
            &measured[0],
            value,
            goal(way),
        )
    });
    Ok(rows.collect())
}

fn envs(python: &Path, rounds: usize) -> Result<Vec<Row>> {
    let bar = progress(rounds * ENVS.len())?;
    let mut measured = ENVS.map(|_| Vec::new());
    for _ in 0..rounds {
        for (env, results) in ENVS.into_iter().zip(&mut measured) {
            bar.set_message(env.name());
            results.push(env.run(python).with_context(|| env.name())?);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let mut rows = Vec::new();
    for (env, results) in ENVS.into_iter().zip(&measured) {
        let of = |env: Env| ENVS.iter().position(|other| *other == env);
        let baseline = of(env.baseline()).map_or(results, |index| &measured[index]);
        let mut add = |unit, value: fn(&Steps) -> f64, goal| {
            rows.push(row(env.name(), unit, results, baseline, value, goal));
        };
        add("steps/s", |steps| steps.steps_per_second, env.goal());
        add("µs p50", |steps| steps.p50_us, None);
        add("µs p99", |steps| steps.p99_us, None);
    }
    Ok(rows)
}

fn renders(rounds: usize) -> Result<Row> {
    let bar = progress(rounds)?;
    bar.set_message("drawing");
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let measured = render::run().context("OffScreenRenderer")?;
        ours.push(measured.render.median_ms);
        bare.push(measured.draw_and_read.median_ms);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let name = "OffScreenRenderer, 640×480 SOLID (draw and read back)";
    let goal = Some("≤ 1.15×".into());
    Ok(row(name.into(), "ms", &ours, &bare, |ms| *ms, goal))
}

fn scenes(rounds: usize) -> Result<Vec<Row>> {
    let cases: Vec<_> = scenes::cases().collect();
    let bar = progress(cases.len())?;
    let mut rows = Vec::new();
    for case in cases {
        bar.set_message(case.name());
        let measured = case.run(rounds).with_context(|| case.name())?;
        rows.extend(scenes::rows(case, &measured));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(rows)
}

fn conversions(rounds: usize) -> Result<Vec<Row>> {
    let bar = progress(rounds * TASKS.len())?;
    let mut memory = Memory::new();
    let mut measured = TASKS.map(|_| Vec::new());
    for _ in 0..rounds {
        for (task, results) in TASKS.into_iter().zip(&mut measured) {
            bar.set_message(task.name());
            results.push(memory.time(task).context(task.name())?);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let mut rows = Vec::new();
    for (baseline, copied) in TASKS.iter().zip(&measured).take(2) {
        for (task, results) in TASKS.into_iter().zip(&measured).skip(2) {
            let name = format!("{} ({})", task.name(), baseline.name());
            let goal = task == Task::FloatPlanes && *baseline == Task::CopyMoved;
            let goal = goal.then(|| "≤ 1.50×".to_owned());
            rows.push(row(name, "ms/batch", results, copied, |ms| *ms, goal));
        }
    }
    Ok(rows)
}

fn launches(rounds: usize) -> Result<Row> {
    let bar = progress(rounds)?;
    bar.set_message("launches");
    first_items().context("launch")?; // The files are in memory from now on, for both.
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        bare.push(bare_imports().context("import bpy")?);
        ours.push(first_items().context("launch")?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let name = format!("{INSTANCES} instances to first items (bare import bpy)");
    let goal = Some("≤ 1.5 s".into());
    Ok(row(name, "s", &ours, &bare, |seconds| *seconds, goal))
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
            Way::Inline => (Some("≥ 1.50×"), Some("≤ 0.33×")),
            Way::Shm | Way::ShmTorch => (Some("≥ 4.00×"), Some("≤ 0.13×")),
        };
        let (rate_goal, cpu_goal) = (rate_goal.map(Into::into), cpu_goal.map(Into::into));
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

pub(crate) fn row<M>(
    name: String,
    unit: &'static str,
    results: &[M],
    baseline: &[M],
    value: impl Fn(&M) -> f64,
    goal: Option<String>,
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

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
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
        let goal = row.goal.as_deref().unwrap_or_default();
        let spread = format!("{:.2} to {:.2}", row.ratio_spread[0], row.ratio_spread[1]);
        println!(
            "{:<48} {:>10.3} {:<9} {:>8.2} {:>15} {:>7}",
            row.name, row.value, row.unit, row.ratio, spread, goal
        );
    }
}
