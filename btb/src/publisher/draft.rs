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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Publisher, PublisherOptions};

    fn publisher() -> Publisher {
        Publisher::bind("tcp://127.0.0.1:0", PublisherOptions::default()).unwrap()
    }

    #[test]
    fn fields_keep_their_order_and_tensors_their_memory() {
        let mut draft = publisher().begin().unwrap();
        let image = draft.tensor("image", DType::F32, &[80, 80]).unwrap();
        assert!(image.is_shared() && image.dtype() == DType::F32 && image.shape() == [80, 80]);
        image.as_mut_slice::<f32>().unwrap().fill(1.5);
        let place = image.bytes_mut().as_ptr();
        assert!(image.as_mut_slice::<u8>().is_err());
        draft.set("number", 3_i64);
        let mask = draft.tensor("mask", DType::Bool, &[2]).unwrap();
        assert!(!mask.is_shared(), "small ones are copied");
        mask.bytes_mut().copy_from_slice(&[1, 0]);
        draft.set("number", 4_i64);
        draft.get_mut("image").unwrap().bytes_mut()[..4].copy_from_slice(&2_f32.to_le_bytes());
        assert!(draft.get_mut("number").is_none() && draft.get_mut("other").is_none());
        let fields = draft.into_fields().unwrap();
        let names: Vec<_> = fields.keys().collect();
        assert_eq!(names, ["image", "number", "mask"]);
        assert_eq!(fields["number"], Value::Int(4));
        let Value::Tensor(image) = &fields["image"] else {
            panic!("no tensor");
        };
        assert_eq!(image.bytes().as_ptr(), place);
        assert_eq!(image.as_slice::<f32>().unwrap()[..2], [2.0, 1.5]);
    }

    #[test]
    fn drafts_that_are_dropped_give_their_memory_back() {
        let publisher = publisher();
        for _ in 0..100 {
            let mut draft = publisher.begin().unwrap();
            for name in ["a", "b", "a"] {
                let tensor = draft.tensor(name, DType::U8, &[100_000]).unwrap();
                assert!(tensor.is_shared());
            }
        }
        assert!(
            publisher
                .tensor_mut(DType::U8, &[100_000])
                .unwrap()
                .is_shared()
        );
    }

    #[test]
    fn what_no_message_holds_is_refused_before_there_is_memory_for_it() {
        let publisher = publisher();
        let mut draft = publisher.begin().unwrap();
        let error = draft
            .tensor("x", DType::U8, &[1 << 20, 1 << 20])
            .unwrap_err();
        let said = "more than the 1073741824 that a message may have: publish smaller arrays";
        assert!(error.to_string().contains(said), "{error}");
        let error = publisher
            .tensor(DType::F64, &[1 << 60], |_| ())
            .unwrap_err();
        assert!(
            error.to_string().contains("larger than the address space"),
            "{error}"
        );
    }

    #[test]
    fn without_shared_memory_the_same_works_on_the_heap() {
        let options = PublisherOptions {
            shm_bytes: 0,
            send_hwm: 0,
            ..PublisherOptions::default()
        };
        let publisher = Publisher::bind("tcp://127.0.0.1:0", options).unwrap();
        let mut tensor = publisher.tensor_mut(DType::U8, &[1 << 20]).unwrap();
        tensor.bytes_mut().fill(3);
        assert!(!tensor.is_shared());
        assert_eq!(tensor.freeze().unwrap().bytes()[..], vec![3; 1 << 20]);
        assert_eq!(publisher.memory_warning(), None);
    }

    #[test]
    fn a_draft_may_outlive_its_publisher() {
        let mut publisher = publisher();
        let mut draft = publisher.begin().unwrap();
        publisher.close();
        assert!(publisher.begin().is_err());
        let tensor = draft.tensor("x", DType::U8, &[100_000]).unwrap();
        tensor.bytes_mut().fill(1);
        let error = publisher.publish_draft(draft).unwrap_err();
        assert!(error.to_string().contains("closed"), "{error}");
    }
}
