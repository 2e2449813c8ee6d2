//! OpenEXR files as another reader sees them.

use crate::frames::{arrays, at, floats, folder, spec, written};
use ::exr::prelude::*;
use blendtorch_render::write::{Arrays, Data};
use proptest::prelude::{prop_assert, proptest};
use std::collections::BTreeMap;
use std::path::Path;

/// The channels of a file by name, as floats; ids as they are, in floats of twice the size.
fn read(path: &Path) -> (Vec2<usize>, BTreeMap<String, Vec<f64>>, LayerAttributes) {
    let image = read_first_flat_layer_from_file(path).expect("another reader takes it");
    let layer = image.layer_data;
    let channels = layer.channel_data.list.iter().map(|channel| {
        let values = match &channel.sample_data {
            FlatSamples::U32(values) => values.iter().map(|&value| value.into()).collect(),
            FlatSamples::F32(values) => values.iter().map(|&value| value.into()).collect(),
            FlatSamples::F16(values) => values.iter().map(|value| value.to_f64()).collect(),
        };
        (channel.name.to_string(), values)
    });
    (layer.size, channels.collect(), layer.attributes)
}

fn values(arrays: &Arrays, name: &str) -> Vec<f32> {
    match arrays[name].data() {
        Data::F32(values) => values.to_vec(),
        Data::U32(values) => values.iter().map(|&value| value as f32).collect(),
        _ => Vec::new(),
    }
}

/// Checks that a channel has the value `value` of each pixel.
fn check(channel: &[f64], size: (usize, usize), value: impl Fn(usize, usize) -> f32) {
    for row in 0..size.0 {
        for column in 0..size.1 {
            let (here, there) = (channel[row * size.1 + column] as f32, value(row, column));
            let same = here == there || (here.is_nan() && there.is_nan());
            assert!(same, "({row}, {column}) is {here}, not {there}");
        }
    }
}

const SIZE: (usize, usize) = (37, 29);

