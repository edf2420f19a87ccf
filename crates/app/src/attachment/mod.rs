//! Attachments: files that come with messages.
//!
//! [`Blobs`] keeps bytes, in a folder or in S3, never in the database. What a mail brought is kept there at once, under
//! its SHA-256. What somebody uploads first stands in a place of its own, and is taken over to its SHA-256 when a message
//! takes it: so an upload that no message took can be removed without asking who else has the same bytes.

mod blobs;
mod kind;
mod upload;

pub use blobs::{Blobs, Contents, Place, S3Settings, digest};
pub use kind::{SHOWN_INLINE, media_type};
pub use upload::{AttachmentLimits, ReceivedFile};

pub(crate) use upload::{attach_uploads, forget_upload};
