//! What each line of a plain text is: text, empty, quotation, marker, header, signature or rule.

use super::{marker, words};

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Empty,
    Text,
    Quote,
    /// "Richard> …": a quotation style whose end is hard to see.
    NamedQuote,
    /// "On … wrote:".
    Marker,
    /// "-----Original Message-----".
    Original,
    Header,
    /// "Sent from my telephone".
    Mobile,
    /// A line of dashes, underscores or the like.
    Rule,
}

/// A line and what it is.
#[derive(Debug, Clone)]
pub struct Line {
    pub class: Class,
    pub text: String,
    /// The quotation in the usual form, when it was written in another.
    pub requoted: Option<String>,
}

impl Line {
    fn new(class: Class, text: impl Into<String>) -> Self {
        Self {
            class,
            text: text.into(),
            requoted: None,
        }
    }

    /// The text, quoted in the usual form.
    pub fn shown(&self) -> &str {
        self.requoted.as_deref().unwrap_or(&self.text)
    }
}

/// The lines of `text`, each with its class.
pub fn classify(text: &str) -> Vec<Line> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let sources: Vec<&str> = text.split('\n').collect();
    let mut lines = Vec::with_capacity(sources.len());
    let mut in_code = false;
    let mut index = 0;
    while index < sources.len() {
        let source = sources[index];
        let rest = &sources[index..];
        let fence = source.trim_start().starts_with("```");
        if fence {
            // A fence that nothing closes is no fence.
            in_code = !in_code
                && rest[1..]
                    .iter()
                    .any(|line| line.trim_start().starts_with("```"));
        }
        if fence || in_code {
            lines.push(Line::new(Class::Text, source));
            index += 1;
        } else {
            index += classify_next(rest, &mut lines);
        }
    }
    join_broken_quotes(&mut lines);
    lines
}

/// Classifies the first line, with those that belong to it; says how many lines that were.
fn classify_next(rest: &[&str], lines: &mut Vec<Line>) -> usize {
    let source = rest[0];
    let trimmed = source.trim();
    if trimmed.is_empty() {
        lines.push(Line::new(Class::Empty, ""));
        return 1;
    }
    if is_quote(rest, lines.last()) {
        lines.push(quote(source));
        return 1;
    }
    let length = match marker::header_block_length(rest) {
        0 if follows_title(lines) => marker::labelled_block_length(rest),
        length => length,
    };
    if length > 0 {
        lines.extend(
            rest[..length]
                .iter()
                .map(|line| Line::new(Class::Header, *line)),
        );
        return length;
    }
    if let Some((title, headers)) = marker::split_title(source) {
        lines.push(Line::new(Class::Original, title));
        lines.push(Line::new(Class::Header, headers));
        return 1;
    }
    if let Some((reply, marker)) = marker::split_shared_line(source) {
        lines.push(Line::new(Class::Text, reply));
        lines.push(Line::new(Class::Marker, marker));
        return 1;
    }
    if let Some((marker, quoted)) = marker::split_after_marker(source) {
        lines.push(Line::new(Class::Marker, marker));
        lines.push(Line::new(Class::Text, quoted));
        return 1;
    }
    if marker::is_title(rest) {
        lines.push(Line::new(Class::Original, source));
        return 1;
    }
    let length = marker::marker_length(rest);
    if length > 0 && !is_told(lines.last(), rest, length) {
        let joined = if length == 1 {
            source.to_owned()
        } else {
            marker::join(&rest[..length])
        };
        lines.push(Line::new(Class::Marker, joined));
        return length;
    }
    lines.push(match named_quote(source) {
        Some(requoted) => Line {
            class: Class::NamedQuote,
            text: source.to_owned(),
            requoted: Some(requoted),
        },
        None if is_rule(trimmed) => Line::new(Class::Rule, source),
        None if words::mobile_signature(source) => Line::new(Class::Mobile, source),
        None => Line::new(Class::Text, source),
    });
    1
}

