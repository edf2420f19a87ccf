//! Exports of other systems, read: bytes to rows, and rows to the tickets that they tell of, by a map that says what the
//! columns mean. A row that is wrong costs itself only, and is answered for. Nothing is written here.

mod csv;
mod date;
mod document;
mod encoding;
mod incoming;
mod known;
mod map;
mod remark;
mod row;
mod table;
mod template;

use std::io::Read;

use jiff::Timestamp;

pub use incoming::{Contents, Incoming, Opening, Order, Party, Snapshot};
pub use known::Known;
pub use map::{ImportMap, MapProblem, SOURCE_NAME, is_source_name};
pub use remark::{Remark, Remarked};

/// Reads a whole file by a map. No date in it may be later than `now`.
///
/// # Errors
/// Says why nothing of the file can be used: it is unreadable as a whole, or the map does not fit it.
pub fn read(
    map: &ImportMap,
    file: impl Read,
    known: &Known,
    now: Timestamp,
) -> Result<Contents, String> {
    let form = &map.form;
    let delimiter = form.delimiter.map(|delimiter| delimiter.0);
    let document = document::Document::read(
        file,
        form.format,
        form.encoding,
        delimiter,
        form.records.as_deref(),
    )
    .map_err(|fault| format!("{fault}."))?;
    if let Some(header) = document.header() {
        map.check_header(header)
            .map_err(|problem| problem.to_string())?;
    }
    Ok(incoming::read(&document, form, known, now))
}
