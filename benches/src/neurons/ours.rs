//! Our engine on a network: how long the step loop takes, and what it gives.

use std::time::Instant;

use anyhow::{Context, Result};
use blendtorch_simulate::engine::{Edge, Grid, Network, Observer, Probe, ProbeId, Simulation};
use blendtorch_simulate::models::{Kind, Parameters};
use rustix::time::{ClockId, clock_gettime};

use crate::network;
use crate::network::DT;

/// How long something took, in s.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    pub(crate) wall: f64,
    pub(crate) processor: f64,
    pub(crate) spikes: u64,
}

/// Spikes, and all variables of some cells.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) spikes: Vec<(u64, u32)>,
    pub(crate) cells: Vec<u32>,
    pub(crate) variables: Vec<&'static str>,
    pub(crate) rows: u64,
    pub(crate) values: Vec<f64>,
}

impl Observer for Seen {
    fn spikes(&mut self, spikes: &[(u64, u32)]) {
        self.spikes.extend_from_slice(spikes);
    }

    fn rows(&mut self, _probe: ProbeId, _step: u64, values: &[f64]) {
        self.rows += 1;
        self.values.extend_from_slice(values);
    }
}

#[derive(Default)]
struct Counted(u64);

impl Observer for Counted {
    fn spikes(&mut self, spikes: &[(u64, u32)]) {
        self.0 += spikes.len() as u64;
    }
}

fn build(network: &network::Network) -> Result<Network> {
    let kind = Kind::from_name(network.model).context("no such model")?;
    let grid = Grid::new(DT)?;
    let mut built = Network::new(grid);
    let mut sets = Vec::new();
    for parameters in &network.parameters {
        let object = parameters.as_object().context("no parameters")?;
        let set = Parameters::from_json(kind, object);
        sets.push(set.map_err(|errors| anyhow::anyhow!("{errors:?}"))?);
    }
    let of: Vec<u32> = (0..network.cells)
        .map(|cell| u32::from(cell >= network.excitatory()))
        .collect();
    built.add_cells(&sets, &of)?;
    built.add_sources(network.sources as usize)?;
    built.connect_begin(network.edges.len() as u64)?;
    for edges in network.edges.chunks(4096) {
        let sources: Vec<u32> = edges.iter().map(|edge| edge.0).collect();
        let targets: Vec<u32> = edges.iter().map(|edge| edge.1).collect();
        built.count(&sources, &targets)?;
    }
    for &(source, target, weight, ms, receptor) in &network.edges {
        built.place(&[Edge {
            source,
            target,
            weight,
            delay: grid.delay(ms)?,
            receptor,
        }])?;
    }
    built.connect_end()?;
    for &(source, ms) in &network.spikes {
        built.train(source, &[ms])?;
    }
    Ok(built)
}

/// A network that is ready to run, so that only the step loop is measured.
pub(crate) fn ready(network: &network::Network, threads: usize) -> Result<Simulation> {
    Ok(Simulation::new(build(network)?, threads)?)
}

/// Runs it to a time. The processor time is the whole process's.
pub(crate) fn run(mut simulation: Simulation, ms: f64) -> Result<Took> {
    let end = simulation.grid().steps(ms)?;
    let mut counted = Counted::default();
    let (began, processor) = (Instant::now(), processor());
    simulation.run_to(end, &mut counted);
    Ok(Took {
        wall: began.elapsed().as_secs_f64(),
        processor: self::processor() - processor,
        spikes: counted.0,
    })
}

/// Two of them at once, each on one thread of its own: the time until both are done.
pub(crate) fn side_by_side(both: [Simulation; 2], ms: f64) -> Result<Took> {
    let (began, processor) = (Instant::now(), processor());
    let runs = both.map(|one| std::thread::spawn(move || run(one, ms)));
    let mut spikes = 0;
    for run in runs {
        let took = run
            .join()
            .map_err(|_| anyhow::anyhow!("a run panicked"))??;
        spikes += took.spikes;
    }
    Ok(Took {
        wall: began.elapsed().as_secs_f64(),
        processor: self::processor() - processor,
        spikes,
    })
}

/// Runs it with a probe on some cells.
pub(crate) fn seen(network: &network::Network, ms: f64) -> Result<Seen> {
    let kind = Kind::from_name(network.model).context("no such model")?;
    let cells: Vec<u32> = (0..20).map(|one| one * (network.cells / 20)).collect();
    let mut built = build(network)?;
    let variables = kind.recordables();
    built.probe(&Probe {
        cells: cells.clone(),
        variables: variables.iter().map(|name| (*name).to_owned()).collect(),
        first: 1,
        every: 1,
        end: u64::MAX,
    })?;
    let mut seen = Seen {
        cells,
        variables: variables.to_vec(),
        ..Seen::default()
    };
    let mut simulation = Simulation::new(built, 1)?;
    let end = simulation.grid().steps(ms)?;
    simulation.run_to(end, &mut seen);
    Ok(seen)
}

fn processor() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
}
