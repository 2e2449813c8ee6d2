//! PNG, JPEG and NPY as other readers see them, previews, and that bytes are the same each time.

mod support;

use blendtorch_render::write::{Array, Data, Layout};
use std::path::Path;
use support::{arrays, at, folder, same, spec, written};

const SIZE: (usize, usize) = (21, 34);

/// The header of a file of numpy's, and its values.
fn npy(path: &Path) -> (String, Vec<[u8; 4]>) {
    let bytes = std::fs::read(path).expect("the file");
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert_eq!((10 + length) % 64, 0);
    let header = String::from_utf8(bytes[10..10 + length].to_vec()).expect("text");
    let (values, rest) = bytes[10 + length..].as_chunks::<4>();
    assert!(rest.is_empty());
    (header, values.to_vec())
}

#[test]
fn npy_has_the_values_in_the_order_of_their_meaning() {
    let folder = folder();
    let all = arrays(SIZE.0, SIZE.1);
    let files = written(
        spec(
            r#"{"pass": "depths", "format": "npy"}, {"pass": "segmentations", "format": "npy"},
               {"pass": "diffuse", "format": "npy"}, {"pass": "frames", "format": "npy"}"#,
        ),
        folder.path(),
        arrays(SIZE.0, SIZE.1),
    );
    let (header, depths) = npy(&files["depths"]);
    assert!(
        header.contains("'<f4'") && header.contains("(21, 34)"),
        "{header}"
    );
    let Data::F32(depth) = all["depth"].data() else {
        panic!("depth is float32")
    };
    for (place, value) in depths.iter().enumerate() {
        let there = at(depth, SIZE, 1, (place / SIZE.1, place % SIZE.1, 0));
        assert!(same(f32::from_le_bytes(*value), there));
    }
    let (header, ids) = npy(&files["segmentations"]);
    assert!(
        header.contains("'<u4'") && header.contains("(21, 34, 2)"),
        "{header}"
    );
    let Data::U32(category) = all["category"].data() else {
        panic!("ids are uint32")
    };
    assert_eq!(u32::from_le_bytes(ids[1]), category[(SIZE.0 - 1) * SIZE.1]);
    assert!(npy(&files["diffuse"]).0.contains("(21, 34, 9)"));
    assert!(npy(&files["frames"]).0.contains("(21, 34, 4)"));
}

#[test]
fn png_has_the_picture_as_it_came() {
    let folder = folder();
    let mut all = arrays(SIZE.0, SIZE.1);
    let Data::U8(display) = all["display"].data() else {
        panic!("the picture is uint8")
    };
    let display = display.to_vec();
    let deep: Vec<u16> = (0..SIZE.0 * SIZE.1).map(|i| (i * 89) as u16).collect();
    all.insert(
        "composite_display".into(),
        Box::new(Array::new(&[SIZE.0, SIZE.1], deep.clone())),
    );
    let files = written(
        spec(
            r#"{"pass": "frames", "format": "png"},
               {"pass": "composites", "format": "png", "bits": 16, "color": "BW"}"#,
        ),
        folder.path(),
        all,
    );
    let picture = image::open(&files["frames"]).expect("another reader takes it");
    assert_eq!(picture.as_rgb8().expect("8 bits RGB").as_raw(), &display);
    let picture = image::open(&files["composites"]).expect("another reader takes it");
    assert_eq!(picture.as_luma16().expect("16 bits grey").as_raw(), &deep);
}

#[test]
fn ids_as_png_have_16_bits_and_the_top_row_first() {
    let folder = folder();
    let mut all = arrays(SIZE.0, SIZE.1);
    let ids: Vec<u32> = (0..(SIZE.0 * SIZE.1) as u32).map(|i| i * 91).collect();
    all.insert(
        "material".into(),
        Box::new(Array::new(&[SIZE.0, SIZE.1], ids.clone())),
    );
    let spec = spec(r#"{"pass": "materials", "format": "png"}"#);
    let files = written(spec, folder.path(), all);
    let picture = image::open(&files["materials"]).expect("another reader takes it");
    let picture = picture.as_luma16().expect("16 bits grey");
    assert_eq!(
        u32::from(picture.get_pixel(5, 0)[0]),
        ids[(SIZE.0 - 1) * SIZE.1 + 5]
    );
}

#[test]
fn jpeg_is_near_the_picture() {
    let folder = folder();
    let mut all = arrays(16, 24);
    let smooth: Vec<u8> = (0..16 * 24)
        .flat_map(|i| [(i / 24 * 12) as u8, (i % 24 * 8) as u8, 90])
        .collect();
    all.insert(
        "display".into(),
        Box::new(Array::new(&[16, 24, 3], smooth.clone())),
    );
    let files = written(
        spec(r#"{"pass": "frames", "format": "jpeg"}"#),
        folder.path(),
        all,
    );
    let bytes = std::fs::read(&files["frames"]).expect("the file");
    assert_eq!(&bytes[..3], [0xff, 0xd8, 0xff]);
    let mut decoder = zune_jpeg::JpegDecoder::new(std::io::Cursor::new(bytes));
    let pixels = decoder.decode().expect("another reader takes it");
    assert_eq!(pixels.len(), smooth.len());
    for (here, there) in pixels.iter().zip(&smooth) {
        assert!(here.abs_diff(*there) < 20, "{here} {there}");
    }
}

const ALL: &str = r#"{"pass": "frames", "format": "png"}, {"pass": "depths", "format": "exr"},
    {"pass": "normals", "format": "exr"}, {"pass": "flows", "format": "exr"},
    {"pass": "segmentations", "format": "exr"}, {"pass": "materials", "format": "npy"},
    {"pass": "diffuse", "format": "exr"}, {"pass": "specular", "format": "exr"},
    {"pass": "points", "format": "exr"}, {"pass": "emission", "format": "exr"},
    {"pass": "cryptomatte", "format": "exr"}"#;

#[test]
fn a_preview_shows_every_pass() {
    for (height, width) in [(21, 34), (1, 1), (700, 3)] {
        let folder = folder();
        let mut spec = spec(ALL);
        spec.previews = true;
        let files = written(spec, folder.path(), arrays(height, width));
        let picture = image::open(&files["previews"]).expect("another reader takes it");
        let picture = picture.as_rgb8().expect("8 bits RGB");
        assert!(picture.width() as usize >= width * 4);
    }
}

#[test]
fn a2_has_debug_pictures() {
    let folder = folder();
    let mut spec = spec(
        r#"{"pass": "depths", "format": "exr"}, {"pass": "normals", "format": "exr"},
           {"pass": "flows", "format": "exr"}, {"pass": "segmentations", "format": "exr"}"#,
    );
    (spec.previews, spec.layout) = (true, Layout::A2);
    let files = written(spec, folder.path(), arrays(SIZE.0, SIZE.1));
    for pass in ["depth", "normal", "fwd_flow", "bwd_flow", "segmentation"] {
        let picture = image::open(&files[&format!("debug_{pass}")]).expect("it is there");
        assert_eq!((picture.height() as usize, picture.width() as usize), SIZE);
    }
}

#[test]
fn the_same_arrays_give_the_same_bytes() {
    let (first, second) = (folder(), folder());
    let of = |folder: &Path| {
        let mut spec = spec(ALL);
        spec.previews = true;
        written(spec, folder, arrays(SIZE.0, SIZE.1))
    };
    for (a, b) in of(first.path()).values().zip(of(second.path()).values()) {
        assert!(std::fs::read(a).expect("a file") == std::fs::read(b).expect("a file"));
    }
}