/// Whether what looks like "On … wrote:" is a sentence among others: it names no address, and neither an empty line nor a
/// quotation parts it from the lines around it.
fn is_told(before: Option<&Line>, rest: &[&str], length: usize) -> bool {
    let is_named = rest[..length].iter().any(|line| line.contains('@'));
    let goes_on = rest.get(length).is_some_and(|next| {
        let next = next.trim_start();
        !next.is_empty() && !next.starts_with(['>', '|'])
    });
    !is_named && goes_on && before.is_some_and(|line| line.class == Class::Text)
}

/// A rule outside text: only such marks, and at least two unless the mark is used for nothing else.
fn is_rule(trimmed: &str) -> bool {
    const MARKS: &str = "-_=+~#*ᐧ—–";
    let alone = matches!(trimmed, "ᐧ" | "—" | "–");
    alone
        || (trimmed.chars().count() >= 2 && trimmed.chars().all(|c| MARKS.contains(c) || c == ' '))
}

fn is_quote(rest: &[&str], before: Option<&Line>) -> bool {
    let trimmed = rest[0].trim_start();
    if trimmed.starts_with('>') {
        // ">>> http://example.com <<<" draws the eye to a link; it quotes nothing.
        return !trimmed.trim_end().ends_with("<<");
    }
    // The bar quotes only in a run: alone it is the edge of a table.
    let barred = |line: &str| line.trim_start().starts_with("| ") || line.trim() == "|";
    barred(trimmed)
        && !trimmed.trim_end()[1..].contains('|')
        && (before.is_some_and(|line| line.class == Class::Quote)
            || rest.get(1).is_some_and(|next| barred(next)))
}

fn quote(source: &str) -> Line {
    let requoted = source
        .trim_start()
        .strip_prefix('|')
        .map(|rest| format!(">{rest}"));
    Line {
        class: Class::Quote,
        text: source.to_owned(),
        requoted,
    }
}

/// "Richard> …": one capitalised word and the quotation mark.
fn named_quote(source: &str) -> Option<String> {
    let (name, rest) = source.split_once('>')?;
    let is_name = (1..=20).contains(&name.chars().count())
        && name.chars().next().is_some_and(char::is_uppercase)
        && name.chars().all(char::is_alphabetic);
    (is_name && rest.starts_with(' ')).then(|| format!(">{rest}"))
}

/// Whether the last line that is not empty is a title such as "-----Original Message-----", or a rule.
fn follows_title(lines: &[Line]) -> bool {
    lines
        .iter()
        .rev()
        .find(|line| line.class != Class::Empty)
        .is_some_and(|line| matches!(line.class, Class::Original | Class::Rule))
}

/// What was broken off a quoted line still belongs to the quotation: a link, or the end of a long sentence.
fn join_broken_quotes(lines: &mut [Line]) {
    for index in 1..lines.len().saturating_sub(1) {
        let quoted =
            lines[index - 1].class == Class::Quote && lines[index + 1].class == Class::Quote;
        if quoted
            && lines[index].class == Class::Text
            && (words::link_alone(&lines[index].text)
                || is_broken_off(&lines[index - 1].text, &lines[index].text))
        {
            lines[index].class = Class::Quote;
        }
    }
}

/// Whether `line` continues the sentence of `quoted`, which is as long as mail programs let lines become.
fn is_broken_off(quoted: &str, line: &str) -> bool {
    const BREAKS_FROM: usize = 66;
    quoted.chars().count() >= BREAKS_FROM
        && !quoted.trim_end().ends_with(['.', '?', '!', ':', ';'])
        && line.starts_with(char::is_lowercase)
}

/// Removes empty lines around the text and blanks at its end, but keeps the indentation of its first line.
pub fn trim_lines(text: &str) -> String {
    let trimmed = text.trim_end();
    let start = trimmed.len() - trimmed.trim_start().len();
    let line_start = trimmed[..start]
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    trimmed[line_start..].to_owned()
}
