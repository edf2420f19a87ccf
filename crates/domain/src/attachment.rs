//! Attachments: files that came with a message. Their bytes are kept elsewhere, by their digest.

use crate::digest::Digest;

/// A file that came with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What its bytes are stored under.
    pub digest: Digest,
    /// Its name, as the sender gave it.
    pub file_name: String,
    /// Its media type, as the sender gave it, such as `image/png`.
    pub content_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// By which id the message's HTML shows it, when it is part of the text.
    pub content_id: Option<String>,
}
