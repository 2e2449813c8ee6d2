//! Assembles items into a batch: arrays straight into its storage, numbers and the rest beside.

mod building;

use super::columns::{Batch, Column, TensorColumn};
use super::error::CollateError;
use super::kinds::{Kind, Unfit, describe, elements};
use super::write::{How, Row, Writers};
use crate::convert::{Convert, ConvertError, ConvertPlan};
use crate::copy::CopyMode;
use crate::storage::{Allocator, Storage};
use blendtorch_wire::{DType, Fields, Header, Message, Value, byte_len};
use building::Building;
use indexmap::IndexMap;

/// At most so many items are gathered for each thread before they are written.
const ITEMS_A_THREAD: usize = 4;

/// So many fields keep their type; a scene has some ten, and a hostile publisher fills no memory.
const MOST_FIELDS: usize = 4096;

/// The batch being assembled.
pub(crate) struct Assembler<A: Allocator> {
    batch_size: usize,
    convert: Vec<Convert>,
    writers: Writers,
    allocator: A,
    headers: Vec<Header>,
    columns: IndexMap<String, Building<A::Storage>>,
    /// What the fields of earlier batches were, and are from then on.
    kinds: IndexMap<String, Kind>,
    /// The items at the end of the batch whose arrays have yet to be written.
    pending: Vec<Fields>,
}

impl<A: Allocator> Assembler<A> {
    /// Of batches of `batch_size` items, some of whose fields are converted, written by so many
    /// `threads`; 0 for what suits the machine.
    pub(crate) fn new(
        batch_size: usize,
        convert: Vec<Convert>,
        threads: usize,
        allocator: A,
    ) -> Result<Self, ConvertError> {
        let batch_size = batch_size.max(1);
        for (index, one) in convert.iter().enumerate() {
            one.check()?;
            if convert[..index]
                .iter()
                .any(|other| other.field() == one.field())
            {
                return Err(ConvertError::Twice {
                    field: one.field().to_owned(),
                });
            }
        }
        Ok(Self {
            batch_size,
            convert,
            writers: Writers::new(threads.min(batch_size)),
            allocator,
            headers: Vec::new(),
            columns: IndexMap::new(),
            kinds: IndexMap::new(),
            pending: Vec::new(),
        })
    }

    /// Whether another item may be added before [`write`](Self::write), to be written beside the
    /// others. A few are enough for all threads: while they wait, their publishers lack the memory.
    pub(crate) fn takes_more(&self) -> bool {
        let threads = self.writers.threads();
        threads > 1
            && self.pending.len() < ITEMS_A_THREAD * threads
            && self.headers.len() < self.batch_size
    }

    /// Adds an item to a batch that has room for it. Its arrays stay where they are until
    /// [`write`](Self::write).
    pub(crate) fn add(&mut self, message: Message) -> Result<(), CollateError> {
        let Message { header, mut fields } = message;
        if self.headers.is_empty() {
            self.start(&fields, &header)?;
        } else {
            self.check(&fields, &header)?;
        }
        for (name, building) in &mut self.columns {
            if matches!(building, Building::Values { .. })
                && let Some(value) = fields.swap_remove(name)
            {
                // `start` or `check` has refused what does not fit.
                let next = building.kind_with(&value);
                if let (Building::Values { values, kind, .. }, Ok(next)) = (building, next) {
                    *kind = next;
                    values.push(value);
                }
            }
        }
        self.headers.push(header);
        self.pending.push(fields);
        Ok(())
    }

    /// Writes the arrays of the items that were added; the batch, if they complete it.
    pub(crate) fn write(&mut self) -> Result<Option<Batch<A::Storage>>, CollateError> {
        let mut pending = std::mem::take(&mut self.pending);
        let first = self.headers.len() - pending.len();
        let mut rows = Vec::with_capacity(pending.len());
        for (name, building) in &mut self.columns {
            let Building::Tensor {
                column,
                item_bytes,
                plan,
                copy,
                ..
            } = building
            else {
                continue;
            };
            let places = first * *item_bytes..self.headers.len() * *item_bytes;
            let bytes = column.storage.bytes_mut().get_mut(places);
            let bytes = bytes.ok_or_else(|| CollateError::Memory {
                field: name.clone(),
                reason: "the allocator's is smaller than was asked for".to_owned(),
            })?;
            let places = bytes.chunks_mut((*item_bytes).max(1));
            let items = self.headers[first..].iter().zip(&mut pending);
            for ((header, fields), out) in items.zip(places) {
                // `check` has refused items without it.
                if let Some(Value::Tensor(source)) = fields.swap_remove(name) {
                    rows.push(Row {
                        btid: header.btid,
                        source,
                        out,
                        how: plan.as_ref().map_or(How::Copied(*copy), How::Converted),
                    });
                }
            }
        }
        self.writers.write(rows)?;
        match self.headers.len() == self.batch_size {
            true => self.flush(),
            false => Ok(None),
        }
    }

    /// Forgets the unfinished batch; how many items it had.
    pub(crate) fn abandon(&mut self) -> usize {
        self.pending.clear();
        self.columns.clear();
        std::mem::take(&mut self.headers).len()
    }

