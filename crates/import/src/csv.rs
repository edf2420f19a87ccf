//! Tables of values between commas (RFC 4180). A broken row costs itself only.

use std::borrow::Cow;

use crate::document::{Cells, Row};
use crate::encoding::Encoding;

/// The longest quoted value. A quote that is not closed within it was never meant as one.
const LONGEST_VALUE: usize = 4 * 1024 * 1024;

/// A table with a header.
#[derive(Debug)]
pub(crate) struct CsvTable {
    text: Vec<u8>,
    delimiter: u8,
    encoding: Encoding,
    /// The columns' names.
    pub header: Vec<String>,
    /// The byte at which the first row begins, and its line.
    body: (usize, u64),
}

impl CsvTable {
    /// Reads the header.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn read(text: Vec<u8>, delimiter: Option<u8>, encoding: Encoding) -> Result<Self, String> {
        let begin = text
            .iter()
            .position(|byte| !matches!(byte, b'\r' | b'\n'))
            .unwrap_or(0);
        let first_line = &text[begin..end_of_line(&text, begin)];
        let delimiter = delimiter.unwrap_or_else(|| guess_delimiter(first_line));
        let unreadable = |fault: String| format!("the header cannot be read: {fault}");
        let record = scan(&text, begin, delimiter).map_err(unreadable)?;
        let header = record
            .fields
            .iter()
            .map(|field| Ok(encoding.decode(field)?.trim().to_owned()))
            .collect::<Result<Vec<String>, String>>()
            .map_err(unreadable)?;
        let body = (record.end, line_ends(&text[..record.end]) + 1);
        Ok(Self {
            text,
            delimiter,
            encoding,
            header,
            body,
        })
    }

    /// Goes through the rows in their order.
    pub fn each<'a>(&'a self, mut visit: impl FnMut(Row<'a>)) {
        let (mut at, mut line) = self.body;
        let mut number = 0;
        while at < self.text.len() {
            let end_of_line = end_of_line(&self.text, at);
            if self.text[at..end_of_line]
                .iter()
                .all(|byte| matches!(byte, b'\r' | b'\n'))
            {
                line += 1;
                at = end_of_line;
                continue;
            }
            number += 1;
            let (cells, end) = self.row(at, end_of_line);
            let is_open =
                end == self.text.len() && !matches!(self.text[end - 1], b'"' | b'\r' | b'\n');
            visit(Row {
                number,
                line: Some(line),
                cells,
                is_open,
            });
            line += line_ends(&self.text[at..end]);
            at = end;
        }
    }

    /// A row and where it ends. A row that is broken ends with its line, so that a quote that is never closed does not
    /// swallow the rows after it.
    fn row(&self, at: usize, end_of_line: usize) -> (Result<Cells<'_>, String>, usize) {
        let record = match scan(&self.text, at, self.delimiter) {
            Ok(record) => record,
            Err(fault) => return (Err(fault), end_of_line),
        };
        let (found, expected) = (record.fields.len(), self.header.len());
        if found != expected {
            let fault = format!("the row has {found} columns, the header has {expected}");
            return (Err(fault), end_of_line);
        }
        let values: Result<Vec<Cow<'_, str>>, String> = record
            .fields
            .into_iter()
            .zip(&self.header)
            .map(|(field, name)| {
                let decoded = match field {
                    Cow::Borrowed(bytes) => self.encoding.decode(bytes),
                    Cow::Owned(bytes) => self
                        .encoding
                        .decode(&bytes)
                        .map(|text| Cow::Owned(text.into_owned())),
                };
                decoded.map_err(|fault| format!("column {name:?}: {fault}"))
            })
            .collect();
        (
            values.map(|values| Cells::Csv(&self.header, values)),
            record.end,
        )
    }
}

fn guess_delimiter(line: &[u8]) -> u8 {
    let count = |delimiter: u8| line.iter().filter(|byte| **byte == delimiter).count();
    // The last of equals wins, so that a comma is taken where there is none of them.
    *[b'\t', b';', b',']
        .iter()
        .max_by_key(|delimiter| count(**delimiter))
        .unwrap_or(&b',')
}

