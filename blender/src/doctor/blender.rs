//! The Blender that would run: which it is, what its Python has, and what it renders with.
//!
//! Owns the run of `probe.py` inside it. It must never take a remembered answer for it: who asks a
//! doctor wants to know how things are now.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

use super::Draws;
use super::check::{Check, Health};
use crate::answers::Answers;
use crate::discover::{VARIABLE, discover_named};
use crate::environment::{DRAWING_THREADS, REMEDY};
use crate::{Blender, DiscoverError, Runtime, ask, draws_in_software};

const PROBE: &str = include_str!("probe.py");

/// The word that the line which `probe.py` prints starts with.
const SAID: &str = "blendtorch-doctor ";

/// What `probe.py` prints.
#[derive(Debug, Default, Deserialize)]
struct Said {
    version: String,
    python: String,
    numpy: Option<String>,
    numpy_error: Option<String>,
    blendtorch: Option<String>,
    blendtorch_error: Option<String>,
    renderer: Option<String>,
    vendor: Option<String>,
    gpu_version: Option<String>,
    gpu_error: Option<String>,
}

/// The checks, and what draws.
pub(super) fn checks() -> (Vec<Check>, Option<Draws>) {
    // Asked anew, and not written down.
    let blender = match discover_named(None, &Answers::in_file(None)) {
        Ok(blender) => blender,
        Err(error) => return (vec![no_blender(&error)], None),
    };
    match examine(&blender) {
        Ok(said) => {
            let mut checks = vec![
                found(&blender, &said),
                python(&blender, &said),
                package(&blender, &said),
                rendering(&said),
            ];
            let threads = std::env::var_os(DRAWING_THREADS.0);
            checks.extend(drawing(&said, threads.as_deref()));
            (checks, said.draws())
        }
        Err(complaint) => (vec![dead(&blender, &complaint)], None),
    }
}

impl Said {
    fn draws(&self) -> Option<Draws> {
        let renderer = self.renderer.as_deref()?;
        Some(match draws_in_software(renderer) {
            true => Draws::Processor,
            false => Draws::Card,
        })
    }
}

fn dead(blender: &Blender, complaint: &str) -> Check {
    Check::missing(
        "Blender",
        format!(
            "{} {} does not start: {complaint}",
            blender.version,
            blender.path.display()
        ),
        match blender.runtime {
            Runtime::Module => "blendtorch setup --force",
            Runtime::Program => {
                "blendtorch setup (the managed Blender goes first), or install it anew"
            }
        },
    )
}

fn no_blender(error: &DiscoverError) -> Check {
    let said = error.to_string();
    // The error's own remedy is said more shortly below.
    let found = said.split(';').next().unwrap_or_default().to_owned();
    let remedy = match error {
        DiscoverError::NotFound | DiscoverError::NotManaged { .. } => "blendtorch setup".to_owned(),
        _ => format!("unset {VARIABLE} && blendtorch setup"),
    };
    Check::missing("Blender", found, remedy)
}

fn examine(blender: &Blender) -> Result<Said, String> {
    let mut command = Command::new(&blender.path);
    match blender.runtime {
        Runtime::Module => command.args(["-P", "-c", PROBE]),
        Runtime::Program => command.args([
            "--background",
            "--factory-startup",
            "--python-use-system-env",
            "--python-expr",
            PROBE,
        ]),
    };
    ask::with_packages(&mut command, blender);
    let answer = ask::ask(&mut command, SAID).map_err(|error| error.to_string())?;
    answer
        .line(SAID)
        .and_then(|json| serde_json::from_str(json).ok())
        .ok_or_else(|| answer.complaint())
}

fn found(blender: &Blender, said: &Said) -> Check {
    let kind = match blender.runtime {
        Runtime::Module => "bpy module",
        Runtime::Program => "program",
    };
    Check::ok(
        "Blender",
        format!("{} ({kind}, {})", said.version, blender.path.display()),
    )
}

