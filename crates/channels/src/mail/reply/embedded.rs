//! A message carried in the text of another.

use super::lines::{Class, Line, classify, trim_lines};
use super::marker;

/// A message that carries another one in its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Embedded {
    /// The text before the embedded message.
    pub before: String,
    /// The embedded message from its headers on, without quotation marks; none when there is none.
    pub embedded: Option<String>,
}

/// Splits a text at the headers of the first message embedded in it.
pub fn embedded(text: &str) -> Embedded {
    let lines = classify(text);
    let Some(found) = (0..lines.len()).find_map(|index| found_at(&lines, index)) else {
        return Embedded {
            before: trim_lines(text),
            embedded: None,
        };
    };
    let before = &lines[..found.title];
    let end = before
        .iter()
        .rposition(|line| !is_separator(line))
        .map_or(0, |last| last + 1);
    Embedded {
        before: joined(&before[..end], |line| line),
        embedded: Some(if found.quoted {
            joined(&lines[found.headers..], unquote)
        } else {
            joined(&lines[found.headers..], |line| line)
        }),
    }
}

/// Where an embedded message begins.
struct Found {
    /// Its first line, which may announce it.
    title: usize,
    /// The first of its headers.
    headers: usize,
    quoted: bool,
}

/// The embedded message of which the line at `index` is the first.
fn found_at(lines: &[Line], index: usize) -> Option<Found> {
    let first = &lines[index];
    if first.class == Class::Header {
        let next_is_header = lines
            .get(index + 1)
            .is_some_and(|next| next.class == Class::Header);
        return (next_is_header || marker::is_inline_header_block(&first.text)).then_some(Found {
            title: index,
            headers: index,
            quoted: false,
        });
    }
    // A quotation that begins with headers is a message forwarded; one that does not is a message answered.
    let begins_quotation = first.class == Class::Quote
        && (index == 0 || lines[index - 1].class != Class::Quote)
        && !follows_marker(&lines[..index]);
    if !begins_quotation {
        return None;
    }
    let quotation: Vec<&str> = lines[index..]
        .iter()
        .take(MOST_LINES)
        .take_while(|line| line.class == Class::Quote)
        .map(|line| unquote(&line.text))
        .collect();
    let starts: Vec<usize> = (0..quotation.len())
        .filter(|&at| !quotation[at].trim().is_empty())
        .take(2)
        .collect();
    let headers = starts
        .into_iter()
        .find(|&at| marker::header_block_length(&quotation[at..]) > 1)?;
    Some(Found {
        title: index,
        headers: index + headers,
        quoted: true,
    })
}

/// The headers of a quoted message stand within this many lines.
const MOST_LINES: usize = 20;

fn follows_marker(lines: &[Line]) -> bool {
    lines
        .iter()
        .rev()
        .find(|line| line.class != Class::Empty)
        .is_some_and(|line| line.class == Class::Marker)
}

fn is_separator(line: &Line) -> bool {
    matches!(line.class, Class::Empty | Class::Rule | Class::Original)
}

/// The line without the first of its quotation marks.
fn unquote(line: &str) -> &str {
    let Some(rest) = line.trim_start().strip_prefix('>') else {
        return line;
    };
    rest.strip_prefix(' ').unwrap_or(rest)
}

fn joined(lines: &[Line], form: fn(&str) -> &str) -> String {
    let texts: Vec<&str> = lines.iter().map(|line| form(&line.text)).collect();
    trim_lines(&texts.join("\n"))
}

#[cfg(test)]
mod tests {

    #[track_caller]
    fn check(text: &str, before: &str, embedded: Option<&str>) {
        let found = super::embedded(text);
        assert_eq!(found.before, before, "{text}");
        assert_eq!(found.embedded.as_deref(), embedded, "{text}");
    }

    const MESSAGE: &str =
        "From: Eva <eva@example.com>\nDate: 5 Jan 2016\nSubject: Printer\n\nIt burns.";

    #[test]
    fn a_forwarded_message_is_found() {
        for title in [
            "---------- Forwarded message ---------",
            "Begin forwarded message:",
            "----- Edelleenlähetetty viesti -----",
            "________________________________",
        ] {
            check(
                &format!("Please see below.\n\n{title}\n{MESSAGE}"),
                "Please see below.",
                Some(MESSAGE),
            );
        }
    }

    #[test]
    fn a_quoted_message_is_found_by_its_headers() {
        let quoted = format!("> {}", MESSAGE.replace('\n', "\n> "));
        for title in [
            "",
            "> Begin forwarded message:\n>\n",
            "Forwarded message:\n\n",
            "Přeposlaná zpráva:\n\n",
        ] {
            check(
                &format!("Please see below.\n\n{title}{quoted}"),
                "Please see below.",
                Some(MESSAGE),
            );
        }
        let answered = format!("Yes.\n\nOn 6 Jan 2016, Tim <tim@example.com> wrote:\n{quoted}");
        check(&answered, &answered, None);
    }

    #[test]
    fn headers_in_one_line_with_their_title_are_found() {
        check(
            "See this.\n\n  ----- Forwarded Message ----- From: Eva <eva@example.com>To: tim@example.com Sent: Tuesday\nIt burns.",
            "See this.",
            Some("From: Eva <eva@example.com>To: tim@example.com Sent: Tuesday\nIt burns."),
        );
    }

    #[test]
    fn headers_in_a_language_nobody_taught_us_are_found_below_a_title() {
        check(
            "Look.\n\n--------- Xabar yuborildi ---------\nKimdan: Eva <eva@example.com>\nSana: 5.01.2016\nMavzu: Printer\n\nIt burns.",
            "Look.",
            Some("Kimdan: Eva <eva@example.com>\nSana: 5.01.2016\nMavzu: Printer\n\nIt burns."),
        );
        let list = "Look.\n\n-----\nApples: 5\nPears: 6\nPlums: 7";
        check(list, list, None);
    }

    #[test]
    fn nothing_embedded_leaves_the_text_whole() {
        check("Nothing here.", "Nothing here.", None);
    }
}