/// Behind the end of the line that `at` stands in. Old spreadsheets end lines with a carriage return alone.
fn end_of_line(text: &[u8], at: usize) -> usize {
    let rest = &text[at..];
    let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    length.map_or(text.len(), |length| {
        at + length
            + if rest[length..].starts_with(b"\r\n") {
                2
            } else {
                1
            }
    })
}

/// How many lines end in `text`.
fn line_ends(text: &[u8]) -> u64 {
    let mut ends = 0;
    let mut at = 0;
    while at < text.len() {
        let end = end_of_line(text, at);
        ends += u64::from(matches!(text[end - 1], b'\n' | b'\r'));
        at = end;
    }
    ends
}

struct CsvRecord<'a> {
    fields: Vec<Cow<'a, [u8]>>,
    end: usize,
}

/// Reads one record (RFC 4180) that begins at a byte.
fn scan(text: &[u8], begin: usize, delimiter: u8) -> Result<CsvRecord<'_>, String> {
    let mut fields = Vec::new();
    let mut at = begin;
    loop {
        let (field, end) = if text.get(at) == Some(&b'"') {
            quoted(text, at + 1)?
        } else {
            let rest = &text[at.min(text.len())..];
            let length = rest
                .iter()
                .position(|byte| *byte == delimiter || matches!(byte, b'\n' | b'\r'))
                .unwrap_or(rest.len());
            (Cow::Borrowed(&rest[..length]), at + length)
        };
        fields.push(field);
        match text.get(end) {
            Some(byte) if *byte == delimiter => at = end + 1,
            Some(b'\r') if text.get(end + 1) == Some(&b'\n') => {
                return Ok(CsvRecord {
                    fields,
                    end: end + 2,
                });
            }
            Some(b'\n' | b'\r') => {
                return Ok(CsvRecord {
                    fields,
                    end: end + 1,
                });
            }
            None => return Ok(CsvRecord { fields, end }),
            Some(_) => {
                return Err(format!(
                    "in column {} something stands after a closing quote; a quote inside a value is written twice",
                    fields.len()
                ));
            }
        }
    }
}

/// A quoted value whose first byte is at `begin`, and where it ends.
fn quoted(text: &[u8], begin: usize) -> Result<(Cow<'_, [u8]>, usize), String> {
    let limit = text.len().min(begin + LONGEST_VALUE);
    let mut value: Option<Vec<u8>> = None;
    let mut from = begin;
    while let Some(length) = text[from..limit].iter().position(|byte| *byte == b'"') {
        let quote = from + length;
        if text.get(quote + 1) == Some(&b'"') && quote + 1 < limit {
            value
                .get_or_insert_default()
                .extend_from_slice(&text[from..=quote]);
            from = quote + 2;
            continue;
        }
        let value = match value {
            None => Cow::Borrowed(&text[begin..quote]),
            Some(mut value) => {
                value.extend_from_slice(&text[from..quote]);
                Cow::Owned(value)
            }
        };
        return Ok((value, quote + 1));
    }
    Err("a quote is opened and never closed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each row's number and line, and its values or what is wrong with it.
    fn rows(text: &str) -> Vec<String> {
        let table = CsvTable::read(text.as_bytes().to_vec(), None, Encoding::default()).unwrap();
        let mut rows = Vec::new();
        table.each(|row| {
            let cells = match &row.cells {
                Ok(cells) => cells.text("b").unwrap_or_default(),
                Err(fault) => fault.clone(),
            };
            rows.push(format!("{} {:?} {cells}", row.number, row.line));
        });
        rows
    }

    #[test]
    fn a_broken_row_costs_itself_only_however_lines_end() {
        let lines = ["a,b", "1,\"x", "y\"", "2", "3,\"open", "4,z"];
        for end in ["\n", "\r\n", "\r"] {
            assert_eq!(
                rows(&lines.join(end)),
                [
                    format!("1 Some(2) x{end}y"),
                    "2 Some(4) the row has 1 columns, the header has 2".to_owned(),
                    "3 Some(5) a quote is opened and never closed".to_owned(),
                    "4 Some(6) z".to_owned(),
                ],
                "{end:?}"
            );
        }
    }
}
