//! Batches of tensors from real publishers over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use blendtorch_wire::Tensor as WireTensor;
use btb::{Publisher, PublisherOptions};
use btt::{Convert, DType, DatasetOptions, Fields, LoaderOptions, RemoteIterableDataset, Value};
use btt_tch::{FieldError, TchLoader, TensorBatch, kind};
use std::time::{Duration, Instant};
use tch::{Kind, Tensor};

/// A guard against hangs, with room for a slow machine.
const LONG: Duration = Duration::from_secs(60);

fn publisher(btid: i64) -> Publisher {
    let options = PublisherOptions {
        btid: Some(btid),
        linger: Some(LONG),
        ..PublisherOptions::default()
    };
    Publisher::bind("tcp://127.0.0.1:0", options).unwrap()
}

fn loader(publishers: &[&Publisher], batch_size: usize) -> TchLoader {
    let addresses: Vec<_> = publishers.iter().map(|p| p.address()).collect();
    let options = DatasetOptions {
        timeout: LONG,
        ..DatasetOptions::default()
    };
    let dataset = RemoteIterableDataset::connect(&addresses, options).unwrap();
    let options = LoaderOptions {
        batch_size,
        ..LoaderOptions::default()
    };
    TchLoader::new(dataset, options).unwrap()
}

/// Publishes `count` items, each of which tells its number, and ends the stream. A minute in which
/// nobody takes one is a failure, not a test that hangs.
fn publish(mut publisher: Publisher, count: u8, fields: impl Fn(&Publisher, u8) -> Fields) {
    for number in 0..count {
        let deadline = Instant::now() + LONG;
        let in_time = || match Instant::now() < deadline {
            true => Ok(()),
            false => Err("nobody takes it"),
        };
        let fields = fields(&publisher, number);
        publisher.publish_while(fields, in_time).unwrap();
    }
    assert!(publisher.close());
}

fn fields<const N: usize>(fields: [(&str, Value); N]) -> Fields {
    Fields::from_iter(fields.map(|(name, value)| (name.to_owned(), value)))
}

fn scene(publisher: &Publisher, number: u8) -> Fields {
    let image = publisher
        .tensor_from(&[48, 64, 4], &[number; 48 * 64 * 4])
        .unwrap();
    let xy: Vec<f32> = (0..16u8)
        .map(|i| f32::from(number) + f32::from(i))
        .collect();
    let xy = publisher.tensor_from(&[8, 2], &xy).unwrap();
    fields([
        ("image", image.into()),
        ("xy", xy.into()),
        ("frameid", i64::from(number).into()),
        ("engine", "workbench".into()),
    ])
}

#[test]
fn values_arrive_and_the_last_batch_is_shorter() {
    let publisher = publisher(3);
    let loader = loader(&[&publisher], 4);
    let sending = std::thread::spawn(move || publish(publisher, 6, scene));
    let batches: Vec<TensorBatch> = loader.map(Result::unwrap).collect();
    sending.join().unwrap();

    assert_eq!(
        batches.iter().map(TensorBatch::len).collect::<Vec<_>>(),
        [4, 2]
    );
    let last = &batches[1];
    assert_eq!(
        last.names().collect::<Vec<_>>(),
        ["image", "xy", "frameid", "engine"]
    );
    assert_eq!(last.headers()[1].sequence, 5);
    assert_eq!(last.headers()[1].btid, Some(3));
    let image = last.tensor("image").unwrap();
    assert_eq!(
        (image.size(), image.kind()),
        (vec![2, 48, 64, 4], Kind::Uint8)
    );
    assert!(image.is_contiguous());
    assert_eq!(
        image.get(0),
        Tensor::full([48, 64, 4], 4, (Kind::Uint8, image.device()))
    );
    assert_eq!(image.int64_value(&[1, 47, 63, 3]), 5);
    let xy = last.tensor("xy").unwrap();
    assert_eq!((xy.size(), xy.kind()), (vec![2, 8, 2], Kind::Float));
    assert!((xy.double_value(&[1, 7, 1]) - 20.0).abs() < 1e-9);
    let frameid = last.tensor("frameid").unwrap();
    assert_eq!(Vec::<i64>::try_from(frameid).unwrap(), [4, 5]);
    assert_eq!(
        last.values("engine").unwrap()[0].as_str(),
        Some("workbench")
    );

    let said = last.tensor("img").unwrap_err().to_string();
    assert!(
        said.contains("'img'") && said.contains("image, xy, frameid, engine"),
        "{said}"
    );
    assert!(matches!(
        last.tensor("engine"),
        Err(FieldError::NoTensor { .. })
    ));
    assert!(matches!(
        last.values("image"),
        Err(FieldError::NoValues { .. })
    ));
}

