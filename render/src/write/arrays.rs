//! Arrays as they come, wherever their memory is.

use std::collections::BTreeMap;

/// The values of an array, the last dimension together.
#[derive(Clone, Copy, Debug)]
pub enum Data<'a> {
    /// float32.
    F32(&'a [f32]),
    /// uint32.
    U32(&'a [u32]),
    /// uint16.
    U16(&'a [u16]),
    /// uint8.
    U8(&'a [u8]),
}

impl Data<'_> {
    /// The name of the type, as numpy has it.
    pub fn dtype(&self) -> &'static str {
        match self {
            Self::F32(_) => "float32",
            Self::U32(_) => "uint32",
            Self::U16(_) => "uint16",
            Self::U8(_) => "uint8",
        }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::U32(values) => values.len(),
            Self::U16(values) => values.len(),
            Self::U8(values) => values.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Memory that holds an array, C-contiguous, and does not change while it is held.
pub trait Pixels: Send {
    /// Height, width, and channels where there are such.
    fn shape(&self) -> &[usize];
    /// All its values; as many as the shape says.
    fn data(&self) -> Data<'_>;
}

/// The arrays of a frame by the names of their sources (`depth`, `normal` …). Row 0 is the lowest,
/// but for `display` and `composite_display`, whose row 0 is the top.
pub type Arrays = BTreeMap<String, Box<dyn Pixels>>;

/// An array in memory of its own.
#[derive(Clone, Debug)]
pub struct Array<T> {
    shape: Vec<usize>,
    values: Vec<T>,
}

impl<T> Array<T> {
    /// An array of that shape.
    ///
    /// ```
    /// # use blendtorch_render::write::{Array, Arrays};
    /// let depth = Array::new(&[2, 3], vec![1.0_f32; 6]);
    /// let arrays = Arrays::from([("depth".into(), Box::new(depth) as _)]);
    /// # assert_eq!(arrays.len(), 1);
    /// ```
    pub fn new(shape: &[usize], values: Vec<T>) -> Self {
        Self {
            shape: shape.to_vec(),
            values,
        }
    }
}

macro_rules! pixels {
    ($type:ty, $data:ident) => {
        impl Pixels for Array<$type> {
            fn shape(&self) -> &[usize] {
                &self.shape
            }

            fn data(&self) -> Data<'_> {
                Data::$data(&self.values)
            }
        }
    };
}

pixels!(f32, F32);
pixels!(u32, U32);
pixels!(u16, U16);
pixels!(u8, U8);
