//! Network scenes: which network, which results, and how they are shown, as people write it.
//!
//! Owns the keys of a `network.json`, their defaults and their checks. It reads no network and no result,
//! and draws nothing: `blendtorch.btb.network` makes the scene of it, in Blender.

mod axes;
mod check;
mod color;
mod device;
mod kind;
mod output;
mod show;
#[cfg(test)]
mod tests;
mod view;

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{CircuitError, Problems};
pub use axes::{Axes, Limits};
pub use color::Color;
pub use device::{Device, LightModel, Rois, Values};
pub use kind::NetworkFile;
pub use show::{ColorScale, Interpolation, Show};
pub use view::{CameraView, Time, Up};

/// A file may be so large: arrays belong into files of their own.
const LARGEST: u64 = 64 << 20;

/// A network, its results, and how they are shown. The names are the keys of `network.json`.
// Its schema is docs/network.schema.json: `blendtorch schema network` writes it, a test compares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "network.json", extend("$id" = "network.schema.json"))]
pub struct SceneDescription {
    /// Where an editor finds the JSON schema of the file. It is not looked at.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The network's name in the scene; that of its file where it is not said.
    pub name: Option<String>,
    /// The network: an HDF5 file of the BSB (v3 to v8) or a SONATA configuration. Without it each
    /// population says where its cells are.
    pub network: Option<PathBuf>,
    /// Files of spikes: the BSB's results (HDF5 of v3, `.nio` of v4 to v8), SONATA spikes (HDF5, CSV).
    /// Where none is named, the spikes that a SONATA configuration has written beside itself.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(with = "OneOrMany")]
    pub results: Vec<PathBuf>,
    /// The group within an HDF5 file of v3's results, as `recorders/soma_spikes`.
    pub results_group: Option<String>,
    /// How frames and simulated time go together.
    pub time: Time,
    /// What is shown of the activity of all populations that do not say it themselves. Pulsar where there
    /// are results.
    pub show: Option<Show>,
    /// A colour map for values; without it cells glow in their population's colour.
    pub colors: Option<ColorScale>,
    /// Populations by name: how each is shown. Those that are not named are shown as their file says.
    #[serde(deserialize_with = "each_once")]
    pub populations: IndexMap<String, PopulationStyle>,
    /// Show the populations that are named, and no others.
    pub only_named: bool,
    /// What cells are in Blender.
    pub draw_as: DrawAs,
    /// Cells whose morphologies are drawn, by population: `"all"`, or indices.
    pub morphologies: IndexMap<String, Cells>,
    /// Lights, probes and microscopes.
    pub devices: Vec<Device>,
    /// From where it is seen.
    pub camera: CameraView,
    /// The colour around it.
    pub background: Color,
    /// A sun.
    pub light: bool,
    /// A glow around what is bright, by the compositor.
    pub glare: bool,
    /// Names, colours, time and a scale in the picture.
    pub legend: bool,
    /// A box with ticks around the network: `true`, or from where to where its sides go.
    pub axes: Axes,
    /// Width x height of the pictures.
    #[schemars(regex(pattern = "^[0-9]+x[0-9]+$"))]
    pub resolution: Option<String>,
    /// `cycles`, `eevee`, `workbench`, or `plot`: cells as discs and all else as flat surfaces, in
    /// milliseconds. `blendtorch render` takes Cycles where nobody says it, which draws cells as spheres
    /// and, without a GPU, sooner than EEVEE.
    pub engine: Option<String>,
    /// Samples a pixel; `blendtorch render` takes 4 of Cycles where nobody says it.
    #[schemars(range(min = 1))]
    pub samples: Option<u32>,
}

/// How a population is shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PopulationStyle {
    /// Its colour; the file's where it is not said.
    pub color: Option<Color>,
    /// From 0, not to be seen, to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub opacity: Option<f64>,
    /// The radius of its cells, in µm.
    pub radius: Option<f64>,
    /// It is not drawn.
    pub hidden: bool,
    /// What is shown of its activity.
    pub show: Option<Show>,
    /// A colour map for its values.
    pub colors: Option<ColorScale>,
    /// What its cells are in Blender.
    pub draw_as: Option<DrawAs>,
    /// Where its cells are, without a network's file: an array of shape (n, 3) in µm as `cells.npy`, or
    /// `cells.npz:exc`, or `cells.h5:/path`, or the numbers themselves.
    pub positions: Option<Positions>,
}

