//! Message templates: subject and body per language, filled with a ticket's facts.
//!
//! Templates are checked when they are added, and strict: a variable that is not known is an error with its line and
//! the name that was probably meant, never an empty place in a letter to a customer. In HTML everything that is filled
//! in is escaped, and a template cannot switch that off.
//!
//! ```
//! use mainstay_channels::template::{Language, MessageTemplate, Templates};
//!
//! let mut templates = Templates::new();
//! templates.add("received", Language::English, MessageTemplate {
//!     subject: "[#{{ ticket.number }}] We have your message".to_owned(),
//!     text: "Dear {{ contact.name }},\nwe answer by {{ due }}.\n".to_owned(),
//!     html: None,
//! })?;
//! let facts = serde_json::json!({"ticket": {"number": 7}, "contact": {"name": "Zoë"}, "due": "10:30"});
//! let message = templates.render("received", Language::Spanish, &facts)?;
//! assert_eq!(message.subject, "[#7] We have your message");
//! assert_eq!(message.language, Language::English); // There is no Spanish one.
//! # Ok::<(), mainstay_channels::template::TemplateError>(())
//! ```

mod diagnose;

use std::collections::BTreeMap;
use std::fmt;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use crate::compose::one_line;

/// How many steps rendering one part may take: thousands of lines, and an end to a loop without one.
const MOST_STEPS: u64 = 1_000_000;

/// A language that messages are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// English, which every template has and all fall back to.
    English,
    /// Spanish.
    Spanish,
    /// Portuguese.
    Portuguese,
}

impl Language {
    /// Every language.
    pub const ALL: [Language; 3] = [Language::English, Language::Spanish, Language::Portuguese];

    /// The two letters of ISO 639: `en`, `es`, `pt`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Spanish => "es",
            Language::Portuguese => "pt",
        }
    }

    /// The language of a code, with or without a region (`es`, `pt-BR`, `EN_gb`).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Language> {
        let language = code.split(['-', '_']).next().unwrap_or_default();
        Language::ALL
            .into_iter()
            .find(|known| known.code().eq_ignore_ascii_case(language))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

/// A message with places to be filled, in one language. The syntax is Jinja's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageTemplate {
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: Option<String>,
}

/// A message filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedMessage {
    /// The language it turned out to be in.
    pub language: Language,
    /// The subject, on one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML, with everything filled in escaped.
    pub html: Option<String>,
}

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The subject.
    Subject,
    /// The plain text.
    Text,
    /// The HTML.
    Html,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Part::Subject => "subject",
            Part::Text => "text",
            Part::Html => "html",
        }
    }
}

