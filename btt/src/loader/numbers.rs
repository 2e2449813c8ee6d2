//! Numbers of several items as the elements of one tensor.

use blendtorch_wire::{DType, Scalar, Value};

/// The values as little-endian elements: bools, or integers, or numbers with at least one float,
/// or scalars of one dtype.
pub(super) fn numbers(values: &[Value]) -> Option<(DType, Vec<u8>)> {
    let all = |convert: &dyn Fn(&Value) -> Option<Scalar>| -> Option<(DType, Vec<u8>)> {
        let scalars: Vec<_> = values.iter().map(convert).collect::<Option<_>>()?;
        let dtype = scalars.first()?.dtype();
        let uniform = scalars.iter().all(|scalar| scalar.dtype() == dtype);
        uniform.then(|| {
            (
                dtype,
                scalars.iter().flat_map(Scalar::bytes).copied().collect(),
            )
        })
    };
    all(&|value| match value {
        Value::Bool(value) => Scalar::new(DType::Bool, &[u8::from(*value)]),
        Value::Int(value) => Scalar::new(DType::I64, &value.to_le_bytes()),
        Value::Scalar(scalar) => Some(*scalar),
        _ => None,
    })
    .or_else(|| {
        all(&|value| {
            #[allow(clippy::cast_precision_loss, reason = "Python's own conversion")]
            let float = match value {
                Value::Float(value) => *value,
                Value::Int(value) => *value as f64,
                Value::UInt(value) => *value as f64,
                _ => return None,
            };
            Scalar::new(DType::F64, &float.to_le_bytes())
        })
    })
}
