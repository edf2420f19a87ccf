//! What is to be said, and the request that says it.

use crate::secret::Secret;

/// By which way a short message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// Slack.
    Slack,
    /// A text message.
    Sms,
    /// A telephone call.
    Voice,
    /// A pager.
    Pager,
}

/// A short message to one person.
#[derive(Clone, Copy, Debug)]
pub struct ShortMessage<'a> {
    /// Identifies it: the same at each try.
    pub id: &'a str,
    /// The person's address: a phone number, a Slack member's id, a pager's key.
    pub to: Option<&'a str>,
    /// What it does.
    pub act: Act,
    /// What belongs together has the same key: of a pager, one alarm.
    pub key: &'a str,
    /// What is to be known, in a line.
    pub title: &'a str,
    /// More about it.
    pub detail: &'a str,
    /// Where to act on it.
    pub url: &'a str,
}

/// What a short message does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It tells somebody something.
    Tell,
    /// It says that somebody took it on. Only pagers are told.
    Acknowledge,
    /// It says that it is over. Only pagers are told.
    Resolve,
}

impl Act {
    /// Its name for gateways.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tell => "tell",
            Self::Acknowledge => "acknowledge",
            Self::Resolve => "resolve",
        }
    }
}

/// A POST that says it. Its address and headers may be secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where to.
    pub url: Secret,
    /// The headers.
    pub headers: Vec<(String, Secret)>,
    /// The body.
    pub body: String,
}

impl Request {
    /// A POST of JSON.
    pub(super) fn json(url: impl Into<String>, body: &serde_json::Value) -> Self {
        Self::of_type("application/json; charset=utf-8", url, body.to_string())
    }

    /// A POST of a form.
    pub(super) fn form(url: impl Into<String>, fields: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        Self::of_type("application/x-www-form-urlencoded", url, body)
    }

    pub(super) fn of_type(content_type: &str, url: impl Into<String>, body: String) -> Self {
        Self {
            url: Secret::new(url),
            headers: vec![("content-type".to_owned(), Secret::new(content_type))],
            body,
        }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), Secret::new(value)));
        self
    }
}

/// At most so many characters of a text, with a sign where it was cut.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// An address and a path after it, whether or not the address ends with a slash.
pub(super) fn under(base: &str, path: &str) -> String {
    format!("{}/{path}", base.trim_end_matches('/'))
}

#[cfg(test)]
pub(super) fn message<'a>(to: Option<&'a str>, act: Act) -> ShortMessage<'a> {
    ShortMessage {
        id: "0190163d-8694-739b-aea5-966c26f8ad91",
        to,
        act,
        key: "0190163d-0000-7000-8000-000000000001",
        title: "Escalation of #7 (P1): <Engineer> & \"co\"",
        detail: "It does not work: no answer",
        url: "https://mainstay.example/a/abc",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shortened("añejo", 5), "añejo");
        assert_eq!(shortened("añejos", 5), "añej…");
    }

    #[test]
    fn a_base_may_end_with_a_slash() {
        assert_eq!(under("https://x/", "a"), under("https://x", "a"));
    }
}
