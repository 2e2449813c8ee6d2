//! Python binding of `blendtorch_render::video`.
//!
//! Owns which exception an error is.

use std::path::PathBuf;

use blendtorch_blender::ffmpeg::FfmpegError;
use blendtorch_render::video::{Sequence, Sequenced, Sequencing, VideoError, sequence};
use pyo3::exceptions::{PyFileNotFoundError, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use serde_json::json;

use super::errors::render_error;

/// Makes a video; what was made, as JSON. `tell` hears (frames that are written, all).
#[pyfunction]
#[pyo3(signature = (folder, out, passes, frames, fps, quality, allow_missing, overwrite, tell))]
#[allow(
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    reason = "PyO3 hands arguments over by value, and they are many"
)]
fn make_video(
    py: Python<'_>,
    folder: PathBuf,
    out: PathBuf,
    passes: Vec<String>,
    frames: Option<&str>,
    fps: Option<&str>,
    quality: Option<u8>,
    allow_missing: bool,
    overwrite: bool,
    tell: Option<Py<PyAny>>,
) -> PyResult<String> {
    let wanted = Sequence {
        folder,
        out,
        passes,
        frames: frames
            .map(str::parse)
            .transpose()
            .map_err(PyValueError::new_err)?,
        rate: fps
            .map(str::parse)
            .transpose()
            .map_err(PyValueError::new_err)?,
        quality,
        allow_missing,
        overwrite,
    };
    let mut raised = None;
    let mut watch = |now: &Sequencing| {
        let asked = Python::attach(|py| {
            py.check_signals()?;
            match &tell {
                Some(tell) => tell.call1(py, (now.done, now.total)).map(drop),
                None => Ok(()),
            }
        });
        raised = asked.err();
        raised.is_none()
    };
    let made = py.detach(|| sequence(&wanted, &mut watch));
    match (made, raised) {
        (_, Some(raised)) => Err(raised),
        (Err(error), None) => Err(video_error(&error)),
        (Ok(made), None) => Ok(told(&made)),
    }
}

fn told(made: &Sequenced) -> String {
    let told = json!({
        "frames": made.frames,
        "missing": made.missing,
        "passes": made.passes,
        "fps": made.rate.fps(),
        "size": [made.size.0, made.size.1],
        "bytes": made.bytes,
        "seconds": made.elapsed.as_secs_f64(),
    });
    told.to_string()
}

fn video_error(error: &VideoError) -> PyErr {
    let text = error.to_string();
    match error {
        VideoError::Missing { .. } | VideoError::Ffmpeg(FfmpegError::NotFound) => {
            PyFileNotFoundError::new_err(text)
        }
        VideoError::Folder { .. }
        | VideoError::Size { .. }
        | VideoError::Picture { .. }
        | VideoError::NoRate { .. } => PyValueError::new_err(text),
        VideoError::Out { .. } => PyOSError::new_err(text),
        VideoError::Ledger(error) => render_error(error),
        _ => PyRuntimeError::new_err(text),
    }
}

/// Adds this module's function to `_blendtorch`.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(make_video, module)?)
}
