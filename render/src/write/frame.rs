//! One frame: every file of the specification, made and written one after the other.

use super::about::About;
use super::arrays::{Arrays, Data};
use super::crypto;
use super::event::WrittenFile;
use super::exr::{Encoder, Image};
use super::failure::Failure;
use super::files::Files;
use super::jpeg;
use super::layers::{Channel, channels};
use super::npy;
use super::passes::Pass;
use super::png::{self, Picture};
use super::sheet::Sheet;
use super::sources::{self, Frame};
use super::spec::{Codec, FileSpec, Format, Layout, Spec};
use std::path::Path;
use std::time::Instant;

/// Memory that is used again for each frame.
#[derive(Debug, Default)]
pub(super) struct Memory {
    exr: Encoder,
    /// The bytes of the file that is made.
    out: Vec<u8>,
    scratch: Vec<u8>,
    sheet: Sheet,
}

/// A frame that waits to be written.
pub(super) struct Job {
    pub(super) frame: i64,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) arrays: Arrays,
    pub(super) about: About,
}

impl Memory {
    /// Writes all files of a frame; none stays where one fails.
    pub(super) fn write(
        &mut self,
        spec: &Spec,
        folder: &Path,
        scratch: Option<&Path>,
        job: &Job,
    ) -> Result<Vec<WrittenFile>, Failure> {
        let frame = Frame {
            height: job.height,
            width: job.width,
            arrays: &job.arrays,
            about: &job.about,
        };
        let mut files = Files::new(folder, scratch, job.frame);
        for file in &spec.files {
            if spec.multilayer && file.format == Format::Exr {
                continue;
            }
            let begun = Instant::now();
            self.out.clear();
            self.encode(file, spec.layout, &frame)?;
            files.add(file.pass.name(), file.format.extension(), &self.out, begun)?;
        }
        if spec.multilayer && spec.exr_files().next().is_some() {
            let begun = Instant::now();
            self.out.clear();
            self.layers(spec, &frame)?;
            files.add("layers", "exr", &self.out, begun)?;
        }
        if spec.previews {
            self.previews(spec, &frame, &mut files)?;
        }
        files.finish()
    }

    fn encode(
        &mut self,
        file: &FileSpec,
        layout: Layout,
        frame: &Frame<'_>,
    ) -> Result<(), Failure> {
        let (height, width) = (frame.height, frame.width);
        let lacking = || Failure::lacking(file.pass);
        match file.format {
            Format::Exr => {
                let channels = channels(file, layout, frame).ok_or_else(lacking)?;
                let attributes = match file.pass {
                    Pass::Cryptomatte => crypto::attributes(frame),
                    _ => Vec::new(),
                };
                let image = Image {
                    channels,
                    height,
                    width,
                    codec: file.codec.written(),
                    attributes,
                };
                self.exr.encode(image, &mut self.out)
            }
            Format::Npy => {
                let channels = channels(file, layout, frame).ok_or_else(lacking)?;
                npy::encode(&channels, height, width, &mut self.out);
                Ok(())
            }
            Format::Png if file.pass.is_ids() => {
                let name = match file.pass {
                    Pass::Materials => "material",
                    _ => "instance",
                };
                let ids = png::ids_16(frame.ids(name).ok_or_else(lacking)?, width)?;
                let picture = Picture {
                    pixels: Data::U16(&ids),
                    height,
                    width,
                    channels: 1,
                };
                png::encode(picture, &mut self.scratch, &mut self.out)
            }
            Format::Png | Format::Jpeg => {
                let name = sources::picture_names(file.pass).1;
                let (pixels, channels) = frame.display(name).ok_or_else(lacking)?;
                match (file.format, pixels) {
                    (Format::Jpeg, Data::U8(pixels)) => {
                        jpeg::encode(pixels, height, width, channels, &mut self.out)
                    }
                    _ => {
                        let picture = Picture {
                            pixels,
                            height,
                            width,
                            channels,
                        };
                        png::encode(picture, &mut self.scratch, &mut self.out)
                    }
                }
            }
        }
    }

    /// All passes of OpenEXR as layers of one file, named by their pass; cryptomatte's keep the names
    /// that its standard gives them.
    fn layers(&mut self, spec: &Spec, frame: &Frame<'_>) -> Result<(), Failure> {
        let mut all: Vec<Channel<'_>> = Vec::new();
        let mut attributes = Vec::new();
        let mut codec = Codec::default();
        for file in spec.exr_files() {
            codec = file.codec.written();
            let of_pass = channels(file, spec.layout, frame);
            for mut channel in of_pass.ok_or_else(|| Failure::lacking(file.pass))? {
                if file.pass == Pass::Cryptomatte {
                    attributes = crypto::attributes(frame);
                } else {
                    channel.name = format!("{}.{}", file.pass, channel.name);
                }
                all.push(channel);
            }
        }
        let image = Image {
            channels: all,
            height: frame.height,
            width: frame.width,
            codec,
            attributes,
        };
        self.exr.encode(image, &mut self.out)
    }

    fn previews(
        &mut self,
        spec: &Spec,
        frame: &Frame<'_>,
        files: &mut Files<'_>,
    ) -> Result<(), Failure> {
        let begun = Instant::now();
        let pictures = match spec.layout {
            Layout::Flat => self.sheet.of_all(spec, frame).into_iter().collect(),
            Layout::A2 => super::sheet::debug_pictures(spec, frame),
        };
        for (pass, canvas) in pictures {
            self.out.clear();
            let picture = Picture {
                pixels: Data::U8(&canvas.pixels),
                height: canvas.height,
                width: canvas.width,
                channels: canvas.channels,
            };
            png::encode(picture, &mut self.scratch, &mut self.out)?;
            files.add(pass, "png", &self.out, begun)?;
            self.sheet.take_back(canvas);
        }
        Ok(())
    }
}
