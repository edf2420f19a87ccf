//! What the pages behind signed links have in common: a frame in the reader's language, without a script, a cookie or a
//! file of its own, so that they show anywhere.

use axum::Extension;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use mainstay_app::Language;

use crate::problem::ForPeople;

/// One text in every language.
pub(crate) struct Words {
    pub english: &'static str,
    pub spanish: &'static str,
    pub portuguese: &'static str,
}

impl Words {
    pub(crate) fn to(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Spanish => self.spanish,
            Language::Portuguese => self.portuguese,
        }
    }

    /// The text with its `{}` filled in, in their order.
    pub(crate) fn with(&self, language: Language, values: &[&str]) -> String {
        let fill = |text: String, value: &&str| text.replacen("{}", value, 1);
        values.iter().fold(self.to(language).to_owned(), fill)
    }
}

/// The language that a browser asks for first, of those that are spoken here: for a reader of whom nothing is known.
pub(crate) fn language_of(headers: &HeaderMap) -> Language {
    let asked = headers.get(header::ACCEPT_LANGUAGE);
    let asked = asked.and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut codes = asked.split(',').filter_map(|part| part.split(';').next());
    codes
        .find_map(|code| Language::from_code(code.trim()))
        .unwrap_or(Language::English)
}

/// A page.
pub(crate) fn page(status: StatusCode, language: Language, heading: &str, body: &str) -> Response {
    let tag = match language {
        Language::Portuguese => "pt-BR",
        other => other.code(),
    };
    let heading = escaped(heading);
    let html = format!(
        "<!doctype html><html lang=\"{tag}\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><title>{heading}</title><style>body{{font:1.1rem/1.5 system-ui,sans-serif;\
         max-width:34rem;margin:3rem auto;padding:0 1rem}}button{{font:inherit;padding:.7rem 1.2rem}}\
         fieldset{{border:0;margin:0;padding:0}}label{{display:block;padding:.3rem 0}}\
         textarea{{font:inherit;box-sizing:border-box;width:100%;margin:.3rem 0 1rem}}</style>\
         <main><h1>{heading}</h1>{body}</main></html>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, Extension(ForPeople), headers, html).into_response()
}

/// The page of a link that we did not sign.
pub(crate) fn unknown(headers: &HeaderMap) -> Response {
    let heading = Words {
        english: "This link does not work",
        spanish: "Este enlace no funciona",
        portuguese: "Este link não funciona",
    };
    let what = Words {
        english: "There is no such link: open it exactly as it was sent.",
        spanish: "No existe este enlace: ábralo tal como se le envió.",
        portuguese: "Este link não existe: abra-o exatamente como foi enviado.",
    };
    let language = language_of(headers);
    let body = paragraph(what.to(language));
    page(StatusCode::NOT_FOUND, language, heading.to(language), &body)
}

/// A paragraph of text.
pub(crate) fn paragraph(text: &str) -> String {
    format!("<p>{}</p>", escaped(text))
}

/// Text as it stands in HTML.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
