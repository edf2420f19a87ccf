//! What commands print.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};

use crate::Failure;

/// Writes a line to standard output: on a terminal without what would steer it, elsewhere as it is. A reader that has gone
/// away, as `head` does, is no failure.
///
/// # Errors
/// Fails when standard output takes nothing, such as on a full disk.
pub fn say(line: impl Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written = if out.is_terminal() {
        writeln!(out, "{}", harmless(&line.to_string()))
    } else {
        writeln!(out, "{line}")
    };
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(format!(
            "cannot write to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}

/// A text with signs in the place of control characters. Strangers write subjects and messages, and a terminal obeys what it
/// is shown.
#[must_use]
pub fn harmless(text: &str) -> Cow<'_, str> {
    let steers = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let sign = |character: char| match character {
        // The signs for control characters stand in Unicode in their order.
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        _ => '\u{fffd}',
    };
    let shown = text.chars().map(|character| match steers(character) {
        true => sign(character),
        false => character,
    });
    Cow::Owned(shown.collect())
}

/// Rows of cells as a table: columns as wide as they need to be, two blanks between them.
#[must_use]
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_steer_a_terminal_is_shown_instead() {
        let hostile = "a\u{1b}[2Jb\u{9b}1mc\r\n\td\u{7f}";
        assert_eq!(
            harmless(hostile),
            "a\u{241b}[2Jb\u{fffd}1mc\u{240d}\n\td\u{2421}"
        );
        assert!(matches!(harmless("Olá\n\tmundo"), Cow::Borrowed(_)));
    }
}
