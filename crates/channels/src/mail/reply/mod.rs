//! What of a message its writer wrote now, and what of it was there before: quotations, forwarded mail, signatures.

mod marker;
mod plain;
mod signature;
mod words;

pub use plain::{Embedded, Reply, embedded, strip};
pub fn strip_html(t:&str)->Reply{Reply{reply:t.to_owned(),removed:String::new()}}
pub use signature::{Signed, split_signature};
