//! Lines that Blender and the libraries under it print although nothing is wrong.
//!
//! They come in every life of every instance, and would pass for its last words. Owns the table of
//! them and the filter over a stream. A line is in the table exactly as it is printed: it must never
//! hide a line that somebody has not seen and judged. Log files keep all.

/// A line that says nothing to anybody.
struct Noise {
    /// The whole line, without spaces around it; or, with `*` at its end, how it begins.
    line: &'static str,
    /// The line is only noise if this one follows: it complains, and this says that all is well.
    unless: Option<&'static str>,
    /// Who printed it when it was put here, and why it does no harm.
    #[allow(dead_code, reason = "for the reader of the table")]
    why: &'static str,
}

const SURFACELESS: &str = "Managed to successfully fallback to surfaceless EGL rendering!";

const NOISE: [Noise; 3] = [
    Noise {
        line: "EGL Error (0x3009): EGL_BAD_MATCH: Arguments are inconsistent (for example, a valid \
               context requires buffers not supplied by a valid surface).",
        unless: None,
        why: "Blender 3.4.1 and bpy 4.5.15 without a display: asked for a surface, took none",
    },
    Noise {
        line: "EGL Error (0x3001): EGL_NOT_INITIALIZED: EGL is not initialized, or could not be \
               initialized, for the specified EGL display connection.",
        unless: Some(SURFACELESS),
        why: "Blender 3.4.1 without a display: no display to initialise, then rendering without",
    },
    Noise {
        line: SURFACELESS,
        unless: None,
        why: "Blender 3.4.1 without a display: rendering needs none",
    },
];

impl Noise {
    fn is(&self, line: &str) -> bool {
        let line = line.trim();
        match self.line.strip_suffix('*') {
            Some(begin) => line.starts_with(begin),
            None => line == self.line,
        }
    }
}

/// Takes the noise out of a stream of lines.
#[derive(Debug, Default)]
pub struct Filter {
    /// Complaints that the next line may take back, and empty lines after them.
    held: Vec<String>,
    /// What takes them back.
    awaited: Option<&'static str>,
    /// The line before was noise: an empty line now belongs to it.
    after_noise: bool,
}

impl Filter {
    /// The lines to show, now that this one has come.
    #[must_use]
    pub fn pass(&mut self, line: String) -> Vec<String> {
        let is_empty = line.trim().is_empty();
        if is_empty && self.after_noise {
            self.after_noise = false;
            return Vec::new();
        }
        if is_empty && self.awaited.is_some() {
            self.held.push(line);
            return Vec::new();
        }
        let taken_back = self.awaited.take().is_some_and(|word| line.trim() == word);
        let mut shown = std::mem::take(&mut self.held);
        if taken_back {
            shown.clear();
        }
        self.after_noise = false;
        match NOISE.iter().find(|noise| noise.is(&line)) {
            None => shown.push(line),
            Some(noise) if noise.unless.is_some() => {
                self.awaited = noise.unless;
                self.held.push(line);
            }
            Some(_) => self.after_noise = true,
        }
        shown
    }

    /// What was held back, at the end of the stream.
    #[must_use]
    pub fn rest(&mut self) -> Vec<String> {
        std::mem::take(&mut self.held)
    }
}

/// The lines of a text without the noise.
pub(crate) fn without(text: &str) -> Vec<String> {
    let mut filter = Filter::default();
    let mut shown: Vec<_> = text
        .lines()
        .flat_map(|line| filter.pass(line.to_owned()))
        .collect();
    shown.extend(filter.rest());
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Blender 3.4.1 prints on stderr when it first renders without a display.
    const PRINTED: &str = "\
EGL Error (0x3001): EGL_NOT_INITIALIZED: EGL is not initialized, or could not be initialized, for the specified EGL display connection.

Managed to successfully fallback to surfaceless EGL rendering!

EGL Error (0x3009): EGL_BAD_MATCH: Arguments are inconsistent (for example, a valid context requires buffers not supplied by a valid surface).
";

    #[test]
    fn only_the_instances_own_words_are_left() {
        assert!(without(PRINTED).is_empty());
        let among = format!("mine\n{PRINTED}\n  mine too\n");
        // The empty line after the noise goes with it.
        assert_eq!(without(&among), ["mine", "  mine too"]);
    }

    #[test]
    fn a_complaint_that_nothing_takes_back_is_shown() {
        let complaint = PRINTED.lines().next().unwrap();
        assert_eq!(without(complaint), [complaint]);
        let more = format!("{complaint}\n\nand then the end");
        assert_eq!(without(&more), [complaint, "", "and then the end"]);
    }

    #[test]
    fn what_only_looks_like_noise_is_shown() {
        for line in ["EGL_BAD_MATCH", "x EGL Error (0x3009): EGL_BAD_MATCH", ""] {
            assert_eq!(without(line), line.lines().collect::<Vec<_>>());
        }
    }
}
