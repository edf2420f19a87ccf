//! Letters as people compare them.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Gives the letters of a text without accents, in order: the compatible decomposition without combining marks, so that `é` is `e`
/// and `ﬁ` is `f` and `i`.
///
/// Marks are all that a normalization would put in another order, so letter by letter is enough.
pub fn each_unaccented(text: &str, mut each: impl FnMut(char)) {
    for letter in text.chars() {
        if letter.is_ascii() {
            each(letter);
        } else {
            decompose_compatible(letter, |part| {
                if !is_combining_mark(part) {
                    each(part);
                }
            });
        }
    }
}

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Letters and digits of ASCII, as many as stand together.
    Plain(&'a str),
    /// Any other letter or sign, without its accent.
    Other(char),
}

/// Gives the parts of a text in order. What most texts are made of is given by the word, as there is nothing to do about its letters.
pub fn each_part<'a>(text: &'a str, mut each: impl FnMut(Part<'a>)) {
    let mut rest = text;
    while !rest.is_empty() {
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric();
        let plain = rest.bytes().take_while(is_plain).count();
        let (word, after) = rest.split_at(plain);
        if plain > 0 {
            each(Part::Plain(word));
        }
        let next = after.chars().next().map_or(0, char::len_utf8);
        let (letter, after) = after.split_at(next);
        each_unaccented(letter, |letter| each(Part::Other(letter)));
        rest = after;
    }
}

/// Adds letters of ASCII in lower case.
pub fn push_lowercase(plain: &str, to: &mut String) {
    let start = to.len();
    to.push_str(plain);
    to[start..].make_ascii_lowercase();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    fn unaccented(text: &str) -> String {
        let mut letters = String::new();
        each_unaccented(text, |letter| letters.push(letter));
        letters
    }

    fn normalized(text: &str) -> String {
        let letters = text.nfkd();
        letters
            .filter(|letter| !is_combining_mark(*letter))
            .collect()
    }

    #[test]
    fn accents_fall_away() {
        assert_eq!(unaccented("Proteção ﬁn é e\u{301} Å"), "Protecao fin e e A");
    }

    #[test]
    fn every_letter_alone_is_as_the_normalization_has_it() {
        for letter in (0..=0x0010_ffff).filter_map(char::from_u32) {
            let text = letter.to_string();
            assert_eq!(unaccented(&text), normalized(&text), "{letter:?}");
        }
    }

    proptest! {
        #[test]
        fn parts_together_are_the_letters(text in "[\\PC a-z]*") {
            let mut parts = String::new();
            each_part(&text, |part| match part {
                Part::Plain(word) => parts.push_str(word),
                Part::Other(letter) => parts.push(letter),
            });
            prop_assert_eq!(parts, unaccented(&text));
        }

        #[test]
        fn letters_together_are_as_the_normalization_has_them(text in "\\PC*") {
            prop_assert_eq!(unaccented(&text), normalized(&text));
        }
    }
}
