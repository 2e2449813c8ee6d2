//! A text table's rows and cells.
//!
//! Owns blanks and quotes. What the cells mean is not known here.

/// A value of a row.
#[derive(Debug, PartialEq)]
pub(super) struct Cell {
    /// Without its quotes.
    pub(super) text: String,
}

/// The rows that are not empty, each with the number of its line.
pub(super) fn rows(text: &str) -> impl Iterator<Item = (usize, Result<Vec<Cell>, String>)> {
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut line = 1;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let at = line;
            let (row, after, lines) = row(rest);
            rest = after;
            line += lines;
            match row {
                Ok(cells) if cells.is_empty() => {}
                row => return Some((at, row)),
            }
        }
        None
    })
}

/// The cells of the first row, what follows it, and how many lines it has: a quoted cell may have
/// several.
fn row(text: &str) -> (Result<Vec<Cell>, String>, &str, usize) {
    let mut cells = Vec::new();
    let mut lines = 1;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\n' => return (Ok(cells), text.get(at + 1..).unwrap_or(""), lines),
            ' ' | '\t' | '\r' => {}
            '"' => {
                let mut cell = String::new();
                loop {
                    match letters.next() {
                        // Two quotes are one.
                        Some((_, '"')) => match letters.peek() {
                            Some((_, '"')) => {
                                letters.next();
                                cell.push('"');
                            }
                            _ => break,
                        },
                        Some((_, letter)) => {
                            lines += usize::from(letter == '\n');
                            cell.push(letter);
                        }
                        None => return (Err("a quote is never closed".to_owned()), "", lines),
                    }
                }
                // Letters right after a quote belong to the cell, as in pandas.
                while let Some((_, letter)) =
                    letters.next_if(|(_, letter)| !letter.is_ascii_whitespace())
                {
                    cell.push(letter);
                }
                cells.push(Cell { text: cell });
            }
            first => {
                let mut cell = String::from(first);
                while let Some((_, letter)) =
                    letters.next_if(|(_, letter)| !letter.is_ascii_whitespace())
                {
                    cell.push(letter);
                }
                cells.push(Cell { text: cell });
            }
        }
    }
    (Ok(cells), "", lines)
}
