//! The libtorch that Rust programs with `tch` would be built with.
//!
//! Owns the order in which it is looked for, which is that of `tch` and of `make setup`. It must never
//! load it.

use std::path::{Path, PathBuf};

use blendtorch_blender::{Check, cache_folder};

const NAME: &str = "libtorch";

/// The version that tch 0.26 was made for.
const VERSION: &str = "2.13.0";

pub(super) fn check() -> Check {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if set("LIBTORCH_USE_PYTORCH").is_some() {
        return Check::ok(
            NAME,
            "that of the torch package (LIBTORCH_USE_PYTORCH is set)",
        );
    }
    let own = set("LIBTORCH").map(PathBuf::from);
    let cached = cache_folder().map(|cache| cache.join(format!("libtorch-{VERSION}-cpu")));
    look(own.as_deref(), cached.as_deref())
}

fn look(own: Option<&Path>, cached: Option<&Path>) -> Check {
    let whole = |folder: &&Path| folder.join("lib/libtorch_cpu.so").is_file();
    if let Some(own) = own {
        return match Some(own).filter(whole) {
            Some(own) => Check::ok(NAME, format!("{} (LIBTORCH)", own.display())),
            None => Check::note(
                NAME,
                format!(
                    "LIBTORCH is {}, which holds no lib/libtorch_cpu.so",
                    own.display()
                ),
                format!("set LIBTORCH to the folder of a libtorch {VERSION}, or unset it"),
            ),
        };
    }
    match cached.filter(whole) {
        Some(cached) => Check::ok(
            NAME,
            format!("{VERSION} for the CPU ({})", cached.display()),
        ),
        None => Check::note(
            NAME,
            "none; only training in Rust with tch needs it",
            "make libtorch (in a checkout)",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use blendtorch_blender::Health;

    #[test]
    fn a_folder_of_the_users_goes_first_and_must_hold_it() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path();
        let said = look(Some(own), Some(own));
        assert_eq!(said.health, Health::Note);
        assert!(said.found.contains("holds no lib/libtorch_cpu.so"));
        assert_eq!(look(None, Some(own)).health, Health::Note);
        std::fs::create_dir(own.join("lib")).unwrap();
        std::fs::write(own.join("lib/libtorch_cpu.so"), "").unwrap();
        assert!(look(Some(own), None).found.ends_with("(LIBTORCH)"));
        assert!(look(None, Some(own)).found.starts_with(VERSION));
    }
}
