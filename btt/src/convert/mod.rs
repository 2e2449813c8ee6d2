//! Conversion of images on their way into a batch: from the memory in which they were received to
//! the batch's own in one pass, so that what a network reads is written once.
//!
//! Owns what may be asked for ([`Convert`]), what that means for an array of a certain dtype and
//! shape ([`ConvertPlan`]), and the loops. It knows no batch and no torch.

mod bytes;
mod curve;
mod error;
mod floats;
mod from_floats;
mod image;
mod pixels;
mod plan;
mod wide;

pub use error::ConvertError;
pub use image::Convert;
pub use plan::ConvertPlan;
