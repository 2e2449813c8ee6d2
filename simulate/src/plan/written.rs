//! The files of a plan: what it writes, and what it reads and so must not write.

use std::path::PathBuf;

use blendtorch_circuit::Problems;

use super::Plan;
use super::stimuli::Planned;
use crate::outputs::{OutputFolder, Overwrite};

impl Plan {
    /// The files that it writes.
    pub fn files(&self) -> Vec<PathBuf> {
        self.named_files()
            .into_iter()
            .map(|(_, file)| file)
            .collect()
    }

    /// The files that it writes, each with the key that names it.
    fn named_files(&self) -> Vec<(String, PathBuf)> {
        let output = &self.config.output;
        let mut files = Vec::new();
        let mut add = |key: &str, file: &PathBuf| files.push((key.to_owned(), file.clone()));
        // One run writes the first of a list.
        for file in output.spikes_file.iter().take(1) {
            add("output.spikes_file", file);
        }
        for file in output.spikes_file_csv.iter().take(1) {
            add("output.spikes_file_csv", file);
        }
        for one in &self.recorded {
            add(&format!("reports.{}.file_name", one.name), &one.file);
        }
        if let Some(file) = &output.log_file {
            add("output.log_file", file);
        }
        files
    }

    /// The files that it reads, as far as they have a name in the configuration.
    fn read_files(&self) -> Vec<PathBuf> {
        let networks = &self.config.networks;
        let mut files = vec![self.config.file.clone(), self.config.node_sets_file.clone()];
        for one in &networks.nodes {
            files.push(one.nodes_file.clone());
            files.extend(one.node_types_file.clone());
        }
        for one in &networks.edges {
            files.push(one.edges_file.clone());
            files.extend(one.edge_types_file.clone());
        }
        for input in &self.inputs {
            if let Planned::Trains(trains) = input {
                files.extend(trains.files.iter().cloned());
            }
        }
        files.extend(self.config.given().iter().map(|given| given.file.clone()));
        files.dedup();
        files
    }

    pub(super) fn check_outputs(&self, problems: &mut Problems) {
        let output = &self.config.output;
        let given = self.config.given().iter();
        let mut given = given.filter(|given| given.key == "output.overwrite_output_dir");
        let overwrite = match (output.overwrite_output_dir, given.next()) {
            (false, _) => Overwrite::Nothing,
            (true, None) => Overwrite::Ours,
            (true, Some(_)) => Overwrite::Named,
        };
        let files = self.named_files();
        let read = self.read_files();
        for (key, text) in OutputFolder::problems(&output.output_dir, &files, &read, overwrite) {
            problems.error(&self.config.file, key, text);
        }
        for file in &output.spikes_file_nwb {
            let text = format!(
                "{}: NWB files are not written: name spikes_file",
                file.display()
            );
            problems.error(&self.config.file, "output.spikes_file_nwb", text);
        }
        if files.is_empty() {
            let text = "nothing is written: name output.spikes_file, or a report";
            problems.warning(&self.config.file, "output", text);
        }
    }
}
