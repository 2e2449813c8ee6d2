//! The arrays of a frame, checked: which are needed, and of which types and shapes.

use super::about::About;
use super::arrays::{Arrays, Data};
use super::error::Error;
use super::passes::Pass;
use super::spec::{Color, FileSpec, Format, Spec};

/// What an array must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// float32, H × W.
    Plane,
    /// float32, H × W × so many.
    Floats(usize),
    /// uint32, H × W.
    Ids,
    /// uint8 or uint16, H × W × channels.
    Display { bits: u8, color: Option<Color> },
}

/// A frame whose arrays have been checked.
pub(super) struct Frame<'a> {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) arrays: &'a Arrays,
    pub(super) about: &'a About,
}

impl<'a> Frame<'a> {
    /// The values of an array of floats; none where there is no such array.
    pub(super) fn floats(&self, name: &str) -> Option<&'a [f32]> {
        match self.arrays.get(name)?.data() {
            Data::F32(values) => Some(values),
            _ => None,
        }
    }

    /// The values of an array of ids.
    pub(super) fn ids(&self, name: &str) -> Option<&'a [u32]> {
        match self.arrays.get(name)?.data() {
            Data::U32(values) => Some(values),
            _ => None,
        }
    }

    /// A picture for people, the top row first, and its channels.
    pub(super) fn display(&self, name: &str) -> Option<(Data<'a>, usize)> {
        let array = self.arrays.get(name)?;
        Some((array.data(), channels_of(array.shape())))
    }

    /// The names of cryptomatte's layers, in their order.
    pub(super) fn crypto(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.arrays
            .keys()
            .map(String::as_str)
            .filter(|name| name.starts_with("Crypto"))
    }
}

/// The source of a picture's linear values, and of what is shown of it.
pub(super) fn picture_names(pass: Pass) -> (&'static str, &'static str) {
    match pass {
        Pass::Composites => ("composite", "composite_display"),
        _ => ("combined", "display"),
    }
}

/// The parts of light that a pass is made of: direct, indirect and colour, or light and colour.
pub(super) fn parts(pass: Pass, arrays: &Arrays) -> &'static [&'static str] {
    let whole = match pass {
        Pass::Specular => "specular_light",
        _ => "diffuse_light",
    };
    if arrays.contains_key(whole) {
        &["light", "color"]
    } else {
        &["direct", "indirect", "color"]
    }
}

fn channels_of(shape: &[usize]) -> usize {
    shape.get(2).copied().unwrap_or(1)
}

/// The arrays that a file is made of.
fn needed(file: &FileSpec, arrays: &Arrays) -> Vec<(String, Kind)> {
    let one = |name: &str, kind| vec![(name.to_owned(), kind)];
    match file.pass {
        Pass::Frames | Pass::Composites => {
            let (linear, display) = picture_names(file.pass);
            match file.format {
                Format::Exr | Format::Npy => one(linear, Kind::Floats(4)),
                Format::Png | Format::Jpeg => one(
                    display,
                    Kind::Display {
                        bits: file.bits(),
                        color: file.color,
                    },
                ),
            }
        }
        Pass::Depths => one("depth", Kind::Plane),
        Pass::Normals => one("normal", Kind::Floats(3)),
        Pass::Flows => one("vector", Kind::Floats(4)),
        Pass::Segmentations if file.format == Format::Png => one("instance", Kind::Ids),
        Pass::Segmentations => {
            vec![
                ("instance".into(), Kind::Ids),
                ("category".into(), Kind::Ids),
            ]
        }
        Pass::Materials => one("material", Kind::Ids),
        Pass::Diffuse | Pass::Specular => parts(file.pass, arrays)
            .iter()
            .map(|part| (format!("{}_{part}", file.pass), Kind::Floats(3)))
            .collect(),
        Pass::Points => one("points", Kind::Floats(3)),
        Pass::Emission => one("emission", Kind::Floats(3)),
        Pass::Cryptomatte => {
            let found: Vec<_> = arrays
                .keys()
                .filter(|name| name.starts_with("Crypto"))
                .map(|name| (name.clone(), Kind::Floats(4)))
                .collect();
            match found.is_empty() {
                true => one("CryptoObject00", Kind::Floats(4)),
                false => found,
            }
        }
    }
}

/// What is wrong with an array, if anything is.
fn wrong(kind: Kind, data: Data<'_>, shape: &[usize]) -> Option<String> {
    let (dtypes, form, channels): (&[&str], String, &[usize]) = match kind {
        Kind::Plane => (&["float32"], "H × W".into(), &[]),
        Kind::Floats(3) => (&["float32"], "H × W × 3".into(), &[3]),
        Kind::Floats(_) => (&["float32"], "H × W × 4".into(), &[4]),
        Kind::Ids => (&["uint32"], "H × W".into(), &[]),
        Kind::Display { bits, color } => {
            let dtype: &[&str] = if bits == 16 { &["uint16"] } else { &["uint8"] };
            match color {
                None => (dtype, "H × W × 1, 3 or 4".into(), &[1, 3, 4]),
                Some(Color::Bw) => (dtype, "H × W × 1, as its color BW says".into(), &[1]),
                Some(Color::Rgb) => (dtype, "H × W × 3, as its color RGB says".into(), &[3]),
                Some(Color::Rgba) => (dtype, "H × W × 4, as its color RGBA says".into(), &[4]),
            }
        }
    };
    if !dtypes.contains(&data.dtype()) {
        return Some(format!("must be {}, not {}", dtypes[0], data.dtype()));
    }
    let fits = match (shape, channels) {
        ([_, _], []) => true,
        ([_, _], [1, ..]) => true,
        ([_, _, last], channels) => channels.contains(last),
        _ => false,
    };
    if !fits {
        return Some(format!("must have the shape {form}, not {shape:?}"));
    }
    let values = shape
        .iter()
        .try_fold(1usize, |all, &one| all.checked_mul(one));
    if values != Some(data.len()) {
        let length = data.len();
        return Some(format!("has the shape {shape:?}, but {length} values"));
    }
    if data.is_empty() {
        return Some(format!("has no pixels: its shape is {shape:?}"));
    }
    None
}

/// Checks that a frame has the arrays that are asked for; its height and width.
///
/// # Errors
/// The array that is missing or wrong, by name.
pub(super) fn check(
    spec: &Spec,
    frame: i64,
    arrays: &Arrays,
    about: &About,
) -> Result<(usize, usize), Error> {
    let mut size: Option<(usize, usize, String)> = None;
    for file in &spec.files {
        for (name, kind) in needed(file, arrays) {
            let Some(array) = arrays.get(&name) else {
                let pass = file.pass;
                return Err(Error::Missing { frame, name, pass });
            };
            let shape = array.shape();
            let wrong = wrong(kind, array.data(), shape);
            if let Some(wrong) = wrong {
                return Err(Error::Array { frame, name, wrong });
            }
            let (height, width) = (shape[0], shape[1]);
            match &size {
                None => size = Some((height, width, name)),
                Some((h, w, _)) if (*h, *w) == (height, width) => {}
                Some((h, w, first)) => {
                    let wrong = format!("is {height} × {width}, while '{first}' is {h} × {w}");
                    return Err(Error::Array { frame, name, wrong });
                }
            }
        }
        if file.pass == Pass::Normals && about.axes().is_none() {
            let wrong = "is of the world: to turn it, what is said about the frame must have the \
                         camera's \"view\", 4 × 4";
            return Err(Error::Array {
                frame,
                name: "normal".into(),
                wrong: wrong.into(),
            });
        }
    }
    Ok(size.map_or((0, 0), |(height, width, _)| (height, width)))
}
