//! From the library's errors to sentences that help: which variable, on which line, and what was probably meant.

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind, Template};
use strsim::damerau_levenshtein;

use super::{Language, Part, TemplateError};

/// How many names are listed when none is close to what was written.
const MOST_LISTED: usize = 8;

/// A template that cannot be parsed.
pub(super) fn syntax(name: &str, language: Language, part: Part, error: &Error) -> TemplateError {
    TemplateError {
        template: name.to_owned(),
        place: Some((language, part)),
        line: error.line(),
        what: error
            .detail()
            .map_or_else(|| error.kind().to_string(), ToOwned::to_owned),
        suggestion: None,
    }
}

/// A template that is not there, in the language asked for or in English.
pub(super) fn missing<'a>(
    name: &str,
    language: Language,
    known: impl Iterator<Item = &'a (String, Language)>,
) -> TemplateError {
    let known: Vec<&str> = known.map(|(name, _)| name.as_str()).collect();
    let (what, suggestion) = match known.contains(&name) {
        true => (
            format!("it is not there in `{language}` nor in `en`"),
            Some("add it in English, which all languages fall back to".to_owned()),
        ),
        false => (
            "there is no such template".to_owned(),
            instead(name, &known, "", ""),
        ),
    };
    TemplateError {
        template: name.to_owned(),
        place: None,
        line: None,
        what,
        suggestion,
    }
}

/// A template that cannot be filled in.
pub(super) fn rendering(
    name: &str,
    language: Language,
    part: Part,
    error: &Error,
    template: &Template<'_, '_>,
    context: &Value,
) -> TemplateError {
    let plain = syntax(name, language, part, error);
    if error.kind() == ErrorKind::OutOfFuel {
        return TemplateError {
            what: "it takes too many steps".to_owned(),
            suggestion: Some("look for a loop that does not end".to_owned()),
            ..plain
        };
    }
    if error.kind() != ErrorKind::UndefinedError {
        return plain;
    }
    let (what, suggestion) = match unknown_variable(error, template, context) {
        Some(path) => (
            format!("`{path}` is not known here"),
            suggest(&path, context),
        ),
        // A variable of the template's own, such as that of a loop: what it holds is not known before it runs.
        None => (
            format!("`{}` is not known here", expression(error, template)),
            None,
        ),
    };
    TemplateError {
        what,
        suggestion,
        ..plain
    }
}

/// The variable that the error is about. The library tells the place but not the name, and the place may be that of a
/// filter or operator the variable is used with; then it is the unknown variable on that line.
fn unknown_variable(error: &Error, template: &Template<'_, '_>, context: &Value) -> Option<String> {
    let mut unknown: Vec<String> = template
        .undeclared_variables(true)
        .into_iter()
        .filter(|path| !is_known(path, context))
        .collect();
    unknown.sort();
    let number = error.line().unwrap_or(1).saturating_sub(1);
    let line = template.source().lines().nth(number).unwrap_or_default();
    [expression(error, template), line]
        .into_iter()
        .find_map(|text| unknown.iter().find(|path| mentions(text, path)))
        .cloned()
}

/// The text at the place that the error names.
fn expression<'a>(error: &Error, template: &'a Template<'_, '_>) -> &'a str {
    let place = error.range().and_then(|range| template.source().get(range));
    place.unwrap_or("a variable").trim()
}

/// Whether the text has the path as a whole word.
fn mentions(text: &str, path: &str) -> bool {
    let part_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(path).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + path.len()..].chars().next();
        !before.is_some_and(|letter| part_of_name(letter) || letter == '.')
            && !after.is_some_and(part_of_name)
    })
}

fn is_known(path: &str, context: &Value) -> bool {
    let mut value = context.clone();
    for key in path.split('.') {
        match value.get_attr(key) {
            Ok(inner) if !inner.is_undefined() => value = inner,
            _ => return false,
        }
    }
    true
}

/// What to write instead of the first part of the path that is not known.
fn suggest(path: &str, context: &Value) -> Option<String> {
    let mut value = context.clone();
    let mut before = String::new();
    let mut after = path;
    for key in path.split('.') {
        after = &after[key.len()..];
        match value.get_attr(key) {
            Ok(inner) if !inner.is_undefined() => value = inner,
            _ => {
                let known = keys(&value);
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                return instead(key, &known, &before, after);
            }
        }
        after = after.strip_prefix('.').unwrap_or(after);
        before = format!("{before}{key}.");
    }
    None
}

fn keys(value: &Value) -> Vec<String> {
    if value.kind() != ValueKind::Map {
        return Vec::new();
    }
    let keys = value.try_iter().into_iter().flatten();
    keys.filter_map(|key| key.as_str().map(ToOwned::to_owned))
        .collect()
}

/// The known name closest to what was written, between what stands before and after it, or the names there are.
fn instead(written: &str, known: &[&str], before: &str, after: &str) -> Option<String> {
    let distance = |name: &str| damerau_levenshtein(&written.to_lowercase(), &name.to_lowercase());
    let closest = known.iter().min_by_key(|name| distance(name))?;
    // A third of the letters may differ; more is a guess that sends people the wrong way.
    if distance(closest) <= written.chars().count().div_ceil(3) {
        return Some(format!("did you mean `{before}{closest}{after}`?"));
    }
    let mut names: Vec<String> = known
        .iter()
        .map(|name| format!("`{before}{name}`"))
        .collect();
    names.sort();
    names.dedup();
    let more = if names.len() > MOST_LISTED {
        ", …"
    } else {
        ""
    };
    names.truncate(MOST_LISTED);
    Some(format!("known are {}{more}", names.join(", ")))
}
