//! What people call a thing, in the languages that a pack names.

use std::collections::BTreeMap;

/// The language of a title that a pack gives without naming one: BCP 47's undetermined.
const UNDETERMINED: &str = "und";

/// What people call a thing, by language. Empty where the pack says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Title {
    by_language: BTreeMap<String, String>,
}

impl Title {
    /// A title of which nobody said in which language it is: everybody is shown it.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self::by_language([(UNDETERMINED.to_owned(), text.into())])
    }

    /// Titles by the BCP 47 name of their language.
    #[must_use]
    pub fn by_language(titles: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            by_language: titles.into_iter().collect(),
        }
    }

    /// What readers of a language are shown: the title in that very language, else in another variety of it, else the one
    /// of no language, else the English one, else whichever there is.
    #[must_use]
    pub fn in_language(&self, language: &str) -> Option<&str> {
        let find = |fits: &dyn Fn(&str) -> bool| {
            let mut all = self.by_language.iter();
            all.find(|(name, _)| fits(name)).map(|(_, text)| text)
        };
        find(&|name| name.eq_ignore_ascii_case(language))
            .or_else(|| find(&|name| primary(name).eq_ignore_ascii_case(primary(language))))
            .or_else(|| find(&|name| name == UNDETERMINED))
            .or_else(|| find(&|name| primary(name) == "en"))
            .or_else(|| self.by_language.values().next())
            .map(String::as_str)
    }

    /// Every title with the BCP 47 name of its language, `und` where none was named.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.by_language.iter();
        all.map(|(language, text)| (language.as_str(), text.as_str()))
    }
}

fn primary(language: &str) -> &str {
    language.split('-').next().unwrap_or(language)
}

#[cfg(test)]
mod tests {
    use super::Title;

    fn title(titles: &[(&str, &str)]) -> Title {
        let owned = |(language, text): &(&str, &str)| ((*language).to_owned(), (*text).to_owned());
        Title::by_language(titles.iter().map(owned))
    }

    #[test]
    fn the_nearest_language_is_shown() {
        let title = title(&[("en", "Answer"), ("es", "Respuesta"), ("pt-BR", "Resposta")]);
        assert_eq!(title.in_language("es"), Some("Respuesta"));
        assert_eq!(title.in_language("es-MX"), Some("Respuesta"));
        assert_eq!(title.in_language("pt"), Some("Resposta"));
        assert_eq!(title.in_language("de"), Some("Answer"));
    }

    #[test]
    fn a_title_of_no_language_is_for_everybody() {
        assert_eq!(Title::plain("Answer").in_language("es"), Some("Answer"));
        assert_eq!(
            title(&[("fr", "Réponse")]).in_language("es"),
            Some("Réponse")
        );
        assert_eq!(Title::default().in_language("es"), None);
    }
}
