//! Where a quoted message begins: "On … wrote:", "-----Original Message-----", a block of `From:` and `Sent:` lines.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::words::{self, HeaderKind};

/// The most lines a mail program breaks an "On … wrote:" into.
const MARKER_LINES: usize = 6;
/// The longest "On … wrote:".
const MARKER_LENGTH: usize = 500;

/// The most words of a title, with marks that stand by themselves.
const LONGEST_TITLE: usize = 8;

/// How many lines, from the first on, are one "On … wrote:"; 0 when they are none.
pub fn marker_length(lines: &[&str]) -> usize {
    let Some(first) = lines.first() else {
        return 0;
    };
    let following = lines.get(1..).unwrap_or_default();
    if is_marker(first)
        || is_bare_date_marker(first, following)
        || (is_quoted(following) && words::wrote_on_weekday(first))
    {
        return 1;
    }
    if !may_begin_marker(first) {
        return 0;
    }
    let mut joined = first.trim().to_owned();
    for (index, line) in lines.iter().enumerate().take(MARKER_LINES).skip(1) {
        let line = line.trim();
        if line.starts_with('>') && !matches!(line, ">" | ">:") && !words::ends_with_wrote(line) {
            return bare_date_length(&joined, index, line);
        }
        if is_marker(line) && (words::starts_with_on(line) || words::starts_with_date(line)) {
            // The first line is the writer's own, and the marker stands below it.
            return 0;
        }
        if !line.is_empty() {
            joined.push(' ');
            joined.push_str(line);
        } else if index > 2 {
            return 0;
        }
        if joined.len() > MARKER_LENGTH {
            return 0;
        }
        if is_marker(&joined) {
            return index + 1;
        }
    }
    0
}

/// The lines of a marker as one.
pub fn join(lines: &[&str]) -> String {
    let pieces: Vec<&str> = lines
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.is_empty())
        .collect();
    pieces.join(" ")
}

/// Splits "reply On Wed, Apr 4, 2012 at 3:59 PM, bob@example.com wrote:" into the reply and the marker.
pub fn split_shared_line(line: &str) -> Option<(&str, &str)> {
    static SHARED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)^(?P<reply>.*?\S)(?:-{2,}\s*|\s+-*\s*)(?P<marker>On\s+(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|\d{1,2})[^\n]{6,250}(?:wrote|sent):\s*)$").ok()
    });
    if !line.trim_end().ends_with(':') {
        return None;
    }
    let captures = SHARED.as_ref()?.captures(line)?;
    let (reply, marker) = (captures.name("reply")?, captures.name("marker")?);
    let before = reply.as_str();
    // "On Monday, Eva, on Tuesday Tim wrote:" is one marker.
    let is_quoted = before.trim_start().starts_with('>')
        || (words::starts_with_on(before) && words::has_date(before));
    (!is_quoted && is_marker(marker.as_str()))
        .then(|| (reply.as_str().trim_end_matches(['-', ' ']), marker.as_str()))
}

/// Splits "On Wed, 4 Apr 2012 at 3:59, Eva<eva@example.com> wrote:   The printer burns." into the marker and what the
/// quoted message begins with.
pub fn split_after_marker(line: &str) -> Option<(&str, &str)> {
    if !words::starts_with_on(line) || !line.contains('@') || line.len() > 4 * MARKER_LENGTH {
        return None;
    }
    line.match_indices([':', '：'])
        .map(|(at, colon)| line.split_at(at + colon.len()))
        .find(|(marker, rest)| {
            rest.starts_with("  ")
                && !rest.trim().is_empty()
                && words::ends_with_wrote(marker)
                && words::has_date(marker)
        })
}

/// How many lines, from the first on, are the headers of a quoted message; 0 when they are none.
///
/// The sender or the date comes first, and at least one other header follows. A value may run over one line more.
pub fn header_block_length(lines: &[&str]) -> usize {
    header_block(lines, words::header_kind)
}

