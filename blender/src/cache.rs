//! Where blendtorch keeps what it downloads and what it remembers.
//!
//! Owns which folder that is. It must never make it.

use std::path::PathBuf;

/// Where blendtorch keeps what it downloads: `BLENDTORCH_CACHE`, else `blendtorch` under
/// `XDG_CACHE_HOME`, else `.cache/blendtorch` in the home: `HOME`, else that of the user's entry in
/// the system's list of users. `None` where all of them are empty, or no full path.
pub fn cache_folder() -> Option<PathBuf> {
    let variable = |name| {
        std::env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    // Else each working folder would have a cache of its own.
    let full = |path: PathBuf| path.is_absolute().then_some(path);
    variable("BLENDTORCH_CACHE")
        .or_else(|| Some(full(variable("XDG_CACHE_HOME")?)?.join("blendtorch")))
        .or_else(|| {
            Some(
                full(std::env::home_dir()?)?
                    .join(".cache")
                    .join("blendtorch"),
            )
        })
}
