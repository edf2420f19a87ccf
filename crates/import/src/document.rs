//! The file that is brought in: bytes to rows. A row that cannot be read is given with the reason, and reading goes on
//! with the next one.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::csv::CsvTable;
use crate::encoding::{Encoding, Format};

/// The most bytes that are read, unpacked: the rows of a file are held in memory.
const MOST_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Document {
    content: Content,
    encoding: Encoding,
}

#[derive(Debug)]
enum Content {
    Csv(CsvTable),
    Lines(Vec<u8>),
    Array(Vec<Value>),
}

/// A row of the file.
pub(crate) struct Row<'a> {
    /// Which one, from 1, the header not counted.
    pub number: u64,
    /// The line on which it begins, from 1; nothing for a member of a JSON array.
    pub line: Option<u64>,
    /// What stands in it, or why it cannot be read.
    pub cells: Result<Cells<'a>, String>,
    /// Whether the file ends within its last value, for all that can be seen: neither a quote nor a line end closes it.
    pub is_open: bool,
}

/// What stands in a row.
pub(crate) enum Cells<'a> {
    /// The values of a CSV row, under the header's names.
    Csv(&'a [String], Vec<Cow<'a, str>>),
    /// A JSON object.
    Json(Cow<'a, Value>),
}

impl Document {
    /// Reads and unpacks a file.
    ///
    /// # Errors
    /// Says why nothing of the file can be used.
    pub fn read(
        file: impl Read,
        format: Option<Format>,
        encoding: Encoding,
        delimiter: Option<u8>,
        records: Option<&str>,
    ) -> Result<Self, String> {
        let mut text = unpack(file)?;
        if text.starts_with(b"\xef\xbb\xbf") {
            text.drain(..3);
        }
        refuse_other_kinds(&text)?;
        let format = format.unwrap_or_else(|| guess_format(&text));
        let content = match format {
            Format::Csv => Content::Csv(CsvTable::read(text, delimiter, encoding)?),
            Format::JsonLines => Content::Lines(text),
            Format::Json => Content::Array(array(&text, encoding, records)?),
        };
        Ok(Self { content, encoding })
    }

    /// The columns' names, where the file has a header.
    pub fn header(&self) -> Option<&[String]> {
        match &self.content {
            Content::Csv(table) => Some(&table.header),
            Content::Lines(_) | Content::Array(_) => None,
        }
    }

    /// Goes through the rows in their order.
    pub fn each(&self, mut visit: impl FnMut(Row<'_>)) {
        match &self.content {
            Content::Csv(table) => table.each(visit),
            Content::Lines(text) => {
                let mut number = 0;
                for (line, text) in (1..).zip(text.split(|byte| *byte == b'\n')) {
                    if text.iter().all(u8::is_ascii_whitespace) {
                        continue;
                    }
                    number += 1;
                    let cells = self.encoding.decode(text).and_then(|text| object(&text));
                    visit(Row {
                        number,
                        line: Some(line),
                        cells,
                        is_open: false,
                    });
                }
            }
            Content::Array(items) => {
                for (number, item) in (1..).zip(items) {
                    visit(Row {
                        number,
                        line: None,
                        cells: if item.is_object() {
                            Ok(Cells::Json(Cow::Borrowed(item)))
                        } else {
                            Err("this is not a JSON object".to_owned())
                        },
                        is_open: false,
                    });
                }
            }
        }
    }
}

impl Cells<'_> {
    /// The JSON value at a path such as `via.channel`; nothing for a CSV row.
    pub fn value(&self, path: &str) -> Option<&Value> {
        let Self::Json(value) = self else {
            return None;
        };
        if let Some(found) = value.get(path) {
            return Some(found);
        }
        path.split('.')
            .try_fold(value.as_ref(), |value, key| value.get(key))
    }

