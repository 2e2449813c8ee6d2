//! Throughput and processor time of every case.

use super::case::{Case, Size, cases};
use super::memcpy;
use super::processes::{Asked, run};
use super::way::Way;
use crate::rounds::interleave;
use crate::row::{Goal, Row};
use crate::usage::Usage;
use anyhow::Result;
use std::path::Path;

/// What one run of a case measured.
#[derive(Clone, Copy, Debug)]
struct Measured {
    images_per_second: f64,
    gigabytes_per_second: f64,
    /// Processor seconds of all processes for a gigabyte of images; of memcpy, none.
    cpu_per_gb: f64,
    /// Of these, the seconds in which producers wrote the images themselves.
    fill_per_gb: Option<f64>,
}

pub(crate) fn rows(python: &Path, rounds: usize, quick: bool) -> Result<Vec<Row>> {
    let cases = cases(quick);
    let results = interleave(&cases, rounds, Case::name, |case| {
        measure(case, quick, python)
    })?;
    let table = Table { cases, results };
    let mut rows = Vec::new();
    for (case, results) in table.cases.iter().zip(&table.results) {
        rows.extend(table.rows_of(*case, results));
    }
    Ok(rows)
}

fn measure(case: Case, quick: bool, python: &Path) -> Result<Measured> {
    let (images, bytes) = (case.images(quick), case.size.bytes());
    let threads = match case.way {
        Way::Memcpy1 => Some(1),
        Way::Memcpy2 => Some(2),
        _ => None,
    };
    if let Some(threads) = threads {
        let rate = memcpy::rate(threads, bytes, images)?;
        return Ok(Measured {
            images_per_second: rate * 1e9 / bytes as f64,
            gigabytes_per_second: rate,
            cpu_per_gb: f64::NAN,
            fill_per_gb: None,
        });
    }
    let (producers, consumer): (Vec<Usage>, Usage) = run(case, images, Asked::Throughput, python)?;
    let gigabytes = (images * case.producers * bytes) as f64 / 1e9;
    let cpu: f64 = producers.iter().map(|producer| producer.cpu).sum();
    let fill: Option<f64> = producers.iter().map(|producer| producer.fill).sum();
    Ok(Measured {
        images_per_second: consumer.images_per_second,
        gigabytes_per_second: consumer.images_per_second * bytes as f64 / 1e9,
        cpu_per_gb: (cpu + consumer.cpu) / gigabytes,
        fill_per_gb: fill.map(|fill| fill / gigabytes),
    })
}

struct Table {
    cases: Vec<Case>,
    /// Of each case, one a round.
    results: Vec<Vec<Measured>>,
}

impl Table {
    fn of(&self, case: Case) -> Option<&[Measured]> {
        let index = self.cases.iter().position(|other| *other == case)?;
        Some(&self.results[index])
    }

    fn rows_of(&self, case: Case, results: &[Measured]) -> Vec<Row> {
        let name = case.name();
        let baseline = self.of(case.baseline()).unwrap_or(results);
        let rate = |m: &Measured| m.gigabytes_per_second;
        let mut rows = vec![Row::new(&name, "GB/s", results, baseline, rate).goal(rate_goal(case))];
        if case.size == Size::Small {
            let row = Row::new(&name, "items/s", results, baseline, |m| m.images_per_second);
            rows.push(row);
        }
        if let Some((beside, goals)) = compared(case)
            && let Some(baseline) = self.of(beside)
        {
            let name = format!("{name} (beside {})", beside.way.name());
            rows.push(Row::new(&name, "GB/s", results, baseline, rate).goal(goals.0));
            if !matches!(beside.way, Way::Memcpy1 | Way::Memcpy2) {
                let row = Row::new(name, "CPU s/GB", results, baseline, |m| m.cpu_per_gb);
                rows.push(row.goal(goals.1));
            }
        }
        if !matches!(case.way, Way::Memcpy1 | Way::Memcpy2) {
            let row = Row::new(&name, "CPU s/GB", results, baseline, |m| m.cpu_per_gb);
            rows.push(row.goal(cpu_goal(case)));
        }
        if results.iter().all(|m| m.fill_per_gb.is_some()) {
            // Others' producers send an image that is there already.
            let without = |m: &Measured| m.cpu_per_gb - m.fill_per_gb.unwrap_or(0.0);
            let name = format!("{name}, without the writing of images");
            rows.push(Row::new(name, "CPU s/GB", results, baseline, without));
        }
        rows
    }
}

/// Of the throughput beside the original's. Where a goal names no number of producers, it is one for
/// each.
fn rate_goal(case: Case) -> Option<Goal> {
    match (case.way, case.size, case.producers) {
        (Way::Shm, Size::Usual, 1) => Some(Goal::TimesAtLeast(12.0)),
        (Way::Shm, Size::Usual, 4) => Some(Goal::TimesAtLeast(8.0)),
        (Way::Tcp, Size::Usual, _) => Some(Goal::TimesAtLeast(2.0)),
        _ => None,
    }
}

/// What is to be reached: of throughput, and of processor time.
type Goals = (Option<Goal>, Option<Goal>);

/// Another case beside which one is held, and what is to be reached.
fn compared(case: Case) -> Option<(Case, Goals)> {
    let at_least = |times| Some(Goal::TimesAtLeast(times));
    let (way, goals) = match (case.way, case.size, case.producers) {
        (Way::InPlace, Size::Large, 1) => (Way::Memcpy2, (at_least(0.7), None)),
        (Way::InPlace, Size::Usual, 1) => (Way::Memcpy2, (None, None)),
        (Way::Tcp, Size::Usual, 1) => {
            let goals = (at_least(1.2), Some(Goal::TimesAtMost(0.8)));
            (Way::LibzmqTcp, goals)
        }
        (Way::Tcp, Size::Usual, _) => (Way::LibzmqTcp, (at_least(0.9), None)),
        (Way::Tcp, _, _) => (Way::LibzmqTcp, (None, None)),
        (Way::Ipc, _, _) => (Way::LibzmqIpc, (None, None)),
        _ => return None,
    };
    Some((Case { way, ..case }, goals))
}

fn cpu_goal(case: Case) -> Option<Goal> {
    (case.way == Way::Shm && case.size == Size::Usual).then_some(Goal::AtMost(0.12))
}
