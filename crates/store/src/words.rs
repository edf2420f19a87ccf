//! The words of a text, as both engines index them and as a query asks for them.
//!
//! The engines split texts differently, so it is done here: letters and digits make words, case and accents are
//! dropped, and each ideograph is a word.

use mainstay_domain::letter::{Part, each_part, push_lowercase};

/// A longer word is no word but data, and PostgreSQL refuses very long ones.
const LONGEST_WORD: usize = 64;

/// At most so many bytes of words are indexed of one text: what comes after in a text that long is no prose, and
/// PostgreSQL refuses more than a megabyte.
const LONGEST_TEXT: usize = 256 * 1024;

/// At most so many words of a query are looked for.
const MOST_QUERY_WORDS: usize = 12;

/// The words of texts, each once, in the order of their bytes, one blank between them: both engines index sorted words in less than
/// half of the time.
pub(crate) fn indexed(texts: &[&str]) -> String {
    let mut line = String::new();
    for text in texts {
        each_word(text, |word| {
            line.push_str(word);
            line.push(' ');
            line.len() < LONGEST_TEXT
        });
    }
    let words = line.split_terminator(' ');
    let mut words: Vec<([u8; 8], &str)> = words.map(|word| (beginning(word), word)).collect();
    words.sort_unstable();
    words.dedup();
    let mut sorted = String::with_capacity(line.len());
    for (_, word) in words {
        sorted.push_str(word);
        sorted.push(' ');
    }
    sorted.pop();
    sorted
}

/// The first bytes of a word, which nearly always say which of two comes first.
fn beginning(word: &str) -> [u8; 8] {
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(word.bytes()) {
        *to = from;
    }
    first
}

/// The words of a query, each once. The last one may be the beginning of a word.
pub(crate) fn asked(query: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    each_word(query, |word| {
        if let Some(index) = words.iter().position(|known| known == word) {
            words.remove(index);
        }
        words.push(word.to_owned());
        words.len() < MOST_QUERY_WORDS
    });
    words
}

/// Calls with each word, for as long as the answer is yes.
fn each_word(text: &str, mut visit: impl FnMut(&str) -> bool) {
    let mut word = String::new();
    let mut is_wanted = true;
    let mut end = |word: &mut String, is_wanted: &mut bool| {
        if *is_wanted && !word.is_empty() && word.len() <= LONGEST_WORD {
            *is_wanted = visit(word);
        }
        word.clear();
    };
    for piece in text.split_inclusive(char::is_whitespace) {
        each_part(piece, |part| {
            let letter = match part {
                Part::Plain(plain) => return push_lowercase(plain, &mut word),
                Part::Other(letter) => letter,
            };
            for letter in letter.to_lowercase() {
                if is_ideograph(letter) {
                    end(&mut word, &mut is_wanted);
                    word.push(letter);
                    end(&mut word, &mut is_wanted);
                } else if letter.is_alphanumeric() {
                    word.push(letter);
                } else {
                    end(&mut word, &mut is_wanted);
                }
            }
        });
        if !is_wanted {
            return;
        }
    }
    end(&mut word, &mut is_wanted);
}

/// Scripts that put no blanks between words.
fn is_ideograph(letter: char) -> bool {
    matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The place in a text to show for a query: about `width` characters around the first of its words, on one line.
pub(crate) fn excerpt(text: &str, words: &[String], width: usize) -> String {
    let start = text
        .char_indices()
        .filter(|(index, letter)| {
            letter.is_alphanumeric()
                && !text[..*index]
                    .chars()
                    .next_back()
                    .is_some_and(char::is_alphanumeric)
        })
        .map(|(index, _)| index)
        .find(|index| {
            let mut found = false;
            each_word(&text[*index..], |word| {
                found = words.iter().any(|asked| word.starts_with(asked.as_str()));
                false
            });
            found
        })
        .unwrap_or(0);
    let before: Vec<char> = text[..start].chars().rev().take(width / 3).collect();
    let lead: String = before.into_iter().rev().collect();
    let shown: String = lead
        .chars()
        .chain(text[start..].chars())
        .take(width)
        .collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A part of a text, and whether it is a word that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The part.
    pub text: String,
    /// Whether it was asked for.
    pub is_match: bool,
}

/// A text in parts, those that a query asks for marked. Joined they are the text.
#[must_use]
pub fn segments(text: &str, query: &str) -> Vec<Segment> {
    let asked = asked(query);
    let mut parts: Vec<Segment> = Vec::new();
    let mut push = |part: &str, is_match: bool| match parts.last_mut() {
        Some(last) if last.is_match == is_match => last.text.push_str(part),
        _ => parts.push(Segment {
            text: part.to_owned(),
            is_match,
        }),
    };
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = first.is_alphanumeric();
        let end = rest
            .find(|letter: char| letter.is_alphanumeric() != is_word)
            .unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        push(run, is_word && holds(run, &asked));
        rest = after;
    }
    parts
}

/// Whether a run of letters holds a word that was asked for.
fn holds(run: &str, asked: &[String]) -> bool {
    let mut found = false;
    each_word(run, |word| {
        found = asked.iter().enumerate().any(|(index, wanted)| {
            word == wanted || (index + 1 == asked.len() && word.starts_with(wanted.as_str()))
        });
        !found
    });
    found
}

/// The words of a name, for [`Fit::of`](mainstay_domain::search::Fit::of).
#[must_use]
pub fn words_of(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    each_word(name, |word| {
        words.push(word.to_owned());
        true
    });
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_were_asked_for_are_marked_and_nothing_is_lost() {
        let text = "The Réplica lags: replicas, lag.";
        let parts = segments(text, "lag replic");
        let marked: Vec<&str> = parts
            .iter()
            .filter(|part| part.is_match)
            .map(|part| part.text.as_str())
            .collect();
        assert_eq!(marked, ["Réplica", "replicas", "lag"]);
        let joined: String = parts.iter().map(|part| part.text.as_str()).collect();
        assert_eq!(joined, text);
        assert_eq!(segments("", "x"), []);
        assert_eq!(segments("nothing here", "").len(), 1);
    }

    #[test]
    fn words_lose_case_accents_and_signs() {
        assert_eq!(
            indexed(&["Conexão: FAILED (err-42)", "naïve"]),
            "42 conexao err failed naive"
        );
        assert_eq!(indexed(&["東京 tower"]), "tower 京 東");
        assert_eq!(indexed(&["tick tock", "Tick"]), "tick tock");
        assert_eq!(indexed(&[&"x".repeat(65), "ok"]), "ok");
        assert_eq!(indexed(&["", "\0\"'&|!()*:"]), "");
    }

    #[test]
    fn a_query_names_each_word_once_and_keeps_the_last_one_last() {
        assert_eq!(asked("log in LOG"), ["in", "log"]);
        assert_eq!(asked("\"' OR 1=1 --"), ["or", "1"]);
    }

    #[test]
    fn an_excerpt_shows_the_first_word_that_was_asked_for() {
        let text = format!(
            "{} the Réplica\n lags {}",
            "before ".repeat(50),
            "after ".repeat(50)
        );
        let shown = excerpt(&text, &asked("replic"), 60);
        assert!(shown.contains("the Réplica lags"), "{shown}");
        assert!(shown.chars().count() <= 60);
        assert_eq!(excerpt("", &asked("x"), 60), "");
    }
}