fn python(blender: &Blender, said: &Said) -> Check {
    match &said.numpy {
        Some(numpy) => Check::ok("its Python", format!("{} with numpy {numpy}", said.python)),
        None => Check::missing(
            "its Python",
            format!(
                "{} without numpy ({})",
                said.python,
                said.numpy_error.as_deref().unwrap_or("no word")
            ),
            match blender.runtime {
                Runtime::Module => "blendtorch setup --force",
                Runtime::Program => "apt-get install python3-numpy, or a Blender from blender.org",
            },
        ),
    }
}

fn package(blender: &Blender, said: &Said) -> Check {
    let ours = env!("CARGO_PKG_VERSION");
    match &said.blendtorch {
        Some(version) if version == ours => Check::ok("blendtorch in it", version),
        Some(version) => Check::note(
            "blendtorch in it",
            format!("{version}, and this program is {ours}"),
            REMEDY,
        ),
        None => Check::missing(
            "blendtorch in it",
            format!(
                "{} cannot import it: {}",
                blender.path.display(),
                said.blendtorch_error.as_deref().unwrap_or("no word")
            ),
            REMEDY,
        ),
    }
}

fn rendering(said: &Said) -> Check {
    let Some(renderer) = &said.renderer else {
        return Check::missing(
            "rendering",
            format!(
                "no OpenGL: {}",
                said.gpu_error.as_deref().unwrap_or("no word")
            ),
            "apt-get install libgl1 libegl1 (as root)",
        );
    };
    let version = said.gpu_version.as_deref().unwrap_or_default();
    if !draws_in_software(renderer) {
        let vendor = said.vendor.as_deref().unwrap_or_default();
        return Check::ok("rendering", format!("GPU: {renderer} ({vendor} {version})"));
    }
    let mesa = mesa(version);
    let found = format!(
        "software: {renderer}{}; Workbench is quick on it, EEVEE takes half a second a picture and two \
         for the first",
        mesa.map_or_else(String::new, |mesa| format!(", Mesa {mesa}")),
    );
    let older = mesa
        .and_then(|mesa| mesa.split_once('.'))
        .and_then(|(major, _)| major.parse::<u32>().ok())
        .is_some_and(|major| major < QUICK_MESA);
    match nvidia() {
        Some(card) => Check::note(
            "rendering",
            format!("{found}, and {} is there", card.display()),
            "install the EGL library of NVIDIA's driver (libEGL_nvidia.so.0)",
        ),
        None if older && renderer.contains("llvmpipe") => Check::note(
            "rendering",
            found,
            format!(
                "nothing has to be done; Mesa {QUICK_MESA} draws both in three quarters of the time or \
                 less (Debian 12: apt-get install -t bookworm-backports libgl1-mesa-dri libegl-mesa0, as \
                 root)"
            ),
        ),
        None => Check {
            health: Health::Note,
            ..Check::ok("rendering", found)
        },
    }
}

/// The first Mesa that was seen to draw quicker than 22.3 (docs/speed.md).
const QUICK_MESA: u32 = 25;

/// The version of Mesa in what OpenGL says of its own, as `4.5 (Core Profile) Mesa 22.3.6`.
fn mesa(version: &str) -> Option<&str> {
    let (_, mesa) = version.split_once("Mesa ")?;
    mesa.split(|c: char| !c.is_ascii_digit() && c != '.').next()
}

/// Notes that Mesa is told to draw with threads of its own.
fn drawing(said: &Said, threads: Option<&OsStr>) -> Option<Check> {
    let (name, none) = DRAWING_THREADS;
    let threads = threads.filter(|threads| *threads != none)?.display();
    let software = said.renderer.as_deref()?.contains("llvmpipe");
    software.then(|| {
        Check::note(
            "drawing threads",
            format!(
                "{name} is set to \"{threads}\": with threads of its own, Mesa can end a Blender with \
                 SIGSEGV, once in some hours of drawing"
            ),
            format!("unset {name} (blendtorch then sets it to {none} for its Blenders)"),
        )
    })
}

