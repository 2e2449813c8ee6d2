//! Groups and datasets, as they are described at the end.
//!
//! Owns the tree that a file will show, and its object headers.

use super::header::{dataspace, header, message, short};
use super::{Attribute, UNDEFINED, Writer};
use crate::CircuitError;

/// Data that was written, and what describes it.
#[derive(Debug, Clone)]
pub struct Dataset {
    datatype: Vec<u8>,
    shape: Vec<u64>,
    at: u64,
    size: u64,
    attributes: Vec<(String, Attribute)>,
}

impl Dataset {
    pub(super) fn new(datatype: Vec<u8>, shape: Vec<u64>, at: u64, size: u64) -> Self {
        Self {
            datatype,
            shape,
            at,
            size,
            attributes: Vec::new(),
        }
    }

    /// With an attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: Attribute) -> Self {
        self.attributes.push((name.to_owned(), value));
        self
    }
}

/// A group: names of groups and datasets, and attributes.
#[derive(Debug, Clone, Default)]
pub struct Group {
    members: Vec<(Vec<String>, Member)>,
    attributes: Vec<(String, Attribute)>,
}

#[derive(Debug, Clone)]
enum Member {
    Group(Group),
    Dataset(Dataset),
}

impl Group {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// With an attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: Attribute) -> Self {
        self.attributes.push((name.to_owned(), value));
        self
    }

    /// Adds a group.
    pub fn group(&mut self, name: &str, group: Self) {
        self.members
            .push((vec![name.to_owned()], Member::Group(group)));
    }

    /// Adds a dataset.
    pub fn dataset(&mut self, name: &str, dataset: Dataset) {
        self.named(&[name], dataset);
    }

    /// Adds a dataset under several names (hard links): the bytes are there once.
    pub fn named(&mut self, names: &[&str], dataset: Dataset) {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        self.members.push((names, Member::Dataset(dataset)));
    }
}

/// Writes the headers of a group and of all that is in it, and says where its own is.
pub(super) fn store(writer: &mut Writer, group: &Group) -> Result<u64, CircuitError> {
    let everything_is_in_the_header = [UNDEFINED.to_le_bytes(); 2].concat();
    let link_info = [vec![0, 0], everything_is_in_the_header].concat();
    let mut messages = vec![
        message(0x02, &link_info).unwrap_or_default(),
        short(0x0a, [0, 0]),
    ];
    for (names, member) in &group.members {
        let at = match member {
            Member::Group(group) => store(writer, group)?,
            Member::Dataset(dataset) => store_dataset(writer, dataset, names.len())?,
        };
        for name in names {
            messages.push(link(writer, name, at)?);
        }
    }
    finished(writer, messages, &group.attributes)
}

fn store_dataset(
    writer: &mut Writer,
    dataset: &Dataset,
    names: usize,
) -> Result<u64, CircuitError> {
    let nowhere = dataset.size == 0;
    let at = if nowhere { UNDEFINED } else { dataset.at };
    let contiguous = 1;
    let mut layout = vec![3, contiguous];
    layout.extend(at.to_le_bytes());
    layout.extend(dataset.size.to_le_bytes());
    let constant = 1; // a datatype does not change
    let mut datatype = message(0x03, &dataset.datatype).unwrap_or_default();
    if let Some(flags) = datatype.get_mut(3) {
        *flags = constant;
    }
    let mut messages = vec![
        message(0x01, &dataspace(&dataset.shape)).unwrap_or_default(),
        datatype,
        short(0x05, [3, 0x0a]), // no fill value; its room is taken late
        message(0x08, &layout).unwrap_or_default(),
    ];
    if let Ok(links @ 2..) = u32::try_from(names) {
        let [a, b, c, d] = links.to_le_bytes();
        messages.push(short(0x16, [0, a, b, c, d]));
    }
    finished(writer, messages, &dataset.attributes)
}

fn finished(
    writer: &mut Writer,
    mut messages: Vec<Vec<u8>>,
    attributes: &[(String, Attribute)],
) -> Result<u64, CircuitError> {
    for (name, value) in attributes {
        messages.push(value.message(name, writer)?);
    }
    let bytes = header(&messages).ok_or_else(|| {
        let text = "a group has more members than HDF5 allows";
        CircuitError::file(&writer.bytes.path, "", text)
    })?;
    writer.append(&bytes)
}

fn link(writer: &Writer, name: &str, at: u64) -> Result<Vec<u8>, CircuitError> {
    let two_bytes_of_length = 1;
    let says_its_characters = 0x10;
    let utf8 = 1;
    let mut body = vec![1, says_its_characters | two_bytes_of_length, utf8];
    let refused = || {
        let name: String = name.chars().take(100).collect();
        let text = "no name of a group or dataset: it is empty, too long, or holds a /";
        CircuitError::file(&writer.bytes.path, name, text)
    };
    let length = u16::try_from(name.len()).map_err(|_| refused())?;
    if name.is_empty() || name == "." || name.contains(['/', '\0']) {
        return Err(refused());
    }
    body.extend(length.to_le_bytes());
    body.extend(name.bytes());
    body.extend(at.to_le_bytes());
    message(0x06, &body).ok_or_else(refused)
}
