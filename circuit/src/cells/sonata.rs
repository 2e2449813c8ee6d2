//! SONATA's circuits as cells that can be drawn.
//!
//! Owns which attributes of nodes say where a cell is, how it is turned, and which morphology it has.
//!
//! Source: the SONATA developer guide, *Nodes - Optional Reserved Attributes*: angles in radians, about
//! the global axes, first z, then y, then x.

use std::path::{Path, PathBuf};

use indexmap::IndexSet;

use crate::bsb::Pairs;
use crate::config::Config;
use crate::hdf5::read::File;
use crate::{
    Circuit, CircuitError, Column, EdgePopulation, EdgesFile, Morphology, NodePopulation, Problems,
    Severity,
};

use super::{CellIds, CellPopulation, Up, rotation};

/// So many edges are read at a time.
const BLOCK: usize = 1 << 18;

/// What of a circuit is read later.
#[derive(Debug)]
pub(super) struct SonataFiles {
    file: PathBuf,
    edges: Vec<EdgesFile>,
    morphologies: Option<PathBuf>,
}

/// Opens what a configuration names, and reads the cells.
pub(super) fn open(
    path: &Path,
    problems: &mut Problems,
) -> Result<(SonataFiles, Vec<CellPopulation>), CircuitError> {
    let mut said = Problems::new();
    let config = Config::load(path, &mut said)?;
    // Of a simulation's configuration only the circuit is of interest here.
    let ours = ["networks", "network", "manifest", "components", "nodes"];
    let mut wrong = Problems::new();
    for one in said.of(Severity::Error) {
        if one
            .key
            .split('.')
            .next()
            .is_some_and(|key| ours.contains(&key))
        {
            wrong.push(one.clone());
        }
    }
    if config.networks.nodes.is_empty() && wrong.is_empty() {
        let text =
            "names no files of nodes (networks.nodes): it is no configuration of a SONATA circuit";
        wrong.error(path, "networks", text);
    }
    let circuit = Circuit::open(&config.networks.nodes, &[], &mut wrong);
    problems.extend(wrong.into_result()?);
    let mut all = Vec::new();
    for nodes in &circuit.nodes {
        all.push(population(nodes, problems)?);
    }
    let files = SonataFiles {
        file: path.to_owned(),
        edges: config.networks.edges,
        morphologies: config.components.get("morphologies_dir").cloned(),
    };
    Ok((files, all))
}

fn population(
    nodes: &NodePopulation,
    problems: &mut Problems,
) -> Result<CellPopulation, CircuitError> {
    let key = format!("/nodes/{}", nodes.name());
    let mut population = CellPopulation::new(nodes.name(), Up::Z);
    let ids = nodes.node_ids();
    population.ids = match ids.range() {
        Some(range) => CellIds::of_runs([(
            i64::try_from(range.start).unwrap_or(i64::MAX),
            range.end - range.start,
        )]),
        None => CellIds::of_list(ids.iter().map(|id| i64::try_from(id).unwrap_or(i64::MAX))),
    }
    .map_err(|text| CircuitError::file(nodes.file(), format!("{key}/node_id"), text))?;
    let positions = nodes.positions()?;
    let placed = positions.as_ref().is_some_and(|all| {
        all.iter()
            .any(|one| one.iter().all(|axis| axis.is_finite()))
    });
    let Some(positions) = positions.filter(|all| placed || all.is_empty()) else {
        population.entity = true;
        let kinds = nodes.attribute("model_type")?;
        let kind = |at| kinds.as_ref().and_then(|kinds| kinds.word(at));
        if (0..nodes.len()).any(|at| kind(at).as_deref() != Some("virtual")) {
            let text = "its cells have no places (attributes x, y and z): they cannot be drawn";
            problems.warning(nodes.file(), key, text);
        }
        return Ok(population);
    };
    population.positions = super::narrowed(positions.as_flattened());
    population.rotations = rotations(nodes)?;
    for name in ["radius", "soma_radius"] {
        if population.radii.is_none()
            && let Some(radii) = nodes.numbers(name)?
        {
            population.sized(&radii);
        }
    }
    if let Some(column) = nodes.attribute("morphology")? {
        let (names, of) = morphologies(&column);
        if !names.is_empty() {
            (population.morphologies, population.morphology_of) = (names, Some(of));
        }
    }
    population.settle(nodes.file(), &key, problems);
    Ok(population)
}

