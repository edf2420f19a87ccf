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
        fn letters_together_are_as_the_normalization_has_them(text in "\\PC*") {
            prop_assert_eq!(unaccented(&text), normalized(&text));
        }
    }
}