fn pass(name: &str, more: &str) -> BTreeMap<String, Vec<f64>> {
    let folder = folder();
    let spec = spec(&format!(r#"{{"pass": "{name}", "format": "exr"{more}}}"#));
    let files = written(spec, folder.path(), arrays(SIZE.0, SIZE.1));
    let (size, channels, _) = read(&files[name]);
    assert_eq!(size, Vec2(SIZE.1, SIZE.0));
    channels
}

#[test]
fn depth_comes_back_bit_by_bit_with_every_lossless_codec() {
    let depth = floats(SIZE.0 * SIZE.1, 4);
    for codec in ["NONE", "RLE", "ZIPS", "ZIP", "PIZ", "DWAA"] {
        let channels = pass("depths", &format!(r#", "codec": "{codec}""#));
        let expected = values(&arrays(SIZE.0, SIZE.1), "depth");
        assert_eq!(depth.len(), expected.len());
        check(&channels["V"], SIZE, |row, column| {
            at(&expected, SIZE, 1, (row, column, 0))
        });
    }
}

#[test]
fn lossy_codecs_are_read_by_others() {
    for codec in ["PXR24", "B44", "B44A"] {
        let channels = pass("emission", &format!(r#", "codec": "{codec}", "bits": 16"#));
        assert_eq!(channels.keys().collect::<Vec<_>>(), ["B", "G", "R"]);
    }
}

#[test]
fn flows_are_named_by_meaning() {
    let vector = values(&arrays(SIZE.0, SIZE.1), "vector");
    let channels = pass("flows", "");
    let vector = |channel, factor: f32| {
        let vector = &vector;
        move |row, column| at(vector, SIZE, 4, (row, column, channel)) * factor
    };
    check(&channels["forward.x"], SIZE, vector(2, -1.0));
    check(&channels["forward.y"], SIZE, vector(3, 1.0));
    check(&channels["backward.x"], SIZE, vector(0, 1.0));
    check(&channels["backward.y"], SIZE, vector(1, -1.0));
    assert_eq!(channels.len(), 4);
}

#[test]
fn normals_are_turned_to_the_camera_and_are_as_long_as_they_were() {
    let normal = values(&arrays(SIZE.0, SIZE.1), "normal");
    let channels = pass("normals", "");
    for row in 0..SIZE.0 {
        for column in 0..SIZE.1 {
            let [x, y, z] = [0, 1, 2].map(|channel| at(&normal, SIZE, 3, (row, column, channel)));
            if ![x, y, z].iter().all(|value| value.is_finite()) {
                continue;
            }
            let read = ["R", "G", "B"].map(|name| channels[name][row * SIZE.1 + column] as f32);
            // The camera of these tests has its x along the world's y, its y against the world's x.
            for (here, there) in read.iter().zip([y, -x, z]) {
                assert!((here - there).abs() <= 1e-5 * there.abs(), "{here} {there}");
            }
        }
    }
}

#[test]
fn ids_are_whole_numbers_of_32_bits() {
    let all = arrays(SIZE.0, SIZE.1);
    let channels = pass("segmentations", "");
    for name in ["instance", "category"] {
        let Data::U32(ids) = all[name].data() else {
            panic!("ids are uint32")
        };
        for (place, value) in channels[name].iter().enumerate() {
            let (row, column) = (place / SIZE.1, place % SIZE.1);
            assert_eq!(*value, f64::from(ids[(SIZE.0 - 1 - row) * SIZE.1 + column]));
        }
    }
    assert!(channels["instance"].iter().any(|&id| id > 65535.0));
    assert_eq!(
        pass("materials", "").keys().collect::<Vec<_>>(),
        ["material"]
    );
}

#[test]
fn frames_are_linear_in_as_many_channels_and_bits_as_asked_for() {
    let combined = values(&arrays(SIZE.0, SIZE.1), "combined");
    let channels = pass("frames", r#", "color": "RGBA""#);
    for (index, name) in ["R", "G", "B", "A"].iter().enumerate() {
        check(&channels[*name], SIZE, |row, column| {
            at(&combined, SIZE, 4, (row, column, index))
        });
    }
    let half = pass("frames", r#", "color": "RGB", "bits": 16"#);
    assert_eq!(half.len(), 3);
    check(&half["G"], SIZE, |row, column| {
        f16::from_f32(at(&combined, SIZE, 4, (row, column, 1))).to_f32()
    });
    assert_eq!(
        pass("frames", r#", "color": "BW""#)
            .keys()
            .collect::<Vec<_>>(),
        ["Y"]
    );
}

#[test]
fn light_is_named_by_its_parts() {
    let names: Vec<_> = pass("diffuse", "").into_keys().collect();
    let all = ["color", "direct", "indirect"]
        .iter()
        .flat_map(|part| ["B", "G", "R"].map(|letter| format!("{part}.{letter}")));
    assert_eq!(names, all.collect::<Vec<_>>());
    assert_eq!(
        pass("points", "").into_keys().collect::<Vec<_>>(),
        ["X", "Y", "Z"]
    );
}

#[test]
fn cryptomatte_says_what_its_standard_asks_for() {
    let folder = folder();
    let files = written(
        spec(r#"{"pass": "cryptomatte", "format": "exr"}"#),
        folder.path(),
        arrays(5, 6),
    );
    let (_, channels, attributes) = read(&files["cryptomatte"]);
    assert_eq!(channels.len(), 8);
    assert!(channels.contains_key("CryptoObject00.r"));
    let texts: BTreeMap<String, String> = attributes
        .other
        .iter()
        .filter_map(|(name, value)| match value {
            AttributeValue::Text(text) => Some((name.to_string(), text.to_string())),
            _ => None,
        })
        .collect();
    let of = |end: &str| {
        let mut found = texts.iter().filter(|(name, _)| name.ends_with(end));
        let (name, value) = found.next().expect("it is there");
        assert!(
            name.starts_with("cryptomatte/")
                && name.len() == "cryptomatte/".len() + 8 + end.len() - 1
        );
        value.as_str()
    };
    assert_eq!(of("/name"), "CryptoObject");
    assert_eq!(of("/hash"), "MurmurHash3_32");
    assert_eq!(of("/conversion"), "uint32_to_float32");
    assert_eq!(of("/manifest"), r#"{"Cube":"0123abcd"}"#);
}

#[test]
fn all_passes_are_layers_of_one_file() {
    let folder = folder();
    let mut spec = spec(
        r#"{"pass": "depths", "format": "exr"}, {"pass": "normals", "format": "exr"},
           {"pass": "segmentations", "format": "exr"}, {"pass": "cryptomatte", "format": "exr"}"#,
    );
    spec.multilayer = true;
    let all = arrays(SIZE.0, SIZE.1);
    let depth = values(&all, "depth");
    let files = written(spec, folder.path(), all);
    assert_eq!(files.keys().collect::<Vec<_>>(), ["layers"]);
    let image = read_all_flat_layers_from_file(&files["layers"]).expect("another reader takes it");
    let mut names = Vec::new();
    for layer in &image.layer_data {
        names.extend(
            layer
                .channel_data
                .list
                .iter()
                .map(|channel| channel.name.to_string()),
        );
    }
    assert!(names.contains(&"depths.V".into()), "{names:?}");
    assert!(
        names.contains(&"segmentations.instance".into()),
        "{names:?}"
    );
    assert!(names.contains(&"CryptoObject01.a".into()), "{names:?}");
    let (_, channels, _) = read(&files["layers"]);
    check(&channels["depths.V"], SIZE, |row, column| {
        at(&depth, SIZE, 1, (row, column, 0))
    });
}

#[test]
fn the_layout_a2_holds_what_visionsim_writes() {
    let folder = folder();
    let mut spec =
        spec(r#"{"pass": "flows", "format": "exr"}, {"pass": "segmentations", "format": "exr"}"#);
    spec.layout = blendtorch_render::write::Layout::A2;
    let all = arrays(SIZE.0, SIZE.1);
    let (vector, instance) = (values(&all, "vector"), values(&all, "instance"));
    let files = written(spec, folder.path(), all);
    let (_, flows, _) = read(&files["flows"]);
    for (index, name) in ["R", "G", "B", "A"].iter().enumerate() {
        check(&flows[*name], SIZE, |row, column| {
            at(&vector, SIZE, 4, (row, column, index))
        });
    }
    let (_, ids, _) = read(&files["segmentations"]);
    check(&ids["V"], SIZE, |row, column| {
        at(&instance, SIZE, 1, (row, column, 0))
    });
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn every_size_comes_back(height in 1usize..60, width in 1usize..60, codec in 0usize..4) {
        let codec = ["NONE", "RLE", "ZIPS", "ZIP"][codec];
        let folder = folder();
        let all = arrays(height, width);
        let vector = values(&all, "vector");
        let spec = spec(&format!(
            r#"{{"pass": "flows", "format": "exr", "codec": "{codec}"}},
               {{"pass": "segmentations", "format": "exr", "codec": "{codec}"}},
               {{"pass": "depths", "format": "exr", "codec": "{codec}", "bits": 16}}"#
        ));
        let files = written(spec, folder.path(), all);
        let (size, channels, _) = read(&files["flows"]);
        prop_assert!(size == Vec2(width, height));
        check(&channels["backward.x"], (height, width), |row, column| {
            at(&vector, (height, width), 4, (row, column, 0))
        });
        read(&files["segmentations"]);
        read(&files["depths"]);
    }
}
