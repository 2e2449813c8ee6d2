//! A file as a picture of three bytes a pixel.
//!
//! Owns the formats and what becomes of alpha: pictures stand on black.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use png::{ColorType, Decoder, Transformations};
use zune_jpeg::JpegDecoder;

use super::VideoError;
use super::planes::{self, Plane, Planes};
use super::shown::{names, show};
use crate::write::Pass;
use crate::write::sheet::colors::Colors;

/// A picture, the top row first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) rgb: Vec<u8>,
}

/// What the files of a kind show.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// None where it is a picture, as previews are.
    pub(super) pass: Option<Pass>,
    /// What the names of its channels begin with.
    pub(super) prefix: String,
    pub(super) colors: Colors,
}

/// Width and height of a file; its head is read alone.
pub(super) fn size(path: &Path) -> Result<(usize, usize), VideoError> {
    let sized = match ending(path).as_str() {
        "png" => open(path).and_then(|file| {
            let reader = Decoder::new(file).read_info();
            let reader = reader.map_err(|error| error.to_string())?;
            let info = reader.info();
            Ok((info.width as usize, info.height as usize))
        }),
        "exr" => planes::exr_size(path),
        "npy" => planes::npy_size(path),
        _ => open(path).and_then(|file| {
            let mut decoder = JpegDecoder::new(file);
            decoder
                .decode_headers()
                .map_err(|error| error.to_string())?;
            decoder
                .dimensions()
                .ok_or_else(|| "it has no size".to_owned())
        }),
    };
    match sized {
        Ok((0, _) | (_, 0)) => Err(unreadable(path, "it has no pixels")),
        sized => sized.map_err(|problem| unreadable(path, &problem)),
    }
}

/// The picture of a file.
pub(super) fn read(path: &Path, look: &Look) -> Result<Picture, VideoError> {
    let picture = match ending(path).as_str() {
        "png" => png(path, look),
        "exr" => planes::read_exr(path, &look.prefix).and_then(|planes| of_planes(&planes, look)),
        "npy" => planes::read_npy(path).and_then(|mut planes| {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let a2 = stem.starts_with(|c: char| !c.is_ascii_digit());
            let names = names(look.pass, planes.all.len(), a2);
            for ((name, _), own) in planes.all.iter_mut().zip(names) {
                (*own).clone_into(name);
            }
            of_planes(&planes, look)
        }),
        _ => jpeg(path),
    };
    picture.map_err(|problem| unreadable(path, &problem))
}

fn ending(path: &Path) -> String {
    path.extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase()
}

fn open(path: &Path) -> Result<BufReader<File>, String> {
    File::open(path)
        .map(BufReader::new)
        .map_err(|error| error.to_string())
}

fn unreadable(path: &Path, problem: &str) -> VideoError {
    VideoError::picture(path, format!("it cannot be shown: {problem}"))
}

fn of_planes(planes: &Planes, look: &Look) -> Result<Picture, String> {
    Ok(Picture {
        width: planes.width,
        height: planes.height,
        rgb: show(look.pass, planes, &look.colors)?,
    })
}

fn png(path: &Path, look: &Look) -> Result<Picture, String> {
    let ids = look.pass.is_some_and(Pass::is_ids);
    let mut decoder = Decoder::new(open(path)?);
    decoder.set_transformations(match ids {
        true => Transformations::EXPAND,
        false => Transformations::normalize_to_color8(),
    });
    let wrong = |error: png::DecodingError| error.to_string();
    let mut reader = decoder.read_info().map_err(wrong)?;
    let mut bytes = vec![0; reader.output_buffer_size().ok_or("it is too large")?];
    let info = reader.next_frame(&mut bytes).map_err(wrong)?;
    bytes.truncate(info.buffer_size());
    let (width, height) = (info.width as usize, info.height as usize);
    if ids && info.color_type == ColorType::Grayscale {
        let values = match info.bit_depth {
            png::BitDepth::Sixteen => {
                let values = bytes.as_chunks::<2>().0.iter();
                values
                    .map(|two| u32::from(u16::from_be_bytes(*two)))
                    .collect()
            }
            _ => bytes.iter().copied().map(u32::from).collect(),
        };
        let name = names(look.pass, 1, false)[0];
        let all = vec![(name.to_owned(), Plane::Ids(values))];
        return of_planes(&Planes { width, height, all }, look);
    }
    if info.bit_depth == png::BitDepth::Sixteen {
        return Err("it has 16 bits and colours, which are no ids".to_owned());
    }
    let over = |value: u8, alpha: u8| (u16::from(value) * u16::from(alpha) / 255) as u8;
    let rgb = match info.color_type {
        ColorType::Rgb => bytes,
        ColorType::Rgba => {
            let pixels = bytes.as_chunks::<4>().0.iter();
            pixels
                .flat_map(|[r, g, b, a]| [r, g, b].map(|value| over(*value, *a)))
                .collect()
        }
        ColorType::GrayscaleAlpha => {
            let pixels = bytes.as_chunks::<2>().0.iter();
            pixels.flat_map(|[grey, a]| [over(*grey, *a); 3]).collect()
        }
        _ => bytes.iter().flat_map(|grey| [*grey; 3]).collect(),
    };
    Ok(Picture { width, height, rgb })
}

