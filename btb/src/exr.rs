//! Reads OpenEXR files: what a compositor writes, as channels of floats.
//!
//! Owns files of one or several layers whose channels are half floats, floats or integers; deep
//! images are refused. It must never know which program wrote them.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use exr::prelude::{FlatSamples, ReadChannels, ReadLayers, f16, read};
use thiserror::Error;

/// What is wrong with a file, or with what was asked of it.
#[derive(Debug, Error)]
pub enum ExrError {
    /// The file could not be opened.
    #[error("{path}: {source}")]
    Open {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is no OpenEXR file, or a damaged one.
    #[error("{path} is no readable OpenEXR file: {source}")]
    Read {
        /// The file.
        path: String,
        /// What the decoder says.
        source: exr::error::Error,
    },
    /// There is no such channel.
    #[error("no channel {name:?}; there are: {}", there.join(", "))]
    Channel {
        /// What was asked for.
        name: String,
        /// The channels of the file, in its order.
        there: Vec<String>,
    },
    /// Two channels that were asked for together differ in size.
    #[error("channel {name:?} has {found} pixels, where {expected} are expected")]
    Size {
        /// The channel.
        name: String,
        /// Its pixels.
        found: usize,
        /// The pixels of the destination.
        expected: usize,
    },
}

/// A decoded file.
#[derive(Debug, Clone, PartialEq)]
pub struct Exr {
    channels: Vec<Channel>,
}

/// A channel: its full name (`Depth.V`), its size, and its values, the top row first.
#[derive(Debug, Clone, PartialEq)]
struct Channel {
    name: String,
    shape: [usize; 2],
    values: Vec<f32>,
}

impl Exr {
    /// Decodes a file wholly into memory.
    ///
    /// # Errors
    /// [`ExrError::Open`], [`ExrError::Read`].
    pub fn open(path: &Path) -> Result<Self, ExrError> {
        let named = || path.display().to_string();
        let file = File::open(path).map_err(|source| ExrError::Open {
            path: named(),
            source,
        })?;
        let image = read()
            .no_deep_data()
            .largest_resolution_level()
            .all_channels()
            .all_layers()
            .all_attributes()
            .non_parallel()
            .from_buffered(BufReader::new(file))
            .map_err(|source| ExrError::Read {
                path: named(),
                source,
            })?;
        let several = image.layer_data.len() > 1;
        let mut channels = Vec::new();
        for layer in image.layer_data {
            // In a file of one part, the names of the channels tell the layer.
            let prefix = match layer.attributes.layer_name {
                Some(name) if several => format!("{name}."),
                _ => String::new(),
            };
            let shape = [layer.size.height(), layer.size.width()];
            for channel in layer.channel_data.list {
                let name = channel.name.to_string();
                let full = name.starts_with(&prefix);
                channels.push(Channel {
                    name: if full {
                        name
                    } else {
                        format!("{prefix}{name}")
                    },
                    shape,
                    values: floats(channel.sample_data),
                });
            }
        }
        Ok(Self { channels })
    }

    /// The full names of the channels, in the file's order: for layers `layer.channel`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.channels.iter().map(|channel| channel.name.as_str())
    }

    /// Rows and columns of a channel.
    ///
    /// # Errors
    /// [`ExrError::Channel`].
    pub fn shape(&self, name: &str) -> Result<[usize; 2], ExrError> {
        Ok(self.channel(name)?.shape)
    }

    /// Writes channels side by side: `destination` is height × width × names, the top row first.
    ///
    /// # Errors
    /// [`ExrError::Channel`]; [`ExrError::Size`] when `destination` has another size. Nothing is
    /// written then.
    pub fn interleave(&self, names: &[&str], destination: &mut [f32]) -> Result<(), ExrError> {
        let count = names.len().max(1);
        let expected = destination.len() / count;
        let channels = names
            .iter()
            .map(|name| self.channel(name))
            .collect::<Result<Vec<_>, _>>()?;
        for channel in &channels {
            let found = channel.values.len();
            if found * count != destination.len() {
                return Err(ExrError::Size {
                    name: channel.name.clone(),
                    found,
                    expected,
                });
            }
        }
        for (place, channel) in channels.iter().enumerate() {
            let to = destination.iter_mut().skip(place).step_by(count);
            to.zip(&channel.values).for_each(|(to, from)| *to = *from);
        }
        Ok(())
    }

