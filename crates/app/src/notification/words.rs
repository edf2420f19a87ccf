//! Instants in words that a person reads.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mainstay_channels::template::Language;
use mainstay_domain::agent::Agent;

/// The language in which somebody is written to.
pub(crate) fn language_of(person: &Agent) -> Language {
    person
        .languages
        .first()
        .and_then(|language| Language::from_code(language))
        .unwrap_or(Language::English)
}

/// An instant in a person's own time zone, in the form of their language.
pub(crate) fn local(at: Timestamp, person: &Agent) -> String {
    let zone = TimeZone::get(&person.time_zone).unwrap_or(TimeZone::UTC);
    let form = match language_of(person) {
        Language::English => "%Y-%m-%d %H:%M %Z",
        Language::Spanish | Language::Portuguese => "%d/%m/%Y %H:%M %Z",
    };
    at.to_zoned(zone).strftime(form).to_string()
}