fn jpeg(path: &Path) -> Result<Picture, String> {
    let mut decoder = JpegDecoder::new(open(path)?);
    let rgb = decoder.decode().map_err(|error| error.to_string())?;
    let size = decoder.dimensions().ok_or("it has no size")?;
    let (width, height) = size;
    let rgb = match rgb.len() == width * height {
        true => rgb.into_iter().flat_map(|grey| [grey; 3]).collect(),
        false => rgb,
    };
    match rgb.len() == width * height * 3 {
        true => Ok(Picture { width, height, rgb }),
        false => Err("its colours are neither grey nor RGB".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, color: ColorType, depth: png::BitDepth, bytes: &[u8]) -> Picture {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.png");
        let file = File::create(&path).unwrap();
        let mut encoder = png::Encoder::new(file, 2, 1);
        encoder.set_color(color);
        encoder.set_depth(depth);
        encoder
            .write_header()
            .unwrap()
            .write_image_data(bytes)
            .unwrap();
        assert_eq!(size(&path).unwrap(), (2, 1));
        let look = Look {
            pass: name.parse().ok(),
            ..Look::default()
        };
        read(&path, &look).unwrap()
    }

    #[test]
    fn pngs_of_any_kind_stand_on_black() {
        use png::BitDepth::{Eight, Sixteen};
        let rgb = |picture: Picture| picture.rgb;
        let plain = written("frames", ColorType::Rgb, Eight, &[1, 2, 3, 4, 5, 6]);
        assert_eq!(rgb(plain), [1, 2, 3, 4, 5, 6]);
        let alpha = [200, 100, 50, 255, 200, 100, 50, 51];
        let alpha = written("frames", ColorType::Rgba, Eight, &alpha);
        assert_eq!(rgb(alpha), [200, 100, 50, 40, 20, 10]);
        let grey = written("previews", ColorType::Grayscale, Eight, &[9, 8]);
        assert_eq!(rgb(grey), [9, 9, 9, 8, 8, 8]);
        let deep = written("frames", ColorType::Grayscale, Sixteen, &[255, 255, 1, 0]);
        assert_eq!(rgb(deep), [255, 255, 255, 1, 1, 1]);
        let ids = written(
            "segmentations",
            ColorType::Grayscale,
            Sixteen,
            &[0, 0, 1, 2],
        );
        let color = crate::write::sheet::colors::id(258);
        assert_eq!(rgb(ids), [&[0; 3][..], &color[..]].concat());
    }

    #[test]
    fn jpegs_are_read_and_what_is_none_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.jpg");
        let encoder = jpeg_encoder::Encoder::new_file(&path, 100).unwrap();
        encoder
            .encode(&[200; 16 * 8 * 3], 16, 8, jpeg_encoder::ColorType::Rgb)
            .unwrap();
        assert_eq!(size(&path).unwrap(), (16, 8));
        let picture = read(&path, &Look::default()).unwrap();
        assert!(picture.rgb.iter().all(|value| value.abs_diff(200) < 3));
        std::fs::write(&path, "none").unwrap();
        let said = size(&path).unwrap_err().to_string();
        assert!(said.contains("1.jpg: it cannot be shown"), "{said}");
    }
}
