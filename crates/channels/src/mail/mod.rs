//! Reading e-mail: bytes in, values out. Nothing here touches a network, a disk or a clock, and nothing fails.

mod address;
mod charset;
mod date;
mod defect;
mod dom;
mod header;
pub mod html;
mod limits;
mod message;
pub mod reply;
mod structure;
mod transfer;

pub use address::Address;
pub use defect::Defect;
pub use header::{Field, Headers};
pub use limits::MailLimits;
pub use message::{Attachment, Message, ReportPart, read, read_within};
