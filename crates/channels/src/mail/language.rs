//! The language a text is written in.

use whatlang::{Lang, detect};

/// Below this many letters no guess is made: "ok thanks" is every language.
const FEWEST_LETTERS: usize = 20;

/// So many words tell it. More cost time, and mails of many words change their language after them.
const MOST_WORDS: usize = 150;

/// The ISO 639-1 code of the language of `text` (ISO 639-3 where there is no shorter one), when it can be told reliably.
pub fn language(text: &str) -> Option<&'static str> {
    let letters: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('>'))
        .flat_map(|line| line.split_whitespace().chain(["\n"]))
        // Addresses and links are no language.
        .filter(|word| !word.contains("://") && !word.contains('@'))
        .flat_map(|word| [word, " "])
        .take(2 * MOST_WORDS)
        .collect();
    if let Some(code) = by_script(&letters) {
        return Some(code);
    }
    if letters.chars().filter(|c| c.is_alphabetic()).count() < FEWEST_LETTERS {
        return None;
    }
    let info = detect(&letters)?;
    if info.is_reliable() {
        return Some(iso_code(info.lang()));
    }
    by_small_words(&letters)
}

/// Japanese and Korean have letters of their own, of which few words tell.
fn by_script(text: &str) -> Option<&'static str> {
    const FEWEST: usize = 3;
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let count = |is: fn(&char) -> bool| text.chars().filter(is).count();
    let kana = count(|c| matches!(c, '\u{3041}'..='\u{30ff}'));
    let hangul = count(|c| matches!(c, '\u{ac00}'..='\u{d7a3}'));
    let tells = |own: usize| own >= FEWEST && own * 4 >= letters;
    match (tells(kana), tells(hangul)) {
        (true, false) => Some("ja"),
        (false, true) => Some("ko"),
        _ => None,
    }
}

/// The small words of the languages most of our mail is in. Short texts in neighbouring languages have nearly the same
/// letters, but not the same small words.
const SMALL_WORDS: [(&str, &str); 7] = [
    (
        "en",
        "the and is are was of to in for you we i it that this have has with not can please my on our your from any",
    ),
    (
        "es",
        "el la los las y es de del que en un una por para con no se su está esta este ya hola gracias nos muy pero desde mi",
    ),
    (
        "pt",
        "o a os as e é de do da que em um uma por para com não se seu está esta este já olá obrigado nos muito mas desde meu no na",
    ),
    (
        "de",
        "der die das und ist nicht ich wir sie es ein eine mit für auf dem den zu von im bitte haben kann seit",
    ),
    (
        "fr",
        "le la les et est de des du que en un une pour avec ne pas nous vous je il ce dans sur bonjour merci depuis",
    ),
    (
        "it",
        "il la le gli e è di del che in un una per con non si mi ci ho sono nel da ciao grazie questo questa",
    ),
    (
        "nl",
        "de het een en is van dat in op te niet ik we wij zijn voor met aan er maar om ook graag kunt sinds",
    ),
];

/// The language whose small words are clearly the most frequent.
fn by_small_words(text: &str) -> Option<&'static str> {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let mut counts: Vec<(usize, &'static str)> = SMALL_WORDS
        .iter()
        .map(|(code, small)| {
            let small: Vec<&str> = small.split(' ').collect();
            (
                words
                    .iter()
                    .filter(|word| small.contains(&word.as_str()))
                    .count(),
                *code,
            )
        })
        .collect();
    counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let (best, second) = (counts[0], counts[1]);
    (best.0 >= 3 && best.0 * 2 >= second.0 * 3 && best.0 * 6 >= words.len()).then_some(best.1)
}

fn iso_code(language: Lang) -> &'static str {
    match language {
        Lang::Afr => "af",
        Lang::Aka => "ak",
        Lang::Amh => "am",
        Lang::Ara => "ar",
        Lang::Aze => "az",
        Lang::Bel => "be",
        Lang::Ben => "bn",
        Lang::Bul => "bg",
        Lang::Cat => "ca",
        Lang::Ces => "cs",
        Lang::Cmn => "zh",
        Lang::Dan => "da",
        Lang::Deu => "de",
        Lang::Ell => "el",
        Lang::Eng => "en",
        Lang::Epo => "eo",
        Lang::Est => "et",
        Lang::Fin => "fi",
        Lang::Fra => "fr",
        Lang::Guj => "gu",
        Lang::Heb => "he",
        Lang::Hin => "hi",
        Lang::Hrv => "hr",
        Lang::Hun => "hu",
        Lang::Hye => "hy",
        Lang::Ind => "id",
        Lang::Ita => "it",
        Lang::Jav => "jv",
        Lang::Jpn => "ja",
        Lang::Kan => "kn",
        Lang::Kat => "ka",
        Lang::Khm => "km",
        Lang::Kor => "ko",
        Lang::Lat => "la",
        Lang::Lav => "lv",
        Lang::Lit => "lt",
        Lang::Mal => "ml",
        Lang::Mar => "mr",
        Lang::Mkd => "mk",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Nld => "nl",
        Lang::Nob => "nb",
        Lang::Ori => "or",
        Lang::Pan => "pa",
        Lang::Pes => "fa",
        Lang::Pol => "pl",
        Lang::Por => "pt",
        Lang::Ron => "ro",
        Lang::Rus => "ru",
        Lang::Sin => "si",
        Lang::Slk => "sk",
        Lang::Slv => "sl",
        Lang::Sna => "sn",
        Lang::Spa => "es",
        Lang::Srp => "sr",
        Lang::Swe => "sv",
        Lang::Tam => "ta",
        Lang::Tel => "te",
        Lang::Tgl => "tl",
        Lang::Tha => "th",
        Lang::Tuk => "tk",
        Lang::Tur => "tr",
        Lang::Ukr => "uk",
        Lang::Urd => "ur",
        Lang::Uzb => "uz",
        Lang::Vie => "vi",
        Lang::Yid => "yi",
        Lang::Zul => "zu",
        other => other.code(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_languages_apart() {
        let texts = [
            (
                "en",
                "The printer on the second floor does not answer any more since this morning, could you please help us?",
            ),
            (
                "es",
                "La impresora del segundo piso ya no responde desde esta mañana, ¿podrían ustedes ayudarnos por favor?",
            ),
            (
                "pt",
                "A impressora do segundo andar não responde mais desde esta manhã, vocês poderiam nos ajudar, por favor?",
            ),
            (
                "de",
                "Der Drucker im zweiten Stock antwortet seit heute Morgen nicht mehr, könnten Sie uns bitte helfen?",
            ),
            (
                "ja",
                "今朝から二階のプリンターが応答しません。助けていただけますか。よろしくお願いします。",
            ),
        ];
        for (expected, text) in texts {
            assert_eq!(language(text), Some(expected), "{text}");
        }
        assert_eq!(language("解決しました。"), Some("ja"));
        assert_eq!(language("감사합니다."), Some("ko"));
        assert_eq!(language("谢谢"), None);
    }

    #[test]
    fn does_not_guess() {
        assert_eq!(language(""), None);
        assert_eq!(language("ok"), None);
        assert_eq!(
            language("https://example.com/der/und/nicht/eine/sprache eva@example.com"),
            None
        );
        assert_eq!(
            language("> Der Drucker im zweiten Stock antwortet seit heute Morgen nicht mehr."),
            None
        );
    }
}