    fn channel(&self, name: &str) -> Result<&Channel, ExrError> {
        let found = self.channels.iter().find(|channel| channel.name == name);
        found.ok_or_else(|| ExrError::Channel {
            name: name.to_owned(),
            there: self.names().map(str::to_owned).collect(),
        })
    }
}

fn floats(samples: FlatSamples) -> Vec<f32> {
    match samples {
        FlatSamples::F32(values) => values,
        FlatSamples::F16(values) => values.into_iter().map(f16::to_f32).collect(),
        FlatSamples::U32(values) => values.into_iter().map(|value| value as f32).collect(),
    }
}

#[cfg(test)]
mod tests {
    use exr::prelude::{
        AnyChannel, AnyChannels, Encoding, Image, Layer, LayerAttributes, WritableImage,
    };

    use super::*;

    /// Two rows of three pixels, as a layer called `Depth` and one called `Color` with half floats.
    fn written(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("layers.exr");
        let ramp = |start: usize| (0..6).map(move |i| (start + i) as f32);
        let half = |start| FlatSamples::F16(ramp(start).map(f16::from_f32).collect());
        let channels = AnyChannels::sort(
            [
                AnyChannel::new("Color.R", half(0)),
                AnyChannel::new("Color.G", half(10)),
                AnyChannel::new("Color.B", half(20)),
                AnyChannel::new("Depth.V", FlatSamples::F32(ramp(30).collect())),
            ]
            .into_iter()
            .collect(),
        );
        let layer = Layer::new(
            (3, 2),
            LayerAttributes::default(),
            Encoding::FAST_LOSSLESS,
            channels,
        );
        Image::from_layer(layer)
            .write()
            .non_parallel()
            .to_file(&path)
            .unwrap();
        path
    }

    #[test]
    fn channels_are_found_by_name_and_interleaved_in_the_order_asked() {
        let folder = tempfile::tempdir().unwrap();
        let exr = Exr::open(&written(folder.path())).unwrap();
        let names: Vec<&str> = exr.names().collect();
        assert_eq!(names, ["Color.B", "Color.G", "Color.R", "Depth.V"]);
        assert_eq!(exr.shape("Depth.V").unwrap(), [2, 3]);

        let mut bgr = [0.0; 18];
        exr.interleave(&["Color.B", "Color.G", "Color.R"], &mut bgr)
            .unwrap();
        assert_eq!(bgr[..6], [20., 10., 0., 21., 11., 1.]);
        assert_eq!(bgr[15..], [25., 15., 5.]);
        let mut depth = [0.0; 6];
        exr.interleave(&["Depth.V"], &mut depth).unwrap();
        assert_eq!(depth, [30., 31., 32., 33., 34., 35.]);
    }

    #[test]
    fn what_is_not_there_is_said_with_what_is() {
        let folder = tempfile::tempdir().unwrap();
        let exr = Exr::open(&written(folder.path())).unwrap();
        let said = exr.shape("Depth.Z").unwrap_err().to_string();
        assert_eq!(
            said,
            "no channel \"Depth.Z\"; there are: Color.B, Color.G, Color.R, Depth.V"
        );
        let mut small = [7.0; 5];
        let said = exr.interleave(&["Depth.V"], &mut small).unwrap_err();
        assert!(matches!(said, ExrError::Size { found: 6, .. }), "{said}");
        assert_eq!(small, [7.0; 5]);
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let bytes = std::fs::read(&path).unwrap();
        for end in 0..bytes.len() {
            std::fs::write(&path, &bytes[..end]).unwrap();
            let said = Exr::open(&path).unwrap_err();
            assert!(matches!(said, ExrError::Read { .. }), "{end}: {said}");
        }
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(Exr::open(&path), Err(ExrError::Open { .. })));
    }
}
