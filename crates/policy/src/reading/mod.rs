//! Reading TOML into forms: every mistake is reported with its place, and reading goes on after it.
//!
//! [`record!`] defines a table of a pack once: its fields, their documentation, how it is read and its JSON Schema.

mod values;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use schemars::{Schema, json_schema};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::pack::SECTIONS;
use crate::place::Place;
use crate::problem::{Problem, suggestion};
pub(crate) use values::{Many, Named};

/// A value as it stands in a file.
pub(crate) type Toml<'i> = Spanned<DeValue<'i>>;

/// Reads one file, and collects what is wrong with it.
pub(crate) struct Reader<'a> {
    file: Arc<str>,
    /// Where each line begins, in bytes.
    line_starts: Vec<usize>,
    problems: &'a mut Vec<Problem>,
    lost: &'a mut Lost,
}

/// What could not be read and is therefore missing from the forms, so that nobody reports it as missing.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    /// The names of the things that could not be read, as far as they have one.
    names: HashSet<String>,
    /// Whether anything was lost at all.
    any: bool,
}

impl Lost {
    /// Whether a thing of this name stands in the pack but could not be read.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether anything could not be read.
    pub fn any(&self) -> bool {
        self.any
    }
}

/// Something that can be read from a TOML value.
pub(crate) trait FromToml: Sized {
    /// What it is, for "expected …".
    fn what() -> Cow<'static, str>;

    /// Reads it; nothing after the mistake has been reported.
    fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self>;
}

impl<'a> Reader<'a> {
    /// A reader of a file.
    pub fn new(file: &str, text: &str, problems: &'a mut Vec<Problem>, lost: &'a mut Lost) -> Self {
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(index, _)| index + 1))
            .collect();
        Self {
            file: Arc::from(file),
            line_starts,
            problems,
            lost,
        }
    }

    /// Reads the whole file; nothing after its mistakes have been reported.
    pub fn read<T: FromToml>(&mut self, text: &str) -> Option<T> {
        let (document, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            let span = 0..0;
            let root = Spanned::new(span, DeValue::Table(document.into_inner()));
            return T::from_toml(&root, self);
        }
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            let place = self.place(span);
            self.report(
                Problem::error(
                    &place,
                    format!("this is no TOML: {}", one_line(error.message())),
                )
                .help("TOML is explained at https://toml.io"),
            );
        }
        None
    }

    /// The place of a span.
    pub fn place(&self, span: std::ops::Range<usize>) -> Place {
        let line = self
            .line_starts
            .partition_point(|&start| start <= span.start);
        Place {
            file: Arc::clone(&self.file),
            span,
            line: u32::try_from(line).unwrap_or(u32::MAX),
        }
    }

    /// Reports a problem.
    pub fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Remembers that a table was lost.
    pub fn lose(&mut self, table: &DeTable<'_>) {
        self.lost.any = true;
        let name = table.get("name").and_then(|name| name.get_ref().as_str());
        self.lost.names.extend(name.map(str::to_owned));
    }

    /// Reports that a value is of the wrong kind.
    pub fn wrong_kind(&mut self, value: &Toml<'_>, expected: &str) {
        let place = self.place(value.span());
        self.report(
            Problem::error(
                &place,
                format!("expected {expected}, found {}", kind(value.get_ref())),
            )
            .expected(format!("expected {expected}")),
        );
    }

    /// The entries of a table; reports anything else.
    pub fn table<'v, 'i>(&mut self, value: &'v Toml<'i>, what: &str) -> Option<&'v DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong_kind(value, &format!("a table: {what}"));
        }
        table
    }

    /// Reports every key of a table that is not one of these.
    pub fn refuse_other_keys(&mut self, table: &DeTable<'_>, keys: &[&str], what: &str) {
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if !keys.contains(&name) {
                let place = self.place(key.span());
                self.report(
                    Problem::error(&place, format!("unknown key `{name}` in {what}"))
                        .expected("not a key that is known here")
                        .maybe_help(other_file(name, what).or_else(|| suggestion(name, keys))),
                );
            }
        }
    }
}

