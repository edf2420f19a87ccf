//! What readers of a language call a commitment.

use mainstay_channels::template::Language;
use mainstay_domain::name::CommitmentName;

use super::PolicyInForce;

impl PolicyInForce {
    /// What readers of a language call a commitment: by the title in the latest version that has such a commitment; where
    /// that gives none, by the program's own words for the names with a meaning of their own, and else by the name.
    pub(crate) fn commitment_title(&self, name: &CommitmentName, language: Language) -> String {
        let versions: Vec<_> = self.book().all().collect();
        let mut commitments = versions.iter().rev().flat_map(|policy| &policy.commitments);
        let found = commitments.find(|commitment| commitment.name == *name);
        let title = found.and_then(|found| found.title.in_language(language.code()));
        title
            .or_else(|| standard(name.as_str(), language))
            .map_or_else(|| in_words(name.as_str()), str::to_owned)
    }
}

fn standard(name: &str, language: Language) -> Option<&'static str> {
    let [english, spanish, portuguese] = match name {
        "first_response" => ["First response", "Primera respuesta", "Primeira resposta"],
        "next_response" => ["Next response", "Siguiente respuesta", "Próxima resposta"],
        "update" => ["Update", "Actualización", "Atualização"],
        "resolution" => ["Resolution", "Resolución", "Resolução"],
        _ => return None,
    };
    Some(match language {
        Language::English => english,
        Language::Spanish => spanish,
        Language::Portuguese => portuguese,
    })
}

/// `data_return` as people would write it: `Data return`.
fn in_words(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}
