//! How a job has its passes written.
//!
//! Owns the options of a pass and their defaults; what passes there are is the writer's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::write::{Color, Format, Pass};

impl Pass {
    /// How it is written unless something else is asked for.
    #[must_use]
    pub fn options(self) -> PassOptions {
        let (format, bits) = match self {
            Self::Frames => (Format::Png, 8),
            _ => (Format::Exr, 32),
        };
        PassOptions {
            format,
            bits,
            codec: "ZIP".to_owned(),
            color: Color::Rgb,
        }
    }
}

/// How a pass is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PassOptions {
    /// The kind of file.
    pub format: Format,
    /// Bits a value: 8 or 16 for PNG, 16 or 32 for OpenEXR.
    pub bits: u8,
    /// OpenEXR's compression, as Blender calls it: `NONE`, `RLE`, `ZIPS`, `ZIP`, `PIZ` (lossless),
    /// `PXR24`, `B44`, `B44A` (lossy).
    pub codec: String,
    /// The channels of `frames`.
    pub color: Color,
}
