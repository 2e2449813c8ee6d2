//! A column keeps its type in all batches and its values as they were, or an item is told of.

use super::*;
use crate::storage::HeapAllocator;
use blendtorch_wire::{Scalar, Tensor};
use proptest::prelude::*;

/// What came of a field's values.
#[derive(Debug, Default)]
struct Outcome {
    /// `None` for a list.
    types: Vec<Option<DType>>,
    delivered: Vec<Value>,
    refused: Vec<(usize, CollateError)>,
}

/// Batches items that have the values in a field `x`. What is delivered comes back as scalars where
/// it was stacked.
fn batch(values: &[Value], batch_size: usize) -> Outcome {
    let allocator = HeapAllocator::default();
    let mut assembler = Assembler::new(batch_size, Vec::new(), 0, allocator).unwrap();
    let mut outcome = Outcome::default();
    let mut take = |batch: Batch| match &batch.columns["x"] {
        Column::Values(values) => {
            outcome.types.push(None);
            outcome.delivered.extend_from_slice(values);
        }
        Column::Tensor(column) => {
            outcome.types.push(Some(column.dtype));
            let elements = column.storage.bytes().chunks_exact(column.dtype.size());
            let scalars = elements.map(|raw| Scalar::new(column.dtype, raw).unwrap().into());
            outcome.delivered.extend(scalars);
        }
    };
    for (index, value) in values.iter().enumerate() {
        let mut item = Message::data(1, index as u64).with("x", value.clone());
        item.header.btid = Some(7);
        match assembler.add(item) {
            Ok(()) => assembler.write().unwrap().into_iter().for_each(&mut take),
            Err(error) => outcome.refused.push((index, error)),
        }
    }
    assembler.flush().unwrap().into_iter().for_each(take);
    outcome
}

/// The same number, of whatever type; for all else the same value.
fn same(published: &Value, delivered: &Value) -> bool {
    let Value::Scalar(scalar) = delivered else {
        return published == delivered
            || matches!((published, delivered),
            (Value::Float(a), Value::Float(b)) if a.to_bits() == b.to_bits());
    };
    match published {
        Value::Bool(value) => scalar.dtype() == DType::Bool && scalar.bytes() == [u8::from(*value)],
        Value::Float(value) => scalar.get() == Some(*value),
        Value::Int(value) => scalar.get() == Some(*value) || float_is(scalar, (*value).into()),
        Value::UInt(value) => float_is(scalar, (*value).into()),
        other => other == delivered,
    }
}

fn float_is(scalar: &Scalar, int: i128) -> bool {
    let float: Option<f64> = scalar.get();
    float.is_some_and(|float| float.fract() == 0.0 && float as i128 == int)
}

fn kinds() -> Vec<BoxedStrategy<Value>> {
    let near = |at: i64| (at - 3..at + 3).prop_map(Value::Int).boxed();
    vec![
        any::<bool>().prop_map(Value::Bool).boxed(),
        near(0),
        near(1 << 53), // where floats skip integers
        any::<i64>().prop_map(Value::Int).boxed(),
        any::<u64>().prop_map(Value::from).boxed(),
        Just(Value::UInt(1 << 63)).boxed(), // a float64, too
        (-1e3..1e3).prop_map(Value::Float).boxed(),
        Just(Value::Null).boxed(),
        "[a-c]".prop_map(Value::Str).boxed(),
        prop::collection::vec(any::<u64>().prop_map(Value::from), 0..3)
            .prop_map(Value::List)
            .boxed(),
        any::<u64>().prop_map(|v| Scalar::from(v).into()).boxed(),
        any::<i64>().prop_map(|v| Scalar::from(v).into()).boxed(),
        (-1e3..1e3)
            .prop_map(|v: f64| Scalar::from(v).into())
            .boxed(),
        (-1e3..1e3_f32).prop_map(|v| Scalar::from(v).into()).boxed(),
    ]
}

/// Values of one to three kinds.
fn values() -> impl Strategy<Value = Vec<Value>> {
    prop::sample::subsequence(kinds(), 1..4)
        .prop_flat_map(|kinds| prop::collection::vec(prop::strategy::Union::new(kinds), 0..40))
}

