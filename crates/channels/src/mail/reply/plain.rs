//! Plain text: the visible reply and what was removed from it.
//!
//! Every line gets a class (text, empty, quotation, marker, header, signature, rule); what is kept is decided on the
//! classes alone. When in doubt a line is kept: showing a quotation is a nuisance, hiding an answer is a fault.

use super::{marker, words};

/// The visible reply of a message and the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// What the writer wrote now.
    pub reply: String,
    /// What was removed: quotations, their headers, signatures.
    pub removed: String,
}

/// A message that carries another one in its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Embedded {
    /// The text before the embedded message.
    pub before: String,
    /// The embedded message from its headers on; none when there is none.
    pub embedded: Option<String>,
}

/// Strips quotations, forwarded mail and signatures from a plain text.
pub fn strip(text: &str) -> Reply {
    let lines = classify(text);
    let kept = keep(&lines);
    let mut reply = String::new();
    let mut removed = String::new();
    for (line, kept) in lines.iter().zip(kept) {
        let (target, text) = if kept {
            (&mut reply, line.text.as_str())
        } else {
            (&mut removed, line.shown())
        };
        target.push_str(text);
        target.push('\n');
    }
    Reply {
        reply: trim_lines(&reply),
        removed: trim_lines(&removed),
    }
}

