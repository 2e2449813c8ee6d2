//! What one wait for a sample brought.

use blendtorch_wire::Message;

/// What one wait brought.
pub(crate) enum Wait {
    /// A sample whose tensors may lie in its publisher's memory.
    Sample { message: Message, leased: bool },
    /// Nothing yet.
    Nothing,
    /// The stream's end.
    End,
}