/// Where cells are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected the name of an array, as cells.npz:exc, or rows of three numbers"
)]
pub enum Positions {
    /// A file, and an array in it.
    File(String),
    /// The numbers.
    Inline(Vec<[f64; 3]>),
}

/// What cells are in Blender.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DrawAs {
    /// Points; a mesh where Workbench draws, which shows no colours of points.
    #[default]
    Auto,
    /// A point cloud for each population.
    Points,
    /// A mesh for each population, coloured by vertices.
    Mesh,
    /// An object for each cell, with keyframes: for a few thousand cells.
    Objects,
}

/// Some cells of a population.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Cells {
    /// `"all"`.
    Word(AllWord),
    /// Their indices.
    Some(Vec<u64>),
}

/// The word for all cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AllWord {
    /// All of them.
    All,
}

impl Default for SceneDescription {
    fn default() -> Self {
        Self {
            schema: None,
            name: None,
            network: None,
            results: Vec::new(),
            results_group: None,
            time: Time::default(),
            show: None,
            colors: None,
            populations: IndexMap::new(),
            only_named: false,
            draw_as: DrawAs::default(),
            morphologies: IndexMap::new(),
            devices: Vec::new(),
            camera: CameraView::default(),
            background: Color::BLACK,
            light: true,
            glare: false,
            legend: true,
            axes: Axes::default(),
            resolution: None,
            engine: None,
            samples: None,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrMany {
    One(PathBuf),
    Many(Vec<PathBuf>),
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<PathBuf>, D::Error> {
    Ok(match Option::<OneOrMany>::deserialize(from)? {
        None => Vec::new(),
        Some(OneOrMany::One(path)) => vec![path],
        Some(OneOrMany::Many(paths)) => paths,
    })
}

/// Populations, of which none may come twice: JSON would take the last.
fn each_once<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<IndexMap<String, PopulationStyle>, D::Error> {
    struct Each;
    impl<'de> serde::de::Visitor<'de> for Each {
        type Value = IndexMap<String, PopulationStyle>;
        fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            to.write_str("populations by name")
        }
        fn visit_map<M: serde::de::MapAccess<'de>>(
            self,
            mut map: M,
        ) -> Result<Self::Value, M::Error> {
            let mut all = IndexMap::new();
            while let Some((name, style)) = map.next_entry::<String, PopulationStyle>()? {
                if all.contains_key(&name) {
                    let text = format!("the population {name:?} is there twice");
                    return Err(serde::de::Error::custom(text));
                }
                all.insert(name, style);
            }
            Ok(all)
        }
    }
    from.deserialize_map(Each)
}

impl SceneDescription {
    /// Reads and checks a `network.json`. Relative paths in it are looked up beside the file; those of
    /// what is returned are absolute.
    ///
    /// # Errors
    /// An unreadable file, broken JSON, an unknown key (with the one that was meant), values that cannot
    /// be, files that are not there: all of them at once.
    pub fn from_file(path: &Path) -> Result<Self, CircuitError> {
        let bytes = std::fs::metadata(path).map_err(|error| CircuitError::io(path, error))?;
        if bytes.len() > LARGEST {
            return Err(CircuitError::file(
                path,
                "",
                format!(
                    "it has {} MB, and a network.json at most {}: keep arrays in files of their own",
                    bytes.len() >> 20,
                    LARGEST >> 20
                ),
            ));
        }
        let text = std::fs::read_to_string(path).map_err(|error| CircuitError::io(path, error))?;
        let absolute = std::path::absolute(path).map_err(|error| CircuitError::io(path, error))?;
        Self::from_json(&text, &absolute)
    }

    /// Reads and checks one from JSON text; `file` is where it stands, or would: relative paths are
    /// looked up beside it, and problems name it.
    ///
    /// # Errors
    /// As [`from_file`](Self::from_file).
    pub fn from_json(text: &str, file: &Path) -> Result<Self, CircuitError> {
        let mut json = serde_json::Deserializer::from_str(text);
        let mut read: Self = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let key = error.path().to_string();
            let key = if key == "." || key == "?" {
                String::new()
            } else {
                key
            };
            CircuitError::file(file, key, check::unknown_key(&error.inner().to_string()))
        })?;
        json.end()
            .map_err(|error| CircuitError::file(file, "", error.to_string()))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        read.make_absolute(folder);
        read.find_results();
        let mut problems = Problems::new();
        check::check(&read, file, &mut problems);
        problems.into_result()?;
        Ok(read)
    }

