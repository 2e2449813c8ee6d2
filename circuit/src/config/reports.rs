//! The section `reports`: what is recorded of which cells.
//!
//! Owns how a block becomes a [`Report`], and the names of the files that it writes.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::Engines;
use super::fit::{kind, not_one_of};
use super::keys::Shape;
use super::observers::{COMMON, REPORTS, ReportModule};
use super::section::{Check, Fields, Place};

/// A block of `reports`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// Its name.
    pub name: String,
    /// Its `module`, as BMTK spells it.
    pub module: &'static str,
    /// The cells: the name of a node set, a list, or an object that describes one. `None`: all that the
    /// engine can record.
    pub cells: Option<Value>,
    /// The file: within the output folder where it is relative. Of several variables, see [`Report::files`].
    pub file_name: PathBuf,
    /// What is recorded.
    pub recording: Recording,
    /// The engines that have it.
    pub engines: Engines,
    /// The configuration that it stands in, for what is said of it.
    pub file: PathBuf,
    /// Its place there: `reports.NAME`.
    pub key: String,
}

/// What a report records.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Recording {
    /// Variables of cells over time.
    Membrane {
        /// Their names, as the engine has them; each once.
        variables: Vec<String>,
        /// Which sections (BioNet): `soma`, `all`, …
        sections: Vec<String>,
        /// Step in ms; `None`: the run's.
        dt: Option<f64>,
        /// Start in ms; `None`: the run's.
        start_time: Option<f64>,
        /// End in ms, open; `None`: the run's.
        end_time: Option<f64>,
        /// The unit that is expected.
        unit: Option<String>,
    },
    /// What only other engines record, checked against the module's keys: its parameters by their own names,
    /// paths that are read resolved.
    Other(Map<String, Value>),
}

impl Report {
    /// The block of that name; `None` where it is switched off or wrong.
    pub(super) fn read(
        name: &str,
        value: &Value,
        place: &Place<'_>,
        check: &mut Check<'_>,
    ) -> Option<Self> {
        let object = check.object(value, place)?;
        if object.get("enabled") == Some(&Value::Bool(false)) {
            return None;
        }
        let module = find(object, place, check)?;
        // BMTK's schema asks for an `input_type`, and its code reads only the `variable_name`.
        let mut object = object.clone();
        if object.contains_key("variable_name")
            && let Some(other) = object.shift_remove("input_type")
            && object.get("variable_name") != Some(&other)
        {
            let text = "is ignored beside \"variable_name\", here as in BMTK";
            check.warning(place, "input_type", text);
        }
        let mut fields = check.fields(&object, &[COMMON, module.keys], place);
        let mut complete = true;
        for need in module.needs.iter().filter(|need| !fields.has(need)) {
            complete = false;
            check.error(
                place,
                need,
                format!("is missing; {} needs it", module.module),
            );
        }
        for (name, wanted) in [("variable_name", "input_type"), ("cells", "node_set")] {
            if fields.spelling(name) == wanted {
                let text = format!("is read as {name:?}, which BMTK and libsonata need");
                check.warning(place, wanted, text);
            }
        }
        let cells = fields.take("cells");
        let file_name = file_name(name, &fields);
        fields.take("module");
        fields.take("enabled");
        fields.take("file_name");
        let recording = complete
            .then(|| recording(module, fields, place, check))
            .flatten()?;
        Some(Self {
            name: name.to_owned(),
            module: module.module,
            cells,
            file_name,
            recording,
            engines: module.engines,
            file: place.source.file.clone(),
            key: place.path.clone(),
        })
    }

    /// The variables of a membrane report, each with its file in `output_dir`.
    ///
    /// The first variable is in the file that the report names, so that whoever opened it goes on to find
    /// it there; each further one is in a file beside it with its name added: `v.h5`, `v_I_syn_ex.h5`. A
    /// SONATA report has one variable; BMTK writes the last one's values under the first one's name.
    pub fn files(&self, output_dir: &Path) -> Vec<(String, PathBuf)> {
        let first = output_dir.join(&self.file_name);
        let Recording::Membrane { variables, .. } = &self.recording else {
            return Vec::new();
        };
        let stem = first
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let end = first
            .extension()
            .map(|end| format!(".{}", end.to_string_lossy()))
            .unwrap_or_default();
        let file = |(at, variable): (usize, &String)| {
            let path = match at {
                0 => first.clone(),
                _ => first.with_file_name(format!("{stem}_{}{end}", variable.replace(is_odd, "_"))),
            };
            (variable.clone(), path)
        };
        variables.iter().enumerate().map(file).collect()
    }
}

