//! Reading e-mail: bytes in, values out. Nothing here touches a network, a disk or a clock, and nothing fails: what is
//! wrong with a message is listed in its [defects](Message::defects), and the rest of it is read.

mod address;
pub mod automatic;
mod body;
pub mod bounce;
mod charset;
mod date;
mod defect;
mod dom;
mod header;
pub mod html;
mod language;
mod limits;
mod message;
mod reading;
pub mod reply;
mod structure;
mod transfer;

pub use address::Address;
pub use defect::Defect;
pub use header::{Field, Headers};
pub use language::language;
pub use limits::MailLimits;
pub use message::{Attachment, Message, ReportPart, read, read_within};
pub use reading::Reading;
