use super::*;
use crate::storage::{HeapAllocator, HeapStorage};
use blendtorch_wire::{Scalar, Tensor};

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
    Assembler::new(batch_size, Vec::new(), 0, HeapAllocator::default()).unwrap()
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
    assert_eq!(assembler.headers.len(), 0);
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
        let convert = vec![convert.clone()];
        let mut assembler = Assembler::new(8, convert, threads, HeapAllocator::default()).unwrap();
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
    let allocator = No16(HeapAllocator::default());
    let mut assembler = Assembler::new(3, Vec::new(), 0, allocator).unwrap();
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
    assert_eq!((assembler.headers.len(), assembler.abandon()), (0, 0));
    assembler.add(item(3, &[1], 0)).unwrap();
    assert!(assembler.write().unwrap().is_none());
    assert_eq!(assembler.flush().unwrap().unwrap().len(), 1);
}

#[test]
fn an_empty_array_of_a_huge_shape_is_no_trouble() {
    let shape = [1 << 31, 1 << 30, 0];
    let tensor = Tensor::from_vec(&shape, Vec::<u8>::new()).unwrap();
    let item = |sequence| Message::data(1, sequence).with("none", tensor.clone());
    let mut assembler = assembler(2);
    assert!(push(&mut assembler, item(0)).unwrap().is_none());
    let batch = push(&mut assembler, item(1)).unwrap().unwrap();
    let none = batch.tensor("none").unwrap();
    assert_eq!(none.shape, [2, 1 << 31, 1 << 30, 0]);
    assert!(none.storage.bytes().is_empty());
}

/// Regression: nobody looked at the product of a batch without elements, which torch then refused.
#[test]
fn an_empty_array_of_which_no_batch_can_be_made_is_an_error() {
    let tensor = Tensor::from_vec(&[1 << 62, 0], Vec::<u8>::new()).unwrap();
    let item = |sequence| Message::data(1, sequence).with("none", tensor.clone());
    let error = assembler(2).add(item(0)).unwrap_err().to_string();
    assert!(
        error.contains("field 'none'") && error.contains("address space"),
        "{error}"
    );
    assembler(1).add(item(0)).unwrap();
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
