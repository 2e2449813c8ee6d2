//! ffmpeg, the program that makes videos: which one is run, what it can, and a run of it.
//!
//! Owns the order in which it is looked for, and its process. It must never know what is in a picture.

mod error;
mod run;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cache::cache_folder;
use crate::programs::{is_program, on_path};

pub use error::FfmpegError;
pub use run::Run;

/// Names the program to run.
pub const FFMPEG_VARIABLE: &str = "BLENDTORCH_FFMPEG";
/// The `imageio-ffmpeg` whose program [`setup_video`](crate::setup_video) takes.
pub(crate) const WHEEL: &str = "0.6.0";

/// An ffmpeg to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ffmpeg {
    /// The program.
    pub path: PathBuf,
    /// Who named it, for people: `BLENDTORCH_FFMPEG`, `PATH` or `blendtorch setup --video`.
    pub from: &'static str,
}

/// The folder of ours in a cache folder. It is whole whenever it is there.
pub(crate) fn folder(cache: &Path) -> PathBuf {
    cache.join(format!("ffmpeg-imageio-{WHEEL}"))
}

impl Ffmpeg {
    /// The one to run: that of `BLENDTORCH_FFMPEG`, else the first on `PATH`, else ours.
    ///
    /// # Errors
    /// There is none, or what was named is none.
    pub fn find() -> Result<Self, FfmpegError> {
        let named = std::env::var_os(FFMPEG_VARIABLE).filter(|named| !named.is_empty());
        if let Some(named) = named {
            let path = PathBuf::from(named);
            return match is_program(&path) {
                true => Ok(Self {
                    path,
                    from: FFMPEG_VARIABLE,
                }),
                false => Err(FfmpegError::NotThere { path }),
            };
        }
        let ours = || cache_folder().map(|cache| folder(&cache).join("ffmpeg"));
        let found = on_path("ffmpeg").map(|path| (path, "PATH"));
        let found = found.or_else(|| {
            let path = ours().filter(|path| is_program(path))?;
            Some((path, "blendtorch setup --video"))
        });
        let (path, from) = found.ok_or(FfmpegError::NotFound)?;
        Ok(Self { path, from })
    }

    /// Its version, as it says it.
    ///
    /// # Errors
    /// It does not run as an ffmpeg.
    pub fn version(&self) -> Result<String, FfmpegError> {
        let said = self.ask("-version")?;
        let version = said
            .strip_prefix("ffmpeg version ")
            .and_then(|rest| rest.split_whitespace().next());
        version.map(str::to_owned).ok_or_else(|| {
            let first = said.lines().next().unwrap_or("nothing");
            FfmpegError::NotFfmpeg {
                path: self.path.clone(),
                said: format!("it said: {first}"),
            }
        })
    }

    /// Sees that it has an encoder, by its name.
    ///
    /// # Errors
    /// It has not, or does not run.
    pub fn need_encoder(&self, encoder: &str) -> Result<(), FfmpegError> {
        let said = self.ask("-encoders")?;
        // Lines of flags, name and words.
        match said
            .lines()
            .any(|line| line.split_whitespace().nth(1) == Some(encoder))
        {
            true => Ok(()),
            false => Err(FfmpegError::NoEncoder {
                path: self.path.clone(),
                encoder: encoder.to_owned(),
            }),
        }
    }

    fn ask(&self, word: &str) -> Result<String, FfmpegError> {
        let wrong = |said: String| FfmpegError::NotFfmpeg {
            path: self.path.clone(),
            said,
        };
        let output = Command::new(&self.path)
            .args(["-hide_banner", word])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| wrong(error.to_string()))?;
        if !output.status.success() {
            return Err(wrong(format!("it ended with {}", output.status)));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::install_script;

    fn script(text: &str) -> (tempfile::TempDir, Ffmpeg) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ffmpeg");
        install_script(&path, text);
        (folder, Ffmpeg { path, from: "PATH" })
    }

    #[test]
    fn an_encoder_that_is_not_in_it_is_said_with_the_remedy() {
        let (_folder, ffmpeg) = script("echo ' V..... libx264 = H.264'");
        ffmpeg.need_encoder("libx264").unwrap();
        let said = ffmpeg.need_encoder("libvpx-vp9").unwrap_err().to_string();
        assert!(
            said.contains("no encoder libvpx-vp9") && said.contains("setup --video"),
            "{said}"
        );
    }

    #[test]
    fn what_is_no_ffmpeg_is_said() {
        let (_folder, other) = script("echo hello");
        let said = other.version().unwrap_err().to_string();
        assert!(said.contains("it said: hello"), "{said}");
        let (_folder, broken) = script("exit 3");
        let said = broken.version().unwrap_err().to_string();
        assert!(said.contains("exit status: 3"), "{said}");
        let (_folder, right) = script("echo ffmpeg version 7.0.2-static x");
        assert_eq!(right.version().unwrap(), "7.0.2-static");
    }
}
