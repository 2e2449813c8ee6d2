//! Which element types `tch` has.

use btt::DType;
use tch::Kind;

/// The kind of tensor that holds elements of `dtype`; `None` where `tch` has none, which is so for
/// `uint16`, `uint32` and `uint64`.
#[must_use]
pub const fn kind(dtype: DType) -> Option<Kind> {
    Some(match dtype {
        DType::Bool => Kind::Bool,
        DType::U8 => Kind::Uint8,
        DType::I8 => Kind::Int8,
        DType::I16 => Kind::Int16,
        DType::I32 => Kind::Int,
        DType::I64 => Kind::Int64,
        DType::F16 => Kind::Half,
        DType::F32 => Kind::Float,
        DType::F64 => Kind::Double,
        DType::U16 | DType::U32 | DType::U64 => return None,
    })
}

/// As [`kind`], with words for the user who published what `tch` lacks.
pub(crate) fn supported(dtype: DType) -> Result<Kind, String> {
    kind(dtype).ok_or_else(|| {
        let instead = match dtype {
            DType::U16 => DType::I32,
            _ => DType::I64,
        };
        format!("tch has no {dtype} tensors: publish {instead}, or use btt::DataLoader")
    })
}
