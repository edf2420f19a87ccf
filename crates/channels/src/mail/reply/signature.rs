//! Signatures: from "-- " on, from a sign-off on, or the lines with the writer's addresses.

use std::sync::LazyLock;

use regex::Regex;

use super::words;

/// A signature is looked for in this many last lines that are not empty.
const MOST_LINES: usize = 11;
/// A line longer than this is no line of a signature.
const LONGEST_LINE: usize = 60;

/// A text and the signature below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The text without the signature.
    pub text: String,
    /// The signature, as written.
    pub signature: Option<String>,
}

/// Splits the signature off the end of `text`. A text that is nothing but a signature stays whole.
pub fn split_signature(text: &str) -> Signed {
    let text = text.replace("\r\n", "\n");
    let lines: Vec<&str> = text.trim().lines().collect();
    match signature_start(&lines) {
        Some(start) => Signed {
            text: lines[..start].join("\n").trim().to_owned(),
            signature: Some(lines[start..].join("\n").trim().to_owned()),
        },
        None => Signed {
            text: text.trim().to_owned(),
            signature: None,
        },
    }
}

fn signature_start(lines: &[&str]) -> Option<usize> {
    let candidates = candidate_start(lines);
    let range = candidates..lines.len();
    let first = |is: fn(&str) -> bool| range.clone().find(|&index| is(lines[index]));
    range
        .clone()
        .find(|&index| is_separator(lines[index]) && stands_above_one(lines, index))
        .or_else(|| first_sign_off(lines, candidates))
        .or_else(|| {
            range
                .clone()
                .find(|&index| is_dashed_name(lines[index]) && !is_in_list(lines, index))
        })
        .or_else(|| first(words::mobile_signature))
        .or_else(|| contact_block(lines, candidates))
        .filter(|&start| lines[..start].iter().any(|line| !line.trim().is_empty()))
}

/// Where the last lines begin that may be a signature: few and short, and never the first line of the text.
fn candidate_start(lines: &[&str]) -> usize {
    let first_text = lines
        .iter()
        .position(|line| !line.trim().is_empty())
        .unwrap_or(0);
    let mut start = lines.len();
    let mut seen = 0;
    for (index, line) in lines.iter().enumerate().rev() {
        let length = line.trim().chars().count();
        if index == first_text || seen == MOST_LINES || length > LONGEST_LINE {
            break;
        }
        seen += usize::from(length > 0);
        start = index;
    }
    start
}

/// "--", "-- ", "---" or "__" alone, as they stand above a signature.
pub fn is_separator(line: &str) -> bool {
    let line = line.trim();
    matches!(line, "--" | "---" | "—" | "–" | "__" | "___" | "- -")
        || (line.len() >= 4 && line.bytes().all(|b| b == b'-' || b == b'_'))
}

/// "--" stands above nothing but a signature; other rules part a text as well.
fn stands_above_one(lines: &[&str], rule: usize) -> bool {
    let below: Vec<&str> = lines[rule + 1..]
        .iter()
        .copied()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[rule].trim() == "--" || looks_like_one(&below)
}

/// Whether the line beside it is an item too: "- Milk" above "- Bread" is nobody's name.
fn is_in_list(lines: &[&str], index: usize) -> bool {
    let is_item = |line: Option<&&str>| line.is_some_and(|line| words::list_item(line));
    let before = lines[..index]
        .iter()
        .rev()
        .find(|line| !line.trim().is_empty());
    let after = lines[index + 1..]
        .iter()
        .find(|line| !line.trim().is_empty());
    is_item(before) || is_item(after)
}

/// "-Lev." or "- Anna Lee".
fn is_dashed_name(line: &str) -> bool {
    static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"^\s*[-–—]{1,3}\s?\p{Lu}[\p{L}.']{0,20}(?:\s\p{Lu}[\p{L}.']{0,20}){0,2}[.!]?\s*$",
        )
        .ok()
    });
    NAME.as_ref().is_some_and(|pattern| pattern.is_match(line))
}

/// A sign-off counts when nothing below it is a part of the text: after "Thanks!" the writer may go on.
fn first_sign_off(lines: &[&str], start: usize) -> Option<usize> {
    let goes_on = (start..lines.len())
        .rev()
        .find(|&index| is_sentence(lines[index]))
        .map_or(start, |last| last + 1);
    (goes_on..lines.len()).find(|&index| words::sign_off(lines[index]))
}

