//! Assembles items into a batch: arrays straight into its storage, numbers and the rest beside.

use crate::convert::{Convert, ConvertError, ConvertPlan};
use crate::copy::CopyMode;
use crate::loader::rows::{How, Row, Writers};
use crate::loader::{Allocator, Batch, CollateError, Column, LoaderOptions, Storage, TensorColumn};
use blendtorch_wire::{DType, Fields, Header, Message, Scalar, Value, byte_len};
use indexmap::IndexMap;

/// At most so many items are gathered for each thread before they are written.
const ITEMS_A_THREAD: usize = 4;

/// The batch being assembled.
pub(super) struct Assembler<A: Allocator> {
    batch_size: usize,
    convert: Vec<Convert>,
    writers: Writers,
    allocator: A,
    headers: Vec<Header>,
    columns: IndexMap<String, Building<A::Storage>>,
    /// The items at the end of the batch whose arrays have yet to be written.
    pending: Vec<Fields>,
}

enum Building<S> {
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
            writers: Writers::new(options.threads.min(options.batch_size.max(1))),
            allocator,
            headers: Vec::new(),
            columns: IndexMap::new(),
            pending: Vec::new(),
        })
    }

    /// Items in the unfinished batch.
    pub(super) fn len(&self) -> usize {
        self.headers.len()
    }

    /// Whether another item may be added before [`write`](Self::write), to be written beside the
    /// others. A few are enough for all threads: while they wait, their publishers lack the memory.
    pub(super) fn takes_more(&self) -> bool {
        let threads = self.writers.threads();
        threads > 1
            && self.pending.len() < ITEMS_A_THREAD * threads
            && self.headers.len() < self.batch_size
    }

    /// Adds an item to a batch that has room for it. Its arrays stay where they are until
    /// [`write`](Self::write).
    pub(super) fn add(&mut self, message: Message) -> Result<(), CollateError> {
        let Message { header, mut fields } = message;
        if self.headers.is_empty() {
            self.start(&fields, &header)?;
        } else {
            self.check(&fields, &header)?;
        }
        for (name, building) in &mut self.columns {
            if let Building::Values(values) = building
                && let Some(value) = fields.swap_remove(name)
            {
                values.push(value);
            }
        }
        self.headers.push(header);
        self.pending.push(fields);
        Ok(())
    }

    /// Writes the arrays of the items that were added; the batch, if they complete it.
    pub(super) fn write(&mut self) -> Result<Option<Batch<A::Storage>>, CollateError> {
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
    pub(super) fn abandon(&mut self) -> usize {
        self.pending.clear();
        self.columns.clear();
        std::mem::take(&mut self.headers).len()
    }

    /// The batch of what there is, if there is anything. After an error,
    /// [`abandon`](Self::abandon) says how many items are lost.
    pub(super) fn flush(&mut self) -> Result<Option<Batch<A::Storage>>, CollateError> {
        let rows = self.headers.len();
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
    use crate::loader::{HeapAllocator, HeapStorage};
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

    /// Adds an item and writes it.
    fn push(
        assembler: &mut Assembler<HeapAllocator>,
        item: Message,
    ) -> Result<Option<Batch>, CollateError> {
        assembler.add(item)?;
        assembler.write()
    }

    #[test]
    fn arrays_and_numbers_are_stacked_and_the_rest_is_listed() {
        let mut assembler = assembler(2);
        assert!(
            push(&mut assembler, item(0, &[1, 2, 3], 0))
                .unwrap()
                .is_none()
        );
        let batch = push(&mut assembler, item(1, &[4, 5, 6], 0.5))
            .unwrap()
            .unwrap();
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
        push(&mut assembler, item(0, &[1, 2], true)).unwrap();
        push(&mut assembler, item(1, &[3, 4], false)).unwrap();
        let batch = assembler.flush().unwrap().unwrap();
        let image = batch.tensor("image").unwrap();
        assert_eq!((batch.len(), &image.shape[..]), (2, &[2, 2][..]));
        assert_eq!(image.as_slice::<u8>().unwrap(), [1, 2, 3, 4]);
        assert_eq!(batch.tensor("reward").unwrap().dtype, DType::Bool);
        assert!(assembler.flush().unwrap().is_none());
    }

    #[test]
    fn items_written_together_by_several_threads_are_where_they_belong() {
        let image = |sequence: u64, side: usize| {
            let pixels = side * side * 4;
            let bytes = (0..pixels).map(|i| (i as u64 * (sequence + 3) % 251) as u8);
            Tensor::from_vec(&[side, side, 4], bytes.collect()).unwrap()
        };
        let item = |sequence| {
            Message::data(1, sequence)
                .with("image", image(sequence, 600))
                .with("planes", image(sequence, 300))
        };
        let convert = Convert::image("planes").rgb().float().chw();
        let batches = [(1, [1; 8]), (3, [2, 5, 1, 0, 0, 0, 0, 0])].map(|(threads, groups)| {
            let options = LoaderOptions {
                threads,
                convert: vec![convert.clone()],
                ..LoaderOptions::default()
            };
            let mut assembler = Assembler::new(options, HeapAllocator::default()).unwrap();
            assert_eq!(assembler.takes_more(), threads > 1);
            let (mut sequence, mut batch) = (0, None);
            for items in groups {
                for _ in 0..items {
                    assembler.add(item(sequence)).unwrap();
                    sequence += 1;
                }
                if items > 0 {
                    assert!(batch.is_none());
                    batch = assembler.write().unwrap();
                }
            }
            batch.unwrap()
        });
        let [one, several] = &batches;
        for field in ["image", "planes"] {
            let [one, several] = [one, several].map(|batch| batch.tensor(field).unwrap());
            assert_eq!(one.shape, several.shape);
            assert!(one.storage.bytes() == several.storage.bytes(), "{field}");
        }
        let first = several.tensor("image").unwrap().storage.bytes();
        let row = 600 * 600 * 4;
        for sequence in 0..8 {
            let start = sequence as usize * row;
            assert!(first[start..start + row] == image(sequence, 600).bytes()[..]);
        }
    }

    /// Has no memory for `uint16`, as torch's has not.
    struct No16(HeapAllocator);

    impl Allocator for No16 {
        type Storage = HeapStorage;

        fn allocate(&mut self, dtype: DType, shape: &[usize]) -> Result<HeapStorage, String> {
            match dtype {
                DType::U16 => Err("no uint16".to_owned()),
                _ => self.0.allocate(dtype, shape),
            }
        }
    }

    #[test]
    fn items_of_a_batch_that_finds_no_memory_are_told_of() {
        let options = LoaderOptions {
            batch_size: 3,
            ..LoaderOptions::default()
        };
        let mut assembler = Assembler::new(options, No16(HeapAllocator::default())).unwrap();
        for sequence in 0..3 {
            let number = Scalar::new(DType::U16, &[1, 0]).unwrap();
            assembler
                .add(item(sequence, &[1], Value::Scalar(number)))
                .unwrap();
        }
        let error = assembler.write().unwrap_err().to_string();
        assert!(
            error.contains("field 'reward'") && error.contains("no uint16"),
            "{error}"
        );
        assert_eq!(assembler.abandon(), 3);
        assert_eq!((assembler.len(), assembler.abandon()), (0, 0));
        assembler.add(item(3, &[1], 0)).unwrap();
        assert!(assembler.write().unwrap().is_none());
        assert_eq!(assembler.flush().unwrap().unwrap().len(), 1);
    }

    #[test]
    fn an_empty_array_of_a_huge_shape_is_no_trouble() {
        let shape = [1 << 40, 1 << 40, 0];
        let tensor = Tensor::from_vec(&shape, Vec::<u8>::new()).unwrap();
        let item = |sequence| Message::data(1, sequence).with("none", tensor.clone());
        let mut assembler = assembler(2);
        assert!(push(&mut assembler, item(0)).unwrap().is_none());
        let batch = push(&mut assembler, item(1)).unwrap().unwrap();
        let none = batch.tensor("none").unwrap();
        assert_eq!(none.shape, [2, 1 << 40, 1 << 40, 0]);
        assert!(none.storage.bytes().is_empty());
    }

    #[test]
    fn an_item_of_another_shape_is_refused_whole() {
        let mut assembler = assembler(2);
        push(&mut assembler, item(0, &[1, 2], 0)).unwrap();
        let error = push(&mut assembler, item(1, &[3, 4, 5], 0))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("field 'image'") && error.contains("[3]"),
            "{error}"
        );
        let without_reward = Message::data(1, 2)
            .with("image", Tensor::from_vec(&[2], vec![0u8; 2]).unwrap())
            .with("name", "x");
        let error = push(&mut assembler, without_reward)
            .unwrap_err()
            .to_string();
        assert!(error.contains("field 'reward' is in no item"), "{error}");
        let batch = push(&mut assembler, item(3, &[3, 4], 1)).unwrap().unwrap();
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
