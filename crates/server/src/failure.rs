//! How a command fails: what went wrong, where, and how to mend it.

use std::fmt;
use std::process::ExitCode;

/// The reason a command could not do what it was asked, in words for the person who typed it.
#[derive(Debug)]
pub struct Failure {
    what: String,
    remedy: Option<String>,
    code: u8,
}

impl Failure {
    /// A failure that says what went wrong and where.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            remedy: None,
            code: 1,
        }
    }

    /// Adds how the person can mend it.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Ends the process with another code than 1, where a program that runs the command asks for it.
    #[must_use]
    pub fn with_code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }

    /// Whether the process ends with this code.
    #[must_use]
    pub fn is_code(&self, code: u8) -> bool {
        self.code == code
    }

    /// The code the process ends with: 1 for most failures (wrong arguments end with 2 before a command runs).
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.what)?;
        if let Some(remedy) = &self.remedy {
            write!(f, "\n  help: {remedy}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}