    /// A network and its results as they are shown where nothing else is said. Paths are made absolute.
    ///
    /// # Errors
    /// Files that are not there.
    pub fn of(network: &Path, results: &[PathBuf]) -> Result<Self, CircuitError> {
        let absolute =
            |path: &Path| std::path::absolute(path).map_err(|error| CircuitError::io(path, error));
        let mut scene = Self {
            network: Some(absolute(network)?),
            results: results
                .iter()
                .map(|one| absolute(one))
                .collect::<Result<_, _>>()?,
            ..Self::default()
        };
        scene.find_results();
        let mut problems = Problems::new();
        check::check(&scene, network, &mut problems);
        problems.into_result()?;
        Ok(scene)
    }

    /// With all defaults, as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The JSON schema of the file.
    #[must_use]
    pub fn json_schema() -> Value {
        schemars::schema_for!(Self).to_value()
    }

    /// The files whose content the scene is made of.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.network.iter().chain(&self.results).cloned().collect();
        let shows = self.populations.values().map(|one| one.show.as_ref());
        let shows = shows.chain([self.show.as_ref()]).flatten();
        files.extend(shows.filter_map(|one| one.report().cloned()));
        let positions = self.populations.values().map(|one| &one.positions);
        files.extend(positions.filter_map(|one| match one {
            Some(Positions::File(text)) => Some(array_file(text).0),
            _ => None,
        }));
        files.extend(self.devices.iter().filter_map(Device::file));
        let mut seen = std::collections::HashSet::new();
        files.retain(|file| seen.insert(file.clone()));
        files
    }

    /// A SONATA configuration says itself where its spikes are.
    fn find_results(&mut self) {
        let sonata = self.network.as_ref().filter(|path| kind::is_json(path));
        if let Some(config) = sonata
            && self.results.is_empty()
        {
            self.results.extend(output::spikes(config));
        }
    }

    fn make_absolute(&mut self, folder: &Path) {
        let at = |path: &mut PathBuf| {
            if path.is_relative() {
                *path = folder.join(&*path);
            }
        };
        self.network.iter_mut().for_each(at);
        self.results.iter_mut().for_each(at);
        let own = self.populations.values_mut();
        for style in own {
            if let Some(Positions::File(text)) = &mut style.positions
                && Path::new(text.as_str()).is_relative()
            {
                *text = folder.join(&*text).to_string_lossy().into_owned();
            }
            if let Some(report) = style.show.as_mut().and_then(Show::report_mut) {
                at(report);
            }
        }
        if let Some(report) = self.show.as_mut().and_then(Show::report_mut) {
            at(report);
        }
        for device in &mut self.devices {
            if let Some(file) = device.file_mut() {
                at(file);
            }
        }
    }
}

/// How the names of files that have arrays end, before the array's name.
const ARRAY_FILES: [&str; 4] = [".npy:", ".npz:", ".h5:", ".hdf5:"];

/// The file and the array that a text names, as `cells.npz:exc`. Both may have colons of their own.
#[must_use]
pub fn array_file(text: &str) -> (PathBuf, Option<&str>) {
    let ends = ARRAY_FILES.iter();
    let colon = ends
        .filter_map(|end| text.find(end).map(|at| at + end.len() - 1))
        .min();
    match colon.and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?))) {
        Some((file, array)) => (file.into(), Some(array).filter(|name| !name.is_empty())),
        None => (text.into(), None),
    }
}