#[test]
fn images_are_converted_as_torch_would() {
    let publisher = publisher(0);
    let (mean, std) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    let dataset = RemoteIterableDataset::connect(
        &[publisher.address()],
        DatasetOptions {
            timeout: LONG,
            ..DatasetOptions::default()
        },
    );
    let options = LoaderOptions {
        batch_size: 3,
        convert: vec![Convert::image("image").rgb().chw().normalize(mean, std)],
        ..LoaderOptions::default()
    };
    let mut loader = TchLoader::new(dataset.unwrap(), options).unwrap();
    // 7×5 pixels, whose every value differs from its neighbours'.
    let image = |number: u8| (0..7 * 5 * 4).map(move |i| number.wrapping_add(i).wrapping_mul(37));
    let sending = std::thread::spawn(move || {
        publish(publisher, 3, move |publisher, number| {
            let bytes: Vec<u8> = image(number).collect();
            fields([(
                "image",
                publisher.tensor_from(&[7, 5, 4], &bytes).unwrap().into(),
            )])
        });
    });
    let batch = loader.next().unwrap().unwrap();
    sending.join().unwrap();

    let published: Vec<u8> = (0..3).flat_map(image).collect();
    let column = |values: &[f64; 3]| Tensor::from_slice(values).view([1, 3, 1, 1]);
    let expected = Tensor::from_slice(&published)
        .view([3, 7, 5, 4])
        .narrow(3, 0, 3)
        .permute([0, 3, 1, 2])
        .to_kind(Kind::Double);
    let expected = (expected / 255.0 - column(&mean)) / column(&std);
    let found = batch.tensor("image").unwrap();
    assert_eq!(
        (found.size(), found.kind()),
        (vec![3, 3, 7, 5], Kind::Float)
    );
    assert!(found.is_contiguous());
    let worst = (found - expected).abs().max().double_value(&[]);
    assert!(worst < 4e-6, "{worst}");
}

#[test]
fn every_dtype_that_tch_has_arrives_as_its_kind() {
    let publisher = publisher(0);
    let loader = loader(&[&publisher], 2);
    let supported = || {
        DType::ALL
            .into_iter()
            .filter(|&dtype| kind(dtype).is_some())
    };
    let sending = std::thread::spawn(move || {
        publish(publisher, 2, |_, number| {
            let one = |dtype: DType| {
                let bytes = match dtype {
                    DType::F16 => half::f16::from_f32(f32::from(number))
                        .to_le_bytes()
                        .to_vec(),
                    DType::F32 => f32::from(number).to_le_bytes().to_vec(),
                    DType::F64 => f64::from(number).to_le_bytes().to_vec(),
                    _ => u64::from(number).to_le_bytes()[..dtype.size()].to_vec(),
                };
                let tensor = WireTensor::new(dtype, &[1, 1], bytes.into()).unwrap();
                (dtype.name().to_owned(), Value::from(tensor))
            };
            supported().map(one).collect()
        });
    });
    let batch = { loader }.next().unwrap().unwrap();
    sending.join().unwrap();
    assert_eq!(batch.names().count(), 9);
    for dtype in supported() {
        let tensor = batch.tensor(dtype.name()).unwrap();
        assert_eq!(Some(tensor.kind()), kind(dtype));
        assert_eq!(tensor.size(), [2, 1, 1]);
        let values = Vec::<f64>::try_from(tensor.to_kind(Kind::Double).flatten(0, 2)).unwrap();
        assert_eq!(values, [0.0, 1.0], "{dtype}");
    }
}

#[test]
fn a_dtype_that_tch_lacks_is_an_error_that_names_field_and_remedy() {
    let publisher = publisher(0);
    let mut loader = loader(&[&publisher], 2);
    let sending = std::thread::spawn(move || {
        publish(publisher, 1, |publisher, _| {
            let mask = publisher.tensor_from(&[2], &[1u16, 2]).unwrap();
            fields([("mask", mask.into())])
        });
    });
    let said = loader.next().unwrap().unwrap_err().to_string();
    sending.join().unwrap();
    assert!(said.contains("'mask'") && said.contains("uint16"), "{said}");
    assert!(said.contains("publish int32"), "{said}");
    assert!(loader.next().is_none());
}

#[test]
fn arrays_without_elements_arrive_with_their_shape() {
    let publisher = publisher(0);
    let mut loader = loader(&[&publisher], 2);
    let sending = std::thread::spawn(move || {
        publish(publisher, 2, |publisher, _| {
            let none = publisher.tensor_from::<f32>(&[0, 4], &[]).unwrap();
            fields([("boxes", none.into())])
        });
    });
    let batch = loader.next().unwrap().unwrap();
    sending.join().unwrap();
    assert_eq!(batch.tensor("boxes").unwrap().size(), [2, 0, 4]);
}

#[test]
fn a_batch_outlives_its_loader_and_its_publisher() {
    let publisher = publisher(0);
    let loader = loader(&[&publisher], 2);
    let sending = std::thread::spawn(move || publish(publisher, 2, scene));
    let batch = { loader }.next().unwrap().unwrap();
    sending.join().unwrap();
    let image = batch.tensor("image").unwrap().shallow_clone();
    drop(batch);
    assert_eq!(image.int64_value(&[1, 47, 63, 3]), 1);
}

#[test]
fn epochs_go_on_where_the_last_one_ended() {
    let publisher = publisher(0);
    let options = DatasetOptions {
        timeout: LONG,
        max_items: Some(6),
        ..DatasetOptions::default()
    };
    let dataset = RemoteIterableDataset::connect(&[publisher.address()], options).unwrap();
    let options = LoaderOptions {
        batch_size: 4,
        ..LoaderOptions::default()
    };
    let mut loader = TchLoader::new(dataset, options).unwrap();
    let sending = std::thread::spawn(|| publish(publisher, 24, scene));
    let mut next = 0;
    for _ in 0..4 {
        for batch in &mut loader {
            for number in Vec::<i64>::try_from(batch.unwrap().tensor("frameid").unwrap()).unwrap() {
                assert_eq!(number, next);
                next += 1;
            }
        }
        assert!(loader.source().is_some() && loader.next_epoch().unwrap());
    }
    assert!(next == 24 && loader.next().is_none() && !loader.next_epoch().unwrap());
    assert_eq!(loader.stats().discarded, 0);
    sending.join().unwrap();
}
