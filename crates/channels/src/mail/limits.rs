//! How much of a message is read before the rest is left alone.

/// The bounds a message is read within.
///
/// A message is written by a stranger: without bounds ten thousand nested parts or a million header fields cost the
/// reader whatever the stranger likes. What lies beyond a bound is not read, and a [`Defect`](super::Defect) says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailLimits {
    /// The bytes of the whole message that are read.
    pub size: usize,
    /// How deep multiparts may be nested.
    pub depth: usize,
    /// How many parts a message may have, the multiparts counted.
    pub parts: usize,
    /// How many parts are handed on as attachments.
    pub attachments: usize,
    /// The bytes of one header block.
    pub header_size: usize,
    /// The header fields of one part.
    pub header_fields: usize,
    /// The bytes of text that are looked at for the visible reply.
    pub reply_size: usize,
    /// The bytes of HTML that are parsed.
    pub html_size: usize,
}

impl Default for MailLimits {
    fn default() -> Self {
        Self {
            size: 100 << 20,
            depth: 50,
            parts: 1_000,
            attachments: 500,
            header_size: 1 << 20,
            header_fields: 2_000,
            reply_size: 1 << 20,
            html_size: 4 << 20,
        }
    }
}
