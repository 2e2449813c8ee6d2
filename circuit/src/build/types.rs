//! Tables of types, as text: one space between columns, `NULL` where there is nothing.
//!
//! Owns how values are quoted: as Python's `csv` does, which is what BMTK writes and reads with.

use std::borrow::Cow;
use std::path::Path;

use super::partial::Partial;
use crate::CircuitError;

/// A table of types.
#[derive(Debug, Clone, Default)]
pub struct Types {
    /// The columns' names; the first is `node_type_id` or `edge_type_id`.
    pub columns: Vec<String>,
    /// A row for each type, with a value for each column.
    pub rows: Vec<Vec<Option<String>>>,
}

impl Types {
    /// Writes the file, in place of one that is there.
    ///
    /// # Errors
    /// [`CircuitError::Io`] where it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), CircuitError> {
        let mut text = line(self.columns.iter().map(|name| Some(name.as_str())));
        for row in &self.rows {
            let values = row.iter().map(Option::as_deref);
            let absent = self.columns.len().saturating_sub(row.len());
            text += &line(values.chain(std::iter::repeat_n(None, absent)));
        }
        let partial = Partial::of(path);
        std::fs::write(partial.beside(), text).map_err(|source| CircuitError::io(path, source))?;
        partial.finish()
    }
}

fn line<'a>(values: impl Iterator<Item = Option<&'a str>>) -> String {
    let mut text = values
        .map(|value| value.map_or(Cow::Borrowed("NULL"), quoted))
        .collect::<Vec<_>>()
        .join(" ");
    text.push('\n');
    text
}

fn quoted(value: &str) -> Cow<'_, str> {
    match value.is_empty() || value.contains([' ', '"', '\n', '\r', '\t']) {
        true => Cow::Owned(format!("\"{}\"", value.replace('"', "\"\""))),
        false => Cow::Borrowed(value),
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn values_are_quoted_where_a_reader_would_split_them() {
        let values = ["100", "['dend', 'apic']", "", "say \"a\"", "ei=='e'"];
        let text = line(values.into_iter().map(Some).chain([None]));
        let quoted = "100 \"['dend', 'apic']\" \"\" \"say \"\"a\"\"\" ei=='e' NULL\n";
        assert_eq!(text, quoted);
    }
}
