//! How a command fails: what went wrong, where, and how to mend it.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

use mainstay_app::AppError;

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

    /// A failure of a use case: a problem at a time, and the cause of a fault, which only the person at the machine may
    /// see.
    #[must_use]
    pub fn of(error: &AppError) -> Self {
        let what = match error {
            AppError::Invalid(faults) => {
                let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
                texts.join("\n")
            }
            error => error.to_string(),
        };
        match error.source() {
            Some(cause) => Self::new(format!("{what}\n{cause}")),
            None => Self::new(what),
        }
    }

    /// Adds how the person can mend it.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// What went wrong and where, without the remedy.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.what
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

impl Error for Failure {}

/// What lies at the bottom of an error: the layers above it say nothing that helps.
pub(crate) fn root_of(error: &dyn Error) -> String {
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    root.to_string()
}