    /// The batch of what there is, if there is anything. After an error,
    /// [`abandon`](Self::abandon) says how many items are lost.
    pub(crate) fn flush(&mut self) -> Result<Option<Batch<A::Storage>>, CollateError> {
        let rows = self.headers.len();
        let mut columns = IndexMap::new();
        for (name, building) in std::mem::take(&mut self.columns) {
            let kind = match &building {
                Building::Tensor { dtype, .. } => Kind::Arrays(*dtype),
                Building::Values { kind, .. } => *kind,
            };
            let column = match building {
                Building::Tensor { mut column, .. } => {
                    if rows < self.batch_size {
                        column.storage.truncate(rows);
                        column.shape[0] = rows;
                    }
                    Column::Tensor(column)
                }
                Building::Values { values, .. } => self.stack(&name, kind, values)?,
            };
            if self.kinds.len() < MOST_FIELDS {
                self.kinds.entry(name.clone()).or_insert(kind);
            }
            columns.insert(name, column);
        }
        let headers = std::mem::take(&mut self.headers);
        Ok((rows > 0).then_some(Batch { columns, headers }))
    }

    /// Makes room for a batch of items like this first one.
    fn start(&mut self, fields: &Fields, header: &Header) -> Result<(), CollateError> {
        let mut columns = IndexMap::new();
        let mut plans = self.plans(fields).map_err(|source| CollateError::Convert {
            btid: header.btid,
            source,
        })?;
        for (name, value) in fields {
            let earlier = self.kinds.get(name).copied();
            let kind = match earlier {
                Some(kind) => kind.takes(value).map(|()| kind),
                None => Kind::of(value),
            };
            let kind = kind.map_err(|unfit| {
                let expected = earlier.map_or_else(String::new, Kind::describe);
                unfit.error(name, header, expected)
            })?;
            let building = match value {
                Value::Tensor(tensor) => {
                    let plan = plans.swap_remove(name);
                    let (dtype, shape) = match &plan {
                        Some(plan) => (plan.dtype(), plan.shape()),
                        None => (tensor.dtype(), tensor.shape()),
                    };
                    let item_bytes = byte_len(dtype, shape).map_err(|error| {
                        let (field, reason) = (name.clone(), error.to_string());
                        CollateError::Memory { field, reason }
                    })?;
                    let shape = [&[self.batch_size], shape].concat();
                    let mut column = self.allocate(name, dtype, shape)?;
                    let address = column.storage.bytes_mut().as_ptr() as usize;
                    if plan.is_some() && !address.is_multiple_of(dtype.size()) {
                        return Err(CollateError::Memory {
                            field: name.clone(),
                            reason: format!("the allocator's is not aligned for {dtype}"),
                        });
                    }
                    Building::Tensor {
                        item_bytes,
                        dtype: tensor.dtype(),
                        shape: tensor.shape().to_vec(),
                        plan,
                        copy: CopyMode::of_batch(item_bytes.saturating_mul(self.batch_size)),
                        column,
                    }
                }
                _ => Building::Values {
                    values: Vec::with_capacity(self.batch_size),
                    kind,
                    decided: earlier.is_some(),
                },
            };
            columns.insert(name.clone(), building);
        }
        self.columns = columns;
        Ok(())
    }

    /// What the conversions mean for items like this one.
    fn plans(&self, fields: &Fields) -> Result<IndexMap<String, ConvertPlan>, ConvertError> {
        let plan = |convert: &Convert| {
            let field = || convert.field().to_owned();
            match fields.get(convert.field()) {
                Some(Value::Tensor(tensor)) => {
                    Ok((field(), convert.plan(tensor.dtype(), tensor.shape())?))
                }
                Some(_) => Err(ConvertError::NoArray { field: field() }),
                None => Err(ConvertError::Missing {
                    field: field(),
                    fields: fields.keys().cloned().collect(),
                }),
            }
        };
        self.convert.iter().map(plan).collect()
    }

    /// Refuses an item that does not fit, before any of it is stored.
    fn check(&self, fields: &Fields, header: &Header) -> Result<(), CollateError> {
        let btid = header.btid;
        let differs = |field: &String, present| CollateError::Fields {
            field: field.clone(),
            btid,
            present,
        };
        if let Some(extra) = fields.keys().find(|name| !self.columns.contains_key(*name)) {
            return Err(differs(extra, true));
        }
        for (name, building) in &self.columns {
            let value = fields.get(name).ok_or_else(|| differs(name, false))?;
            let expected = match building {
                Building::Tensor { dtype, shape, .. } => {
                    format!("an array of {dtype} and shape {shape:?}")
                }
                Building::Values { kind, .. } => kind.describe(),
            };
            let kind = building.kind_with(value);
            kind.map_err(|unfit| unfit.error(name, header, expected.clone()))?;
            if let (Building::Tensor { shape, .. }, Value::Tensor(tensor)) = (building, value)
                && tensor.shape() != shape
            {
                return Err(Unfit::Other(describe(value)).error(name, header, expected));
            }
        }
        Ok(())
    }

    fn allocate(
        &mut self,
        field: &str,
        dtype: DType,
        shape: Vec<usize>,
    ) -> Result<TensorColumn<A::Storage>, CollateError> {
        let storage = self.allocator.allocate(dtype, &shape);
        let storage = storage.map_err(|reason| CollateError::Memory {
            field: field.to_owned(),
            reason,
        })?;
        Ok(TensorColumn {
            dtype,
            shape,
            storage,
        })
    }

    /// Numbers of one kind become a tensor; anything else stays a list.
    fn stack(
        &mut self,
        field: &str,
        kind: Kind,
        values: Vec<Value>,
    ) -> Result<Column<A::Storage>, CollateError> {
        let Kind::Numbers(dtype) = kind else {
            return Ok(Column::Values(values));
        };
        let Some(bytes) = elements(&values, dtype) else {
            return Ok(Column::Values(values)); // what a column takes is an element of it
        };
        let mut column = self.allocate(field, dtype, vec![values.len()])?;
        column.storage.bytes_mut().copy_from_slice(&bytes);
        Ok(Column::Tensor(column))
    }
}

#[cfg(test)]
mod column_tests;
#[cfg(test)]
mod tests;