/// As [`header_block_length`], with the judge of a single line given.
///
/// A header that says again what one above it said belongs to another block. So a line is looked at from the few lines
/// above it that begin a block, each of another kind, and the cost of a text is that of its lines.
fn header_block(lines: &[&str], kind_of: impl Fn(&str) -> Option<HeaderKind>) -> usize {
    const MOST: usize = 40;
    let mut kinds: Vec<HeaderKind> = Vec::new();
    let mut length = 0;
    let mut continued = 0;
    for (index, line) in lines.iter().enumerate().take(MOST) {
        let kind = kind_of(line);
        let begins = matches!(
            kind,
            Some(HeaderKind::From | HeaderKind::Date | HeaderKind::Subject | HeaderKind::To)
        );
        if index == 0 && !begins {
            return 0;
        }
        match kind {
            Some(kind) => {
                let is_new = !kinds.contains(&kind);
                if !is_new && kind != HeaderKind::Other {
                    break;
                }
                if is_new {
                    kinds.push(kind);
                }
                length = index + 1;
                continued = 0;
            }
            // Some programs write an empty line between the headers.
            None if line.trim().is_empty() => {
                let next = lines.get(index + 1).and_then(|line| kind_of(line));
                if next.is_none_or(|kind| kinds.contains(&kind)) || continued > 0 {
                    break;
                }
            }
            None => {
                continued += 1;
                if continued > 2 {
                    break;
                }
            }
        }
    }
    let has = |kind| kinds.contains(&kind);
    // "From: London, To: Paris, Date: 5 May" is a journey.
    let is_addressed = lines[..length].iter().any(|line| line.contains('@'));
    let is_block = kinds.len() >= 2
        && (is_addressed
            || has(HeaderKind::Subject)
            || lines[..length].iter().any(|line| words::says_sent(line)))
        && (has(HeaderKind::From)
            || (has(HeaderKind::Date) && (has(HeaderKind::To) || has(HeaderKind::Subject))))
        && (kinds.len() >= 3 || !has(HeaderKind::Other));
    let is_dated = || lines[..length].iter().any(|line| words::has_date(line));
    if is_block && (kinds.len() >= 3 || is_addressed || is_dated()) {
        length
    } else {
        0
    }
}

/// How many lines, from the first on, are headers in whatever language, as they stand below a title: "label: value"
/// three times or more, with an address and a date among them; 0 when they are none.
pub fn labelled_block_length(lines: &[&str]) -> usize {
    const FEWEST: usize = 3;
    const MOST: usize = 12;
    let mut length = 0;
    for (index, line) in lines.iter().enumerate().take(MOST) {
        if words::label(line) {
            length = index + 1;
        } else if !(index == length && index > 0 && line.contains('@')) {
            // An address list may run over one line more.
            break;
        }
    }
    let block = &lines[..length];
    let is_block = block.iter().filter(|line| words::label(line)).count() >= FEWEST
        && block.iter().any(|line| line.contains('@'))
        && block.iter().any(|line| words::has_date(line));
    if is_block { length } else { 0 }
}

/// Whether the first of `lines` announces another message: "-----Original Message-----", "Begin forwarded message:",
/// or, in whatever language, words between dashes above headers and words with a colon above quoted headers.
pub fn is_title(lines: &[&str]) -> bool {
    let Some(first) = lines.first() else {
        return false;
    };
    let line = visible(first);
    let is_short = line.split_whitespace().nth(LONGEST_TITLE).is_none();
    if (line.contains("--") && words::original_message(&line))
        || (is_short && words::forwarded_message(&line))
        || (words::above_this_line(&line) && stands_alone(&line, lines))
    {
        return true;
    }
    let following = || {
        let next = lines
            .iter()
            .skip(1)
            .take(3)
            .position(|line| !visible(line).trim().is_empty())?;
        lines.get(next + 1..)
    };
    if is_short && words::bare_original_message(&line) {
        return following().is_some_and(|lines| header_block_length(lines) > 1);
    }
    let ends_in_dashes = |rest: &str| rest.is_empty() || rest.trim_end().ends_with("--");
    if title_between_dashes(&line).is_some_and(|(_, rest)| ends_in_dashes(rest)) {
        return following().is_some_and(|lines| {
            words::header_kind(lines[0]).is_some() || labelled_block_length(lines) > 0
        });
    }
    let introduces = line.trim_end().ends_with([':', '：']) && line.split_whitespace().count() <= 6;
    introduces
        && following().is_some_and(|lines| {
            let quoted: Vec<&str> = lines
                .iter()
                .take(MARKER_LINES)
                .map_while(|line| line.trim_start().strip_prefix('>'))
                .collect();
            header_block_length(&quoted) > 1
        })
}

