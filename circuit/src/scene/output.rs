//! The results that a SONATA configuration names itself.

use std::path::{Path, PathBuf};

use crate::Problems;
use crate::config::{Config, Options};

/// The file of spikes that a run of this configuration has written, where it is there. Its folder is
/// looked up beside the configuration: where a run was started from, nobody knows afterwards.
pub(super) fn spikes(config: &Path) -> Option<PathBuf> {
    let options = Options {
        working_dir: config.parent().map(Path::to_path_buf),
        ..Options::default()
    };
    // What is wrong with it is said by whoever opens the network.
    let config = Config::load_with(config, &options, &mut Problems::new()).ok()?;
    let output = config.output;
    let mut written = output.spikes_file.into_iter().chain(output.spikes_file_csv);
    written.find(|file| file.is_file())
}