    /// The text in a column, without blanks around it; nothing when there is none.
    pub fn text(&self, column: &str) -> Option<String> {
        let text = match self {
            Self::Csv(header, values) => {
                let index = header.iter().position(|name| name == column)?;
                values.get(index)?.trim().to_owned()
            }
            Self::Json(_) => json_text(self.value(column)?)?.trim().to_owned(),
        };
        // PostgreSQL keeps no NUL in a text.
        let text = if text.contains('\0') {
            text.replace('\0', "\u{fffd}")
        } else {
            text
        };
        (!text.is_empty()).then_some(text)
    }
}

fn json_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().filter_map(json_text).collect();
            (!texts.is_empty()).then(|| texts.join(", "))
        }
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => Some(value.to_string()),
    }
}

fn unpack(file: impl Read) -> Result<Vec<u8>, String> {
    let packed = read_all(file).map_err(|error| format!("the file cannot be read: {error}"))?;
    if !packed.starts_with(b"\x1f\x8b") {
        return Ok(packed);
    }
    read_all(MultiGzDecoder::new(packed.as_slice())).map_err(|error| {
        format!(
            "the compressed file cannot be unpacked ({error}): it is damaged, or its end is missing. Nothing was \
             brought in; fetch the file again"
        )
    })
}

fn read_all(file: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(std::io::Error::other(
            "it has more than 2 GiB; split it into several files",
        ));
    }
    Ok(bytes)
}

fn refuse_other_kinds(text: &[u8]) -> Result<(), String> {
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err("the file is empty".to_owned());
    }
    if text.starts_with(b"PK\x03\x04") {
        return Err(
            "the file is a ZIP archive, as an Excel workbook is: unpack it, or save the sheet as CSV".to_owned(),
        );
    }
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return Err("the file is UTF-16: save it as UTF-8".to_owned());
    }
    Ok(())
}

fn guess_format(text: &[u8]) -> Format {
    let mut lines = text
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    match first.first() {
        Some(b'[') => Format::Json,
        // An object that ends with its line and is followed by another is one of many.
        Some(b'{')
            if first.ends_with(b"}") && lines.next().is_some_and(|next| next.starts_with(b"{")) =>
        {
            Format::JsonLines
        }
        Some(b'{') => Format::Json,
        _ => Format::Csv,
    }
}

fn object(text: &str) -> Result<Cells<'static>, String> {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Ok(Cells::Json(Cow::Owned(value))),
        Ok(_) => Err("this is not a JSON object".to_owned()),
        Err(error) => Err(format!("this is not JSON: {error}")),
    }
}

