//! What of a message its writer wrote now, and what of it was there before: quotations, forwarded mail, signatures.

mod marker;
mod markup;
mod plain;
mod signature;
mod words;

pub use markup::strip_html;
pub use plain::{Embedded, Reply, embedded, strip};
pub use signature::{Signed, split_signature};
