//! What of a message its writer wrote now, and what of it was there before: quotations, forwarded mail, signatures.

mod embedded;
mod lines;
mod marker;
mod markup;
mod plain;
mod signature;
mod words;

pub use embedded::{Embedded, embedded};
pub use markup::strip_html;
pub use plain::{Reply, strip};
pub use signature::{Signed, split_signature};

/// Whether a quotation begins with the first of `lines`: its mark, its "On … wrote:" or its headers.
pub fn begins_quotation(lines: &[&str]) -> bool {
    lines
        .first()
        .is_some_and(|line| line.trim_start().starts_with('>'))
        || marker::is_title(lines)
        || marker::marker_length(lines) > 0
        || marker::header_block_length(lines) > 0
}