/// Whether "Reply above this line" is said by a ticket system and not by the writer in the middle of a text: it is set off
/// by a rule, it is a paragraph of its own without a full stop, or what follows it is quoted.
fn stands_alone(line: &str, lines: &[&str]) -> bool {
    let following = lines.get(1..).unwrap_or_default();
    let is_paragraph = following.first().is_none_or(|next| next.trim().is_empty());
    words::set_off(line)
        || (is_paragraph && !line.trim_end().ends_with('.'))
        || is_quoted(following)
        || header_block_length(following) > 0
}

/// Splits "----- Forwarded Message ----- From: eva@example.com To: …" into the title and the headers.
pub fn split_title(line: &str) -> Option<(&str, &str)> {
    let (title, rest) = title_between_dashes(line)?;
    (rest.contains('@') && words::header_kind(rest).is_some()).then_some((title, rest))
}

/// Words between dashes, and what stands behind them.
fn title_between_dashes(line: &str) -> Option<(&str, &str)> {
    static TITLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^(?P<title>[\s>*_]*[-–—]{2,}[\s*]*\p{L}[^\n@]{2,60}?[\s*:]*[-–—]{2,})[\s*_]*(?P<rest>.*)$")
            .ok()
    });
    if !has_dash(line) {
        return None;
    }
    let captures = TITLE.as_ref()?.captures(line)?;
    let (title, rest) = (captures.name("title")?, captures.name("rest")?);
    Some((title.as_str(), rest.as_str()))
}

/// "From: eva@example.com Date: 24 March" in one line, as a page shows headers that stand on lines of their own in its
/// source.
pub fn is_inline_header_block(line: &str) -> bool {
    static NEXT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"[\s>]\p{L}[\p{L} -]{0,20}[:：]\s").ok());
    let Some(first) =
        words::header_kind(line).filter(|kind| matches!(kind, HeaderKind::From | HeaderKind::Date))
    else {
        return false;
    };
    let next = NEXT
        .as_ref()
        .into_iter()
        .flat_map(|pattern| pattern.find_iter(line));
    next.filter_map(|found| words::header_kind(found.as_str()))
        .any(|kind| kind != first)
        && (line.contains('@') || words::has_date(line))
}

fn is_marker(line: &str) -> bool {
    if line.len() > MARKER_LENGTH || !(words::has_colon(line) || has_dash(line)) {
        return false;
    }
    let visible = visible(line);
    let line = visible.as_ref();
    let dated = words::has_date(line);
    let addressed = line.contains('@');
    if words::ends_with_wrote(line) {
        let dashed = line.trim_start().starts_with("--") && line.trim_end().ends_with("--");
        return dashed
            || addressed
            || (dated && (words::starts_with_on(line) || words::starts_with_date(line)));
    }
    if words::ends_with_bare_wrote(line) {
        return addressed && words::has_time(line) && words::starts_with_on(line);
    }
    if words::ends_with_sent(line) && addressed && dated {
        return true;
    }
    let dated_at_start = words::starts_with_on(line) || words::starts_with_date(line);
    if words::wrote_on_date(line) || (words::message_of_day(line) && (addressed || dated)) {
        return true;
    }
    if words::wrote_before_name(line) && dated && (dated_at_start || addressed) {
        return true;
    }
    words::ends_with_address_colon(line) && dated_at_start && dated
}

/// The line without marks that nobody sees: those for the direction of writing, which stand around names and addresses in
/// Hebrew and Arabic, and those that forbid or allow a line break.
fn visible(line: &str) -> Cow<'_, str> {
    if line.is_ascii() {
        return Cow::Borrowed(line);
    }
    let is_seen = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    Cow::Owned(line.chars().filter(is_seen).collect())
}

/// Whether there is a hyphen or a dash. Most lines are of ASCII and have none, so that is seen first.
fn has_dash(line: &str) -> bool {
    line.as_bytes().contains(&b'-') || (!line.is_ascii() && line.contains(['–', '—']))
}

/// "2013/7/20 Sam <sam@example.com>", without a colon, counts only when a quotation follows.
fn is_bare_date_marker(line: &str, following: &[&str]) -> bool {
    is_quoted(following) && words::ends_with_address(line) && words::starts_with_date(line)
}

/// Whether the first of the lines that say anything is quoted.
fn is_quoted(lines: &[&str]) -> bool {
    let first = lines.iter().find(|line| !line.trim().is_empty());
    first.is_some_and(|line| line.trim_start().starts_with(['>', '|']))
}

