//! How a use case refuses or fails: one small set of reasons, which the edge turns into its own form.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use mainstay_domain::ticket;
use mainstay_store::StoreError;

/// What every use case returns.
pub type Result<T, E = AppError> = std::result::Result<T, E>;

/// Why a use case did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// There is no such thing, or the caller may not know that there is.
    #[error("{0}")]
    NotFound(String),
    /// Nobody is signed in, or the credential is wrong, expired or revoked.
    #[error("{0}")]
    Unauthorised(String),
    /// Who they are is proven as far as it goes; the code of their second factor is missing or wrong.
    #[error("{0}")]
    SecondFactorRequired(String),
    /// The caller is known and may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// The request contradicts the state of things.
    #[error("{0}")]
    Conflict(String),
    /// A rule forbids it as things are; trying again will not help.
    #[error("{0}")]
    Refused(String),
    /// Somebody else changed the thing since the caller read it.
    #[error("{0}")]
    Changed(String),
    /// What was given is wrong; each fault says where.
    #[error("{}", join(.0))]
    Invalid(Vec<Fault>),
    /// What was given is larger than is accepted.
    #[error("{0}")]
    TooLarge(String),
    /// The caller asks too often and may ask again after the given time.
    #[error("{what}")]
    TooMany {
        /// What there was too much of.
        what: String,
        /// When to come back.
        retry_after: Duration,
    },
    /// Something the program needs does not answer just now: worth trying again.
    #[error("{what}")]
    Unavailable {
        /// What does not answer.
        what: String,
        /// The cause, for the log.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// It may have been done or not: the store's answer was lost. Doing it again may do it twice.
    #[error("{what}")]
    InDoubt {
        /// What is not known.
        what: String,
        /// The cause, for the log.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// A fault of the program or of its data: trying again will not help.
    #[error("{what}")]
    Broken {
        /// What went wrong.
        what: String,
        /// The cause, for the log.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

/// One thing that is wrong with what was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where: the path to the field in what was given, outermost first; empty for the whole of it.
    pub path: Vec<String>,
    /// What is wrong and what was expected.
    pub detail: String,
}

impl Fault {
    /// A fault of a field at the top of what was given.
    pub fn at(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            path: vec![field.into()],
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.detail);
        }
        write!(f, "{}: {}", self.path.join("."), self.detail)
    }
}

impl AppError {
    /// There is no thing of this noun with this name or identifier.
    pub fn no_such(noun: &str, name: impl fmt::Display) -> Self {
        Self::NotFound(format!("There is no {noun} {name}."))
    }

    /// A single field is wrong.
    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault::at(field, detail)])
    }

    /// Something the program needs does not answer.
    pub fn unavailable(
        what: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Unavailable {
            what: what.into(),
            source: Some(source.into()),
        }
    }

    /// A fault of the program or of its data.
    pub fn broken(
        what: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Broken {
            what: what.into(),
            source: Some(source.into()),
        }
    }
}

impl From<ticket::Refusal> for AppError {
    fn from(refusal: ticket::Refusal) -> Self {
        match refusal {
            ticket::Refusal::UnknownStatus(..) => Self::invalid("status", refusal.to_string()),
            ticket::Refusal::Empty(_) | ticket::Refusal::NothingToSplit => {
                Self::Invalid(vec![Fault {
                    path: Vec::new(),
                    detail: refusal.to_string(),
                }])
            }
            _ => Self::Refused(refusal.to_string()),
        }
    }
}

/// Which version of a thing a writer means to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there.
    Any,
    /// One of these, which the writer has read.
    OneOf(Vec<u64>),
}

impl Expected {
    /// Checks that the thing still is what the writer read.
    ///
    /// # Errors
    /// Returns [`AppError::Changed`] when it is not.
    pub fn check(&self, current: u64) -> Result<()> {
        match self {
            Self::Any => Ok(()),
            Self::OneOf(versions) if versions.contains(&current) => Ok(()),
            Self::OneOf(_) => Err(AppError::Changed(format!(
                "This is at version {current} by now: read it again and repeat the change on what you find."
            ))),
        }
    }
}

impl Expected {
    /// As [`check`](Self::check), of a thing that is for its writers as it was at version `since`: what came after made new
    /// versions and changed nothing that they change.
    ///
    /// # Errors
    /// Returns [`AppError::Changed`] when none of the versions from `since` on is expected.
    pub fn check_any(&self, current: u64, since: u64) -> Result<()> {
        match self {
            Self::OneOf(versions) if versions.iter().any(|v| (since..current).contains(v)) => {
                Ok(())
            }
            _ => self.check(current),
        }
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::unavailable("The store does not answer.", error),
            StoreError::InDoubt(_) => Self::InDoubt {
                what: "The store's answer was lost, so it is not known whether this was done: look before you send it again.".to_owned(),
                source: Some(error.into()),
            },
            StoreError::ReadOnly(_) => Self::unavailable("The store cannot be written.", error),
            StoreError::Conflict(what) => Self::Conflict(format!("The store refused: {what}.")),
            StoreError::Corrupt(_)
            | StoreError::NewerSchema { .. }
            | StoreError::Address { .. }
            | StoreError::Refused(_) => Self::broken("The store is broken.", error),
        }
    }
}

fn join(faults: &[Fault]) -> String {
    let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_input_names_every_fault() {
        let error = AppError::Invalid(vec![
            Fault::at("email", "this is not an address"),
            Fault {
                path: Vec::new(),
                detail: "a name or an address is needed".into(),
            },
        ]);
        assert_eq!(
            error.to_string(),
            "email: this is not an address; a name or an address is needed"
        );
    }
}
