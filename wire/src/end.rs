//! How a publisher came to its end, as its last message says.
//!
//! What others sent is shown to the user: a reason is cut to a few lines and freed of what a
//! terminal would obey, whoever made it.

/// Bytes of a reason that are kept: its last ones, where a traceback says what happened.
const MAX_REASON_BYTES: usize = 2048;
/// Characters of a word that this version does not know.
const MAX_WORD_CHARS: usize = 32;

/// How a publisher came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum How {
    /// It was closed in order, or its script came to its end: this was all.
    Finished,
    /// Its script raised an error, or asked for a code that means one.
    Failed,
    /// It was asked to stop: by Ctrl-C, or by who started it.
    Interrupted,
    /// A word of a later version; what it means is not known here.
    Other(Box<str>),
}

impl How {
    /// The word that travels.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Other(word) => word,
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "finished" => Self::Finished,
            "failed" => Self::Failed,
            "interrupted" => Self::Interrupted,
            _ => Self::Other(printable(word).take(MAX_WORD_CHARS).collect()),
        }
    }
}

impl std::fmt::Display for How {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// How a publisher came to its end, and what it says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    how: How,
    reason: Option<Box<str>>,
}

impl End {
    /// Closed in order.
    #[must_use]
    pub fn finished() -> Self {
        Self::told("finished", None)
    }

    /// Asked to stop.
    #[must_use]
    pub fn interrupted() -> Self {
        Self::told("interrupted", None)
    }

    /// An error, whose last lines are `reason`: only the end of it travels, 2 KiB at most.
    #[must_use]
    pub fn failed(reason: &str) -> Self {
        Self::told("failed", Some(reason))
    }

    /// What a word and a reason say that somebody sent.
    #[must_use]
    pub fn told(word: &str, reason: Option<&str>) -> Self {
        let reason = reason.map(shown).filter(|reason| !reason.is_empty());
        let reason = reason.map(String::into_boxed_str);
        Self {
            how: How::of(word),
            reason,
        }
    }

    /// How it came to its end.
    #[must_use]
    pub fn how(&self) -> &How {
        &self.how
    }

    /// The last lines of what went wrong, without characters that a terminal would obey.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// The same without its reason: what others than this machine may know.
    #[must_use]
    pub fn without_reason(self) -> Self {
        Self {
            reason: None,
            ..self
        }
    }
}

/// The last bytes of a reason, whole characters and where possible whole lines of them.
fn shown(reason: &str) -> String {
    // Each character that is replaced takes three bytes: the limit holds for what is kept.
    let clean: String = printable(reason.trim_end()).collect();
    if clean.len() <= MAX_REASON_BYTES {
        return clean;
    }
    let mut from = clean.len() - MAX_REASON_BYTES;
    while !clean.is_char_boundary(from) {
        from += 1;
    }
    let kept = &clean[from..];
    let whole = kept.split_once('\n').map_or(kept, |(_, lines)| lines);
    whole.to_owned()
}

fn printable(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().map(|character| match character {
        '\n' | '\t' => character,
        // The second and third range turn the direction of what follows.
        _ if character.is_control() => char::REPLACEMENT_CHARACTER,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        _ => character,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_its_last_whole_lines() {
        let long = format!("{}\nlast line\nValueError: æ\n", "x".repeat(5000));
        let end = End::failed(&long);
        assert_eq!(end.reason(), Some("last line\nValueError: æ"));
        let one_line = End::failed(&"æ".repeat(5000));
        assert_eq!(one_line.reason().map(str::len), Some(MAX_REASON_BYTES));
        assert_eq!(End::failed(" \n").reason(), None);
    }

    #[test]
    fn a_terminal_obeys_nothing_of_it() {
        let end = End::told("odd\u{1b}[2J", Some("\u{1b}]0;x\u{7}\t1\r\n\u{202e}2"));
        assert_eq!(end.how().word(), "odd\u{fffd}[2J");
        assert_eq!(
            end.reason(),
            Some("\u{fffd}]0;x\u{fffd}\t1\u{fffd}\n\u{fffd}2")
        );
        let How::Other(word) = How::of(&"x".repeat(1000)) else {
            panic!("a word that is not known");
        };
        assert_eq!(word.len(), MAX_WORD_CHARS);
    }
}