/// What is wrong with a template, where, and what was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// The template's name.
    pub template: String,
    /// The language and part; none when the whole template is missing.
    pub place: Option<(Language, Part)>,
    /// The line in that part, from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub suggestion: Option<String>,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "template `{}`", self.template)?;
        if let Some((language, part)) = self.place {
            write!(formatter, " ({language}, {})", part.name())?;
        }
        if let Some(line) = self.line {
            write!(formatter, ", line {line}")?;
        }
        write!(formatter, ": {}", self.what)?;
        match &self.suggestion {
            Some(suggestion) => write!(formatter, "; {suggestion}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for TemplateError {}

/// The templates of a pack.
#[derive(Clone)]
pub struct Templates {
    environment: Environment<'static>,
    parts: BTreeMap<(String, Language), Vec<Part>>,
}

impl Templates {
    /// No templates.
    #[must_use]
    pub fn new() -> Templates {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_keep_trailing_newline(true);
        environment.set_fuel(Some(MOST_STEPS));
        // Without it the library does not say where an error is.
        environment.set_debug(true);
        environment.set_auto_escape_callback(|name| match name.ends_with("/html") {
            true => AutoEscape::Html,
            false => AutoEscape::None,
        });
        // What is filled in comes from strangers, so nothing may call itself safe.
        environment.remove_filter("safe");
        environment.add_filter("lines", line_breaks);
        Templates {
            environment,
            parts: BTreeMap::new(),
        }
    }

    /// Adds a template, or replaces the one of the same name and language.
    ///
    /// # Errors
    /// When a part is not valid, with its line.
    pub fn add(
        &mut self,
        name: &str,
        language: Language,
        template: MessageTemplate,
    ) -> Result<(), TemplateError> {
        let parts = [
            (Part::Subject, Some(template.subject)),
            (Part::Text, Some(template.text)),
            (Part::Html, template.html),
        ];
        let mut present = Vec::new();
        for (part, source) in parts {
            let Some(source) = source else { continue };
            if let Some((line, tag)) = forbidden_tag(&source) {
                return Err(TemplateError {
                    template: name.to_owned(),
                    place: Some((language, part)),
                    line: Some(line),
                    what: format!("`{tag}` is not allowed"),
                    suggestion: Some(
                        "a template stands alone, and what is filled into HTML is always escaped"
                            .to_owned(),
                    ),
                });
            }
            let added = self
                .environment
                .add_template_owned(part_name(name, language, part), source);
            added.map_err(|error| diagnose::syntax(name, language, part, &error))?;
            present.push(part);
        }
        self.parts.insert((name.to_owned(), language), present);
        Ok(())
    }

    /// The names and languages of all templates.
    pub fn names(&self) -> impl Iterator<Item = (&str, Language)> {
        self.parts
            .keys()
            .map(|(name, language)| (name.as_str(), *language))
    }

    /// Fills in the template of this name, in `language` or else in English.
    ///
    /// # Errors
    /// When there is none, when it names a variable that `context` does not have, or when it takes too long.
    pub fn render<Context: Serialize>(
        &self,
        name: &str,
        language: Language,
        context: &Context,
    ) -> Result<RenderedMessage, TemplateError> {
        let (language, parts) = self.find(name, language)?;
        let context = Value::from_serialize(context);
        let mut rendered = RenderedMessage {
            language,
            subject: String::new(),
            text: String::new(),
            html: None,
        };
        for part in parts {
            let text = self.render_part(name, language, *part, &context)?;
            match part {
                Part::Subject => rendered.subject = one_line(&text),
                Part::Text => rendered.text = text,
                Part::Html => rendered.html = Some(text),
            }
        }
        Ok(rendered)
    }

    /// Fills in every template with a sample of the context it will get, and returns what is wrong with each. A pack is
    /// checked so when it is read, not when the first customer waits for a letter.
    #[must_use]
    pub fn check<Context: Serialize>(&self, sample: &Context) -> Vec<TemplateError> {
        let sample = Value::from_serialize(sample);
        let mut errors = Vec::new();
        for ((name, language), parts) in &self.parts {
            for part in parts {
                errors.extend(self.render_part(name, *language, *part, &sample).err());
            }
        }
        errors
    }

    fn find(&self, name: &str, language: Language) -> Result<(Language, &[Part]), TemplateError> {
        [language, Language::English]
            .into_iter()
            .find_map(|language| {
                Some((
                    language,
                    self.parts.get(&(name.to_owned(), language))?.as_slice(),
                ))
            })
            .ok_or_else(|| diagnose::missing(name, language, self.parts.keys()))
    }

    fn render_part(
        &self,
        name: &str,
        language: Language,
        part: Part,
        context: &Value,
    ) -> Result<String, TemplateError> {
        let template = self
            .environment
            .get_template(&part_name(name, language, part));
        let template = template.map_err(|error| diagnose::syntax(name, language, part, &error))?;
        template
            .render(context)
            .map_err(|error| diagnose::rendering(name, language, part, &error, &template, context))
    }
}

impl Default for Templates {
    fn default() -> Self {
        Templates::new()
    }
}

impl fmt::Debug for Templates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.parts.keys()).finish()
    }
}

/// The part's name in the environment. The callback for escaping sees only this.
fn part_name(name: &str, language: Language, part: Part) -> String {
    format!("{name}/{language}/{}", part.name())
}

/// The tags that would switch escaping off, directly or by bringing in a part that is not HTML.
const FORBIDDEN_TAGS: [&str; 5] = ["autoescape", "include", "import", "from", "extends"];

/// The first forbidden tag, with its line.
fn forbidden_tag(source: &str) -> Option<(usize, &'static str)> {
    source.match_indices("{%").find_map(|(at, _)| {
        let inside = source[at + 2..].trim_start_matches(['-', '+']).trim_start();
        let word = inside
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .next()?;
        let tag = FORBIDDEN_TAGS.into_iter().find(|tag| *tag == word)?;
        Some((source[..at].matches('\n').count() + 1, tag))
    })
}

/// A filter for HTML: the text with its line breaks kept, `{{ message.text | lines }}`.
fn line_breaks(text: &str) -> Value {
    let escaped: String = text
        .replace("\r\n", "\n")
        .chars()
        .map(|letter| match letter {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            '\'' => "&#x27;".to_owned(),
            '\n' => "<br>\n".to_owned(),
            other => other.to_string(),
        })
        .collect();
    Value::from_safe_string(escaped)
}

#[cfg(test)]
mod tests;