/// How the cells are turned, as Blender has it; `None` where nothing says it.
fn rotations(nodes: &NodePopulation) -> Result<Option<Vec<[f32; 3]>>, CircuitError> {
    let mut quaternion = Vec::new();
    for part in ["w", "x", "y", "z"] {
        quaternion.extend(nodes.numbers(&format!("orientation_{part}"))?);
    }
    let at =
        |column: Option<&Vec<f64>>, row: usize| column.and_then(|column| column.get(row)).copied();
    if quaternion.len() == 4 {
        let one = |row: usize| {
            let part = |part: usize| at(quaternion.get(part), row).unwrap_or(f64::NAN);
            rotation::of_quaternion([part(0), part(1), part(2), part(3)])
        };
        return Ok(Some((0..nodes.len()).map(one).collect()));
    }
    let mut angles = Vec::new();
    for axis in ["x", "y", "z"] {
        angles.push(nodes.numbers(&format!("rotation_angle_{axis}axis"))?);
    }
    if angles.iter().all(Option::is_none) {
        return Ok(None);
    }
    let one = |row: usize| {
        // Who has no angle is not turned about this axis.
        let angle = |axis: usize| {
            let angle = at(angles.get(axis).and_then(Option::as_ref), row);
            angle.filter(|angle| !angle.is_nan()).unwrap_or(0.0)
        };
        rotation::of_sonata([angle(0), angle(1), angle(2)])
    };
    Ok(Some((0..nodes.len()).map(one).collect()))
}

/// The different morphologies, and that of each cell.
fn morphologies(column: &Column) -> (Vec<String>, Vec<i32>) {
    let mut names: IndexSet<String> = IndexSet::new();
    let mut of = Vec::with_capacity(column.len());
    for at in 0..column.len() {
        let name = column
            .word(at)
            .filter(|name| !matches!(&**name, "" | "NULL" | "None"));
        let place = name.map(|name| match names.get_index_of(&*name) {
            Some(place) => place,
            None => names.insert_full(name.into_owned()).0,
        });
        of.push(
            place
                .and_then(|place| i32::try_from(place).ok())
                .unwrap_or(-1),
        );
    }
    (names.into_iter().collect(), of)
}

impl SonataFiles {
    /// The names of the populations of edges.
    pub(super) fn edge_names(&self) -> Result<Vec<String>, CircuitError> {
        let mut names = IndexSet::new();
        for one in &self.edges {
            names.extend(File::open(&one.edges_file)?.groups("/edges")?);
        }
        Ok(names.into_iter().collect())
    }

    /// The ends of the edges of a population.
    pub(super) fn edges(&self, name: &str) -> Result<Pairs, CircuitError> {
        for one in &self.edges {
            let file = File::open(&one.edges_file)?;
            if !file.groups("/edges")?.iter().any(|known| known == name) {
                continue;
            }
            let edges = EdgePopulation::open(&file, name, None)?;
            let mut pairs = Vec::new();
            for block in edges.blocks(BLOCK) {
                let block = block?;
                let signed = |id: &u64| i64::try_from(*id).unwrap_or(-1);
                let ends = block.source.iter().zip(&block.target);
                pairs.extend(ends.map(|(source, target)| [signed(source), signed(target)]));
            }
            let (source, target) = (edges.source_population(), edges.target_population());
            return Ok(Pairs::Between(source.to_owned(), target.to_owned(), pairs));
        }
        Ok(Pairs::OfAll(Vec::new()))
    }

    /// The morphology of a name, with its soma at 0.
    pub(super) fn morphology(&self, name: &str) -> Result<Morphology, CircuitError> {
        let Some(folder) = &self.morphologies else {
            let text = "is missing: it is the folder of the SWC files";
            return Err(CircuitError::file(
                &self.file,
                "components.morphologies_dir",
                text,
            ));
        };
        // A network that somebody else made names files below its folder only.
        let below = Path::new(name)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        if !below {
            let text = format!(
                "the morphology {name:?} is no file below {}",
                folder.display()
            );
            return Err(CircuitError::file(
                &self.file,
                "components.morphologies_dir",
                text,
            ));
        }
        let mut path = folder.join(name);
        if !path.is_file()
            && path
                .extension()
                .is_none_or(|end| !end.eq_ignore_ascii_case("swc"))
        {
            path = folder.join(format!("{name}.swc"));
        }
        let mut morphology = Morphology::from_swc(&path)?;
        morphology.center();
        name.clone_into(&mut morphology.name);
        Ok(morphology)
    }
}
