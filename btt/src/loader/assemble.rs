//! Assembles items into a batch: arrays straight into its storage, numbers and the rest beside.

use crate::convert::{self, Convert, ConvertError, ConvertPlan};
use crate::loader::{Allocator, Batch, CollateError, Column, LoaderOptions, Storage, TensorColumn};
use blendtorch_wire::{DType, Fields, Header, Message, Scalar, Value};
use indexmap::IndexMap;

/// The batch being assembled.
pub(super) struct Assembler<A: Allocator> {
    batch_size: usize,
    convert: Vec<Convert>,
    threads: usize,
    allocator: A,
    headers: Vec<Header>,
    columns: IndexMap<String, Building<A::Storage>>,
}

enum Building<S> {
    /// Arrays, copied as they come.
    Tensor {
        column: TensorColumn<S>,
        /// Of one item in the batch.
        item_bytes: usize,
        /// Of one item as it is received.
        dtype: DType,
        shape: Vec<usize>,
        plan: Option<ConvertPlan>,
    },
    Values(Vec<Value>),
}

impl<A: Allocator> Assembler<A> {
    pub(super) fn new(options: LoaderOptions, allocator: A) -> Result<Self, ConvertError> {
        let convert = options.convert;
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
            batch_size: options.batch_size.max(1),
            convert,
            threads: options.threads,
            allocator,
            headers: Vec::new(),
            columns: IndexMap::new(),
        })
    }

    /// Items in the unfinished batch.
    pub(super) fn len(&self) -> usize {
        self.headers.len()
    }

    /// Adds an item; the batch that it completes.
    pub(super) fn push(
        &mut self,
        message: Message,
    ) -> Result<Option<Batch<A::Storage>>, CollateError> {
        let Message { header, mut fields } = message;
        if self.headers.is_empty() {
            self.start(&fields, &header)?;
        } else {
            self.check(&fields, &header)?;
        }
        let row = self.headers.len();
        let (threads, btid) = (self.threads, header.btid);
        for (name, building) in &mut self.columns {
            match (building, fields.swap_remove(name)) {
                (
                    Building::Tensor {
                        column,
                        item_bytes,
                        plan,
                        ..
                    },
                    Some(Value::Tensor(tensor)),
                ) => {
                    let start = row * *item_bytes;
                    let out = &mut column.storage.bytes_mut()[start..start + *item_bytes];
                    match plan {
                        Some(plan) => plan
                            .run_with(tensor.bytes(), out, threads)
                            .map_err(|source| CollateError::Convert { btid, source })?,
                        None => convert::copy(tensor.bytes(), out, threads),
                    }
                }
                (Building::Values(values), Some(value)) => values.push(value),
                // `check` has refused such an item.
                (_, _) => {}
            }
        }
        self.headers.push(header);
        match self.headers.len() == self.batch_size {
            true => self.flush(),
            false => Ok(None),
        }
    }

    /// The batch of what there is, if there is anything.
    pub(super) fn flush(&mut self) -> Result<Option<Batch<A::Storage>>, CollateError> {
        let headers = std::mem::take(&mut self.headers);
        let rows = headers.len();
        let mut columns = IndexMap::new();
        for (name, building) in std::mem::take(&mut self.columns) {
            let column = match building {
                Building::Tensor { mut column, .. } => {
                    if rows < self.batch_size {
                        column.storage.truncate(rows);
                        column.shape[0] = rows;
                    }
                    Column::Tensor(column)
                }
                Building::Values(values) => self.stack(&name, values)?,
            };
            columns.insert(name, column);
        }
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
            let building = match value {
                Value::Tensor(tensor) => {
                    let plan = plans.swap_remove(name);
                    let (dtype, shape) = match &plan {
                        Some(plan) => (plan.dtype(), plan.shape()),
                        None => (tensor.dtype(), tensor.shape()),
                    };
                    let item_bytes = shape.iter().product::<usize>() * dtype.size();
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
                        column,
                        item_bytes,
                        dtype: tensor.dtype(),
                        shape: tensor.shape().to_vec(),
                        plan,
                    }
                }
                _ => Building::Values(Vec::with_capacity(self.batch_size)),
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
            let expected = match (building, value) {
                (Building::Tensor { dtype, shape, .. }, Value::Tensor(tensor))
                    if tensor.dtype() == *dtype && tensor.shape() == shape =>
                {
                    continue;
                }
                (Building::Tensor { dtype, shape, .. }, _) => describe_tensor(*dtype, shape),
                (Building::Values(_), Value::Tensor(_)) => "no array".to_owned(),
                (Building::Values(_), _) => continue,
            };
            let found = match value {
                Value::Tensor(tensor) => describe_tensor(tensor.dtype(), tensor.shape()),
                _ => "no array".to_owned(),
            };
            return Err(CollateError::Mismatch {
                field: name.clone(),
                btid,
                expected,
                found,
            });
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
        values: Vec<Value>,
    ) -> Result<Column<A::Storage>, CollateError> {
        let Some((dtype, bytes)) = numbers(&values) else {
            return Ok(Column::Values(values));
        };
        let mut column = self.allocate(field, dtype, vec![values.len()])?;
        column.storage.bytes_mut().copy_from_slice(&bytes);
        Ok(Column::Tensor(column))
    }
}

