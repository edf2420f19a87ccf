//! What is wrong with a pack, shown the way a good compiler shows it.

use std::fmt::{self, Write as _};

use crate::place::Place;
use crate::source::PackSource;

/// Whether a pack with the problem can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It cannot.
    Error,
    /// It can, but something in it is probably not meant.
    Warning,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// Something that is wrong with a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Whether the pack can be used in spite of it.
    pub level: Level,
    /// What is wrong, in a line.
    pub message: String,
    /// Where; absent when something is missing from the pack altogether.
    pub place: Option<Place>,
    /// What was expected there, in a few words.
    pub expected: Option<String>,
    /// Another place that has to do with it, and what stands there.
    pub related: Option<(Place, String)>,
    /// How to mend it.
    pub help: Option<String>,
}

impl Problem {
    /// An error at a place.
    pub(crate) fn error(place: &Place, message: impl Into<String>) -> Self {
        Self {
            level: Level::Error,
            message: message.into(),
            place: Some(place.clone()),
            expected: None,
            related: None,
            help: None,
        }
    }

    /// A warning at a place.
    pub(crate) fn warning(place: &Place, message: impl Into<String>) -> Self {
        Self {
            level: Level::Warning,
            ..Self::error(place, message)
        }
    }

    /// An error of the whole pack.
    pub(crate) fn of_pack(message: impl Into<String>) -> Self {
        Self {
            level: Level::Error,
            message: message.into(),
            place: None,
            expected: None,
            related: None,
            help: None,
        }
    }

    /// Says what was expected.
    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Says how to mend it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says how to mend it, if anybody knows.
    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Points at another place.
    pub(crate) fn related(mut self, place: &Place, what: impl Into<String>) -> Self {
        self.related = Some((place.clone(), what.into()));
        self
    }

    /// The column at which the place begins, in characters from 1; nothing without a place.
    #[must_use]
    pub fn column(&self, source: &PackSource) -> Option<u32> {
        let place = self.place.as_ref()?;
        Some(Excerpt::of(place, source).column)
    }

    /// The problem with the lines it is about, marked.
    #[must_use]
    pub fn render(&self, source: &PackSource) -> String {
        let mut text = format!("{}: {}\n", self.level, self.message);
        let line_number = |place: &Place| place.line.to_string().len();
        let width = self
            .place
            .iter()
            .chain(self.related.iter().map(|(place, _)| place))
            .map(line_number)
            .max()
            .unwrap_or(1);
        if let Some(place) = &self.place {
            let label = self.expected.as_deref().unwrap_or_default();
            render_place(&mut text, place, source, "-->", '^', label, width);
        }
        if let Some((place, what)) = &self.related {
            render_place(&mut text, place, source, ":::", '-', what, width);
        }
        if let Some(help) = &self.help {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "{:width$} = help: {help}", "");
        }
        text
    }
}

fn render_place(
    text: &mut String,
    place: &Place,
    source: &PackSource,
    arrow: &str,
    mark: char,
    label: &str,
    width: usize,
) {
    let excerpt = Excerpt::of(place, source);
    let blank = " ".repeat(width);
    let indent: String = excerpt
        .line
        .chars()
        .take(excerpt.column as usize - 1)
        .map(|c| if c == '\t' { '\t' } else { ' ' })
        .collect();
    let marks: String = std::iter::repeat_n(mark, excerpt.length).collect();
    let marked = format!("{blank} | {indent}{marks} {label}");
    let _ = writeln!(
        text,
        "{blank}{arrow} {}:{}:{}\n{blank} |\n{:>width$} | {}\n{}",
        place.file,
        place.line,
        excerpt.column,
        place.line,
        excerpt.line,
        marked.trim_end()
    );
}

/// The line of a place, and the part of it to be marked.
struct Excerpt<'a> {
    line: &'a str,
    /// In characters, from 1.
    column: u32,
    /// In characters, at least 1; a place of several lines is marked on the first only.
    length: usize,
}

impl<'a> Excerpt<'a> {
    fn of(place: &Place, source: &'a PackSource) -> Self {
        let text = source.file(&place.file).unwrap_or_default();
        let start = place.span.start.min(text.len());
        let end = place.span.end.clamp(start, text.len());
        let before = text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |index| index + 1);
        let rest = text.get(line_start..).unwrap_or_default();
        let line = rest
            .split('\n')
            .next()
            .unwrap_or_default()
            .trim_end_matches('\r');
        let column = before.get(line_start..).unwrap_or_default().chars().count() as u32 + 1;
        let marked = text.get(start..end).unwrap_or_default();
        let length = marked
            .split('\n')
            .next()
            .unwrap_or_default()
            .trim_end()
            .chars()
            .count()
            .max(1);
        Self {
            line,
            column,
            length,
        }
    }
}

/// The candidate that was most probably meant, if any is near enough.
pub(crate) fn nearest<'a>(
    text: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let folded = text.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&folded, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A suggestion: the nearest candidate, else all of them.
pub(crate) fn suggestion(text: &str, candidates: &[&str]) -> Option<String> {
    if let Some(near) = nearest(text, candidates.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    match candidates {
        [] => None,
        [only] => Some(format!("there is only `{only}`")),
        _ => Some(format!("there are {}", listed(candidates))),
    }
}

/// Names in a row: `a`, `b` and `c`.
pub(crate) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