/// The rows of a JSON document: an array, or the array under a name in an object.
fn array(text: &[u8], encoding: Encoding, records: Option<&str>) -> Result<Vec<Value>, String> {
    let text = encoding.decode(text)?;
    let document: Value = serde_json::from_str(&text)
        .map_err(|error| format!("the file is not JSON: {error}. Nothing was brought in"))?;
    let mut object = match document {
        Value::Array(items) => return Ok(items),
        Value::Object(object) => object,
        _ => return Err("the file holds neither a JSON array nor an object".to_owned()),
    };
    if let Some(name) = records {
        return match object.remove(name) {
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(format!("{name:?} is not an array")),
            None => Err(format!(
                "the object has no array {name:?}, which the map names as `records`; it has {}",
                names(object.keys())
            )),
        };
    }
    let arrays: Vec<String> = object
        .iter()
        .filter(|(_, value)| {
            value
                .as_array()
                .is_some_and(|items| items.iter().any(Value::is_object))
        })
        .map(|(name, _)| name.clone())
        .collect();
    match arrays.as_slice() {
        [only] => match object.remove(only) {
            Some(Value::Array(items)) => Ok(items),
            _ => Ok(Vec::new()),
        },
        [] => Ok(vec![Value::Object(object)]),
        _ => Err(format!(
            "the object holds several arrays: say which with `records` in the map, one of {}",
            names(arrays.iter())
        )),
    }
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).collect();
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Vec<String>, String> {
        let document = Document::read(text, None, Encoding::Utf8, None, None)?;
        let mut rows = Vec::new();
        document.each(|row| {
            let line = row.line.map(|line| line.to_string()).unwrap_or_default();
            let cells = match row.cells {
                Ok(Cells::Csv(_, values)) => values.join("|"),
                Ok(Cells::Json(value)) => value.to_string(),
                Err(fault) => format!("! {fault}"),
            };
            let open = if row.is_open { " …" } else { "" };
            rows.push(format!("{}/{line} {cells}{open}", row.number));
        });
        Ok(rows)
    }

    #[test]
    fn a_broken_row_costs_itself_only() {
        let text = b"a,b\r\n1,\"x\"\"y\nz\"\r\n2,\"open\r\n3,ok\n\n4\n5,\xff\n6,\"q\"q\n7,end";
        let rows = read(text).unwrap().join("\n");
        insta::assert_snapshot!(rows, @r#"
        1/2 1|x"y
        z
        2/4 ! in column 2 something stands after a closing quote; a quote inside a value is written twice
        3/5 3|ok
        4/7 ! the row has 1 columns, the header has 2
        5/8 ! column "b": this is not UTF-8 (byte 0xff); if the file is in another encoding, name it in the map, such as encoding = "windows-1252"
        6/9 ! in column 2 something stands after a closing quote; a quote inside a value is written twice
        7/10 7|end …
        "#);
    }

    #[test]
    fn an_unclosed_quote_does_not_swallow_the_rest() {
        let rows = read(b"a;b\n1;\"open\n2;x\n3;y\n").unwrap().join("\n");
        insta::assert_snapshot!(rows, @r"
        1/2 ! a quote is opened and never closed
        2/3 2|x
        3/4 3|y
        ");
    }

    #[test]
    fn a_file_that_ends_within_a_value_says_so() {
        for (text, expected) in [
            (&b"a,b\n1,x"[..], "1/2 1|x …"),
            (b"a,b\n1,", "1/2 1| …"),
            (b"a,b\n1,x\n", "1/2 1|x"),
            (b"a,b\n1,x\r\n", "1/2 1|x"),
            (b"a,b\n1,\"x\"", "1/2 1|x"),
            (b"a,b\n1,\"x", "1/2 ! a quote is opened and never closed …"),
        ] {
            assert_eq!(read(text).unwrap(), [expected]);
        }
    }

    #[test]
    fn json_comes_in_three_shapes() {
        for text in [
            r#"[{"a":1},{"a":2}]"#,
            "{\"a\":1}\n\n{\"a\":2}\n",
            r#"{"count":2,"tickets":[{"a":1},{"a":2}]}"#,
        ] {
            let rows = read(text.as_bytes()).unwrap();
            assert_eq!(rows.len(), 2, "{text}");
            assert!(rows[1].ends_with(r#"{"a":2}"#), "{rows:?}");
        }
    }

    #[test]
    fn what_is_no_table_is_refused() {
        for text in [
            &b""[..],
            b" \n",
            b"PK\x03\x04zip",
            b"\xff\xfea\0",
            b"[1,",
            b"\x1f\x8b\x08\x00cut",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = read(&bytes);
        }

        #[test]
        fn no_almost_table_is_too_strange(text in "[a,;\"\r\n{}\\[\\]:1]{0,80}") {
            let _ = read(text.as_bytes());
        }

        #[test]
        fn what_is_quoted_is_read_back(values in proptest::collection::vec("[a-c,\"\n\r ]{1,6}", 2..5)) {
            let header: Vec<String> = (0..values.len()).map(|index| format!("h{index}")).collect();
            let quoted: Vec<String> = values.iter().map(|v| format!("\"{}\"", v.replace('"', "\"\""))).collect();
            let text = format!("{}\n{}\n", header.join(","), quoted.join(","));
            let document = Document::read(text.as_bytes(), Some(Format::Csv), Encoding::Utf8, Some(b','), None).unwrap();
            let mut found = Vec::new();
            document.each(|row| if let Ok(Cells::Csv(_, cells)) = row.cells {
                found.push(cells.into_iter().map(Cow::into_owned).collect::<Vec<_>>());
            });
            proptest::prop_assert_eq!(found, vec![values]);
        }
    }
}
