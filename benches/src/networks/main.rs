//! Activity of many cells: how long any frame takes, in any order, beside a copy of as many numbers.
//!
//! Owns spikes at random, and what is measured of each kind of activity: making its index, its bytes, and
//! frames by random access into an array that is kept. Nothing is asserted.

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use blendtorch_circuit::activity::{
    Activity, Decay, Flash, Indicator, IndicatorStyle, Kept, Pulsar, PulsarStyle, SpikeIndex,
    Timeline, Traces, TracesStyle, fill,
};
use blendtorch_circuit::reports::{ReportLayout, ReportWriter};
use clap::Parser;
use serde_json::{Value, json};

/// Measures activity at any frame; prints a table and writes networks.json.
#[derive(Debug, Parser)]
struct Options {
    /// Cells.
    #[arg(long, default_value_t = 1_000_000)]
    cells: u32,
    /// Spikes.
    #[arg(long, default_value_t = 10_000_000)]
    spikes: usize,
    /// What the spikes are spread over, in ms.
    #[arg(long, default_value_t = 10_000.0)]
    ms: f64,
    /// Frames of each kind, at random.
    #[arg(long, default_value_t = 60)]
    frames: usize,
    /// Where the figures go.
    #[arg(long, default_value = "out/networks")]
    out: PathBuf,
}

/// Numbers at random: splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// From 0 to before 1.
    #[allow(clippy::cast_precision_loss, reason = "53 bits are a float's")]
    fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The median, the lowest and the highest.
fn spread(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    [
        at(values.len() / 2),
        at(0),
        at(values.len().saturating_sub(1)),
    ]
}

/// The processor time of this process in ms: other processes may keep the machine busy.
fn processor_ms() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    #[allow(
        clippy::cast_precision_loss,
        reason = "a bench does not run for so long"
    )]
    let ms = time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6;
    ms
}

/// The memory of this process in bytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0_u64) * 4096
}

/// What making something takes: it, its ms, its bytes.
fn made<T>(make: impl FnOnce() -> T) -> (T, f64, u64) {
    let (before, start) = (resident(), processor_ms());
    let made = make();
    let ms = processor_ms() - start;
    (made, ms, resident().saturating_sub(before))
}

/// Frames of an activity at random, into one array.
fn frames(
    activity: &mut dyn Activity,
    numbers: impl Iterator<Item = f64>,
) -> Result<(Vec<f64>, f64)> {
    let mut out = vec![0.0_f32; activity.cells()];
    let (mut took, mut active, mut kept) = (Vec::new(), 0, Kept::default());
    fill(activity, 0.0, &mut out, &mut kept)?;
    for frame in numbers {
        let start = processor_ms();
        active += fill(activity, black_box(frame), black_box(&mut out), &mut kept)?;
        took.push(processor_ms() - start);
    }
    #[allow(clippy::cast_precision_loss, reason = "cells are counted")]
    let active = active as f64 / took.len().max(1) as f64;
    Ok((took, active))
}

/// Makes an activity.
type Make<'a> = Box<dyn Fn() -> Result<Box<dyn Activity>> + 'a>;

