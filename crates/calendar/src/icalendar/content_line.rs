//! The lines of an iCalendar file, unfolded and taken apart.

use super::{IcalendarError, IcalendarProblem};

/// One logical line: `NAME;PARAMETER=value:value`.
#[derive(Debug)]
pub(super) struct ContentLine {
    /// The number of its first physical line, counted from 1.
    pub(super) number: usize,
    /// In capitals.
    pub(super) name: String,
    pub(super) value: String,
}

/// The logical lines of a text. A physical line that begins with a blank continues the one before it.
pub(super) fn content_lines(
    text: &str,
) -> impl Iterator<Item = Result<ContentLine, IcalendarError>> {
    // Some programs write a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut logical: Vec<(usize, String)> = Vec::new();
    for (index, physical) in text.lines().enumerate() {
        match (physical.strip_prefix([' ', '\t']), logical.last_mut()) {
            (Some(rest), Some((_, line))) => line.push_str(rest),
            _ => logical.push((index + 1, physical.to_owned())),
        }
    }
    logical
        .into_iter()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| take_apart(number, &line))
}

fn take_apart(number: usize, line: &str) -> Result<ContentLine, IcalendarError> {
    let malformed = || IcalendarError::new(number, IcalendarProblem::MalformedLine);
    let colon = colon_outside_quotes(line).ok_or_else(malformed)?;
    let name = line[..colon].split(';').next().unwrap_or_default();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if name.is_empty() || !name.bytes().all(is_name) {
        return Err(malformed());
    }
    Ok(ContentLine {
        number,
        name: name.to_ascii_uppercase(),
        value: line[colon + 1..].to_owned(),
    })
}

/// Where the value begins: parameters may hold colons between quotes.
fn colon_outside_quotes(line: &str) -> Option<usize> {
    let mut quoted = false;
    line.bytes().position(|byte| {
        if byte == b'"' {
            quoted = !quoted;
        }
        byte == b':' && !quoted
    })
}
