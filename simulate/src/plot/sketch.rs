//! What is kept of a run to draw it.
//!
//! Owns how much: bins of the rates, a bounded number of spikes and of points of a trace.

/// So many spikes are drawn; of more, every second, fourth, … one.
const DOTS: usize = 200_000;
/// So many bins a rate has, at most, and so long is one at least, in ms: shorter ones are noise.
const BINS: usize = 300;
const SHORTEST_BIN: f64 = 2.5;
/// So many points a trace has, before every second one goes.
const POINTS: usize = 4000;
/// So many cells of a report are drawn.
pub(super) const CELLS: usize = 5;

/// A run, as it can be drawn.
#[derive(Debug, Clone)]
pub struct Sketch {
    /// Where the time begins and ends, in ms.
    pub window: (f64, f64),
    /// The populations that are simulated.
    pub populations: Vec<SketchPopulation>,
    /// Time (ms), population and cell of the dots.
    pub(super) dots: Vec<(f64, u32, u32)>,
    /// Of so many spikes one is a dot.
    pub(super) every: u64,
    /// All spikes.
    pub(super) spikes: u64,
    /// The reported traces.
    pub traces: Vec<Trace>,
}

/// A population and how often its cells spike.
#[derive(Debug, Clone)]
pub struct SketchPopulation {
    /// Its name.
    pub name: String,
    /// How many cells it has.
    pub cells: u64,
    /// Spikes in each bin of the window.
    pub(super) bins: Vec<u64>,
}

/// A variable over time, of a few cells.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The report, for people.
    pub name: String,
    /// The variable, and its unit if that is known.
    pub variable: String,
    /// What the cells are called that are drawn.
    pub cells: Vec<String>,
    /// Their places in a row.
    columns: Vec<usize>,
    pub(super) points: Vec<(f64, Vec<f64>)>,
    /// Of so many rows one is kept.
    every: u64,
    rows: u64,
}

impl Sketch {
    /// One of nothing yet: names and numbers of cells of the populations, and the window in ms.
    pub fn new(populations: &[(String, u64)], window: (f64, f64)) -> Self {
        let steps = ((window.1 - window.0) / SHORTEST_BIN).ceil().max(1.0);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "BINS at most"
        )]
        let bins = steps.min(BINS as f64) as usize;
        let populations = populations
            .iter()
            .map(|(name, cells)| SketchPopulation {
                name: name.clone(),
                cells: *cells,
                bins: vec![0; bins],
            })
            .collect();
        Self {
            window,
            populations,
            dots: Vec::new(),
            every: 1,
            spikes: 0,
            traces: Vec::new(),
        }
    }

    /// A spike of a cell of the n-th population, at a time in ms.
    pub fn spike(&mut self, population: usize, cell: u32, time: f64) {
        if let Some(one) = self.populations.get_mut(population) {
            let (from, to) = self.window;
            #[allow(clippy::cast_precision_loss, reason = "few bins")]
            let place = (time - from) / (to - from) * one.bins.len() as f64;
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "at most the number of bins"
            )]
            let bin = (place.max(0.0) as usize).min(one.bins.len().saturating_sub(1));
            if let Some(count) = one.bins.get_mut(bin) {
                *count += 1;
            }
        }
        if self.spikes.is_multiple_of(self.every) {
            let population = u32::try_from(population).unwrap_or(u32::MAX);
            self.dots.push((time, population, cell));
            if self.dots.len() >= DOTS {
                halve(&mut self.dots);
                self.every *= 2;
            }
        }
        self.spikes += 1;
    }
}

impl Trace {
    /// One of nothing yet, of so many cells. A few of them are drawn, from all over the row; `name` says
    /// what the cell at a place in the row is called.
    pub fn new(
        report: String,
        variable: String,
        cells: usize,
        name: impl Fn(usize) -> String,
    ) -> Self {
        let drawn = cells.min(CELLS);
        let columns: Vec<usize> = (0..drawn).map(|at| at * cells / drawn).collect();
        Self {
            name: report,
            variable,
            cells: columns.iter().map(|at| name(*at)).collect(),
            columns,
            points: Vec::new(),
            every: 1,
            rows: 0,
        }
    }

    /// A row: the values of all cells at a time in ms.
    pub fn row(&mut self, time: f64, values: &[f64]) {
        if self.rows.is_multiple_of(self.every) {
            let value = |at: &usize| values.get(*at).copied().unwrap_or(f64::NAN);
            let values = self.columns.iter().map(value).collect();
            self.points.push((time, values));
            if self.points.len() >= POINTS {
                halve(&mut self.points);
                self.every *= 2;
            }
        }
        self.rows += 1;
    }
}

/// Keeps the first, third, fifth … one.
fn halve<T>(all: &mut Vec<T>) {
    let mut at = 0;
    all.retain(|_| {
        at += 1;
        at % 2 == 1
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_does_not_grow_with_the_run() {
        let mut sketch = Sketch::new(&[("net".to_owned(), 10)], (0.0, 750.0));
        for at in 0..2_000_000_u32 {
            sketch.spike(0, at % 10, (f64::from(at) + 0.5) * 0.000_375);
        }
        assert!(sketch.dots.len() < DOTS, "{}", sketch.dots.len());
        assert!(sketch.dots.len() > DOTS / 3);
        let bins = &sketch.populations[0].bins;
        assert!(bins.len() == BINS && bins.iter().all(|bin| [6666, 6667].contains(bin)));
        let mut trace = Trace::new("v".into(), "V_m".into(), 1, |at| at.to_string());
        for at in 0..100_000 {
            trace.row(f64::from(at), &[f64::from(at)]);
        }
        assert!(trace.points.len() < POINTS);
        let step = trace.points[1].0 - trace.points[0].0;
        assert!(
            trace
                .points
                .windows(2)
                .all(|two| two[1].0 - two[0].0 == step)
        );
    }
}
