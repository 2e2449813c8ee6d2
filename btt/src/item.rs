//! An item: what one publisher published once.

use blendtorch_wire::{Fields, Header, Message, Value};

/// A sample and its identity.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Who published it and which one it is.
    pub header: Header,
    /// What was published, in order.
    pub fields: Fields,
}

impl Item {
    /// Takes a message's tensors into memory of their own if they are leased.
    pub(crate) fn new(message: Message, leased: bool) -> Self {
        let Message { header, mut fields } = message;
        if leased {
            for value in fields.values_mut() {
                value.for_each_tensor_mut(&mut |tensor| *tensor = tensor.to_owned_memory());
            }
        }
        Self { header, fields }
    }

    /// A field by name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }
}