fn main() -> Result<()> {
    let options = Options::parse();
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("cannot make {}", options.out.display()))?;
    let figures = measure(&options)?;
    let path = options.out.join("networks.json");
    std::fs::write(&path, serde_json::to_vec_pretty(&figures)?)
        .with_context(|| format!("cannot write {}", path.display()))
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "cells at random are below their number; bytes and frames are few"
)]
fn measure(options: &Options) -> Result<Value> {
    let mut random = Random(17);
    let cells = options.cells as usize;
    let of: Vec<u32> = (0..options.spikes)
        .map(|_| (random.part() * f64::from(options.cells)) as u32)
        .collect();
    let times: Vec<f64> = of.iter().map(|_| random.part() * options.ms).collect();
    let line = Timeline::BSB;
    let end = line.frame(options.ms);
    let mut rows = Vec::new();
    let mut said = |name: &str, index: Option<(f64, u64)>, took: Vec<f64>, active: f64| {
        let [median, low, high] = spread(took);
        let (ms, bytes) = index.unwrap_or_default();
        let frame = match median.is_finite() {
            true => format!("frame {median:>8.3} ms ({low:.3} to {high:.3})   {active:>9.0} cells"),
            false => String::new(),
        };
        println!(
            "{name:<28} index {ms:>9.1} ms {:>7.1} MB   {frame}",
            bytes as f64 / 1e6
        );
        let frame_ms = median.is_finite().then_some([median, low, high]);
        rows.push(json!({"name": name, "index_ms": ms, "index_bytes": bytes, "frame_ms": frame_ms, "active": active}));
    };
    // What is gone through for each: a copy of as many numbers, as `foreach_set` is one.
    let source = vec![1.0_f32; cells];
    let mut copy = vec![0.0_f32; cells];
    let copied = (0..options.frames).map(|_| {
        let start = Instant::now();
        black_box(&mut copy).copy_from_slice(black_box(&source));
        start.elapsed().as_secs_f64() * 1e3
    });
    let copied = copied.collect();
    said("copy", None, copied, f64::from(options.cells));
    let (spikes, ms, bytes) = made(|| SpikeIndex::new(cells, &of, &times).map(Arc::new));
    let spikes = spikes?;
    said("spikes in order", Some((ms, bytes)), Vec::new(), 0.0);
    let style = IndicatorStyle::GCAMP6F;
    let noisy = IndicatorStyle {
        noise: 0.05,
        ..style
    };
    let spikes = &spikes;
    let kinds: [(&str, Make<'_>); 5] = [
        (
            "pulsar",
            Box::new(|| {
                Ok(Box::new(Pulsar::new(
                    spikes.clone(),
                    line,
                    PulsarStyle::default(),
                )?))
            }),
        ),
        (
            "flash, a frame each",
            Box::new(|| Ok(Box::new(Flash::new(spikes.clone(), line, None)?))),
        ),
        (
            "decay, 20 ms",
            Box::new(|| Ok(Box::new(Decay::new(spikes.clone(), line, 20.0)?))),
        ),
        (
            "indicator, GCaMP6f",
            Box::new(|| Ok(Box::new(Indicator::new(spikes.clone(), line, style)?))),
        ),
        (
            "the same with noise",
            Box::new(|| Ok(Box::new(Indicator::new(spikes.clone(), line, noisy)?))),
        ),
    ];
    for (name, make) in kinds {
        let (activity, ms, bytes) = made(make);
        let mut activity = activity?;
        let at: Vec<f64> = (0..options.frames)
            .map(|_| (random.part() * end).floor())
            .collect();
        let (took, active) = frames(&mut *activity, at.into_iter())?;
        said(name, Some((ms, bytes)), took, active);
        let middle = (end / 2.0).floor();
        let following = (0..options.frames).map(|frame| middle + frame as f64);
        let (took, active) = frames(&mut *activity, following)?;
        said("  one after another", None, took, active);
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("v.h5");
    let layout = ReportLayout::points("all", (0..u64::from(options.cells)).collect());
    let mut writer = ReportWriter::create(&path, ("v", "mV"), (0.0, 1.0), 20, vec![layout])?;
    let row: Vec<f64> = (0..cells).map(|_| random.part()).collect();
    for _ in 0..20 {
        writer.add(0, &row)?;
    }
    writer.finish()?;
    let (traces, ms, bytes) = made(|| {
        Traces::open(
            &path,
            "all",
            (Some(cells), None),
            line,
            TracesStyle::default(),
        )
    });
    let mut traces = traces?;
    let last = line.frame(19.0);
    let at: Vec<f64> = (0..options.frames).map(|_| random.part() * last).collect();
    let (took, active) = frames(&mut traces, at.into_iter())?;
    said("report", Some((ms, bytes)), took, active);
    let (took, active) = frames(
        &mut traces,
        (0..options.frames).map(|frame| frame as f64 * 0.1),
    )?;
    said("  one after another", None, took, active);
    Ok(json!({"cells": options.cells, "spikes": options.spikes, "ms": options.ms, "rows": rows}))
}
