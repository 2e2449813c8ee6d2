//! Where the managed Blender lives, and the marker that says it is whole.
//!
//! The managed Blender is a virtual environment with the `bpy` wheel and ours, in a folder
//! `bpy-<version>` under the cache folder. Owns its paths, its marker file and the looks at what is
//! installed in such an environment; making it is [`crate::setup`]'s.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use crate::{DEFAULT_BPY_VERSION, Version};

/// Name of the file that a finished set-up leaves in the environment's folder.
const MARKER: &str = "blendtorch-setup.json";

/// What a finished set-up installed. Written last, so that half a set-up has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marker {
    /// Version of the `bpy` wheel.
    pub(crate) bpy: Version,
    /// Version of the environment's Python, as "3.11".
    pub(crate) python: String,
    /// The blendtorch wheel that was installed, where one was.
    pub(crate) wheel: Option<WheelStamp>,
    /// Whether EEVEE's shaders were compiled with it.
    #[serde(default)]
    pub(crate) shaders: bool,
}

/// Tells one build of the wheel from another without reading it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WheelStamp {
    /// Name of the wheel file.
    pub(crate) name: String,
    /// Its length in bytes.
    pub(crate) length: u64,
    /// Its time of change, nanoseconds since 1970 (the string keeps all digits in JSON).
    pub(crate) changed: String,
}

impl WheelStamp {
    pub(crate) fn of(wheel: &Path) -> std::io::Result<Self> {
        let data = std::fs::metadata(wheel)?;
        let changed = data
            .modified()?
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_nanos();
        let name = wheel
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok(Self {
            name,
            length: data.len(),
            changed: changed.to_string(),
        })
    }
}

impl Marker {
    pub(crate) fn read(environment: &Path) -> Option<Self> {
        serde_json::from_str(&std::fs::read_to_string(environment.join(MARKER)).ok()?).ok()
    }

    pub(crate) fn write(&self, environment: &Path) -> std::io::Result<()> {
        let beside = environment.join(format!("{MARKER}.new"));
        std::fs::write(&beside, serde_json::to_string_pretty(self)?)?;
        std::fs::rename(beside, environment.join(MARKER))
    }

    pub(crate) fn remove(environment: &Path) -> std::io::Result<()> {
        match std::fs::remove_file(environment.join(MARKER)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }
}

/// Folder of the managed Blender of one version.
pub(crate) fn environment(cache: &Path, bpy: &str) -> PathBuf {
    cache.join(format!("bpy-{bpy}"))
}

/// The Python program of an environment.
pub(crate) fn python(environment: &Path) -> PathBuf {
    environment.join("bin").join("python")
}

/// The finished managed Blender to run: the default version, else the newest other one.
pub(crate) fn find(cache: &Path) -> Option<(PathBuf, Marker)> {
    let whole = |folder: PathBuf| {
        let marker = Marker::read(&folder)?;
        python(&folder).exists().then_some((folder, marker))
    };
    whole(environment(cache, DEFAULT_BPY_VERSION)).or_else(|| {
        let folders = std::fs::read_dir(cache)
            .ok()?
            .flatten()
            .map(|entry| entry.path());
        let named = folders.filter(|f| {
            f.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("bpy-"))
        });
        named.filter_map(whole).max_by_key(|(_, marker)| marker.bpy)
    })
}

/// Version of the `bpy` wheel in an environment, read off the name of its metadata folder.
pub(crate) fn installed_bpy(environment: &Path) -> Option<Version> {
    let entries = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries(environment.join("lib"))
        .flat_map(|python| entries(python.path().join("site-packages")))
        .find_map(|entry| {
            let name = entry.file_name();
            name.to_str()?
                .strip_prefix("bpy-")?
                .strip_suffix(".dist-info")?
                .parse()
                .ok()
        })
}

/// Whether an environment holds the blendtorch package, as a folder or linked by `maturin develop`.
pub(crate) fn has_package(environment: &Path) -> bool {
    let entries = |folder| std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries(environment.join("lib")).any(|python| {
        entries(python.path().join("site-packages")).any(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with("blendtorch-") && name.ends_with(".dist-info")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(cache: &Path, version: &str) -> PathBuf {
        let folder = environment(cache, version);
        std::fs::create_dir_all(folder.join("bin")).unwrap();
        std::fs::write(python(&folder), "").unwrap();
        folder
    }

    fn mark(folder: &Path, version: &str) {
        let bpy = version.parse().unwrap();
        Marker {
            bpy,
            python: "3.11".into(),
            wheel: None,
            shaders: false,
        }
        .write(folder)
        .unwrap();
    }

    #[test]
    fn half_a_setup_is_not_found_and_the_default_goes_first() {
        let cache = tempfile::tempdir().unwrap();
        let cache = cache.path();
        assert!(find(cache).is_none());
        let default = install(cache, DEFAULT_BPY_VERSION);
        assert!(find(cache).is_none(), "there is no marker yet");
        for version in ["4.5.9", "5.10.0", "5.2.3"] {
            mark(&install(cache, version), version);
        }
        assert_eq!(find(cache).unwrap().0, environment(cache, "5.10.0"));
        mark(&default, DEFAULT_BPY_VERSION);
        assert_eq!(find(cache).unwrap().0, default);
        Marker::remove(&default).unwrap();
        Marker::remove(&default).unwrap();
        assert_ne!(find(cache).unwrap().0, default);
    }
}
