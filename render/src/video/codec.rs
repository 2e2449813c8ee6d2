//! What a video's ending says: the encoder, and its arguments.
//!
//! Owns the choice for each ending.

use std::path::Path;

use super::VideoError;

/// A format of videos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Codec {
    endings: &'static [&'static str],
    /// ffmpeg's name of the container.
    muxer: &'static str,
    /// ffmpeg's name of the encoder.
    pub(super) encoder: &'static str,
    /// The quality that is taken, and the worst; none where nothing is lost or to choose.
    quality: Option<(u8, u8)>,
    /// Colours are stored for two pixels by two, so that sides must be even.
    pub(super) even: bool,
}

const CODECS: [Codec; 5] = [
    Codec {
        endings: &["mp4", "m4v"],
        muxer: "mp4",
        encoder: "libx264",
        quality: Some((18, 51)),
        even: true,
    },
    Codec {
        endings: &["mov"],
        muxer: "mov",
        encoder: "libx264",
        quality: Some((18, 51)),
        even: true,
    },
    Codec {
        endings: &["webm"],
        muxer: "webm",
        encoder: "libvpx-vp9",
        quality: Some((24, 63)),
        even: true,
    },
    Codec {
        endings: &["mkv"],
        muxer: "matroska",
        encoder: "ffv1",
        quality: None,
        even: false,
    },
    Codec {
        endings: &["gif"],
        muxer: "gif",
        encoder: "gif",
        quality: None,
        even: false,
    },
];

impl Codec {
    /// That of a file's ending, with this quality.
    pub(super) fn of(path: &Path, quality: Option<u8>) -> Result<Self, VideoError> {
        let wrong = |problem: String| VideoError::Out {
            path: path.to_owned(),
            problem,
        };
        let ending = path.extension().unwrap_or_default();
        let ending = ending.to_string_lossy().to_lowercase();
        let codec = CODECS
            .into_iter()
            .find(|codec| codec.endings.contains(&&*ending));
        let Some(codec) = codec else {
            return Err(wrong(
                "its ending names no format of videos: write .mp4 or .mov (H.264), .webm (VP9), .mkv \
                 (FFV1, which loses nothing) or .gif"
                    .to_owned(),
            ));
        };
        match (quality, codec.quality) {
            (Some(_), None) => Err(wrong(format!(
                ".{ending} has no quality to choose; leave it out"
            ))),
            (Some(quality), Some((_, worst))) if quality > worst => Err(wrong(format!(
                "quality {quality} is none of {}: 0 (best) to {worst}",
                codec.encoder
            ))),
            _ => Ok(codec),
        }
    }

    /// What stands between ffmpeg's input and the file.
    pub(super) fn arguments(self, quality: Option<u8>) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        let mut add = |text: &str| words.extend(text.split(' ').map(str::to_owned));
        match self.encoder {
            "ffv1" => add("-c:v ffv1 -level 3 -slicecrc 1 -pix_fmt bgr0"),
            // A palette a frame: one of all would have to have seen them all, in memory.
            "gif" => add(
                "-filter_complex split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1 \
                 -c:v gif",
            ),
            // ffmpeg's own choice is BT.601 without a word of it, which players of larger pictures
            // take for BT.709.
            encoder => {
                add(
                    "-vf scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int",
                );
                add("-pix_fmt yuv420p -colorspace bt709 -color_primaries bt709");
                add("-color_trc iec61966-2-1 -color_range tv");
                let quality = quality
                    .or(self.quality.map(|(usual, _)| usual))
                    .unwrap_or(0);
                add(&format!("-c:v {encoder} -crf {quality}"));
                match encoder {
                    "libx264" => add("-movflags +faststart"),
                    _ => add("-b:v 0 -row-mt 1"),
                }
            }
        }
        add(&format!("-f {}", self.muxer));
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_choose_and_what_cannot_be_is_said() {
        let of = |name: &str, quality| Codec::of(Path::new(name), quality);
        assert_eq!(of("a.MP4", None).unwrap().encoder, "libx264");
        assert_eq!(of("a.webm", Some(63)).unwrap().encoder, "libvpx-vp9");
        for (name, quality, says) in [
            ("a.avi", None, "write .mp4"),
            ("a", None, "write .mp4"),
            ("a.mp4", Some(52), "0 (best) to 51"),
            ("a.mkv", Some(3), "no quality to choose"),
        ] {
            let said = of(name, quality).unwrap_err().to_string();
            assert!(said.contains(says), "{said}");
        }
        let words = of("a.mp4", None).unwrap().arguments(Some(30)).join(" ");
        assert!(
            words.contains("-crf 30") && words.ends_with("-f mp4"),
            "{words}"
        );
    }
}
