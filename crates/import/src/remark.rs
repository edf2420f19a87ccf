//! What is to be said of single rows.

/// Something to say of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remarked {
    /// Which row, from 1, the header not counted.
    pub row: u64,
    /// The line on which it begins, from 1; absent in a JSON array.
    pub line: Option<u64>,
    /// The ticket it tells of, as far as that is known.
    pub external_id: Option<String>,
    /// What became of it.
    pub remark: Remark,
    /// Why.
    pub reason: String,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Remark {
    /// It is wrong and was left out.
    Rejected,
    /// The map says that it is left out.
    Ignored,
    /// It was brought in, but for something.
    Noted,
}

impl Remark {
    /// The name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Ignored => "ignored",
            Self::Noted => "noted",
        }
    }
}