/// The device file of an NVIDIA card.
fn nvidia() -> Option<PathBuf> {
    let card = PathBuf::from("/dev/nvidia0");
    card.exists().then_some(card)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(json: &str) -> Said {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn software_and_gpu_are_told_apart() {
        let text = r#"{"version": "4.5.15", "python": "3.11.2", "renderer":
            "llvmpipe (LLVM 15.0.6, 256 bits)", "vendor": "Mesa", "gpu_version": "4.5"}"#;
        let software = rendering(&said(text));
        assert_eq!(software.health, Health::Note);
        assert!(software.found.starts_with("software: llvmpipe"));
        assert_eq!(software.remedy, None, "which Mesa it is is not known");
        let text = text.replace("llvmpipe", "NVIDIA H100");
        let gpu = rendering(&said(&text));
        assert_eq!(gpu.health, Health::Ok);
        assert!(gpu.found.starts_with("GPU: NVIDIA H100"), "{}", gpu.found);
        let none = rendering(&said(
            r#"{"version": "", "python": "", "gpu_error": "no EGL"}"#,
        ));
        assert_eq!(none.health, Health::Missing);
        assert!(none.found.contains("no EGL") && none.remedy.unwrap().contains("libegl1"));
    }

    #[test]
    fn an_old_mesa_is_named_with_what_a_newer_one_would_bring() {
        let with = |version: &str| {
            rendering(&Said {
                renderer: Some("llvmpipe (LLVM 15.0.6, 256 bits)".into()),
                gpu_version: Some(version.into()),
                ..Said::default()
            })
        };
        let old = with("4.5 (Core Profile) Mesa 22.3.6");
        assert!(old.found.contains(", Mesa 22.3.6; "), "{}", old.found);
        assert!(old.remedy.unwrap().contains("bookworm-backports"));
        let new = with("4.5 (Core Profile) Mesa 25.0.7-2~bpo12+1");
        assert!(new.found.contains(", Mesa 25.0.7; "), "{}", new.found);
        assert_eq!((new.health, new.remedy), (Health::Note, None));
        for odd in ["4.5", "Mesa", "Mesa ", "Mesa x.1", "Mesa 99999999999.1"] {
            assert_eq!(with(odd).remedy, None, "{odd}");
        }
    }

    #[test]
    fn threads_that_draw_are_noted_where_software_does() {
        let with = |renderer: &str, threads: Option<&str>| {
            let said = Said {
                renderer: Some(renderer.into()),
                ..Said::default()
            };
            drawing(&said, threads.map(OsStr::new))
        };
        let noted = with("llvmpipe (LLVM 15.0.6, 256 bits)", Some("2")).unwrap();
        assert_eq!(noted.health, Health::Note);
        assert!(noted.found.contains("LP_NUM_THREADS is set to \"2\""));
        assert!(noted.remedy.unwrap().starts_with("unset LP_NUM_THREADS"));
        assert_eq!(with("llvmpipe (LLVM 15.0.6, 256 bits)", Some("0")), None);
        assert_eq!(with("llvmpipe (LLVM 15.0.6, 256 bits)", None), None);
        assert_eq!(with("NVIDIA H100", Some("2")), None);
    }

    #[test]
    fn a_package_of_another_version_is_noted_and_a_missing_one_is_missing() {
        let blender = Blender {
            path: "/b".into(),
            runtime: Runtime::Module,
            version: "4.5.15".parse().unwrap(),
        };
        let mut said = said(r#"{"version": "", "python": "", "blendtorch": "0.0.1"}"#);
        let other = package(&blender, &said);
        assert_eq!(other.health, Health::Note);
        assert!(
            other.found.contains("0.0.1, and this program is"),
            "{}",
            other.found
        );
        said.blendtorch = Some(env!("CARGO_PKG_VERSION").into());
        assert_eq!(package(&blender, &said).health, Health::Ok);
        said.blendtorch = None;
        said.blendtorch_error = Some("No module named 'blendtorch'".into());
        let none = package(&blender, &said);
        assert_eq!(none.health, Health::Missing);
        assert!(none.found.contains("No module named") && none.remedy.unwrap().contains("--wheel"));
    }
}
