//! What can be wrong with the form of a message.

use std::fmt;

/// Something wrong with the form of a message; the rest of it was read all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Defect {
    /// There is no message at all.
    Empty,
    /// The message is larger than is read.
    TooLarge,
    /// Parts are nested deeper than is read.
    TooDeep,
    /// There are more parts than are read.
    TooManyParts,
    /// There are more attachments than are kept.
    TooManyAttachments,
    /// A header block has more fields or bytes than are read.
    HeaderTooLarge,
    /// A header block ends without an empty line.
    HeaderWithoutEnd,
    /// A line in a header block is neither a field nor the continuation of one.
    StrayHeaderLine,
    /// A multipart names no boundary.
    MultipartWithoutBoundary,
    /// The boundary of a multipart never appears.
    MultipartWithoutParts,
    /// The closing boundary of a multipart is missing.
    MultipartWithoutEnd,
    /// The date cannot be read.
    UnreadableDate,
}

impl Defect {
    /// The name of the defect, for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::TooManyParts => "too_many_parts",
            Self::TooManyAttachments => "too_many_attachments",
            Self::HeaderTooLarge => "header_too_large",
            Self::HeaderWithoutEnd => "header_without_end",
            Self::StrayHeaderLine => "stray_header_line",
            Self::MultipartWithoutBoundary => "multipart_without_boundary",
            Self::MultipartWithoutParts => "multipart_without_parts",
            Self::MultipartWithoutEnd => "multipart_without_end",
            Self::UnreadableDate => "unreadable_date",
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "there is no message",
            Self::TooLarge => "the message is larger than is read; its end was left alone",
            Self::TooDeep => "its parts are nested deeper than is read",
            Self::TooManyParts => "it has more parts than are read",
            Self::TooManyAttachments => "it has more attachments than are kept",
            Self::HeaderTooLarge => "a header is larger than is read",
            Self::HeaderWithoutEnd => "a header ends without an empty line",
            Self::StrayHeaderLine => "a header holds a line that is no field",
            Self::MultipartWithoutBoundary => "a multipart names no boundary",
            Self::MultipartWithoutParts => "the boundary of a multipart never appears",
            Self::MultipartWithoutEnd => "the closing boundary of a multipart is missing",
            Self::UnreadableDate => "its date cannot be read",
        })
    }
}
