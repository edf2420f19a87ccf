//! Finding words in what people write: whole words, whatever their case and accents.

use unicode_normalization::char::is_combining_mark;

use crate::letter::{Part, each_part, push_lowercase};

/// The words of a text, ready to be searched.
///
/// Letters are compared without case and accents, so `Proteção` is `protecao`. A word ends at anything that is neither a
/// letter nor a digit, so `e-mail` is the two words `e mail`. In scripts that put no blanks between words every
/// character is a word of its own.
///
/// They are kept in one text with a blank before and after each, so that looking for a phrase is looking for a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(String);

impl Default for Words {
    fn default() -> Self {
        Self::of("")
    }
}

impl Words {
    /// Splits a text into its words.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut words = String::with_capacity(text.len() + 2);
        words.push(BETWEEN);
        each_part(text, |part| {
            let letter = match part {
                Part::Plain(word) => return push_lowercase(word, &mut words),
                Part::Other(letter) => letter,
            };
            if is_written_without_blanks(letter) {
                end(&mut words);
                words.push(letter);
                words.push(BETWEEN);
            } else if letter.is_alphanumeric() {
                fold(letter, &mut words);
            } else {
                end(&mut words);
            }
        });
        end(&mut words);
        Self(words)
    }

    /// Whether there is no word in it. Such a phrase is found nowhere, and a pack that asks for one is mistaken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.len() == BETWEEN.len_utf8()
    }

    /// Whether the words of a phrase occur here, one directly after the other.
    #[must_use]
    pub fn contain(&self, phrase: &Self) -> bool {
        !phrase.is_empty() && self.0.contains(&phrase.0)
    }

    /// The first of some phrases that occurs here.
    #[must_use]
    pub fn first_of<'a>(&self, phrases: &'a [String]) -> Option<&'a str> {
        phrases
            .iter()
            .map(String::as_str)
            .find(|phrase| self.contain(&Self::of(phrase)))
    }
}

/// What stands before and after each word.
const BETWEEN: char = ' ';

fn end(words: &mut String) {
    if !words.ends_with(BETWEEN) {
        words.push(BETWEEN);
    }
}

/// Adds a letter in lower case; those that are not a letter and an accent to Unicode, but are to people, as two plain
/// letters or one.
fn fold(letter: char, word: &mut String) {
    if letter.is_ascii() {
        word.push(letter.to_ascii_lowercase());
        return;
    }
    for letter in letter.to_lowercase() {
        match letter {
            'ß' => word.push_str("ss"),
            'æ' => word.push_str("ae"),
            'œ' => word.push_str("oe"),
            'ø' => word.push('o'),
            'ł' => word.push('l'),
            'đ' | 'ð' => word.push('d'),
            'ı' => word.push('i'),
            // The capital dotted I becomes an i and a dot above.
            letter if is_combining_mark(letter) => {}
            letter => word.push(letter),
        }
    }
}

/// Han, Kana, Thai, Lao, Khmer and Burmese.
fn is_written_without_blanks(letter: char) -> bool {
    matches!(letter,
        '\u{0E00}'..='\u{0EFF}'
        | '\u{1000}'..='\u{109F}'
        | '\u{1780}'..='\u{17FF}'
        | '\u{3041}'..='\u{30FF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
        && letter.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, phrase: &str) -> bool {
        Words::of(text).contain(&Words::of(phrase))
    }

    #[test]
    fn words_are_whole() {
        assert!(check("The SSO login fails", "sso"));
        assert!(!check("The lesson is over", "sso"));
        assert!(!check("billings", "billing"));
        assert!(check("Billing: invoice #12", "billing"));
        assert!(check("our e-mail is down", "E-Mail"));
    }

    #[test]
    fn phrases_keep_their_order_and_have_nothing_in_between() {
        assert!(check("there was a data\n  loss!", "data loss"));
        assert!(!check("loss of data", "data loss"));
        assert!(!check("data or loss", "data loss"));
    }

    #[test]
    fn case_and_accents_do_not_matter() {
        assert!(check("violação de dados", "VIOLACAO de dados"));
        assert!(check("Facturacion", "facturación"));
        assert!(check("STRASSE", "straße"));
        assert!(check("Łódź", "lodz"));
        assert!(check("İSTANBUL", "istanbul"));
        // The same letter as one character and as two.
        assert!(check("cafe\u{301}", "caf\u{e9}"));
    }

    #[test]
    fn scripts_without_blanks_are_searched_within() {
        assert!(check("数据丢失了怎么办", "数据丢失"));
        assert!(check("ログインできません", "ログイン"));
        assert!(!check("数据没有丢失", "数据丢失"));
    }

    #[test]
    fn a_phrase_without_words_is_found_nowhere() {
        assert!(!check("anything!", "!"));
        assert!(!check("", ""));
    }

    proptest! {
        #[test]
        fn a_text_contains_each_run_of_its_own_words(text in "\\PC{0,60}", from in 0usize..8, len in 1usize..4) {
            let words = Words::of(&text);
            let run: Vec<String> = words.0.split_whitespace().skip(from).take(len).map(str::to_owned).collect();
            if !run.is_empty() {
                prop_assert!(words.contain(&Words::of(&run.join(" "))));
            }
        }
    }
}
