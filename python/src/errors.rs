//! Rust errors as Python exceptions.

use pyo3::create_exception;
use pyo3::exceptions::{
    PyConnectionResetError, PyFileNotFoundError, PyIndexError, PyMemoryError, PyOSError,
    PyRuntimeError, PyTimeoutError, PyValueError,
};
use pyo3::prelude::*;

create_exception!(
    blendtorch,
    MalformedMessageError,
    PyValueError,
    "A peer sent something that is no blendtorch message. The iteration may go on."
);
create_exception!(
    blendtorch,
    RemoteEnvError,
    PyRuntimeError,
    "An environment says that it failed. `kind` is the kind of the error there, and `goes_on` whether \
     it can be commanded again."
);
create_exception!(
    blendtorch,
    RecordingError,
    PyValueError,
    "A file is no recording, or is damaged; the text says at which byte."
);
create_exception!(
    blendtorch,
    LaunchError,
    PyRuntimeError,
    "Instances could not be started, or have died."
);

/// An error of the consumer side.
pub(crate) fn consumer(error: &btt::Error) -> PyErr {
    let text = error.to_string();
    match error {
        btt::Error::Timeout { .. } | btt::Error::Nobody { .. } => PyTimeoutError::new_err(text),
        btt::Error::Malformed { .. } => MalformedMessageError::new_err(text),
        btt::Error::NoAddresses
        | btt::Error::Address(_)
        | btt::Error::Collate(_)
        | btt::Error::Convert(_) => PyValueError::new_err(text),
        btt::Error::LaunchInfo(btt::LaunchInfoError::Io { .. }) => PyOSError::new_err(text),
        btt::Error::LaunchInfo(_) => PyValueError::new_err(text),
        btt::Error::Transport(_) => PyOSError::new_err(text),
        btt::Error::Record(error) => recording(error),
        btt::Error::Failed { .. } => instance_failed(text),
        _ => PyRuntimeError::new_err(text),
    }
}

/// `btt.InstanceFailedError`, which is Python's own: making one tells this process of whom it is about,
/// also where torch makes it of one that another process raised.
pub(crate) fn instance_failed(text: String) -> PyErr {
    Python::attach(|py| {
        let error = py
            .import("blendtorch.btt.errors")
            .and_then(|module| module.getattr("InstanceFailedError"))
            .and_then(|kind| kind.call1((text,)));
        match error {
            Ok(error) => PyErr::from_value(error),
            Err(other) => other,
        }
    })
}

/// An error of a recorder or a recording.
pub(crate) fn recording(error: &btt::RecordError) -> PyErr {
    let text = error.to_string();
    match error {
        btt::RecordError::NotARecording { .. } | btt::RecordError::Damaged { .. } => {
            RecordingError::new_err(text)
        }
        btt::RecordError::OutOfRange { .. } => PyIndexError::new_err(text),
        btt::RecordError::NoFiles { .. } => PyFileNotFoundError::new_err(text),
        btt::RecordError::Io { source, .. } => match source.kind() {
            std::io::ErrorKind::NotFound => PyFileNotFoundError::new_err(text),
            _ => PyOSError::new_err(text),
        },
        _ => PyValueError::new_err(text),
    }
}

/// Refuses a process other than the one that opened a socket or a thread: a child forked from it.
pub(crate) fn refuse_child(owner: u32) -> PyResult<()> {
    match owner == std::process::id() {
        true => Ok(()),
        false => Err(PyOSError::new_err(
            "this was opened before a fork and cannot be used in the child: open it there",
        )),
    }
}

/// An error of a two-way channel.
pub(crate) fn channel(error: &blendtorch_channels::Error) -> PyErr {
    use blendtorch_channels::Error;
    let text = error.to_string();
    match error {
        error if error.is_timeout() => PyTimeoutError::new_err(text),
        Error::Malformed { .. } | Error::Unexpected { .. } => MalformedMessageError::new_err(text),
        Error::Failed { failure, .. } => Python::attach(|py| {
            let error = RemoteEnvError::new_err(text);
            let object = error.value(py);
            let told = object
                .setattr("kind", &failure.kind)
                .and_then(|()| object.setattr("goes_on", failure.goes_on));
            match told {
                Ok(()) => error,
                Err(other) => other,
            }
        }),
        Error::Address(_) | Error::Encode(_) => PyValueError::new_err(text),
        Error::Transport(transport) => match transport {
            blendtorch_transport::Error::PeerLost(_) => PyConnectionResetError::new_err(text),
            _ => PyOSError::new_err(text),
        },
        _ => PyRuntimeError::new_err(text),
    }
}

/// An error of the producer side.
pub(crate) fn producer(error: btb::PublishError<PyErr>) -> PyErr {
    match error {
        btb::PublishError::Interrupted(error) => error,
        btb::PublishError::Transport(error @ blendtorch_transport::Error::NoMemory(_)) => {
            PyMemoryError::new_err(error.to_string())
        }
        btb::PublishError::Transport(error) => PyOSError::new_err(error.to_string()),
        error => PyValueError::new_err(error.to_string()),
    }
}

/// Adds the exceptions to `_blendtorch`. Their module is the one that they are found in: torch's workers
/// pickle the classes, and what pickle does not find never comes back, which is waited for without end.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    for (name, kind) in [
        (
            "MalformedMessageError",
            py.get_type::<MalformedMessageError>(),
        ),
        ("RemoteEnvError", py.get_type::<RemoteEnvError>()),
        ("RecordingError", py.get_type::<RecordingError>()),
        ("LaunchError", py.get_type::<LaunchError>()),
    ] {
        kind.setattr("__module__", "blendtorch.btt")?;
        module.add(name, kind)?;
    }
    Ok(())
}

/// A tensor that cannot be made.
pub(crate) fn tensor(error: &btb::TensorError) -> PyErr {
    let text = error.to_string();
    match error {
        btb::TensorError::Transport(blendtorch_transport::Error::NoMemory(_)) => {
            PyMemoryError::new_err(text)
        }
        btb::TensorError::Transport(_) => PyOSError::new_err(text),
        _ => PyValueError::new_err(text),
    }
}
