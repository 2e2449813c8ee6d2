//! Files of values (OpenEXR, NPY), as planes of numbers.
//!
//! Owns their reading. It must never know how a plane is shown.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use exr::meta::MetaData;
use exr::prelude::{FlatSamples, ReadChannels, ReadLayers, read};

/// The values of a channel, the top row first.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plane {
    Floats(Vec<f32>),
    Ids(Vec<u32>),
}

impl Plane {
    pub(super) fn float(&self, at: usize) -> f32 {
        match self {
            Self::Floats(values) => values[at],
            Self::Ids(values) => values[at] as f32,
        }
    }

    /// The id there; release 0.1.0a2 of VisionSim wrote them as floats.
    pub(super) fn id(&self, at: usize) -> u32 {
        match self {
            Self::Floats(values) => values[at] as u32,
            Self::Ids(values) => values[at],
        }
    }
}

/// The planes of a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Planes {
    pub(super) width: usize,
    pub(super) height: usize,
    /// By name; those of NPY have none.
    pub(super) all: Vec<(String, Plane)>,
}

/// Width and height of an OpenEXR file.
pub(super) fn exr_size(path: &Path) -> Result<(usize, usize), String> {
    let meta = MetaData::read_from_file(path, false).map_err(|error| error.to_string())?;
    let header = meta.headers.first().ok_or("it has no picture")?;
    Ok((header.layer_size.width(), header.layer_size.height()))
}

/// The channels of an OpenEXR file whose names begin with `prefix`, without it.
pub(super) fn read_exr(path: &Path, prefix: &str) -> Result<Planes, String> {
    let image = read()
        .no_deep_data()
        .largest_resolution_level()
        .all_channels()
        .first_valid_layer()
        .all_attributes()
        .non_parallel()
        .from_file(path)
        .map_err(|error| error.to_string())?;
    let layer = image.layer_data;
    let all = layer.channel_data.list.into_iter().filter_map(|channel| {
        let name = channel.name.to_string();
        let name = name.strip_prefix(prefix)?.to_owned();
        let plane = match channel.sample_data {
            FlatSamples::F32(values) => Plane::Floats(values),
            FlatSamples::F16(values) => Plane::Floats(values.iter().map(|v| v.to_f32()).collect()),
            FlatSamples::U32(values) => Plane::Ids(values),
        };
        Some((name, plane))
    });
    Ok(Planes {
        width: layer.size.width(),
        height: layer.size.height(),
        all: all.collect(),
    })
}

/// What an NPY file holds.
struct Header {
    ids: bool,
    height: usize,
    width: usize,
    channels: usize,
}

/// Width and height of an NPY file.
pub(super) fn npy_size(path: &Path) -> Result<(usize, usize), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let header = header(&mut BufReader::new(file))?;
    Ok((header.width, header.height))
}

/// The planes of an NPY file: H × W, or H × W × channels.
pub(super) fn read_npy(path: &Path) -> Result<Planes, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut reader = BufReader::new(file);
    let Header {
        ids,
        height,
        width,
        channels,
    } = header(&mut reader)?;
    let wanted = height
        .checked_mul(width)
        .and_then(|pixels| pixels.checked_mul(channels)?.checked_mul(4))
        .ok_or("it is too large")?;
    let mut bytes = Vec::new();
    let limit = wanted as u64 + 1;
    let read = reader.take(limit).read_to_end(&mut bytes);
    read.map_err(|error| error.to_string())?;
    if bytes.len() != wanted {
        return Err(format!(
            "it is cut or damaged: {wanted} bytes of values are not there"
        ));
    }
    let values = bytes.as_chunks::<4>().0;
    let plane = |channel: usize| {
        let own = values.iter().skip(channel).step_by(channels).copied();
        match ids {
            true => Plane::Ids(own.map(u32::from_le_bytes).collect()),
            false => Plane::Floats(own.map(f32::from_le_bytes).collect()),
        }
    };
    Ok(Planes {
        width,
        height,
        all: (0..channels)
            .map(|channel| (String::new(), plane(channel)))
            .collect(),
    })
}

fn header(reader: &mut impl Read) -> Result<Header, String> {
    let mut read = |bytes: &mut [u8]| {
        let read = reader.read_exact(bytes);
        read.map_err(|error| format!("it is no whole NPY file: {error}"))
    };
    let mut start = [0; 8];
    read(&mut start)?;
    if !start.starts_with(b"\x93NUMPY") {
        return Err("it is no NPY file".to_owned());
    }
    let length = if start[6] == 1 {
        let mut length = [0; 2];
        read(&mut length)?;
        usize::from(u16::from_le_bytes(length))
    } else {
        let mut length = [0; 4];
        read(&mut length)?;
        u32::from_le_bytes(length) as usize
    };
    // Nobody's is longer; more is not asked of the memory.
    let mut text = vec![0; length.min(1 << 16)];
    read(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let after = |key: &str| {
        text.split(key)
            .nth(1)
            .map(|rest| rest.trim_start_matches([':', ' ']))
    };
    let ids = match after("'descr'") {
        Some(rest) if rest.starts_with("'<f4'") => false,
        Some(rest) if rest.starts_with("'<u4'") => true,
        _ => return Err("its values are neither float32 nor uint32, which could be shown".into()),
    };
    if after("'fortran_order'").is_none_or(|rest| !rest.starts_with("False")) {
        return Err("its values are in Fortran's order, which is not shown".into());
    }
    let shape = after("'shape'").and_then(|rest| rest.strip_prefix('(')?.split(')').next());
    let shape: Option<Vec<usize>> = shape.map(|shape| {
        let numbers = shape
            .split(',')
            .map(str::trim)
            .filter(|number| !number.is_empty());
        numbers.map_while(|number| number.parse().ok()).collect()
    });
    let (height, width, channels) = match shape.as_deref() {
        Some(&[height, width]) => (height, width, 1),
        Some(&[height, width, channels]) if channels > 0 => (height, width, channels),
        _ => return Err("its shape is no picture's: H × W, or H × W × channels".into()),
    };
    Ok(Header {
        ids,
        height,
        width,
        channels,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(folder: &Path, descr: &str, shape: &str, values: &[u8]) -> std::path::PathBuf {
        let header =
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(values);
        let path = folder.join("1.npy");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn npy_is_read_plane_by_plane() {
        let folder = tempfile::tempdir().unwrap();
        let values: Vec<u8> = (0..8_u32).flat_map(u32::to_le_bytes).collect();
        let path = npy(folder.path(), "<u4", "(2, 2, 2)", &values);
        assert_eq!(npy_size(&path), Ok((2, 2)));
        let planes = read_npy(&path).unwrap();
        assert_eq!(planes.all[1].1, Plane::Ids(vec![1, 3, 5, 7]));
    }

    #[test]
    fn what_npy_cannot_be_shown_is_said() {
        let folder = tempfile::tempdir().unwrap();
        for (descr, shape, bytes, says) in [
            ("<f8", "(1, 1)", 8, "neither float32"),
            ("<f4", "(4,)", 16, "shape is no picture"),
            ("<f4", "(2, 2)", 12, "cut or damaged"),
            ("<f4", "(2, 2)", 20, "cut or damaged"),
            ("<f4", "(99999999999, 99999999999)", 4, "too large"),
        ] {
            let path = npy(folder.path(), descr, shape, &vec![0; bytes]);
            let said = read_npy(&path).unwrap_err();
            assert!(said.contains(says), "{said}");
        }
    }
}