fn describe_tensor(dtype: DType, shape: &[usize]) -> String {
    format!("an array of {dtype} and shape {shape:?}")
}

/// The values as little-endian elements: bools, or integers, or numbers with at least one float,
/// or scalars of one dtype.
fn numbers(values: &[Value]) -> Option<(DType, Vec<u8>)> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loader::HeapAllocator;
    use blendtorch_wire::Tensor;

    fn item(sequence: u64, image: &[u8], reward: impl Into<Value>) -> Message {
        Message::data(1, sequence)
            .with(
                "image",
                Tensor::from_vec(&[image.len()], image.to_vec()).unwrap(),
            )
            .with("reward", reward)
            .with("name", format!("item {sequence}"))
    }

    fn assembler(batch_size: usize) -> Assembler<HeapAllocator> {
        let options = LoaderOptions {
            batch_size,
            ..LoaderOptions::default()
        };
        Assembler::new(options, HeapAllocator::default()).unwrap()
    }

    #[test]
    fn arrays_and_numbers_are_stacked_and_the_rest_is_listed() {
        let mut assembler = assembler(2);
        assert!(assembler.push(item(0, &[1, 2, 3], 0)).unwrap().is_none());
        let batch = assembler.push(item(1, &[4, 5, 6], 0.5)).unwrap().unwrap();
        let image = batch.tensor("image").unwrap();
        assert_eq!(image.shape, [2, 3]);
        assert_eq!(image.as_slice::<u8>().unwrap(), [1, 2, 3, 4, 5, 6]);
        let reward = batch.tensor("reward").unwrap();
        assert_eq!(reward.as_slice::<f64>().unwrap(), [0.0, 0.5]);
        let Column::Values(names) = &batch.columns["name"] else {
            panic!("names are no tensor");
        };
        assert_eq!(names[1].as_str(), Some("item 1"));
        assert_eq!(
            batch.columns.keys().collect::<Vec<_>>(),
            ["image", "reward", "name"]
        );
        assert_eq!(assembler.len(), 0);
    }

    #[test]
    fn a_last_batch_is_shorter() {
        let mut assembler = assembler(4);
        assembler.push(item(0, &[1, 2], true)).unwrap();
        assembler.push(item(1, &[3, 4], false)).unwrap();
        let batch = assembler.flush().unwrap().unwrap();
        let image = batch.tensor("image").unwrap();
        assert_eq!((batch.len(), &image.shape[..]), (2, &[2, 2][..]));
        assert_eq!(image.as_slice::<u8>().unwrap(), [1, 2, 3, 4]);
        assert_eq!(batch.tensor("reward").unwrap().dtype, DType::Bool);
        assert!(assembler.flush().unwrap().is_none());
    }

    #[test]
    fn an_item_of_another_shape_is_refused_whole() {
        let mut assembler = assembler(2);
        assembler.push(item(0, &[1, 2], 0)).unwrap();
        let error = assembler
            .push(item(1, &[3, 4, 5], 0))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("field 'image'") && error.contains("[3]"),
            "{error}"
        );
        let without_reward = Message::data(1, 2)
            .with("image", Tensor::from_vec(&[2], vec![0u8; 2]).unwrap())
            .with("name", "x");
        let error = assembler.push(without_reward).unwrap_err().to_string();
        assert!(error.contains("field 'reward' is in no item"), "{error}");
        let batch = assembler.push(item(3, &[3, 4], 1)).unwrap().unwrap();
        assert_eq!(
            batch.tensor("image").unwrap().as_slice::<u8>().unwrap(),
            [1, 2, 3, 4]
        );
        assert_eq!(
            batch.tensor("reward").unwrap().as_slice::<i64>().unwrap(),
            [0, 1]
        );
    }
}
