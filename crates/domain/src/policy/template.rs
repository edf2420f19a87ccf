//! Message templates.

use crate::commitment::Source;
use crate::name::TemplateName;

/// A text that is sent, with places for what is particular to the ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageTemplate {
    /// Which message it is, such as `acknowledgement`.
    pub name: TemplateName,
    /// Its language, as a BCP 47 tag.
    pub language: String,
    /// The subject, in the syntax of minijinja.
    pub subject: String,
    /// The plain text, in the syntax of minijinja.
    pub body: String,
    /// Where the pack says so.
    pub source: Source,
    /// Whether the pack wrote it, or it comes with the program.
    pub origin: TemplateOrigin,
}

/// Who wrote a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateOrigin {
    /// The pack.
    Pack,
    /// The program, because the pack has none of that name and language.
    Default,
}
