//! Plain text: the visible reply and what was removed from it.
//!
//! Every line gets a class (text, empty, quotation, marker, header, signature, rule); what is kept is decided on the
//! classes alone. When in doubt a line is kept: showing a quotation is a nuisance, hiding an answer is a fault.

use super::lines::{Class, Line, classify, trim_lines};
use super::signature;

/// The visible reply of a message and the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// What the writer wrote now.
    pub reply: String,
    /// What was removed: quotations, their headers, signatures.
    pub removed: String,
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

/// A plain text in its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// What the writer wrote now, as [`strip`] leaves it.
    pub reply: String,
    /// The messages quoted above or below the reply.
    pub quoted: String,
    /// The writer's signature, above the quoted messages or below the reply.
    pub signature: String,
}

/// Parts a plain text in the reply, what it quotes and the writer's signature.
pub fn parts(text: &str) -> Parts {
    let lines = classify(text);
    let kept = keep(&lines);
    let end = signature_start(&lines);
    let mut parts = Parts::default();
    let mut in_quoted = false;
    for (index, (line, kept)) in lines.iter().zip(kept).enumerate() {
        in_quoted = match line.class {
            Class::Text if kept => false,
            Class::Marker | Class::Original | Class::Header | Class::Quote | Class::NamedQuote => {
                true
            }
            _ => in_quoted,
        };
        let is_signature = !in_quoted && (index >= end || line.class == Class::Mobile);
        let (target, text) = match (kept, is_signature) {
            (true, _) => (&mut parts.reply, line.text.as_str()),
            (false, true) => (&mut parts.signature, line.text.as_str()),
            (false, false) => (&mut parts.quoted, line.shown()),
        };
        target.push_str(text);
        target.push('\n');
    }
    Parts {
        reply: trim_lines(&parts.reply),
        quoted: trim_lines(&parts.quoted),
        signature: trim_lines(&parts.signature),
    }
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

/// Where the signature begins: at the first "--", or at the first other rule that has a signature below it.
fn signature_start(lines: &[Line]) -> usize {
    let mut has_text = false;
    for (index, line) in lines.iter().enumerate() {
        match line.class {
            Class::Text => has_text = true,
            Class::Rule
                if has_text
                    && (line.text.trim() == "--" || is_above_signature(&lines[index + 1..])) =>
            {
                return index;
            }
            _ => {}
        }
    }
    lines.len()
}

/// Whether what follows a rule is a signature rather than a table, a list or the next section of the text.
fn is_above_signature(below: &[Line]) -> bool {
    const MOST_LINES: usize = 12;
    const FAR: usize = 40;
    let texts: Vec<&str> = below
        .iter()
        .take(FAR)
        .take_while(|line| !matches!(line.class, Class::Marker | Class::Original | Class::Header))
        .filter(|line| line.class == Class::Text)
        .map(|line| line.text.as_str())
        .collect();
    texts.len() <= MOST_LINES && signature::looks_like_one(&texts)
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
            "Eva Roth <eva@example.com> 于2016年1月5日周二 10:42写道：",
            "uto, 5. sij 2016. u 10:42 Eva Roth <eva@example.com> napisala je:",
            "في الثلاثاء، 5 يناير 2016 في 10:42 ص تمت كتابة ما يلي بواسطة Eva Roth <eva@example.com>:",
            "Às 10:42 de 05/01/2016, Eva Roth escreveu:",
            "  Original Message\nFrom: Eva Roth\nSent: Tuesday, January 5, 2016 10:42\nSubject: Printer",
            "---- On Tue, 05 Jan 2016 10:42:00 +0000 Eva Roth <eva@example.com> wrote ----",
            "-----Original Message-----\nFrom: Eva\nSent: Tuesday",
            "-------- Mensaje original --------",
            "On Tue, 5 Jan 2016 10:42:00 +0000 Eva Roth <eva@example.com> wrote",
            "10:42 AM, January 5, 2016, \"Eva Roth\" <eva@example.com>:",
            "D. 05/01/2016 10.42 skrev \"Eva Roth\" <eva@example.com>:",
            "\u{feff}Dne 5. 1. 2016 10:42, Eva Roth <eva@example.com> napsal(a):",
            "---------- Wiadomość przesłana dalej ---------\nOd: Eva <eva@example.com>\nTemat: Drukarka",
            "----- Przekazana wiadomość ----- Od: Eva <eva@example.com>Do: tim@example.com Wysłano: wtorek",
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
            "Please book this:\nFrom: London\nTo: Paris\nDate: 5 May 2016\nThank you for it.",
            "These are open:\n\n----\n1. the printer\n2. the door\n----\n\nCan you mend both?",
            "Item     Date\n-------------\nPrinter  27 June\nDoor     28 June\n\nPlease confirm these dates to us by tomorrow.",
            "It burns again.\n\nSent from my desk, which is much easier than my telephone.",
            "Hello,\non 5 January 2016 at 10:42 the server wrote:\nerror 500\nSince then nothing works.",
            "Bonjour,\nLe 5 janvier à 10h42 le serveur a écrit :\nerreur 500\nEt depuis, rien.",
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
    fn a_quoted_sentence_that_was_broken_off_is_no_answer() {
        check(
            "Yes.\n\nOn 5 Jan 2016, Eva <eva@example.com> wrote:\n> The printer on the second floor burns, and the one on the third floor does\nnot print at all.\n> Eva",
            "Yes.",
        );
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
    fn the_writers_last_line_is_no_part_of_the_marker() {
        check(
            "Am 5.10. it worked, today not.\n\nOn 05.10.26 09:12, Eva wrote:\n> The printer burns.\n",
            "Am 5.10. it worked, today not.",
        );
    }

    #[test]
    fn a_marker_may_share_its_line_with_what_it_introduces() {
        check(
            "Yes.\n\n  On Tue, 5 Jan 2016 at 10:42, Eva<eva@example.com> wrote:   The printer burns.\nEva\n",
            "Yes.",
        );
    }

    #[test]
    fn what_stands_below_the_line_of_a_ticket_system_is_quoted() {
        check(
            "Yes.\n\n##- Please type your reply above this line -##\n\nThe printer burns.",
            "Yes.",
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
        assert_eq!(
            parts("On 5 Jan 2016, Eva wrote:\n> It burns.\n\nWhere?\n\n-- \nTim"),
            Parts {
                reply: "Where?".to_owned(),
                quoted: "On 5 Jan 2016, Eva wrote:\n> It burns.".to_owned(),
                signature: "-- \nTim".to_owned()
            }
        );
        assert_eq!(
            parts("Yes.\n\nSent from my iPhone\n\nFrom: Eva <eva@example.com>\nSent: 5 Jan 2016\nSubject: Printer\n\nIt burns.\n-- \nEva"),
            Parts {
                reply: "Yes.".to_owned(),
                quoted: "From: Eva <eva@example.com>\nSent: 5 Jan 2016\nSubject: Printer\n\nIt burns.\n-- \nEva".to_owned(),
                signature: "Sent from my iPhone".to_owned()
            }
        );
        for mobile in [
            "Sent from my iPhone",
            "Von meinem iPhone gesendet",
            "Enviado desde mi móvil",
            "Envoyé de mon iPhone",
            "Get Outlook for iOS<https://aka.ms/o0ukef>",
            "Outlook für Android<https://aka.ms/o0ukef> herunterladen",
            "Télécharger Outlook pour iOS<https://aka.ms/o0ukef>",
        ] {
            check(&format!("It burns.\n\n{mobile}"), "It burns.");
        }
    }

    #[test]
    fn a_quotation_alone_is_no_reply() {
        check("> Can you come?\n> At nine?", "");
        check("", "");
    }
}
