//! What people call a thing: a text, or one for each language.

use std::borrow::Cow;

use mainstay_domain::policy::Title;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::problem::Problem;
use crate::reading::{FromToml, Named, Reader, Text as _, Toml};
use crate::text::LanguageText;

/// A text, or a table of them by language.
#[derive(Debug, Clone)]
pub(crate) enum TitleForm {
    Plain(String),
    ByLanguage(Vec<(String, String)>),
}

impl TitleForm {
    /// The title.
    pub fn lower(&self) -> Title {
        match self {
            Self::Plain(text) => Title::plain(text),
            Self::ByLanguage(titles) => Title::by_language(titles.iter().cloned()),
        }
    }
}

impl FromToml for TitleForm {
    fn what() -> Cow<'static, str> {
        Cow::Borrowed("a title, or a table of titles by language")
    }

    fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if value.get_ref().as_str().is_some() {
            return String::from_toml(value, reader).map(Self::Plain);
        }
        let Named(titles) = Named::<String>::from_toml(value, reader)?;
        for (language, _) in &titles {
            if let Err((problem, help)) = LanguageText::parse(&language.value) {
                let problem = Problem::error(&language.place, problem);
                reader.report(problem.expected(LanguageText::WHAT).maybe_help(help));
            }
        }
        let titles = titles.into_iter();
        Some(Self::ByLanguage(
            titles
                .map(|(language, title)| (language.value, title))
                .collect(),
        ))
    }
}

impl JsonSchema for TitleForm {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("TitleForm")
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let plain = generator.subschema_for::<String>();
        let by_language = generator.subschema_for::<Named<String>>();
        json_schema!({ "anyOf": [plain, by_language] })
    }
}
