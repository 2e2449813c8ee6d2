//! A field of the batch that is being assembled.

use crate::batch::columns::TensorColumn;
use crate::batch::kinds::{Kind, Unfit};
use crate::convert::ConvertPlan;
use crate::copy::CopyMode;
use blendtorch_wire::{DType, Value};

/// One field of the batch.
pub(super) enum Building<S> {
    /// Arrays, written as they come.
    Tensor {
        column: TensorColumn<S>,
        /// Of one item in the batch.
        item_bytes: usize,
        /// Of one item as it is received.
        dtype: DType,
        shape: Vec<usize>,
        plan: Option<ConvertPlan>,
        copy: CopyMode,
    },
    Values {
        values: Vec<Value>,
        kind: Kind,
        /// By a batch before this one.
        decided: bool,
    },
}

impl<S> Building<S> {
    /// What the field is with one more value.
    pub(super) fn kind_with(&self, value: &Value) -> Result<Kind, Unfit> {
        match self {
            Self::Tensor { dtype, .. } => {
                let kind = Kind::Arrays(*dtype);
                kind.takes(value).map(|()| kind)
            }
            Self::Values {
                kind,
                decided: true,
                ..
            } => kind.takes(value).map(|()| *kind),
            Self::Values { kind, values, .. } => kind.with(value, values),
        }
    }
}