/// What has no place in the name of a file.
fn is_odd(letter: char) -> bool {
    !letter.is_alphanumeric() && !"_-.".contains(letter)
}

fn find(
    object: &Map<String, Value>,
    place: &Place<'_>,
    check: &mut Check<'_>,
) -> Option<&'static ReportModule> {
    let module = match object.get("module") {
        Some(Value::String(text)) => text.as_str(),
        // SONATA's own reports, as libsonata has them, have a type instead.
        Some(Value::Null) | None
            if object.get("type") == Some(&Value::String("compartment".to_owned())) =>
        {
            "membrane_report"
        }
        Some(Value::Null) | None => {
            check.error(place, "module", "is missing; e.g. \"membrane_report\"");
            return None;
        }
        Some(other) => {
            check.error(
                place,
                "module",
                format!("is {}; text is needed", kind(other)),
            );
            return None;
        }
    };
    let Some(found) = REPORTS
        .iter()
        .find(|one| one.names().any(|name| name.eq_ignore_ascii_case(module)))
    else {
        let names: Vec<&str> = REPORTS.iter().flat_map(ReportModule::names).collect();
        check.error(place, "module", not_one_of(module, &names));
        return None;
    };
    if !found.names().any(|name| name == module) || matches!(module, "syn_report" | "syn_weight") {
        let text = format!(
            "{module:?} is read as {:?}; BMTK knows only that name",
            found.module
        );
        check.warning(place, "module", text);
    }
    Some(found)
}

/// As BMTK: the name given, else the block's name.
fn file_name(name: &str, fields: &Fields) -> PathBuf {
    match fields.text("file_name") {
        Some(file) => {
            let path = PathBuf::from(file);
            match path.extension() {
                // libsonata's configurations name a report without an ending.
                None => path.with_extension("h5"),
                Some(_) => path,
            }
        }
        None if [".h5", ".hdf", ".hdf5"]
            .iter()
            .any(|end| name.ends_with(end)) =>
        {
            name.into()
        }
        None => format!("{name}.h5").into(),
    }
}

fn recording(
    module: &ReportModule,
    mut fields: Fields,
    place: &Place<'_>,
    check: &mut Check<'_>,
) -> Option<Recording> {
    if module.module != "membrane_report" {
        for key in module.keys.iter().filter(|key| key.shape == Shape::Path) {
            if let Some(path) = fields.path(key.name, place, check) {
                fields.set(key.name, path.to_string_lossy().into_owned());
            }
        }
        return Some(Recording::Other(fields.into_values()));
    }
    let mut variables = Vec::new();
    for variable in fields.texts("variable_name") {
        if variables.contains(&variable) {
            let text = format!("names {variable:?} twice; it is recorded once");
            check.warning(place, fields.spelling("variable_name"), text);
        } else {
            variables.push(variable);
        }
    }
    if variables.is_empty() && fields.value("variable_name").is_some() {
        check.error(place, fields.spelling("variable_name"), "names no variable");
    }
    let (start_time, end_time) = (fields.number("start_time"), fields.number("end_time"));
    if let (Some(start), Some(end)) = (start_time, end_time)
        && end <= start
    {
        let text = format!("{end} ms is not after the start at {start} ms");
        check.error(place, fields.spelling("end_time"), text);
    }
    let sections = fields.texts("sections");
    (!variables.is_empty()).then(|| Recording::Membrane {
        variables,
        sections,
        dt: fields.number("dt"),
        start_time,
        end_time,
        unit: fields.text("unit"),
    })
}

/// Two reports in one file would be one report: BMTK loses the first one's values.
pub(super) fn one_file_each(config: &super::Config, check: &mut Check<'_>) {
    let mut seen: IndexMap<PathBuf, &str> = IndexMap::new();
    for report in config.reports.values() {
        let files = match &report.recording {
            Recording::Membrane { .. } => report.files(&config.output.output_dir),
            Recording::Other(_) => vec![(
                String::new(),
                config.output.output_dir.join(&report.file_name),
            )],
        };
        for (_, file) in files {
            if let Some(other) = seen.insert(file, &report.key) {
                let text = format!("is the file of {other} too; give each report its own");
                check
                    .problems
                    .error(&report.file, format!("{}.file_name", report.key), text);
            }
        }
    }
}