proptest! {
    #[test]
    fn a_column_has_one_type_and_its_values_are_what_was_published(
        values in values(), batch_size in 1_usize..7,
    ) {
        let outcome = batch(&values, batch_size);
        prop_assert!(outcome.types.windows(2).all(|pair| pair[0] == pair[1]), "{outcome:?}");
        // What was refused is told of; all else has come, in its order, as it was.
        let refused = |index| outcome.refused.iter().any(|(refused, _)| *refused == index);
        let kept = values.iter().enumerate().filter(|(index, _)| !refused(*index));
        let kept: Vec<_> = kept.map(|(_, value)| value).collect();
        prop_assert_eq!(kept.len(), outcome.delivered.len());
        for (published, delivered) in kept.into_iter().zip(&outcome.delivered) {
            prop_assert!(same(published, delivered), "{published:?} {delivered:?}");
        }
        for (_, error) in &outcome.refused {
            let said = error.to_string();
            prop_assert!(said.contains("'x'") && said.contains("instance 7"), "{said}");
        }
    }

    /// Regression: a batch with an int of 2^63 or more was of float64, and rounded.
    #[test]
    fn ints_are_int64_however_large_they_are(
        ints in prop::collection::vec(any::<u64>(), 1..40), batch_size in 1_usize..7,
    ) {
        let values: Vec<_> = ints.iter().map(|int| Value::from(*int)).collect();
        let outcome = batch(&values, batch_size);
        prop_assert!(outcome.types.iter().all(|dtype| *dtype == Some(DType::I64)));
        let too_large = |(_, int): &(usize, &u64)| **int > i64::MAX.unsigned_abs();
        let too_large = ints.iter().enumerate().filter(too_large);
        let expected = too_large.map(|(index, int)| {
            let field = "x".to_owned();
            (index, CollateError::IntTooLarge { field, btid: Some(7), value: *int })
        });
        prop_assert_eq!(outcome.refused, expected.collect::<Vec<_>>());
    }

    /// What was published as uint64 is uint64, however small it is.
    #[test]
    fn typed_seeds_are_what_was_published(
        seeds in prop::collection::vec(any::<u64>(), 1..40), batch_size in 1_usize..7,
    ) {
        let values: Vec<Value> = seeds.iter().map(|seed| Scalar::from(*seed).into()).collect();
        let outcome = batch(&values, batch_size);
        prop_assert!(outcome.types.iter().all(|dtype| *dtype == Some(DType::U64)));
        prop_assert_eq!(outcome.delivered, values);
    }
}

#[test]
fn the_first_batch_decides_and_says_what_it_was() {
    let int = |value: i64| Value::Int(value);
    for (first, second, says) in [
        (
            vec![int(1), int(2)],
            Value::Float(0.5),
            "is a float, but was a number of int64",
        ),
        (
            vec![Value::Float(0.5), int(2)],
            Value::Null,
            "is None, but was a number of float64",
        ),
        (
            vec![Value::Float(0.5)],
            int((1 << 53) + 1),
            "is the int 9007199254740993, which float64 cannot hold, but",
        ),
        (
            vec![int(1)],
            Value::Bool(true),
            "is a bool, but was a number of int64",
        ),
        (
            vec![Value::Bool(true)],
            int(1),
            "is the int 1, but was a number of bool",
        ),
        (
            vec!["a".into()],
            array(1.0_f32),
            "is an array of float32 and shape [1], but was no array",
        ),
        (
            vec![array(1.0_f32)],
            array(1.0_f64),
            "is an array of float64 and shape [1], but was an array of float32",
        ),
        (
            vec![array(1_u8)],
            int(1),
            "is the int 1, but was an array of uint8",
        ),
    ] {
        let size = first.len();
        let outcome = batch(&[first, vec![second]].concat(), size);
        let [(index, error)] = &outcome.refused[..] else {
            panic!("{says}: {outcome:?}");
        };
        assert_eq!(*index, size);
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn what_is_of_several_kinds_in_the_first_batch_is_a_list_for_good() {
    let values = [
        Value::Int(1),
        Value::Null,
        Value::Int(2),
        Value::Int(3),
        Value::UInt(1 << 63),
    ];
    let outcome = batch(&values, 2);
    assert_eq!((outcome.types, outcome.refused.len()), (vec![None; 3], 0));
    assert_eq!(outcome.delivered, values);
    let mixed = [Value::Float(0.5), Value::Int((1 << 53) + 1)];
    assert_eq!(batch(&mixed, 2).types, [None]);
    let floats = [
        Value::Int(1),
        Value::Float(0.5),
        Value::Int(2),
        Scalar::from(0.25).into(),
    ];
    assert_eq!(batch(&floats, 2).types, [Some(DType::F64); 2]);
}

#[test]
fn the_shape_of_arrays_may_change_between_batches() {
    let of_shape = |shape: &[usize]| {
        let message = Message::data(1, 0);
        message.with(
            "x",
            Tensor::from_vec(shape, vec![0_u8; shape.iter().product()]).unwrap(),
        )
    };
    let allocator = HeapAllocator::default();
    let mut assembler = Assembler::new(1, Vec::new(), 0, allocator).unwrap();
    for shape in [&[2, 3][..], &[5], &[]] {
        assembler.add(of_shape(shape)).unwrap();
        let batch = assembler.write().unwrap().unwrap();
        assert_eq!(batch.tensor("x").unwrap().shape[1..], *shape);
    }
}

fn array<T: blendtorch_wire::Element>(element: T) -> Value {
    Tensor::from_vec(&[1], vec![element]).unwrap().into()
}
