//! The section `output`: where results go.
//!
//! Owns the paths and the order of spikes. It makes no folder.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::keys::OUTPUT;
use super::section::{Check, Fields, Place, joined};
use crate::spikes::Sorting;

/// Where results go.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Output {
    /// The folder; relative ones from where the program runs on, as in BMTK.
    pub output_dir: PathBuf,
    /// Whether an earlier output is overwritten; true where absent, as BMTK's guide promises.
    pub overwrite_output_dir: bool,
    /// The log.
    pub log_file: Option<PathBuf>,
    /// `DEBUG`, `INFO`, `WARNING`, `ERROR`, …
    pub log_level: String,
    /// In the words of Python's `logging`.
    pub log_format: String,
    /// Whether the log is shown too.
    pub log_to_console: bool,
    /// Whether the engine says nothing itself.
    pub quiet_simulator: bool,
    /// SONATA's files of spikes: none, one, or one for each of several runs.
    pub spikes_file: Vec<PathBuf>,
    /// The same as text.
    pub spikes_file_csv: Vec<PathBuf>,
    /// The same as NWB.
    pub spikes_file_nwb: Vec<PathBuf>,
    /// The order of spikes in them.
    pub spikes_sort_order: Sorting,
    /// Whether SONATA's file of spikes is compressed with gzip. libsonata's wheel reads no compressed file.
    pub gzip: bool,
    /// The rates of FilterNet and PopNet: the key and the file.
    pub rates: Vec<(String, PathBuf)>,
}

impl Output {
    pub(super) fn read(
        object: &Map<String, Value>,
        place: &Place<'_>,
        check: &mut Check<'_>,
    ) -> Self {
        let fields = check.fields(object, &[OUTPUT], place);
        let folder = fields.text("output_dir").unwrap_or_else(|| ".".to_owned());
        let output_dir = joined(check.working, &folder);
        let below = |text: &str| below(check.working, Path::new(&folder), text);
        let each = |name: &str| {
            fields
                .texts(name)
                .iter()
                .map(|text| below(text))
                .collect::<Vec<_>>()
        };
        let rates = [
            "rates_csv",
            "rates_h5",
            "rates_file",
            "rates_file_csv",
            "rates_file_h5",
        ];
        let output = Self {
            log_file: fields.text("log_file").map(|text| below(&text)),
            log_level: fields
                .text("log_level")
                .unwrap_or_else(|| "DEBUG".to_owned()),
            log_format: fields
                .text("log_format")
                .unwrap_or_else(|| "%(asctime)s [%(levelname)s] %(message)s".to_owned()),
            overwrite_output_dir: fields.flag("overwrite_output_dir").unwrap_or(true),
            log_to_console: fields.flag("log_to_console").unwrap_or(true),
            quiet_simulator: fields.flag("quiet_simulator").unwrap_or(false),
            spikes_file: each("spikes_file"),
            spikes_file_csv: each("spikes_file_csv"),
            spikes_file_nwb: each("spikes_file_nwb"),
            spikes_sort_order: sorting(&fields),
            rates: rates
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), below(&fields.text(name)?))))
                .collect(),
            gzip: false,
            output_dir,
        };
        if fields.spelling("spikes_sort_order") == "sort_by" {
            check.warning(
                place,
                "sort_by",
                "is read as \"spikes_sort_order\"; BMTK ignores it",
            );
        }
        Self {
            gzip: gzip(&fields, place, check),
            ..output
        }
    }

    /// What counts where there is no section.
    pub(super) fn absent(working: &Path) -> Self {
        Self {
            output_dir: working.to_owned(),
            overwrite_output_dir: true,
            log_file: None,
            log_level: "DEBUG".to_owned(),
            log_format: "%(asctime)s [%(levelname)s] %(message)s".to_owned(),
            log_to_console: true,
            quiet_simulator: false,
            spikes_file: Vec::new(),
            spikes_file_csv: Vec::new(),
            spikes_file_nwb: Vec::new(),
            spikes_sort_order: Sorting::None,
            gzip: false,
            rates: Vec::new(),
        }
    }
}

/// A file of the output: below the folder, unless it says so itself.
fn below(working: &Path, folder: &Path, text: &str) -> PathBuf {
    match in_folder(folder, Path::new(text)) {
        true => joined(working, text),
        false => joined(&working.join(folder), text),
    }
}

/// Whether a path begins with the folder's. "." is a part of every relative path, and says nothing.
fn in_folder(folder: &Path, path: &Path) -> bool {
    let plain = |path: &Path| -> PathBuf {
        let parts = path.components();
        parts.filter(|part| part.as_os_str() != ".").collect()
    };
    let folder = plain(folder);
    !folder.as_os_str().is_empty() && plain(path).starts_with(&folder)
}

/// The path as BMTK's dictionary has it: joined to the folder as text.
pub(super) fn as_text(folder: &str, text: &str) -> String {
    match in_folder(Path::new(folder), Path::new(text)) {
        true => text.to_owned(),
        false => Path::new(folder).join(text).to_string_lossy().into_owned(),
    }
}

fn sorting(fields: &Fields) -> Sorting {
    match fields.text("spikes_sort_order").as_deref() {
        Some("by_time" | "time") => Sorting::ByTime,
        Some("by_id" | "id" | "node_id" | "gid") => Sorting::ById,
        _ => Sorting::None,
    }
}

fn gzip(fields: &Fields, place: &Place<'_>, check: &mut Check<'_>) -> bool {
    match fields.value("compression") {
        None | Some(Value::Bool(false)) => false,
        Some(Value::String(text)) if text == "none" || text.is_empty() => false,
        Some(Value::String(text)) if text == "gzip" => true,
        // h5py's other way to say gzip: its level.
        Some(Value::Number(level)) if level.as_u64().is_some_and(|level| level <= 9) => true,
        Some(other) => {
            let text = format!(
                "{other} is no compression that is written here; write \"none\" or \"gzip\""
            );
            check.error(place, "compression", text);
            false
        }
    }
}