/// Where a section belongs that stands in the wrong file.
fn other_file(name: &str, what: &str) -> Option<String> {
    // Files are "the tiers", their parts "a tier"; only in a file can a section have gone astray.
    let is_file = what.starts_with("the ");
    let (_, file) = SECTIONS
        .iter()
        .find(|(section, _)| is_file && *section == name)?;
    Some(format!("`{name}` belongs in {file}"))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// A field of a record: required, or optional when it is an `Option`.
pub(crate) trait Field: Sized {
    /// Reads the field; nothing when the record cannot be built without it.
    fn field(
        name: &str,
        table: &DeTable<'_>,
        place: &Place,
        what: &str,
        reader: &mut Reader<'_>,
    ) -> Option<Self>;
}

impl<T: FromToml> Field for T {
    fn field(
        name: &str,
        table: &DeTable<'_>,
        place: &Place,
        what: &str,
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        let Some(value) = table.get(name) else {
            reader.report(
                Problem::error(place, format!("{what} has no `{name}`"))
                    .expected(format!("expected `{name}`: {}", T::what())),
            );
            return None;
        };
        T::from_toml(value, reader)
    }
}

impl<T: FromToml> Field for Option<T> {
    /// A mistake in an optional field has been reported, so the record goes on without it: what refers to the record
    /// is then not reported as unknown as well.
    fn field(
        name: &str,
        table: &DeTable<'_>,
        _: &Place,
        _: &str,
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        Some(
            table
                .get(name)
                .and_then(|value| T::from_toml(value, reader)),
        )
    }
}

/// Defines a table of a pack: the structure, its reading and its JSON Schema.
macro_rules! record {
    ($(#[$meta:meta])* struct $name:ident as $what:literal {
        $($(#[$field_meta:meta])* $field:ident: $type:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        #[allow(non_snake_case, reason = "severities are written P1 to P4 in packs")]
        pub(crate) struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
            /// Where the table stands.
            #[schemars(skip)]
            #[allow(dead_code, reason = "not every record is spoken of in a message")]
            pub place: $crate::place::Place,
        }

        #[allow(non_snake_case, reason = "severities are written P1 to P4 in packs")]
        impl $crate::reading::FromToml for $name {
            fn what() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed($what)
            }

            fn from_toml(
                value: &$crate::reading::Toml<'_>,
                reader: &mut $crate::reading::Reader<'_>,
            ) -> Option<Self> {
                let table = reader.table(value, $what)?;
                let place = reader.place(value.span());
                $(let $field = <$type as $crate::reading::Field>::field(
                    stringify!($field), table, &place, $what, reader,
                );)*
                reader.refuse_other_keys(table, &[$(stringify!($field)),*], $what);
                let record = (|| Some(Self { $($field: $field?,)* place }))();
                if record.is_none() {
                    reader.lose(table);
                }
                record
            }
        }
    };
}
pub(crate) use record;

/// A value that is written as a text.
pub(crate) trait Text: Sized {
    /// What it is, for "expected …".
    const WHAT: &'static str;

    /// Reads the text; a message and perhaps some help otherwise.
    fn parse(text: &str) -> Result<Self, (String, Option<String>)>;

    /// The schema of the text beyond that it is one.
    fn schema() -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// Reads a text and says what is wrong with it.
pub(crate) fn read_text<T: Text>(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<T> {
    let Some(text) = value.get_ref().as_str() else {
        reader.wrong_kind(value, T::WHAT);
        return None;
    };
    match T::parse(text) {
        Ok(read) => Some(read),
        Err((message, help)) => {
            let place = reader.place(value.span());
            reader.report(
                Problem::error(&place, message)
                    .expected(format!("expected {}", T::WHAT))
                    .maybe_help(help),
            );
            None
        }
    }
}

/// Makes a [`Text`] readable and gives it its schema.
macro_rules! text_value {
    ($($type:ty),* $(,)?) => {$(
        impl $crate::reading::FromToml for $type {
            fn what() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(<$type as $crate::reading::Text>::WHAT)
            }

            fn from_toml(
                value: &$crate::reading::Toml<'_>,
                reader: &mut $crate::reading::Reader<'_>,
            ) -> Option<Self> {
                $crate::reading::read_text(value, reader)
            }
        }

        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($type))
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                <$type as $crate::reading::Text>::schema()
            }
        }
    )*};
}
pub(crate) use text_value;

impl Text for String {
    const WHAT: &'static str = "a text";

    fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        if text.trim().is_empty() {
            return Err((
                "the text is empty".into(),
                Some("leave the key out if there is nothing to say".into()),
            ));
        }
        Ok(text.to_owned())
    }
}

impl FromToml for String {
    fn what() -> Cow<'static, str> {
        Cow::Borrowed(<Self as Text>::WHAT)
    }

    fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        read_text(value, reader)
    }
}
