//! A sample whose tensors are written where the consumer reads them.

use super::TensorError;
use blendtorch_transport::{FrameMut, Frames};
use blendtorch_wire::{DType, Element, Fields, Limits, Tensor, Value, byte_len};

/// A tensor in memory from which it is sent, to be written in place: raw little-endian elements in C
/// order. It begins with what an earlier sample left there, or with zeros. Dropped, it gives its
/// memory back.
#[derive(Debug)]
pub struct TensorMut {
    dtype: DType,
    shape: Vec<usize>,
    frame: FrameMut,
}

impl TensorMut {
    pub(super) fn new(frames: &Frames, dtype: DType, shape: &[usize]) -> Result<Self, TensorError> {
        Ok(Self {
            dtype,
            shape: shape.to_vec(),
            frame: frames.frame_mut(frame_len(dtype, shape)?)?,
        })
    }

    /// The element type.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The size of each dimension.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Whether a consumer on this host will read this very memory. Small tensors, and those for
    /// which there was no shared memory, are copied once more.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.frame.is_shared()
    }

    /// The raw data. Empty in a forked child, whose writes would reach what the parent sends.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.frame.bytes_mut()
    }

    /// The elements.
    ///
    /// # Errors
    /// Another type than the tensor's, or memory on the heap that is not aligned for it.
    pub fn as_mut_slice<T: Element>(&mut self) -> Result<&mut [T], TensorError> {
        if T::DTYPE != self.dtype {
            return Err(TensorError::Tensor(blendtorch_wire::TensorError::DType {
                asked: T::DTYPE,
                actual: self.dtype,
            }));
        }
        let unaligned = blendtorch_wire::TensorError::Unaligned(self.dtype);
        bytemuck::try_cast_slice_mut(self.frame.bytes_mut()).map_err(|_| unaligned.into())
    }

    /// The tensor, which nobody can write any more.
    ///
    /// # Errors
    /// In a forked child.
    pub fn freeze(self) -> Result<Tensor, TensorError> {
        Ok(Tensor::new(self.dtype, &self.shape, self.frame.freeze()?)?)
    }
}

/// A sample that is being made, by [`Publisher::begin`](super::Publisher::begin). Its fields travel in
/// the order in which they were given. Dropped, it gives its memory back, and nothing was sent.
#[derive(Debug)]
pub struct Draft {
    frames: Frames,
    fields: Vec<(String, Field)>,
}

#[derive(Debug)]
enum Field {
    Value(Value),
    Tensor(TensorMut),
}

impl Draft {
    pub(super) fn new(frames: Frames) -> Self {
        Self {
            frames,
            fields: Vec::new(),
        }
    }

    /// A field that is a tensor to be written in place. One of the same name is replaced.
    ///
    /// # Errors
    /// A shape beyond the address space or what a message may hold, no memory, or a forked child.
    pub fn tensor(
        &mut self,
        name: impl Into<String>,
        dtype: DType,
        shape: &[usize],
    ) -> Result<&mut TensorMut, TensorError> {
        let tensor = TensorMut::new(&self.frames, dtype, shape)?;
        match self.put(name.into(), Field::Tensor(tensor)) {
            Field::Tensor(tensor) => Ok(tensor),
            Field::Value(_) => Err(blendtorch_transport::Error::Closed.into()),
        }
    }

    /// A tensor of this draft, to write more of it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut TensorMut> {
        let mut fields = self.fields.iter_mut();
        fields.find_map(|(field, value)| match value {
            Field::Tensor(tensor) if field == name => Some(tensor),
            _ => None,
        })
    }

    /// A field of any other kind. One of the same name is replaced.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.put(name.into(), Field::Value(value.into()));
    }

    /// The fields as they are, to be published.
    ///
    /// # Errors
    /// In a forked child.
    pub fn into_fields(self) -> Result<Fields, TensorError> {
        let fields = self.fields.into_iter().map(|(name, field)| {
            let value = match field {
                Field::Value(value) => value,
                Field::Tensor(tensor) => tensor.freeze()?.into(),
            };
            Ok((name, value))
        });
        fields.collect()
    }

    fn put(&mut self, name: String, field: Field) -> &mut Field {
        let at = match self.fields.iter().position(|(other, _)| *other == name) {
            Some(at) => {
                self.fields[at].1 = field;
                at
            }
            None => {
                self.fields.push((name, field));
                self.fields.len() - 1
            }
        };
        &mut self.fields[at].1
    }
}

/// Bytes of a tensor, if a message may hold it: asked before there is memory for it.
pub(super) fn frame_len(dtype: DType, shape: &[usize]) -> Result<usize, TensorError> {
    let len = byte_len(dtype, shape)?;
    let max = Limits::default().max_message_bytes;
    match len <= max {
        true => Ok(len),
        false => Err(TensorError::OverLimit {
            dtype,
            shape: shape.to_vec(),
            actual: len,
            max,
        }),
    }
}
