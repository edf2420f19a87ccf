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
pub use plain::{Parts, Reply, parts, strip};
pub use signature::{Signed, split_signature};
