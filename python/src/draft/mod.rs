//! Tensors of a draft: numpy arrays over memory from which they are sent.
//!
//! Owns the rule that what a consumer reads cannot change any more. When a draft is published its
//! arrays become read-only, and there will be no new ones. Views that a script made of them itself
//! cannot be made read-only; they are seen by the references they hold, and then a copy is
//! published. The memory is used again only when the last array over it is gone.

mod references;

use crate::errors;
use crate::memory::array_interface;
use blendtorch_wire::{DType, Tensor};
use btb::{Publisher, TensorMut};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyWeakrefMethods, PyWeakrefReference};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the base of the arrays is: it owns the memory.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
pub(crate) struct DraftMemory {
    dtype: DType,
    shape: Vec<usize>,
    /// Address of the first byte. While the draft is open only Python reads or writes there.
    address: usize,
    state: Mutex<State>,
}

enum State {
    Open(TensorMut),
    /// Sent, and kept as long as somebody looks at it.
    Published {
        _tensor: Tensor,
    },
    /// Not to be sent; kept as long as somebody looks at it.
    Over {
        _tensor: TensorMut,
    },
    /// Between two of the others.
    Gone,
}

impl DraftMemory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl DraftMemory {
    /// numpy's array interface, version 3, as long as the draft is open.
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        match *self.state() {
            State::Open(_) => array_interface(py, self.dtype, &self.shape, self.address),
            _ => Err(over()),
        }
    }
}

/// One tensor of a draft.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
pub(crate) struct DraftTensor {
    memory: Py<DraftMemory>,
    /// The array of which all others are views: numpy makes the views of a view refer to it. It is
    /// given to nobody, so that who else refers to it is known.
    root: Py<PyAny>,
    given: Mutex<Vec<Py<PyWeakrefReference>>>,
    process: u32,
}

impl DraftTensor {
    pub(crate) fn new(py: Python<'_>, mut tensor: TensorMut) -> PyResult<Self> {
        static ASARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let memory = DraftMemory {
            dtype: tensor.dtype(),
            shape: tensor.shape().to_vec(),
            address: tensor.bytes_mut().as_mut_ptr() as usize,
            state: Mutex::new(State::Open(tensor)),
        };
        let memory = Bound::new(py, memory)?;
        let asarray = ASARRAY.import(py, "numpy", "asarray")?;
        Ok(Self {
            root: asarray.call1((&memory,))?.unbind(),
            memory: memory.unbind(),
            given: Mutex::default(),
            process: std::process::id(),
        })
    }

    fn given(&self) -> MutexGuard<'_, Vec<Py<PyWeakrefReference>>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes every array that was given read-only. Whether there are views that are not.
    fn seal(&self, py: Python<'_>) -> PyResult<bool> {
        let given = std::mem::take(&mut *self.given());
        let mut living = 0;
        for weak in given {
            if let Some(array) = weak.bind(py).upgrade() {
                read_only(&array)?;
                living += 1;
            }
        }
        let root = self.root.bind(py);
        // Ours, and one of each array that was given: what is more, views of those have.
        let views = references::count(root) > 1 + living;
        read_only(root)?;
        Ok(views)
    }

    /// The tensor for a message of `publisher`; from then on the draft is over.
    pub(crate) fn publish(&self, py: Python<'_>, publisher: &Publisher) -> PyResult<Tensor> {
        errors::refuse_child(self.process)?;
        let views = self.seal(py)?;
        let mut state = self.memory.get().state();
        match std::mem::replace(&mut *state, State::Gone) {
            State::Open(mut tensor) if views => {
                let (dtype, shape) = (tensor.dtype(), tensor.shape().to_vec());
                let copy = publisher.tensor(dtype, &shape, |memory| {
                    memory.copy_from_slice(tensor.bytes_mut());
                });
                *state = State::Over { _tensor: tensor };
                copy.map_err(|error| errors::tensor(&error))
            }
            State::Open(tensor) => {
                let tensor = tensor.freeze().map_err(|error| errors::tensor(&error))?;
                *state = State::Published {
                    _tensor: tensor.clone(),
                };
                Ok(tensor)
            }
            other => {
                *state = other;
                Err(over())
            }
        }
    }
}

#[pymethods]
impl DraftTensor {
    /// A numpy array over the memory, writable until the draft is published or discarded.
    fn array<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        errors::refuse_child(self.process)?;
        if !matches!(*self.memory.get().state(), State::Open(_)) {
            return Err(over());
        }
        let array = self.root.bind(py).call_method0("view")?;
        let weak = PyWeakrefReference::new(&array)?.unbind();
        let mut given = self.given();
        given.retain(|weak| weak.bind(py).upgrade().is_some());
        given.push(weak);
        Ok(array)
    }

    /// Whether a consumer on this host reads this very memory.
    #[getter]
    fn shared(&self) -> bool {
        matches!(&*self.memory.get().state(), State::Open(tensor) if tensor.is_shared())
    }

    /// Gives the memory back, as soon as no array is left of it.
    fn discard(&self, py: Python<'_>) -> PyResult<()> {
        if errors::refuse_child(self.process).is_err() {
            return Ok(()); // it is the parent's
        }
        self.seal(py)?;
        let mut state = self.memory.get().state();
        *state = match std::mem::replace(&mut *state, State::Gone) {
            State::Open(tensor) => State::Over { _tensor: tensor },
            other => other,
        };
        Ok(())
    }
}

fn read_only(array: &Bound<'_, PyAny>) -> PyResult<()> {
    array.getattr("flags")?.setattr("writeable", false)
}

fn over() -> PyErr {
    PyRuntimeError::new_err("the draft is over: begin another")
}

/// A dtype by numpy's name for it.
pub(crate) fn dtype(name: &str) -> PyResult<DType> {
    name.parse().map_err(|_| {
        PyValueError::new_err(format!(
            "{name} cannot travel: take bool, (u)int8 to 64 or float16 to 64"
        ))
    })
}

/// Adds this module's classes to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<DraftTensor>()
}
