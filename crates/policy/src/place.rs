//! Where something stands in a pack.

use std::ops::Range;
use std::sync::Arc;

use mainstay_domain::commitment::Source;
use mainstay_domain::name::FileName;

/// A stretch of text in a file of the pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's name within the pack.
    pub file: Arc<str>,
    /// The bytes of the text, on character boundaries.
    pub span: Range<usize>,
    /// The line on which it begins, from 1.
    pub line: u32,
}

impl Place {
    /// The place as the domain keeps it: file and line.
    #[must_use]
    pub fn source(&self) -> Source {
        Source {
            file: FileName::from(&*self.file),
            line: self.line,
        }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl<T> std::ops::Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
