//! What is to be written of each frame, and whether that can be.

use crate::write::error::Error;
use crate::write::passes::Pass;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The files of a frame.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// What the files hold.
    #[serde(default)]
    pub layout: Layout,
    /// A picture of all passes beside them; in the layout a2 its debug pictures.
    #[serde(default)]
    pub previews: bool,
    /// All passes of OpenEXR as layers of one file.
    #[serde(default)]
    pub multilayer: bool,
    /// The files.
    pub files: Vec<FileSpec>,
}

/// One file of a frame.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct FileSpec {
    /// What it shows.
    pub pass: Pass,
    /// Its format.
    pub format: Format,
    /// Bits of each value: 8 or 16 (PNG), 8 (JPEG), 16 or 32 (OpenEXR), 32 (NPY). Left out, 8 for pictures,
    /// 16 for ids as PNG, 32 for floats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<u8>,
    /// How OpenEXR is compressed.
    #[serde(default)]
    pub codec: Codec,
    /// The channels of a picture; left out, those that it comes with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<Color>,
    /// Which flow previews show.
    #[serde(default)]
    pub direction: Direction,
}

/// Where the files of a job lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// A folder a pass, a file a frame: `depths/000003.exr`.
    #[default]
    Flat,
    /// As release 0.1.0a2 of VisionSim writes: `depths/depth_000003.exr`, with its channels.
    A2,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// OpenEXR.
    Exr,
    /// A NumPy array.
    Npy,
}

impl Format {
    /// The ending of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Exr => "exr",
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Npy => "npy",
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Exr => "exr",
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Npy => "npy",
        })
    }
}

/// How OpenEXR is compressed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the names are those of OpenEXR")]
pub enum Codec {
    None,
    Rle,
    Zips,
    #[default]
    Zip,
    Piz,
    Pxr24,
    B44,
    B44a,
    Dwaa,
    Dwab,
}

impl Codec {
    /// Whether values change. `DWAA` and `DWAB` are for the user, although ZIP is written for them.
    pub fn is_lossy(self) -> bool {
        matches!(
            self,
            Self::Pxr24 | Self::B44 | Self::B44a | Self::Dwaa | Self::Dwab
        )
    }

    /// The one that is written for it.
    pub fn written(self) -> Self {
        match self {
            Self::Dwaa | Self::Dwab => Self::Zip,
            codec => codec,
        }
    }
}

impl std::fmt::Display for Codec {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&format!("{self:?}").to_uppercase())
    }
}

/// The channels of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Color {
    /// Grey.
    Bw,
    /// Three.
    Rgb,
    /// With alpha.
    Rgba,
}