/// Splits a text at the headers of the first message embedded in it.
pub fn embedded(text: &str) -> Embedded {
    let lines = classify(text);
    let start = lines.iter().enumerate().position(|(index, line)| {
        line.class == Class::Header
            && lines[index..]
                .iter()
                .take_while(|line| line.class == Class::Header)
                .count()
                >= 2
    });
    let Some(start) = start else {
        return Embedded {
            before: trim_lines(text),
            embedded: None,
        };
    };
    let mut end = start;
    while end > 0
        && matches!(
            lines[end - 1].class,
            Class::Empty | Class::Rule | Class::Original
        )
    {
        end -= 1;
    }
    let joined = |lines: &[Line]| {
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        trim_lines(&texts.join("\n"))
    };
    Embedded {
        before: joined(&lines[..end]),
        embedded: Some(joined(&lines[start..])),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
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

#[derive(Debug, Clone)]
struct Line {
    class: Class,
    text: String,
    /// The quotation in the usual form, when it was written in another.
    requoted: Option<String>,
}

impl Line {
    fn new(class: Class, text: impl Into<String>) -> Self {
        Self {
            class,
            text: text.into(),
            requoted: None,
        }
    }

    fn shown(&self) -> &str {
        self.requoted.as_deref().unwrap_or(&self.text)
    }
}

fn classify(text: &str) -> Vec<Line> {
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
    let length = marker::header_block_length(rest);
    if length > 0 {
        lines.extend(
            rest[..length]
                .iter()
                .map(|line| Line::new(Class::Header, *line)),
        );
        return length;
    }
    if let Some((reply, marker)) = marker::split_shared_line(source) {
        lines.push(Line::new(Class::Text, reply));
        lines.push(Line::new(Class::Marker, marker));
        return 1;
    }
    let length = marker::marker_length(rest);
    if length > 0 {
        let joined = if length == 1 {
            source.to_owned()
        } else {
            marker::join(&rest[..length])
        };
        let is_title = words::original_message(&joined) || words::forwarded_message(&joined);
        lines.push(Line::new(
            if is_title {
                Class::Original
            } else {
                Class::Marker
            },
            joined,
        ));
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

/// Which lines are the visible reply.
fn keep(lines: &[Line]) -> Vec<bool> {
    let mut kept = vec![true; lines.len()];
    let end = signature_start(lines);
    kept[end..].fill(false);
    for (line, kept) in lines.iter().zip(&mut kept) {
        if line.class == Class::Mobile {
            *kept = false;
        }
    }
    let body = &lines[..end];
    let is_text = |line: &Line| line.class == Class::Text;
    let is_start =
        |line: &Line| matches!(line.class, Class::Marker | Class::Original | Class::Header);
    match body.iter().position(is_start) {
        None => drop_trailing_quotes(body, &mut kept),
        Some(start) if body[..start].iter().any(is_text) => keep_above(body, start, &mut kept),
        Some(start) => keep_below(body, start, &mut kept),
    }
    drop_gaps(lines, &mut kept);
    kept
}

/// Empty lines between two removed lines belong to what was removed.
fn drop_gaps(lines: &[Line], kept: &mut [bool]) {
    let mut removed_before = false;
    let mut index = 0;
    while index < lines.len() {
        let gap = lines[index..]
            .iter()
            .take_while(|line| line.class == Class::Empty)
            .count();
        let after = index + gap;
        if gap > 0 && removed_before && kept.get(after) == Some(&false) {
            kept[index..after].fill(false);
        }
        removed_before = kept.get(after) == Some(&false);
        index = after + 1;
    }
}

/// The reply stands above the quoted message that begins at `start`.
fn keep_above(body: &[Line], start: usize, kept: &mut [bool]) {
    let quoted = &body[start..];
    let is_quote = |line: &Line| line.class == Class::Quote;
    let Some(first) = quoted.iter().position(is_quote) else {
        return kept[start..body.len()].fill(false);
    };
    let last = quoted.iter().rposition(is_quote).unwrap_or(first);
    let unquoted = |lines: &[Line]| lines.iter().any(|line| line.class == Class::Text);
    let nested = quoted[1..first]
        .iter()
        .any(|line| matches!(line.class, Class::Header | Class::Original));
    if unquoted(&quoted[..first])
        || nested
        || matches!(quoted[0].class, Class::Header | Class::Original)
    {
        // The quoted message is written out, and quotes in its turn.
        return kept[start..body.len()].fill(false);
    }
    if unquoted(&quoted[first..last]) {
        // Answers stand between the quoted lines, which are needed to understand them.
        kept[start] = false;
        return;
    }
    // What follows the quotation was written now: a last word, or a name.
    let follows = last
        + 1
        + quoted[last + 1..]
            .iter()
            .take_while(|line| line.class == Class::Empty)
            .count();
    kept[start..start + follows].fill(false);
}

/// Nothing stands above the quoted message that begins at `start`.
fn keep_below(body: &[Line], start: usize, kept: &mut [bool]) {
    let is_quoted =
        |line: &Line| matches!(line.class, Class::Quote | Class::NamedQuote | Class::Header);
    let text_after = |index: usize| body[index..].iter().any(|line| line.class == Class::Text);
    let Some(first_text) = body.iter().position(|line| line.class == Class::Text) else {
        return kept[..body.len()].fill(false);
    };
    let last_quoted = body.iter().rposition(is_quoted);
    match last_quoted {
        // Quotation first, then the reply.
        Some(last) if last < first_text && text_after(last) => kept[..=last].fill(false),
        // The writer wrote under the marker, or among the quoted lines.
        _ => {
            for (line, kept) in body.iter().zip(kept.iter_mut()).skip(start) {
                if matches!(line.class, Class::Marker | Class::Original) {
                    *kept = false;
                }
            }
        }
    }
}

fn drop_trailing_quotes(body: &[Line], kept: &mut [bool]) {
    let is_open = |line: &Line| {
        matches!(
            line.class,
            Class::Empty | Class::Quote | Class::NamedQuote | Class::Mobile
        )
    };
    let start = body
        .iter()
        .rposition(|line| !is_open(line))
        .map_or(0, |last| last + 1);
    if body[start..]
        .iter()
        .any(|line| matches!(line.class, Class::Quote | Class::NamedQuote))
    {
        kept[start..body.len()].fill(false);
    }
}

/// Where the signature begins: at the first rule with text above it and little below.
fn signature_start(lines: &[Line]) -> usize {
    let mut has_text = false;
    for (index, line) in lines.iter().enumerate() {
        match line.class {
            Class::Text => has_text = true,
            Class::Rule if has_text => {
                let below = lines[index..].iter().take_while(|line| {
                    !matches!(line.class, Class::Marker | Class::Original | Class::Header)
                });
                let below = below.filter(|line| line.class == Class::Text).count();
                if below <= 12 || line.text.trim() == "--" {
                    return index;
                }
            }
            _ => {}
        }
    }
    lines.len()
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

/// A link in a quotation that was broken off its quotation mark still belongs to it.
fn join_broken_quotes(lines: &mut [Line]) {
    for index in 1..lines.len().saturating_sub(1) {
        let quoted =
            lines[index - 1].class == Class::Quote && lines[index + 1].class == Class::Quote;
        if quoted && lines[index].class == Class::Text && words::link_alone(&lines[index].text) {
            lines[index].class = Class::Quote;
        }
    }
}

/// Removes empty lines around the text and blanks at its end, but keeps the indentation of its first line.
fn trim_lines(text: &str) -> String {
    let trimmed = text.trim_end();
    let start = trimmed.len() - trimmed.trim_start().len();
    let line_start = trimmed[..start]
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    trimmed[line_start..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(strip(text).reply, expected, "{text}");
    }

    #[test]
    fn knows_how_languages_introduce_a_quotation() {
        let markers = [
            "On Tue, Jan 5, 2016 at 10:42 AM, Eva Roth <eva@example.com> wrote:",
            "On Jan 5, 2016, at 10:42,\nEva Roth <\neva@example.com> wrote:",
            "Am 05.01.2016 um 10:42 schrieb Eva Roth:",
            "Eva Roth <eva@example.com> schrieb am Di., 5. Jan. 2016 um 10:42 Uhr:",
            "Le mar. 5 janv. 2016 à 10:42, Eva Roth <eva@example.com> a écrit\u{a0}:",
            "El mar, 5 ene. 2016 a las 10:42, Eva Roth (<eva@example.com>) escribió:",
            "Em ter., 5 de jan. de 2016 às 10:42, Eva Roth <eva@example.com> escreveu:",
            "Il giorno mar 5 gen 2016 alle ore 10:42 Eva Roth <eva@example.com> ha scritto:",
            "Op di 5 jan. 2016 om 10:42 schreef Eva Roth <eva@example.com>:",
            "Den tis 5 jan. 2016 kl 10:42 skrev Eva Roth <eva@example.com>:",
            "ti 5. tammik. 2016 klo 10.42 Eva Roth (eva@example.com) kirjoitti:",
            "W dniu 5.01.2016 o 10:42, Eva Roth pisze:",
            "út 5. 1. 2016 v 10:42 odesílatel Eva Roth <eva@example.com> napsal:",
            "вт, 5 янв. 2016 г. в 10:42, Eva Roth <eva@example.com>:",
            "5 січ. 2016 р. 10:42 Eva Roth <eva@example.com> пише:",
            "在 2016年1月5日，上午10:42，Eva Roth <eva@example.com> 写道：",
            "2016年1月5日(火) 10:42 Eva Roth <eva@example.com>:",
            "---- On Tue, 05 Jan 2016 10:42:00 +0000 Eva Roth <eva@example.com> wrote ----",
            "-----Original Message-----\nFrom: Eva\nSent: Tuesday",
            "-------- Mensaje original --------",
            "From: Eva Roth [mailto:eva@example.com]\nSent: Tuesday, January 5, 2016 10:42\nTo: Tim\nSubject: Printer",
            "*Von:* Eva Roth\n*Gesendet:* Dienstag, 5. Januar 2016 10:42\n*An:* Tim\n*Betreff:* Drucker",
            "________________________________\nDe : Eva Roth\nEnvoyé : mardi 5 janvier 2016\nÀ : Tim\nObjet : Imprimante",
        ];
        for marker in markers {
            check(
                &format!("Yes.\n\n{marker}\n\n> The printer burns.\n"),
                "Yes.",
            );
            check(&format!("Yes.\n\n{marker}\n\nThe printer burns.\n"), "Yes.");
        }
    }

    #[test]
    fn leaves_text_that_only_looks_like_a_quotation() {
        for text in [
            "On Monday it worked.\nOn Tuesday it did not.",
            "Date: Wednesday\nTime: 7 am\nAddress: 130 Fox St",
            "To: be or not\nFrom: my point of view it is fine.",
            "On Monday at 10:15 he came and said:\nnothing.",
            "> Is it the printer?\n\nYes.",
            "```\n# not a rule\n-----\n> code\n```\n\nThat is all.",
            "a > b and b > c",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn keeps_answers_between_quoted_lines() {
        check(
            "On 5 Jan 2016, Eva <eva@example.com> wrote:\n\n> Can you come?\n\nYes.\n\n> At nine?\n\nNo, ten.",
            "> Can you come?\n\nYes.\n\n> At nine?\n\nNo, ten.",
        );
    }

    #[test]
    fn keeps_what_follows_a_quotation() {
        check(
            "On 5 Jan 2016, Eva <eva@example.com> wrote:\n> Can you come?\n\nYes.",
            "Yes.",
        );
        check(
            "Yes.\nOn 5 Jan 2016, Eva <eva@example.com> wrote:\n> Can you come?\n\nTim",
            "Yes.\nTim",
        );
    }

    #[test]
    fn removes_signatures() {
        let stripped = strip("It burns.\n\n-- \nTim Berg\n+49 30 123456\n");
        assert_eq!(
            stripped,
            Reply {
                reply: "It burns.".to_owned(),
                removed: "-- \nTim Berg\n+49 30 123456".to_owned()
            }
        );
        for mobile in [
            "Sent from my iPhone",
            "Von meinem iPhone gesendet",
            "Enviado desde mi móvil",
            "Envoyé de mon iPhone",
            "Get Outlook for iOS<https://aka.ms/o0ukef>",
        ] {
            check(&format!("It burns.\n\n{mobile}"), "It burns.");
        }
    }

    #[test]
    fn a_quotation_alone_is_no_reply() {
        check("> Can you come?\n> At nine?", "");
        check("", "");
    }

    #[test]
    fn a_forwarded_message_is_found() {
        let found = embedded(
            "Please see below.\n\n---------- Forwarded message ---------\nFrom: Eva <eva@example.com>\nDate: 5 Jan 2016\nSubject: Printer\n\nIt burns.",
        );
        assert_eq!(found.before, "Please see below.");
        assert!(
            found
                .embedded
                .is_some_and(|text| text.starts_with("From: Eva") && text.ends_with("It burns."))
        );
        assert_eq!(
            embedded("Nothing here."),
            Embedded {
                before: "Nothing here.".to_owned(),
                embedded: None
            }
        );
    }
}
