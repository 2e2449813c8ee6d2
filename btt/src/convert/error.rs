//! What a conversion cannot convert.

use blendtorch_wire::DType;
use thiserror::Error;

/// A conversion that does not fit the field it is for.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConvertError {
    /// There is no such field.
    #[error(
        "field '{field}' is to be converted, but no such field was published: there are {}",
        fields.join(", ")
    )]
    Missing {
        /// The field.
        field: String,
        /// The fields of the item.
        fields: Vec<String>,
    },
    /// The field holds no array.
    #[error("field '{field}' is to be converted as an image, but it is no array")]
    NoArray {
        /// The field.
        field: String,
    },
    /// The array is neither of bytes nor of `float32`.
    #[error(
        "field '{field}' is to be converted as an image of uint8 or float32, but it is {found}: \
         publish one of those, or leave the conversion out"
    )]
    DType {
        /// The field.
        field: String,
        /// Its dtype.
        found: DType,
    },
    /// The array is no image.
    #[error(
        "field '{field}' is to be converted as an image of height, width and 1 to 4 channels, but \
         its shape is {found:?}"
    )]
    Shape {
        /// The field.
        field: String,
        /// Its shape.
        found: Vec<usize>,
    },
    /// More channels were asked for than there are, or none.
    #[error(
        "field '{field}': {asked} channels were asked for; {}",
        found.map_or("1 to 4 are possible".to_owned(), |found| format!("it has {found}"))
    )]
    Channels {
        /// The field.
        field: String,
        /// The number asked for.
        asked: usize,
        /// The number it has, where one has come.
        found: Option<usize>,
    },
    /// Mean or standard deviation do not fit.
    #[error(
        "field '{field}' cannot be normalized: {reason}; give one finite number for each channel \
         that is kept, or one for all; std must be positive"
    )]
    Normalize {
        /// The field.
        field: String,
        /// What does not fit.
        reason: String,
    },
    /// The exponent is no positive number.
    #[error("field '{field}': gamma must be a positive number, not {found}")]
    Gamma {
        /// The field.
        field: String,
        /// The exponent.
        found: String,
    },
    /// Two conversions for one field.
    #[error("field '{field}' has two conversions: join them to one")]
    Twice {
        /// The field.
        field: String,
    },
    /// The memory does not have the size or the alignment of the result.
    #[error("field '{field}': the memory to convert from or to does not fit: {reason}")]
    Memory {
        /// The field.
        field: String,
        /// What does not fit.
        reason: String,
    },
}

impl ConvertError {
    /// The field that was to be converted.
    #[must_use]
    pub fn field(&self) -> &str {
        match self {
            Self::Missing { field, .. }
            | Self::NoArray { field }
            | Self::DType { field, .. }
            | Self::Shape { field, .. }
            | Self::Channels { field, .. }
            | Self::Normalize { field, .. }
            | Self::Gamma { field, .. }
            | Self::Twice { field }
            | Self::Memory { field, .. } => field,
        }
    }
}
