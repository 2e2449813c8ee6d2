//! Which files are networks, by their names and keys.

use std::path::Path;

use serde_json::{Map, Value};

/// What a file is, of those that `blendtorch render` makes a scene of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkFile {
    /// A `network.json`: a [`SceneDescription`](super::SceneDescription).
    Scene,
    /// A network: HDF5, or a SONATA configuration.
    Network,
}

/// Keys that a SONATA configuration has, and no description of a scene.
const SONATA: [&str; 6] = [
    "networks",
    "run",
    "simulation",
    "manifest",
    "components",
    "target_simulator",
];

impl NetworkFile {
    /// What a file is; `None` for what is something else, is too large, or cannot be read.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?;
        match ending.to_ascii_lowercase().as_str() {
            "hdf5" | "h5" => Some(Self::Network),
            "json" => match keys(path)? {
                Ok(keys) => Self::of_keys(&keys),
                // What is wrong with it is said by the reader that it is meant for.
                Err(text) => (text.contains("\"network\"") || text.contains("\"populations\""))
                    .then_some(Self::Scene),
            },
            _ => None,
        }
    }

    fn of_keys(keys: &Map<String, Value>) -> Option<Self> {
        let has = |name: &str| keys.contains_key(name);
        match () {
            () if has("scene") => None,
            () if SONATA.into_iter().any(has) => Some(Self::Network),
            () if has("network") || has("populations") => Some(Self::Scene),
            () => None,
        }
    }
}

/// The keys of an object, or the text of what is no JSON.
fn keys(path: &Path) -> Option<Result<Map<String, Value>, String>> {
    let small = std::fs::metadata(path).is_ok_and(|file| file.len() <= super::LARGEST);
    let text = small.then(|| std::fs::read_to_string(path).ok())??;
    match serde_json::from_str(&text) {
        Ok(Value::Object(keys)) => Some(Ok(keys)),
        Ok(_) => None,
        Err(_) => Some(Err(text)),
    }
}

/// Whether a name ends in `.json`.
pub(super) fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|name| name == "json")
}