/// A question, or words enough to be said to somebody.
fn is_sentence(line: &str) -> bool {
    const FEW_WORDS: usize = 6;
    let line = line.trim();
    let words = line.split_whitespace().count();
    line.ends_with('?')
        || words::postscript(line)
        || (words > FEW_WORDS
            && line.ends_with(['.', '!', ','])
            && !has_contact(line)
            && !words::legal_notice(line)
            && !words::sign_off(line))
}

/// Whether the lines below a rule are a signature: contacts, a legal notice, or a few names.
pub fn looks_like_one(lines: &[&str]) -> bool {
    const MOST_NAMES: usize = 6;
    const MOST_WORDS: usize = 7;
    if lines.iter().any(|line| words::list_item(line)) {
        return false;
    }
    let told = lines
        .iter()
        .any(|line| has_contact(line) || words::legal_notice(line));
    let names = lines.len() <= MOST_NAMES
        && lines.iter().all(|line| {
            !is_sentence(line)
                && line.split_whitespace().count() <= MOST_WORDS
                && !line.trim_end().ends_with([':', ';'])
        });
    told || names
}

/// A mail address, the address of a page or a telephone number.
fn has_contact(line: &str) -> bool {
    static CONTACT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)[\w.+-]+@[\w-]+\.\w+|https?://|\bwww\.|\+?\d[\d\s().-]{6,}\d").ok()
    });
    CONTACT
        .as_ref()
        .is_some_and(|pattern| pattern.is_match(line))
}

/// The last paragraph, when it is the writer's address block: two short lines or more with an address or a number.
fn contact_block(lines: &[&str], start: usize) -> Option<usize> {
    let block = (start..lines.len())
        .rev()
        .take_while(|&index| !lines[index].trim().is_empty())
        .last()?;
    let is_told = lines[block..].iter().any(|line| has_contact(line));
    let is_names = lines[block..].iter().all(|line| {
        !line.trim_end().ends_with(['?', ':', ';']) && line.split_whitespace().count() <= 6
    });
    let begins_with_name = lines[block].trim().starts_with(|c: char| c.is_uppercase());
    (lines.len() - block >= 2 && begins_with_name && is_told && is_names).then_some(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, signature: Option<&str>) {
        assert_eq!(
            split_signature(text).signature.as_deref(),
            signature,
            "{text}"
        );
    }

    #[test]
    fn finds_signatures() {
        check("It burns.\n\n--\nTim Berg", Some("--\nTim Berg"));
        check(
            "It burns.\n\nBest regards,\nTim",
            Some("Best regards,\nTim"),
        );
        check(
            "Es brennt.\n\nMit freundlichen Grüßen\nTim",
            Some("Mit freundlichen Grüßen\nTim"),
        );
        check("Arde.\n\nSaludos,\nTim", Some("Saludos,\nTim"));
        check(
            "Palaa.\n\nYstävällisin terveisin\nTim",
            Some("Ystävällisin terveisin\nTim"),
        );
        check(
            "燃えています。\n\nよろしくお願いいたします。\nティム",
            Some("よろしくお願いいたします。\nティム"),
        );
        check("It burns.\n\n-Tim", Some("-Tim"));
        check(
            "It burns.\n\nTim Berg\nExample Ltd\ntim@example.com",
            Some("Tim Berg\nExample Ltd\ntim@example.com"),
        );
    }

    #[test]
    fn leaves_texts_without_one() {
        check("It burns.", None);
        check("Thanks!", None);
        check("--\nTim", None);
        check(
            "It burns.\n\nThanks!\n\nCan you also look at the door?",
            None,
        );
        check(
            "It burns.\n\nThanks,\nTim\n\nPS: the door does not open",
            None,
        );
        check(
            "Thanks for the help with the printer on the second floor.\nIt still burns.",
            None,
        );
        check("It burns here:\n\nhttps://example.com/printer", None);
        check("We need:\n\n- Milk\n- Bread", None);
        check(
            "The file says:\n\n---\nserver:\n  port: 80\n---\nclient: {}\n\nWhy does it fail?",
            None,
        );
    }
}