fn bare_date_length(joined: &str, lines: usize, next: &str) -> usize {
    if is_bare_date_marker(joined, &[next]) {
        lines
    } else {
        0
    }
}

fn may_begin_marker(line: &str) -> bool {
    if line.trim().is_empty() || line.trim_start().starts_with('>') || line.len() > MARKER_LENGTH {
        return false;
    }
    let dated = line.contains(char::is_numeric) && words::has_date(line);
    (dated && (words::starts_with_on(line) || words::starts_with_date(line)))
        || (line.contains('<') && line.contains('@'))
        || (line.trim_end().ends_with('<') && dated)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// How many lines are judged when a block is looked for at every line of a text that repeats `unit`.
    fn judged(unit: &[&str], times: usize) -> usize {
        let lines = unit.repeat(times);
        let judged = Cell::new(0);
        for first in 0..lines.len() {
            header_block(&lines[first..], |line| {
                judged.set(judged.get() + 1);
                words::header_kind(line)
            });
        }
        judged.get()
    }

    #[test]
    fn looking_for_headers_costs_a_few_looks_a_line() {
        for unit in [
            &["---", "a: b"][..],
            &["From: x"],
            &["From: x", "Reply-To: y"],
            &["Date: x", "", "To: y", ""],
            &["From: x", "and", "more", "Date: x", "and", "more"],
            &[
                "To: x",
                "Cc: x",
                "Subject: x",
                "Sender: x",
                "Sender: x",
                "Sender: x",
            ],
        ] {
            let (few, many) = (judged(unit, 50), judged(unit, 500));
            assert!(many <= 7 * 500 * unit.len(), "{unit:?}: {many} looks");
            assert!(many <= 11 * few, "{unit:?}: {few}, then {many} looks");
        }
    }

    #[test]
    fn a_weekday_marks_what_is_quoted_below_it() {
        for marker in [
            "On Monday Desk wrote:",
            "El lunes, Desk escribió:",
            "Am Montag hat Eva geschrieben:",
        ] {
            assert_eq!(
                marker_length(&[marker, "", "> The printer burns."]),
                1,
                "{marker}"
            );
            assert_eq!(
                marker_length(&[marker, "", "The printer burns."]),
                0,
                "{marker}"
            );
        }
    }

    #[test]
    fn the_line_that_we_write_above_a_quotation_is_one() {
        for marker in [
            "On 2026-03-02 11:00 CET, Ana Núñez wrote:",
            "El 2026-03-02 11:00 CET, Ana Núñez escribió:",
            "Em 2026-03-02 11:00 -03, ana@acme.example escreveu:",
        ] {
            assert_eq!(
                marker_length(&[marker, "> The printer burns."]),
                1,
                "{marker}"
            );
        }
    }

    #[test]
    fn a_catalan_program_names_the_sender_first() {
        let marker = "Missatge de Eva <eva@example.com> del dia dl., 2 de març 2026 a les 10:12:";
        assert_eq!(marker_length(&[marker, "", "> Hola"]), 1);
        let broken = [
            "Missatge de Eva <eva@example.com> del dia dl., 2 de març",
            "2026 a les 10:12:",
        ];
        assert_eq!(marker_length(&broken), 2);
        assert_eq!(marker_length(&["Missatge de la direcció:", "Hola"]), 0);
    }

    #[test]
    fn a_writer_may_speak_of_the_line_above() {
        let line = "Please reply above this line";
        assert!(is_title(&[line, "", "Hello Eva,"]));
        assert!(is_title(&[line, "> Hello"]));
        assert!(is_title(&["--- Reply above this line ---", "Hello"]));
        assert!(!is_title(&[line, "of the form, not below it."]));
        assert!(!is_title(&[
            "Please reply above this line.",
            "",
            "Thanks, Eva"
        ]));
    }

    #[test]
    fn a_header_said_again_begins_another_block() {
        let block = ["From: eva@example.com", "To: bob@example.com", "Subject: x"];
        let twice = block.repeat(2);
        assert_eq!(header_block_length(&block), 3);
        assert_eq!(header_block_length(&twice), 3);
        let more = [&block[..], &["Reply-To: a@b.example", "Importance: high"]].concat();
        assert_eq!(header_block_length(&more), 5);
    }
}