impl Color {
    /// How many channels there are.
    pub fn channels(self) -> usize {
        match self {
            Self::Bw => 1,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// Which flow.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Direction {
    Forward,
    Backward,
    #[default]
    Both,
}

impl FileSpec {
    /// A file with what is usual for its pass and format.
    pub fn new(pass: Pass, format: Format) -> Self {
        Self {
            pass,
            format,
            bits: None,
            codec: Codec::default(),
            color: None,
            direction: Direction::default(),
        }
    }

    /// Bits of each value.
    pub fn bits(&self) -> u8 {
        self.bits.unwrap_or(match self.format {
            Format::Png if self.pass.is_ids() => 16,
            Format::Png | Format::Jpeg => 8,
            Format::Exr | Format::Npy => 32,
        })
    }

    fn check(&self) -> Result<(), Error> {
        let (pass, format, bits) = (self.pass, self.format, self.bits());
        let others = match pass {
            Pass::Frames | Pass::Composites => None,
            Pass::Segmentations | Pass::Materials => {
                (format == Format::Jpeg).then_some("exr, png or npy")
            }
            Pass::Cryptomatte => (format != Format::Exr).then_some("exr"),
            _ => matches!(format, Format::Png | Format::Jpeg).then_some("exr or npy"),
        };
        if let Some(others) = others {
            return Err(Error::Format {
                pass,
                format,
                others,
            });
        }
        let remedy = match (format, bits) {
            (Format::Exr, 16) if pass.is_ids() => Some("ids would change; use 32"),
            (Format::Exr, 16 | 32) | (Format::Npy, 32) | (Format::Png, 16) => None,
            (Format::Png, 8) if pass.is_ids() => Some("ids above 255 would be lost; use 16"),
            (Format::Png | Format::Jpeg, 8) => None,
            (Format::Exr, _) => Some("use 16 or 32"),
            (Format::Npy, _) => Some("use 32"),
            (Format::Png, _) => Some("use 8 or 16"),
            (Format::Jpeg, _) => Some("use 8"),
        };
        if let Some(remedy) = remedy {
            return Err(Error::Bits {
                pass,
                format,
                bits,
                remedy,
            });
        }
        if format == Format::Exr && self.codec.is_lossy() && pass.is_ids() {
            return Err(Error::LossyCodec {
                pass,
                codec: self.codec,
            });
        }
        if format == Format::Jpeg && self.color == Some(Color::Rgba) {
            let text = format!("{pass} as jpeg have no alpha: use RGB or BW, or png");
            return Err(Error::Together(text));
        }
        Ok(())
    }
}

impl Spec {
    /// Reads a specification and checks it.
    ///
    /// # Errors
    /// What cannot be written, by pass, with the remedy.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let spec: Self = serde_json::from_str(text).map_err(Error::Json)?;
        spec.check()?;
        Ok(spec)
    }

    /// Whether all of it can be written.
    ///
    /// # Errors
    /// What cannot be written, by pass, with the remedy.
    pub fn check(&self) -> Result<(), Error> {
        for (index, file) in self.files.iter().enumerate() {
            file.check()?;
            let same = |other: &FileSpec| (other.pass, other.format) == (file.pass, file.format);
            if self.files[..index].iter().any(same) {
                return Err(Error::Twice {
                    pass: file.pass,
                    format: file.format,
                });
            }
        }
        if self.multilayer {
            let mut codecs = self.exr_files().map(|file| file.codec.written());
            let first = codecs.next();
            if let Some(other) = codecs.find(|&codec| Some(codec) != first) {
                return Err(Error::Together(format!(
                    "the layers of one file have one codec, not {} and {other}",
                    first.unwrap_or_default()
                )));
            }
        }
        if self.layout == Layout::A2 {
            self.check_a2()?;
        }
        Ok(())
    }

    fn check_a2(&self) -> Result<(), Error> {
        if self.multilayer {
            let text = "the layout a2 has no files of several layers: use the layout flat";
            return Err(Error::Together(text.into()));
        }
        for file in &self.files {
            let (pass, format) = (file.pass, file.format);
            let known = match pass {
                Pass::Frames => format != Format::Npy,
                Pass::Depths | Pass::Normals | Pass::Flows | Pass::Segmentations => {
                    format == Format::Exr
                }
                _ => false,
            };
            if !known {
                return Err(Error::Together(format!(
                    "the layout a2 has no {pass} as {format}: use the layout flat"
                )));
            }
        }
        Ok(())
    }

    pub(crate) fn exr_files(&self) -> impl Iterator<Item = &FileSpec> {
        self.files.iter().filter(|file| file.format == Format::Exr)
    }

    /// What the user should know, a line each.
    pub fn warnings(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for file in self
            .exr_files()
            .filter(|file| file.codec.written() != file.codec)
        {
            lines.push(format!(
                "{}: {} is written as ZIP, which is lossless",
                file.pass, file.codec
            ));
        }
        for file in self.exr_files().filter(|file| !file.pass.is_picture()) {
            let pass = file.pass;
            if file.codec.written().is_lossy() {
                let codec = file.codec;
                lines.push(format!(
                    "{pass}: {codec} changes values; ZIP and PIZ do not"
                ));
            }
            if file.bits() == 16 {
                lines.push(format!(
                    "{pass}: 16 bits keep 11 bits of each value, up to 65504; what is larger becomes \
                     infinite, such as the depth where nothing is"
                ));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests;
