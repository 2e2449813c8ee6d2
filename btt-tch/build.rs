//! Tells this crate's tests, and the build scripts of programs that depend on it, where libtorch is.

use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Said by torch-sys, whatever it was told: LIBTORCH, LIBTORCH_LIB or LIBTORCH_USE_PYTORCH.
    let Some(folder) = std::env::var_os("DEP_TCH_LIBTORCH_LIB").map(PathBuf::from) else {
        return;
    };
    println!("cargo::rerun-if-changed={}", folder.display());
    // Absolute and without links: a program must find it from any working folder.
    let folder = folder.canonicalize().unwrap_or(folder);
    println!("cargo::metadata=libtorch_lib={}", folder.display());
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", folder.display());
}
